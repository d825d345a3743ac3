package io.lispfabric.xtr.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
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
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.app.OpsEndpoint;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.Datagram;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.core.Cause;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.NonceCounter;
import io.lispfabric.xtr.core.Outcome;
import io.lispfabric.xtr.core.Transmission;
import io.lispfabric.xtr.core.XtrEvent;
import io.lispfabric.xtr.forward.AttachedEids;
import io.lispfabric.xtr.forward.AttachmentCircuit;
import io.lispfabric.xtr.forward.Counters;
import io.lispfabric.xtr.forward.Encapsulation;
import io.lispfabric.xtr.forward.Forwarder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running xTR: it registers the accelerators that are attached to it, subscribes to those that
 * its accelerators talk to, and carries their packets. Many can live in one process and share a
 * loop, each at a locator of its own.
 *
 * <p>Everything an xTR keeps is owned by its loop. The methods here may be called from any thread;
 * those that open or close sockets ({@link #start}, {@link #attach}, {@link #detach}, {@link
 * #shutdown}, {@link #close}) not from the loop itself, so not from a listener.
 */
public final class XtrAgent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(XtrAgent.class);

    private static final long TICK_MILLIS = 50;
    private static final Duration STUCK = Duration.ofSeconds(5);
    private static final Duration LOG_PAUSE = Duration.ofSeconds(1);
    private static final long CALL_SECONDS = 10;
    private static final long REGISTER_BLOCK = 1024;
    private static final long SUBSCRIPTION_BLOCK = 1L << 26;

    private final AgentConfig config;
    private final UdpEndpoint.Loop loop;
    private final XtrListener listener;
    private final InstantSource time;
    private final UdpSockets sockets;
    private final Vendors vendors;
    private final SecureRandom random = new SecureRandom();
    private final Counters counters = new Counters();
    private final Map<String, Domain> domains = new LinkedHashMap<>();
    private final Forwarding forwarding = new Forwarding();
    private final LocalDatabase<AttachmentCircuit> database = new LocalDatabase<>();
    private final Groups<AttachmentCircuit> groups;
    private final Map<String, Attached> attachments = new LinkedHashMap<>();
    private final Forwarder forwarder;
    private final List<AutoCloseable> listeners = new ArrayList<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private boolean draining;
    private volatile boolean closed;
    private Instant logged = Instant.EPOCH;
    private volatile Instant ticked;
    private volatile Optional<Thread> loopThread = Optional.empty();

    /** A domain and what its messages are sealed with. */
    private record Domain(AgentConfig.Domain config, MappingDomain core) {
        /** What is not confirmed here, and where to look: a Map-Server does not say why. */
        String unconfirmed() {
            var all = core.registered();
            return "not yet registered in "
                    + core.name()
                    + ": "
                    + all.stream().filter(it -> !it.withdrawn() && !it.confirmed()).count()
                    + " of "
                    + all.size()
                    + " EIDs are not confirmed by "
                    + config.mapServers().stream()
                            .map(it -> it.getAddress().getHostAddress() + ":" + it.getPort())
                            .collect(Collectors.joining(", "))
                    + " (silent towards a wrong Site-ID, key or EID-Prefix, which its log and"
                    + " metrics name)";
        }
    }

    /** A domain, and the security association that vouches for a message if not its key does. */
    private record Vouched(Domain domain, Optional<SharedKey> association) {}

    /** An open attachment and the EIDs that it still has. */
    private record Attached(UdpAttachment circuit, List<Eid> eids, List<Eid> groups) {}

    private XtrAgent(
            AgentConfig config,
            UdpEndpoint.Loop loop,
            XtrListener listener,
            InstantSource time,
            UdpSockets sockets)
            throws IOException {
        this.config = config;
        this.loop = loop;
        this.listener = listener;
        this.time = time;
        this.sockets = sockets;
        vendors = Vendors.of(config.vendors());
        ticked = time.instant();
        for (var domain : config.domains()) {
            var core =
                    new MappingDomain(
                            settings(domain),
                            nonces(domain.name() + "-register", REGISTER_BLOCK),
                            nonces(domain.name() + "-subscription", SUBSCRIPTION_BLOCK),
                            () -> new Nonce(random.nextLong()),
                            this::oneTimeKey);
            domains.put(domain.name(), new Domain(domain, core));
            for (var route : domain.routes()) {
                route.prefix()
                        .ifPresentOrElse(
                                it -> forwarding.route(new Eid(route.iid(), it), core),
                                () -> forwarding.route(route.iid(), core));
            }
        }
        groups = new Groups<>(forwarding, config.identity());
        for (var domain : config.domains()) {
            for (var group : domain.groups()) {
                groups.extend(group, domain(domain.name()).core(), ticked);
            }
        }
        forwarder =
                new Forwarder(
                        database,
                        forwarding,
                        groups,
                        it -> domain(it).config().encapsulation(),
                        sockets,
                        config.reEncapsulate(),
                        counters,
                        listener.wantsPackets()
                                ? Optional.of(listener::onEvent)
                                : Optional.empty());
    }

    /** Starts an xTR that nobody watches. */
    public static XtrAgent start(AgentConfig config, UdpEndpoint.Loop loop) throws IOException {
        return start(config, loop, XtrListener.NONE, InstantSource.system());
    }

    /**
     * Starts an xTR.
     *
     * @param loop has one thread, and outlives the xTR
     * @throws IOException in one line, when a port is busy or the state cannot be used; then
     *     nothing is left running
     */
    public static XtrAgent start(
            AgentConfig config, UdpEndpoint.Loop loop, XtrListener listener, InstantSource time)
            throws IOException {
        var sockets = UdpSockets.open(config, loop);
        XtrAgent agent;
        try {
            agent = new XtrAgent(config, loop, listener, time, sockets);
        } catch (IOException | RuntimeException e) {
            sockets.close();
            throw e;
        }
        try {
            agent.begin();
            return agent;
        } catch (IOException | RuntimeException e) {
            agent.close();
            throw e;
        }
    }

    private MappingDomain.Settings settings(AgentConfig.Domain domain) {
        return new MappingDomain.Settings(
                domain.name(),
                domain.mapServers(),
                config.identity(),
                Locator.of(new Rloc(config.rloc()), config.priority(), config.weight()),
                config.rloc(),
                config.controlPort(),
                config.recordTtl(),
                config.mapCacheEntries(),
                domain.proxyReply(),
                domain.protecting());
    }

    private OneTimeKey oneTimeKey() {
        var octets = new byte[OneTimeKey.LENGTH];
        random.nextBytes(octets);
        return new OneTimeKey(Bytes.of(octets));
    }

    private NonceCounter nonces(String name, long block) throws IOException {
        int low = random.nextInt();
        if (config.state().isEmpty()) {
            var start = NonceCounter.start(time.instant(), low, Optional.empty());
            return new NonceCounter(start, block, NonceCounter.Reservation.NONE);
        }
        var file = new NonceFile(folder(config.state().get()).resolve("nonces-" + name));
        var start = NonceCounter.start(time.instant(), low, file.read());
        file.write(start); // so that a folder that cannot be written to is found now
        return new NonceCounter(start, block, file);
    }

    private static Path folder(Path state) throws IOException {
        try {
            return Files.createDirectories(state);
        } catch (IOException e) {
            throw new IOException("cannot use state folder " + state + ": " + e.getMessage(), e);
        }
    }

    private void begin() throws IOException {
        sockets.receiveWith(
                new UdpSockets.Receiver() {
                    @Override
                    public void onControl(Datagram datagram) {
                        receive(datagram);
                    }

                    @Override
                    public void onData(Encapsulation encapsulation, Datagram datagram) {
                        fromNetwork(encapsulation, datagram);
                    }
                });
        call(() -> {
            loopThread = Optional.of(Thread.currentThread());
            var now = time.instant();
            for (var entry : config.database()) {
                for (var name : entry.domains()) {
                    domain(name).core().register(entry.eid(), now);
                }
            }
            for (var domain : domains.values()) {
                domain.config().subscribe().forEach(it -> domain.core().subscribe(it, now));
            }
            pollAll(now);
            return true;
        });
        for (var attachment : config.attachments()) {
            attach(attachment);
        }
        loop.every(TICK_MILLIS, this::tick);
        if (config.adminListen().isPresent()) {
            listeners.add(AdminListener.open(this, config.adminListen().get()));
        }
        if (config.httpListen().isPresent()) {
            listeners.add(
                    new OpsEndpoint(
                            config.httpListen().get(),
                            AgentMetrics.of(this),
                            () -> isAlive() ? Optional.empty() : Optional.of("stuck"),
                            this::notReady,
                            Optional::empty));
        }
        LOG.info("xTR {} at {} takes part in {}", config.name(), config.rloc(), domains.keySet());
    }

    private void tick() {
        if (closed) {
            throw new CancellationException("closed"); // this is how a repeated task ends
        }
        var now = time.instant();
        try {
            pollAll(now);
        } catch (RuntimeException e) {
            LOG.error("xTR {} stops: a mistake of ours", config.name(), e);
            throw e;
        }
        ticked = now;
    }

    private void pollAll(Instant now) {
        groups.poll(now);
        for (var domain : domains.values()) {
            apply(domain, domain.core().poll(now));
        }
        checkDrained();
    }

    private Domain domain(String name) {
        var domain = domains.get(name);
        if (domain == null) {
            throw new IllegalArgumentException("no domain is named " + name);
        }
        return domain;
    }

    private Domain domain(MappingDomain core) {
        return domain(core.name());
    }

    // What arrives

    /** One screen shows everything that a control message can cause. */
    private void receive(Datagram datagram) {
        switch (LispCodec.decode(datagram.payload(), vendors)) {
            case Decoded.Malformed(var flaw, _) -> counters.malformed(flaw);
            case Decoded.Message(MapNotify notify) -> {
                counters.count(Count.MAP_NOTIFIES_RECEIVED);
                vouching(notify, datagram)
                        .ifPresentOrElse(
                                it -> {
                                    var now = time.instant();
                                    var domain = it.domain();
                                    apply(
                                            domain,
                                            domain.core()
                                                    .onNotify(
                                                            notify,
                                                            it.association(),
                                                            datagram.source(),
                                                            now));
                                    apply(domain, domain.core().poll(now));
                                    checkDrained();
                                },
                                () -> counters.drop(Drop.BAD_AUTHENTICATION));
            }
            case Decoded.Message(MapReply reply) -> {
                counters.count(Count.MAP_REPLIES_RECEIVED);
                domains.values().stream()
                        .filter(it -> it.core().awaits(reply))
                        .findFirst()
                        .ifPresentOrElse(
                                it ->
                                        apply(
                                                it,
                                                it.core()
                                                        .onReply(
                                                                reply,
                                                                datagram.payload(),
                                                                time.instant())),
                                () -> counters.drop(Drop.UNKNOWN_NONCE));
            }
            case Decoded.Message(EncapsulatedControlMessage ecm)
                    when ecm.message() instanceof MapRequest request ->
                    answer(ecm, request, datagram.source());
            case Decoded.Message(MapRequest _),
                    Decoded.Message(MapRegister _),
                    Decoded.Message(MapNotifyAck _),
                    Decoded.Message(MapReferral _),
                    Decoded.Message(InfoRequest _),
                    Decoded.Message(InfoReply _),
                    Decoded.Message(SharedExtension _),
                    Decoded.Message(EncapsulatedControlMessage _) ->
                    counters.drop(Drop.UNEXPECTED_MESSAGE);
        }
    }

    private void checkDrained() {
        if (draining && domains.values().stream().allMatch(it -> it.core().isIdle())) {
            drained.complete(null);
        }
    }

    /**
     * A Map-Request that a Map-Server has passed on. What LISP-SEC protects is known by its key;
     * anything else must have come from where a Map-Server is, or strangers could have us answer
     * whom they like.
     */
    private void answer(
            EncapsulatedControlMessage ecm, MapRequest request, InetSocketAddress source) {
        var now = time.instant();
        for (var domain : domains.values()) {
            if (!domain.core().answersFor(request)) {
                continue;
            }
            var key = ecm.authenticationData().flatMap(it -> unwrapped(domain, it, request));
            boolean vouched =
                    ecm.authenticationData().isPresent()
                            ? key.isPresent()
                            : domain.config().mapServers().stream()
                                    .anyMatch(it -> it.getAddress().equals(source.getAddress()));
            if (vouched) {
                apply(domain, domain.core().onRequest(ecm, request, key, now));
                return;
            }
        }
        counters.drop(
                ecm.authenticationData().isPresent()
                        ? Drop.BAD_AUTHENTICATION
                        : Drop.UNEXPECTED_MESSAGE);
    }

    /** There is no DTLS, so that a key in the clear is none (RFC 9303 §6.5). */
    private static Optional<OneTimeKey> unwrapped(Domain domain, EcmAd data, MapRequest request) {
        return LispSec.unwrap(
                data.otk(),
                request.nonce(),
                domain.config().key(),
                EnumSet.of(KeyWrap.AES_128_HKDF_SHA256));
    }

    /**
     * The domain that a Map-Notify is from: that of the member it came from, if its key vouches for
     * it, or that of a security association there; a member that is not listed is known by the key
     * alone, when no two domains share that.
     */
    private Optional<Vouched> vouching(MapNotify notify, Datagram datagram) {
        var vouching = new ArrayList<Vouched>();
        for (var domain : domains.values()) {
            if (MessageAuthentication.verify(notify, datagram.payload(), domain.config().key())) {
                vouching.add(new Vouched(domain, Optional.empty()));
                continue;
            }
            domain.core().associations(notify).stream()
                    .filter(it -> MessageAuthentication.verify(notify, datagram.payload(), it))
                    .findFirst()
                    .ifPresent(it -> vouching.add(new Vouched(domain, Optional.of(it))));
        }
        var listed =
                vouching.stream()
                        .filter(it -> it.domain().config().mapServers().contains(datagram.source()))
                        .toList();
        if (listed.size() == 1) {
            return Optional.of(listed.getFirst());
        }
        return vouching.size() == 1 ? Optional.of(vouching.getFirst()) : Optional.empty();
    }

    private void fromNetwork(Encapsulation encapsulation, Datagram datagram) {
        var now = time.instant();
        if (forwarder.fromNetwork(
                encapsulation, datagram.source().getAddress(), datagram.payload(), now)) {
            pollAll(now);
        }
    }

    private void fromAttachment(UdpAttachment from, ByteBuffer frame) {
        var now = time.instant();
        if (forwarder.fromAttachment(from.eids(), frame, now)) {
            pollAll(now);
        }
    }

    // What leaves

    private void apply(Domain domain, Outcome outcome) {
        outcome.send().forEach(it -> send(domain, it));
        outcome.drops().forEach(it -> drop(domain, it));
        outcome.events().forEach(this::tell);
    }

    /** RFC 9303 §6.9: what LISP-SEC refuses is logged; not as often as somebody may wish. */
    private void drop(Domain domain, Drop why) {
        counters.drop(why);
        boolean told =
                switch (why) {
                    case OVERCLAIMED, UNPROTECTED_REPLY, OTHER_ALGORITHM, ASSOCIATION_REFUSED ->
                            true;
                    case BAD_AUTHENTICATION -> domain.config().protecting().isPresent();
                    default -> false;
                };
        var now = time.instant();
        if (told && !now.isBefore(logged.plus(LOG_PAUSE))) {
            logged = now;
            LOG.warn("xTR {} in {}: {}", config.name(), domain.config().name(), why.label());
        }
    }

    private void tell(XtrEvent event) {
        if (event instanceof XtrEvent.MapCacheUpdated(_, _, _, var cause)
                && cause == Cause.PUBLICATION) {
            counters.count(Count.PUBLICATIONS_RECEIVED);
        }
        listener.onEvent(event);
    }

    private void send(Domain domain, Transmission it) {
        var octets =
                switch (it.message()) {
                    case LispMessage.Authenticated message ->
                            seal(message, it.key().orElseGet(() -> domain.config().key()));
                    case LispMessage.Plain message -> LispCodec.encode(message);
                };
        count(it.message());
        sockets.sendControl(it.fromControlPort(), it.to(), octets);
    }

    /** An acknowledgment has its Map-Notify's algorithm; what is our own, the key's strongest. */
    private static byte[] seal(LispMessage.Authenticated message, SharedKey key) {
        var asked = message.authentication();
        return Algorithm.of(asked.algorithmId())
                .map(it -> MessageAuthentication.seal(message, key, it, asked.data().length()))
                .orElseGet(() -> MessageAuthentication.seal(message, key));
    }

    private void count(LispMessage message) {
        switch (message) {
            case MapRegister _ -> counters.count(Count.MAP_REGISTERS_SENT);
            case MapNotifyAck _ -> counters.count(Count.MAP_NOTIFY_ACKS_SENT);
            case MapRequest _, EncapsulatedControlMessage _ ->
                    counters.count(Count.MAP_REQUESTS_SENT);
            case MapReply _ -> counters.count(Count.MAP_REPLIES_SENT);
            case MapNotify _, MapReferral _, InfoRequest _, InfoReply _, SharedExtension _ -> {}
        }
    }

    // What others ask for

    /**
     * Attaches an accelerator, and registers its EIDs in the domains whose routes match; and its
     * groups, if this xTR is the designated one.
     *
     * @return where the accelerator is to send its datagrams
     * @throws IOException when the socket cannot be opened
     * @throws IllegalArgumentException when an attachment of that name exists, or no domain has a
     *     route for an EID
     */
    public InetSocketAddress attach(AgentConfig.Attachment attachment) throws IOException {
        Stream.concat(attachment.eids().stream(), attachment.groups().stream())
                .filter(eid -> forwarding.domainOf(eid).isEmpty())
                .findFirst()
                .ifPresent(eid -> {
                    throw new IllegalArgumentException("no domain has a route for " + eid);
                });
        var circuit = UdpAttachment.open(attachment, loop, this::fromAttachment);
        boolean attached = call(() -> attached(attachment, circuit));
        if (!attached) {
            circuit.close();
            throw new IllegalArgumentException("there is an attachment named " + attachment.name());
        }
        return circuit.localAddress();
    }

    private boolean attached(AgentConfig.Attachment attachment, UdpAttachment circuit) {
        if (attachments.containsKey(attachment.name())) {
            return false;
        }
        attachments.put(
                attachment.name(),
                new Attached(circuit, new ArrayList<>(attachment.eids()), attachment.groups()));
        var now = time.instant();
        for (var eid : attachment.eids()) {
            database.attach(eid, circuit);
            forwarding.domainOf(eid).ifPresent(it -> it.register(eid, attachment.metadata(), now));
        }
        attachment.groups().forEach(it -> groups.join(it, circuit, now));
        pollAll(now);
        return true;
    }

    /**
     * Detaches EIDs: nothing is delivered to them any more, and they are deregistered (draft-jain
     * §5.4). An attachment that has none left is closed.
     */
    public void detach(Eid... eids) {
        call(() -> detached(List.of(eids))).forEach(UdpAttachment::close);
    }

    private List<UdpAttachment> detached(List<Eid> eids) {
        var now = time.instant();
        for (var eid : eids) {
            database.detach(eid);
            forwarding.domainOf(eid).ifPresent(it -> it.withdraw(eid, now));
        }
        var empty = new ArrayList<UdpAttachment>();
        for (var all = attachments.values().iterator(); all.hasNext(); ) {
            var it = all.next();
            if (it.eids().removeAll(eids)) {
                it.circuit().restrictTo(new AttachedEids(it.eids()));
            }
            if (it.eids().isEmpty()) {
                it.groups().forEach(group -> groups.leave(group, it.circuit(), now));
                all.remove();
                empty.add(it.circuit());
            }
        }
        pollAll(now);
        return empty;
    }

    /** The map-caches of all domains. */
    public List<CachedMapping> mapCache() {
        return call(this::cached);
    }

    private List<CachedMapping> cached() {
        var now = time.instant();
        var all = new ArrayList<CachedMapping>();
        for (var domain : domains.values()) {
            for (var it : domain.core().cache().entries()) {
                all.add(
                        new CachedMapping(
                                domain.core().name(),
                                it.record(),
                                it.cause(),
                                Duration.between(it.since(), now),
                                Duration.between(now, it.expires()),
                                domain.core().isSubscribed(it.eid()),
                                it.stale()));
            }
        }
        return all;
    }

    /** The local database in all domains, with what is on its way out. */
    public List<LocalMapping> database() {
        return call(this::registered);
    }

    private List<LocalMapping> registered() {
        var all = new ArrayList<LocalMapping>();
        for (var domain : domains.values()) {
            for (var it : domain.core().registered()) {
                all.add(
                        new LocalMapping(
                                domain.core().name(),
                                it.eid(),
                                database.get(it.eid()).map(AttachmentCircuit::name),
                                it.withdrawn()
                                        ? LocalMapping.State.WITHDRAWING
                                        : it.confirmed()
                                                ? LocalMapping.State.REGISTERED
                                                : LocalMapping.State.REGISTERING,
                                it.merged()));
            }
        }
        return all;
    }

    /** Everything that is counted, by name. */
    public Map<String, Long> counters() {
        return counters.snapshot();
    }

    Counters counted() {
        return counters;
    }

    long unsent() {
        return sockets.unsent();
    }

    public AgentConfig config() {
        return config;
    }

    /** Where an attachment takes datagrams. */
    public Optional<InetSocketAddress> attachmentAddress(String name) {
        return call(() ->
                Optional.ofNullable(attachments.get(name)).map(it -> it.circuit().localAddress()));
    }

    /** Why this xTR should not be relied on yet, or any more; empty when it can be. */
    public Optional<String> notReady() {
        if (closed) {
            return Optional.of("closed");
        }
        if (!isAlive()) {
            return Optional.of("the loop is stuck");
        }
        return call(() -> {
            if (draining) {
                return Optional.of("draining");
            }
            return domains.values().stream()
                    .filter(it -> !it.core().isSettled())
                    .findFirst()
                    .map(Domain::unconfirmed);
        });
    }

    /** Whether the loop still turns. */
    public boolean isAlive() {
        return !closed && ticked.plus(STUCK).isAfter(time.instant());
    }

    /**
     * Deregisters everything, waits until that is confirmed or the time is over, and closes.
     *
     * @return whether all of it was confirmed
     */
    public boolean shutdown(Duration patience) {
        call(() -> {
            draining = true;
            var now = time.instant();
            for (var domain : domains.values()) {
                domain.core().registered().forEach(it -> domain.core().withdraw(it.eid(), now));
            }
            pollAll(now);
            return true;
        });
        boolean confirmed = true;
        try {
            drained.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException _) {
            confirmed = false;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            confirmed = false;
        }
        close();
        return confirmed;
    }

    /** Ends at once, and tells nobody: the mapping system will find out. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (var it : listeners) {
            try {
                it.close();
            } catch (Exception e) {
                LOG.warn("cannot close a listener of xTR {}", config.name(), e);
            }
        }
        sockets.close();
        detachAll().forEach(UdpAttachment::close);
    }

    private List<UdpAttachment> detachAll() {
        try {
            return call(() -> {
                var all = attachments.values().stream().map(Attached::circuit).toList();
                attachments.clear();
                return all;
            });
        } catch (RejectedExecutionException _) {
            return List.of(); // whoever closed the loop has closed the sockets with it
        }
    }

    /** Runs something on the loop, and waits for it. */
    private <T> T call(Supplier<T> what) {
        if (loopThread.filter(it -> it == Thread.currentThread()).isPresent()) {
            return what.get();
        }
        var result = CompletableFuture.supplyAsync(what, loop.executor());
        try {
            return result.get(CALL_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("xTR " + config.name() + " failed", e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the loop of xTR " + config.name() + " is stuck", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
