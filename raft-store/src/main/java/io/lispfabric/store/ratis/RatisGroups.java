package io.lispfabric.store.ratis;

import io.lispfabric.store.AlreadyMemberException;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.NoSuchMemberException;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of several Raft groups that have the same members, at one port: each group has a log, a
 * leader, a state machine and rows of its own. What concerns the member as a whole is done in one
 * group after the other. A single group is what {@link RatisLog#open} opens.
 *
 * <p>So that not one member has all the work, group {@code g} of voters in the order of their ids
 * prefers number {@code (g - 1) mod n} of those that are not drained: see {@link Spreading}.
 */
public final class RatisGroups implements AutoCloseable {
    /** Each has a log to sync. */
    public static final int MOST = 16;

    private static final Logger LOG = LoggerFactory.getLogger(RatisGroups.class);
    private static final Duration LOOK = Duration.ofMillis(500);

    private final MemberDirectory home;
    private final Optional<RaftPort> port;
    private final List<RatisLog> logs;
    private final Thread spreader;
    private volatile boolean closed;

    private RatisGroups(
            RatisLogConfig config,
            MemberDirectory home,
            Optional<RaftPort> port,
            List<RatisLog> logs) {
        this.home = home;
        this.port = port;
        this.logs = List.copyOf(logs);
        this.spreader =
                Thread.ofPlatform()
                        .daemon()
                        .name("raft-spread-" + config.self())
                        .unstarted(() -> spread(config));
    }

    /**
     * Starts the member in all its groups, as {@link RatisLog#open} does in one.
     *
     * @param machines one for each group, in their order
     * @throws IOException in one sentence that names the thing; also if the directory was founded
     *     with another number of groups. Nothing is left running then
     */
    public static RatisGroups open(RatisLogConfig config, List<? extends StateMachine> machines)
            throws IOException {
        return open(config, machines, DiskRoom.Usable.of(config.directory()));
    }

    /** With another opinion of how much room the disk has. */
    static RatisGroups open(
            RatisLogConfig config, List<? extends StateMachine> machines, DiskRoom.Usable usable)
            throws IOException {
        int count = machines.size();
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException("1 to " + MOST + " groups, not " + count);
        }
        var home =
                MemberDirectory.claim(
                        config.directory(),
                        config.group(),
                        config.self(),
                        config.peers().stream().map(Peer::id).toList(),
                        count);
        var logs = new ArrayList<RatisLog>();
        Optional<RaftPort> port = Optional.empty();
        try {
            var room = new DiskRoom(config.directory(), config.reserveOctets(), usable);
            port = count == 1 ? Optional.empty() : Optional.of(new RaftPort(config, home, count));
            for (int i = 0; i < count; i++) {
                var own = count == 1 ? home : home.group(config.group(), i + 1, count);
                logs.add(RatisLog.open(config, own, machines.get(i), room, port));
            }
            if (port.isPresent()) {
                port.get().start();
            }
            var groups = new RatisGroups(config, home, port, logs);
            if (count > 1) {
                groups.spreader.start();
            }
            return groups;
        } catch (IOException | RuntimeException e) {
            close(logs, port, home);
            throw e;
        }
    }

    /** How many there are. */
    public int count() {
        return logs.size();
    }

    /**
     * @param number from 0
     */
    public ReplicatedLog group(int number) {
        return logs.get(number);
    }

    /** How things stand in each group. */
    public List<Status> statuses() {
        return logs.stream().map(RatisLog::status).toList();
    }

    /** How things stand, the worst of all groups: see {@link Status#ofAll}. */
    public Status status() {
        return Status.ofAll(statuses());
    }

    /** How often a log was synced: see {@link RatisLog#syncs}. */
    public long syncs() {
        return logs.getFirst().syncs(); // which counts for the process
    }

    /** Something that is done in each group. */
    private interface Doing {
        void in(RatisLog log) throws IOException;
    }

    private void inEach(List<RatisLog> which, Doing what) throws IOException {
        for (var log : which) {
            try {
                what.in(log);
            } catch (IOException e) {
                throw logs.size() == 1
                                || e instanceof NoSuchMemberException
                                || e instanceof AlreadyMemberException
                                || e instanceof NoLeaderException
                        ? e
                        : new IOException(
                                "in group " + (logs.indexOf(log) + 1) + ": " + e.getMessage(), e);
            }
        }
    }

    /**
     * Changes who is a member, in each group in which that is still to be done: a change that was
     * broken off between two of them can be asked for again.
     */
    private void change(Doing what) throws IOException {
        var already = new ArrayList<IOException>();
        for (var log : logs) {
            try {
                inEach(List.of(log), what);
            } catch (NoSuchMemberException | AlreadyMemberException e) {
                already.add(e);
            }
        }
        if (already.size() == logs.size()) {
            throw already.getFirst();
        }
    }

    /**
     * Makes a member the leader of all groups, as {@link ReplicatedLog#transferLeadership}. Of
     * several, leaders spread again after a while.
     */
    public void transferLeadership(String memberId) throws IOException {
        inEach(logs, log -> log.transferLeadership(memberId));
    }

    /** As {@link ReplicatedLog#drain}, in all groups. */
    public void drain(String memberId, boolean drained) throws IOException {
        inEach(logs, log -> log.drain(memberId, drained));
    }

    /** As {@link ReplicatedLog#addMember}, in all groups that do not have it yet. */
    public void addMember(String memberId, String host, int memberPort) throws IOException {
        change(log -> log.addMember(memberId, host, memberPort));
    }

    /** As {@link ReplicatedLog#removeMember}, in all groups that still have it. */
    public void removeMember(String memberId) throws IOException {
        change(log -> log.removeMember(memberId));
    }

    /** As {@link ReplicatedLog#check}, in all groups: see {@link StateCheck#ofAll}. */
    public StateCheck check(Duration timeout) throws IOException {
        long end = System.nanoTime() + timeout.toNanos();
        var checks = new ArrayList<StateCheck>();
        inEach(
                logs,
                log ->
                        checks.add(
                                log.check(
                                        Duration.ofNanos(
                                                Math.max(
                                                        TimeUnit.SECONDS.toNanos(1),
                                                        end - System.nanoTime())))));
        return StateCheck.ofAll(checks);
    }

    private void spread(RatisLogConfig config) {
        var spreading = new ArrayList<Spreading>();
        for (int i = 0; i < logs.size(); i++) {
            spreading.add(new Spreading(i, config.electionTimeoutMax()));
        }
        while (!closed) {
            try {
                withdraw();
                for (int i = 0; i < logs.size() && !closed; i++) {
                    spread(i, spreading.get(i));
                }
            } catch (RuntimeException e) {
                LOG.error("member {} has met a mistake of its own", config.self(), e);
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    /**
     * A member whose rows of one group are wrong answers nothing, nor does one that was removed
     * from one, so it should lead no group.
     */
    private void withdraw() {
        boolean silent =
                logs.stream()
                        .map(RatisLog::status)
                        .anyMatch(it -> it.differs().isPresent() || it.removed());
        logs.forEach(log -> log.silentInAny(silent));
    }

    private void spread(int number, Spreading spreading) {
        var log = logs.get(number);
        var to =
                spreading
                        .look(log.status(), log.leads(), System.nanoTime())
                        .filter(log::hasRoom); // or it would make way again at once
        if (to.isEmpty()) {
            return;
        }
        try {
            log.transferLeadership(to.get());
            LOG.info("{} has the lead of group {} now, as leaders spread", to.get(), number + 1);
        } catch (IOException e) {
            LOG.info(
                    "{} does not take the lead of group {}: {}",
                    to.get(),
                    number + 1,
                    e.getMessage());
        }
    }

    /** Leaves all groups until the next start, as {@link ReplicatedLog#close}. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        if (logs.size() > 1) {
            LockSupport.unpark(spreader);
            RatisLog.awaitEnd(spreader);
        }
        close(logs, port, home);
    }

    private static void close(List<RatisLog> logs, Optional<RaftPort> port, MemberDirectory home) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            logs.forEach(log -> threads.execute(log::close)); // each takes a second
        }
        try {
            if (port.isPresent()) {
                port.get().close();
            }
            home.close();
        } catch (IOException e) {
            LOG.warn("a member did not close as it should", e);
        }
    }
}
