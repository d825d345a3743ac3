package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * The VXLAN-GPE header on UDP port 4790 (draft-ietf-nvo3-vxlan-gpe §3). The VNI is the Instance ID.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |R|R|Ver|I|P|B|O|       Reserved                | Next Protocol |
 * |                VNI                            |   Reserved    |
 * </pre>
 *
 * Accessors are to be asked only after {@link #check} has said {@link HeaderCheck#FINE}.
 */
public final class VxlanGpeHeader {
    public static final int LENGTH = 8;
    public static final int PORT = 4790;

    private static final int I = 0x08;
    private static final int P = 0x04;
    private static final int B = 0x02;
    private static final int O = 0x01;

    private VxlanGpeHeader() {}

    /** Whether a header lies before {@code end}, of the one version there is, and has a VNI. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        if (version(in, at) != 0) {
            return HeaderCheck.BAD_VERSION;
        }
        return hasVni(in, at) ? HeaderCheck.FINE : HeaderCheck.NO_VNI;
    }

    /** 2 bits; only 0 is defined, and a packet of another one is to be dropped. */
    public static int version(ByteBuffer in, int at) {
        return in.get(at) >>> 4 & 3;
    }

    /** I: the VNI is valid. */
    public static boolean hasVni(ByteBuffer in, int at) {
        return (in.get(at) & I) != 0;
    }

    /** 24 bits. */
    public static int vni(ByteBuffer in, int at) {
        return in.getInt(at + 4) >>> 8;
    }

    /** P: the payload is what {@link #nextProtocol} says; otherwise it is Ethernet. */
    public static boolean hasNextProtocol(ByteBuffer in, int at) {
        return (in.get(at) & P) != 0;
    }

    /** One of {@link NextProtocol}. */
    public static int nextProtocol(ByteBuffer in, int at) {
        return in.get(at + 3) & 0xFF;
    }

    /**
     * What the payload is: the next protocol, or without P Ethernet.
     *
     * @return one of {@link NextProtocol}
     */
    public static int payloadProtocol(ByteBuffer in, int at) {
        return hasNextProtocol(in, at) ? nextProtocol(in, at) : NextProtocol.ETHERNET;
    }

    /** B: broadcast, unknown unicast or multicast that was replicated at the ingress. */
    public static boolean isReplicated(ByteBuffer in, int at) {
        return (in.get(at) & B) != 0;
    }

    /** O: for the network's operation; it MUST NOT be forwarded to tenants. */
    public static boolean isOam(ByteBuffer in, int at) {
        return (in.get(at) & O) != 0;
    }

    /** A header with a VNI and a next protocol. */
    public static void write(ByteBuffer out, int at, int vni, int nextProtocol) {
        out.putInt(at, (I | P) << 24 | nextProtocol).putInt(at + 4, vni << 8);
    }
}
