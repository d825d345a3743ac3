package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.SharedKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The subscriptions that the mapping system has confirmed, and which publications are new (RFC 9437
 * §6, §7).
 *
 * <p>All publications of one subscription share a counter, and two of them may overtake each other
 * on the way. So nonces are compared for each EID-Prefix that is published: of two that have
 * changed neither is lost, of one that has changed twice the older news is never taken after the
 * newer.
 */
final class Subscriber {
    /** How far the nonces of one counter are apart at most, in any life that a Map-Server has. */
    static final long NEAR = 1L << 32;

    /** How many security associations before the last one are remembered. */
    private static final int ASSOCIATIONS = 15;

    /** However many there are, a forged Map-Notify costs no more attempts to check it. */
    private static final int MOST_KEYS = 32;

    /** For how many EID-Prefixes of a subscription the nonce is kept. */
    private static final int KEPT = 16_384;

    private final int capacity;
    private final PrefixTable<Subscription> table = new PrefixTable<>();
    private final Map<Eid, Subscription> all = new LinkedHashMap<>();

    /** No subscriptions yet, and never more than {@code capacity}. */
    Subscriber(int capacity) {
        this.capacity = capacity;
    }

    /** Where a nonce stands to those before. */
    enum Verdict {
        NEW,
        /** The same Map-Notify once more: its acknowledgment was lost. */
        DUPLICATE,
        REPLAY
    }

    /** One EID-Prefix that publications come for, and for what is inside it. */
    static final class Subscription {
        private final Eid prefix;
        private final Optional<SharedKey> association;
        private final Nonce confirmed;

        /** Those before it, the newest first, until the Map-Server has shown which one it has. */
        private List<Subscription> before = List.of();

        private Optional<Instant> end = Optional.empty();
        private Nonce floor;
        private Nonce last;
        private final Map<Eid, Nonce> recent = new LinkedHashMap<>(16, 0.75f, true);

        private Subscription(Eid prefix, Optional<SharedKey> association, Nonce nonce) {
            this.prefix = prefix;
            this.association = association;
            confirmed = nonce;
            floor = nonce;
            last = nonce;
        }

        Eid prefix() {
            return prefix;
        }

        /** What its publications are authenticated with, unless with the domain's key. */
        Optional<SharedKey> association() {
            return association;
        }

        private Optional<Subscription> under(Optional<SharedKey> key) {
            return association.equals(key)
                    ? Optional.of(this)
                    : before.stream().filter(it -> it.association.equals(key)).findFirst();
        }

        /** When the Map-Server forgets it, if it does. */
        void endsAt(Optional<Instant> time) {
            end = time;
        }

        /** The nonce it began with. */
        Nonce confirmed() {
            return confirmed;
        }

        /** Whether something with a greater nonce has come already. */
        boolean isPast(Nonce nonce) {
            return last.isGreaterThan(nonce);
        }

        long distance(Nonce nonce) {
            return Subscriber.distance(last, nonce);
        }

        Verdict judge(Eid eid, Nonce nonce) {
            var before = recent.getOrDefault(eid, floor);
            if (nonce.isGreaterThan(before)) {
                return Verdict.NEW;
            }
            return nonce.equals(before) || nonce.equals(confirmed)
                    ? Verdict.DUPLICATE
                    : Verdict.REPLAY;
        }

        void took(Eid eid, Nonce nonce) {
            before = List.of();
            recent.put(eid, nonce);
            if (nonce.isGreaterThan(last)) {
                last = nonce;
            }
            if (recent.size() > KEPT) {
                // Whatever is no longer kept was not greater than this.
                var eldest = recent.entrySet().iterator();
                var evicted = eldest.next().getValue();
                eldest.remove();
                if (evicted.isGreaterThan(floor)) {
                    floor = evicted;
                }
            }
        }
    }

    /** The number of nonces between two, read as unsigned; never negative. */
    static long distance(Nonce one, Nonce other) {
        long apart =
                one.isGreaterThan(other)
                        ? one.value() - other.value()
                        : other.value() - one.value();
        return apart < 0 ? Long.MAX_VALUE : apart;
    }

    /**
     * The Map-Server has taken us in, under this prefix, from this nonce on.
     *
     * <p>Of several security associations that were made at nearly the same time it may have
     * another one for the last than we: acknowledgements overtake each other. So those before are
     * kept until something comes under a newer one.
     *
     * @param association that was made with it, if one was (RFC 9437 §7.1)
     */
    void confirmed(Eid prefix, Optional<SharedKey> association, Nonce nonce) {
        var subscription = new Subscription(prefix, association, nonce);
        var last = all.remove(prefix);
        if (last != null && association.isPresent()) {
            var earlier = new ArrayList<Subscription>();
            earlier.add(last);
            earlier.addAll(last.before);
            subscription.before = earlier.stream().limit(ASSOCIATIONS).toList();
        }
        if (all.size() >= capacity) {
            all.keySet().stream().findFirst().ifPresent(this::remove);
        }
        all.put(prefix, subscription);
        table.put(prefix, subscription);
    }

    private void remove(Eid prefix) {
        all.remove(prefix);
        table.remove(prefix);
    }

    /** Forgets the temporary ones whose time is over. */
    void expire(Instant now) {
        var over =
                all.values().stream()
                        .filter(it -> it.end.filter(end -> !end.isAfter(now)).isPresent())
                        .map(Subscription::prefix)
                        .toList();
        over.forEach(this::remove);
    }

    Optional<Subscription> get(Eid prefix) {
        return table.get(prefix);
    }

    /**
     * Whether changes of this prefix are published to us anyway, with those of a shorter one (RFC
     * 9437 §6).
     */
    boolean coversFromAbove(Eid eid) {
        return around(eid).stream().anyMatch(it -> !it.prefix().equals(eid));
    }

    /** Whether changes of this prefix are published to us. */
    boolean covers(Eid eid) {
        return !around(eid).isEmpty();
    }

    private List<Subscription> around(Eid eid) {
        var those = new ArrayList<Subscription>();
        table.covering(eid, those::add);
        return those;
    }

    /** The keys that a publication about an EID-Prefix may be authenticated with. */
    List<SharedKey> associations(Eid eid) {
        return around(eid).stream()
                .flatMap(it -> Stream.concat(Stream.of(it), it.before.stream()))
                .flatMap(it -> it.association().stream())
                .limit(MOST_KEYS)
                .toList();
    }

    /**
     * The subscription that a publication about an EID-Prefix is for: among those that cover it and
     * have this association, or none, the one whose counter is where the nonce is.
     */
    Optional<Subscription> concerned(Eid eid, Nonce nonce, Optional<SharedKey> association) {
        var nearest = new Nearest(nonce);
        table.covering(eid, it -> it.under(association).ifPresent(nearest::consider));
        return nearest.found;
    }

    private static final class Nearest {
        private final Nonce nonce;
        private Optional<Subscription> found = Optional.empty();

        Nearest(Nonce nonce) {
            this.nonce = nonce;
        }

        void consider(Subscription candidate) {
            if (found.isEmpty() || candidate.distance(nonce) <= found.get().distance(nonce)) {
                found = Optional.of(candidate);
            }
        }
    }
}
