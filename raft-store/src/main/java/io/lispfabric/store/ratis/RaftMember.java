package io.lispfabric.store.ratis;

import io.lispfabric.store.FormerMemberException;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.StateHash;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.GroupCalls.RefusedException;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A member that takes part in its group, from one start of its Raft server to its stop. */
final class RaftMember {
    private static final Logger LOG = LoggerFactory.getLogger(RaftMember.class);

    /** In milliseconds: longer ago than anything. */
    private static final long NEVER = Integer.MAX_VALUE;

    /** Timeouts of elections that a member has to say that it can lead. */
    static final int MOMENT = 2;

    private static final String REMOVED =
            "it was removed from the group, or its addition was broken off; in its place another with"
                    + " a new name and an empty directory takes part after lispctl member add";

    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final RatisLogConfig config;
    private final DiskRoom room;
    private final RaftHost host;
    private final RaftServer.Division division;
    private final Replica replica;
    private final LeaderRoute route;
    private final Submitter submitter;
    private final LeaderWatch leaderWatch;
    private final Freshness freshness = new Freshness();

    /** Of each other member, while this one leads; of the thread that looks. */
    private final Map<RaftPeerId, Stalling> stalling = new HashMap<>();

    private final Comparison comparison;
    private final Reconnecting<RaftPeerId> reconnecting; // the keeper's alone
    private final Standing standing = new Standing(); // the keeper's alone
    private final Belonging belonging;
    private volatile Optional<LogUnavailableException> stopped = Optional.empty();

    RaftMember(
            RatisLogConfig config,
            MemberDirectory home,
            DiskRoom room,
            RaftHost host,
            RaftServer.Division division,
            Belonging belonging) {
        this.config = config;
        this.room = room;
        this.host = host;
        this.division = division;
        this.belonging = belonging;
        this.replica = host.replica();
        this.route = new LeaderRoute(host.server(), division, RaftHost.raftPeers(config));
        this.comparison = new Comparison(config.self(), home, route::hash);
        this.submitter =
                new Submitter(
                        config.self(),
                        route,
                        replica,
                        config.submitTimeout(),
                        config.maxUnanswered());
        this.reconnecting =
                new Reconnecting<>(
                        config.electionTimeoutMax().multipliedBy(2).toNanos(), this::reconnect);
        this.leaderWatch =
                new LeaderWatch(
                        host.server(),
                        division,
                        replica,
                        route,
                        this::hasBegun,
                        config.electionTimeoutMin().toNanos());
        submitter.start();
        leaderWatch.start();
        Thread.ofVirtual().name("raft-fresh-" + config.self()).start(this::ask);
    }

    /** Not by the keeper: to close a connection takes a while. */
    private void reconnect(RaftPeerId other) {
        Thread.ofVirtual()
                .name("raft-reconnect")
                .start(() ->
                        host.server()
                                .getServerRpc()
                                .handleException(
                                        other, new IOException(other + " is not heard"), true));
    }

    /**
     * Asks the leader several times a second what is committed. Only an answer says from when it is
     * at least: what a leader sends by itself may have been on its way for as long as they were cut
     * off from each other.
     */
    private void ask() {
        while (stopped.isEmpty()) {
            var leader = hasBegun() ? division.getInfo().getLeaderId() : null;
            if (leader != null && !leader.equals(division.getId())) {
                long asked = System.nanoTime();
                try {
                    var committed = route.committed(leader.toString());
                    if (committed.isPresent()) {
                        long now = System.nanoTime();
                        freshness.observe(now, now - asked, committed.getAsLong(), applied());
                    }
                } catch (RuntimeException e) {
                    // Asked again, or it would look stale for ever.
                    LOG.warn("{} cannot be asked what is committed: {}", leader, e.toString());
                }
            }
            LockSupport.parkNanos(ASK_NANOS);
        }
    }

    private long applied() {
        return replica.getLastAppliedTermIndex().getIndex();
    }

    CompletableFuture<LogPosition> submit(ByteBuffer command) {
        var shortage = room.shortage();
        return stopped.isEmpty() && shortage.isPresent()
                ? Submitter.refused(Reason.DISK_FULL, shortage.get())
                : submitter.submit(command);
    }

    /** The empty command is for the replica itself. */
    CompletableFuture<LogPosition> audit() {
        return submit(ByteBuffer.allocate(0));
    }

    StateCheck check(Duration timeout) throws IOException {
        long end = System.nanoTime() + timeout.toNanos();
        var index = audited(timeout).index();
        var voters = ids(RaftPeerRole.FOLLOWER);
        var hashes = new TreeMap<String, Optional<StateHash>>();
        voters.forEach(id -> hashes.put(id, Optional.empty()));
        ids(RaftPeerRole.LISTENER).forEach(id -> hashes.put(id, Optional.empty()));
        while (true) {
            hashes.replaceAll((id, hash) -> hash.or(() -> hashOf(id, index)));
            boolean all = hashes.values().stream().allMatch(Optional::isPresent);
            if (all || System.nanoTime() - end > 0) {
                return StateCheck.of(index, voters, hashes);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private LogPosition audited(Duration timeout) throws IOException {
        try {
            return audit().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            var why = e.getCause() == null ? e : e.getCause();
            var said = "nothing was checked: " + why.getMessage();
            throw why instanceof LogUnavailableException it && it.reason() == Reason.NO_LEADER
                    ? new NoLeaderException(said)
                    : new IOException(said, e);
        } catch (TimeoutException e) {
            throw new NoLeaderException(
                    "nothing was checked: the log did not take it in time; it does once a majority"
                            + " of the voters runs");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("nothing was checked: interrupted", e);
        }
    }

    private Optional<StateHash> hashOf(String id, long index) {
        return id.equals(config.self()) ? replica.auditor().at(index) : route.hash(id, index);
    }

    private Set<String> ids(RaftPeerRole role) {
        return peers(role).stream()
                .map(peer -> peer.getId().toString())
                .collect(Collectors.toSet());
    }

    /** Asks the others for theirs once there is a new hash of its own rows. */
    private void compare() {
        var own = replica.auditor().newest();
        if (own.isPresent() && comparison.isNew(own.get())) {
            var members = new HashMap<String, Boolean>();
            ids(RaftPeerRole.LISTENER).forEach(id -> members.put(id, false));
            ids(RaftPeerRole.FOLLOWER).forEach(id -> members.put(id, true));
            long index = own.get().index();
            Thread.ofVirtual()
                    .name("raft-compare")
                    .start(() ->
                            comparison.compare(
                                    own.get(),
                                    members,
                                    () ->
                                            stopped.isEmpty()
                                                    && replica.auditor()
                                                            .newest()
                                                            .filter(it -> it.index() == index)
                                                            .isPresent()));
        }
    }

    /**
     * What has wrong rows should not lead: others would get them by snapshots and publications. Nor
     * what answers nobody.
     */
    boolean shouldBeDrained(boolean silentInAnotherGroup) {
        return (silentInAnotherGroup || comparison.differs().isPresent())
                && !drained().contains(config.self());
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

    private boolean canLead(String memberId) {
        return memberId.equals(config.self()) || hasRoom(memberId);
    }

    /**
     * Only to who answers: after a try with one that does not run, Ratis may refuse all others for
     * as long as this leader leads.
     */
    void transferLeadership(String memberId) throws IOException {
        checkRunning();
        if (drained().contains(memberId)) {
            throw new IOException(
                    "member "
                            + memberId
                            + " is drained: lispctl member drain --undo "
                            + memberId
                            + " comes first");
        }
        // One that has just begun is given a moment.
        await(
                () -> canLead(memberId),
                MOMENT,
                "member " + memberId + " does not answer, or its disk has no room to lead");
        route.transferLeadership(memberId, config.electionTimeoutMax().multipliedBy(4).toMillis());
    }

    /**
     * The leader first brings the newcomer up to date, which promises nothing until then. Never as
     * a listener before: Ratis would not tell a listener that it let become a voter to begin, and
     * so nobody's election would get its vote.
     */
    void add(RaftPeer joining) throws IOException {
        checkRunning();
        if (replica.wasMember(joining.getId().toString())) {
            throw new FormerMemberException(joining.getId().toString());
        }
        var group = division.getMemberId().getGroupId();
        String there;
        // Ratis keeps the address that it has first heard for a name, so that a wrong one must not
        // get as far; nor may one of our calls before be it.
        try (var calls = new GroupCalls(group, host.server().getProperties())) {
            if (!calls.hasLog(joining)) {
                calls.begin(joining, List.of());
            }
            there = calls.self(joining);
        } catch (IOException e) {
            throw new IOException(
                    joining.getId()
                            + (e instanceof RefusedException
                                    ? " has refused at "
                                            + joining.getAddress()
                                            + ", perhaps since it was asked before: give the command"
                                            + " again"
                                    : " does not answer at "
                                            + joining.getAddress()
                                            + ": it has to run, with itself among its peers"),
                    e);
        }
        if (!there.equals(joining.getId().toString())) {
            throw new IOException(
                    joining.getAddress() + " is where " + there + " runs, not " + joining.getId());
        }
        route.setMembers(
                with(peers(RaftPeerRole.FOLLOWER), withPriority(joining, highestPriority())),
                peers(RaftPeerRole.LISTENER),
                changeTimeout());
    }

    /**
     * Of voters with equal logs, Ratis elects one of the highest priority, and another that leads
     * makes way for it. So who is drained has a lower one, and leads only while nobody else has the
     * log or can be reached: better such a leader than none.
     */
    void drain(String id, boolean drained) throws IOException {
        checkRunning();
        var voters = peers(RaftPeerRole.FOLLOWER);
        var active =
                voters.stream()
                        .map(peer -> peer.getId().toString())
                        .filter(it -> it.equals(id) ? !drained : !drained().contains(it))
                        .toList();
        if (voters.stream().noneMatch(peer -> peer.getId().toString().equals(id))) {
            throw new IOException(id + " does not vote");
        }
        if (active.isEmpty()) {
            throw new IOException("somebody has to lead, and all other voters are drained");
        }
        if (!active.contains(id) && leaderIs(id)) {
            handOver(id, active);
        }
        var changed =
                voters.stream()
                        .map(peer ->
                                withPriority(
                                        peer, active.contains(peer.getId().toString()) ? 1 : 0))
                        .toList();
        route.setMembers(changed, peers(RaftPeerRole.LISTENER), changeTimeout());
        await(
                () -> drained().contains(id) == drained,
                4,
                id + " is not known to be so here; try again");
    }

    /**
     * Makes another member the leader, whoever can be and is not drained.
     *
     * @param timeouts of elections that one of them has to say that it can
     * @return who it is
     * @throws IOException if nobody says so, or nobody who did became it
     */
    String handOver(int timeouts) throws IOException {
        checkRunning();
        var drained = drained();
        return handOver(
                peers(RaftPeerRole.FOLLOWER).stream()
                        .map(peer -> peer.getId().toString())
                        .filter(it -> !it.equals(config.self()) && !drained.contains(it))
                        .toList(),
                timeouts);
    }

    /** All are asked, again and again, until one can: who is silent is not waited for. */
    private String handOver(List<String> to, int timeouts) throws IOException {
        await(
                () -> to.stream().anyMatch(this::canLead),
                timeouts,
                "nobody answers whose disk has room to lead");
        var refusals = new ArrayList<String>();
        for (var other : to) {
            if (canLead(other)) {
                try {
                    transferLeadership(other);
                    return other;
                } catch (IOException e) {
                    refusals.add(String.valueOf(e.getMessage()));
                }
            }
        }
        throw new IOException(String.join("; ", refusals));
    }

    private void handOver(String from, List<String> to) throws IOException {
        var refusal = "";
        try {
            handOver(to, MOMENT);
        } catch (IOException e) {
            refusal = ": " + e.getMessage();
        }
        await(
                () -> !leaderIs(from) && division.getInfo().getLeaderId() != null,
                4,
                from + " still leads" + refusal + "; try again");
    }

    /**
     * @param timeouts of elections that it may take
     */
    private void await(BooleanSupplier so, int timeouts, String otherwise) throws IOException {
        long end = System.nanoTime() + config.electionTimeoutMax().multipliedBy(timeouts).toNanos();
        while (!so.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new IOException(otherwise);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private boolean leaderIs(String id) {
        var leader = division.getInfo().getLeaderId();
        return leader != null && leader.toString().equals(id);
    }

    private int highestPriority() {
        return peers(RaftPeerRole.FOLLOWER).stream()
                .mapToInt(RaftPeer::getPriority)
                .max()
                .orElse(0);
    }

    /** Voters that are to lead only if nobody else can. */
    private Set<String> drained() {
        int highest = highestPriority();
        return peers(RaftPeerRole.FOLLOWER).stream()
                .filter(peer -> peer.getPriority() < highest)
                .map(peer -> peer.getId().toString())
                .collect(Collectors.toSet());
    }

    private static RaftPeer withPriority(RaftPeer peer, int priority) {
        return RaftPeer.newBuilder(peer).setPriority(priority).build();
    }

    void remove(String id) throws IOException {
        checkRunning();
        var voters = without(peers(RaftPeerRole.FOLLOWER), id);
        if (voters.isEmpty()) {
            throw new IOException(id + " is the only voter of the group");
        }
        if (leaderIs(id)) {
            var drained = drained();
            var active =
                    voters.stream()
                            .map(peer -> peer.getId().toString())
                            .filter(other -> !drained.contains(other))
                            .toList();
            if (active.isEmpty()) {
                throw new IOException("all members but " + id + " are drained");
            }
            handOver(id, active);
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

    /** Why it does not run, if it will again by itself: only a stop for good is no pause. */
    private Optional<String> pause() {
        if (closed()) {
            return Optional.empty();
        }
        var again = stopped.map(LogUnavailableException::getMessage);
        return lacksRoom() ? replica.fault().or(() -> again) : again;
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
                .or(() -> isRemoved() && !closed() ? Optional.of(REMOVED) : Optional.empty())
                .or(() -> stopped.map(LogUnavailableException::getMessage))
                .or(() ->
                        division.getInfo().isAlive()
                                ? Optional.empty()
                                : Optional.of("the Raft server has stopped"));
    }

    private boolean isRemoved() {
        return belonging.isOutside();
    }

    /**
     * Whether Ratis has closed its part in the group, as it does with a candidate that the leader
     * does not count in, and with no other.
     */
    boolean isRefused() {
        return stopped.isEmpty()
                && replica.fault().isEmpty()
                && !division.getInfo().isAlive()
                && division.getInfo().isCandidate();
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

    /** What it does by itself; to be called several times a second, by one thread. */
    void look() {
        if (!hasBegun()) {
            return;
        }
        if (isRefused()) {
            belonging.refused();
        }
        belonging.look(
                division.getInfo().isAlive() && division.getInfo().getLeaderId() != null,
                Stream.of(RaftPeerRole.FOLLOWER, RaftPeerRole.LISTENER)
                        .flatMap(role -> peers(role).stream())
                        .toList(),
                System.nanoTime());
        boolean removed = isRemoved();
        if (belonging.isNews(removed)) {
            if (removed) {
                LOG.error("member {} answers nobody: {}", config.self(), REMOVED);
            } else {
                LOG.info("member {} hears of a leader that counts it in", config.self());
            }
        }
        if (removed) {
            return;
        }
        compare();
        if (division.getInfo().isAlive() && standing.hasEnded(division, System.nanoTime())) {
            replica.electionEnded();
        }
        var heard = heard();
        if (division.getId().equals(division.getInfo().getLeaderId())) {
            long now = System.nanoTime();
            freshness.observe(
                    now,
                    TimeUnit.MILLISECONDS.toNanos(sinceMajority(heard)),
                    division.getRaftLog().getLastCommittedIndex(),
                    applied());
            tellStalled(heard, now);
        } else {
            stalling.clear();
        }
        reconnecting.look(silent(heard), System.nanoTime());
    }

    /** As the leader: of whom answers, but does not take what is committed. */
    private void tellStalled(Map<RaftPeerId, Long> heard, long now) {
        long limit = config.electionTimeoutMax().toMillis();
        long committed = division.getRaftLog().getLastCommittedIndex();
        var matches = matches();
        stalling.keySet().retainAll(matches.keySet());
        matches.forEach((id, match) -> {
            var of = stalling.computeIfAbsent(id, _ -> new Stalling());
            if (heard.getOrDefault(id, NEVER) > limit) {
                of.restart(match, now);
            } else if (of.look(committed, match, now)) {
                LOG.error(
                        "member {} has taken nothing for {} s, though it answers: it"
                                + " gets a large snapshot, or its log has what this"
                                + " leader's has not; if this stays so, remove it,"
                                + " and add another in its place",
                        id,
                        of.seconds(now));
            }
        });
    }

    /** For how many milliseconds a leader may have been none: since it heard a majority. */
    private long sinceMajority(Map<RaftPeerId, Long> heard) {
        var voters =
                peers(RaftPeerRole.FOLLOWER).stream()
                        .map(RaftPeer::getId)
                        .map(id -> id.equals(division.getId()) ? 0L : heard.getOrDefault(id, NEVER))
                        .sorted()
                        .toList();
        return voters.isEmpty() ? NEVER : voters.get(voters.size() / 2);
    }

    /**
     * Whom a leader does not hear, so that there may be no connection to them. But not those that
     * it sends a snapshot to, whose parts take their time.
     */
    private List<RaftPeerId> silent(Map<RaftPeerId, Long> heard) {
        if (!division.getId().equals(division.getInfo().getLeaderId())) {
            return List.of();
        }
        long limit = config.electionTimeoutMax().toMillis();
        var matches = matches();
        long begin = division.getRaftLog().getStartIndex();
        return heard.entrySet().stream()
                .filter(it -> it.getValue() > limit)
                .map(Map.Entry::getKey)
                .filter(id -> matches.getOrDefault(id, -1L) + 1 >= begin)
                .toList();
    }

    /** How many milliseconds ago whom was heard. */
    private Map<RaftPeerId, Long> heard() {
        var info = division.getInfo().getRoleInfoProto();
        var spoken =
                info.hasLeaderInfo()
                        ? info.getLeaderInfo().getFollowerInfoList()
                        : info.hasFollowerInfo() && info.getFollowerInfo().hasLeaderInfo()
                                ? List.of(info.getFollowerInfo().getLeaderInfo())
                                : List.<ServerRpcProto>of();
        var heard = new HashMap<RaftPeerId, Long>();
        for (var it : spoken) {
            if (!it.getId().getId().isEmpty()) { // there is no leader at present
                heard.put(RaftPeerId.valueOf(it.getId().getId()), it.getLastRpcElapsedTimeMs());
            }
        }
        return heard;
    }

    private Map<RaftPeerId, Long> commits() {
        var commits = new HashMap<RaftPeerId, Long>();
        for (var known : division.getCommitInfos()) {
            commits.put(RaftPeerId.valueOf(known.getServer().getId()), known.getCommitIndex());
        }
        commits.put(division.getId(), division.getRaftLog().getLastCommittedIndex());
        return commits;
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
                comparison.differs(),
                replica.auditor().newest(),
                freshness.staleMillis(System.nanoTime()),
                members(role, leader));
    }

    private List<Status.Member> members(Status.Role role, Optional<String> leader) {
        var commits = commits();
        var matches = role == Status.Role.LEADER ? matches() : Map.<RaftPeerId, Long>of();
        long newest =
                role == Status.Role.LEADER
                        ? division.getRaftLog().getNextIndex() - 1
                        : commits.values().stream().mapToLong(Long::longValue).max().orElse(-1);
        var view = new View(role, leader, newest, commits, matches, heard(), drained());
        var conf = division.getRaftConf();
        boolean removed = isRemoved();
        return Stream.of(RaftPeerRole.FOLLOWER, RaftPeerRole.LISTENER)
                .flatMap(kind ->
                        conf.getAllPeers(kind).stream().map(peer -> member(peer, kind, view)))
                .filter(it -> !removed || !it.id().equals(config.self()))
                .sorted(Comparator.comparing(Status.Member::id))
                .toList();
    }

    /** What this member knows of all of them; the maps by their ids. */
    private record View(
            Status.Role ownRole,
            Optional<String> leader,
            long newest,
            Map<RaftPeerId, Long> commits,
            Map<RaftPeerId, Long> matches,
            Map<RaftPeerId, Long> heard,
            Set<String> drained) {}

    private Status.Member member(RaftPeer peer, RaftPeerRole kind, View view) {
        var id = peer.getId();
        boolean self = id.equals(division.getId());
        boolean voter = kind == RaftPeerRole.FOLLOWER;
        Optional<Status.Role> role;
        if (self) {
            role = Optional.of(view.ownRole());
        } else if (view.leader().equals(Optional.of(id.toString()))) {
            role = Optional.of(Status.Role.LEADER);
        } else if (!voter) {
            role = Optional.of(Status.Role.LISTENER);
        } else {
            role = view.leader().isPresent() ? Optional.of(Status.Role.FOLLOWER) : Optional.empty();
        }
        var commit = known(view.commits(), id);
        var match =
                self && view.ownRole() == Status.Role.LEADER
                        ? OptionalLong.of(view.newest())
                        : known(view.matches(), id);
        var reached =
                self
                        ? OptionalLong.of(replica.getLastAppliedTermIndex().getIndex())
                        : match.isPresent() ? match : commit;
        var lag =
                reached.isPresent()
                        ? OptionalLong.of(Math.max(0, view.newest() - reached.getAsLong()))
                        : reached;
        return new Status.Member(
                id.toString(),
                address(peer),
                voter,
                role,
                commit,
                match,
                lag,
                known(view.heard(), id),
                view.drained().contains(id.toString()));
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
        leaderWatch.close();
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
