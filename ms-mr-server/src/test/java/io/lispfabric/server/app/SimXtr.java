package io.lispfabric.server.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Site;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

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

    /** Between two looks of a leader for what has expired. */
    private static final int LATE_MILLIS = 300;

    /** More than a Map-Server has to tell while a question waits for its answer. */
    private static final long SPACING = 1 << 16;

    private static final long TEMPORARY_MILLIS = ClusterSim.TEMPORARY.toMillis();
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    /** An EID of ours, or one that was: then the weight is -1 until the leave is confirmed. */
    private static final class Claim {
        private int weight;
        private int version;
        private long dueMillis;
        private long backoffMillis = 1_000;

        /** When it sent what was answered last, if anything was. */
        private long registeredMillis = -1;
    }

    private record Said(Eid eid, int version, long atMillis) {
        boolean isNoLaterThan(Said other) {
            return eid.equals(other.eid) && atMillis <= other.atMillis;
        }
    }

    private record Asked(Nonce nonce, Eid eid) {}

    /** An EID-Prefix that publications come for, with all inside it. */
    private static final class Subscription {
        /** All its news have greater ones: what has not is of one in an earlier life. */
        private final Nonce first;

        private Nonce last;
        private long untilMillis = Long.MAX_VALUE;

        Subscription(Nonce last) {
            this.first = last;
            this.last = last;
        }
    }

    private final ClusterSim sim;
    private final SimTime time;
    private final int number;
    private final SharedKey key;
    private final XtrIdentity ids;
    private final boolean noncesGrow;
    private final boolean countsBySubscription;
    private final Ip address;
    private boolean alive = true;

    private final Map<Eid, Claim> claims = new LinkedHashMap<>();
    private final Map<Asked, Said> said = new LinkedHashMap<>();

    /** What has its answer, or a later one has it: copies of those are no news. */
    private final Set<Asked> settled = new HashSet<>();

    private final Map<Eid, MappingRecord> group = new LinkedHashMap<>();
    private final Map<Eid, Nonce> groupNonces = new LinkedHashMap<>();

    /** When there was news of a group last. */
    private final Map<Eid, Long> groupMillis = new LinkedHashMap<>();

    private Nonce lastNonce = new Nonce(0);

    /** How often it has said anything new about any EID. */
    private int versions;

    private boolean restarted;

    private final Set<Eid> wanted = new LinkedHashSet<>();
    private final Map<Eid, Long> askMillis = new LinkedHashMap<>();

    /** Nonces are counted for each EID-Prefix (RFC 9437 §5), so that one may ask for several. */
    private final Set<Asked> asked = new LinkedHashSet<>();

    /** All transmissions of what was asked and has its answer. More may be on their way. */
    private final Set<Asked> answered = new LinkedHashSet<>();

    private final Set<Asked> confirmations = new LinkedHashSet<>();
    private final Map<Eid, Nonce> askedLast = new LinkedHashMap<>();
    private final Map<Eid, Nonce> stored = new LinkedHashMap<>();
    private final Map<Eid, Subscription> subscriptions = new LinkedHashMap<>();
    private final Map<Eid, MappingRecord> cache =
            new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));

    SimXtr(ClusterSim sim, int number, Site site) {
        this.sim = sim;
        this.time = sim.time();
        this.number = number;
        this.key = site.keys().getFirst();
        this.ids = new XtrIdentity(new XtrId(0, number + 1), site.siteId());
        this.noncesGrow = site.noncesGrow();
        this.countsBySubscription = number % 2 == 0;
        this.address = Ip.parse("192.0.2." + (number + 1));
    }

    XtrIdentity ids() {
        return ids;
    }

    Ip address() {
        return address;
    }

    int number() {
        return number;
    }

    boolean alive() {
        return alive;
    }

    /** It falls silent: nothing is sent, heard or acknowledged any more. */
    void crash() {
        alive = false;
    }

    /**
     * It begins anew, and remembers only what it is configured with: what it is to subscribe to.
     * Its nonces then begin with the time, above all that it has used.
     */
    void restart() {
        sim.ledgers().forEach(it -> it.restarts(ids));
        claims.clear();
        said.clear();
        settled.clear();
        group.clear();
        groupNonces.clear();
        groupMillis.clear();
        asked.clear();
        answered.clear();
        confirmations.clear();
        askedLast.clear();
        stored.clear();
        subscriptions.clear();
        cache.clear();
        lastNonce = new Nonce(time.millis() << 20);
        restarted = true;
        wanted.forEach(this::subscribe);
    }

    void register(Eid eid, int weight) {
        sim.ledger(eid).claims(ids, eid);
        var claim = claims.computeIfAbsent(eid, _ -> new Claim());
        claim.weight = weight;
        claim.version = ++versions;
        claim.dueMillis = 0;
        claim.backoffMillis = 1_000;
        claim.registeredMillis = -1;
    }

    void withdraw(Eid eid) {
        if (claims.containsKey(eid)) {
            register(eid, -1);
        }
    }

    /** It says nothing until what it has registered expires, and then at just that moment. */
    void refreshLate() {
        claims.forEach((eid, claim) -> {
            if (claim.registeredMillis >= 0) {
                int version = claim.version;
                long dueMillis =
                        claim.registeredMillis
                                + ServerConfig.Registrations.DEFAULT.timeout().toMillis()
                                + time.upTo(LATE_MILLIS);
                claim.dueMillis = dueMillis + REFRESH_MILLIS;
                // Leaders look at every tick; this may be in between.
                time.after(
                        Math.max(1, dueMillis - time.millis()),
                        () -> {
                            if (alive && claims.get(eid) == claim && claim.version == version) {
                                send(List.of(eid));
                            }
                        });
            }
        });
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
        var mine = new LinkedHashMap<>(group);
        mine.keySet().retainAll(claims.keySet());
        return mine;
    }

    /** Whether it is there and says that an EID is its own. */
    boolean claims(Eid eid) {
        return alive && claims.containsKey(eid);
    }

    Map<Eid, MappingRecord> cache() {
        return cache;
    }

    /** Whether it is there, and takes in what it is told by this subscription. */
    boolean listens(Eid prefix) {
        return alive && subscriptions.containsKey(prefix);
    }

    boolean isSubscribedTo(Eid eid) {
        return subscriptions.keySet().stream().anyMatch(prefix -> prefix.covers(eid));
    }

    void poll() {
        if (!alive) {
            return;
        }
        var due =
                claims.keySet().stream()
                        .filter(eid -> claim(eid).dueMillis <= time.millis())
                        .toList();
        if (sim.together() && !due.isEmpty()) {
            send(due);
        } else {
            due.forEach(eid -> send(List.of(eid)));
        }
        if (subscriptions.values().removeIf(it -> it.untilMillis <= time.millis())) {
            cache.keySet().removeIf(cached -> !isSubscribedTo(cached));
            askAgain();
        }
        for (var eid : wanted) {
            if (askMillis.getOrDefault(eid, 0L) <= time.millis()) {
                ask(eid);
            }
        }
    }

    private Claim claim(Eid eid) {
        return Objects.requireNonNull(claims.get(eid));
    }

    /** In one Map-Register. */
    private void send(List<Eid> eids) {
        lastNonce = noncesGrow ? lastNonce.next() : new Nonce(time.random().nextLong());
        var records = eids.stream().map(this::say).toList();
        var register =
                new MapRegister(
                        true,
                        false,
                        false,
                        false,
                        true,
                        true,
                        lastNonce,
                        NONE,
                        records,
                        Optional.of(ids));
        sim.registerAtAny(this, MessageAuthentication.seal(register, key), noncesGrow);
    }

    private MappingRecord say(Eid eid) {
        var claim = claim(eid);
        // RFC 9301 §5.7: 1 s, doubling, at most a minute; every transmission with the next nonce.
        claim.dueMillis = time.millis() + claim.backoffMillis;
        claim.backoffMillis = Math.min(2 * claim.backoffMillis, REFRESH_MILLIS);
        said.put(new Asked(lastNonce, eid), new Said(eid, claim.version, time.millis()));
        sim.ledger(eid).says(ids, lastNonce, eid);
        return claim.weight < 0
                ? MappingRecord.of(RecordTtl.REMOVE, eid, List.of())
                : MappingRecord.of(
                        RecordTtl.ONE_DAY,
                        eid,
                        List.of(Locator.of(new Rloc(address), 1, claim.weight)));
    }

    private void ask(Eid eid) {
        askMillis.put(eid, time.millis() + ASK_AGAIN_MILLIS);
        var next = nextNonce(eid);
        askedLast.put(eid, next);
        asked.add(new Asked(next, eid));
        sim.toAnyMember(
                this,
                LispCodec.encode(
                        MapRequest.subscription(
                                next, Optional.empty(), List.of(address), eid, ids)));
    }

    /**
     * RFC 9437 §5: one more than the last that is known, or any. But what is answered with a
     * shorter EID-Prefix, such as a hole, has its news counted there, and one more might be the
     * nonce of news on its way: taken for the answer, that would be a subscription that nobody else
     * knows of. So such a question begins where no news can be, as those of our agents do, and only
     * its repetitions add 1.
     */
    private Nonce nextNonce(Eid eid) {
        var last = askedLast.getOrDefault(eid, new Nonce(0));
        var around = stored.keySet().stream().filter(it -> it.covers(eid)).toList();
        var known = around.stream().map(stored::get).reduce(last, SimXtr::greater);
        if (known.value() == 0) {
            return anywhere();
        }
        boolean again = known.equals(last) && asked.stream().anyMatch(it -> it.eid().equals(eid));
        return again || around.stream().allMatch(eid::equals)
                ? known.next()
                : Stream.concat(stored.values().stream(), askedLast.values().stream())
                        .reduce(known, SimXtr::greater)
                        .plus(SPACING);
    }

    /**
     * Far from where the Map-Server begins to count for the groups of ETRs, and lower than any that
     * an xTR begins with when it begins anew.
     */
    private Nonce anywhere() {
        return new Nonce(
                Long.MIN_VALUE
                        | (restarted ? time.millis() << 20 : time.random().nextLong() >>> 4));
    }

    /** The last nonce of each subscription, before the message that is being read. */
    private final Map<Eid, Nonce> lastBefore = new LinkedHashMap<>();

    private static Nonce greater(Nonce a, Nonce b) {
        return a.isGreaterThan(b) ? a : b;
    }

    /**
     * A datagram of a member has arrived. Its MAC must be right; what cannot be read never comes
     * from there.
     */
    void receive(int member, byte[] octets) {
        if (!alive) {
            return;
        }
        var payload = ByteBuffer.wrap(octets);
        switch (LispCodec.decode(payload)) {
            case Decoded.Message(MapNotify notify)
                    when MessageAuthentication.verify(notify, payload, key) -> {
                // One nonce counts for all of its records, and not for one against the other.
                lastBefore.clear();
                subscriptions.forEach((prefix, it) -> lastBefore.put(prefix, it.last));
                notify.records().forEach(it -> onNotify(member, notify.nonce(), it));
            }
            case Decoded.Message(MapReply reply) ->
                    reply.records().forEach(it -> onReply(it.eid()));
            case Decoded other -> throw new IllegalStateException("a member has sent " + other);
        }
    }

    /** A Map-Reply and no subscription, so it is asked for again later. */
    private void onReply(Eid eid) {
        for (var each : wanted) {
            if (eid.covers(each) && !isSubscribedTo(each)) {
                askMillis.put(each, time.millis() + 5 * ASK_AGAIN_MILLIS);
            }
        }
    }

    private void acknowledge(int member, Nonce nonce, MappingRecord record) {
        sim.toMember(
                this,
                member,
                MessageAuthentication.seal(
                        new MapNotifyAck(nonce, NONE, List.of(record), Optional.empty()), key));
    }

    private void onNotify(int member, Nonce nonce, MappingRecord record) {
        var eid = record.eid();
        var what = Optional.ofNullable(said.get(new Asked(nonce, eid)));
        var confirmed =
                asked.stream()
                        .filter(it -> it.nonce().equals(nonce) && eid.covers(it.eid()))
                        .map(Asked::eid)
                        .toList();
        if (what.isPresent()) {
            onAnswer(what.get(), record);
        } else if (settled.contains(new Asked(nonce, eid))) {
            return;
        } else if (record.action() == Action.DROP_AUTH_FAILURE) {
            if (confirmed.isEmpty()
                    && !confirmations.contains(new Asked(nonce, eid))
                    && !isAnswerAgain(nonce, eid)) {
                return;
            }
            subscriptions.remove(eid);
            cache.keySet().removeIf(cached -> !isSubscribedTo(cached));
            askAgain();
        } else if (confirmations.contains(new Asked(nonce, eid))) {
            acknowledge(member, nonce, record); // once more: the first was lost
        } else if (!confirmed.isEmpty()) {
            onConfirmation(member, confirmed, nonce, record);
        } else {
            onPublication(member, nonce, record);
        }
    }

    private void onAnswer(Said what, MappingRecord record) {
        said.entrySet()
                .removeIf(it -> it.getValue().isNoLaterThan(what) && settled.add(it.getKey()));
        var claim = claims.get(what.eid());
        if (claim == null || claim.version != what.version()) {
            return;
        }
        if (noncesGrow) {
            sim.ledger(what.eid())
                    .registered(
                            ids,
                            what.eid(),
                            claim.weight,
                            what.atMillis() + ClusterSim.LEASE_MILLIS);
        }
        if (claim.weight < 0) {
            claims.remove(what.eid());
            group.remove(what.eid());
        } else {
            // News that came meanwhile may be newer than the answer: they have different counters.
            // Then it refreshes at once, as the answer to that is newer than both.
            boolean uncertain = groupMillis.getOrDefault(what.eid(), 0L) >= what.atMillis();
            claim.registeredMillis = uncertain ? -1 : what.atMillis();
            claim.dueMillis = uncertain ? time.millis() : time.millis() + REFRESH_MILLIS;
            claim.backoffMillis = 1_000;
            group.put(what.eid(), record);
        }
    }

    private void onConfirmation(int member, List<Eid> what, Nonce nonce, MappingRecord record) {
        var eid = record.eid();
        acknowledge(member, nonce, record);
        asked.removeIf(it -> what.contains(it.eid()) && answered.add(it));
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
            sim.ledger(eid).starts(ids, address, nonce, record);
            install(record);
            limit(subscription, record);
        }
        what.forEach(it -> askMillis.put(it, Long.MAX_VALUE));
    }

    private void limit(Subscription subscription, MappingRecord record) {
        subscription.untilMillis =
                record.isNegative() ? time.millis() + TEMPORARY_MILLIS : Long.MAX_VALUE;
    }

    private void onPublication(int member, Nonce nonce, MappingRecord record) {
        var eid = record.eid();
        var prefix =
                subscriptions.keySet().stream()
                        .filter(it -> it.covers(eid))
                        .max(Comparator.comparing(it -> it.prefix().length()));
        boolean ofGroup = Math.abs(nonce.value() - (time.millis() << 20)) < NEAR << 16;
        if (prefix.isPresent() && !ofGroup) {
            var subscription = Objects.requireNonNull(subscriptions.get(prefix.get()));
            var seen = Optional.ofNullable(stored.get(eid));
            if (seen.equals(Optional.of(nonce))) {
                acknowledge(member, nonce, record);
                return;
            }
            boolean old =
                    seen.filter(it -> !nonce.isGreaterThan(it)).isPresent()
                            || countsBySubscription
                                    && !nonce.isGreaterThan(
                                            lastBefore.getOrDefault(
                                                    prefix.get(), subscription.last))
                            || subscriptions.entrySet().stream()
                                    .filter(it -> it.getKey().covers(eid))
                                    .noneMatch(it -> nonce.isGreaterThan(it.getValue().first));
            if (!old) {
                acknowledge(member, nonce, record);
                stored.put(eid, nonce);
                subscription.last = greater(subscription.last, nonce);
                if (isAnswerAgain(nonce, eid)) {
                    sim.ledger(eid).starts(ids, address, nonce, record);
                } else {
                    sim.ledger(eid).takes(ids, address, nonce, record);
                }
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
            acknowledge(member, nonce, record);
            groupMillis.put(eid, time.millis());
            var last = Optional.ofNullable(groupNonces.get(eid));
            if (last.filter(it -> !nonce.isGreaterThan(it)).isEmpty()) {
                groupNonces.put(eid, nonce);
                group.put(eid, record);
            }
        }
    }

    /**
     * Whether it may answer another transmission of what has been answered. It may as well be news:
     * so it begins no subscription.
     */
    private boolean isAnswerAgain(Nonce nonce, Eid eid) {
        return answered.stream().anyMatch(it -> it.nonce().equals(nonce) && eid.covers(it.eid()));
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
