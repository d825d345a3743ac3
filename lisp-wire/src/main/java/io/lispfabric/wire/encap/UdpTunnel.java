package io.lispfabric.wire.encap;

/** What is carried over UDP, on which port, and what its document says about the checksum. */
public enum UdpTunnel {
    /** RFC 9300 §5.3: SHOULD be sent as zero and MUST be taken so. */
    LISP(4341, false, false, true),
    /**
     * RFC 9305 §4.3: SHOULD be computed over IPv4, MUST be over IPv6 unless both ends are set
     * otherwise.
     */
    LISP_GPE(4341, true, true, false),
    /** RFC 7348 §5: SHOULD be sent as zero and MUST be taken so. */
    VXLAN(4789, false, false, true),
    /** Its draft says what RFC 9305 §4.3 does. */
    VXLAN_GPE(4790, true, true, false),
    /**
     * RFC 7510 §3: zero is RECOMMENDED over IPv4; over IPv6 it MUST be computed unless both ends
     * are set otherwise.
     */
    MPLS(6635, false, true, false);

    /** The range that IANA leaves to everybody, where 14 bits can say which flow it is. */
    private static final int FIRST_SOURCE_PORT = 0xC000;

    private final int port;
    private final boolean computedOverIpv4;
    private final boolean computedOverIpv6;
    private final boolean takesZero;

    UdpTunnel(int port, boolean computedOverIpv4, boolean computedOverIpv6, boolean takesZero) {
        this.port = port;
        this.computedOverIpv4 = computedOverIpv4;
        this.computedOverIpv6 = computedOverIpv6;
        this.takesZero = takesZero;
    }

    /** The UDP destination port. */
    public int port() {
        return port;
    }

    /** Whether a sender computes the checksum, unless it is set to do otherwise. */
    public boolean computesChecksum(boolean overIpv6) {
        return overIpv6 ? computedOverIpv6 : computedOverIpv4;
    }

    /**
     * Whether a receiver takes a checksum of zero over IPv6.
     *
     * @param agreed whether the operator has set both ends so, in a network where one may (RFC 9305
     *     §4.3.1, RFC 7510 §3.1); addresses are then to be checked against the tunnel
     */
    public boolean takesZeroChecksum(boolean agreed) {
        return takesZero || agreed;
    }

    /**
     * The source port of a flow: the two high bits set and 14 bits of its hash (RFC 7510 §3; RFC
     * 7348 §5 recommends the same range).
     *
     * @param flow any hash that is the same for all packets of a flow; every bit of it counts
     */
    public static int sourcePort(int flow) {
        int bits = flow ^ flow >>> 14 ^ flow >>> 28;
        return FIRST_SOURCE_PORT | bits & 0x3FFF;
    }
}
