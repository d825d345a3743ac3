package io.lispfabric.server.core;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A map from bit strings to values that never changes: {@link #with} and {@link #without} give a
 * new map that shares all but the path to the key with the old one. It is a Patricia trie, whose
 * shape depends on its keys alone and not on their history, so that two replicas with equal entries
 * are equal.
 *
 * <p>A fork knows only which bit it is about; the bits before it are those of any entry below it.
 * An entry that nothing lies below has no fork, and a value that is its own key has no entry
 * besides itself. So a key costs a fork of 32 octets and what it stands in.
 *
 * <p>All operations but those over whole subtrees take time in proportion to the bits of the key.
 */
public final class PrefixMap<V> implements Expiring {
    private static final PrefixMap<?> EMPTY = new PrefixMap<>(null, 0);

    /** A {@link Fork} or an entry. */
    private final @Nullable Object root;

    private final int size;

    private PrefixMap(@Nullable Object root, int size) {
        this.root = root;
        this.size = size;
    }

    /** A key and its value, where the value is not the key itself. */
    static final class Entry<V> extends Bits {
        private final V value;

        Entry(Bits key, V value) {
            super(key);
            this.value = value;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Entry<?> that && sameBits(that) && value.equals(that.value);
        }

        @Override
        public int hashCode() {
            return 31 * hash() + value.hashCode();
        }
    }

    /**
     * Where keys part. A fork has an entry and a child, or two children, or all three: else it
     * would not be there.
     */
    private static final class Fork {
        /** How many bits the keys below have in common: the first that they differ in, if any. */
        private final int bit;

        /** The entry whose key is just those bits. */
        private final @Nullable Bits entry;

        private final @Nullable Object zero;
        private final @Nullable Object one;

        /** When the first value in the subtree ends, if any does. */
        private final long expiresMillis;

        private Fork(int bit, @Nullable Bits entry, @Nullable Object zero, @Nullable Object one) {
            this.bit = bit;
            this.entry = entry;
            this.zero = zero;
            this.one = one;
            this.expiresMillis = Math.min(expires(entry), Math.min(expires(zero), expires(one)));
        }

        /** The fork of these parts, or what is left in its place if it would not be one. */
        static @Nullable Object of(
                int bit, @Nullable Bits entry, @Nullable Object zero, @Nullable Object one) {
            if (zero == null && one == null) {
                return entry;
            }
            if (entry == null && (zero == null || one == null)) {
                return zero == null ? one : zero;
            }
            return new Fork(bit, entry, zero, one);
        }

        @Nullable Object child(boolean bit) {
            return bit ? one : zero;
        }

        @Nullable Object withEntry(@Nullable Bits other) {
            return of(bit, other, zero, one);
        }

        @Nullable Object withChild(boolean which, @Nullable Object child) {
            return which ? of(bit, entry, zero, child) : of(bit, entry, child, one);
        }
    }

    private static long expires(@Nullable Object node) {
        return switch (node) {
            case null -> Long.MAX_VALUE;
            case Fork fork -> fork.expiresMillis;
            case Entry<?> entry ->
                    entry.value instanceof Expiring it ? it.expiresMillis() : Long.MAX_VALUE;
            default -> node instanceof Expiring it ? it.expiresMillis() : Long.MAX_VALUE;
        };
    }

    /** How many bits all keys in the subtree have in common. */
    private static int length(Object node) {
        return node instanceof Fork fork ? fork.bit : ((Bits) node).length();
    }

    /** An entry of the subtree; that of its root, if it has one. */
    private static Bits any(Object node) {
        var at = node;
        while (at instanceof Fork fork) {
            at = fork.entry != null ? fork.entry : Objects.requireNonNull(fork.zero);
        }
        return (Bits) at;
    }

    @SuppressWarnings("unchecked") // with() is the only way in
    private static <V> V value(Bits entry) {
        return entry instanceof Entry<?> it ? (V) it.value : (V) entry;
    }

    private static <V> Optional<V> optional(@Nullable Bits entry) {
        return entry == null ? Optional.empty() : Optional.of(PrefixMap.<V>value(entry));
    }

    @SuppressWarnings("unchecked") // it holds nothing of any type
    public static <V> PrefixMap<V> empty() {
        return (PrefixMap<V>) EMPTY;
    }

    /** When the first of its values ends, if any does. */
    @Override
    public long expiresMillis() {
        return expires(root);
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /** The value of exactly this key. */
    Optional<V> get(Bits key) {
        var node = root;
        while (node instanceof Fork fork) {
            node =
                    fork.bit < key.length()
                            ? fork.child(key.bit(fork.bit))
                            : fork.bit == key.length() ? fork.entry : null;
        }
        return node instanceof Bits entry && entry.sameBits(key)
                ? optional(entry)
                : Optional.empty();
    }

    /** The map in which this key has this value, and is taken for it if it is the value itself. */
    PrefixMap<V> with(Bits key, V value) {
        var entry = value == key ? key : new Entry<>(key, Objects.requireNonNull(value));
        if (root == null) {
            return new PrefixMap<>(entry, 1);
        }
        var near = nearest(root, key);
        return new PrefixMap<>(
                insert(root, entry, near.common(key)), near.sameBits(key) ? size : size + 1);
    }

    /**
     * The map with another value for each, all at once: what takes their places one by one would
     * cost a path for each. They are shown in the order of their keys.
     *
     * @param next what takes the place of a value; the value itself where it stays. No value is its
     *     own key
     */
    PrefixMap<V> map(UnaryOperator<V> next) {
        var all = map(root, next);
        return all == root ? this : new PrefixMap<>(all, size);
    }

    /** As deep as the keys are long. */
    private static <V> @Nullable Object map(@Nullable Object node, UnaryOperator<V> next) {
        if (node instanceof Fork fork) {
            var entry = (Bits) map(fork.entry, next);
            var zero = map(fork.zero, next);
            var one = map(fork.one, next);
            return entry == fork.entry && zero == fork.zero && one == fork.one
                    ? fork
                    : new Fork(fork.bit, entry, zero, one);
        }
        if (node instanceof Bits entry) {
            V before = value(entry);
            V after = next.apply(before);
            return after == before ? entry : new Entry<>(entry, after);
        }
        return null;
    }

    /** An entry that no other one has more leading bits in common with the key than. */
    private static Bits nearest(Object root, Bits key) {
        var node = root;
        while (node instanceof Fork fork && fork.bit < key.length()) {
            var child = fork.child(key.bit(fork.bit));
            node = child != null ? child : Objects.requireNonNull(fork.entry);
        }
        return any(node);
    }

    /**
     * Puts an entry into a subtree.
     *
     * @param common how many leading bits its key has in common with the nearest one
     */
    private static Object insert(@Nullable Object node, Bits entry, int common) {
        if (node == null) {
            return entry;
        }
        int length = length(node);
        if (common >= length) {
            if (length == entry.length()) {
                return node instanceof Fork fork
                        ? new Fork(length, entry, fork.zero, fork.one)
                        : entry;
            }
            boolean bit = entry.bit(length);
            if (node instanceof Fork fork) {
                var child = insert(fork.child(bit), entry, common);
                return bit
                        ? new Fork(length, fork.entry, fork.zero, child)
                        : new Fork(length, fork.entry, child, fork.one);
            }
            return fork(length, (Bits) node, bit, entry, null);
        }
        if (common == entry.length()) {
            return fork(common, entry, any(node).bit(common), node, null);
        }
        return fork(common, null, entry.bit(common), entry, node);
    }

    private static Fork fork(
            int bit, @Nullable Bits entry, boolean which, Object child, @Nullable Object other) {
        return which ? new Fork(bit, entry, other, child) : new Fork(bit, entry, child, other);
    }

    PrefixMap<V> without(Bits key) {
        return get(key).isEmpty() ? this : new PrefixMap<>(remove(root, key), size - 1);
    }

    private static @Nullable Object remove(@Nullable Object node, Bits key) {
        if (!(node instanceof Fork fork)) {
            return null; // it is there, and this is the last place where it can be
        }
        if (fork.bit == key.length()) {
            return fork.withEntry(null);
        }
        boolean bit = key.bit(fork.bit);
        return fork.withChild(bit, remove(fork.child(bit), key));
    }

    /**
     * The values of all keys that are prefixes of {@code key}, itself included, the longest last.
     */
    List<V> covering(Bits key) {
        var found = new ArrayList<V>();
        var node = root;
        while (node instanceof Fork fork && fork.bit <= key.length()) {
            if (fork.entry != null) {
                if (!fork.entry.isPrefixOf(key)) {
                    return found;
                }
                found.add(value(fork.entry));
            }
            node = fork.bit == key.length() ? null : fork.child(key.bit(fork.bit));
        }
        if (node instanceof Bits entry && entry.isPrefixOf(key)) {
            found.add(value(entry));
        }
        return found;
    }

    /** The value of the longest key that is a prefix of {@code key}. */
    Optional<V> longestMatch(Bits key) {
        Bits best = null;
        var node = root;
        while (node instanceof Fork fork && fork.bit <= key.length()) {
            if (fork.entry != null) {
                // What is below begins with the same bits.
                if (!fork.entry.isPrefixOf(key)) {
                    return optional(best);
                }
                best = fork.entry;
            }
            node = fork.bit == key.length() ? null : fork.child(key.bit(fork.bit));
        }
        return optional(node instanceof Bits entry && entry.isPrefixOf(key) ? entry : best);
    }

    /**
     * Shows the values of all keys that {@code key} is a prefix of, itself included, in the order
     * of the keys.
     */
    void within(Bits key, Consumer<V> each) {
        visit(subtree(key), entry -> each.accept(value(entry)));
    }

    /**
     * The values of all keys that {@code key} is a proper prefix of, but at most {@code limit} of
     * them.
     */
    List<V> below(Bits key, int limit) {
        var found = new ArrayList<V>();
        var entries = new Entries(subtree(key), Long.MAX_VALUE);
        for (var entry = entries.next();
                entry != null && found.size() < limit;
                entry = entries.next()) {
            if (entry.length() > key.length()) {
                found.add(value(entry));
            }
        }
        return found;
    }

    /**
     * The values that end at or before this time, but at most {@code limit} of them, in the order
     * of the keys. Takes time in proportion to those, not to all.
     */
    public List<V> expiring(long atMillis, int limit) {
        var found = new ArrayList<V>();
        var entries = new Entries(root, atMillis);
        for (var entry = entries.next();
                entry != null && found.size() < limit;
                entry = entries.next()) {
            if (expires(entry) <= atMillis && PrefixMap.<V>value(entry) instanceof Expiring) {
                found.add(value(entry));
            }
        }
        return found;
    }

    private @Nullable Object subtree(Bits key) {
        var node = root;
        while (node instanceof Fork fork && fork.bit < key.length()) {
            node = fork.child(key.bit(fork.bit));
        }
        return node != null && key.isPrefixOf(any(node)) ? node : null;
    }

    /** Shows all entries, in the order of the keys. */
    public void forEach(BiConsumer<BitKey, V> each) {
        visit(root, entry -> each.accept(BitKey.of(entry), value(entry)));
    }

    /** All values, in the order of the keys: one may pause in between. */
    Iterator<V> values() {
        var entries = new Entries(root, Long.MAX_VALUE);
        return new Iterator<>() {
            private @Nullable Bits next = entries.next();

            @Override
            public boolean hasNext() {
                return next != null;
            }

            @Override
            public V next() {
                var it = next;
                if (it == null) {
                    throw new NoSuchElementException();
                }
                next = entries.next();
                return value(it);
            }
        };
    }

    private static void visit(@Nullable Object root, Consumer<Bits> each) {
        var entries = new Entries(root, Long.MAX_VALUE);
        for (var entry = entries.next(); entry != null; entry = entries.next()) {
            each.accept(entry);
        }
    }

    /**
     * All entries, or those of subtrees in which a value ends by a time, in the order of their
     * keys. A key's bits bound its depth, but not our stack: hence no recursion.
     */
    private static final class Entries {
        private final ArrayList<Object> stack = new ArrayList<>();
        private final long byMillis;

        Entries(@Nullable Object root, long byMillis) {
            this.byMillis = byMillis;
            push(root);
        }

        private void push(@Nullable Object node) {
            if (node != null && expires(node) <= byMillis) {
                stack.add(node);
            }
        }

        /** The next one, or null when there is none left. */
        @Nullable Bits next() {
            while (!stack.isEmpty()) {
                var node = stack.removeLast();
                if (!(node instanceof Fork fork)) {
                    return (Bits) node;
                }
                push(fork.one);
                push(fork.zero);
                push(fork.entry);
            }
            return null;
        }
    }

    /**
     * How many bits of {@code key} make the shortest prefix of it that overlaps no key of this map,
     * those apart that are {@code key} or prefixes of it themselves (RFC 9301 §8.4). The length of
     * {@code key} if there is none, since longer keys lie within it.
     */
    int holeLength(Bits key) {
        if (root == null) {
            return 0;
        }
        int most = nearest(root, key).common(key);
        int length = 0;
        var node = root;
        while (node != null) {
            int common = Math.min(length(node), most);
            if (common < length(node)) {
                return Math.min(key.length(), Math.max(length, common + 1));
            }
            if (common == key.length()) {
                return node instanceof Fork ? common : length;
            }
            if (!(node instanceof Fork fork)) {
                return length;
            }
            boolean bit = key.bit(common);
            if (fork.child(!bit) != null) {
                length = common + 1;
            }
            node = fork.child(bit);
        }
        return length;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof PrefixMap<?> that) || size != that.size) {
            return false;
        }
        // The shape is that of the keys, and most of it is shared by maps of one history.
        var pairs = new ArrayList<@Nullable Object>();
        pairs.add(root);
        pairs.add(that.root);
        while (!pairs.isEmpty()) {
            var a = pairs.removeLast();
            var b = pairs.removeLast();
            if (a == b) {
                continue;
            }
            if (a instanceof Fork mine && b instanceof Fork others) {
                if (mine.bit != others.bit || !Objects.equals(mine.entry, others.entry)) {
                    return false;
                }
                pairs.add(mine.zero);
                pairs.add(others.zero);
                pairs.add(mine.one);
                pairs.add(others.one);
            } else if (!Objects.equals(a, b)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = 0;
        var entries = new Entries(root, Long.MAX_VALUE);
        for (var entry = entries.next(); entry != null; entry = entries.next()) {
            hash = 31 * hash + entry.hashCode();
        }
        return hash;
    }

    @Override
    public String toString() {
        var text = new StringBuilder("{");
        forEach((key, value) -> text.append(text.length() == 1 ? "" : ", ").append(value));
        return text.append('}').toString();
    }
}
