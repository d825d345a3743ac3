package io.lispfabric.store.ratis;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A member that takes part in its group, from one start of its Raft server to its stop. */
final class RaftMember {
    private static final Logger LOG = LoggerFactory.getLogger(RaftMember.class);

    private final RatisLogConfig config;
    private final DiskRoom room;
    private final RaftHost host;
    private final RaftServer.Division division;
    private final Replica replica;
    private final LeaderRoute route;
    private final Submitter submitter;
    private volatile Optional<LogUnavailableException> stopped = Optional.empty();

    RaftMember(RatisLogConfig config, DiskRoom room, RaftHost host, RaftServer.Division division) {
        this.config = config;
        this.room = room;
        this.host = host;
        this.division = division;
        this.replica = host.replica();
        this.route = new LeaderRoute(host.server(), division, RaftHost.raftPeers(config));
        this.submitter =
                new Submitter(
                        config.self(),
                        route,
                        replica,
                        config.submitTimeout(),
                        config.maxUnanswered());
        submitter.start();
    }

    CompletableFuture<LogPosition> submit(ByteBuffer command) {
        var shortage = room.shortage();
        return stopped.isEmpty() && shortage.isPresent()
                ? Submitter.refused(Reason.DISK_FULL, shortage.get())
                : submitter.submit(command);
    }

    boolean leads() {
        return stopped.isEmpty()
                && replica.fault().isEmpty()
                && replica.leads()
                && division.getInfo().isLeaderReady();
    }

    /** Whether it has met the end of its disk, so that it can only be stopped and started again. */
    boolean lacksRoom() {
        return replica.lacksRoom();
    }

    boolean hasRoom(String memberId) {
        return route.hasRoom(memberId);
    }

    void transferLeadership(String memberId) throws IOException {
        checkRunning();
        route.transferLeadership(memberId, config.electionTimeoutMax().multipliedBy(4).toMillis());
    }

    /** A listener gets the log and promises nothing; it becomes a voter once it has caught up. */
    void add(RaftPeer joining, GroupCalls calls) throws IOException {
        checkRunning();
        if (!calls.hasLog(joining)) {
            calls.begin(joining, List.of());
        }
        var voters = peers(RaftPeerRole.FOLLOWER);
        var listeners = peers(RaftPeerRole.LISTENER);
        route.setMembers(voters, with(listeners, joining), changeTimeout());
        route.setMembers(with(voters, joining), listeners, changeTimeout());
    }

    void remove(String id) throws IOException {
        checkRunning();
        var voters = without(peers(RaftPeerRole.FOLLOWER), id);
        if (voters.isEmpty()) {
            throw new IOException(id + " is the only voter of the group");
        }
        if (Optional.ofNullable(division.getInfo().getLeaderId())
                .filter(leader -> leader.toString().equals(id))
                .isPresent()) {
            transferLeadership(voters.getFirst().getId().toString());
        }
        route.setMembers(voters, without(peers(RaftPeerRole.LISTENER), id), changeTimeout());
    }

    private long changeTimeout() {
        return config.submitTimeout().multipliedBy(3).toMillis();
    }

    private List<RaftPeer> peers(RaftPeerRole role) {
        return List.copyOf(division.getRaftConf().getAllPeers(role));
    }

    private static List<RaftPeer> with(List<RaftPeer> peers, RaftPeer another) {
        return Stream.concat(peers.stream(), Stream.of(another)).toList();
    }

    private static List<RaftPeer> without(List<RaftPeer> peers, String id) {
        return peers.stream().filter(peer -> !peer.getId().toString().equals(id)).toList();
    }

    void snapshot() throws IOException {
        checkRunning();
        var request =
                SnapshotManagementRequest.newCreate(
                        route.client(),
                        host.server().getId(),
                        division.getMemberId().getGroupId(),
                        route.newCall(),
                        config.submitTimeout().toMillis(),
                        1);
        var reply = host.server().snapshotManagement(request);
        if (!reply.isSuccess()) {
            throw new IOException(
                    "member " + config.self() + " took no snapshot", reply.getException());
        }
    }

    private void checkRunning() throws IOException {
        var why = pause().or(this::illness);
        if (why.isPresent()) {
            throw new IOException("member " + config.self() + " is not running: " + why.get());
        }
    }

    /** Why it does not run, if it will again by itself. */
    private Optional<String> pause() {
        return lacksRoom() && !closed() ? replica.fault() : Optional.empty();
    }

    private boolean closed() {
        return stopped.filter(why -> why.reason() == Reason.STOPPED).isPresent();
    }

    /** Why it does not run and will not by itself. */
    private Optional<String> illness() {
        if (pause().isPresent()) {
            return Optional.empty();
        }
        return replica.fault()
                .or(() -> stopped.map(LogUnavailableException::getMessage))
                .or(() ->
                        division.getInfo().isAlive()
                                ? Optional.empty()
                                : Optional.of("the Raft server has stopped"));
    }

    /** Whether it has a role and a log; it has neither in the moment in which Ratis opens it. */
    boolean hasBegun() {
        if (division.getInfo().getCurrentRole() == null) {
            return false;
        }
        try {
            return division.getRaftLog() != null;
        } catch (IllegalStateException e) {
            return false; // this is how Ratis says that there is none yet
        }
    }

    /** How things stand, once it {@link #hasBegun}. */
    Status status() {
        var illness = illness();
        var pause = pause();
        boolean runs = illness.isEmpty() && pause.isEmpty();
        var info = division.getInfo();
        var role = runs ? role(info.getCurrentRole()) : Status.Role.NONE;
        var leader =
                runs
                        ? Optional.ofNullable(info.getLeaderId()).map(RaftPeerId::toString)
                        : Optional.<String>empty();
        long commit = division.getRaftLog().getLastCommittedIndex();
        return new Status(
                config.self(),
                role,
                leader,
                info.getCurrentTerm(),
                commit,
                replica.getLastAppliedTermIndex().getIndex(),
                illness.isEmpty(),
                illness.orElse(""),
                illness.isEmpty() ? pause.or(room::shortage) : Optional.empty(),
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

    /** Stops the server; what is unanswered fails for this reason. The second call does nothing. */
    void stop(LogUnavailableException why) {
        synchronized (this) {
            if (stopped.isPresent()) {
                return;
            }
            stopped = Optional.of(why);
        }
        submitter.stop(why);
        try {
            route.close();
        } catch (IOException e) {
            LOG.warn("the connections to the other members did not close as they should", e);
        }
        host.stop();
        submitter.awaitEnd();
        host.close();
    }
}
