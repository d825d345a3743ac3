package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.WireWriter;

/**
 * A string of bits: what a {@link PrefixMap} is ordered by. The spare bits of the last octet are 0.
 */
public record BitKey(Bytes octets, int length) {
    /**
     * Instance ID and address family stand before an EID's own bits, so that EIDs of two segments
     * never match.
     */
    static final int EID_HEADER = 32;

    /** The key that has no bits and is a prefix of every other one. */
    static final BitKey ROOT = new BitKey(Bytes.EMPTY, 0);

    static BitKey of(Eid eid) {
        var out = new WireWriter();
        out.u32(eid.iid().value() << 8 | eid.prefix().family().ordinal());
        out.bytes(eid.prefix().bits());
        return new BitKey(out.toBytes(), EID_HEADER + eid.prefix().length());
    }

    /** A key of whole octets. */
    static BitKey of(Bytes octets) {
        return new BitKey(octets, 8 * octets.length());
    }

    boolean bit(int index) {
        return (octets.at(index >>> 3) >>> (7 - (index & 7)) & 1) != 0;
    }

    /** How many leading bits the two have in common. */
    int common(BitKey other) {
        int most = Math.min(length, other.length);
        int bit = 0;
        for (int i = 0; bit < most; i++, bit += 8) {
            int different = octets.at(i) ^ other.octets.at(i);
            if (different != 0) {
                return Math.min(most, bit + Integer.numberOfLeadingZeros(different) - 24);
            }
        }
        return most;
    }

    boolean isPrefixOf(BitKey other) {
        return length <= other.length && common(other) == length;
    }

    /** The first {@code bits} bits. */
    BitKey first(int bits) {
        var kept = new byte[(bits + 7) / 8];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = (byte) octets.at(i);
        }
        if ((bits & 7) != 0) {
            kept[kept.length - 1] &= (byte) (0xFF00 >>> (bits & 7));
        }
        return new BitKey(Bytes.of(kept), bits);
    }
}
