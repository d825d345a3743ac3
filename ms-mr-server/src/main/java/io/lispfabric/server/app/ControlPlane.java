package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.MapResolver;
import io.lispfabric.server.core.Publisher;
import io.lispfabric.server.core.Site;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.udp.Datagram;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that a packet can cause. It runs on the socket's loop alone: what arrives is decoded,
 * authenticated and answered from the current state, or submitted to the log; what the log releases
 * comes back here and is sent.
 */
final class ControlPlane {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

    /**
     * RFC 9301 §5: where the path MTU is not known, 576 octets of IPv4 or 1280 of IPv6, less IP,
     * UDP and the Map-Reply's own header.
     */
    private static final int ROOM_IPV4 = 576 - 20 - 8 - 12;

    private static final int ROOM_IPV6 = 1280 - 40 - 8 - 12;

    /**
     * In an EID-record whose EID has an Instance ID: ten octets before the AFI, two of it, four of
     * the LCAF (RFC 8060 §4.1).
     */
    private static final int IID_MASK_LENGTH_OFFSET = 10 + 2 + 3;

    /** How many Map-Notifies are sent before the socket is read again. */
    private static final int PUBLISH_BATCH = 64;

    /** Subscriptions under way; the answers to older ones are then lost, as a packet may be. */
    private static final int MOST_WAITING = 16_384;

    /** Expired registrations that one command names. */
    private static final int EXPIRE_BATCH = 512;

    /** Where commands go. */
    interface Submission {
        /** Asks for a command to be committed; never blocks. */
        CompletableFuture<?> submit(ByteBuffer command);
    }

    private final ServerConfig config;
    private final MappingLog mappings;
    private final Submission log;
    private final Outbox outbox;
    private final ServerMetrics metrics;
    private final LocalAddresses local;
    private final InstantSource clock;
    private final long origin;
    private final Vendors vendors;
    private final RateLimit replies;
    private final Publisher publisher = new Publisher();
    private final BoundedMap<Question, Waiting> waiting = new BoundedMap<>(MOST_WAITING);
    private boolean leads;

    /**
     * @param origin a number that no other run of any server has
     */
    ControlPlane(
            ServerConfig config,
            MappingLog mappings,
            Submission log,
            Outbox outbox,
            ServerMetrics metrics,
            LocalAddresses local,
            InstantSource clock,
            long origin) {
        this.config = config;
        this.mappings = mappings;
        this.log = log;
        this.outbox = outbox;
        this.metrics = metrics;
        this.local = local;
        this.clock = clock;
        this.origin = origin;
        this.vendors = Vendors.of(config.vendors());
        this.replies = new RateLimit(config.repliesPerSecond(), 2 * config.repliesPerSecond());
    }

    void receive(Datagram datagram) {
        switch (LispCodec.decode(datagram.payload(), vendors)) {
            case Decoded.Malformed(var flaw, var offset) -> {
                metrics.malformed(flaw);
                LOG.debug(
                        "{} at octet {} of a datagram from {}",
                        flaw.label(),
                        offset,
                        datagram.source());
            }
            case Decoded.Message(var message) -> {
                metrics.received(message);
                var source = Ip.of(datagram.source().getAddress());
                receive(
                        message,
                        new From(source, datagram.source().getPort(), Optional.empty()),
                        datagram.payload());
            }
        }
    }

    /**
     * Where a message came from.
     *
     * @param relayed the ECM that it came in, if it did
     */
    private record From(Ip address, int port, Optional<EncapsulatedControlMessage> relayed) {
        /**
         * The port that a Map-Reply goes to: for a message in an ECM, the inner one (RFC 9301
         * §5.8).
         */
        int replyPort() {
            return relayed.map(EncapsulatedControlMessage::sourcePort).orElse(port);
        }
    }

    /** One record of a Map-Request. */
    private record Question(Nonce nonce, Eid eid) {}

    /**
     * A Map-Request whose subscription is in the log; needed again if there turns out to be nothing
     * to subscribe to.
     */
    private record Waiting(MapRequest request, From from) {}

    private void receive(LispMessage message, From from, ByteBuffer payload) {
        switch (message) {
            // An unprotected answer to a protected question would be discarded (RFC 9303 §6.9).
            case EncapsulatedControlMessage ecm when ecm.authenticationData().isPresent() ->
                    metrics.dropped(Drop.UNEXPECTED);
            case EncapsulatedControlMessage ecm when ecm.message() instanceof MapRequest request ->
                    onRequest(request, new From(from.address(), from.port(), Optional.of(ecm)));
            case MapRequest request -> onRequest(request, from);
            case MapRegister register -> onRegister(register, from, payload);
            case MapNotifyAck ack -> onAck(ack, payload);
            case EncapsulatedControlMessage _,
                    MapReply _,
                    MapNotify _,
                    MapReferral _,
                    InfoRequest _,
                    InfoReply _,
                    SharedExtension _ ->
                    metrics.dropped(Drop.UNEXPECTED);
        }
    }

    // Registration

    private void onRegister(MapRegister register, From from, ByteBuffer payload) {
        var site = siteOf(register, payload);
        if (site.isEmpty()) {
            metrics.dropped(Drop.BAD_AUTHENTICATION);
            LOG.debug("a Map-Register from {} that no key vouches for", from.address());
            return;
        }
        if (register.mergeRequest() && register.identity().isEmpty()) {
            metrics.dropped(Drop.MERGE_WITHOUT_ID);
            return;
        }
        var accepted = new ArrayList<MappingRecord>();
        for (var record : register.records()) {
            // RFC 9301 §9: all EID-Prefixes MUST be verified. A bad record does not spoil its
            // neighbours.
            if (!site.get().mayRegister(record.eid())) {
                metrics.dropped(Drop.PREFIX_NOT_ALLOWED);
                LOG.info("site {} may not register {}", site.get().name(), record.eid());
            } else if (!record.locators().stream().allMatch(ControlPlane::isSane)) {
                metrics.dropped(Drop.BAD_LOCATOR);
            } else {
                accepted.add(record);
            }
        }
        if (accepted.isEmpty()) {
            return;
        }
        var authentication = register.authentication();
        submit(
                new Command.Register(
                        origin,
                        clock.millis(),
                        new Credentials(
                                site.get().name(),
                                authentication.keyId(),
                                authentication.algorithmId(),
                                authentication.data().length(),
                                iidMaskLength(register, payload)),
                        site.get().noncesGrow(),
                        register.identity(),
                        register.nonce(),
                        register.proxyReply(),
                        register.mergeRequest(),
                        register.wantMapNotify(),
                        register.ttlForTimeout(),
                        config.registrationTimeout().toMillis(),
                        from.address(),
                        notifyPort(from.address(), from.port()),
                        accepted));
    }

    /**
     * The IID mask-len of the first EID, which says nothing (RFC 8060 §4.1) but is copied into the
     * Map-Notify like everything else (RFC 9301 §5.7): Open Overlay Router compares it.
     */
    private static int iidMaskLength(MapRegister register, ByteBuffer payload) {
        if (register.records().getFirst().eid().iid().equals(InstanceId.DEFAULT)) {
            return 0;
        }
        int record =
                payload.position()
                        + Authentication.DATA_OFFSET
                        + register.authentication().data().length();
        return payload.get(record + IID_MASK_LENGTH_OFFSET) & 0xFF;
    }

    private static boolean isSane(Locator locator) {
        return locator.rloc().ip().map(Ip::isUnicast).orElse(true);
    }

    /**
     * The site whose key made the MAC: the one that the Site-ID names, or, for an xTR without ids,
     * any that fits.
     */
    private Optional<Site> siteOf(MapRegister register, ByteBuffer payload) {
        var candidates =
                register.identity()
                        .map(id -> config.sites().withId(id.siteId()).stream().toList())
                        .orElse(config.sites().sites());
        for (var site : candidates) {
            var key = site.key(register.authentication().keyId());
            if (key.isPresent() && MessageAuthentication.verify(register, payload, key.get())) {
                return Optional.of(site);
            }
        }
        return Optional.empty();
    }

    private int notifyPort(Ip address, int sourcePort) {
        return switch (config.replyTo()) {
            case PORT_4342 -> ServerConfig.LISP_PORT;
            case SOURCE_PORT -> sourcePort;
            case AUTO -> local.contains(address) ? sourcePort : ServerConfig.LISP_PORT;
        };
    }

    // Questions and subscriptions

    private void onRequest(MapRequest request, From from) {
        if (request.probe()) {
            metrics.dropped(Drop.PROBE); // RFC 9301 §5.2: it MUST NOT come by the mapping system
        } else if (request.unsubscribes()) {
            var identity = request.identity().orElseThrow();
            request.records().stream()
                    .filter(MapRequest.Asked::subscribes)
                    .forEach(asked -> unsubscribe(request, identity, asked.eid(), from));
        } else if (request.itrRlocs().getFirst() == LispAddress.None.NONE) {
            metrics.dropped(Drop.NO_USABLE_ITR_RLOC);
        } else {
            for (var asked : request.records()) {
                if (asked.subscribes() && request.identity().isPresent()) {
                    subscribe(request, request.identity().get(), asked.eid(), from);
                } else {
                    answer(request, asked.eid(), from);
                }
            }
        }
    }

    private void answer(MapRequest request, Eid eid, From from) {
        if (request.dontMapReply()) {
            metrics.dropped(Drop.NO_REPLY_WANTED);
            return;
        }
        var to = answerTo(request, from);
        if (to.isEmpty()) {
            metrics.dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        int room = to.get() instanceof LispAddress.Ipv4 ? ROOM_IPV4 : ROOM_IPV6;
        switch (MapResolver.answer(mappings.current(), config.sites(), eid, room)) {
            case MapResolver.Answer.Reply(var records) -> reply(request, to.get(), from, records);
            case MapResolver.Answer.Forward(var etrs) -> forward(request, eid, from, etrs);
        }
    }

    private void reply(MapRequest request, Ip to, From from, List<MappingRecord> records) {
        if (!replies.allows(to, clock.instant())) {
            metrics.dropped(Drop.RATE_LIMITED);
            return;
        }
        outbox.send(to, from.replyPort(), new MapReply(false, false, request.nonce(), records));
    }

    /** RFC 9301 §8.3: the ETR itself answers; the inner Map-Request goes on unaltered. */
    private void forward(MapRequest request, Eid eid, From from, List<Ip> etrs) {
        var etr = etrs.stream().filter(it -> reaches(it)).findFirst();
        if (etr.isEmpty() || !replies.allows(etr.get(), clock.instant())) {
            metrics.dropped(etr.isEmpty() ? Drop.NO_USABLE_ITR_RLOC : Drop.RATE_LIMITED);
            return;
        }
        var inner =
                eid.prefix().address() instanceof Ip ip && ip.afi() == from.address().afi()
                        ? ip
                        : etr.get();
        if (from.relayed().isPresent()) {
            outbox.send(etr.get(), ServerConfig.LISP_PORT, from.relayed().get());
        } else if (inner.afi() == from.address().afi()) {
            outbox.send(
                    etr.get(),
                    ServerConfig.LISP_PORT,
                    EncapsulatedControlMessage.of(
                            from.address(), inner, from.port(), ServerConfig.LISP_PORT, request));
        } else {
            metrics.dropped(Drop.NO_USABLE_ITR_RLOC);
        }
    }

    /** One of the ITR-RLOCs, best the one that the request came from (RFC 9301 §5.5). */
    private Optional<Ip> answerTo(MapRequest request, From from) {
        var usable =
                request.itrRlocs().stream()
                        .flatMap(rloc -> rloc.ip().stream())
                        .filter(Ip::isUnicast)
                        .filter(this::reaches)
                        .toList();
        return usable.contains(from.address())
                ? Optional.of(from.address())
                : usable.stream().findFirst();
    }

    /** Whether the socket can send to that family of addresses. */
    private boolean reaches(Ip ip) {
        var bound = config.lisp().getAddress();
        return bound.isAnyLocalAddress()
                || bound.getAddress().length == ip.toInetAddress().getAddress().length;
    }

    private void subscribe(MapRequest request, XtrIdentity identity, Eid eid, From from) {
        var site = config.sites().withId(identity.siteId());
        if (site.isEmpty()) {
            // RFC 9437 §5: no security association, no subscription.
            refuse(request, eid, from, Action.DROP_AUTH_FAILURE);
            return;
        }
        var addresses =
                request.itrRlocs().stream()
                        .flatMap(rloc -> rloc.ip().stream())
                        .filter(Ip::isUnicast)
                        .filter(this::reaches)
                        .toList();
        if (addresses.isEmpty()) {
            metrics.dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        // Its confirmation goes where a stranger may have pointed it, like any Map-Reply.
        if (!replies.allows(addresses.getFirst(), clock.instant())) {
            metrics.dropped(Drop.RATE_LIMITED);
            return;
        }
        waiting.put(new Question(request.nonce(), eid), new Waiting(request, from));
        submit(
                new Command.Subscribe(
                        origin,
                        clock.millis(),
                        site.get().defaultCredentials(),
                        identity,
                        request.nonce(),
                        addresses,
                        notifyPort(addresses.getFirst(), from.replyPort()),
                        eid,
                        config.sites().leastLength(eid),
                        config.subscriptions().temporary().isZero()
                                ? Optional.empty()
                                : MapResolver.hole(mappings.current(), config.sites(), eid),
                        config.subscriptions().temporary().toMillis(),
                        config.subscriptions().mostUnconfirmed()));
    }

    private void unsubscribe(MapRequest request, XtrIdentity identity, Eid eid, From from) {
        // RFC 9437 §5: the answer goes to the source of the request; inside an ECM, that is who
        // made it, unless it is an EID.
        var source =
                from.relayed()
                        .map(EncapsulatedControlMessage::source)
                        .filter(Ip::isUnicast)
                        .filter(this::reaches)
                        .orElse(from.address());
        if (!replies.allows(source, clock.instant())) {
            metrics.dropped(Drop.RATE_LIMITED);
            return;
        }
        var site = config.sites().withId(identity.siteId());
        if (site.isEmpty()) {
            outbox.send(source, from.replyPort(), negative(request, eid, Action.DROP_AUTH_FAILURE));
            return;
        }
        submit(
                new Command.Unsubscribe(
                        origin,
                        clock.millis(),
                        site.get().defaultCredentials(),
                        identity,
                        request.nonce(),
                        eid,
                        source,
                        notifyPort(source, from.replyPort()),
                        config.subscriptions().mostUnconfirmed()));
    }

    private void refuse(MapRequest request, Eid eid, From from, Action action) {
        answerTo(request, from)
                .filter(to -> replies.allows(to, clock.instant()))
                .ifPresent(to -> outbox.send(to, from.replyPort(), negative(request, eid, action)));
    }

    private static MapReply negative(MapRequest request, Eid eid, Action action) {
        return new MapReply(
                false,
                false,
                request.nonce(),
                List.of(MappingRecord.negative(RecordTtl.ONE_MINUTE, action, eid)));
    }

    // Acknowledgements

    private void onAck(MapNotifyAck ack, ByteBuffer payload) {
        boolean known = false;
        for (var record : ack.records()) {
            for (var listener : publisher.awaiting(ack.nonce(), record.eid())) {
                if (vouchesFor(ack, payload, listener)) {
                    known = true;
                    publisher.onAcknowledged(listener, ack.nonce());
                    // It is no longer repeated once the state says so, and not before: were this
                    // command lost, the repetition would bring the next acknowledgement.
                    submit(new Command.Acknowledge(listener, record.eid(), ack.nonce()));
                }
            }
        }
        if (!known) {
            metrics.dropped(Drop.UNKNOWN_ACK);
        }
    }

    private boolean vouchesFor(MapNotifyAck ack, ByteBuffer payload, ListenerId listener) {
        return mappings.current()
                .listener(listener)
                .flatMap(it -> config.sites().named(it.contact().credentials().site()))
                .flatMap(site -> site.key(ack.authentication().keyId()))
                .filter(key -> MessageAuthentication.verify(ack, payload, key))
                .isPresent();
    }

    // The log

    /** A reply is a promise that a failover must not break, so it waits for the log. */
    private void submit(Command command) {
        var asked = clock.instant();
        log.submit(StateCodec.encode(command))
                .whenComplete((_, failure) -> {
                    if (failure == null) {
                        metrics.committed(Duration.between(asked, clock.instant()).toNanos() / 1e9);
                    } else {
                        metrics.dropped(Drop.LOG_UNAVAILABLE);
                        LOG.debug("not committed: {}", failure.getMessage());
                    }
                });
    }

    /** What a committed command leads to. */
    void release(List<Effect> effects) {
        for (var effect : effects) {
            switch (effect) {
                case Effect.Answer(
                                var heardBy,
                                var credentials,
                                var to,
                                var port,
                                var nonce,
                                var records)
                        when heardBy == origin ->
                        outbox.sendNotify(credentials, to, port, nonce, records);
                case Effect.NotSubscribed(var asked) when asked.origin() == origin -> {
                    var it =
                            Optional.ofNullable(
                                    waiting.remove(new Question(asked.nonce(), asked.asked())));
                    it.ifPresent(those -> answer(those.request(), asked.asked(), those.from()));
                }
                case Effect.Replayed(var heardBy) when heardBy == origin ->
                        metrics.dropped(Drop.REPLAYED);
                case Effect.Conflicting(var heardBy) when heardBy == origin ->
                        metrics.dropped(Drop.PREFIX_CONFLICT);
                case Effect.Outdated(var heardBy) when heardBy == origin ->
                        metrics.dropped(Drop.OUTDATED);
                case Effect.Publish publish when leads ->
                        publisher.onPublish(publish, clock.instant());
                case Effect.Dismiss(var credentials, var to, var port, var nonce, var record)
                        when leads ->
                        outbox.sendNotify(credentials, to, port, nonce, List.of(record));
                case Effect _ -> {} // another replica's to do
            }
        }
        publish();
    }

    void lead(boolean leading) {
        leads = leading;
        if (leading) {
            publisher.onLeading(mappings.current(), clock.instant());
            publish();
        } else {
            publisher.onFollowing();
        }
    }

    /** Sends what is due. Called often. */
    void publish() {
        if (!leads) {
            return;
        }
        for (var due : publisher.poll(clock.instant(), mappings.current(), PUBLISH_BATCH)) {
            switch (due) {
                case Publisher.Due.Send(
                                var credentials,
                                var to,
                                var port,
                                var nonce,
                                var record,
                                _,
                                var again) -> {
                    if (again) {
                        metrics.retransmitted();
                    }
                    outbox.sendNotify(credentials, to, port, nonce, List.of(record));
                }
                case Publisher.Due.Surrender(var command) -> submit(command);
                case Publisher.Due.Renew(var command) -> submit(command);
            }
        }
    }

    /** Lets go of what was not refreshed, or has an end. Called every second or so. */
    void expire() {
        if (leads) {
            long now = clock.millis();
            var over = mappings.current().dueListeners(now, EXPIRE_BATCH);
            if (!over.isEmpty()) {
                submit(new Command.Forget(now, over));
            }
            var due = mappings.current().due(now, EXPIRE_BATCH);
            if (!due.isEmpty()) {
                submit(new Command.Expire(now, due));
            }
        }
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    int outstanding() {
        return publisher.outstanding();
    }
}
