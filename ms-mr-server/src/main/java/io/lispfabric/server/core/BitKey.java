package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.XtrIdentity;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A string of bits and nothing more: what is looked for in a {@link PrefixMap}. */
public final class BitKey extends Bits implements Comparable<BitKey> {
    /** How many bits stand before an EID's own: its Instance ID and address family. */
    static final int EID_HEADER = 32;

    /** The key that has no bits and is a prefix of every other one. */
    static final BitKey ROOT = new BitKey(Bytes.EMPTY, 0);

    /** The first {@code length} bits of these octets; what follows them counts for nothing. */
    public BitKey(Bytes octets, int length) {
        super(words(octets, length), length);
    }

    private BitKey(long[] words, int length) {
        super(words, length);
    }

    private BitKey(Eid eid) {
        super(eid);
    }

    private BitKey(Bits bits) {
        super(bits);
    }

    /** Just the bits. */
    static BitKey of(Bits bits) {
        return bits instanceof BitKey key ? key : new BitKey(bits);
    }

    static BitKey of(Eid eid) {
        return new BitKey(eid);
    }

    /** What all names of a segment that begin so have in common. */
    static BitKey ofNames(InstanceId iid, String start) {
        var out = new WireWriter();
        out.u32(iid.value() << 8 | EidPrefix.Family.NAME.ordinal());
        return of(out.bytes(start.getBytes(StandardCharsets.US_ASCII)).toBytes());
    }

    /** A key of whole octets. */
    static BitKey of(Bytes octets) {
        return new BitKey(octets, 8 * octets.length());
    }

    /** Where an xTR stands among others. */
    static BitKey of(XtrIdentity xtr) {
        return new BitKey(
                new long[] {xtr.xtrId().high(), xtr.xtrId().low(), xtr.siteId().value()},
                8 * XtrIdentity.LENGTH);
    }

    private static long[] words(Bytes octets, int length) {
        if (length < 0 || length > 8 * octets.length()) {
            throw new IllegalArgumentException(
                    length + " bits are not in " + octets.length() + " octets");
        }
        var words = new long[(length + 63) / 64];
        for (int i = 0; 8 * i < length; i++) {
            words[i >> 3] |= (long) octets.at(i) << 56 - 8 * (i & 7);
        }
        if ((length & 63) != 0) {
            words[words.length - 1] &= -1L << 64 - (length & 63);
        }
        return words;
    }

    /** The bits in as few octets as hold them; the spare bits of the last one are 0. */
    public Bytes octets() {
        var out = new WireWriter();
        for (int i = 0; 8 * i < length(); i++) {
            out.u8((int) (word(i >> 3) >>> 56 - 8 * (i & 7)) & 0xFF);
        }
        return out.toBytes();
    }

    /** In the order of the first bit that differs; what the other goes on from comes before it. */
    @Override
    public int compareTo(BitKey other) {
        int common = common(other);
        if (common == Math.min(length(), other.length())) {
            return Integer.compare(length(), other.length());
        }
        return bit(common) ? 1 : -1;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BitKey that && sameBits(that);
    }

    @Override
    public int hashCode() {
        return hash();
    }

    @Override
    public String toString() {
        return octets() + "/" + length();
    }
}
