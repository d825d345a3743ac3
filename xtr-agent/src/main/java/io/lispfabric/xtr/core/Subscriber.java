package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Nonce;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

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
        private final Nonce confirmed;
        private Optional<Instant> end = Optional.empty();
        private Nonce floor;
        private Nonce last;
        private final Map<Eid, Nonce> recent = new LinkedHashMap<>(16, 0.75f, true);

        private Subscription(Eid prefix, Nonce nonce) {
            this.prefix = prefix;
            confirmed = nonce;
            floor = nonce;
            last = nonce;
        }

        Eid prefix() {
            return prefix;
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

    /** The Map-Server has taken us in, under this prefix, from this nonce on. */
    void confirmed(Eid prefix, Nonce nonce) {
        var subscription = new Subscription(prefix, nonce);
        all.remove(prefix);
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
        var above = new Nearest(new Nonce(0));
        table.covering(
                eid,
                it -> {
                    if (!it.prefix().equals(eid)) {
                        above.consider(it);
                    }
                });
        return above.found.isPresent();
    }

    /** Whether changes of this prefix are published to us. */
    boolean covers(Eid eid) {
        var nearest = new Nearest(new Nonce(0));
        table.covering(eid, nearest::consider);
        return nearest.found.isPresent();
    }

    /**
     * The subscription that a publication about an EID-Prefix is for: among those that cover it,
     * the one whose counter is where the nonce is.
     */
    Optional<Subscription> concerned(Eid eid, Nonce nonce) {
        var nearest = new Nearest(nonce);
        table.covering(eid, nearest::consider);
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
