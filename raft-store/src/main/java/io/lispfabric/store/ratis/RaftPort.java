package io.lispfabric.store.ratis;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.GroupMismatchException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * The Raft server of a member with several groups, at its one port. A group is opened and closed by
 * itself, so one that has stopped at a fault leaves the others alone.
 *
 * <p>Others take a member whose server answers that it is in no group for a new one ({@link
 * Founding}). So the server listens only when all groups that have a log are open, and no longer
 * when the last open one closes: it answers so only if no group has a log here.
 */
final class RaftPort implements AutoCloseable {
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final Map<RaftGroupId, Function<RaftGroupId, Replica>> replicas =
            new ConcurrentHashMap<>();
    private final RatisLogConfig config;
    private final MemberDirectory home;
    private final int groups;
    private volatile RaftServer server;

    /** Groups that are being closed. */
    private final Set<RaftGroupId> leaving = ConcurrentHashMap.newKeySet();

    /**
     * Makes the server, without any group; it does not listen yet.
     *
     * @throws IOException in one sentence; nothing is left running then
     */
    RaftPort(RatisLogConfig config, MemberDirectory home, int groups) throws IOException {
        this.config = config;
        this.home = home;
        this.groups = groups;
        this.server = build();
    }

    private RaftServer build() throws IOException {
        @Nullable RaftServer built = null;
        try {
            var host = RaftHost.listenHost(config);
            RaftHost.checkPort(host, config.selfPeer().port());
            var properties = RatisSettings.of(config, home, host);
            RaftServerConfigKeys.ThreadPool.setProxySize(properties, 1 + groups);
            // Ratis opens by itself whatever is there when the server is made, and does not know
            // then who the first members were.
            RaftServerConfigKeys.setStorageDir(properties, List.of(home.nothing().toFile()));
            built =
                    RaftServer.newBuilder()
                            .setServerId(RaftPeerId.valueOf(config.self()))
                            .setStateMachineRegistry(this::replica)
                            .setProperties(properties)
                            .setOption(StartupOption.RECOVER)
                            .build();
            RaftServerConfigKeys.setStorageDir(properties, List.of(home.raft().toFile()));
            return built;
        } catch (IOException | RuntimeException e) {
            if (built != null) {
                built.close();
            }
            throw cannotStart(e);
        }
    }

    private IOException cannotStart(Exception e) {
        return new IOException(
                "member " + config.self() + " cannot start: " + RaftHost.sentence(e), e);
    }

    /**
     * Listens from now on: all groups that have a log were opened.
     *
     * @throws IOException in one sentence
     */
    synchronized void start() throws IOException {
        if (server.getLifeCycleState() != LifeCycle.State.NEW) {
            return; // it has closed at a fault already, and perhaps been made anew
        }
        try {
            server.start();
        } catch (IOException | RuntimeException e) {
            throw cannotStart(e);
        }
    }

    private Replica replica(RaftGroupId group) {
        var known = replicas.get(group);
        if (known == null) {
            throw new IllegalArgumentException(
                    "there is no such group, or another number of groups");
        }
        return known.apply(group);
    }

    /** Another one after the last open group was closed and one was opened again. */
    RaftServer server() {
        return server;
    }

    /** What makes the replica of a group, also when someone else gives it a log. */
    void register(RaftGroupId group, Function<RaftGroupId, Replica> replica) {
        replicas.put(group, replica);
    }

    /**
     * Opens the log of a group, and returns when the state machine is loaded.
     *
     * @param begins whether there is none yet
     */
    synchronized void open(RaftGroup group, boolean begins) throws IOException {
        if (!server.getLifeCycleState().isClosingOrClosed()) {
            add(server, group, begins);
            return;
        }
        var anew = build();
        try {
            add(anew, group, begins);
            anew.start();
            server = anew;
        } catch (IOException | RuntimeException e) {
            anew.close();
            throw e;
        }
    }

    private void add(RaftServer to, RaftGroup group, boolean begins) throws IOException {
        check(
                to.groupManagement(
                        GroupManagementRequest.newAdd(
                                client, to.getId(), calls.incrementAndGet(), group, begins)));
    }

    /**
     * Closes it, if it is open; and the server with the last one. Each takes a second, so several
     * may be closed at once.
     */
    void close(RaftGroupId group) throws IOException {
        if (leave(group)) {
            return;
        }
        try {
            check(
                    server.groupManagement(
                            GroupManagementRequest.newRemove(
                                    client,
                                    server.getId(),
                                    calls.incrementAndGet(),
                                    group,
                                    false,
                                    false)));
        } catch (GroupMismatchException e) {
            // as wanted
        } finally {
            leaving.remove(group);
        }
    }

    /** Returns whether the server is closed, as no other group needs it. */
    private synchronized boolean leave(RaftGroupId group) throws IOException {
        if (server.getLifeCycleState().isClosingOrClosed()) {
            return true;
        }
        leaving.add(group);
        for (var open : server.getGroupIds()) {
            if (!leaving.contains(open)) {
                return false;
            }
        }
        try {
            server.close();
        } finally {
            leaving.clear();
        }
        return true;
    }

    private static void check(RaftClientReply reply) throws IOException {
        if (!reply.isSuccess()) {
            throw reply.getException();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        server.close();
    }
}
