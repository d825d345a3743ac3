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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The least that an xTR must be for the mapping system to keep its promises to it: it registers
 * until it is answered, subscribes until it is confirmed, acknowledges, and believes only nonces
 * that grow (RFC 9301 §5.6, §5.7, RFC 9437 §5, §6).
 */
final class SimXtr {
    private static final long REFRESH_MILLIS = 60_000;
    private static final long ASK_AGAIN_MILLIS = 1_000;
    private static final long NEAR = 1L << 32;

    /** An EID of ours, or one that was: then the weight is -1 until the leave is confirmed. */
    private static final class Claim {
        private int weight;
        private int version;
        private long dueMillis;
        private long backoffMillis = 1_000;
    }

    private record Said(Eid eid, int version) {}

    /** What publications come for, and the nonces up to which they came. */
    private static final class Counter {
        private final Nonce start;
        private Nonce last;
        private final Map<Eid, Nonce> seen = new HashMap<>();

        Counter(Nonce start) {
            this.start = start;
            this.last = start;
        }

        boolean isNear(Nonce nonce) {
            return Math.abs(nonce.value() - last.value()) < NEAR;
        }

        boolean isOld(Eid eid, Nonce nonce) {
            return !nonce.isGreaterThan(seen.getOrDefault(eid, start));
        }

        void saw(Eid eid, Nonce nonce) {
            seen.put(eid, nonce);
            last = nonce.isGreaterThan(last) ? nonce : last;
        }
    }

    private final ClusterSim sim;
    private final XtrIdentity ids;
    private final Ip address;
    private boolean alive = true;

    private final Map<Eid, Claim> claims = new HashMap<>();
    private final Map<Nonce, Said> said = new HashMap<>();
    private final Map<Eid, MappingRecord> group = new HashMap<>();
    private final Map<Eid, Nonce> groupNonces = new HashMap<>();
    private Nonce lastNonce = new Nonce(0);

    private final Set<Eid> wanted = new HashSet<>();
    private final Map<Eid, Long> askMillis = new HashMap<>();
    private final Map<Nonce, Eid> asked = new HashMap<>();
    private Nonce topNonce = new Nonce(0);
    private final Map<Eid, Counter> subscriptions = new HashMap<>();
    private final Map<Eid, MappingRecord> cache =
            new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));

    SimXtr(ClusterSim sim, int number) {
        this.sim = sim;
        this.ids = Fixture.xtr(number + 1);
        this.address = Fixture.ip("192.0.2." + (number + 1));
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
                        true,
                        Optional.of(ids),
                        nonce,
                        true,
                        true,
                        true,
                        false,
                        Fixture.LIFETIME_MILLIS,
                        address,
                        4342,
                        List.of(record)));
    }

    private void ask(Eid eid) {
        askMillis.put(eid, sim.nowMillis() + ASK_AGAIN_MILLIS);
        // Which of our subscriptions the Map-Server will compare it with depends on what is
        // registered by then, so the nonce is above all of them; and far above, so that it starts a
        // counter that no other one ever meets.
        topNonce = topNonce.plus(4 * NEAR);
        var next = topNonce;
        asked.put(next, eid);
        sim.toServer(origin ->
                new Command.Subscribe(
                        origin,
                        sim.nowMillis(),
                        Fixture.KEY,
                        ids,
                        next,
                        List.of(address),
                        4342,
                        eid,
                        0));
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
        var confirmed = Optional.ofNullable(asked.get(nonce)).filter(eid::covers);
        if (answered.isPresent()) {
            onAnswer(answered.get(), nonce, record);
        } else if (record.action() == Action.DROP_AUTH_FAILURE) {
            subscriptions.remove(eid);
            cache.keySet().removeIf(cached -> !isSubscribedTo(cached));
            askAgain();
        } else if (confirmed.isPresent()) {
            onConfirmation(confirmed.get(), nonce, record);
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

    private void onConfirmation(Eid what, Nonce nonce, MappingRecord record) {
        sim.acknowledge(address, record.eid(), nonce);
        var before = subscriptions.get(record.eid());
        if (before == null || nonce.isGreaterThan(before.last)) {
            var counter = new Counter(nonce);
            subscriptions.put(record.eid(), counter);
            counter.saw(record.eid(), nonce);
            install(record);
        }
        askMillis.put(what, Long.MAX_VALUE);
    }

    private void onPublication(Nonce nonce, MappingRecord record) {
        var eid = record.eid();
        for (var subscription : subscriptions.entrySet()) {
            var counter = subscription.getValue();
            if (subscription.getKey().covers(eid) && counter.isNear(nonce)) {
                sim.acknowledge(address, eid, nonce);
                if (!counter.isOld(eid, nonce)) {
                    counter.saw(eid, nonce);
                    install(record);
                    askAgain();
                }
                return;
            }
        }
        // Not of a subscription that we know of: news of a multihoming group.
        if (Math.abs(nonce.value() - (sim.nowMillis() << 20)) < NEAR << 16) {
            sim.acknowledge(address, eid, nonce);
            var last = Optional.ofNullable(groupNonces.get(eid));
            if (last.filter(it -> !nonce.isGreaterThan(it)).isEmpty()) {
                groupNonces.put(eid, nonce);
                group.put(eid, record);
            }
        }
    }

    private void install(MappingRecord record) {
        if (record.ttl().removes()) {
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
