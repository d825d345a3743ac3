package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
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

    private final RatisLogConfig config;
    private final MemberDirectory home;
    private final Replica replica;
    private final RaftServer server;
    private final RaftServer.Division division;
    private final Stopper stopper;
    private final LeaderRoute route;
    private final Submitter submitter;
    private volatile boolean closed;

    private RatisLog(
            RatisLogConfig config,
            MemberDirectory home,
            Replica replica,
            RaftServer server,
            RaftServer.Division division,
            Stopper stopper) {
        this.config = config;
        this.home = home;
        this.replica = replica;
        this.server = server;
        this.division = division;
        this.stopper = stopper;
        this.route = new LeaderRoute(server, division, raftPeers(config));
        this.submitter =
                new Submitter(
                        config.self(),
                        route,
                        replica,
                        config.submitTimeout(),
                        config.maxUnanswered());
    }

    /**
     * Starts the member. The state machine is loaded before this returns.
     *
     * @throws IOException in one sentence that names the thing: the directory cannot be written, is
     *     in use or belongs to another member; the port is busy; what is stored is damaged, or the
     *     state machine refuses it. Nothing is left running then
     */
    public static RatisLog open(RatisLogConfig config, StateMachine machine) throws IOException {
        var home = MemberDirectory.claim(config.directory(), config.group(), config.self());
        @Nullable Replica replica = null;
        var stopper = new Stopper();
        try {
            var listenHost = listenHost(config);
            checkPort(listenHost, config.selfPeer().port());
            replica = new Replica(machine, home.rows(), ids(config), stopper::stop);
            var server = build(config, home, listenHost, replica);
            stopper.server = server;
            var division = server.getDivision(groupId(config));
            stopper.division = division;
            server.start();
            var log = new RatisLog(config, home, replica, server, division, stopper);
            log.submitter.start();
            return log;
        } catch (IOException | RuntimeException e) {
            stopper.stop();
            stopper.forgotten();
            if (replica != null) {
                replica.close();
            }
            home.close();
            var from =
                    stopper.server == null
                            ? ""
                            : " from " + config.directory(); // else it is not the data
            throw new IOException(
                    "member " + config.self() + " cannot start" + from + ": " + sentence(e), e);
        }
    }

    /** Stops the server when the replica finds that it must, which may be before there is a log. */
    private static final class Stopper {
        private static final Duration CLOSING = Duration.ofSeconds(20);

        private volatile @Nullable RaftServer server;
        private volatile RaftServer.@Nullable Division division;

        /**
         * Ratis forgets one thread of a log that it cannot open. It is found by its name, which is
         * that of this member of this group.
         */
        void forgotten() {
            var open = division;
            if (open != null) {
                var name = open.getMemberId() + "-cacheEviction-AwaitToRun";
                Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().equals(name))
                        .forEach(Thread::interrupt);
            }
        }

        /**
         * The second call waits for the first; and for Ratis, which at some faults begins to close
         * the division by itself.
         */
        synchronized void stop() {
            var running = server;
            if (running == null) {
                return;
            }
            try {
                running.close();
                var open = division;
                long end = System.nanoTime() + CLOSING.toNanos();
                while (open != null
                        && open.getInfo().getLifeCycleState() != LifeCycle.State.CLOSED) {
                    if (System.nanoTime() > end) {
                        LOG.warn("the Raft server is still closing after {}", CLOSING);
                        return;
                    }
                    LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
                }
            } catch (IOException | RuntimeException e) {
                LOG.warn("the Raft server did not close as it should", e);
            }
        }
    }

    /**
     * Our own address if it resolves. In a cluster a member's name may resolve only once the member
     * is there.
     */
    private static String listenHost(RatisLogConfig config) {
        if (config.listenHost().isPresent()) {
            return config.listenHost().get();
        }
        var host = config.selfPeer().host();
        try {
            return InetAddress.getByName(host).getHostAddress();
        } catch (UnknownHostException e) {
            LOG.warn(
                    "the own address {} does not resolve: member {} listens at every address",
                    host,
                    config.self());
            return "0.0.0.0";
        }
    }

    /** Before anything is started, since Ratis finds out last. */
    private static void checkPort(String host, int port) throws IOException {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen at " + host + " port " + port + ": " + e.getMessage());
        }
    }

    private static RaftServer build(
            RatisLogConfig config, MemberDirectory home, String listenHost, Replica replica)
            throws IOException {
        return RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(config.self()))
                .setGroup(RaftGroup.valueOf(groupId(config), raftPeers(config)))
                .setStateMachine(replica)
                .setProperties(RatisSettings.of(config, home, listenHost))
                .setOption(StartupOption.RECOVER)
                .build();
    }

    private static Set<String> ids(RatisLogConfig config) {
        return config.peers().stream().map(Peer::id).collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<RaftPeer> raftPeers(RatisLogConfig config) {
        return config.peers().stream()
                .map(peer ->
                        RaftPeer.newBuilder().setId(peer.id()).setAddress(peer.address()).build())
                .toList();
    }

    private static RaftGroupId groupId(RatisLogConfig config) {
        return RaftGroupId.valueOf(UUID.nameUUIDFromBytes(config.group().getBytes(UTF_8)));
    }

    /** The innermost IOException says what happened; those around it say where Ratis was. */
    private static String sentence(Throwable e) {
        var sentence = e.toString();
        for (Throwable inner = e; inner != null; inner = inner.getCause()) {
            if (inner instanceof IOException && inner.getMessage() != null) {
                sentence = inner.getMessage();
            }
        }
        return sentence;
    }

    @Override
    public CompletableFuture<LogPosition> submit(ByteBuffer command) {
        return submitter.submit(command);
    }

    @Override
    public boolean leads() {
        return !closed
                && replica.fault().isEmpty()
                && replica.leads()
                && division.getInfo().isLeaderReady();
    }

    @Override
    public void transferLeadership(String memberId) throws IOException {
        if (config.peers().stream().noneMatch(peer -> peer.id().equals(memberId))) {
            throw new IOException("there is no member " + memberId + " in group " + config.group());
        }
        checkRunning();
        route.transferLeadership(memberId, config.electionTimeoutMax().multipliedBy(4).toMillis());
    }

    @Override
    public void snapshot() throws IOException {
        checkRunning();
        var request =
                SnapshotManagementRequest.newCreate(
                        route.client(),
                        server.getId(),
                        division.getMemberId().getGroupId(),
                        route.newCall(),
                        config.submitTimeout().toMillis(),
                        1);
        RaftClientReply reply = server.snapshotManagement(request);
        if (!reply.isSuccess()) {
            throw new IOException(
                    "member " + config.self() + " took no snapshot", reply.getException());
        }
    }

    private void checkRunning() throws IOException {
        var why = unhealthy();
        if (why.isPresent()) {
            throw new IOException("member " + config.self() + " is not running: " + why.get());
        }
    }

    private Optional<String> unhealthy() {
        if (replica.fault().isPresent()) {
            return replica.fault();
        }
        if (closed) {
            return Optional.of("the log was closed");
        }
        return division.getInfo().isAlive()
                ? Optional.empty()
                : Optional.of("the Raft server has stopped");
    }

    @Override
    public Status status() {
        var why = unhealthy();
        var info = division.getInfo();
        var role = why.isPresent() ? Status.Role.NONE : role(info.getCurrentRole());
        var leader =
                why.isPresent()
                        ? Optional.<String>empty()
                        : Optional.ofNullable(info.getLeaderId()).map(RaftPeerId::toString);
        long commit = division.getRaftLog().getLastCommittedIndex();
        return new Status(
                config.self(),
                role,
                leader,
                info.getCurrentTerm(),
                commit,
                replica.getLastAppliedTermIndex().getIndex(),
                why.isEmpty(),
                why.orElse(""),
                members(role, leader, commit));
    }

    private List<Status.Member> members(Status.Role role, Optional<String> leader, long commit) {
        var commits = new HashMap<RaftPeerId, Long>();
        for (var known : division.getCommitInfos()) {
            commits.put(RaftPeerId.valueOf(known.getServer().getId()), known.getCommitIndex());
        }
        commits.put(division.getId(), commit);
        var matches = role == Status.Role.LEADER ? matches() : Map.<RaftPeerId, Long>of();
        long newest =
                role == Status.Role.LEADER
                        ? division.getRaftLog().getNextIndex() - 1
                        : commits.values().stream().mapToLong(Long::longValue).max().orElse(commit);
        var conf = division.getRaftConf();
        return Stream.of(RaftPeerRole.FOLLOWER, RaftPeerRole.LISTENER)
                .flatMap(
                        kind -> conf.getAllPeers(kind).stream().map(peer -> new Listed(peer, kind)))
                .sorted(Comparator.comparing(listed -> listed.peer().getId().toString()))
                .map(listed -> member(listed, role, leader, newest, commits, matches))
                .toList();
    }

    private record Listed(RaftPeer peer, RaftPeerRole kind) {}

    private Status.Member member(
            Listed listed,
            Status.Role ownRole,
            Optional<String> leader,
            long newest,
            Map<RaftPeerId, Long> commits,
            Map<RaftPeerId, Long> matches) {
        var id = listed.peer().getId();
        boolean self = id.equals(division.getId());
        boolean voter = listed.kind() == RaftPeerRole.FOLLOWER;
        Optional<Status.Role> role;
        if (self) {
            role = Optional.of(ownRole);
        } else if (leader.equals(Optional.of(id.toString()))) {
            role = Optional.of(Status.Role.LEADER);
        } else if (!voter) {
            role = Optional.of(Status.Role.LISTENER);
        } else {
            role = leader.isPresent() ? Optional.of(Status.Role.FOLLOWER) : Optional.empty();
        }
        var commit = known(commits, id);
        var match =
                self && ownRole == Status.Role.LEADER
                        ? OptionalLong.of(newest)
                        : known(matches, id);
        var reached = match.isPresent() ? match : commit;
        var lag =
                reached.isPresent()
                        ? OptionalLong.of(Math.max(0, newest - reached.getAsLong()))
                        : reached;
        return new Status.Member(
                id.toString(), address(listed.peer()), voter, role, commit, match, lag);
    }

    /** The settings know better where a member is than the log, which may be old. */
    private String address(RaftPeer peer) {
        return config.peers().stream()
                .filter(named -> named.id().equals(peer.getId().toString()))
                .map(Peer::address)
                .findFirst()
                .orElse(peer.getAddress());
    }

    private static OptionalLong known(Map<RaftPeerId, Long> indices, RaftPeerId id) {
        var index = indices.get(id);
        return index == null ? OptionalLong.empty() : OptionalLong.of(index);
    }

    /** Ratis names the followers and counts their logs in two lists of the same order. */
    private Map<RaftPeerId, Long> matches() {
        var followers = division.getInfo().getRoleInfoProto().getLeaderInfo().getFollowerInfoList();
        var indices = division.getInfo().getFollowerMatchIndices();
        var matches = new HashMap<RaftPeerId, Long>();
        if (indices != null && indices.length == followers.size()) {
            for (int i = 0; i < indices.length; i++) {
                matches.put(RaftPeerId.valueOf(followers.get(i).getId().getId()), indices[i]);
            }
        }
        return matches;
    }

    private static Status.Role role(RaftPeerRole role) {
        return switch (role) {
            case LEADER -> Status.Role.LEADER;
            case FOLLOWER -> Status.Role.FOLLOWER;
            case CANDIDATE -> Status.Role.CANDIDATE;
            case LISTENER -> Status.Role.LISTENER;
            default -> Status.Role.NONE;
        };
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        submitter.stop("the log was closed");
        try {
            route.close();
        } catch (IOException e) {
            LOG.warn("the connections to the other members did not close as they should", e);
        }
        stopper.stop();
        submitter.awaitEnd();
        replica.close();
        try {
            home.close();
        } catch (IOException e) {
            LOG.warn("the lock of {} was not released", config.directory(), e);
        }
    }
}
