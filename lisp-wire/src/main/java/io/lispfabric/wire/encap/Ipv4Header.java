package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * An IPv4 header (RFC 791 §3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Version|  IHL  |Traffic Class  |          Total Length         |
 * |         Identification        |R|D|M|      Fragment Offset    |
 * |  Time to Live |    Protocol   |         Header Checksum       |
 * |                       Source Address                          |
 * |                    Destination Address                        |
 * </pre>
 *
 * Accessors are to be asked only after {@link #check} has said {@link HeaderCheck#FINE}.
 */
public final class Ipv4Header {
    /** Octets of a header without options. */
    public static final int LENGTH = 20;

    private static final int DONT_FRAGMENT = 0x4000;
    private static final int FRAGMENT = 0x3FFF; // more fragments, or an offset

    private Ipv4Header() {}

    /** Whether a header, and the packet that it says it begins, lies whole before {@code end}. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        if (version(in, at) != 4) {
            return HeaderCheck.BAD_VERSION;
        }
        int header = headerLength(in, at);
        int total = totalLength(in, at);
        if (header < LENGTH || total < header) {
            return HeaderCheck.BAD_LENGTH;
        }
        if (total > end - at) {
            return HeaderCheck.TRUNCATED;
        }
        return Checksum.sum(in, at, header, 0) == 0xFFFF
                ? HeaderCheck.FINE
                : HeaderCheck.BAD_CHECKSUM;
    }

    /** 4 bits; the same place in every IP header. */
    public static int version(ByteBuffer in, int at) {
        return in.get(at) >>> 4 & 0xF;
    }

    /** Octets, options included: 20 to 60. */
    public static int headerLength(ByteBuffer in, int at) {
        return (in.get(at) & 0xF) * 4;
    }

    /** DSCP and ECN (RFC 2474 §3, RFC 3168 §5). */
    public static int trafficClass(ByteBuffer in, int at) {
        return in.get(at + 1) & 0xFF;
    }

    /** Octets of the whole packet. */
    public static int totalLength(ByteBuffer in, int at) {
        return in.getShort(at + 2) & 0xFFFF;
    }

    /** DF: whoever cannot send the packet whole drops it. */
    public static boolean mustNotFragment(ByteBuffer in, int at) {
        return (in.getShort(at + 6) & DONT_FRAGMENT) != 0;
    }

    /** Whether it is a part of a packet only: ports, if any, are in the first one. */
    public static boolean isFragment(ByteBuffer in, int at) {
        return (in.getShort(at + 6) & FRAGMENT) != 0;
    }

    /** 0 to 255. */
    public static int ttl(ByteBuffer in, int at) {
        return in.get(at + 8) & 0xFF;
    }

    /** What follows the header. */
    public static int protocol(ByteBuffer in, int at) {
        return in.get(at + 9) & 0xFF;
    }

    /** Over the header alone. */
    public static int checksum(ByteBuffer in, int at) {
        return in.getShort(at + 10) & 0xFFFF;
    }

    public static int source(ByteBuffer in, int at) {
        return in.getInt(at + 12);
    }

    public static int destination(ByteBuffer in, int at) {
        return in.getInt(at + 16);
    }

    /**
     * A header without options, its checksum right, of a packet that must not be fragmented (RFC
     * 9300 §7.1) and so needs no identification (RFC 6864 §4.1).
     *
     * @param trafficClass DSCP and ECN
     * @param payload octets after the header
     */
    public static void write(
            ByteBuffer out,
            int at,
            int trafficClass,
            int payload,
            int ttl,
            int protocol,
            int source,
            int destination) {
        out.putInt(at, 0x45 << 24 | (trafficClass & 0xFF) << 16 | LENGTH + payload & 0xFFFF)
                .putInt(at + 4, DONT_FRAGMENT)
                .putInt(at + 8, (ttl & 0xFF) << 24 | (protocol & 0xFF) << 16)
                .putInt(at + 12, source)
                .putInt(at + 16, destination);
        putChecksum(out, at, Checksum.of(Checksum.sum(out, at, LENGTH, 0)));
    }

    /** Another TTL, and the checksum that goes with it (RFC 1624). */
    public static void setTtl(ByteBuffer packet, int at, int ttl) {
        int before = packet.getShort(at + 8);
        packet.put(at + 8, (byte) ttl);
        int after = packet.getShort(at + 8);
        putChecksum(packet, at, Checksum.update(checksum(packet, at), before, after));
    }

    /** Another DSCP and ECN, and the checksum that goes with them (RFC 1624). */
    public static void setTrafficClass(ByteBuffer packet, int at, int trafficClass) {
        int before = packet.getShort(at);
        packet.put(at + 1, (byte) trafficClass);
        int after = packet.getShort(at);
        putChecksum(packet, at, Checksum.update(checksum(packet, at), before, after));
    }

    /**
     * One hop less to go.
     *
     * @return false, and nothing is changed, when none is left
     */
    public static boolean age(ByteBuffer packet, int at) {
        int ttl = ttl(packet, at);
        if (ttl <= 1) {
            return false;
        }
        setTtl(packet, at, ttl - 1);
        return true;
    }

    private static void putChecksum(ByteBuffer out, int at, int checksum) {
        out.putShort(at + 10, (short) checksum);
    }
}
