package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * The IPv6 Segment Routing Header (RFC 8754 §2). Segment 0 is the last one of the path, so that
 * Segments Left is also the index of the active one.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * | Next Header   |  Hdr Ext Len  | Routing Type  | Segments Left |
 * |  Last Entry   |     Flags     |              Tag              |
 * |            Segment List[0] (128-bit IPv6 address)             |
 * |                             ...                               |
 * |            Segment List[n] (128-bit IPv6 address)             |
 * //         Optional Type Length Value objects (variable)       //
 * </pre>
 *
 * Accessors are to be asked only after {@link #check} has said {@link HeaderCheck#FINE}, those of
 * TLVs after {@link #checkTlvs} has too.
 */
public final class SegmentRoutingHeader {
    /** Octets of a header before its segments. */
    public static final int FIXED_LENGTH = 8;

    /** Octets of a segment. */
    public static final int SEGMENT = 16;

    /** Hdr Ext Len has 8 bits, and each segment takes two of what it counts. */
    public static final int MAX_SEGMENTS = 127;

    public static final int ROUTING_TYPE = 4;

    /** One octet of padding, the only TLV without a length (RFC 8754 §2.1.1.1). */
    public static final int PAD1 = 0;

    /** Two to seven octets of padding (RFC 8754 §2.1.1.2). */
    public static final int PADN = 4;

    /** Who chose the segments, proved by a key (RFC 8754 §2.1.2). */
    public static final int HMAC = 5;

    /** What {@link #firstTlv} and {@link #nextTlv} say when there is none. */
    public static final int NO_TLV = -1;

    /** Octets of an HMAC TLV before the HMAC. */
    private static final int HMAC_FIXED_LENGTH = 8;

    private static final int MAX_HMAC = 32;
    private static final int D = 0x8000;

    private SegmentRoutingHeader() {}

    /**
     * Whether a header lies whole before {@code end}, and its segments in it. A reduced header
     * lacks the first segment, which is in the destination address only, so Segments Left may be
     * one more than Last Entry (RFC 8754 §4.1.1, RFC 8986 §4.1).
     */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < FIXED_LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        if (in.get(at + 2) != ROUTING_TYPE) {
            return HeaderCheck.NOT_SEGMENT_ROUTING;
        }
        if (length(in, at) > end - at) {
            return HeaderCheck.TRUNCATED;
        }
        int mostLastEntry = (in.get(at + 1) & 0xFF) / 2 - 1;
        int lastEntry = lastEntry(in, at);
        return lastEntry > mostLastEntry || segmentsLeft(in, at) > lastEntry + 1
                ? HeaderCheck.BAD_SEGMENTS_LEFT
                : HeaderCheck.FINE;
    }

    /**
     * Whether every TLV lies in the header, and an HMAC among them has a length that it can have.
     * Only a node that looks at TLVs need ask (RFC 8754 §2.1).
     */
    public static HeaderCheck checkTlvs(ByteBuffer in, int at) {
        int end = at + length(in, at);
        int tlv = at + FIXED_LENGTH + segments(in, at) * SEGMENT;
        while (tlv < end) {
            if (in.get(tlv) == PAD1) {
                tlv++;
                continue;
            }
            if (end - tlv < 2 || tlvLength(in, tlv) > end - tlv) {
                return HeaderCheck.TLV_BEYOND_HEADER;
            }
            if (in.get(tlv) == HMAC && !isHmacLength(tlvLength(in, tlv) - HMAC_FIXED_LENGTH)) {
                return HeaderCheck.BAD_TLV;
            }
            tlv += tlvLength(in, tlv);
        }
        return HeaderCheck.FINE;
    }

    /** Multiples of 8 octets, at most 32 (RFC 8754 §2.1.2). */
    private static boolean isHmacLength(int octets) {
        return octets > 0 && octets <= MAX_HMAC && octets % 8 == 0;
    }

    /** What follows the header. */
    public static int nextHeader(ByteBuffer in, int at) {
        return in.get(at) & 0xFF;
    }

    /**
     * Octets of the whole header, TLVs included: Hdr Ext Len says it in eights, the first not
     * counted.
     */
    public static int length(ByteBuffer in, int at) {
        return 8 * ((in.get(at + 1) & 0xFF) + 1);
    }

    /** The index of the active segment; 0 when it is the last one. */
    public static int segmentsLeft(ByteBuffer in, int at) {
        return in.get(at + 3) & 0xFF;
    }

    /** The index of the first segment in the list. */
    public static int lastEntry(ByteBuffer in, int at) {
        return in.get(at + 4) & 0xFF;
    }

    /** Segments in the list. */
    public static int segments(ByteBuffer in, int at) {
        return lastEntry(in, at) + 1;
    }

    /** None is assigned; ignored on receipt. */
    public static int flags(ByteBuffer in, int at) {
        return in.get(at + 5) & 0xFF;
    }

    /** 16 bits that put packets into a class, if anybody uses them. */
    public static int tag(ByteBuffer in, int at) {
        return in.getShort(at + 6) & 0xFFFF;
    }

    /** Where segment {@code index} lies. */
    public static int segment(int at, int index) {
        return at + FIXED_LENGTH + index * SEGMENT;
    }

    public static long segmentHigh(ByteBuffer in, int at, int index) {
        return in.getLong(segment(at, index));
    }

    public static long segmentLow(ByteBuffer in, int at, int index) {
        return in.getLong(segment(at, index) + 8);
    }

    /**
     * A header whose segments, and TLVs if any, are still to be written.
     *
     * @param segments how many the list has: 1 to {@link #MAX_SEGMENTS}
     * @param segmentsLeft the index of the active segment, which is {@code segments} when the list
     *     is reduced
     * @param tlvs octets of TLVs and padding, a multiple of 8
     * @throws IllegalArgumentException when these do not fit one header
     */
    public static void write(
            ByteBuffer out, int at, int nextHeader, int segments, int segmentsLeft, int tlvs) {
        int eights = 2 * segments + tlvs / 8;
        if (segments < 1
                || segmentsLeft < 0
                || segmentsLeft > segments
                || tlvs < 0
                || tlvs % 8 != 0
                || eights > 0xFF) {
            throw new IllegalArgumentException(
                    "no SRH has "
                            + segments
                            + " segments, "
                            + segmentsLeft
                            + " of them left, and "
                            + tlvs
                            + " octets of TLVs");
        }
        out.putInt(at, (nextHeader & 0xFF) << 24 | eights << 16 | ROUTING_TYPE << 8 | segmentsLeft)
                .putInt(at + 4, segments - 1 << 24);
    }

    public static void setSegment(ByteBuffer out, int at, int index, long high, long low) {
        out.putLong(segment(at, index), high).putLong(segment(at, index) + 8, low);
    }

    public static void setTag(ByteBuffer out, int at, int tag) {
        out.putShort(at + 6, (short) tag);
    }

    /**
     * The next segment becomes the active one: Segments Left is counted down, and the destination
     * address is the segment it then points to (RFC 8754 §4.3.1.1).
     *
     * @param ip where the IPv6 header is
     * @return false, and nothing is changed, when none is left
     */
    public static boolean advance(ByteBuffer packet, int ip, int at) {
        int left = segmentsLeft(packet, at) - 1;
        if (left < 0) {
            return false;
        }
        packet.put(at + 3, (byte) left);
        Ipv6Header.setDestination(
                packet, ip, segmentHigh(packet, at, left), segmentLow(packet, at, left));
        return true;
    }

    /** Where the first TLV that is not padding lies, or {@link #NO_TLV}. */
    public static int firstTlv(ByteBuffer in, int at) {
        return tlvFrom(in, at, at + FIXED_LENGTH + segments(in, at) * SEGMENT);
    }

    /** Where the next TLV that is not padding lies, or {@link #NO_TLV}. */
    public static int nextTlv(ByteBuffer in, int at, int tlv) {
        return tlvFrom(in, at, tlv + tlvLength(in, tlv));
    }

    private static int tlvFrom(ByteBuffer in, int at, int from) {
        int end = at + length(in, at);
        int tlv = from;
        while (tlv < end) {
            int type = tlvType(in, tlv);
            if (type != PAD1 && type != PADN) {
                return tlv;
            }
            tlv += tlvLength(in, tlv);
        }
        return NO_TLV;
    }

    /** 8 bits, of which the first says whether the value may change on the way. */
    public static int tlvType(ByteBuffer in, int tlv) {
        return in.get(tlv) & 0xFF;
    }

    /** Octets of the whole TLV, type and length included. */
    public static int tlvLength(ByteBuffer in, int tlv) {
        return in.get(tlv) == PAD1 ? 1 : 2 + (in.get(tlv + 1) & 0xFF);
    }

    /** D: the list is reduced, so the first segment cannot be compared with it. */
    public static boolean isHmacOfReducedList(ByteBuffer in, int tlv) {
        return (in.getShort(tlv + 2) & D) != 0;
    }

    /** Which key, and so which algorithm; 32 bits. */
    public static int hmacKeyId(ByteBuffer in, int tlv) {
        return in.getInt(tlv + 4);
    }

    /** Where the HMAC itself lies. */
    public static int hmac(int tlv) {
        return tlv + HMAC_FIXED_LENGTH;
    }

    /** Octets of the HMAC itself: 8, 16, 24 or 32. */
    public static int hmacLength(ByteBuffer in, int tlv) {
        return tlvLength(in, tlv) - HMAC_FIXED_LENGTH;
    }

    /**
     * An HMAC TLV whose HMAC is zeros; it must lie a multiple of 8 octets after the header's start.
     *
     * @param octets of the HMAC itself: 8, 16, 24 or 32
     * @return octets written
     * @throws IllegalArgumentException when no HMAC is that long
     */
    public static int writeHmac(ByteBuffer out, int tlv, boolean reduced, int keyId, int octets) {
        if (!isHmacLength(octets)) {
            throw new IllegalArgumentException("an HMAC has 8, 16, 24 or 32 octets, not " + octets);
        }
        int length = HMAC_FIXED_LENGTH + octets;
        out.putInt(tlv, HMAC << 24 | length - 2 << 16 | (reduced ? D : 0)).putInt(tlv + 4, keyId);
        for (int i = 0; i < octets; i += 8) {
            out.putLong(tlv + HMAC_FIXED_LENGTH + i, 0);
        }
        return length;
    }

    /**
     * Padding, which is one octet, or two and more, each in its own way (RFC 8754 §2.1.1).
     *
     * @param octets 1 to 7: more is never needed
     * @throws IllegalArgumentException when it is another number
     */
    public static void writePadding(ByteBuffer out, int tlv, int octets) {
        if (octets < 1 || octets > 7) {
            throw new IllegalArgumentException("padding has 1 to 7 octets, not " + octets);
        }
        if (octets == 1) {
            out.put(tlv, (byte) PAD1);
            return;
        }
        out.put(tlv, (byte) PADN).put(tlv + 1, (byte) (octets - 2));
        for (int i = 2; i < octets; i++) {
            out.put(tlv + i, (byte) 0);
        }
    }

    /**
     * Whether the active segment is one of those that an HMAC vouches for (RFC 8754 §2.1.2.1): it
     * is the destination address, or the first one of a reduced list.
     *
     * @param ip where the IPv6 header is
     */
    public static boolean isActiveSegmentInList(ByteBuffer in, int ip, int at, int tlv) {
        int left = segmentsLeft(in, at);
        if (left > lastEntry(in, at)) {
            return isHmacOfReducedList(in, tlv);
        }
        return segmentHigh(in, at, left) == Ipv6Header.destinationHigh(in, ip)
                && segmentLow(in, at, left) == Ipv6Header.destinationLow(in, ip);
    }

    /**
     * Puts what an HMAC is computed over (RFC 8754 §2.1.2.1) at the position of {@code text}: the
     * source address, Last Entry, Flags, D and the reserved bits beside it, the Key ID, and all
     * segments. Linux leaves the third of these out.
     *
     * @param ip where the IPv6 header is
     * @param text with room for 24 octets and 16 for each segment
     */
    public static void putHmacText(ByteBuffer in, int ip, int at, int tlv, ByteBuffer text) {
        text.putLong(Ipv6Header.sourceHigh(in, ip))
                .putLong(Ipv6Header.sourceLow(in, ip))
                .putShort(in.getShort(at + 4))
                .putShort(in.getShort(tlv + 2))
                .putInt(hmacKeyId(in, tlv));
        for (int i = 0; i < segments(in, at); i++) {
            text.putLong(segmentHigh(in, at, i)).putLong(segmentLow(in, at, i));
        }
    }
}
