package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.EidPrefix.Family;
import io.lispfabric.lcaf.MulticastInfo;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Values by EID-Prefix, found by longest match. Segments and address families never mix (RFC 9300
 * §8). Not for several threads.
 *
 * <p>Addresses stand in binary tries in which every node has a value or two children, so that the
 * depth is bounded by the number of bits and the size by twice the number of values. (S,G) and
 * (*,G) stand in a table of groups, in which each group has a table of its sources.
 */
public final class PrefixTable<V> {
    private final Map<Integer, Segment<V>> segments = new HashMap<>();
    private int size;

    /** The sources of each group, and what is for them; null while there is no group. */
    private @Nullable PrefixTable<PrefixTable<V>> groups;

    private static final class Segment<V> {
        final Map<Family, Node<V>> roots = new EnumMap<>(Family.class);
        final Map<String, V> names = new HashMap<>();
    }

    private static final class Node<V> {
        final long high;
        final long low;
        final int length;
        @Nullable V value;
        @Nullable Node<V> zero;
        @Nullable Node<V> one;

        Node(long high, long low, int length, @Nullable V value) {
            this.high = high;
            this.low = low;
            this.length = length;
            this.value = value;
        }

        @Nullable Node<V> child(boolean bit) {
            return bit ? one : zero;
        }

        void child(boolean bit, @Nullable Node<V> node) {
            if (bit) {
                one = node;
            } else {
                zero = node;
            }
        }
    }

    /** How many values there are. */
    public int size() {
        return size;
    }

    /** The same group from all its sources, as an EID that is an address. */
    private static Eid group(Eid eid, MulticastInfo info) {
        return new Eid(eid.iid(), EidPrefix.of(info.group().address()));
    }

    private static Eid source(Eid eid, MulticastInfo info) {
        var source = info.source();
        return new Eid(eid.iid(), new EidPrefix(source.address(), source.maskLength()));
    }

    /** The sources of a group, if any of them has a value. */
    private Optional<PrefixTable<V>> sources(Eid eid, MulticastInfo info) {
        var all = groups;
        return all == null ? Optional.empty() : all.get(group(eid, info));
    }

    /** Sets the value of a prefix and returns the one it had. */
    public Optional<V> put(Eid eid, V value) {
        if (eid.prefix().address() instanceof MulticastInfo info) {
            var before = sourcesOf(eid, info).put(source(eid, info), value);
            if (before.isEmpty()) {
                size++;
            }
            return before;
        }
        var segment = segments.computeIfAbsent(eid.iid().value(), _ -> new Segment<>());
        var key = EidKey.of(eid);
        V before;
        if (key.family() == Family.NAME) {
            before = segment.names.put(key.name(), value);
        } else {
            var leaf = new Node<V>(key.high(), key.low(), eid.prefix().length(), value);
            var root = segment.roots.get(key.family());
            if (root == null) {
                segment.roots.put(key.family(), leaf);
                before = null;
            } else {
                var slot = new @Nullable Object[1];
                segment.roots.put(key.family(), insert(root, leaf, slot));
                @SuppressWarnings("unchecked")
                var replaced = (V) slot[0];
                before = replaced;
            }
        }
        if (before == null) {
            size++;
        }
        return Optional.ofNullable(before);
    }

    private PrefixTable<V> sourcesOf(Eid eid, MulticastInfo info) {
        var all = groups;
        if (all == null) {
            all = new PrefixTable<>();
            groups = all;
        }
        var group = group(eid, info);
        var known = all.get(group);
        if (known.isPresent()) {
            return known.get();
        }
        var sources = new PrefixTable<V>();
        all.put(group, sources);
        return sources;
    }

    private Optional<V> removeGroup(Eid eid, MulticastInfo info) {
        var all = groups;
        var sources = sources(eid, info);
        var before = sources.flatMap(it -> it.remove(source(eid, info)));
        if (before.isPresent()) {
            size--;
        }
        if (all != null && sources.filter(it -> it.size() == 0).isPresent()) {
            all.remove(group(eid, info));
        }
        return before;
    }

    private static <V> Node<V> insert(Node<V> node, Node<V> leaf, @Nullable Object[] replaced) {
        int common =
                Math.min(
                        commonBits(node.high, node.low, leaf.high, leaf.low),
                        Math.min(node.length, leaf.length));
        if (common == node.length && common == leaf.length) {
            replaced[0] = node.value;
            node.value = leaf.value;
            return node;
        }
        if (common == node.length) {
            boolean bit = bit(leaf.high, leaf.low, common);
            var child = node.child(bit);
            node.child(bit, child == null ? leaf : insert(child, leaf, replaced));
            return node;
        }
        if (common == leaf.length) {
            leaf.child(bit(node.high, node.low, common), node);
            return leaf;
        }
        var fork = new Node<V>(node.high, node.low, common, null);
        fork.child(bit(node.high, node.low, common), node);
        fork.child(bit(leaf.high, leaf.low, common), leaf);
        return fork;
    }

    /** Forgets the value of exactly this prefix and returns it. */
    public Optional<V> remove(Eid eid) {
        if (eid.prefix().address() instanceof MulticastInfo info) {
            return removeGroup(eid, info);
        }
        var segment = segments.get(eid.iid().value());
        if (segment == null) {
            return Optional.empty();
        }
        var key = EidKey.of(eid);
        V before;
        if (key.family() == Family.NAME) {
            before = segment.names.remove(key.name());
        } else {
            before = removeAddress(segment, key, eid.prefix().length());
        }
        if (before != null) {
            size--;
        }
        if (segment.names.isEmpty() && segment.roots.isEmpty()) {
            segments.remove(eid.iid().value());
        }
        return Optional.ofNullable(before);
    }

    private static <V> @Nullable V removeAddress(Segment<V> segment, EidKey key, int length) {
        Node<V> grandparent = null;
        Node<V> parent = null;
        var node = segment.roots.get(key.family());
        while (node != null && node.length < length && contains(node, key)) {
            grandparent = parent;
            parent = node;
            node = node.child(bit(key.high(), key.low(), node.length));
        }
        if (node == null || node.length != length || !contains(node, key)) {
            return null;
        }
        var before = node.value;
        node.value = null;
        prune(segment, key.family(), parent, node);
        if (parent != null) {
            prune(segment, key.family(), grandparent, parent);
        }
        return before;
    }

    /** A node without a value that does not fork is not needed. */
    private static <V> void prune(
            Segment<V> segment, Family family, @Nullable Node<V> parent, Node<V> node) {
        if (node.value != null || node.zero != null && node.one != null) {
            return;
        }
        var only = node.zero != null ? node.zero : node.one;
        if (parent != null) {
            parent.child(parent.one == node, only);
        } else if (only != null) {
            segment.roots.put(family, only);
        } else {
            segment.roots.remove(family);
        }
    }

    /** The value of exactly this prefix. */
    public Optional<V> get(Eid eid) {
        if (eid.prefix().address() instanceof MulticastInfo info) {
            return sources(eid, info).flatMap(it -> it.get(source(eid, info)));
        }
        var key = EidKey.of(eid);
        var segment = segments.get(key.iid());
        if (segment == null) {
            return Optional.empty();
        }
        if (key.family() == Family.NAME) {
            return Optional.ofNullable(segment.names.get(key.name()));
        }
        int length = eid.prefix().length();
        var node = segment.roots.get(key.family());
        while (node != null && node.length < length && contains(node, key)) {
            node = node.child(bit(key.high(), key.low(), node.length));
        }
        return node != null && node.length == length && contains(node, key)
                ? Optional.ofNullable(node.value)
                : Optional.empty();
    }

    /** The value of the longest prefix that the address is in. */
    public Optional<V> longest(EidKey key) {
        var segment = segments.get(key.iid());
        if (segment == null) {
            return Optional.empty();
        }
        if (key.family() == Family.NAME) {
            return Optional.ofNullable(segment.names.get(key.name()));
        }
        V best = null;
        var node = segment.roots.get(key.family());
        while (node != null && contains(node, key)) {
            if (node.value != null) {
                best = node.value;
            }
            node = node.length == 128 ? null : node.child(bit(key.high(), key.low(), node.length));
        }
        return Optional.ofNullable(best);
    }

    /** The value of the longest (S,G) or (*,G) that packets of a source to a group are for. */
    public Optional<V> longest(EidKey source, EidKey group) {
        var all = groups;
        if (all == null) {
            return Optional.empty();
        }
        var sources = all.longest(group);
        return sources.isPresent() ? sources.get().longest(source) : Optional.empty();
    }

    /** Hands over the values of all (S,G) and (*,G) that packets of a source to a group are for. */
    void covering(EidKey source, EidKey group, Consumer<V> to) {
        var all = groups;
        if (all != null) {
            all.longest(group).ifPresent(it -> it.covering(source, to));
        }
    }

    /** Hands over the values of all prefixes that an address is in, the shortest first. */
    private void covering(EidKey key, Consumer<V> to) {
        var segment = segments.get(key.iid());
        var node = segment == null ? null : segment.roots.get(key.family());
        while (node != null && contains(node, key)) {
            if (node.value != null) {
                to.accept(node.value);
            }
            node = node.length == 128 ? null : node.child(bit(key.high(), key.low(), node.length));
        }
    }

    /** Hands over the values of all prefixes that cover this one, itself included. */
    public void covering(Eid eid, Consumer<V> to) {
        if (eid.prefix().address() instanceof MulticastInfo info) {
            sources(eid, info).ifPresent(it -> it.covering(source(eid, info), to));
            return;
        }
        var key = EidKey.of(eid);
        var segment = segments.get(key.iid());
        if (segment == null) {
            return;
        }
        if (key.family() == Family.NAME) {
            var value = segment.names.get(key.name());
            if (value != null) {
                to.accept(value);
            }
            return;
        }
        int length = eid.prefix().length();
        var node = segment.roots.get(key.family());
        while (node != null && node.length <= length && contains(node, key)) {
            if (node.value != null) {
                to.accept(node.value);
            }
            node = node.length == 128 ? null : node.child(bit(key.high(), key.low(), node.length));
        }
    }

    /** Hands over the values of all prefixes that this one covers, itself included. */
    public void within(Eid eid, Consumer<V> to) {
        if (eid.prefix().address() instanceof MulticastInfo info) {
            sources(eid, info).ifPresent(it -> it.within(source(eid, info), to));
            return;
        }
        var key = EidKey.of(eid);
        var segment = segments.get(key.iid());
        if (segment == null) {
            return;
        }
        if (key.family() == Family.NAME) {
            var value = segment.names.get(key.name());
            if (value != null) {
                to.accept(value);
            }
            return;
        }
        int length = eid.prefix().length();
        var node = segment.roots.get(key.family());
        while (node != null && node.length < length && contains(node, key)) {
            node = node.child(bit(key.high(), key.low(), node.length));
        }
        if (node != null && commonBits(node.high, node.low, key.high(), key.low()) >= length) {
            all(node, to);
        }
    }

    /** As deep as there are bits in an address, at most. */
    private static <V> void all(Node<V> node, Consumer<V> to) {
        if (node.value != null) {
            to.accept(node.value);
        }
        if (node.zero != null) {
            all(node.zero, to);
        }
        if (node.one != null) {
            all(node.one, to);
        }
    }

    private static boolean contains(Node<?> node, EidKey key) {
        return commonBits(node.high, node.low, key.high(), key.low()) >= node.length;
    }

    static int commonBits(long high, long low, long otherHigh, long otherLow) {
        return high != otherHigh
                ? Long.numberOfLeadingZeros(high ^ otherHigh)
                : 64 + Long.numberOfLeadingZeros(low ^ otherLow);
    }

    private static boolean bit(long high, long low, int index) {
        return (index < 64 ? high << index : low << index - 64) < 0;
    }
}
