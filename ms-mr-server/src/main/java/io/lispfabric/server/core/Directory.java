package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MulticastInfo;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The newest state, and beside it its mappings by hash: a look-up there touches a few lines of
 * memory where the trie is a walk of twenty. One thread advances it; any number read at the same
 * time, and neither waits for the other nor allocates.
 *
 * <p>What a reader finds was so at some moment of the call; of a command that is just being applied
 * it may see the state before or the one after. It is one mapping, perhaps of a newer state than
 * any that the reader has taken: who needs more than one thing of the same state takes {@link
 * #current} and asks that.
 */
public final class Directory {
    private static final VarHandle TAG = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Mapping[].class);

    private volatile MappingSystem current = MappingSystem.EMPTY;
    private volatile Slots slots = new Slots(16);
    private volatile Lengths[] lengths = new Lengths[16];

    /** Counts how often EID-Prefixes came or went; odd while one does. */
    private volatile long comings;

    /** Of the writer alone, as what follows: the last value of {@code comings}. */
    private long count;

    /** How many are in {@code lengths}. */
    private int spaces;

    /** The state after the last command that was applied. */
    public MappingSystem current() {
        return current;
    }

    /** Begins anew with this state. */
    public void start(MappingSystem state) {
        beginComing();
        slots = new Slots(2 * state.mappings().size());
        lengths = new Lengths[16];
        spaces = 0;
        state.mappings().forEach((_, mapping) -> set(mapping));
        endComing();
        current = state;
    }

    /**
     * Goes on to the next state.
     *
     * @param changes all that distinguishes it from the one before, in their order
     */
    public void advance(MappingSystem next, List<Change> changes) {
        for (var change : changes) {
            if (change instanceof Change.MappingSet(var mapping)) {
                // What the state has kept: of shared parts, and there already.
                next.mappings().get(mapping).ifPresent(this::put);
            } else if (change instanceof Change.MappingGone(var eid)) {
                remove(BitKey.of(eid));
            }
        }
        current = next;
    }

    /** The mapping of the longest registered EID-Prefix that holds all of {@code eid}. */
    public Optional<Mapping> longestMatch(Eid eid) {
        return Optional.ofNullable(find(eid));
    }

    /** The same, or null if there is none, for those who cannot afford an object for each. */
    public @Nullable Mapping find(Eid eid) {
        // What a key is made of, but no key: nothing is allocated here.
        var prefix = eid.prefix();
        var address = prefix.address();
        long head = (long) eid.iid().value() << 40;
        int length = BitKey.EID_HEADER + prefix.length();
        if (address instanceof LispAddress.Ipv4 ip) {
            long first = head | Bits.IPV4 | ip.value() & 0xFFFF_FFFFL;
            return find(eid, first, 0, 0, length);
        }
        if (address instanceof LispAddress.Ipv6 ip) {
            return find(
                    eid,
                    head | Bits.IPV6 | ip.high() >>> 32,
                    ip.high() << 32 | ip.low() >>> 32,
                    ip.low() << 32,
                    length);
        }
        if (address instanceof LispAddress.Mac mac) {
            return find(eid, head | Bits.MAC | mac.value() >>> 16, mac.value() << 48, 0, length);
        }
        if (address instanceof MulticastInfo) {
            // There are few groups, and they are asked for once each.
            return current.mappings().longestMatch(BitKey.of(eid)).orElse(null);
        }
        // Of names none is a part of another.
        return address instanceof LispAddress.Name(var text) && length <= 64 * Bits.NEAR
                ? slots.find(
                        head | Bits.NAME | Bits.octets(text, 0) >>> 32,
                        Bits.octets(text, 4),
                        Bits.octets(text, 12),
                        length)
                : slots.find(BitKey.of(eid));
    }

    private @Nullable Mapping find(Eid eid, long first, long second, long third, int length) {
        long before = comings;
        var all = slots;
        var exact = all.find(first, second, third, length);
        if (exact != null) {
            return exact;
        }
        if ((before & 1) == 0) {
            var those = lengthsOf((int) (first >>> 32));
            var found = those == null ? null : those.longest(first, second, third, length, all);
            // Had another come or gone meanwhile, what was found might be of no one moment.
            VarHandle.acquireFence();
            if (comings == before) {
                return found;
            }
        }
        return current.mappings().longestMatch(BitKey.of(eid)).orElse(null);
    }

    private @Nullable Lengths lengthsOf(int space) {
        var those = lengths;
        int at = spread(space) & those.length - 1;
        for (var it = those[at]; it != null; it = those[at]) {
            if (it.space == space) {
                return it;
            }
            at = at + 1 & those.length - 1;
        }
        return null;
    }

    private void put(Mapping mapping) {
        if (slots.replace(mapping)) {
            return;
        }
        beginComing();
        set(mapping);
        endComing();
    }

    private void beginComing() {
        comings = ++count;
        VarHandle.storeStoreFence(); // readers see the odd number before anything else
    }

    private void endComing() {
        comings = ++count;
    }

    private void set(Mapping mapping) {
        if (slots.isFull()) {
            slots = slots.grown();
        }
        slots.add(mapping);
        count(mapping, 1);
    }

    private void remove(BitKey key) {
        beginComing();
        if (slots.remove(key)) {
            count(key, -1);
        }
        endComing();
    }

    private void count(Bits key, int more) {
        int space = (int) (key.word(0) >>> 32);
        if ((space & 0xFF) == EidPrefix.Family.NAME.ordinal()) {
            return;
        }
        var those = lengthsOf(space);
        if (those == null) {
            those = new Lengths(space);
            if (2 * ++spaces > lengths.length) {
                var wider = new Lengths[2 * lengths.length];
                for (var it : lengths) {
                    if (it != null) {
                        enter(wider, it);
                    }
                }
                lengths = wider;
            }
            enter(lengths, those);
        }
        those.count(key.length() - BitKey.EID_HEADER, more);
    }

    private static void enter(Lengths[] all, Lengths it) {
        int at = spread(it.space) & all.length - 1;
        while (all[at] != null) {
            at = at + 1 & all.length - 1;
        }
        all[at] = it;
    }

    private static int spread(int space) {
        return space * 0x9E37_79B9 >>> 8;
    }

    /** Which lengths the EID-Prefixes of one segment and family have. */
    private static final class Lengths {
        private final int space;

        /** How many there are of each length. */
        private final int[] counts;

        /** Bit n: there is one of n bits. */
        private long used;

        private long usedFrom64;

        Lengths(int space) {
            this.space = space;
            this.counts = new int[EidPrefix.Family.values()[space & 0xFF].bits() + 1];
        }

        void count(int length, int more) {
            counts[length] += more;
            long bit = 1L << (length & 63);
            boolean any = counts[length] != 0;
            switch (length >> 6) {
                case 0 -> used = any ? used | bit : used & ~bit;
                case 1 -> usedFrom64 = any ? usedFrom64 | bit : usedFrom64 & ~bit;
                default -> {} // nothing is longer than a whole address
            }
        }

        /** The longest key there is that is a proper prefix of this one. */
        @Nullable Mapping longest(long first, long second, long third, int length, Slots all) {
            int top = length - BitKey.EID_HEADER - 1;
            if (top >= 64) {
                long left = usedFrom64 & -1L >>> 127 - top;
                while (left != 0) {
                    int bit = 63 - Long.numberOfLeadingZeros(left);
                    var found = all.findFirst(first, second, third, BitKey.EID_HEADER + 64 + bit);
                    if (found != null) {
                        return found;
                    }
                    left ^= 1L << bit;
                }
            }
            long left = top < 0 ? 0 : top >= 63 ? used : used & -1L >>> 63 - top;
            while (left != 0) {
                int bit = 63 - Long.numberOfLeadingZeros(left);
                var found = all.findFirst(first, second, third, BitKey.EID_HEADER + bit);
                if (found != null) {
                    return found;
                }
                left ^= 1L << bit;
            }
            return null;
        }
    }

    /**
     * Mappings by the hash of their keys, each in the first free slot from there on. A slot's tag
     * is the hash, so that those of others are passed by without looking at them.
     */
    private static final class Slots {
        private static final int FREE = 0;
        private static final int GONE = 1;

        private final int mask;
        private final int[] tags;
        private final @Nullable Mapping[] mappings;

        /** Slots that are not free; those of mappings that are gone stay so. */
        private int taken;

        private int size;

        /** Of such a size that {@code most} mappings leave enough free. */
        Slots(int most) {
            int capacity = Integer.highestOneBit(Math.max(16, most) - 1) << 1;
            this.mask = capacity - 1;
            this.tags = new int[capacity];
            this.mappings = new Mapping[capacity];
        }

        boolean isFull() {
            return taken > mask - (mask >> 2) - (mask >> 3);
        }

        /** The same without those that are gone, and with room for as many again. */
        Slots grown() {
            var next = new Slots(2 * size + 2);
            for (var mapping : mappings) {
                if (mapping != null) {
                    next.add(mapping);
                }
            }
            return next;
        }

        private static int tag(int hash) {
            return hash == FREE || hash == GONE ? hash + 2 : hash;
        }

        @Nullable Mapping find(Bits key) {
            int hash = key.hash();
            int tag = tag(hash);
            for (int at = hash & mask; ; at = at + 1 & mask) {
                int other = (int) TAG.getAcquire(tags, at);
                if (other == FREE) {
                    return null;
                }
                if (other == tag) {
                    var mapping = (@Nullable Mapping) SLOT.getAcquire(mappings, at);
                    if (mapping != null && mapping.sameBits(key)) {
                        return mapping;
                    }
                }
            }
        }

        /** Where it stands, or -1; for the writer. */
        private int index(Bits key) {
            int at = key.hash() & mask;
            while (tags[at] != FREE) {
                var mapping = mappings[at];
                if (mapping != null && mapping.sameBits(key)) {
                    return at;
                }
                at = at + 1 & mask;
            }
            return -1;
        }

        /** The mapping of the first {@code length} bits of these. */
        @Nullable Mapping findFirst(long first, long second, long third, int length) {
            return find(
                    first & leading(length),
                    second & leading(length - 64),
                    third & leading(length - 128),
                    length);
        }

        @Nullable Mapping find(long first, long second, long third, int length) {
            int hash = Bits.hash(first, second, third, length);
            int tag = tag(hash);
            for (int at = hash & mask; ; at = at + 1 & mask) {
                int other = (int) TAG.getAcquire(tags, at);
                if (other == FREE) {
                    return null;
                }
                if (other == tag) {
                    var mapping = (@Nullable Mapping) SLOT.getAcquire(mappings, at);
                    if (mapping != null && mapping.is(first, second, third, length)) {
                        return mapping;
                    }
                }
            }
        }

        private static long leading(int bits) {
            return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
        }

        boolean replace(Mapping mapping) {
            int at = index(mapping);
            if (at >= 0) {
                SLOT.setRelease(mappings, at, mapping);
            }
            return at >= 0;
        }

        /** Adds what is not there. */
        void add(Mapping mapping) {
            int hash = mapping.hash();
            int at = hash & mask;
            while (tags[at] != FREE && tags[at] != GONE) {
                at = at + 1 & mask;
            }
            taken += tags[at] == FREE ? 1 : 0;
            size++;
            SLOT.setRelease(mappings, at, mapping);
            TAG.setRelease(tags, at, tag(hash));
        }

        boolean remove(Bits key) {
            int at = index(key);
            if (at >= 0) {
                size--;
                TAG.setRelease(tags, at, GONE);
                SLOT.setRelease(mappings, at, null);
            }
            return at >= 0;
        }
    }
}
