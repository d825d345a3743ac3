package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/** What follows a LISP-GPE or VXLAN-GPE header: an 8-bit number of one registry (RFC 9305 §3). */
public final class NextProtocol {
    public static final int IPV4 = 1;
    public static final int IPV6 = 2;
    public static final int ETHERNET = 3;
    public static final int NSH = 4;

    /**
     * A frame between accelerators that have no IP addresses. The number is one of the two left for
     * experiments, the format is this project's: destination and source, each an AFI and an address
     * as RFC 9301 writes them, then the payload.
     */
    public static final int ACC_ID = 0x7E;

    /** From here on the numbers are of {@link ShimHeader}s. */
    public static final int FIRST_SHIM = 0x80;

    private NextProtocol() {}

    /** Where no number says it, the first four bits of an IP packet do; 0 when they do not. */
    static int ofIpVersion(ByteBuffer in, int at, int end) {
        int version = at < end ? Ipv4Header.version(in, at) : 0;
        return version == 4 ? IPV4 : version == 6 ? IPV6 : 0;
    }
}
