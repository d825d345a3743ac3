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
 * Accessors are to be asked only after {@link #check} has said {@link HeaderCheck#FINE}.
 */
public final class VxlanHeader {
    public static final int LENGTH = 8;
    public static final int PORT = 4789;

    private static final int I = 0x08;

    private VxlanHeader() {}

    /** Whether a header lies before {@code end} and has a VNI. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        return hasVni(in, at) ? HeaderCheck.FINE : HeaderCheck.NO_VNI;
    }

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
