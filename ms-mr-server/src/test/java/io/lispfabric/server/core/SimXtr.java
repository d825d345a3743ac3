package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The least that an xTR must be for the mapping system to keep its promises to it: it registers
 * until it is answered, subscribes until it is confirmed, acknowledges, and believes only nonces
 * that grow (RFC 9301 §5.6, §5.7, RFC 9437 §5, §6): some compare them for each EID-Prefix that is
 * published, some for all of a subscription. Nonces of subscriptions begin anywhere.
 */
final class SimXtr {
    private static final long REFRESH_MILLIS = 60_000;
    private static final long ASK_AGAIN_MILLIS = 1_000;
    private static final long NEAR = 1L << 32;

    /** How long a subscription to nothing lasts. */
    static final long TEMPORARY_MILLIS = 60_000;

    /** An EID of ours, or one that was: then the weight is -1 until the leave is confirmed. */
    private static final class Claim {
        private int weight;
        private int version;
        private long dueMillis;
        private long backoffMillis = 1_000;
    }

    private record Said(Eid eid, int version) {}

    private record Asked(Nonce nonce, Eid eid) {}

    /** An EID-Prefix that publications come for, with all inside it. */
    private static final class Subscription {
        private Nonce last;
        private long untilMillis = Long.MAX_VALUE;

        Subscription(Nonce last) {
            this.last = last;
        }
    }

    private final ClusterSim sim;
    private final XtrIdentity ids;
    private final boolean countsBySubscription;
    private final Ip address;
    private static final Sites NOWHERE = new Sites(List.of(), false);
    private boolean alive = true;

    private final Map<Eid, Claim> claims = new HashMap<>();
    private final Map<Nonce, Said> said = new HashMap<>();
    private final Map<Eid, MappingRecord> group = new HashMap<>();
    private final Map<Eid, Nonce> groupNonces = new HashMap<>();
    private Nonce lastNonce = new Nonce(0);

    private final Set<Eid> wanted = new HashSet<>();
    private final Map<Eid, Long> askMillis = new HashMap<>();

    /** Nonces are counted for each EID-Prefix (RFC 9437 §5), so that one may ask for several. */
    private final Set<Asked> asked = new HashSet<>();

    private final Set<Asked> confirmations = new HashSet<>();
    private final Map<Eid, Nonce> askedLast = new HashMap<>();
    private final Map<Eid, Nonce> stored = new HashMap<>();
    private final Map<Eid, Subscription> subscriptions = new HashMap<>();
    private final Map<Eid, MappingRecord> cache =
            new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));

    SimXtr(ClusterSim sim, int number) {
        this.sim = sim;
        this.ids = Fixture.xtr(number + 1);
        this.countsBySubscription = number % 2 == 0;
        this.address = Fixture.ip("192.0.2." + (number + 1));
    }

    XtrIdentity ids() {
        return ids;
    }

    Ip address() {
        return address;
    }

    boolean alive() {
        return alive;
    }

    /** It falls silent: nothing is sent, heard or acknowledged any more. */
    void crash() {
        alive = false;
    }

    void register(Eid eid, int weight) {
        var claim = claims.computeIfAbsent(eid, _ -> new Claim());
        claim.weight = weight;
        claim.version++;
        claim.dueMillis = 0;
        claim.backoffMillis = 1_000;
    }

    void withdraw(Eid eid) {
        if (claims.containsKey(eid)) {
            register(eid, -1);
        }
    }

    void subscribe(Eid eid) {
        wanted.add(eid);
        askMillis.put(eid, 0L);
    }

    Set<Eid> wanted() {
        return wanted;
    }

    /** The EIDs it registers, and with whom it believes to do so (draft-jain §6.2). */
    Map<Eid, MappingRecord> group() {
        var mine = new HashMap<>(group);
        mine.keySet().retainAll(claims.keySet());
        return mine;
    }

    Map<Eid, MappingRecord> cache() {
        return cache;
    }

    boolean isSubscribedTo(Eid eid) {
        return subscriptions.keySet().stream().anyMatch(prefix -> prefix.covers(eid));
    }

    void poll() {
        if (!alive) {
            return;
        }
        claims.forEach((eid, claim) -> {
            if (claim.dueMillis <= sim.nowMillis()) {
                send(eid, claim);
            }
        });
        if (subscriptions.values().removeIf(it -> it.untilMillis <= sim.nowMillis())) {
            cache.keySet().removeIf(cached -> !isSubscribedTo(cached));
            askAgain();
        }
        for (var eid : wanted) {
            if (askMillis.getOrDefault(eid, 0L) <= sim.nowMillis()) {
                ask(eid);
            }
        }
    }

    private void send(Eid eid, Claim claim) {
        // RFC 9301 §5.7: 1 s, doubling, at most a minute; every transmission with the next nonce.
        claim.dueMillis = sim.nowMillis() + claim.backoffMillis;
        claim.backoffMillis = Math.min(2 * claim.backoffMillis, REFRESH_MILLIS);
        lastNonce = lastNonce.next();
        said.put(lastNonce, new Said(eid, claim.version));
        var nonce = lastNonce;
        var record =
                claim.weight < 0
                        ? MappingRecord.of(RecordTtl.REMOVE, eid, List.of())
                        : MappingRecord.of(
                                RecordTtl.ONE_DAY,
                                eid,
                                List.of(Locator.of(new Rloc(address), 1, claim.weight)));
        sim.toServer(origin ->
                new Command.Register(
                        origin,
                        sim.nowMillis(),
                        Fixture.KEY,
                        NonceCheck.PER_XTR,
                        Optional.of(ids),
                        nonce,
                        true,
                        false,
                        true,
                        true,
                        false,
                        Fixture.LIFETIME_MILLIS,
                        address,
                        4342,
                        Fixture.TEMPORARY_MILLIS,
                        List.of(record)));
    }

    private void ask(Eid eid) {
        askMillis.put(eid, sim.nowMillis() + ASK_AGAIN_MILLIS);
        // RFC 9437 §5: one more than the last that is known, or any.
        var next =
                stored.keySet().stream()
                        .filter(it -> it.covers(eid))
                        .map(stored::get)
                        .reduce(askedLast.getOrDefault(eid, new Nonce(0)), SimXtr::greater);
        next = next.value() == 0 ? anywhere() : next.next();
        askedLast.put(eid, next);
        var nonce = next;
        asked.add(new Asked(nonce, eid));
        // Another server may have got further, or not as far, when this is committed.
        var hole =
                MapResolver.hole(sim.committed(), NOWHERE, eid, Optional.of(ids))
                        .filter(it -> !it.isNegative())
                        .or(() -> Optional.of(nothing(eid)));
        sim.toServer(origin ->
                new Command.Subscribe(
                        origin,
                        sim.nowMillis(),
                        Fixture.KEY,
                        ids,
                        nonce,
                        List.of(address),
                        4342,
                        eid,
                        0,
                        hole,
                        true,
                        TEMPORARY_MILLIS,
                        Fixture.ROOM));
    }

    private static MappingRecord nothing(Eid eid) {
        return MappingRecord.negative(RecordTtl.ONE_MINUTE, Action.DROP, eid);
    }

    /** Far from where the Map-Server begins to count for the groups of ETRs. */
    private Nonce anywhere() {
        return new Nonce(sim.random().nextLong() | Long.MIN_VALUE);
    }

    private static Nonce greater(Nonce a, Nonce b) {
        return a.isGreaterThan(b) ? a : b;
    }

    /** A negative Map-Reply: no subscription, so it is asked for again later. */
    void onNegative(Eid eid) {
        if (alive && wanted.contains(eid)) {
            askMillis.put(eid, sim.nowMillis() + 5 * ASK_AGAIN_MILLIS);
        }
    }

    void onNotify(Nonce nonce, MappingRecord record) {
        if (!alive) {
            return;
        }
        var eid = record.eid();
        var answered = Optional.ofNullable(said.get(nonce)).filter(it -> it.eid().equals(eid));
        var confirmed =
                asked.stream()
                        .filter(it -> it.nonce().equals(nonce) && eid.covers(it.eid()))
                        .map(Asked::eid)
                        .toList();
        if (answered.isPresent()) {
            onAnswer(answered.get(), nonce, record);
        } else if (record.action() == Action.DROP_AUTH_FAILURE) {
            if (confirmed.isEmpty() && !confirmations.contains(new Asked(nonce, eid))) {
                return;
            }
            subscriptions.remove(eid);
            cache.keySet().removeIf(cached -> !isSubscribedTo(cached));
            askAgain();
        } else if (confirmations.contains(new Asked(nonce, eid))) {
            sim.acknowledge(address, eid, nonce); // once more: the first was lost
        } else if (!confirmed.isEmpty()) {
            onConfirmation(confirmed, nonce, record);
        } else {
            onPublication(nonce, record);
        }
    }

    private void onAnswer(Said what, Nonce nonce, MappingRecord record) {
        said.keySet().removeIf(older -> nonce.isGreaterThan(older));
        var claim = claims.get(what.eid());
        if (claim == null || claim.version != what.version()) {
            return;
        }
        if (claim.weight < 0) {
            claims.remove(what.eid());
            group.remove(what.eid());
        } else {
            claim.dueMillis = sim.nowMillis() + REFRESH_MILLIS;
            claim.backoffMillis = 1_000;
            group.put(what.eid(), record);
        }
    }

    private void onConfirmation(List<Eid> what, Nonce nonce, MappingRecord record) {
        var eid = record.eid();
        sim.acknowledge(address, eid, nonce);
        asked.removeIf(it -> !it.nonce().isGreaterThan(nonce) && what.contains(it.eid()));
        confirmations.add(new Asked(nonce, eid));
        // A publication of another answer to us may have overtaken this one.
        boolean old =
                subscriptions.containsKey(eid)
                        && Optional.ofNullable(stored.get(eid))
                                .filter(it -> !nonce.isGreaterThan(it))
                                .isPresent();
        stored.merge(eid, nonce, SimXtr::greater);
        var subscription = subscriptions.computeIfAbsent(eid, _ -> new Subscription(nonce));
        subscription.last = greater(subscription.last, nonce);
        if (!old) {
            install(record);
            limit(subscription, record);
        }
        what.forEach(it -> askMillis.put(it, Long.MAX_VALUE));
    }

    private void limit(Subscription subscription, MappingRecord record) {
        subscription.untilMillis =
                record.isNegative() ? sim.nowMillis() + TEMPORARY_MILLIS : Long.MAX_VALUE;
    }

    private void onPublication(Nonce nonce, MappingRecord record) {
        var eid = record.eid();
        var prefix =
                subscriptions.keySet().stream()
                        .filter(it -> it.covers(eid))
                        .max(Comparator.comparing(it -> it.prefix().length()));
        boolean ofGroup = Math.abs(nonce.value() - (sim.nowMillis() << 20)) < NEAR << 16;
        if (prefix.isPresent() && !ofGroup) {
            var subscription = Objects.requireNonNull(subscriptions.get(prefix.get()));
            var seen = Optional.ofNullable(stored.get(eid));
            if (seen.equals(Optional.of(nonce))) {
                sim.acknowledge(address, eid, nonce);
                return;
            }
            boolean old =
                    seen.filter(it -> !nonce.isGreaterThan(it)).isPresent()
                            || countsBySubscription && !nonce.isGreaterThan(subscription.last);
            if (!old) {
                sim.acknowledge(address, eid, nonce);
                stored.put(eid, nonce);
                subscription.last = greater(subscription.last, nonce);
                install(record);
                if (prefix.get().equals(eid)) {
                    limit(subscription, record);
                }
                askAgain();
            }
            return;
        }
        // Not of a subscription that we know of: news of a multihoming group.
        if (ofGroup) {
            sim.acknowledge(address, eid, nonce);
            var last = Optional.ofNullable(groupNonces.get(eid));
            if (last.filter(it -> !nonce.isGreaterThan(it)).isEmpty()) {
                groupNonces.put(eid, nonce);
                group.put(eid, record);
            }
        }
    }

    private void install(MappingRecord record) {
        if (record.isNegative()) {
            cache.remove(record.eid());
        } else {
            cache.put(record.eid(), record);
        }
    }

    /** What is wanted and has no mapping any more is asked for anew. */
    private void askAgain() {
        for (var eid : wanted) {
            boolean known = cache.keySet().stream().anyMatch(prefix -> prefix.covers(eid));
            if (!(known && isSubscribedTo(eid))
                    && askMillis.getOrDefault(eid, 0L) == Long.MAX_VALUE) {
                askMillis.put(eid, 0L);
            }
        }
    }
}
