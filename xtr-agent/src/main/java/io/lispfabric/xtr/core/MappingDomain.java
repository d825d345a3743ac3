package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One mapping system, as one xTR takes part in it: what it has registered there, what it has
 * subscribed to there, and what it was told. Two domains share nothing (draft-jain §1: segmentation
 * confines functions to the Scale-Up or the Scale-Out domain).
 *
 * <p>Owned by one loop: it is told what happened and when, and returns what is to be done.
 */
public final class MappingDomain {
    /** The UDP port that control messages are for (RFC 9301 §12.1). */
    public static final int CONTROL_PORT = 4342;

    private static final int BUDGET_IPV4 = 576 - 20 - 8;
    private static final int BUDGET_IPV6 = 1280 - 40 - 8;
    private static final int QUESTIONS = 4096;
    private static final Duration SWEEP = Duration.ofSeconds(1);

    /** How long a mapping is still used after its TTL, while the mapping system is being asked. */
    private static final Duration GRACE = Duration.ofMinutes(15);

    /** A Map-Server repeats what is not acknowledged for nearly a minute (RFC 9301 §5.7). */
    private static final Duration FOLLOW_UP = Duration.ofMinutes(1);

    /** RFC 9437 §5 recommends 15 minutes. */
    private static final Duration TEMPORARY = Duration.ofMinutes(15);

    /** When the answer was of no use, the question is not repeated before this. */
    private static final Duration USELESS = Duration.ofSeconds(15);

    private final Settings settings;
    private final NonceCounter subscriptionNonces;
    private final Servers requestServers;
    private final Servers registerServers;
    private final Registrar registrar;
    private final Resolver resolver;
    private final Subscriber subscriber;
    private final MapCache cache;
    private final Set<Eid> wanted = new LinkedHashSet<>();
    private Instant swept = Instant.EPOCH;

    /**
     * What a domain must know of its xTR.
     *
     * @param servers the members of the Map-Server cluster, which are Map-Resolvers too
     * @param own the RLOC of the xTR, as it is to be registered
     * @param rloc the same, as an address
     * @param controlPort where Map-Replies are to be sent
     * @param ttl the Record TTL of what is registered
     * @param capacity the most map-cache entries
     */
    public record Settings(
            String name,
            List<InetSocketAddress> servers,
            XtrIdentity identity,
            Locator own,
            Ip rloc,
            int controlPort,
            RecordTtl ttl,
            int capacity) {
        public Settings {
            servers = List.copyOf(servers);
            if (servers.isEmpty()) {
                throw new IllegalArgumentException("domain " + name + " has no map-servers");
            }
        }
    }

    /** One EID of the local database, as this domain sees it. */
    public record Registered(Eid eid, boolean withdrawn, boolean confirmed, List<Locator> merged) {}

    /**
     * A domain in which nothing has happened yet.
     *
     * @param registerNonces one counter for all Map-Registers (RFC 9301 §5.6)
     * @param subscriptionNonces one for all subscriptions (RFC 9437 §4)
     * @param random unpredictable ones, for other Map-Requests (RFC 9301 §5.2)
     */
    public MappingDomain(
            Settings settings,
            NonceCounter registerNonces,
            NonceCounter subscriptionNonces,
            Supplier<Nonce> random) {
        this.settings = settings;
        this.subscriptionNonces = subscriptionNonces;
        requestServers = new Servers(settings.servers());
        registerServers = new Servers(settings.servers());
        boolean ipv4 = settings.servers().getFirst().getAddress().getAddress().length == 4;
        registrar =
                new Registrar(
                        settings.name(),
                        settings.identity(),
                        settings.own(),
                        settings.ttl(),
                        ipv4 ? BUDGET_IPV4 : BUDGET_IPV6,
                        registerNonces,
                        registerServers);
        resolver = new Resolver(QUESTIONS, subscriptionNonces, random);
        subscriber = new Subscriber(settings.capacity());
        cache = new MapCache(settings.rloc(), settings.capacity());
    }

    public String name() {
        return settings.name();
    }

    public MapCache cache() {
        return cache;
    }

    /** Whether changes of a mapping are published to this xTR. */
    public boolean isSubscribed(Eid eid) {
        return subscriber.covers(eid);
    }

    /** What is registered here, or on its way out. */
    public List<Registered> registered() {
        return registrar.states().stream()
                .map(it -> new Registered(it.eid(), it.withdrawn(), it.confirmed(), it.merged()))
                .toList();
    }

    /** Whether everything that is registered here has been confirmed. */
    public boolean isSettled() {
        return registrar.isSettled();
    }

    /** Whether nothing is registered here, not even on its way out. */
    public boolean isIdle() {
        return registrar.isIdle();
    }

    /** Registers an EID, until it is withdrawn. */
    public void register(Eid eid, Instant now) {
        registrar.register(eid, now);
    }

    /** Withdraws an EID, which stays in {@link #registered} until that is confirmed. */
    public void withdraw(Eid eid, Instant now) {
        registrar.withdraw(eid, now);
    }

    /** Subscribes for good, before there are packets (draft-jain §5.3). */
    public void subscribe(Eid prefix, Instant now) {
        wanted.add(prefix);
        resolver.askForGood(prefix, now);
    }

    /**
     * Subscribes to the EID that a packet is for.
     *
     * @return false when there is no room for another question
     */
    public boolean resolve(Eid destination, Optional<Eid> source, Instant now) {
        return resolver.ask(destination, source, now);
    }

    /** What is due. */
    public Outcome poll(Instant now) {
        var events = sweep(now);
        var send = new ArrayList<>(registrar.poll(now));
        // A question inside of what we are subscribed to would only subscribe us once more.
        var asks = resolver.poll(now, it -> !subscriber.coversFromAbove(it));
        if (asks.stream().anyMatch(Resolver.Ask::again)) {
            requestServers.rotate();
        }
        asks.forEach(ask -> send.add(mapRequest(ask)));
        return new Outcome(send, events, List.of());
    }

    /**
     * A cache miss is asked of a Map-Resolver, in an ECM whose inner packet is addressed to the EID
     * (RFC 9301 §5.3, §5.8). An EID that is no address of the RLOC's family cannot stand there.
     */
    private Transmission mapRequest(Resolver.Ask ask) {
        var server = requestServers.current();
        var itrRlocs = List.<LispAddress>of(settings.rloc());
        var request =
                ask.subscribes()
                        ? MapRequest.subscription(
                                ask.nonce(), ask.source(), itrRlocs, ask.eid(), settings.identity())
                        : MapRequest.query(ask.nonce(), ask.source(), itrRlocs, ask.eid());
        var ecm =
                EncapsulatedControlMessage.of(
                        settings.rloc(),
                        innerDestination(ask.eid().prefix().address(), Ip.of(server.getAddress())),
                        settings.controlPort(),
                        CONTROL_PORT,
                        request);
        return new Transmission(server, false, ecm);
    }

    private Ip innerDestination(LispAddress eid, Ip resolver) {
        var own = settings.rloc();
        if (eid instanceof Ip ip && ip.afi() == own.afi()) {
            return ip;
        }
        return resolver.afi() == own.afi() ? resolver : own;
    }

    private List<XtrEvent> sweep(Instant now) {
        if (now.isBefore(swept.plus(SWEEP))) {
            return List.of();
        }
        swept = now;
        var events = new ArrayList<XtrEvent>();
        for (var entry : cache.expired(now)) {
            // A subscribed mapping does not just end: its TTL means that we ask again (RFC 9437
            // §4), and go on with what we have in the meantime.
            if (!entry.stale() && !entry.record().isNegative() && subscriber.covers(entry.eid())) {
                resolver.ask(entry.eid(), Optional.empty(), now);
                cache.extend(entry, now.plus(GRACE));
                continue;
            }
            cache.remove(entry.eid());
            events.add(
                    new XtrEvent.MapCacheUpdated(now, name(), removal(entry.eid()), Cause.EXPIRY));
        }
        subscriber.expire(now);
        for (var prefix : wanted) {
            if (!resolver.isPending(prefix) && !subscriber.covers(prefix)) {
                resolver.askForGood(prefix, now);
            }
        }
        return events;
    }

    /**
     * A Map-Notify that the domain's key vouches for.
     *
     * @param from where it came from, and where an acknowledgment goes
     */
    public Outcome onNotify(MapNotify notify, InetSocketAddress from, Instant now) {
        if (notify.recipient().filter(it -> !it.equals(settings.identity())).isPresent()) {
            return Outcome.dropped(Drop.FOREIGN_RECIPIENT);
        }
        if (registrar.awaits(notify)) {
            registerServers.answered(from);
            // RFC 9301 §5.7: what we asked for is not acknowledged.
            return new Outcome(List.of(), registrar.confirm(notify, now), List.of());
        }
        if (registrar.hasSent(notify.nonce())) {
            return Outcome.nothing();
        }
        var question = resolver.of(notify.nonce());
        return question.isPresent()
                ? onConfirmation(question.get(), notify, from, now)
                : onPublication(notify, from, now);
    }

    private Outcome onConfirmation(
            Resolver.Question question, MapNotify notify, InetSocketAddress from, Instant now) {
        requestServers.answered(from);
        var prefix = answeringPrefix(question.eid(), notify.records());
        boolean refused = notify.records().stream().allMatch(MappingDomain::endsSubscription);
        if (refused) {
            resolver.refused(question, now);
            return Outcome.nothing();
        }
        if (subscriber.get(prefix).filter(it -> it.isPast(notify.nonce())).isPresent()) {
            // Of two questions with one answer this was the first: publications have overtaken it.
            resolver.answered(question, now, Duration.ZERO);
            return acknowledge(notify, from, now, List.of());
        }
        subscriber.confirmed(prefix, notify.nonce());
        notify.records().stream()
                .filter(it -> it.eid().equals(prefix))
                .forEach(it -> limit(it, now));
        var events = new ArrayList<XtrEvent>();
        events.add(new XtrEvent.Subscribed(now, name(), question.eid(), prefix, notify.nonce()));
        events.addAll(installAnswer(question.eid(), notify.records(), Cause.CONFIRMATION, now));
        resolver.answered(question, now, holdAfter(question.eid()));
        return acknowledge(notify, from, now, events);
    }

    /** The registered prefix, or the hole, that was found for the EID-Prefix asked for. */
    private static Eid answeringPrefix(Eid asked, List<MappingRecord> records) {
        return records.stream()
                .map(MappingRecord::eid)
                .filter(it -> it.covers(asked))
                .max((one, other) ->
                        Integer.compare(one.prefix().length(), other.prefix().length()))
                .orElse(asked);
    }

    /** An answer that leads nowhere is no reason to ask again at once. */
    private Duration holdAfter(Eid asked) {
        var found = cache.lookup(EidKey.of(asked));
        return found.isEmpty() || found.get().choice().leadsNowhere() ? USELESS : Duration.ZERO;
    }

    /**
     * Installs all records of an answer. A Map-Reply tells everything inside the prefix that was
     * asked for (RFC 9301 §5.5), so what is cached there and not in it is no longer so. After a
     * confirmation the rest may follow one by one: what is not told again soon, is gone.
     */
    private List<XtrEvent> installAnswer(
            Eid asked, List<MappingRecord> records, Cause cause, Instant now) {
        var events = new ArrayList<XtrEvent>();
        var told = new HashSet<Eid>();
        records.forEach(it -> told.add(it.eid()));
        for (var entry : cache.within(asked)) {
            if (told.contains(entry.eid()) || subscriber.get(entry.eid()).isPresent()) {
                continue;
            }
            if (cause == Cause.MAP_REPLY) {
                events.add(install(removal(entry.eid()), cause, now));
            } else {
                cache.extend(entry, earlier(entry.expires(), now.plus(FOLLOW_UP)));
            }
        }
        records.forEach(it -> events.add(install(it, cause, now)));
        return events;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    /**
     * A subscription to something that is not there is a temporary one (RFC 9437 §5); to something
     * that is, it has no end.
     */
    private void limit(MappingRecord record, Instant now) {
        var until =
                record.isNegative() || record.ttl().removes()
                        ? Optional.of(now.plus(TEMPORARY))
                        : Optional.<Instant>empty();
        subscriber.get(record.eid()).ifPresent(it -> it.endsAt(until));
    }

    private static MappingRecord removal(Eid eid) {
        return MappingRecord.of(RecordTtl.REMOVE, eid, List.of());
    }

    private XtrEvent install(MappingRecord record, Cause cause, Instant now) {
        cache.install(record, now, cause);
        return new XtrEvent.MapCacheUpdated(now, name(), record, cause);
    }

    /** Loc-Count 0 and ACT 5: the Map-Server has given up on us (RFC 9437 §5). */
    private static boolean endsSubscription(MappingRecord record) {
        return record.isNegative() && record.action() == Action.DROP_AUTH_FAILURE;
    }

    /** Nobody asked for it: a publication, or the news of a group that we register with. */
    private Outcome onPublication(MapNotify notify, InetSocketAddress from, Instant now) {
        var events = new ArrayList<XtrEvent>();
        var drops = new ArrayList<Drop>();
        boolean known = false;
        for (var record : notify.records()) {
            var subscription = subscriber.concerned(record.eid(), notify.nonce());
            boolean ours = registrar.holds(record.eid());
            if (subscription.isEmpty() && !ours) {
                drops.add(Drop.UNASKED);
                known = true; // it is genuine, and would come again and again
                continue;
            }
            boolean forGroup =
                    ours
                            && (subscription.isEmpty()
                                    || registrar.groupDistance(notify.nonce())
                                            < subscription.get().distance(notify.nonce()));
            if (!forGroup && endsSubscription(record)) {
                drops.addAll(resubscribe(subscription.orElseThrow(), notify, now));
                continue;
            }
            var verdict =
                    forGroup
                            ? registrar.judgeGroup(record.eid(), notify.nonce())
                            : subscription.orElseThrow().judge(record.eid(), notify.nonce());
            switch (verdict) {
                case NEW -> {
                    known = true;
                    if (!forGroup) {
                        subscriptionNonces.saw(notify.nonce());
                        subscription.orElseThrow().took(record.eid(), notify.nonce());
                        limit(record, now);
                        events.add(install(record, Cause.PUBLICATION, now));
                    }
                    registrar.regroup(record, now).ifPresent(events::add);
                }
                // Our acknowledgment was lost: one for each copy that arrives (RFC 9301 §5.7).
                case DUPLICATE -> known = true;
                case REPLAY -> {
                    drops.add(Drop.REPLAY);
                    events.add(new XtrEvent.ReplayRefused(now, name(), notify.nonce()));
                }
            }
        }
        return known
                ? acknowledge(notify, from, now, events)
                        .and(new Outcome(List.of(), List.of(), drops))
                : new Outcome(List.of(), events, drops);
    }

    /** The subscription is gone at the Map-Server; an old message of that kind changes nothing. */
    private List<Drop> resubscribe(
            Subscriber.Subscription subscription, MapNotify notify, Instant now) {
        if (subscription.confirmed().isGreaterThan(notify.nonce())) {
            return List.of(Drop.REPLAY);
        }
        subscriptionNonces.saw(notify.nonce());
        resolver.ask(subscription.prefix(), Optional.empty(), now);
        return List.of();
    }

    /** The same contents under type 5, to where it came from (RFC 9301 §5.7). */
    private Outcome acknowledge(
            MapNotify notify, InetSocketAddress from, Instant now, List<XtrEvent> events) {
        var ack =
                new MapNotifyAck(
                        notify.nonce(),
                        notify.authentication(), // the receiver's algorithm; the MAC is made anew
                        notify.records(),
                        notify.recipient());
        var all = new ArrayList<>(events);
        all.add(
                new XtrEvent.Acked(
                        now,
                        name(),
                        notify.nonce(),
                        notify.records().stream().map(MappingRecord::eid).toList()));
        return new Outcome(List.of(new Transmission(from, true, ack)), all, List.of());
    }

    /** Whether a Map-Reply answers a question of this domain. */
    public boolean awaits(MapReply reply) {
        return resolver.of(reply.nonce()).isPresent();
    }

    /**
     * An answer without a subscription (RFC 9437 §5): it is used for as long as its TTL says, and a
     * prefix that is wanted for good is asked for again.
     */
    public Outcome onReply(MapReply reply, Instant now) {
        var question = resolver.of(reply.nonce());
        if (question.isEmpty() || reply.probe()) {
            return Outcome.dropped(Drop.UNKNOWN_NONCE);
        }
        // Only what has to do with the question is taken (RFC 9301 §5.5 returns the best match and
        // its more-specifics).
        var asked = question.get().eid();
        var records =
                reply.records().stream()
                        .filter(it -> it.eid().covers(asked) || related(it.eid(), asked, reply))
                        .toList();
        var events = installAnswer(asked, records, Cause.MAP_REPLY, now);
        if (question.get().standing()) {
            resolver.refused(question.get(), now);
        } else {
            resolver.answered(question.get(), now, holdAfter(asked));
        }
        return new Outcome(List.of(), events, List.of());
    }

    private static boolean related(Eid eid, Eid asked, MapReply reply) {
        return asked.covers(eid)
                || reply.records().stream()
                        .map(MappingRecord::eid)
                        .anyMatch(it -> it.covers(asked) && it.covers(eid));
    }
}
