package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Elsewhere;
import io.lispfabric.server.core.MapResolver;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Policies;
import io.lispfabric.server.core.ProtectedAnswer;
import io.lispfabric.server.core.Site;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.ReferralAction;
import io.lispfabric.wire.ReferralRecord;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.net.Inet4Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Map-Requests: questions, subscriptions and their ends (RFC 9301 §8.3, RFC 9437 §5). */
final class MapRequests {
    /**
     * RFC 9301 §5.3: an xTR asks again after a second, somewhat less when the network is uneven.
     */
    private static final long ASKS_AGAIN_MILLIS = 900;

    private static final List<MapRequest.Asked> NONE = List.of();

    /** Octets of a Map-Reply before its records. */
    private static final int REPLY_HEAD = 12;

    /** Subscriptions under way; the answers to older ones are then lost, as a packet may be. */
    private static final int MOST_WAITING = 16_384;

    /** For how long a one-time key is known to have been used. */
    private static final Duration KEYS_REMEMBERED = Duration.ofHours(24);

    /** The greatest nonce of a subscription that nothing proves: 2³² are left for what is told. */
    private static final long MOST_UNPROVED = 0xFFFF_FFFE_FFFF_FFFFL;

    /** Octets that an answer may have to count as one: what every path carries (RFC 9301 §5). */
    private static final int ORDINARY = 576;

    private final Surroundings around;
    private final Shards shards;

    /** Of what goes to who asks for it, by the source of the packet. */
    private final RateLimit replies;

    /** Of what goes to an address that somebody else has named: it takes nothing of the other. */
    private final RateLimit named;

    private final RepeatLimit repeats;
    private final OneTimeKeys oneTimeKeys;
    private final SecretHash hash;

    /** By nonce and EID. */
    private final BoundedMap<Long, Errand> waiting = new BoundedMap<>(MOST_WAITING);

    MapRequests(Shards shards) {
        this.shards = shards;
        this.around = shards.first();
        int perSecond = around.config().repliesPerSecond();
        this.hash = new SecretHash(around.origin());
        this.replies = new RateLimit(perSecond, 2 * perSecond, hash);
        this.named = new RateLimit(perSecond, 2 * perSecond, hash);
        this.repeats = new RepeatLimit(around.config().repeatsPerSecond(), hash);
        this.oneTimeKeys = new OneTimeKeys(around.config().lispSec());
    }

    /** A Map-Request on its way through here, and what its records have in common. */
    private static final class Errand {
        private final MapRequest request;
        private final From from;

        /** Where it has been sent already; nearly all have one record and go to one place. */
        private final Set<Ip> passedOn;

        /** What is asked for with the N-bit, until it is in the log. */
        private final List<Command.Asking> asking = new ArrayList<>(1);

        /** What is known of its records, which every ETR that it goes to asks for again. */
        private final Map<Eid, ProtectedAnswer> answers = new HashMap<>(2);

        Errand(MapRequest request, From from) {
            this.request = request;
            this.from = from;
            this.passedOn = request.records().size() == 1 ? Set.of() : new HashSet<>();
        }

        /** Whether it goes there for the first time; from now on it does not. */
        boolean passesOnTo(Ip address) {
            return request.records().size() == 1 || passedOn.add(address);
        }

        boolean wasPassedOnTo(Ip address) {
            return passedOn.contains(address);
        }
    }

    /** Of which one-time key is told. */
    private record Wrapped(int keyId, Nonce nonce) {
        @Override
        public String toString() {
            return "Key ID " + keyId + ", nonce " + nonce;
        }
    }

    /** Whatever LISP-SEC has to do with it is settled first (RFC 9303 §6.6). */
    void receive(MapRequest request, From from) {
        var protection = from.relayed().flatMap(EncapsulatedControlMessage::authenticationData);
        if (protection.isPresent()) {
            switch (oneTimeKeys.open(protection.get(), request.nonce())) {
                case OneTimeKeys.Opened.Key(var key) -> serve(request, from.with(key));
                // RFC 9303 §6.5: the entire message is discarded, and no mapping told.
                case OneTimeKeys.Opened.Refused(var why) -> {
                    around.drop(
                            why,
                            from.address(),
                            new Wrapped(protection.get().otk().keyId(), request.nonce()));
                    if (why == Drop.UNKNOWN_ITR_KEY && !around.config().lispSec().required()) {
                        // RFC 9437 §5: no security association can be made, and that is said.
                        // Unsigned, as there is no key that both have.
                        request.records().stream()
                                .filter(it -> it.subscribes() && request.identity().isPresent())
                                .forEach(it -> refuse(request, it.eid(), from));
                    }
                }
            }
        } else if (around.config().lispSec().required()) {
            around.drop( // RFC 9301 §9
                    Drop.UNPROTECTED,
                    from.address(),
                    request.records().isEmpty() ? "no EID" : request.records().getFirst().eid());
        } else {
            serve(request, from);
        }
    }

    private void serve(MapRequest request, From from) {
        if (request.probe()) {
            around.metrics()
                    .dropped(Drop.PROBE); // RFC 9301 §5.2: it MUST NOT come by the mapping system
        } else if (request.solicits()) {
            // RFC 9301 §6.1: it comes through the data plane, to an ITR. Passed on, it would have
            // an
            // ETR ask for whatever a stranger wants.
            around.metrics().dropped(Drop.SMR);
        } else if (!request.unsubscribes()
                && request.itrRlocs().getFirst() == LispAddress.None.NONE) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
        } else {
            var errand = new Errand(request, from);
            for (var asked : from.isDdt() ? refer(request, from) : request.records()) {
                receive(errand, asked);
            }
            submit(errand);
        }
    }

    /** A one-time key is that of the whole message (RFC 9437 §7.1). */
    private void submit(Errand errand) {
        if (errand.asking.isEmpty()) {
            return;
        }
        for (var each : errand.asking) {
            waiting.put(hash.of(each.nonce(), each.asked()), errand);
        }
        if (errand.from.protection().isPresent()) {
            long until = around.millis() + KEYS_REMEMBERED.toMillis();
            var proof = errand.from.protection().get().proof(until);
            shards.split(errand.asking, Command.Asking::asked)
                    .forEach((shard, asking) ->
                            shards.get(shard)
                                    .submit(
                                            new Command.Associate(
                                                    proof,
                                                    mostUsedKeys(shard, proof.secretId()),
                                                    asking)));
        } else {
            errand.asking.forEach(it -> shards.at(it.asked()).submit(it));
        }
        errand.asking.clear();
        errand.answers.clear();
    }

    /** What the other groups leave. */
    private int mostUsedKeys(int shard, int secretId) {
        int most = around.config().lispSec().mostUsedKeys();
        int all = shards.sum(it -> it.usedKeys().of(secretId));
        int own = shards.get(shard).state().usedKeys().of(secretId);
        return Math.max(0, most - (all - own));
    }

    /**
     * RFC 8111 §7.2: who has come down the tree is told where it has come to.
     *
     * @return what is registered here, which is then served like any other Map-Request; the rest
     *     the Map-Resolver denies itself
     */
    private List<MapRequest.Asked> refer(MapRequest request, From from) {
        var ddt = around.config().ddt();
        if (!ddt.inTree()) {
            return request.records();
        }
        var which = shards.split(request.records(), MapRequest.Asked::eid).keySet();
        if (!shards.knowAll(which)) {
            around.metrics().dropped(Drop.CATCHING_UP);
            return List.of();
        }
        if (!replies.allows(from.address(), around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return List.of();
        }
        var referrals = new ArrayList<ReferralRecord>();
        var served = new ArrayList<MapRequest.Asked>();
        int room = around.config().messageRoom(from.address());
        for (var asked : request.records()) {
            if (!around.config().sites().segments().serves(asked.eid().iid())
                    || isRefused(request, asked.eid(), from, false)) {
                served.add(asked); // it is denied like any other question, and no more is told
                continue;
            }
            var referral = ddt.referral(state(asked.eid()), around.config().sites(), asked.eid());
            room -= LispCodec.encode(new MapReferral(request.nonce(), List.of(referral))).length;
            if (room < 0 && !referrals.isEmpty()) {
                break; // what does not fit is asked again
            }
            referrals.add(referral);
            if (referral.action() == ReferralAction.MS_ACK) {
                served.add(asked);
            }
        }
        if (!referrals.isEmpty()) {
            around.outbox()
                    .send(from.address(), from.port(), new MapReferral(request.nonce(), referrals));
        }
        return served;
    }

    private void receive(Errand errand, MapRequest.Asked asked) {
        var request = errand.request;
        var from = errand.from;
        var eid = asked.eid();
        boolean subscribes = subscribes(request, asked);
        var elsewhere = around.config().sites().elsewhere(eid);
        if (elsewhere.isPresent() && isRefused(request, eid, from, subscribes)) {
            refuse(request, eid, from, Action.DROP_POLICY_DENIED);
        } else if (elsewhere.isPresent()) {
            relay(errand, eid, elsewhere.get().servers());
        } else if (request.unsubscribes()) {
            if (subscribes) {
                unsubscribe(errand, request.identity().orElseThrow(), eid);
            }
        } else if (subscribes) {
            subscribe(errand, request.identity().orElseThrow(), eid);
        } else {
            answer(errand, eid);
        }
    }

    private boolean subscribes(MapRequest request, MapRequest.Asked asked) {
        return asked.subscribes()
                && request.identity().isPresent()
                && (request.unsubscribes()
                        || around.config().sites().segments().serves(asked.eid().iid()));
    }

    private void answer(Errand errand, Eid eid) {
        var request = errand.request;
        var from = errand.from;
        if (request.dontMapReply()) {
            around.metrics().dropped(Drop.NO_REPLY_WANTED);
            return;
        }
        var to = answerTo(request, from);
        if (to.isEmpty()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        if (isRefused(request, eid, from, false)) {
            refuse(request, eid, from, Action.DROP_POLICY_DENIED);
            return;
        }
        // Before a short EID-Prefix has hundreds of records looked up that are not sent.
        if (!limit(to.get(), from).wouldAllow(to.get(), around.now())
                || !repeats.allows(to.get(), eid, around.millis())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        if (from.protection().isPresent()) {
            answer(errand, eid, to.get(), from.protection().get());
            return;
        }
        int room = around.config().messageRoom(to.get()) - REPLY_HEAD;
        var directory = shards.at(eid).mappings().directory();
        switch (MapResolver.answer(
                directory, around.config().sites(), eid, room, request.identity())) {
            case MapResolver.Answer.Reply(var records) -> {
                if (mayTell(eid, records)) {
                    reply(to.get(), from, unsigned(request, records));
                }
            }
            case MapResolver.Answer.Forward(var etrs) -> forward(errand, eid, etrs);
            case MapResolver.Answer.Relay(var servers) -> relay(errand, eid, servers);
        }
    }

    /** RFC 9303 §6.7: what is asked with protection is answered with it. */
    private void answer(Errand errand, Eid eid, Ip to, Protection protection) {
        switch (protectedAnswer(errand, eid, to, protection)) {
            case ProtectedAnswer.Reply(var records, var vouched, var etrCantSign) -> {
                if (mayTell(eid, records)) {
                    reply(
                            to,
                            errand.from,
                            () ->
                                    protection.sign(
                                            unsigned(errand.request, records).get(),
                                            vouched,
                                            etrCantSign));
                }
            }
            case ProtectedAnswer.Forward forward -> forward(errand, to, protection, forward);
            case ProtectedAnswer.Relay(var servers) -> relay(errand, eid, servers);
        }
    }

    private ProtectedAnswer protectedAnswer(Errand errand, Eid eid, Ip to, Protection protection) {
        int room = around.config().messageRoom(to) - REPLY_HEAD - protection.octets(eid);
        return errand.answers.computeIfAbsent(
                eid,
                it ->
                        ProtectedAnswer.of(
                                state(it),
                                around.config().sites(),
                                it,
                                room,
                                errand.request.identity(),
                                this::reaches));
    }

    /** Who does not yet know all that the log has says nothing of what there is not. */
    private boolean mayTell(Eid eid, List<MappingRecord> records) {
        boolean may =
                shards.at(eid).knowsAll().getAsBoolean()
                        || records.stream().noneMatch(MappingRecord::isNegative);
        if (!may) {
            around.metrics().dropped(Drop.CATCHING_UP);
        }
        return may;
    }

    private static Supplier<MapReply> unsigned(MapRequest request, List<MappingRecord> records) {
        return () -> new MapReply(false, false, request.nonce(), records);
    }

    /**
     * @param what is not made, nor signed, when it may not be sent
     */
    private void reply(Ip to, From from, Supplier<MapReply> what) {
        var limit = limit(to, from);
        if (!limit.allows(to, around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        // What is many times as long as a question counts many times.
        limit.charge(to, around.outbox().send(to, from.replyPort(), what.get()) / ORDINARY);
    }

    /**
     * RFC 9303 §6.7.1: the ETR gets a key of its own, and the inner Map-Request unaltered; once,
     * with all that it will be believed in its one answer.
     */
    private void forward(
            Errand errand, Ip itr, Protection protection, ProtectedAnswer.Forward first) {
        var etr = first.etrs().getFirst();
        if (errand.wasPassedOnTo(etr.address())) {
            return;
        }
        var key = key(etr);
        if (key.isEmpty() || !named.allows(etr.address(), around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        var ecm = errand.from.relayed();
        if (ecm.isEmpty() || !errand.passesOnTo(etr.address())) {
            return;
        }
        var vouched = new LinkedHashSet<>(first.vouched());
        boolean etrCantSign = first.etrCantSign();
        for (var other : errand.request.records().size() == 1 ? NONE : errand.request.records()) {
            if (!isRefused(
                            errand.request,
                            other.eid(),
                            errand.from,
                            subscribes(errand.request, other))
                    && around.config().sites().elsewhere(other.eid()).isEmpty()
                    && protectedAnswer(errand, other.eid(), itr, protection)
                            instanceof ProtectedAnswer.Forward too
                    && too.etrs().getFirst().address().equals(etr.address())) {
                vouched.addAll(too.vouched());
                etrCantSign |= too.etrCantSign();
            }
        }
        var data =
                protection.forEtr(
                        List.copyOf(vouched), etrCantSign, errand.request.nonce(), key.get());
        around.outbox()
                .send(etr.address(), ServerConfig.LISP_PORT, ecm.get().with(Optional.of(data)));
    }

    /** A key that is no longer configured makes way for the site's first. */
    private Optional<SharedKey> key(ProtectedAnswer.Etr etr) {
        return around.config()
                .sites()
                .named(etr.site())
                .flatMap(site -> site.key(etr.keyId()).or(() -> site.keys().stream().findFirst()));
    }

    /** RFC 9301 §8.3: the ETR itself answers; the inner Map-Request goes on unaltered. */
    private void forward(Errand errand, Eid eid, List<Ip> etrs) {
        var etr = etrs.stream().filter(this::reaches).findFirst();
        if (etr.isEmpty()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
        } else if (!errand.wasPassedOnTo(etr.get()) && !named.allows(etr.get(), around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
        } else {
            passOn(errand, errand.from.relayed(), eid, etr.get(), ServerConfig.LISP_PORT);
        }
    }

    /**
     * RFC 9301 §8.4: another Map-Server answers, straight to the ITR-RLOCs of the unaltered
     * Map-Request. Which one changes with the nonce, so that a retransmission may try another.
     */
    private void relay(Errand errand, Eid eid, List<Elsewhere.Server> servers) {
        var from = errand.from;
        var usable = servers.stream().filter(it -> reaches(it.address())).toList();
        if (usable.isEmpty()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        // Two that take each other for the one who knows would never end.
        if (servers.contains(new Elsewhere.Server(from.address(), from.port()))) {
            around.drop(Drop.LOOP, from.address(), eid);
            return;
        }
        var nonce = errand.request.nonce().value();
        var server = usable.get((int) Long.remainderUnsigned(nonce, usable.size()));
        // Its own share of the Map-Server is what the asker has, not what all of us have together.
        if (!replies.allows(from.address(), around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        var ecm = errand.from.relayed().flatMap(EncapsulatedControlMessage::oneHopFurther);
        if (ecm.isEmpty() && errand.from.relayed().isPresent()) {
            // In a circle of servers none goes on for ever.
            around.drop(Drop.TOO_FAR, from.address(), errand.request.nonce());
            return;
        }
        passOn(errand, ecm, eid, server.address(), server.port());
    }

    /**
     * Sends a Map-Request on, once however many of its records go there.
     *
     * @param ecm what it came in, if in anything: an ETR gets the very same inner packet
     */
    private void passOn(
            Errand errand, Optional<EncapsulatedControlMessage> ecm, Eid eid, Ip to, int port) {
        if (!errand.passesOnTo(to)) {
            return;
        }
        var from = errand.from;
        if (ecm.isPresent()) {
            // Whoever is asked next stands in no tree.
            around.outbox().send(to, port, ecm.get().withDdtOriginated(false));
            return;
        }
        var inner =
                eid.prefix().address() instanceof Ip ip && ip.afi() == from.address().afi()
                        ? ip
                        : to;
        if (inner.afi() != from.address().afi()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
        } else if (from.port() == EncapsulatedControlMessage.DATA_PORT) {
            around.metrics().dropped(Drop.DATA_PORT);
        } else {
            around.outbox()
                    .send(
                            to,
                            port,
                            EncapsulatedControlMessage.of(
                                    from.address(),
                                    inner,
                                    from.port(),
                                    ServerConfig.LISP_PORT,
                                    errand.request));
        }
    }

    /** One of the ITR-RLOCs, best the one that the request came from (RFC 9301 §5.5). */
    private Optional<Ip> answerTo(MapRequest request, From from) {
        Optional<Ip> first = Optional.empty();
        for (var rloc : request.itrRlocs()) {
            var ip = rloc.ip();
            if (ip.isPresent() && ip.get().isUnicast() && reaches(ip.get())) {
                if (ip.get().equals(from.address())) {
                    return ip;
                }
                first = first.isPresent() ? first : ip;
            }
        }
        return first;
    }

    /** The ITR-RLOCs that this server can send to. */
    private List<Ip> usable(MapRequest request) {
        return request.itrRlocs().stream()
                .flatMap(rloc -> rloc.ip().stream())
                .filter(Ip::isUnicast)
                .filter(this::reaches)
                .distinct()
                .toList();
    }

    /** Whether an address may get one more answer now that it has perhaps not asked for. */
    boolean mayAnswer(Ip to) {
        return named.allows(to, around.now());
    }

    /** An address was sent so many octets that it has perhaps not asked for. */
    void charge(Ip to, int octets) {
        named.charge(to, octets / ORDINARY);
    }

    private RateLimit limit(Ip to, From from) {
        return to.equals(from.address()) ? replies : named;
    }

    /** Whether the socket can send to that family of addresses. */
    private boolean reaches(Ip ip) {
        var bound = around.config().lisp().getAddress();
        return bound.isAnyLocalAddress()
                || bound instanceof Inet4Address && ip instanceof LispAddress.Ipv4
                || bound.getAddress().length == ip.toInetAddress().getAddress().length;
    }

    private void subscribe(Errand errand, XtrIdentity identity, Eid eid) {
        var request = errand.request;
        var from = errand.from;
        var credentials = credentials(request, identity, eid, from);
        if (credentials.isEmpty()) {
            // RFC 9437 §5: no security association, no subscription.
            dropSubscription(identity, eid, request);
            refuse(request, eid, from, Action.DROP_AUTH_FAILURE);
            return;
        }
        if (leavesNoNonces(credentials.get(), request.nonce())) {
            around.drop(Drop.NONCE_TOO_HIGH, identity, request.nonce());
            return;
        }
        var addresses = usable(request);
        if (addresses.isEmpty()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        var fixed = state(eid).longestMatch(eid).map(Mapping::eid);
        if (isRefused(request, eid, from, true)
                || !mayUse(identity, request)
                || isFixed(identity, it -> it.equals(eid) || fixed.equals(Optional.of(it)))) {
            if (isReplay(identity, eid, request, from)) {
                around.drop(Drop.REPLAYED, identity, request.nonce());
            } else {
                dropSubscription(identity, eid, request);
                refuse(request, eid, from, Action.DROP_POLICY_DENIED);
            }
            return;
        }
        if (!state(eid).admits(eid, credentials.get(), identity, shards.room(eid, identity))) {
            answer(errand, eid); // as the log would have it, which a flood should not fill
            return;
        }
        // Its confirmation goes where a stranger may have pointed it, like any Map-Reply.
        if (!named.allows(addresses.getFirst(), around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        errand.asking.add(
                new Command.Subscribe(
                        around.origin(),
                        around.millis(),
                        credentials.get(),
                        identity,
                        request.nonce(),
                        addresses,
                        around.notifyPort(addresses.getFirst(), from.replyPort()),
                        eid,
                        around.config().sites().leastLength(eid),
                        hole(eid, identity),
                        MapResolver.isOutside(around.config().sites(), eid),
                        around.config().subscriptions().temporary().toMillis(),
                        shards.room(eid, identity)));
    }

    private void dropSubscription(XtrIdentity identity, Eid eid, MapRequest request) {
        var site = around.config().sites().withId(identity.siteId());
        var what = new Wanted(identity, eid, request);
        if (site.isEmpty()) {
            around.drop(Drop.NO_SUCH_SITE, "of that Site-ID", what);
        } else if (mayUse(identity, request)) {
            around.drop(Drop.SUBSCRIPTION_DENIED, identity, what);
        } else {
            around.drop(Drop.ITR_RLOC_NOT_ALLOWED, site.get().name(), what);
        }
    }

    /** A subscription that is refused; put into words when somebody reads them. */
    private record Wanted(XtrIdentity identity, Eid eid, MapRequest request) {
        @Override
        public String toString() {
            return "Site-ID "
                    + identity.siteId()
                    + " wants a subscription to "
                    + eid
                    + " for ITR-RLOC "
                    + request.itrRlocs().stream()
                            .map(Object::toString)
                            .collect(Collectors.joining(", "));
        }
    }

    private MappingSystem state(Eid eid) {
        return shards.at(eid).state();
    }

    /** What is subscribed to where nothing is registered, if that is wanted. */
    private Optional<MappingRecord> hole(Eid eid, XtrIdentity xtr) {
        boolean temporary = !around.config().subscriptions().temporary().isZero();
        return MapResolver.hole(state(eid), around.config().sites(), eid, Optional.of(xtr))
                .filter(it -> temporary || !it.isNegative());
    }

    /**
     * Whether anybody could use up an xTR's nonces: it would drop all that it is told under those
     * that begin anew (RFC 9437 §6).
     */
    private static boolean leavesNoNonces(Credentials credentials, Nonce nonce) {
        return credentials.association().isEmpty()
                && Long.compareUnsigned(nonce.value(), MOST_UNPROVED) > 0;
    }

    private void unsubscribe(Errand errand, XtrIdentity identity, Eid eid) {
        var request = errand.request;
        var from = errand.from;
        // RFC 9437 §5: the answer goes to the source of the request; inside an ECM, that is who
        // made it, unless it is an EID.
        var source = source(from);
        if (!limit(source, from).allows(source, around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        var credentials = credentials(request, identity, eid, from);
        if (credentials.isEmpty()) {
            around.outbox()
                    .send(
                            source,
                            from.replyPort(),
                            negative(request, eid, from, Action.DROP_AUTH_FAILURE));
            return;
        }
        if (leavesNoNonces(credentials.get(), request.nonce())) {
            around.drop(Drop.NONCE_TOO_HIGH, identity, request.nonce());
            return;
        }
        if (isFixed(identity, it -> it.covers(eid))) {
            if (isReplay(identity, eid, request, from)) {
                around.drop(Drop.REPLAYED, identity, request.nonce());
            } else {
                around.outbox()
                        .send(
                                source,
                                from.replyPort(),
                                negative(request, eid, from, Action.DROP_POLICY_DENIED));
            }
            return;
        }
        errand.asking.add(
                new Command.Unsubscribe(
                        around.origin(),
                        around.millis(),
                        credentials.get(),
                        identity,
                        request.nonce(),
                        eid,
                        source,
                        around.notifyPort(source, from.replyPort()),
                        shards.room(eid, identity)));
    }

    private Ip source(From from) {
        return from.relayed()
                .map(EncapsulatedControlMessage::source)
                .filter(Ip::isUnicast)
                .filter(this::reaches)
                .orElse(from.address());
    }

    /**
     * What the security association is: a key of the site that the xTR names, or one that its
     * one-time key makes, if the secret of that may be used by xTRs of the site (RFC 9437 §7.1).
     */
    private Optional<Credentials> credentials(
            MapRequest request, XtrIdentity identity, Eid eid, From from) {
        var site = around.config().sites().withId(identity.siteId());
        if (from.protection().isEmpty()) {
            return site.map(it -> credentials(it, identity, eid));
        }
        var protection = from.protection().get();
        return site.filter(it ->
                        around.config()
                                .lispSec()
                                .key(protection.keyId())
                                .filter(key -> key.speaksFor(it.name()))
                                .isPresent())
                .map(it -> protection.credentials(it.name(), request.nonce()));
    }

    /**
     * RFC 9301 §8.3: whether the policy has this requester told to drop, whether anything is
     * registered or not. Where nothing is known there is nothing to deny.
     */
    private boolean isRefused(MapRequest request, Eid eid, From from, boolean subscribes) {
        var policies = around.config().policies();
        if (policies.refusals().isEmpty()) {
            return false;
        }
        var addresses = new ArrayList<Ip>();
        addresses.add(from.address());
        from.relayed().map(EncapsulatedControlMessage::source).ifPresent(addresses::add);
        request.itrRlocs().forEach(rloc -> rloc.ip().ifPresent(addresses::add));
        var who = new Policies.Requester(addresses, request.identity());
        return policies.refuse(who, eid, subscribes)
                && (around.config().sites().configured(eid).isPresent()
                        || around.config().sites().elsewhere(eid).isPresent()
                        || state(eid).longestMatch(eid).isPresent());
    }

    /**
     * RFC 9437 §3: whether an xTR of the site may have Map-Notifies sent to all these ITR-RLOCs.
     */
    private boolean mayUse(XtrIdentity identity, MapRequest request) {
        return around.config()
                .sites()
                .withId(identity.siteId())
                .filter(site ->
                        request.itrRlocs().stream()
                                .flatMap(rloc -> rloc.ip().stream())
                                .allMatch(ip -> site.mayUse(new Rloc(ip))))
                .isPresent();
    }

    /** RFC 9437 §5: what is old is dropped before the policy is asked; a new key begins anew. */
    private boolean isReplay(XtrIdentity identity, Eid eid, MapRequest request, From from) {
        return from.protection().isEmpty() && state(eid).isReplay(eid, identity, request.nonce());
    }

    /** Whether the operator has set up such a subscription and keeps it as it is (RFC 9437 §5). */
    private boolean isFixed(XtrIdentity identity, Predicate<Eid> prefix) {
        return around.config().subscriptions().configured().stream()
                .filter(it -> !it.mayChange())
                .map(it -> it.explicit().id())
                .anyMatch(it -> it.xtr().equals(identity) && prefix.test(it.prefix()));
    }

    /**
     * The key that the xTR registers with, whatever it registers, or that it has acknowledged its
     * subscription under. One that has shown none yet: the site's first, and each time it asks
     * again, having acknowledged nothing, the next, so that it is understood while keys are being
     * changed.
     */
    private Credentials credentials(Site site, XtrIdentity identity, Eid eid) {
        var state = state(eid);
        return Stream.concat(Stream.of(shards.at(eid)), shards.all().stream())
                .flatMap(it -> it.state().member(site.name(), identity).stream())
                .findFirst()
                .map(member -> site.live(member.contact().credentials()))
                .or(() ->
                        state.unacknowledged(eid, identity, around.millis() - ASKS_AGAIN_MILLIS)
                                .map(Credentials::keyId)
                                .map(site::credentialsAfter))
                .or(() -> state.agreed(eid, identity).map(site::live))
                .orElseGet(site::defaultCredentials);
    }

    private void refuse(MapRequest request, Eid eid, From from, Action action) {
        answerTo(request, from)
                .filter(to -> limit(to, from).allows(to, around.now()))
                .ifPresent(to ->
                        around.outbox()
                                .send(to, from.replyPort(), negative(request, eid, from, action)));
    }

    private static MapReply negative(MapRequest request, Eid eid, From from, Action action) {
        var record =
                MappingRecord.negative(
                        action == Action.DROP_POLICY_DENIED
                                ? RecordTtl.FIFTEEN_MINUTES
                                : RecordTtl.ONE_MINUTE,
                        action,
                        eid);
        var reply = unsigned(request, List.of(record)).get();
        return from.protection().map(it -> it.sign(reply, List.of(eid), false)).orElse(reply);
    }

    /** RFC 9437 §7.1: there is no new security association, nor then a subscription. */
    void onNotAuthenticated(Command.Asking asked) {
        around.drop(Drop.KEY_USED_AGAIN, asked.xtr(), asked.asked());
        take(asked).ifPresent(it -> refuse(it.request, asked.asked(), it.from));
    }

    private Optional<Errand> take(Command.Asking asked) {
        return Optional.ofNullable(waiting.remove(hash.of(asked.nonce(), asked.asked())));
    }

    /** No security association, so no subscription and no end of one. */
    private void refuse(MapRequest request, Eid eid, From from) {
        if (request.unsubscribes()) {
            reply(source(from), from, () -> negative(request, eid, from, Action.DROP_AUTH_FAILURE));
        } else {
            refuse(request, eid, from, Action.DROP_AUTH_FAILURE);
        }
    }

    /** The log has found nothing to subscribe to: answers as if it had not been asked. */
    void onNotSubscribed(Command.Subscribe asked) {
        take(asked).ifPresent(it -> answer(it, asked.asked()));
    }
}
