package io.lispfabric.store.ratis;

import java.io.IOException;
import java.util.List;
import java.util.Map;
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
import org.jspecify.annotations.Nullable;

/**
 * The Raft server of a member with several groups, at its one port. A group is opened and closed by
 * itself, so one that has stopped at a fault leaves the others alone.
 */
final class RaftPort implements AutoCloseable {
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final Map<RaftGroupId, Function<RaftGroupId, Replica>> replicas =
            new ConcurrentHashMap<>();
    private final RaftServer server;

    /**
     * Starts the server, without any group.
     *
     * @throws IOException in one sentence; nothing is left running then
     */
    RaftPort(RatisLogConfig config, MemberDirectory home, int groups) throws IOException {
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
            built.start();
            server = built;
        } catch (IOException | RuntimeException e) {
            if (built != null) {
                built.close();
            }
            throw new IOException(
                    "member " + config.self() + " cannot start: " + RaftHost.sentence(e), e);
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
    void open(RaftGroup group, boolean begins) throws IOException {
        check(
                server.groupManagement(
                        GroupManagementRequest.newAdd(
                                client, server.getId(), calls.incrementAndGet(), group, begins)));
    }

    /** Closes it, if it is open. */
    void close(RaftGroupId group) throws IOException {
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
        }
    }

    private static void check(RaftClientReply reply) throws IOException {
        if (!reply.isSuccess()) {
            throw reply.getException();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
