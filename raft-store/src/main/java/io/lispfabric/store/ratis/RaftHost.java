package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lispfabric.store.StateMachine;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
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

    private final RaftServer server;
    private final RaftServer.Division division;
    private final Replica replica;
    private final Stopper stopper;

    private RaftHost(
            RaftServer server, RaftServer.Division division, Replica replica, Stopper stopper) {
        this.server = server;
        this.division = division;
        this.replica = replica;
        this.stopper = stopper;
    }

    /**
     * Starts the server. The state machine is loaded before this returns.
     *
     * @throws IOException in one sentence that names the thing; nothing is left running then
     */
    static RaftHost start(
            RatisLogConfig config, MemberDirectory home, StateMachine machine, DiskRoom room)
            throws IOException {
        @Nullable Replica replica = null;
        var stopper = new Stopper();
        try {
            var listenHost = listenHost(config);
            checkPort(listenHost, config.selfPeer().port());
            replica = new Replica(machine, home.rows(), ids(config), room, stopper::stop);
            var server = build(config, home, listenHost, replica);
            stopper.server = server;
            var division = server.getDivision(groupId(config));
            stopper.division = division;
            server.start();
            return new RaftHost(server, division, replica, stopper);
        } catch (IOException | RuntimeException e) {
            stopper.stop();
            stopper.forgotten();
            if (replica != null) {
                replica.close();
            }
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

    static List<RaftPeer> raftPeers(RatisLogConfig config) {
        return config.peers().stream()
                .map(peer ->
                        RaftPeer.newBuilder().setId(peer.id()).setAddress(peer.address()).build())
                .toList();
    }

    static RaftGroupId groupId(RatisLogConfig config) {
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

    RaftServer server() {
        return server;
    }

    RaftServer.Division division() {
        return division;
    }

    Replica replica() {
        return replica;
    }

    /** Stops the server and waits for that; the replica is still open then. */
    void stop() {
        stopper.stop();
    }

    /** After this no thread, port or file is held any more. */
    @Override
    public void close() {
        stop();
        replica.close();
    }
}
