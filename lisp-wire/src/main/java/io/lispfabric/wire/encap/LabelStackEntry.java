package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * One entry of an MPLS label stack (RFC 3032 §2.1; what that calls Exp is the Traffic Class since
 * RFC 5462).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |                Label                  | TC  |S|       TTL     |
 * </pre>
 *
 * Accessors are to be asked only after {@link LabelStack#check} has said {@link HeaderCheck#FINE}.
 */
public final class LabelStackEntry {
    public static final int LENGTH = 4;

    /** Labels with a meaning of their own (RFC 3032 §2.1). */
    public static final int IPV4_EXPLICIT_NULL = 0;

    public static final int ROUTER_ALERT = 1;
    public static final int IPV6_EXPLICIT_NULL = 2;
    public static final int IMPLICIT_NULL = 3;

    /** The first label that anybody may give a meaning to. */
    public static final int FIRST_FREE = 16;

    public static final int MAX_LABEL = 0xF_FFFF;

    private static final int S = 0x100;

    private LabelStackEntry() {}

    /** 20 bits. */
    public static int label(ByteBuffer in, int at) {
        return in.getInt(at) >>> 12;
    }

    /** 3 bits. */
    public static int trafficClass(ByteBuffer in, int at) {
        return in.get(at + 2) >>> 1 & 7;
    }

    /** S: nothing of the stack comes after it. */
    public static boolean isBottom(ByteBuffer in, int at) {
        return (in.getInt(at) & S) != 0;
    }

    /** 0 to 255. */
    public static int ttl(ByteBuffer in, int at) {
        return in.get(at + 3) & 0xFF;
    }

    /** An entry; the label has 20 bits, the traffic class 3 and the TTL 8. */
    public static void write(
            ByteBuffer out, int at, int label, int trafficClass, boolean bottom, int ttl) {
        out.putInt(at, label << 12 | (trafficClass & 7) << 9 | (bottom ? S : 0) | ttl & 0xFF);
    }

    public static void setTtl(ByteBuffer packet, int at, int ttl) {
        packet.put(at + 3, (byte) ttl);
    }
}
