package io.lispfabric.store.ratis;

import io.lispfabric.store.StateMachine;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a member's Raft server: its port, its part of the log, its replica. */
final class RaftHost implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RaftHost.class);

    private final RatisLogConfig config;
    private final MemberDirectory home;
    private final StateMachine machine;
    private final DiskRoom room;
    private final Stopper stopper = new Stopper();
    private final Supplier<RaftServer> server;
    private volatile @Nullable Replica replica; // set anew by Ratis when it begins or opens a log
    private volatile RaftServer.@Nullable Division division;

    /**
     * Starts the server. If the member has a log it takes part, and the state machine is loaded
     * before this returns. If it has none, it takes part once someone has given it one.
     *
     * @throws IOException in one sentence that names the thing; nothing is left running then
     */
    RaftHost(
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
        @Nullable RaftServer built = null;
        try {
            // A lone member has nobody whom it could have promised anything.
            boolean hasLog = config.peers().size() == 1 || home.hasLog();
            LogTail.cut(home.logs());
            home.mend(home.mostTerm(), config.self());
            home.checkTerms();
            home.promiseTerms(home.writtenTerm());
            if (port.isPresent()) {
                server = port.get()::server;
                stopper.closing = () -> port.get().close(home.group());
                port.get().register(home.group(), this::replica);
                if (hasLog) {
                    port.get().open(group(), !home.hasLog());
                    stopper.division = server.get().getDivision(home.group());
                }
            } else {
                var listenHost = listenHost(config);
                checkPort(listenHost, config.selfPeer().port());
                built = build(listenHost, hasLog);
                stopper.closing = built::close;
                if (hasLog) {
                    stopper.division = built.getDivision(home.group());
                }
                built.start();
                var own = built;
                server = () -> own;
            }
        } catch (IOException | RuntimeException e) {
            stopper.stop();
            stopper.forgotten();
            closeReplica();
            var from =
                    built == null && port.isEmpty()
                            ? ""
                            : " from " + config.directory(); // else it is not the data
            throw new IOException(
                    "member " + config.self() + " cannot start" + from + ": " + sentence(e), e);
        }
    }

    /** Stops the server when the replica finds that it must, which may be before there is a log. */
    private static final class Stopper {
        private static final Duration CLOSING = Duration.ofSeconds(20);

        /** Closes the server, or its part in the group if it is in others too. */
        private interface Closing {
            void close() throws IOException;
        }

        /** How long Ratis may take to see that the replica has failed. */
        private static final Duration SEEING = Duration.ofSeconds(1);

        private volatile @Nullable Closing closing;
        private volatile @Nullable Replica replica;
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
            var running = closing;
            if (running == null) {
                return;
            }
            try {
                letItSee();
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

        /**
         * A server that is closed between the replica's exception and Ratis' noticing it never
         * closes: the thread that applies is then told to go on to an entry that it does not apply
         * any more, and turns for ever. Ratis begins to close the division when it has noticed.
         */
        private void letItSee() {
            var own = replica;
            var open = division;
            long end = System.nanoTime() + SEEING.toNanos();
            while (own != null
                    && open != null
                    && own.fault().isPresent()
                    && open.getInfo().getLifeCycleState() == LifeCycle.State.RUNNING
                    && System.nanoTime() < end) {
                LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
            }
        }
    }

    /**
     * Our own address if it resolves. In a cluster a member's name may resolve only once the member
     * is there.
     */
    static String listenHost(RatisLogConfig config) {
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
    static void checkPort(String host, int port) throws IOException {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen at " + host + " port " + port + ": " + e.getMessage());
        }
    }

    private RaftServer build(String listenHost, boolean hasLog) throws IOException {
        var builder =
                RaftServer.newBuilder()
                        .setServerId(RaftPeerId.valueOf(config.self()))
                        .setStateMachineRegistry(this::replica)
                        .setProperties(RatisSettings.of(config, home, listenHost))
                        .setOption(StartupOption.RECOVER);
        if (hasLog) {
            builder.setGroup(group());
        }
        return builder.build();
    }

    private RaftGroup group() {
        var first = home.isMarked(MemberDirectory.LET_IN) ? List.<RaftPeer>of() : raftPeers(config);
        return RaftGroup.valueOf(home.group(), first);
    }

    /** Ratis asks for it when it opens a log, or when someone gives the member one. */
    private Replica replica(RaftGroupId group) {
        if (!group.equals(home.group())) {
            throw new IllegalArgumentException(
                    config.self() + " is a member of " + config.group() + " alone");
        }
        closeReplica();
        var made = new Replica(machine, home, ids(config), room, stopper::stop);
        replica = made;
        stopper.replica = made;
        return made;
    }

    private void closeReplica() {
        var open = replica;
        if (open != null) {
            open.close();
        }
    }

    private static Set<String> ids(RatisLogConfig config) {
        return config.peers().stream().map(Peer::id).collect(Collectors.toCollection(TreeSet::new));
    }

    static List<RaftPeer> raftPeers(RatisLogConfig config) {
        return config.peers().stream().map(RaftHost::raftPeer).toList();
    }

    static RaftPeer raftPeer(Peer peer) {
        return RaftPeer.newBuilder().setId(peer.id()).setAddress(peer.address()).build();
    }

    /** The innermost IOException says what happened; those around it say where Ratis was. */
    static String sentence(Throwable e) {
        var sentence = e.toString();
        for (Throwable inner = e; inner != null; inner = inner.getCause()) {
            if (inner instanceof IOException && inner.getMessage() != null) {
                sentence = inner.getMessage();
            }
        }
        return sentence;
    }

    RaftServer server() {
        return server.get();
    }

    /** The member's part in the group; empty as long as it has no log. */
    Optional<RaftServer.Division> division() {
        var open = replica;
        if (division == null && open != null && open.isInitialized()) {
            try {
                division = server.get().getDivision(home.group());
                stopper.division = division;
            } catch (IOException e) {
                LOG.debug("the group is not there yet", e);
            }
        }
        return Optional.ofNullable(division);
    }

    /** Only for a member that has a log. */
    Replica replica() {
        return Objects.requireNonNull(replica, "the member has no log");
    }

    /** Stops the server and waits for that; the replica is still open then. */
    void stop() {
        stopper.stop();
    }

    /** After this no thread, port or file is held any more. */
    @Override
    public void close() {
        stop();
        closeReplica();
    }
}
