package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * The VXLAN header on UDP port 4789 (RFC 7348 §5); the payload is always Ethernet, without its
 * frame check sequence.
 *
 * <pre>
 * |R|R|R|R|I|R|R|R|            Reserved                           |
 * |                VNI                            |   Reserved    |
 * </pre>
 *
 * The caller has seen to it that {@link #LENGTH} octets are there.
 */
public final class VxlanHeader {
    public static final int LENGTH = 8;
    public static final int PORT = 4789;

    private static final int I = 0x08;

    private VxlanHeader() {}

    /** I: MUST be set for a valid VNI (RFC 7348 §5). */
    public static boolean hasVni(ByteBuffer in, int at) {
        return (in.get(at) & I) != 0;
    }

    /** 24 bits. */
    public static int vni(ByteBuffer in, int at) {
        return in.getInt(at + 4) >>> 8;
    }

    /** A header with a VNI. */
    public static void write(ByteBuffer out, int at, int vni) {
        out.putInt(at, I << 24).putInt(at + 4, vni << 8);
    }
}
