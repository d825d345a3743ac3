package io.lispfabric.store.ratis;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.NetUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices at once that the leader's process has ended, where Raft waits for an election timeout: a
 * connection to its port, over which nothing is said, breaks then, and a new one is refused. If a
 * majority of the voters finds so, the one with the longest log stands for election, as if the
 * leader had handed over to it. All the rest is Raft's: who is wrong about the leader costs an
 * election, and nobody gets more votes by it. A leader that is stopped, or cut off, refuses nothing
 * and is waited for as ever.
 */
final class LeaderWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderWatch.class);
    private static final int CONNECT_MILLIS = 500;
    private static final int LOOK_MILLIS = 250;
    private static final long ASK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** How long after a connection the next one is made: twice as long each time. */
    private static final long LEAST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long MOST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * A voter that may become the leader.
     *
     * @param log its last entry
     */
    record Candidate(String id, TermIndex log, int priority) {
        /** As votes are given: to the longer log, and of equal ones to the higher priority. */
        private static final Comparator<Candidate> ORDER =
                Comparator.comparing(Candidate::log)
                        .thenComparing(Candidate::priority)
                        .thenComparing(Candidate::id);

        static Candidate best(Collection<Candidate> all) {
            return all.stream().max(ORDER).orElseThrow();
        }
    }

    private final RaftServer server;
    private final RaftServer.Division division;
    private final Replica replica;
    private final LeaderRoute route;
    private final BooleanSupplier begun;
    private final long patienceNanos;
    private volatile boolean closed;

    /**
     * @param begun whether the division can be asked
     * @param patienceNanos for how long a majority is sought: an election timeout, as the others
     *     stand by themselves then
     */
    LeaderWatch(
            RaftServer server,
            RaftServer.Division division,
            Replica replica,
            LeaderRoute route,
            BooleanSupplier begun,
            long patienceNanos) {
        this.server = server;
        this.division = division;
        this.replica = replica;
        this.route = route;
        this.begun = begun;
        this.patienceNanos = patienceNanos;
    }

    void start() {
        Thread.ofVirtual().name("raft-leader-watch-" + division.getId()).start(this::run);
    }

    private void run() {
        long pause = LEAST_PAUSE_NANOS;
        while (!closed) {
            long began = System.nanoTime();
            try {
                var leader = leader();
                if (leader.isPresent() && hasEnded(leader.get())) {
                    succeed(leader.get());
                }
            } catch (RuntimeException e) {
                LOG.warn("the leader cannot be watched: {}", e.toString());
            }
            pause =
                    System.nanoTime() - began > MOST_PAUSE_NANOS
                            ? LEAST_PAUSE_NANOS
                            : Math.min(2 * pause, MOST_PAUSE_NANOS);
            LockSupport.parkNanos(pause);
        }
    }

    /** Who leads, if it is another. */
    private Optional<RaftPeer> leader() {
        var leader = begun.getAsBoolean() ? division.getInfo().getLeaderId() : null;
        return leader == null || leader.equals(division.getId())
                ? Optional.empty()
                : Optional.ofNullable(division.getRaftConf().getPeer(leader));
    }

    private boolean follows(RaftPeerId leader) {
        return division.getInfo().isFollower() && leader.equals(division.getInfo().getLeaderId());
    }

    /** Holds a connection until it breaks; whether none is to be had. */
    private boolean hasEnded(RaftPeer leader) {
        var read = new byte[256];
        try (var socket = new Socket()) {
            socket.connect(NetUtils.createSocketAddr(leader.getAddress()), CONNECT_MILLIS);
            socket.setSoTimeout(LOOK_MILLIS);
            replica.unbereave();
            while (!closed && follows(leader.getId()) && !isOver(socket, read)) {
                // It may greet; what it says is not looked at.
            }
            return false;
        } catch (ConnectException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isOver(Socket socket, byte[] read) throws IOException {
        try {
            return socket.getInputStream().read(read) < 0;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /** Asks the others until a majority finds that the leader is gone, and the best one stands. */
    private void succeed(RaftPeer leader) {
        long term = division.getInfo().getCurrentTerm();
        long end = System.nanoTime() + patienceNanos;
        replica.bereave(term);
        var voters = List.copyOf(division.getRaftConf().getCurrentPeers());
        var candidates = new ConcurrentHashMap<String, Candidate>();
        var asked = ConcurrentHashMap.<String>newKeySet();
        while (!closed
                && division.getInfo().getCurrentTerm() == term
                && follows(leader.getId())
                && System.nanoTime() - end < 0) {
            for (var voter : voters) {
                if (!voter.getId().equals(leader.getId())) {
                    ask(voter, candidates, asked);
                }
            }
            if (candidates.size() > voters.size() / 2
                    && Candidate.best(candidates.values()).id().equals(id())) {
                stand(leader.getId());
                return;
            }
            LockSupport.parkNanos(ASK_AGAIN_NANOS);
        }
    }

    private String id() {
        return division.getId().toString();
    }

    /** Each on a thread of its own: one that is silent holds up nobody. */
    private void ask(RaftPeer voter, Map<String, Candidate> candidates, Collection<String> asked) {
        var id = voter.getId().toString();
        if (id.equals(id())) {
            replica.bereaved()
                    .ifPresent(
                            it -> candidates.put(id, new Candidate(id, it, voter.getPriority())));
        } else if (!candidates.containsKey(id) && asked.add(id)) {
            Thread.ofVirtual()
                    .name("raft-bereaved")
                    .start(() -> {
                        try {
                            route.bereaved(id)
                                    .ifPresent(it ->
                                            candidates.put(
                                                    id,
                                                    new Candidate(id, it, voter.getPriority())));
                        } catch (RuntimeException e) {
                            LOG.debug("{} does not say whether it has a leader", id, e);
                        } finally {
                            asked.remove(id);
                        }
                    });
        }
    }

    /** In the name of the leader that is gone, as it would hand over itself. */
    private void stand(RaftPeerId leader) {
        var log = replica.bereaved();
        if (log.isEmpty()) {
            return;
        }
        var request =
                StartLeaderElectionRequestProto.newBuilder()
                        .setServerRequest(
                                RaftRpcRequestProto.newBuilder()
                                        .setRequestorId(leader.toByteString())
                                        .setReplyId(division.getId().toByteString())
                                        .setRaftGroupId(
                                                RaftGroupIdProto.newBuilder()
                                                        .setId(
                                                                division.getMemberId()
                                                                        .getGroupId()
                                                                        .toByteString()))
                                        .setCallId(route.newCall()))
                        .setLeaderLastEntry(log.get().toProto())
                        .build();
        try {
            boolean stands = server.startLeaderElection(request).getServerReply().getSuccess();
            LOG.info(
                    "the process of {}, which led, has ended: {} {}",
                    leader,
                    id(),
                    stands ? "stands for election" : "does not stand for election");
        } catch (IOException e) {
            LOG.info("{} does not stand for election: {}", id(), e.getMessage());
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
