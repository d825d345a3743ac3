package io.lispfabric.store.ratis;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.client.RaftClientRpc;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.GroupInfoRequest;
import org.apache.ratis.protocol.GroupListReply;
import org.apache.ratis.protocol.GroupListRequest;
import org.apache.ratis.protocol.GroupManagementRequest;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;

/** What one Raft server asks another about the group itself. Each call waits for its answer. */
final class GroupCalls implements AutoCloseable {
    private final RaftGroupId group;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final RaftClientRpc rpc;

    GroupCalls(RaftGroupId group, RaftProperties properties) {
        this.group = group;
        this.rpc = new GrpcFactory(new Parameters()).newRaftClientRpc(client, properties);
    }

    /**
     * Whether a server has a log of the group, be it empty, and has it open.
     *
     * @throws IOException if it does not say
     */
    boolean hasLog(RaftPeer at) throws IOException {
        return groups(at).contains(group);
    }

    /**
     * The groups that a server has open; none only if it has no log of any: see {@link RaftPort}.
     *
     * @throws IOException if it does not say
     */
    List<RaftGroupId> groups(RaftPeer at) throws IOException {
        var request = new GroupListRequest(client, at.getId(), group, calls.incrementAndGet());
        if (ask(at, request) instanceof GroupListReply reply) {
            return reply.getGroupIds();
        }
        throw new IOException(at.getId() + " does not say in which groups it is");
    }

    /**
     * The members of the group, as a server knows them.
     *
     * @throws IOException if it does not say
     */
    Collection<RaftPeer> members(RaftPeer at) throws IOException {
        var request = new GroupInfoRequest(client, at.getId(), group, calls.incrementAndGet());
        return ask(at, request) instanceof GroupInfoReply reply
                ? reply.getGroup().getPeers()
                : List.of();
    }

    /**
     * Who runs where a server was asked: Ratis hears whatever is said to another name as well.
     *
     * @throws IOException if it does not say
     */
    String self(RaftPeer at) throws IOException {
        var request = new GroupInfoRequest(client, at.getId(), group, calls.incrementAndGet());
        if (ask(at, request) instanceof GroupInfoReply reply) {
            return reply.getRoleInfoProto().getSelf().getId().toStringUtf8();
        }
        throw new IOException(at.getAddress() + " does not say who it is");
    }

    /**
     * Gives a server that has no log of the group an empty one.
     *
     * @param members who votes at first; none for one that waits to be told by the leader
     * @throws IOException if it does not take it
     */
    void begin(RaftPeer at, List<RaftPeer> members) throws IOException {
        var request =
                GroupManagementRequest.newAdd(
                        client,
                        at.getId(),
                        calls.incrementAndGet(),
                        RaftGroup.valueOf(group, members));
        ask(at, request);
    }

    private RaftClientReply ask(RaftPeer at, RaftClientRequest request) throws IOException {
        rpc.addRaftPeers(List.of(at));
        try {
            var reply = rpc.sendRequest(request);
            if (!reply.isSuccess()) {
                throw new RefusedException(at, reply.getException());
            }
            return reply;
        } catch (IOException | RuntimeException e) {
            rpc.handleException(at.getId(), e, true); // or it would wait ever longer to connect
            throw e instanceof IOException known ? known : new IOException(e);
        }
    }

    /** It has answered, and not as it was asked to. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;

        private RefusedException(RaftPeer at, Exception why) {
            super(at.getId() + " refused", why);
        }
    }

    @Override
    public void close() throws IOException {
        rpc.close();
    }
}
