package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A string of bits, kept in whole words so that it costs one object and two of them are compared in
 * a few instructions. What stands in a {@link PrefixMap} is one, together with what it is the key
 * of. The spare bits of the last word are 0.
 */
abstract sealed class Bits permits BitKey, Mapping, Voice, PrefixMap.Entry {
    /** Words that are fields: enough for any address in any segment, and for most names. */
    static final int NEAR = 3;

    private static final long[] NONE = {};
    private static final EidPrefix.Family[] FAMILIES = EidPrefix.Family.values();

    /** The address family of an EID stands behind its Instance ID. */
    static final long IPV4 = (long) EidPrefix.Family.IPV4.ordinal() << 32;

    static final long IPV6 = (long) EidPrefix.Family.IPV6.ordinal() << 32;
    static final long MAC = (long) EidPrefix.Family.MAC.ordinal() << 32;
    static final long NAME = (long) EidPrefix.Family.NAME.ordinal() << 32;
    private static final long GROUP = (long) EidPrefix.Family.GROUP.ordinal() << 32;

    private final long first;
    private final long second;
    private final long third;
    private final long @Nullable [] rest;
    private final int length;

    /** The words, of which there are enough for {@code length} bits. */
    Bits(long[] words, int length) {
        this.first = words.length > 0 ? words[0] : 0;
        this.second = words.length > 1 ? words[1] : 0;
        this.third = words.length > 2 ? words[2] : 0;
        this.rest = words.length > NEAR ? Arrays.copyOfRange(words, NEAR, words.length) : null;
        this.length = length;
    }

    Bits(Bits other) {
        this.first = other.first;
        this.second = other.second;
        this.third = other.third;
        this.rest = other.rest;
        this.length = other.length;
    }

    /**
     * Instance ID and address family stand before an EID's own bits, so that EIDs of two segments
     * never match.
     */
    Bits(Eid eid) {
        var prefix = eid.prefix();
        long head = (long) eid.iid().value() << 40;
        long[] beyond = null;
        var address = prefix.address();
        // One after another: a switch over types would cost a call for each.
        if (address instanceof LispAddress.Ipv4 ip) {
            this.first = head | IPV4 | ip.value() & 0xFFFF_FFFFL;
            this.second = 0;
            this.third = 0;
        } else if (address instanceof LispAddress.Ipv6 ip) {
            this.first = head | IPV6 | ip.high() >>> 32;
            this.second = ip.high() << 32 | ip.low() >>> 32;
            this.third = ip.low() << 32;
        } else if (address instanceof LispAddress.Mac mac) {
            this.first = head | MAC | mac.value() >>> 16;
            this.second = mac.value() << 48;
            this.third = 0;
        } else if (address instanceof LispAddress.Name name) {
            // The NUL behind it needs no writing.
            var text = name.text();
            this.first = head | NAME | octets(text, 0) >>> 32;
            this.second = octets(text, 4);
            this.third = octets(text, 12);
            int used = (BitKey.EID_HEADER + prefix.length() + 63) / 64;
            if (used > NEAR) {
                beyond = new long[used - NEAR];
                for (int i = 0; i < beyond.length; i++) {
                    beyond[i] = octets(text, 20 + 8 * i);
                }
            }
        } else {
            // A group and its senders, which are more than three words only for IPv6.
            var octets = prefix.bits();
            this.first = head | GROUP | octets(octets, 0) >>> 32;
            this.second = octets(octets, 4);
            this.third = octets(octets, 12);
            int used = (BitKey.EID_HEADER + prefix.length() + 63) / 64;
            if (used > NEAR) {
                beyond = new long[used - NEAR];
                for (int i = 0; i < beyond.length; i++) {
                    beyond[i] = octets(octets, 20 + 8 * i);
                }
            }
        }
        this.rest = beyond;
        this.length = BitKey.EID_HEADER + prefix.length();
    }

    /** Eight characters of a text, and zeros beyond it. */
    static long octets(String text, int from) {
        long word = 0;
        for (int i = from; i < Math.min(text.length(), from + 8); i++) {
            word |= (text.charAt(i) & 0xFFL) << 56 - 8 * (i - from);
        }
        return word;
    }

    private static long octets(Bytes octets, int from) {
        long word = 0;
        for (int i = from; i < Math.min(octets.length(), from + 8); i++) {
            word |= (long) octets.at(i) << 56 - 8 * (i - from);
        }
        return word;
    }

    /** The EID-Prefix that {@link #Bits(Eid)} was given. */
    Eid eid() {
        var iid = new InstanceId((int) (first >>> 40));
        var family = FAMILIES[(int) (first >>> 32) & 0xFF];
        int bits = length - BitKey.EID_HEADER;
        if (family == EidPrefix.Family.GROUP) {
            return new Eid(iid, EidPrefix.group(Bytes.of(own((bits + 7) / 8)), bits));
        }
        long high = first << 32 | second >>> 32;
        return new Eid(
                iid,
                new EidPrefix(
                        switch (family) {
                            case IPV4 -> new LispAddress.Ipv4((int) first);
                            case IPV6 -> new LispAddress.Ipv6(high, second << 32 | third >>> 32);
                            case MAC -> new LispAddress.Mac(high >>> 16);
                            case NAME -> new LispAddress.Name(text(bits / 8 - 1));
                            case GROUP -> throw new IllegalStateException("was read before");
                        },
                        bits));
    }

    /**
     * How many bits a whole address of the EID-Prefix's family has; of a name, this one's; of a
     * group, those of (S,G).
     */
    int fullLength() {
        int family = (int) (first >>> 32) & 0xFF;
        if (family == EidPrefix.Family.NAME.ordinal()) {
            return length - BitKey.EID_HEADER;
        }
        return family == EidPrefix.Family.GROUP.ordinal()
                ? EidPrefix.groupBits((int) first >>> 24)
                : FAMILIES[family].bits();
    }

    private String text(int characters) {
        return new String(own(characters), StandardCharsets.US_ASCII);
    }

    /** The first octets behind Instance ID and address family. */
    private byte[] own(int count) {
        var octets = new byte[count];
        for (int i = 0; i < count; i++) {
            octets[i] = (byte) (word(i + 4 >> 3) >>> 56 - 8 * (i + 4 & 7));
        }
        return octets;
    }

    /** Whether it is the key of an EID of this family. */
    final boolean isOf(EidPrefix.Family family) {
        return ((int) (first >>> 32) & 0xFF) == family.ordinal();
    }

    /** How many bits there are. */
    public final int length() {
        return length;
    }

    /** The word that holds the bits from 64 times {@code index} on. */
    final long word(int index) {
        return switch (index) {
            case 0 -> first;
            case 1 -> second;
            case 2 -> third;
            default -> {
                var more = rest;
                yield more == null || index - NEAR >= more.length ? 0 : more[index - NEAR];
            }
        };
    }

    final boolean bit(int index) {
        return word(index >>> 6) << index < 0; // a shift counts modulo 64
    }

    /** How many leading bits the two have in common. */
    final int common(Bits other) {
        int most = Math.min(length, other.length);
        if (first != other.first) {
            return Math.min(most, Long.numberOfLeadingZeros(first ^ other.first));
        }
        if (second != other.second) {
            return Math.min(most, 64 + Long.numberOfLeadingZeros(second ^ other.second));
        }
        if (third != other.third) {
            return Math.min(most, 128 + Long.numberOfLeadingZeros(third ^ other.third));
        }
        for (int i = NEAR; 64 * i < most; i++) {
            long different = word(i) ^ other.word(i);
            if (different != 0) {
                return Math.min(most, 64 * i + Long.numberOfLeadingZeros(different));
            }
        }
        return most;
    }

    final boolean isPrefixOf(Bits other) {
        return length <= other.length && common(other) == length;
    }

    final boolean sameBits(Bits other) {
        return length == other.length
                && first == other.first
                && second == other.second
                && third == other.third
                && (rest == other.rest
                        || Arrays.equals(
                                rest == null ? NONE : rest,
                                other.rest == null ? NONE : other.rest));
    }

    /** A number that looks random in all its bits, and is the same for the same bits. */
    final int hash() {
        return rest == null
                ? hash(first, second, third, length)
                : hash(first, second, third, length) ^ Arrays.hashCode(rest);
    }

    /** That of a string of bits that has no more words than these. */
    static int hash(long first, long second, long third, int length) {
        long mixed = (first ^ length) * 0x9E37_79B9_7F4A_7C15L;
        mixed = (mixed ^ mixed >>> 32 ^ second) * 0xBF58_476D_1CE4_E5B9L;
        mixed = (mixed ^ mixed >>> 29 ^ third) * 0x94D0_49BB_1331_11EBL;
        return (int) (mixed >>> 32);
    }

    /** Whether these are all its words. */
    final boolean is(long first, long second, long third, int length) {
        return this.first == first
                && this.second == second
                && this.third == third
                && this.length == length
                && rest == null;
    }
}
