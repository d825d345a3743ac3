package io.lispfabric.store.ratis;

import io.lispfabric.store.AlreadyMemberException;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.NoSuchMemberException;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import org.apache.ratis.metrics.MetricRegistries;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.metrics.RaftLogMetricsBase;
import org.apache.ratis.server.metrics.SegmentedRaftLogMetrics;
import org.apache.ratis.util.ExitUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of a Raft group: the log and the votes by Apache Ratis over gRPC, the rows in RocksDB. A
 * command is acknowledged when a majority has it on disk, so killing all members at once loses
 * nothing that was acknowledged.
 *
 * <p>{@link #open} returns as soon as the member takes part; who leads is decided after that.
 * Several members, of one group or of several, may live in one process.
 */
public final class RatisLog implements ReplicatedLog {
    private static final Logger LOG = LoggerFactory.getLogger(RatisLog.class);

    /** Kept, or it would be forgotten with its level. */
    private static final java.util.logging.Logger GRPC =
            java.util.logging.Logger.getLogger("org.apache.ratis.thirdparty.io.grpc");

    static {
        GRPC.setLevel(
                Level.SEVERE); // else a stack trace for each attempt to find a member whose name
        // does not resolve
        // Ratis ends the process when it cannot bind its port, and on every exception that any
        // thread of ours does not catch.
        var handler = Thread.getDefaultUncaughtExceptionHandler();
        ExitUtils.disableSystemExit();
        ExitUtils.setTerminateOnUncaughtException(false);
        Thread.setDefaultUncaughtExceptionHandler(handler);
    }

    private static final String CLOSED = "the log was closed";
    private static final Duration LOOK = Duration.ofMillis(100);

    /**
     * How long it refuses commands before it says so in the log, and until it says so again. The
     * first start of a cluster is over by then.
     */
    private static final Duration TELL_FIRST = Duration.ofSeconds(5);

    private static final Duration TELL_AGAIN = Duration.ofMinutes(1);

    /** How long it waits until it opens a log again that could not be opened. */
    private static final Duration OPEN_AGAIN = Duration.ofSeconds(5);

    /** How long it waits until it opens a log again that it was refused with. */
    private static final Duration COME_AGAIN = Duration.ofSeconds(15);

    /** How long a leader without room waits until it looks again for someone who has some. */
    private static final Duration HAND_OVER_AGAIN = Duration.ofSeconds(1);

    private final RatisLogConfig config;
    private final MemberDirectory home;
    private final StateMachine machine;
    private final DiskRoom room;
    private final Optional<RaftPort> port;
    private final GroupCalls calls;
    private final Founding founding;
    private final Belonging belonging;
    private final Thread keeper;
    private volatile Optional<RaftMember> member = Optional.empty();
    private volatile boolean closed;
    private volatile boolean silentInAny;

    // The rest is the keeper's alone.
    private RaftHost host;
    private boolean refusing;
    private boolean told;
    private long tellAgain = System.nanoTime();
    private long openAgain = System.nanoTime();

    /** Whether it was stopped to be opened again as soon as there is room. */
    private boolean reopens;

    /** The newest one that the log was in when it failed. */
    private long term;

    /** When it is opened again, once it was refused. */
    private OptionalLong comeAgain = OptionalLong.empty();

    private long handOverAgain = System.nanoTime();
    private long withdrawAgain = System.nanoTime();

    private RatisLog(
            RatisLogConfig config,
            MemberDirectory home,
            StateMachine machine,
            DiskRoom room,
            Optional<RaftPort> port)
            throws IOException {
        this.config = config;
        this.home = home;
        this.machine = machine;
        this.room = room;
        this.port = port;
        this.host = new RaftHost(config, home, machine, room, port);
        this.calls = new GroupCalls(home.group(), host.server().getProperties());
        this.founding = new Founding(config, home, calls);
        this.belonging = new Belonging(RaftPeerId.valueOf(config.self()), calls);
        this.keeper =
                Thread.ofPlatform()
                        .daemon()
                        .name("raft-keeper-" + config.self())
                        .unstarted(this::keep);
        takePart();
    }

    /**
     * Starts the member. If it has a log, the state machine is loaded before this returns. If it
     * has none, it takes part once it is certain that the group is new, or once it is added: until
     * then its {@link #status} says what it waits for.
     *
     * @throws IOException in one sentence that names the thing: the directory cannot be written, is
     *     in use or belongs to another member; the port is busy; what is stored is damaged, or the
     *     state machine refuses it. Nothing is left running then
     */
    public static RatisLog open(RatisLogConfig config, StateMachine machine) throws IOException {
        return open(config, machine, DiskRoom.Usable.of(config.directory()));
    }

    /** With another opinion of how much room the disk has. */
    static RatisLog open(RatisLogConfig config, StateMachine machine, DiskRoom.Usable usable)
            throws IOException {
        var home =
                MemberDirectory.claim(
                        config.directory(),
                        config.group(),
                        config.self(),
                        config.peers().stream().map(Peer::id).toList(),
                        1);
        try {
            var room = new DiskRoom(config.directory(), config.reserveOctets(), usable);
            return open(config, home, machine, room, Optional.empty());
        } catch (IOException | RuntimeException e) {
            home.close();
            throw e;
        }
    }

    /**
     * One of the groups of a member.
     *
     * @param port the server that they share, if there are several
     */
    static RatisLog open(
            RatisLogConfig config,
            MemberDirectory home,
            StateMachine machine,
            DiskRoom room,
            Optional<RaftPort> port)
            throws IOException {
        var log = new RatisLog(config, home, machine, room, port);
        log.keeper.start();
        return log;
    }

    private void takePart() {
        member =
                host.division()
                        .map(division ->
                                new RaftMember(config, home, room, host, division, belonging));
    }

    // What it does by itself

    private void keep() {
        while (!closed) {
            try {
                var status = status();
                tell(status);
                promiseTerms(status.term());
                member.ifPresent(RaftMember::look);
                if (member.isEmpty()) {
                    takePart();
                }
                if (member.isEmpty()) {
                    founding.look();
                } else if (reopens || member.get().lacksRoom() || isRobbed()) {
                    reopen(member.get());
                } else if (member.get().isRefused() || comeAgain.isPresent()) {
                    comeAgain(member.get());
                } else if (home.isMarked(MemberDirectory.FOUNDING)) {
                    founding.spread();
                } else {
                    handOver(member.get());
                    withdraw(member.get());
                }
            } catch (IOException e) {
                LOG.debug("member {} tries again", config.self(), e);
            } catch (RuntimeException e) {
                LOG.error("member {} has met a mistake of its own", config.self(), e);
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    /** Says in the log what it refuses, and that it does so no longer. */
    private void tell(Status status) {
        long now = System.nanoTime();
        var refuses =
                status.refuses()
                        .or(() ->
                                Optional.of(noLeader(status))
                                        .filter(_ -> status.leader().isEmpty()));
        if (refuses.isPresent() && !refusing) {
            refusing = true;
            tellAgain = now + TELL_FIRST.toNanos();
        } else if (refuses.isPresent() && now - tellAgain >= 0) {
            tellAgain = now + TELL_AGAIN.toNanos();
            told = true;
            LOG.warn("member {} takes no commands: {}", config.self(), refuses.get());
        } else if (refuses.isEmpty() && refusing) {
            refusing = false;
            // Told as loudly as that it took none.
            var line = "member " + config.self() + " takes commands";
            if (told) {
                LOG.warn(line);
            } else {
                LOG.info(line);
            }
            told = false;
        }
    }

    private String noLeader(Status status) {
        if (!status.healthy()) {
            return status.reason();
        }
        long voters = status.members().stream().filter(Status.Member::voter).count();
        return "member "
                + config.self()
                + " hears of no leader"
                + (voters == 0
                        ? ""
                        : ": "
                                + (voters / 2 + 1)
                                + " of "
                                + voters
                                + " voters have to run, reach each other, and have room on their"
                                + " disks");
    }

    /** Its disk was full while it had nothing to write but its vote, or who the members are. */
    private boolean isRobbed() throws IOException {
        return room.shortage().isEmpty() && home.isRobbed();
    }

    private void promiseTerms(long now) {
        try {
            home.promiseTerms(now);
        } catch (IOException e) {
            LOG.debug("{} cannot promise its terms", config.self(), e);
        }
    }

    /**
     * A log that could not be written has failed for good, and what it has in memory may differ
     * from what is on disk. So once there is room it is opened again, as after a crash.
     */
    private void reopen(RaftMember full) {
        reopens = true;
        var status = full.status();
        var why = status.refuses().orElse("the disk is full");
        full.stop(new LogUnavailableException(Reason.DISK_FULL, why));
        term = Math.max(term, Math.max(status.term(), full.status().term()));
        long now = System.nanoTime();
        if (room.shortage().isPresent() || now - openAgain < 0) {
            return;
        }
        try {
            home.mend(OptionalLong.of(term), config.self());
            host = new RaftHost(config, home, machine, room, port);
            takePart();
            reopens = false;
            comeAgain = OptionalLong.empty();
        } catch (IOException e) {
            openAgain = now + OPEN_AGAIN.toNanos();
            LOG.warn("there is room again, but {}", e.getMessage());
        }
    }

    /**
     * Ratis has closed it, since the leader does not count it in. If its addition was broken off,
     * another can only succeed when it is open.
     */
    private void comeAgain(RaftMember refused) {
        long now = System.nanoTime();
        if (comeAgain.isEmpty()) {
            comeAgain = OptionalLong.of(now + COME_AGAIN.toNanos());
        }
        if (now - comeAgain.getAsLong() < 0) {
            return;
        }
        refused.stop(new LogUnavailableException(Reason.NO_LEADER, "no leader counts it in"));
        try {
            host = new RaftHost(config, home, machine, room, port);
            takePart();
            comeAgain = OptionalLong.empty();
        } catch (IOException e) {
            comeAgain = OptionalLong.of(now + COME_AGAIN.toNanos());
            LOG.warn("it is opened again in {}, since {}", COME_AGAIN, e.getMessage());
        }
    }

    /** While another member may have room, a leader without any is in the way. */
    private void handOver(RaftMember own) {
        long now = System.nanoTime();
        if (room.shortage().isEmpty() || !own.leads() || now - handOverAgain < 0) {
            return;
        }
        handOverAgain = now + HAND_OVER_AGAIN.toNanos();
        try {
            LOG.info("without room, {} made way for {}", config.self(), own.handOver(0));
        } catch (IOException e) {
            LOG.info("without room, {} still leads: {}", config.self(), e.getMessage());
        }
    }

    /** A member whose rows are wrong is drained, by itself. */
    private void withdraw(RaftMember own) {
        long now = System.nanoTime();
        if (now - withdrawAgain < 0 || !own.shouldBeDrained(silentInAny)) {
            return;
        }
        withdrawAgain = now + HAND_OVER_AGAIN.toNanos();
        try {
            own.drain(config.self(), true);
        } catch (IOException e) {
            LOG.info("{} is not drained yet: {}", config.self(), e.getMessage());
        }
    }

    /** Of several groups: whether it answers nobody because of any of them. */
    void silentInAny(boolean now) {
        silentInAny = now;
    }

    /** Whether another member says that its disk has room. */
    boolean hasRoom(String memberId) {
        return member.filter(own -> own.hasRoom(memberId)).isPresent();
    }

    // What others ask of it

    @Override
    public CompletableFuture<LogPosition> submit(ByteBuffer command) {
        if (!command.hasRemaining()) {
            throw new IllegalArgumentException("a command has at least one octet");
        }
        return member.map(own -> own.submit(command)).orElseGet(this::outside);
    }

    @Override
    public CompletableFuture<LogPosition> audit() {
        return member.map(RaftMember::audit).orElseGet(this::outside);
    }

    @Override
    public StateCheck check(Duration timeout) throws IOException {
        return running().check(timeout);
    }

    private CompletableFuture<LogPosition> outside() {
        return closed
                ? Submitter.refused(Reason.STOPPED, CLOSED)
                : Submitter.refused(Reason.NO_LEADER, founding.waits());
    }

    @Override
    public boolean leads() {
        return member.filter(RaftMember::leads).isPresent();
    }

    /**
     * How often the log was synced to its disk (fdatasync) since this process began, as Ratis
     * counts it.
     */
    public long syncs() {
        return MetricRegistries.global().getMetricRegistries().stream()
                .filter(it ->
                        it.getMetricRegistryInfo()
                                .getMetricsComponentName()
                                .equals(RaftLogMetricsBase.RATIS_LOG_WORKER_METRICS))
                .mapToLong(
                        it -> it.counter(SegmentedRaftLogMetrics.RAFT_LOG_FLUSH_COUNT).getCount())
                .sum();
    }

    @Override
    public Status status() {
        return member.filter(RaftMember::hasBegun)
                .map(RaftMember::status)
                .orElseGet(this::statusOutside);
    }

    /** Without a log it knows what the settings say. */
    private Status statusOutside() {
        var members =
                config.peers().stream()
                        .map(peer ->
                                new Status.Member(
                                        peer.id(),
                                        peer.address(),
                                        !peer.id().equals(config.self()),
                                        Optional.empty(),
                                        OptionalLong.empty(),
                                        OptionalLong.empty(),
                                        OptionalLong.empty(),
                                        OptionalLong.empty(),
                                        false))
                        .toList();
        return new Status(
                config.self(),
                Status.Role.NONE,
                Optional.empty(),
                0,
                -1,
                -1,
                !closed,
                closed ? CLOSED : "",
                closed ? Optional.empty() : Optional.of(founding.waits()),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                members);
    }

    private RaftMember running() throws IOException {
        return member.orElseThrow(() ->
                new IOException(
                        "member " + config.self() + " is not running: " + founding.waits()));
    }

    @Override
    public void transferLeadership(String memberId) throws IOException {
        checkThere(memberId);
        running().transferLeadership(memberId);
    }

    @Override
    public void handOver() throws IOException {
        running().handOver(RaftMember.MOMENT);
    }

    @Override
    public void drain(String memberId, boolean drained) throws IOException {
        checkThere(memberId);
        running().drain(memberId, drained);
        LOG.info("{} is {}drained", memberId, drained ? "" : "no longer ");
    }

    @Override
    public void addMember(String memberId, String host, int port) throws IOException {
        var joining = new Peer(memberId, host, port);
        if (members().contains(memberId)) {
            throw new AlreadyMemberException(memberId);
        }
        running().add(RaftHost.raftPeer(joining));
        LOG.info("{} at {} is a member now", memberId, joining.address());
    }

    @Override
    public void removeMember(String memberId) throws IOException {
        checkThere(memberId);
        running().remove(memberId);
        LOG.info("{} is no member any more", memberId);
    }

    private void checkThere(String memberId) throws NoSuchMemberException, NoLeaderException {
        var names = members();
        if (!names.contains(memberId)) {
            throw new NoSuchMemberException(memberId, names);
        }
    }

    /**
     * The names of the members, as known to one that hears of a leader: who is to be added, or was
     * removed, counts itself in.
     */
    private List<String> members() throws NoLeaderException {
        long end = System.nanoTime() + config.electionTimeoutMax().multipliedBy(2).toNanos();
        var status = status();
        while (status.leader().isEmpty()) {
            if (System.nanoTime() - end > 0) {
                throw new NoLeaderException(noLeader(status));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            status = status();
        }
        return status.members().stream().map(Status.Member::id).toList();
    }

    @Override
    public void snapshot() throws IOException {
        running().snapshot();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        keeper.interrupt();
        awaitEnd(keeper);
        member.ifPresent(own -> own.stop(new LogUnavailableException(Reason.STOPPED, CLOSED)));
        host.close();
        try {
            calls.close();
            home.close();
        } catch (IOException e) {
            LOG.warn("member {} did not close as it should", config.self(), e);
        }
    }

    /** Waits without end, but keeps in mind that it should not have. */
    static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
