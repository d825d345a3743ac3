package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * The Internet checksum: the ones' complement of the ones' complement sum of 16-bit words (RFC
 * 1071).
 */
public final class Checksum {
    private Checksum() {}

    /**
     * The ones' complement sum, 0 to 0xFFFF, of {@code length} octets; an odd last octet is the
     * high half of a word (RFC 1071 §4.1).
     *
     * @param initial a sum to go on from, 0 to begin
     */
    public static int sum(ByteBuffer in, int at, int length, int initial) {
        long sum = initial;
        int i = at;
        int end = at + length;
        // 2^16 is 1 in ones' complement, so words of 32 bits may be added as they are, and carries
        // can wait: a buffer has not nearly as many words as a long has room for.
        for (; i <= end - 8; i += 8) {
            long octets = in.getLong(i);
            sum += (octets >>> 32) + (octets & 0xFFFF_FFFFL);
        }
        if (i <= end - 4) {
            sum += in.getInt(i) & 0xFFFF_FFFFL;
            i += 4;
        }
        if (i <= end - 2) {
            sum += in.getShort(i) & 0xFFFF;
            i += 2;
        }
        if (i < end) {
            sum += (in.get(i) & 0xFF) << 8;
        }
        return fold(sum);
    }

    /** The sum over the pseudo-header of IPv4 (RFC 768). */
    static int pseudoHeader(int source, int destination, int protocol, int length) {
        return fold(
                (source & 0xFFFF_FFFFL) + (destination & 0xFFFF_FFFFL) + protocol + (long) length);
    }

    /** The sum over the pseudo-header of IPv6 (RFC 8200 §8.1). */
    static int pseudoHeader(
            long sourceHigh,
            long sourceLow,
            long destinationHigh,
            long destinationLow,
            int protocol,
            int length) {
        return fold(
                halves(sourceHigh)
                        + halves(sourceLow)
                        + halves(destinationHigh)
                        + halves(destinationLow)
                        + protocol
                        + (long) length);
    }

    /** The checksum of a sum. */
    static int of(int sum) {
        return ~sum & 0xFFFF;
    }

    /**
     * The checksum after one 16-bit word of what it covers has changed: HC' = ~(~HC + ~m + m') (RFC
     * 1624 §3).
     */
    public static int update(int checksum, int before, int after) {
        return of(fold((~checksum & 0xFFFFL) + (~before & 0xFFFFL) + (after & 0xFFFFL)));
    }

    private static long halves(long octets) {
        return (octets >>> 32) + (octets & 0xFFFF_FFFFL);
    }

    private static int fold(long sum) {
        long words = (sum >>> 32) + (sum & 0xFFFF_FFFFL);
        words = (words >>> 16) + (words & 0xFFFF);
        words = (words >>> 16) + (words & 0xFFFF);
        return (int) ((words >>> 16) + (words & 0xFFFF));
    }
}
