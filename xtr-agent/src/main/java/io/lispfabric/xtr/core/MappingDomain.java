package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EcmAd;
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
import io.lispfabric.wire.auth.Guard;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
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

    /** However many ask, nobody is made to send more than this on their behalf (RFC 9301 §5.4). */
    private static final int ANSWERS_PER_SECOND = 1000;

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
    private Instant answering = Instant.EPOCH;
    private int answers;

    /**
     * What a domain must know of its xTR.
     *
     * @param servers the members of the Map-Server cluster, which are Map-Resolvers too
     * @param own the RLOC of the xTR, as it is to be registered
     * @param rloc the same, as an address
     * @param controlPort where Map-Replies are to be sent
     * @param ttl the Record TTL of what is registered
     * @param capacity the most map-cache entries
     * @param proxyReply whether the Map-Server answers Map-Requests for the xTR
     * @param protecting whether and how Map-Requests are protected (RFC 9303)
     */
    public record Settings(
            String name,
            List<InetSocketAddress> servers,
            XtrIdentity identity,
            Locator own,
            Ip rloc,
            int controlPort,
            RecordTtl ttl,
            int capacity,
            boolean proxyReply,
            Optional<Protecting> protecting) {
        public Settings {
            servers = List.copyOf(servers);
            if (servers.isEmpty()) {
                throw new IllegalArgumentException("domain " + name + " has no map-servers");
            }
        }

        /** Those of an xTR that leaves answers to the Map-Server, and protects nothing. */
        public Settings(
                String name,
                List<InetSocketAddress> servers,
                XtrIdentity identity,
                Locator own,
                Ip rloc,
                int controlPort,
                RecordTtl ttl,
                int capacity) {
            this(
                    name,
                    servers,
                    identity,
                    own,
                    rloc,
                    controlPort,
                    ttl,
                    capacity,
                    true,
                    Optional.empty());
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
     * @param keys unpredictable ones, for Map-Requests that are protected (RFC 9303 §7.2)
     */
    public MappingDomain(
            Settings settings,
            NonceCounter registerNonces,
            NonceCounter subscriptionNonces,
            Supplier<Nonce> random,
            Supplier<OneTimeKey> keys) {
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
                        registerServers,
                        settings.proxyReply());
        resolver = new Resolver(QUESTIONS, subscriptionNonces, random, settings.protecting(), keys);
        subscriber = new Subscriber(settings.capacity());
        cache = new MapCache(settings.rloc(), settings.capacity());
    }

    /** One that protects nothing, and so needs no keys. */
    public MappingDomain(
            Settings settings,
            NonceCounter registerNonces,
            NonceCounter subscriptionNonces,
            Supplier<Nonce> random) {
        this(
                settings,
                registerNonces,
                subscriptionNonces,
                random,
                () -> {
                    throw new IllegalStateException("nothing is to be protected");
                });
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

    /**
     * Registers an EID and what is to be said about it, if anything: of which kind the accelerator
     * is, for example (draft-jain §4.1).
     *
     * @param beside stands in an AFI list with the locator's address (RFC 8060 §4.10)
     */
    public void register(Eid eid, Optional<? extends LispAddress> beside, Instant now) {
        registrar.register(eid, now);
        registrar.describe(eid, beside, now);
    }

    /** Registers an EID and says this about it. */
    public void register(Eid eid, LispAddress beside, Instant now) {
        register(eid, Optional.of(beside), now);
    }

    /** All locators of an EID that is registered here and confirmed; otherwise none. */
    List<Locator> merged(Eid eid) {
        return registrar.merged(eid);
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
                        ask.source()
                                .flatMap(registrar::description)
                                .map(request::with)
                                .orElse(request));
        var message = ecm.with(ask.guard().map(it -> it.data(ask.nonce())));
        return new Transmission(server, false, message);
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
     * The keys that may vouch for a Map-Notify besides the domain's own: those of security
     * associations (RFC 9437 §7.1). There are few.
     */
    public Set<SharedKey> associations(MapNotify notify) {
        var keys = new LinkedHashSet<SharedKey>();
        resolver.of(notify.nonce())
                .flatMap(Resolver.Sent::guard)
                .ifPresent(it -> keys.add(it.association(notify.nonce())));
        notify.records().stream()
                .limit(1) // all are of one subscription; a stranger may name many
                .forEach(it -> keys.addAll(subscriber.associations(it.eid())));
        return keys;
    }

    /** A Map-Notify that the domain's key vouches for. */
    public Outcome onNotify(MapNotify notify, InetSocketAddress from, Instant now) {
        return onNotify(notify, Optional.empty(), from, now);
    }

    /**
     * A Map-Notify.
     *
     * @param association what vouches for it, unless the domain's key does
     * @param from where it came from, and where an acknowledgment goes
     */
    public Outcome onNotify(
            MapNotify notify,
            Optional<SharedKey> association,
            InetSocketAddress from,
            Instant now) {
        if (notify.recipient().filter(it -> !it.equals(settings.identity())).isPresent()) {
            return Outcome.dropped(Drop.FOREIGN_RECIPIENT);
        }
        if (association.isEmpty() && registrar.awaits(notify)) {
            registerServers.answered(from);
            // RFC 9301 §5.7: what we asked for is not acknowledged.
            return new Outcome(List.of(), registrar.confirm(notify, now), List.of());
        }
        if (association.isEmpty() && registrar.hasSent(notify.nonce())) {
            return Outcome.nothing();
        }
        var sent = resolver.of(notify.nonce());
        if (sent.isEmpty()) {
            return onPublication(notify, association, from, now);
        }
        // RFC 9437 §7.1: who answers a protected question has its one-time key, and nobody else.
        var expected = sent.get().guard().map(it -> it.association(notify.nonce()));
        if (!expected.equals(association)) {
            return Outcome.dropped(Drop.BAD_AUTHENTICATION);
        }
        var asked = sent.get().question().eid();
        if (association.isPresent()
                && notify.records().stream().noneMatch(it -> it.eid().covers(asked))) {
            // The Map-Request was changed on its way: we have not asked for this.
            return Outcome.dropped(Drop.UNASKED);
        }
        return onConfirmation(sent.get(), notify, association, from, now);
    }

    private Outcome onConfirmation(
            Resolver.Sent sent,
            MapNotify notify,
            Optional<SharedKey> association,
            InetSocketAddress from,
            Instant now) {
        requestServers.answered(from);
        var asked = sent.question().eid();
        var prefix = answeringPrefix(asked, notify.records());
        boolean refused = notify.records().stream().allMatch(MappingDomain::endsSubscription);
        if (refused) {
            resolver.refused(sent, now);
            return Outcome.nothing();
        }
        if (association.isEmpty()
                && subscriber.get(prefix).filter(it -> it.isPast(notify.nonce())).isPresent()) {
            // Of two questions with one answer this was the first: publications have overtaken it.
            resolver.answered(sent, now, Duration.ZERO);
            return acknowledge(notify, association, from, now, List.of());
        }
        subscriber.confirmed(prefix, association, notify.nonce());
        notify.records().stream()
                .filter(it -> it.eid().equals(prefix))
                .forEach(it -> limit(it, now));
        var events = new ArrayList<XtrEvent>();
        events.add(new XtrEvent.Subscribed(now, name(), asked, prefix, notify.nonce()));
        events.addAll(installAnswer(asked, notify.records(), Cause.CONFIRMATION, now));
        resolver.answered(sent, now, holdAfter(asked));
        return acknowledge(notify, association, from, now, events);
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
        var found = cache.lookup(asked);
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
    private Outcome onPublication(
            MapNotify notify,
            Optional<SharedKey> association,
            InetSocketAddress from,
            Instant now) {
        var events = new ArrayList<XtrEvent>();
        var drops = new ArrayList<Drop>();
        boolean known = false;
        for (var record : notify.records()) {
            var subscription = subscriber.concerned(record.eid(), notify.nonce(), association);
            boolean ours = association.isEmpty() && registrar.concerns(record.eid());
            if (subscription.isEmpty() && !ours) {
                drops.add(Drop.UNASKED);
                // It is genuine, and would come again and again; but who protects what it asks for
                // acknowledges nothing that it has not asked for (ADR 9).
                known |= settings.protecting().isEmpty();
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
                    } else if (!registrar.holds(record.eid())) {
                        // draft-jain §4.5.3: a pxTR is told of all in the subnet that it registers.
                        events.add(install(record, Cause.PUBLICATION, now));
                    }
                    registrar.onNews(record, now).ifPresent(events::add);
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
                ? acknowledge(notify, association, from, now, events)
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
            MapNotify notify,
            Optional<SharedKey> association,
            InetSocketAddress from,
            Instant now,
            List<XtrEvent> events) {
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
        return new Outcome(List.of(new Transmission(from, true, ack, association)), all, List.of());
    }

    /** Whether a Map-Reply answers a question of this domain. */
    public boolean awaits(MapReply reply) {
        return resolver.of(reply.nonce()).filter(it -> !it.late()).isPresent();
    }

    /**
     * A Map-Reply: an answer without a subscription (RFC 9437 §5).
     *
     * @param payload what it was decoded from
     */
    public Outcome onReply(MapReply reply, ByteBuffer payload, Instant now) {
        var sent = resolver.of(reply.nonce());
        if (sent.isEmpty() || sent.get().late() || reply.probe()) {
            return Outcome.dropped(Drop.UNKNOWN_NONCE);
        }
        if (sent.get().guard().isPresent()) {
            return onReply(sent.get(), sent.get().guard().get(), reply, payload, now);
        }
        // What was asked without protection is not to be answered with it, nor could be checked.
        return reply.authenticationData().isPresent()
                ? Outcome.dropped(Drop.UNEXPECTED_MESSAGE)
                : take(sent.get(), reply.records(), now);
    }

    /**
     * RFC 9303 §6.9. What is discarded here is as if it had not come: the question is sent again
     * when its time comes (RFC 9301 §5.3), with another key.
     */
    private Outcome onReply(
            Resolver.Sent sent, Guard guard, MapReply reply, ByteBuffer payload, Instant now) {
        var question = sent.question();
        switch (guard.judge(reply, payload)) {
            case UNPROTECTED -> {
                return Outcome.dropped(Drop.UNPROTECTED_REPLY);
            }
            case OTHER_HMAC -> {
                question.tryOtherHmac();
                return Outcome.dropped(Drop.OTHER_ALGORITHM);
            }
            case OTHER_KDF -> {
                question.tryOtherKdf();
                return Outcome.dropped(Drop.OTHER_ALGORITHM);
            }
            case FORGED -> {
                return Outcome.dropped(Drop.BAD_AUTHENTICATION);
            }
            case GENUINE -> {}
        }
        var vouched = reply.authenticationData().orElseThrow().eid();
        var valid = new ArrayList<MappingRecord>();
        var drops = new ArrayList<Drop>();
        for (var record : reply.records()) {
            if (vouched.vouchesFor(record.eid())) {
                valid.add(record);
            } else {
                drops.add(Drop.OVERCLAIMED);
            }
        }
        if (valid.isEmpty()) {
            return new Outcome(List.of(), List.of(), drops);
        }
        boolean nothing = valid.stream().allMatch(MappingRecord::isNegative);
        if (nothing
                && vouched.etrCantSign()
                && settings.protecting().filter(Protecting::downgrades).isPresent()) {
            question.downgrade();
            return new Outcome(List.of(), List.of(), drops);
        }
        if (question.subscribes() && valid.stream().allMatch(MappingDomain::endsSubscription)) {
            // RFC 9437 §7.1: the next transmission has a key that nobody has used.
            drops.add(Drop.ASSOCIATION_REFUSED);
            return new Outcome(List.of(), List.of(), drops);
        }
        return take(sent, valid, now).and(new Outcome(List.of(), List.of(), drops));
    }

    /**
     * An answer is used for as long as its TTL says, and a prefix that is wanted for good is asked
     * for again.
     */
    private Outcome take(Resolver.Sent sent, List<MappingRecord> told, Instant now) {
        // Only what has to do with the question is taken (RFC 9301 §5.5 returns the best match and
        // its more-specifics).
        var asked = sent.question().eid();
        var records =
                told.stream()
                        .filter(it -> it.eid().covers(asked) || related(it.eid(), asked, told))
                        .toList();
        var events = installAnswer(asked, records, Cause.MAP_REPLY, now);
        if (sent.question().standing()) {
            resolver.refused(sent, now);
        } else {
            resolver.answered(sent, now, holdAfter(asked));
        }
        return new Outcome(List.of(), events, List.of());
    }

    private static boolean related(Eid eid, Eid asked, List<MappingRecord> told) {
        return asked.covers(eid)
                || told.stream()
                        .map(MappingRecord::eid)
                        .anyMatch(it -> it.covers(asked) && it.covers(eid));
    }

    /** Whether this xTR has registered anything that a Map-Request asks for. */
    public boolean answersFor(MapRequest request) {
        return request.records().stream().anyMatch(it -> registrar.covers(it.eid()));
    }

    /**
     * A Map-Request that the Map-Server has passed on, because it does not answer for us (RFC 9301
     * §8.3).
     *
     * @param ecm what it came in
     * @param msOtk the key that the Map-Server gave us for the answer, if the question is protected
     *     (RFC 9303 §6.8)
     */
    public Outcome onRequest(
            EncapsulatedControlMessage ecm,
            MapRequest request,
            Optional<OneTimeKey> msOtk,
            Instant now) {
        if (request.probe() || request.dontMapReply()) {
            return Outcome.dropped(Drop.UNEXPECTED_MESSAGE);
        }
        var to = itrRloc(request, ecm.source());
        if (to.isEmpty()) {
            return Outcome.dropped(Drop.NO_USABLE_ITR_RLOC);
        }
        var records =
                request.records().stream()
                        .map(MapRequest.Asked::eid)
                        .flatMap(it -> registrar.answer(it).stream())
                        .distinct()
                        .limit(255)
                        .toList();
        if (records.isEmpty()) {
            return Outcome.dropped(Drop.NOT_REGISTERED);
        }
        if (!now.isBefore(answering.plusSeconds(1))) {
            answering = now;
            answers = 0;
        }
        if (++answers > ANSWERS_PER_SECOND) {
            return Outcome.dropped(Drop.TOO_MANY_REQUESTS);
        }
        var reply = new MapReply(false, false, request.nonce(), records);
        var signed =
                msOtk.flatMap(key -> ecm.authenticationData().map(data -> sign(reply, data, key)))
                        .orElse(reply);
        // RFC 9301 §5.5: to the port that the Map-Request came from, from the control port.
        var where = new InetSocketAddress(to.get().toInetAddress(), ecm.sourcePort());
        return new Outcome(List.of(new Transmission(where, true, signed)), List.of(), List.of());
    }

    /** The EID-AD as it came, and the whole signed (RFC 9303 §6.8). */
    private static MapReply sign(MapReply reply, EcmAd data, OneTimeKey msOtk) {
        var hmac = LispSecHmac.of(data.requestedHmacId()).orElse(LispSecHmac.SHA256_128);
        return LispSec.sign(reply, data.eid(), hmac, msOtk);
    }

    /** One of the ITR-RLOCs that we can send to, best the one that it was sent from. */
    private Optional<Ip> itrRloc(MapRequest request, Ip source) {
        var usable =
                request.itrRlocs().stream()
                        .flatMap(it -> it.ip().stream())
                        .filter(it -> it.isUnicast() && it.afi() == settings.rloc().afi())
                        .toList();
        return usable.contains(source) ? Optional.of(source) : usable.stream().findFirst();
    }
}
