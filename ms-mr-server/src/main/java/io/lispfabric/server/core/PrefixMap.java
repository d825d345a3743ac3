package io.lispfabric.server.core;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A map from bit strings to values that never changes: {@link #with} and {@link #without} give a
 * new map that shares all but the path to the key with the old one. It is a Patricia trie, whose
 * shape depends on its keys alone and not on their history, so that two replicas with equal entries
 * are equal.
 *
 * <p>All operations but those over whole subtrees take time in proportion to the bits of the key.
 */
public final class PrefixMap<V> implements Expiring {
    private static final PrefixMap<?> EMPTY = new PrefixMap<>(null, 0);

    private final @Nullable Node<V> root;
    private final int size;

    private PrefixMap(@Nullable Node<V> root, int size) {
        this.root = root;
        this.size = size;
    }

    /**
     * A node has a value, or two children, or both: without a value and with one child it would not
     * be there.
     *
     * @param expiresMillis when the first value in the subtree ends, if any does
     */
    private record Node<V>(
            BitKey key,
            @Nullable V value,
            @Nullable Node<V> zero,
            @Nullable Node<V> one,
            long expiresMillis) {
        Node(BitKey key, @Nullable V value, @Nullable Node<V> zero, @Nullable Node<V> one) {
            long first = value instanceof Expiring it ? it.expiresMillis() : Long.MAX_VALUE;
            first = zero == null ? first : Math.min(first, zero.expiresMillis);
            first = one == null ? first : Math.min(first, one.expiresMillis);
            this(key, value, zero, one, first);
        }

        @Nullable Node<V> child(boolean bit) {
            return bit ? one : zero;
        }

        Node<V> withValue(@Nullable V other) {
            return new Node<>(key, other, zero, one);
        }

        Node<V> withChild(boolean bit, @Nullable Node<V> child) {
            return bit ? new Node<>(key, value, zero, child) : new Node<>(key, value, child, one);
        }

        /** The node that this one shrinks to when it has lost something. */
        @Nullable Node<V> simplified() {
            if (value != null || zero != null && one != null) {
                return this;
            }
            return zero != null ? zero : one;
        }
    }

    @SuppressWarnings("unchecked") // it holds nothing of any type
    public static <V> PrefixMap<V> empty() {
        return (PrefixMap<V>) EMPTY;
    }

    /** When the first of its values ends, if any does. */
    @Override
    public long expiresMillis() {
        return root == null ? Long.MAX_VALUE : root.expiresMillis;
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /** The value of exactly this key. */
    public Optional<V> get(BitKey key) {
        var node = root;
        while (node != null && node.key.isPrefixOf(key)) {
            if (node.key.length() == key.length()) {
                return Optional.ofNullable(node.value);
            }
            node = node.child(key.bit(node.key.length()));
        }
        return Optional.empty();
    }

    public PrefixMap<V> with(BitKey key, V value) {
        Objects.requireNonNull(value);
        return new PrefixMap<>(insert(root, key, value), get(key).isPresent() ? size : size + 1);
    }

    private static <V> Node<V> insert(@Nullable Node<V> node, BitKey key, V value) {
        if (node == null) {
            return new Node<>(key, value, null, null);
        }
        int common = node.key.common(key);
        if (common == node.key.length()) {
            if (common == key.length()) {
                return node.withValue(value);
            }
            boolean bit = key.bit(common);
            return node.withChild(bit, insert(node.child(bit), key, value));
        }
        if (common == key.length()) {
            return new Node<V>(key, value, null, null).withChild(node.key.bit(common), node);
        }
        boolean bit = key.bit(common);
        return new Node<V>(key.first(common), null, null, null)
                .withChild(bit, new Node<>(key, value, null, null))
                .withChild(!bit, node);
    }

    public PrefixMap<V> without(BitKey key) {
        return get(key).isEmpty() ? this : new PrefixMap<>(remove(root, key), size - 1);
    }

    private static <V> @Nullable Node<V> remove(@Nullable Node<V> node, BitKey key) {
        if (node == null || !node.key.isPrefixOf(key)) {
            return node;
        }
        if (node.key.length() == key.length()) {
            return node.withValue(null).simplified();
        }
        boolean bit = key.bit(node.key.length());
        return node.withChild(bit, remove(node.child(bit), key)).simplified();
    }

    /**
     * The values of all keys that are prefixes of {@code key}, itself included, the longest last.
     */
    public List<V> covering(BitKey key) {
        var found = new ArrayList<V>();
        var node = root;
        while (node != null && node.key.isPrefixOf(key)) {
            if (node.value != null) {
                found.add(node.value);
            }
            node =
                    node.key.length() == key.length()
                            ? null
                            : node.child(key.bit(node.key.length()));
        }
        return found;
    }

    /** The value of the longest key that is a prefix of {@code key}. */
    public Optional<V> longestMatch(BitKey key) {
        V best = null;
        var node = root;
        while (node != null && node.key.isPrefixOf(key)) {
            best = node.value != null ? node.value : best;
            node =
                    node.key.length() == key.length()
                            ? null
                            : node.child(key.bit(node.key.length()));
        }
        return Optional.ofNullable(best);
    }

    /**
     * Shows the values of all keys that {@code key} is a prefix of, itself included, in the order
     * of the keys.
     */
    public void within(BitKey key, Consumer<V> each) {
        visit(subtree(key), (_, value) -> each.accept(value));
    }

    /**
     * The values of all keys that {@code key} is a proper prefix of, but at most {@code limit} of
     * them.
     */
    public List<V> below(BitKey key, int limit) {
        var found = new ArrayList<V>();
        var entries = new Entries<>(subtree(key));
        while (found.size() < limit && entries.hasNext()) {
            var node = entries.next();
            if (node.value != null && node.key.length() > key.length()) {
                found.add(node.value);
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
        var entries = new Entries<>(root, atMillis);
        while (found.size() < limit && entries.hasNext()) {
            if (entries.next().value instanceof Expiring it && it.expiresMillis() <= atMillis) {
                @SuppressWarnings("unchecked") // it is a value of this map
                var value = (V) it;
                found.add(value);
            }
        }
        return found;
    }

    private @Nullable Node<V> subtree(BitKey key) {
        var node = root;
        while (node != null && node.key.length() < key.length()) {
            node = node.key.isPrefixOf(key) ? node.child(key.bit(node.key.length())) : null;
        }
        return node != null && key.isPrefixOf(node.key) ? node : null;
    }

    /** Shows all entries, in the order of the keys. */
    public void forEach(BiConsumer<BitKey, V> each) {
        visit(root, each);
    }

    private static <V> void visit(@Nullable Node<V> root, BiConsumer<BitKey, V> each) {
        var nodes = new Entries<>(root);
        while (nodes.hasNext()) {
            var node = nodes.next();
            if (node.value != null) {
                each.accept(node.key, node.value);
            }
        }
    }

    /**
     * All nodes, or those of subtrees in which a value ends by a time, a parent before its
     * children. A key's bits bound its depth, but not our stack: hence no recursion.
     */
    private static final class Entries<V> implements Iterator<Node<V>> {
        private final ArrayList<Node<V>> stack = new ArrayList<>();
        private final long byMillis;

        Entries(@Nullable Node<V> root) {
            this(root, Long.MAX_VALUE);
        }

        Entries(@Nullable Node<V> root, long byMillis) {
            this.byMillis = byMillis;
            push(root);
        }

        private void push(@Nullable Node<V> node) {
            if (node != null && node.expiresMillis <= byMillis) {
                stack.add(node);
            }
        }

        @Override
        public boolean hasNext() {
            return !stack.isEmpty();
        }

        @Override
        public Node<V> next() {
            var node = stack.removeLast();
            push(node.one);
            push(node.zero);
            return node;
        }
    }

    /**
     * How many bits of {@code key} make the shortest prefix of it that overlaps no key of this map,
     * those apart that are {@code key} or prefixes of it themselves (RFC 9301 §8.4). The length of
     * {@code key} if there is none, since longer keys lie within it.
     */
    public int holeLength(BitKey key) {
        int length = 0;
        var node = root;
        while (node != null) {
            int common = node.key.common(key);
            if (common < node.key.length()) {
                return Math.min(key.length(), Math.max(length, common + 1));
            }
            if (common == key.length()) {
                return node.zero == null && node.one == null ? length : common;
            }
            boolean bit = key.bit(common);
            if (node.child(!bit) != null) {
                length = common + 1;
            }
            node = node.child(bit);
        }
        return length;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof PrefixMap<?> that) || size != that.size) {
            return false;
        }
        if (root == that.root) {
            return true;
        }
        var mine = new Entries<>(root);
        var others = new Entries<>(that.root);
        while (mine.hasNext() && others.hasNext()) {
            var a = mine.next();
            var b = others.next();
            if (!a.key.equals(b.key) || !Objects.equals(a.value, b.value)) {
                return false;
            }
        }
        return mine.hasNext() == others.hasNext();
    }

    @Override
    public int hashCode() {
        int hash = 0;
        var entries = new Entries<>(root);
        while (entries.hasNext()) {
            var node = entries.next();
            hash = 31 * hash + Objects.hash(node.key, node.value);
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
