package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * An IPv6 header (RFC 8200 §3).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Version| Traffic Class |           Flow Label                  |
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * |                 Source Address (128 bits)                     |
 * |              Destination Address (128 bits)                   |
 * </pre>
 *
 * Accessors are to be asked only after {@link #check} has said {@link HeaderCheck#FINE}.
 */
public final class Ipv6Header {
    public static final int LENGTH = 40;

    /** Where the destination address, and so a {@link UsidCarrier}, lies in the header. */
    public static final int DESTINATION = 24;

    /** The Next Header numbers that a tunnel of ours can meet. */
    public static final int IPV4 = 4;

    public static final int UDP = 17;
    public static final int IPV6 = 41;

    /** A Routing header, such as a {@link SegmentRoutingHeader}. */
    public static final int ROUTING = 43;

    public static final int ICMP = 58;
    public static final int NOTHING = 59;
    public static final int ETHERNET = 143;

    private Ipv6Header() {}

    /** Whether a header, and the packet that it says it begins, lies whole before {@code end}. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        if (Ipv4Header.version(in, at) != 6) {
            return HeaderCheck.BAD_VERSION;
        }
        return payloadLength(in, at) > end - at - LENGTH ? HeaderCheck.TRUNCATED : HeaderCheck.FINE;
    }

    /** DSCP and ECN. */
    public static int trafficClass(ByteBuffer in, int at) {
        return in.getInt(at) >>> 20 & 0xFF;
    }

    /** 20 bits: what routers spread flows by (RFC 6437, RFC 6438). */
    public static int flowLabel(ByteBuffer in, int at) {
        return in.getInt(at) & 0xF_FFFF;
    }

    /** Octets after this header. */
    public static int payloadLength(ByteBuffer in, int at) {
        return in.getShort(at + 4) & 0xFFFF;
    }

    /** What follows this header. */
    public static int nextHeader(ByteBuffer in, int at) {
        return in.get(at + 6) & 0xFF;
    }

    /** 0 to 255. */
    public static int hopLimit(ByteBuffer in, int at) {
        return in.get(at + 7) & 0xFF;
    }

    public static long sourceHigh(ByteBuffer in, int at) {
        return in.getLong(at + 8);
    }

    public static long sourceLow(ByteBuffer in, int at) {
        return in.getLong(at + 16);
    }

    public static long destinationHigh(ByteBuffer in, int at) {
        return in.getLong(at + DESTINATION);
    }

    public static long destinationLow(ByteBuffer in, int at) {
        return in.getLong(at + DESTINATION + 8);
    }

    /**
     * A header.
     *
     * @param trafficClass DSCP and ECN
     * @param flowLabel of which 20 bits are used, so that a hash of the flow will do
     * @param payload octets after the header
     */
    public static void write(
            ByteBuffer out,
            int at,
            int trafficClass,
            int flowLabel,
            int payload,
            int nextHeader,
            int hopLimit,
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow) {
        out.putInt(at, 6 << 28 | (trafficClass & 0xFF) << 20 | flowLabel & 0xF_FFFF)
                .putInt(at + 4, payload << 16 | (nextHeader & 0xFF) << 8 | hopLimit & 0xFF)
                .putLong(at + 8, sourceHigh)
                .putLong(at + 16, sourceLow);
        setDestination(out, at, destinationHigh, destinationLow);
    }

    public static void setDestination(ByteBuffer packet, int at, long high, long low) {
        packet.putLong(at + DESTINATION, high).putLong(at + DESTINATION + 8, low);
    }

    public static void setTrafficClass(ByteBuffer packet, int at, int trafficClass) {
        packet.putInt(at, packet.getInt(at) & 0xF00F_FFFF | (trafficClass & 0xFF) << 20);
    }

    public static void setHopLimit(ByteBuffer packet, int at, int hopLimit) {
        packet.put(at + 7, (byte) hopLimit);
    }

    /**
     * One hop less to go.
     *
     * @return false, and nothing is changed, when none is left
     */
    public static boolean age(ByteBuffer packet, int at) {
        int hopLimit = hopLimit(packet, at);
        if (hopLimit <= 1) {
            return false;
        }
        setHopLimit(packet, at, hopLimit - 1);
        return true;
    }
}
