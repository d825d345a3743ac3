package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.StateHash;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisGroups;
import io.lispfabric.store.ratis.RatisLogConfig;
import io.lispfabric.wire.app.OpsEndpoint;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running Map-Server and Map-Resolver: one member of a cluster, or a server that stands alone.
 */
public final class MapServer implements AutoCloseable, AdminService.Membership {
    private static final Logger LOG = LoggerFactory.getLogger(MapServer.class);

    /** What the log has said, before the socket has its turn: a few entries. */
    private static final int MOST_AT_ONCE = 256;

    /** For how long: one entry may be told to thousands, whose Acks find room for so long. */
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final int PUBLISH_MILLIS = 20;
    private static final int EXPIRE_MILLIS = 500;
    private static final int ANNOUNCE_MILLIS = 50;
    private static final int REFRESH_MILLIS = 10_000;

    private final ServerConfig config;
    private final ServerMetrics metrics = new ServerMetrics();
    private final List<Part> parts;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final UdpEndpoint.Loop loop;
    private final UdpEndpoint endpoint;
    private final ControlPlane plane;
    private final RatisGroups groups;
    private final Optional<AdminService> admin;
    private final Optional<OpsEndpoint> http;
    private volatile @Nullable RatisGroups opening;

    /** None while the logs are being opened. */
    private volatile @Nullable StatusWatch watch;

    private volatile boolean draining;
    private volatile Optional<String> fault = Optional.empty();
    private volatile boolean announced;

    /** Why nobody is answered, if so. */
    private volatile Optional<Drop> silence = Optional.empty();

    /** Whether what arrives at the socket is acted on; the loop's own alone. */
    private boolean hears;

    /** Whether the loop will publish once it has read; its own alone. */
    private boolean publishes;

    /** This member in one of the groups that EIDs are sharded to. */
    private static final class Part {
        private final MappingLog mappings;
        private volatile boolean knowsAll;
        private volatile boolean caughtUp;

        /** Whether this member leads, as the log has said; the loop's alone. */
        private boolean leads;

        /** When the next audit is due, if this member leads then; the loop's alone. */
        private long auditAtMillis;

        Part(MappingLog mappings) {
            this.mappings = mappings;
        }
    }

    /**
     * Starts a server: first its sockets, then its log, so that a busy port is found before
     * anything is written.
     *
     * @throws IOException in one sentence, when a port is busy or the data cannot be used; nothing
     *     is left running then
     */
    public static MapServer start(ServerConfig config, InstantSource clock) throws IOException {
        return new MapServer(config, clock);
    }

    private MapServer(ServerConfig config, InstantSource clock) throws IOException {
        this.config = config;
        var onLoop = new OnLoop();
        this.parts =
                IntStream.range(0, config.groups())
                        .mapToObj(i -> new Part(new MappingLog(onLoop.of(i))))
                        .toList();
        this.loop = open(UdpEndpoint.Loop.start("lisp-" + config.member()));
        boolean started = false;
        try {
            var receiver =
                    new Object() {
                        volatile @Nullable ControlPlane plane;
                    };
            this.endpoint =
                    open(
                            UdpEndpoint.bind(
                                    loop,
                                    config.lisp(),
                                    datagram -> {
                                        var ready = receiver.plane;
                                        var silent = silence;
                                        if (silent.isPresent()) {
                                            metrics.dropped(silent.get());
                                        } else if (ready != null) {
                                            ready.receive(datagram);
                                            goOn(ready.isReady());
                                        }
                                    }));
            var local = new LocalAddresses();
            refuseItself(config, endpoint.localAddress(), local);
            var incidents = new Incidents(metrics, clock, LOG::warn);
            var outbox = new Outbox(endpoint::send, config, metrics, incidents);
            long origin = new SecureRandom().nextLong();
            this.plane =
                    new ControlPlane(
                            IntStream.range(0, parts.size())
                                    .mapToObj(i ->
                                            new Surroundings(
                                                    config,
                                                    parts.get(i).mappings,
                                                    command -> submit(i, command),
                                                    outbox,
                                                    metrics,
                                                    incidents,
                                                    local,
                                                    clock,
                                                    () ->
                                                            TimeUnit.NANOSECONDS.toMillis(
                                                                    System.nanoTime()),
                                                    task -> loop.executor().execute(guarded(task)),
                                                    origin,
                                                    () -> parts.get(i).knowsAll))
                                    .toList());
            this.admin =
                    config.admin().isPresent()
                            ? Optional.of(
                                    open(
                                            new AdminService(
                                                    config.admin().get(),
                                                    config.cluster(),
                                                    config.sites(),
                                                    this::states,
                                                    (eid, it) ->
                                                            plane.left(eid, it)
                                                                    .map(clock.instant()::plus),
                                                    this::statuses,
                                                    this::unreadiness,
                                                    this)))
                            : Optional.empty();
            this.http =
                    config.http().isPresent()
                            ? Optional.of(
                                    open(
                                            new OpsEndpoint(
                                                    config.http().get(),
                                                    metrics.registry(),
                                                    this::illness,
                                                    this::unreadiness,
                                                    this::refusal)))
                            : Optional.empty();
            this.groups =
                    open(
                            RatisGroups.open(
                                    logConfig(config),
                                    parts.stream().map(it -> it.mappings).toList()));
            opening = groups;
            watch = open(new StatusWatch(config.member(), groups::statuses));
            gauges();
            // It may have been found to differ before it was started.
            silence = silenced();
            receiver.plane = plane;
            onLoop.add(this::hear);
            loop.every(PUBLISH_MILLIS, guarded(this::publish));
            loop.every(EXPIRE_MILLIS, guarded(plane::expire));
            loop.every(PUBLISH_MILLIS, guarded(plane::goOn));
            loop.every(EXPIRE_MILLIS, guarded(incidents::tellRest));
            loop.every(PUBLISH_MILLIS, guarded(this::look));
            loop.every(ANNOUNCE_MILLIS, guarded(this::announce));
            loop.every(REFRESH_MILLIS, local::refresh);
            long auditAtMillis = clock.millis() + config.stateCheck().toMillis();
            parts.forEach(it -> it.auditAtMillis = auditAtMillis);
            if (!config.stateCheck().isZero()) {
                loop.every(EXPIRE_MILLIS, guarded(() -> audit(clock.millis())));
            }
            started = true;
        } finally {
            if (!started) {
                closeAll();
            }
        }
    }

    /** A server that asks itself would pass every question on until its hops are used up. */
    private static void refuseItself(
            ServerConfig config, InetSocketAddress bound, LocalAddresses local) throws IOException {
        var own = Ip.of(bound.getAddress());
        for (var elsewhere : config.sites().elsewhere()) {
            for (var server : elsewhere.servers()) {
                boolean here =
                        bound.getAddress().isAnyLocalAddress()
                                ? local.contains(server.address())
                                : own.equals(server.address());
                if (here && server.port() == bound.getPort()) {
                    throw new IOException(
                            "map-servers: "
                                    + server.address()
                                    + " port "
                                    + server.port()
                                    + ", who is to be asked for "
                                    + elsewhere.prefix()
                                    + ", is this server itself");
                }
            }
        }
    }

    private <T extends AutoCloseable> T open(T resource) {
        opened.push(resource);
        return resource;
    }

    private static RatisLogConfig logConfig(ServerConfig config) {
        if (config.peers().isEmpty()) {
            return RatisLogConfig.alone(config.cluster(), config.member(), config.data())
                    .withReserve(config.diskReserve());
        }
        var peers =
                config.peers().stream()
                        .map(peer -> new RatisLogConfig.Peer(peer.id(), peer.host(), peer.port()))
                        .toList();
        return RatisLogConfig.of(config.cluster(), config.member(), peers, config.data())
                .withReserve(config.diskReserve());
    }

    private void gauges() {
        DefaultExports.register(metrics.registry());
        metrics.gauge(
                "lisp_mappings", "Registered EID-Prefixes", () -> sum(it -> it.mappings().size()));
        metrics.gauge(
                "lisp_subscriptions",
                "Subscriptions in force",
                () -> sum(it -> it.subscriptions().size()));
        metrics.gauge(
                "lisp_leases",
                "Map-Registers whose time this member counts: none unless it leads",
                plane::leases);
        metrics.gauge(
                "lisp_one_time_keys_used",
                "One-time keys that make no second security association",
                () -> sum(it -> it.usedKeys().size()));
        metrics.gauge(
                "lisp_map_notifies_outstanding",
                "Map-Notifies that wait for their Ack",
                plane::outstanding);
        metrics.gauge(
                "lisp_log_applied_index",
                "The last log entry applied here",
                () -> seen().appliedIndex());
        metrics.gauge(
                "lisp_log_commit_index",
                "The last log entry known to be committed",
                () -> seen().commitIndex());
        metrics.gauge(
                "lisp_log_refuses",
                "1 when this member takes no commands, as its disk is full",
                () -> seen().refuses().isPresent() ? 1 : 0);
        metrics.gauge(
                "lisp_log_syncs",
                "How often the log was synced to its disk since this process began",
                groups::syncs);
        metrics.gauge(
                "lisp_log_stale_seconds",
                "For how long this member may have missed what was committed; -1 if it has heard no"
                        + " leader yet",
                () -> {
                    var millis = seen().staleMillis();
                    return millis.isPresent() ? millis.getAsLong() / 1000.0 : -1;
                });
        metrics.gauge(
                "lisp_state_hash_index",
                "The log entry after which this member has last hashed its rows; -1 if it has not",
                () -> seen().hash().map(StateHash::index).orElse(-1L));
        metrics.gauge(
                "lisp_state_differs",
                "1 when a majority of the members has other rows than this one, which does not answer then",
                () -> seen().differs().isPresent() ? 1 : 0);
        metrics.gauge(
                "lisp_member_drained",
                "1 when an operator has drained this member",
                () -> Readiness.drained(seen()).isPresent() ? 1 : 0);
        metrics.gauge(
                "lisp_log_leader",
                "1 when this member leads; of several groups, how many it leads",
                () -> (int) IntStream.range(0, parts.size()).filter(this::leads).count());
        metrics.gauge(
                "lisp_datagrams_unsent", "Datagrams that the kernel refused", endpoint::unsent);
    }

    private int sum(ToIntFunction<MappingSystem> count) {
        return states().stream().mapToInt(count).sum();
    }

    /**
     * What fails here is our own mistake: it is said aloud, and {@code /livez} fails from then on.
     */
    private Runnable guarded(Runnable what) {
        return () -> {
            try {
                what.run();
            } catch (RuntimeException e) {
                LOG.error("{} has met a mistake of its own", config.member(), e);
                fault = Optional.of("a mistake of ours: " + e);
            }
        };
    }

    /**
     * Brings what the log says to the thread that everything else runs on, in its order. What has
     * gathered there by then is done at once, so that an entry's answers leave together.
     */
    private final class OnLoop {
        private final Queue<Runnable> said = new ConcurrentLinkedQueue<>();

        /** Whether the loop will look. */
        private final AtomicBoolean called = new AtomicBoolean();

        /** What the log of one group says. */
        MappingLog.Released of(int group) {
            var name = config.groups() == 1 ? "" : " group " + (group + 1);
            return new MappingLog.Released() {
                @Override
                public void onEffects(List<Effect> effects) {
                    add(() -> goOn(plane.release(group, effects)));
                }

                @Override
                public void onLeadership(boolean leads) {
                    LOG.info("{} {}{}", config.member(), leads ? "leads" : "follows", name);
                    add(() -> lead(group, leads));
                }
            };
        }

        private void add(Runnable what) {
            said.add(guarded(what));
            if (!called.getAndSet(true)) {
                loop.executor().execute(this::doAll);
            }
        }

        private void doAll() {
            called.set(false);
            long start = System.nanoTime();
            endpoint.together(() -> {
                for (int i = 0; i < MOST_AT_ONCE && !said.isEmpty(); i++) {
                    said.remove().run();
                    if (System.nanoTime() - start > MOST_NANOS) {
                        break;
                    }
                }
            });
            if (!said.isEmpty() && !called.getAndSet(true)) {
                endpoint.afterReading(this::doAll);
            }
        }
    }

    /**
     * A group may have a log that is open, and lead, while others have not: what it told then could
     * not be acknowledged.
     */
    private void lead(int group, boolean leads) {
        parts.get(group).leads = leads;
        if (hears) {
            plane.lead(group, leads);
        }
    }

    /** From now on the socket is heard. */
    private void hear() {
        hears = true;
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).leads) {
                plane.lead(i, true);
            }
        }
    }

    /** One batch of what is due. */
    private void publish() {
        endpoint.together(() -> goOn(plane.publish()));
    }

    /** If there is more to publish, the socket has its turn before the next. */
    private void goOn(boolean more) {
        if (more && !publishes) {
            publishes = true;
            endpoint.afterReading(
                    guarded(() -> {
                        publishes = false;
                        publish();
                    }));
        }
    }

    private CompletableFuture<?> submit(int group, ByteBuffer command) {
        var ready = opening;
        return ready == null
                ? CompletableFuture.failedFuture(
                        new IllegalStateException("the log is not open yet"))
                : ready.group(group).submit(command);
    }

    /** The state that this member has applied; of several groups, that of the first. */
    public MappingSystem state() {
        return parts.getFirst().mappings.current();
    }

    /** The same in each group. */
    public List<MappingSystem> states() {
        return parts.stream().map(it -> it.mappings.current()).toList();
    }

    /** How the cluster stands, as seen from here; of several groups, the worst. */
    public Status status() {
        return Status.ofAll(statuses());
    }

    /** How each group stands, as seen from here; none while their logs are being opened. */
    public List<Status> statuses() {
        var ready = watch;
        return ready == null ? List.of() : ready.now();
    }

    /** The status of some milliseconds ago. */
    private Status seen() {
        return Status.ofAll(seenInEach());
    }

    private Optional<String> blindness() {
        var ready = watch;
        return ready == null ? Optional.empty() : ready.blindness();
    }

    private List<Status> seenInEach() {
        var ready = watch;
        return ready == null ? List.of() : ready.newest();
    }

    /** For what an operator may ask of a server that is not open yet. */
    private RatisGroups ready() throws IOException {
        var ready = opening;
        if (ready == null) {
            throw new IOException("this server is still loading");
        }
        return ready;
    }

    /** Whether this member leads; of several groups, the first. */
    public boolean leads() {
        return leads(0);
    }

    /**
     * @param group from 0
     */
    boolean leads(int group) {
        return groups.group(group).leads();
    }

    /** Hands the lead to another member and blocks until it has it. */
    @Override
    public void transferLeadership(String member) throws IOException {
        ready().transferLeadership(member);
    }

    /**
     * Makes a running server a member of the cluster; blocks until it votes.
     *
     * @throws IOException in one sentence, when it did not become one
     */
    @Override
    public void addMember(String member, String host, int port) throws IOException {
        ready().addMember(member, host, port);
    }

    /** Takes a member out of the cluster; blocks until it is out. */
    @Override
    public void removeMember(String member) throws IOException {
        ready().removeMember(member);
    }

    /** Has all members compare their rows; blocks until they have, or for so long. */
    @Override
    public StateCheck check(Duration timeout) throws IOException {
        return ready().check(timeout);
    }

    /** Drains a member, or ends that; blocks until it is so. */
    @Override
    public void drain(String member, boolean drained) throws IOException {
        ready().drain(member, drained);
    }

    /** Where LISP control messages arrive, the port as bound. */
    public InetSocketAddress lispAddress() {
        return endpoint.localAddress();
    }

    public Optional<InetSocketAddress> adminAddress() {
        return admin.map(AdminService::address);
    }

    public Optional<InetSocketAddress> httpAddress() {
        return http.map(OpsEndpoint::address);
    }

    /**
     * How many messages were dropped for a reason, such as {@code replayed} or {@code
     * bad_authentication}.
     */
    public double drops(String reason) {
        return metrics.drops(Drop.valueOf(reason.toUpperCase(Locale.ROOT)));
    }

    /** How many messages were longer than what every path is known to carry. */
    double sentTooLong() {
        return metrics.sentTooLong();
    }

    private Optional<String> illness() {
        var ready = watch;
        return fault.or(() -> ready == null ? Optional.empty() : ready.illness());
    }

    /** Why nothing is registered here at present, although questions are answered. */
    private Optional<String> refusal() {
        var now = seenInEach();
        return now.isEmpty()
                ? Optional.empty()
                : Status.ofAll(now).refuses().map(why -> "nothing is registered: " + why);
    }

    /** Looks whether what was in the logs when this member was started has been applied. */
    private void look() {
        var now = seenInEach();
        for (int i = 0; i < parts.size(); i++) {
            var part = parts.get(i);
            if (!part.knowsAll) {
                part.knowsAll = leads(i) || Readiness.knowsAll(now.get(i));
            }
        }
    }

    /** The leader of a group has all members compare their rows from time to time. */
    private void audit(long nowMillis) {
        for (int i = 0; i < parts.size(); i++) {
            var part = parts.get(i);
            if (!leads(i)) {
                part.auditAtMillis = nowMillis + config.stateCheck().toMillis();
            } else if (nowMillis >= part.auditAtMillis) {
                part.auditAtMillis = nowMillis + config.stateCheck().toMillis();
                var _ =
                        groups.group(i)
                                .audit()
                                .whenComplete((_, failure) -> {
                                    if (failure != null) {
                                        LOG.debug("no audit: {}", failure.getMessage());
                                    }
                                });
            }
        }
    }

    private Optional<Drop> silenced() {
        var now = seenInEach();
        if (now.stream().anyMatch(it -> it.differs().isPresent())) {
            return Optional.of(Drop.DIFFERS);
        }
        return now.stream().anyMatch(Status::removed)
                ? Optional.of(Drop.REMOVED)
                : Optional.empty();
    }

    /** Brings the gRPC health service up to date, and whether anything is answered at all. */
    private void announce() {
        silence = silenced();
        boolean ready = problem().isEmpty();
        admin.ifPresent(it -> it.ready(ready));
        announced = ready;
    }

    /**
     * Why no traffic should come here; empty when all is well, and then the gRPC health service
     * says so too.
     */
    public Optional<String> unreadiness() {
        var problem = problem();
        return problem.isEmpty() && !announced ? Optional.of("starting") : problem;
    }

    private Optional<String> problem() {
        var now = seenInEach();
        if (now.isEmpty()) {
            return Optional.of("loading");
        }
        if (draining) {
            return Optional.of("draining");
        }
        var blind = blindness();
        if (blind.isPresent()) {
            return blind;
        }
        for (int i = 0; i < parts.size(); i++) {
            var problem = problem(parts.get(i), now.get(i));
            if (problem.isPresent()) {
                int number = i + 1;
                return problem.map(it -> parts.size() == 1 ? it : "group " + number + ": " + it);
            }
        }
        return Optional.empty();
    }

    private Optional<String> problem(Part part, Status now) {
        if (!now.healthy()) {
            return Optional.of(now.reason());
        }
        if (now.differs().isPresent()) {
            return now.differs();
        }
        if (now.leader().isEmpty()) {
            return now.refuses().or(() -> Optional.of("no leader"));
        }
        var doubt = Readiness.drained(now).or(() -> Readiness.stale(now, config.staleAfter()));
        if (doubt.isPresent()) {
            return doubt;
        }
        var late = Readiness.behind(now, part.caughtUp);
        part.caughtUp |= late.isEmpty();
        return late.isEmpty() && !part.knowsAll ? Optional.of("catching up") : late;
    }

    /**
     * Stops as politely as possible: not ready any more, the lead handed over if anybody can take
     * it.
     */
    public void drain() {
        draining = true;
        admin.ifPresent(it -> it.ready(false));
        for (int i = 0; i < parts.size(); i++) {
            if (leads(i)) {
                try {
                    groups.group(i).handOver();
                } catch (IOException e) {
                    LOG.info("nobody takes the lead: {}", e.getMessage());
                }
            }
        }
    }

    /** Stops at once. What was acknowledged is on disk. */
    @Override
    public void close() {
        closeAll();
    }

    private void closeAll() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                LOG.warn("closing {}: {}", config.member(), e.toString());
            }
        }
    }
}
