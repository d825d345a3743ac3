package io.lispfabric.store.ratis;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.StateHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.ratis.client.RaftClientRpc;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.protocol.exceptions.LeaderSteppingDownException;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.protocol.exceptions.ResourceUnavailableException;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.apache.ratis.protocol.exceptions.StateMachineException;
import org.apache.ratis.protocol.exceptions.TimeoutIOException;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * Brings an entry to the leader: to our own division if that leads, without any network, else by
 * one message to the member that does. It tries once; whoever calls tries again, under the same
 * call id, so that Ratis knows the entry again.
 */
final class LeaderRoute implements AutoCloseable {
    private final RaftServer server;
    private final RaftServer.Division division;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final RaftClientRpc rpc;

    /**
     * Renewed with the connections: ten failures on one connection are one reason to connect again.
     */
    private final AtomicReference<Object> connections = new AtomicReference<>(new Object());

    LeaderRoute(RaftServer server, RaftServer.Division division, List<RaftPeer> peers) {
        this.server = server;
        this.division = division;
        this.rpc =
                new GrpcFactory(new Parameters()).newRaftClientRpc(client, server.getProperties());
        rpc.addRaftPeers(peers);
    }

    long newCall() {
        return calls.incrementAndGet();
    }

    /**
     * Tries once.
     *
     * @return the position of the entry once it is committed and applied at the leader, or fails
     *     with a {@link LogUnavailableException} alone: it may have been taken nevertheless
     */
    CompletableFuture<LogPosition> send(long call, ByteBuffer entry) {
        var leader = division.getInfo().getLeaderId();
        if (leader == null) {
            return CompletableFuture.failedFuture(noLeader());
        }
        var request =
                RaftClientRequest.newBuilder()
                        .setClientId(client)
                        .setServerId(leader)
                        .setGroupId(division.getMemberId().getGroupId())
                        .setCallId(call)
                        .setMessage(
                                Message.valueOf(UnsafeByteOperations.unsafeWrap(entry.duplicate())))
                        .setType(RaftClientRequest.writeRequestType())
                        .build();
        return reply(leader, request).handle(LeaderRoute::outcome);
    }

    private CompletableFuture<RaftClientReply> reply(RaftPeerId leader, RaftClientRequest request) {
        try {
            return leader.equals(division.getId()) ? here(request) : there(leader, request);
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * The division's own method is three times as fast as the server's, which waits on a pool. That
     * it has one is not promised.
     */
    private CompletableFuture<RaftClientReply> here(RaftClientRequest request) throws IOException {
        return division instanceof RaftClientAsynchronousProtocol direct
                ? direct.submitClientRequestAsync(request)
                : server.submitClientRequestAsync(request);
    }

    private CompletableFuture<RaftClientReply> there(RaftPeerId leader, RaftClientRequest request)
            throws IOException {
        know(leader);
        var connection = connections.get();
        return rpc.sendRequestAsyncUnordered(request)
                .whenComplete((_, failure) -> {
                    // One failure ends the stream for all. Closing it waits, and we are on a thread
                    // of gRPC.
                    if (failure != null && connections.compareAndSet(connection, new Object())) {
                        Thread.ofVirtual().start(() -> rpc.handleException(leader, failure, true));
                    }
                });
    }

    /** For a member that the settings do not name. */
    private void know(RaftPeerId id) throws IOException {
        var peer = division.getRaftConf().getPeer(id);
        if (peer == null) {
            throw new IOException(id + " is not a member");
        }
        rpc.addRaftPeers(List.of(peer));
    }

    private static LogPosition outcome(RaftClientReply reply, Throwable failure) {
        if (failure == null && reply.isSuccess()) {
            return LogPosition.decode(reply.getMessage().getContent().toByteArray());
        }
        var cause = failure == null ? reply.getException() : failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        throw new CompletionException(
                switch (cause) {
                    case NotLeaderException _,
                            LeaderNotReadyException _,
                            LeaderSteppingDownException _ ->
                            noLeader();
                    case ServerNotReadyException _ -> noLeader();
                    case StateMachineException refused
                            when refused.getCause() instanceof NoRoomException noRoom ->
                            new LogUnavailableException(
                                    Reason.DISK_FULL, "the leader: " + noRoom.getMessage());
                    case ResourceUnavailableException _ ->
                            new LogUnavailableException(
                                    Reason.OVERLOADED, "the leader has too much to do");
                    case null, default ->
                            new LogUnavailableException(
                                    Reason.TIMED_OUT, "the leader did not answer: " + cause);
                });
    }

    private static LogUnavailableException noLeader() {
        return new LogUnavailableException(Reason.NO_LEADER, "the group has no leader");
    }

    /** Asks another member whether its disk has room; if it does not answer it has none. */
    boolean hasRoom(String member) {
        return ask(member, new Question.Room()).filter(String::isEmpty).isPresent();
    }

    /**
     * Asks another member what its rows were after an entry; empty if it does not know or answer.
     */
    Optional<StateHash> hash(String member, long index) {
        var question = new Question.Hash(index);
        return ask(member, question).flatMap(question::read);
    }

    /** Asks another member whether it could stand for election, since the leader is gone. */
    Optional<TermIndex> bereaved(String member) {
        return ask(member, new Question.Bereaved()).flatMap(Question.Bereaved::read);
    }

    /** Asks another member up to where the log is committed, which it knows if it leads. */
    OptionalLong committed(String leader) {
        return ask(leader, new Question.Committed())
                .map(Question.Committed::read)
                .orElse(OptionalLong.empty());
    }

    private Optional<String> ask(String member, Question question) {
        var at = RaftPeerId.valueOf(member);
        var request =
                RaftClientRequest.newBuilder()
                        .setClientId(client)
                        .setServerId(at)
                        .setGroupId(division.getMemberId().getGroupId())
                        .setCallId(newCall())
                        .setMessage(question.message())
                        .setType(RaftClientRequest.staleReadRequestType(0))
                        .build();
        try {
            var reply = ask(at, request);
            return reply.isSuccess()
                    ? Optional.of(reply.getMessage().getContent().toStringUtf8())
                    : Optional.empty();
        } catch (IOException e) {
            rpc.handleException(at, e, true); // the connection may be one that was cut off
            return Optional.empty();
        }
    }

    /** Asks the leader to make way for another member, and waits. */
    void transferLeadership(String member, long timeoutMillis) throws IOException {
        oncePerLeader(timeoutMillis, () -> askToTransferLeadership(member, timeoutMillis));
    }

    private void askToTransferLeadership(String member, long timeoutMillis) throws IOException {
        var leader = leader();
        var request =
                new TransferLeadershipRequest(
                        client,
                        leader,
                        division.getMemberId().getGroupId(),
                        newCall(),
                        RaftPeerId.valueOf(member),
                        timeoutMillis);
        var reply =
                leader.equals(division.getId())
                        ? server.transferLeadership(request)
                        : ask(leader, request);
        if (!reply.isSuccess()) {
            throw new IOException(
                    "member " + member + " did not become the leader" + why(reply),
                    reply.getException());
        }
    }

    /** Ratis says it in one word, among much that is for nobody else. */
    private static String why(RaftClientReply reply) {
        var said = reply.getException() == null ? "" : reply.getException().getMessage();
        if (said == null) {
            return "";
        }
        return said.contains("TIMED_OUT") || said.contains("NOT_UP_TO_DATE")
                ? ": it may not run, or have to catch up first"
                : said.contains("DIFFERENT_LEADER") ? ": another has become it" : "";
    }

    /**
     * Asks the leader to change who is in the group, and waits. If these are not those who are in
     * it but for one, someone else is changing it. A leader that has just been elected is given
     * time.
     */
    void setMembers(List<RaftPeer> voters, List<RaftPeer> listeners, long timeoutMillis)
            throws IOException {
        oncePerLeader(timeoutMillis, () -> askToSetMembers(voters, listeners, timeoutMillis));
    }

    /** What is asked of a leader. */
    private interface Asking {
        void ask() throws IOException;
    }

    /** While there is no leader, or none that is ready, it is asked again. */
    private static void oncePerLeader(long timeoutMillis, Asking asking) throws IOException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (true) {
            try {
                asking.ask();
                return;
            } catch (IOException e) {
                if (!isBetweenLeaders(e) || System.nanoTime() - end > 0) {
                    throw readable(e);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }

    /** What gRPC says of a leader that has just gone, or Ratis of itself, is for no operator. */
    private static IOException readable(IOException e) {
        var said = String.valueOf(e.getMessage());
        if (said.contains("UNAVAILABLE")) {
            return new IOException(
                    "the leader cannot be reached; give the command again once there is one", e);
        }
        if (isLate(e)) {
            return new IOException(
                    "the leader has not answered in time; lispctl show members tells whether it was"
                            + " done",
                    e);
        }
        return said.contains("NOPROGRESS")
                ? new IOException(
                        "the newcomer does not take the log; give the command again in a quarter of a"
                                + " minute, when it has opened its own again",
                        e)
                : e;
    }

    private static boolean isBetweenLeaders(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof NoLeaderException
                    || cause instanceof NotLeaderException
                    || cause instanceof LeaderNotReadyException
                    || cause instanceof LeaderSteppingDownException) {
                return true;
            }
        }
        return false;
    }

    private void askToSetMembers(
            List<RaftPeer> voters, List<RaftPeer> listeners, long timeoutMillis)
            throws IOException {
        var leader = leader();
        var conf = division.getRaftConf();
        var request =
                new SetConfigurationRequest(
                        client,
                        leader,
                        division.getMemberId().getGroupId(),
                        newCall(),
                        SetConfigurationRequest.Arguments.newBuilder()
                                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                                .setServersInCurrentConf(
                                        List.copyOf(conf.getAllPeers(RaftPeerRole.FOLLOWER)))
                                .setListenersInCurrentConf(
                                        List.copyOf(conf.getAllPeers(RaftPeerRole.LISTENER)))
                                .setServersInNewConf(voters)
                                .setListenersInNewConf(listeners)
                                .build());
        RaftClientReply reply;
        try {
            reply =
                    leader.equals(division.getId())
                            ? server.setConfiguration(request)
                            : ask(leader, request);
        } catch (IOException e) {
            // The leader first brings a newcomer up to date, which may take longer than one answer.
            if (isLate(e) && become(voters, listeners, timeoutMillis)) {
                return;
            }
            throw e;
        }
        check(reply, "the members were not changed");
    }

    private static boolean isLate(IOException e) {
        return e instanceof TimeoutIOException
                || String.valueOf(e.getMessage()).toUpperCase(Locale.ROOT).contains("DEADLINE");
    }

    /** Waits until the group is so. */
    private boolean become(List<RaftPeer> voters, List<RaftPeer> listeners, long timeoutMillis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (System.nanoTime() - end < 0) {
            var conf = division.getRaftConf();
            if (ids(conf.getAllPeers(RaftPeerRole.FOLLOWER)).equals(ids(voters))
                    && ids(conf.getAllPeers(RaftPeerRole.LISTENER)).equals(ids(listeners))) {
                return true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        return false;
    }

    private static Set<RaftPeerId> ids(Collection<RaftPeer> peers) {
        return peers.stream().map(RaftPeer::getId).collect(Collectors.toSet());
    }

    private RaftPeerId leader() throws IOException {
        var leader = division.getInfo().getLeaderId();
        if (leader == null) {
            throw new NoLeaderException("the group has no leader");
        }
        return leader;
    }

    private RaftClientReply ask(RaftPeerId at, RaftClientRequest request) throws IOException {
        know(at);
        return rpc.sendRequest(request);
    }

    private static void check(RaftClientReply reply, String otherwise) throws IOException {
        if (!reply.isSuccess()) {
            var why = reply.getException();
            throw new IOException(otherwise + (why == null ? "" : ": " + why.getMessage()), why);
        }
    }

    ClientId client() {
        return client;
    }

    @Override
    public void close() throws IOException {
        rpc.close();
    }
}
