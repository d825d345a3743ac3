package io.lispfabric.server.app;

import io.lispfabric.server.app.SimDisk.Entry;
import io.lispfabric.server.app.SimDisk.Log;
import io.lispfabric.server.app.SimDisk.Submitted;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.StateMachine.Applied;
import io.lispfabric.store.Write;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * One process' part in Raft (Ongaro and Ousterhout, 2014): votes, replication, snapshots, and what
 * Ratis and the {@code Replica} of raft-store make of it. Commands are packed into entries; what is
 * not answered is sent again, to whoever leads then; a member applies what is committed and on its
 * own disk, hears that it leads once it has applied all that was committed before its term, and
 * late that it does so no more.
 */
final class SimRaft {
    private static final int MEMBERS = ClusterSim.MEMBERS;
    private static final int HEARTBEAT_MILLIS = 200;
    private static final int PATIENCE_MILLIS = 700;
    private static final int AGAIN_MILLIS = 1_500;
    private static final int ATTEMPTS = 4;

    /** Entries applied between two snapshots, and those before one that are kept. */
    private static final int SNAPSHOT_ENTRIES = 40;

    private static final int KEPT_ENTRIES = 8;
    private static final int ENTRY_COMMANDS = 64;
    private static final int APPEND_ENTRIES = 64;

    private enum Role {
        FOLLOWER,
        CANDIDATE,
        LEADER
    }

    /** A command that is not applied here yet. */
    private static final class Asked {
        private final Submitted command;
        private final CompletableFuture<LogPosition> answer = new CompletableFuture<>();
        private int attempts;

        Asked(Submitted command) {
            this.command = command;
        }
    }

    private final ClusterSim sim;
    private final SimTime time;
    private final int group;
    private final int self;
    private final SimDisk disk;
    private final MappingLog machine;
    private final Seams seams;
    private boolean dead;

    private Role role = Role.FOLLOWER;
    private int leader = -1;
    private long patienceEnds;
    private long heartbeatDue;
    private long committed;
    private long committedAtLeader = -1;
    private boolean knowsAll;
    private long applied;
    private boolean applying;

    // Of a candidate and of a leader
    private final Set<Integer> voters = new HashSet<>();
    private final long[] next = new long[MEMBERS];
    private final long[] match = new long[MEMBERS];
    private long firstOfTerm;
    private boolean toldLeads;
    private long toldTerm = -1;
    private final List<Submitted> batch = new ArrayList<>();
    private boolean batching;

    private final Set<Long> known = new HashSet<>();
    private final Map<Long, Asked> asked = new LinkedHashMap<>();

    /** Starts with what the disk has. */
    SimRaft(ClusterSim sim, int group, int self, SimDisk disk, MappingLog machine)
            throws IOException {
        this.sim = sim;
        this.time = sim.time();
        this.group = group;
        this.self = self;
        this.disk = disk;
        this.machine = machine;
        this.seams = sim.seams();
        machine.load(seams.rows(disk.rows()));
        applied = seams.restartAt(disk.rowsAt().index(), disk.written.base().index());
        committed = applied;
        sim.ledger(group)
                .loaded(self, disk.rowsAt().index(), disk.rows().hash(), machine.current());
        bePatient();
    }

    /** The process is gone, and with it all that was to happen. */
    void kill() {
        dead = true;
    }

    private void after(long millis, Runnable what) {
        time.after(
                millis,
                () -> {
                    if (!dead) {
                        what.run();
                    }
                });
    }

    private void send(int to, Consumer<SimRaft> message) {
        sim.toMember(self, to, group, message);
    }

    private void toOthers(IntConsumer what) {
        for (int other = 0; other < MEMBERS; other++) {
            if (other != self) {
                what.accept(other);
            }
        }
    }

    long applied() {
        return applied;
    }

    long term() {
        return disk.term;
    }

    /** Whether it leads, as far as it knows, and has applied all that is committed. */
    boolean leads() {
        return role == Role.LEADER && toldTerm == disk.term && applied == committed;
    }

    /** Whether all is applied here that was in the log when this process started. */
    boolean knowsAll() {
        knowsAll |= leads() || committedAtLeader >= 0 && applied >= committedAtLeader;
        return knowsAll;
    }

    private void bePatient() {
        patienceEnds = time.millis() + PATIENCE_MILLIS + time.upTo(PATIENCE_MILLIS);
    }

    /** Called often. */
    void tick() {
        if (role == Role.LEADER) {
            if (time.millis() >= heartbeatDue) {
                replicate();
            }
        } else if (time.millis() >= patienceEnds) {
            campaign();
        }
    }

    // Elections

    private void campaign() {
        role = Role.CANDIDATE;
        leader = -1;
        disk.term++;
        disk.vote = self;
        voters.clear();
        voters.add(self);
        bePatient();
        long term = disk.term;
        var last = disk.written.last();
        toOthers(to -> send(to, it -> it.onVoteAsked(term, self, last)));
    }

    private void onVoteAsked(long term, int candidate, LogPosition last) {
        meet(term);
        boolean grant =
                term == disk.term
                        && (disk.vote == -1 || disk.vote == candidate)
                        && (last.compareTo(disk.written.last()) >= 0 || seams.votesForAnybody());
        if (grant) {
            disk.vote = candidate;
            bePatient();
            send(candidate, it -> it.onVote(term, self));
        } else {
            long newer = disk.term;
            send(candidate, it -> it.meet(newer));
        }
    }

    private void onVote(long term, int voter) {
        meet(term);
        if (role == Role.CANDIDATE
                && term == disk.term
                && voters.add(voter)
                && voters.size() > MEMBERS / 2) {
            role = Role.LEADER;
            leader = self;
            Arrays.fill(next, disk.written.last().index() + 1);
            Arrays.fill(match, -1);
            firstOfTerm = disk.written.last().index() + 1;
            append(List.of());
        }
    }

    /** Whoever hears of a later term follows. */
    private void meet(long term) {
        if (term > disk.term) {
            disk.term = term;
            disk.vote = -1;
            follow();
        }
    }

    private void follow() {
        if (role != Role.FOLLOWER) {
            role = Role.FOLLOWER;
            bePatient();
            batch.forEach(it -> known.remove(it.number()));
            batch.clear();
            after(time.upTo(sim.faults().hearMillis()), this::lookWhetherStillLeading);
        }
    }

    private void lookWhetherStillLeading() {
        if (toldLeads && role != Role.LEADER) {
            tellLeadership(false);
        }
    }

    private void tellLeadership(boolean now) {
        if (toldLeads != now) {
            toldLeads = now;
            machine.leadership(now, disk.term);
        }
    }

    // Replication

    private void append(List<Submitted> commands) {
        var position = new LogPosition(disk.term, disk.written.last().index() + 1);
        write(disk.written.with(new Entry(position, commands)));
        replicate();
        long term = disk.term;
        sync(() -> {
            if (role == Role.LEADER && disk.term == term) {
                match[self] = Math.max(match[self], position.index());
                commit();
            }
        });
    }

    /** What is cut off may be submitted again. */
    private void forget(Log log, long from) {
        for (long index = from; log.has(index); index++) {
            log.at(index).commands().forEach(it -> known.remove(it.number()));
        }
    }

    private void write(Log log) {
        disk.written = log;
        if (!log.entries().isEmpty()) {
            log.entries().getLast().commands().forEach(it -> known.add(it.number()));
        }
    }

    /** Runs it when all that is written now is on the disk. */
    private void sync(Runnable then) {
        var log = disk.written;
        if (log.last().equals(disk.synced.last())) {
            then.run();
            return;
        }
        if (seams.syncedLateMillis() != 0) {
            then.run();
        }
        after(
                time.upTo(sim.faults().diskMillis()) + seams.syncedLateMillis(),
                () -> {
                    // A later sync may have come first, and then this one has nothing to do.
                    if (disk.written.extendsLog(log) && !disk.synced.extendsLog(log)) {
                        disk.synced = log.after(disk.written.base());
                    }
                    if (seams.syncedLateMillis() == 0) {
                        then.run();
                    }
                    applyLater();
                });
    }

    private void replicate() {
        heartbeatDue = time.millis() + HEARTBEAT_MILLIS;
        toOthers(this::replicate);
    }

    private void replicate(int to) {
        long term = disk.term;
        var log = disk.written;
        if (next[to] <= log.base().index()) {
            var rows = seams.snapshot(disk.snapshot());
            var at = disk.snapshotAt();
            send(to, it -> it.onSnapshot(term, self, rows, at));
            return;
        }
        var before = log.position(next[to] - 1);
        int from = (int) (next[to] - 1 - log.base().index());
        var some =
                log.entries().subList(from, Math.min(log.entries().size(), from + APPEND_ENTRIES));
        long all = committed;
        send(to, it -> it.onAppend(term, self, before, some, all));
    }

    private boolean isFrom(long term, int from) {
        meet(term);
        if (term < disk.term) {
            long newer = disk.term;
            send(from, it -> it.meet(newer));
            return false;
        }
        follow();
        leader = from;
        bePatient();
        return true;
    }

    private void onAppend(
            long term, int from, LogPosition before, List<Entry> entries, long leaderCommitted) {
        if (!isFrom(term, from)) {
            return;
        }
        committedAtLeader = Math.max(committedAtLeader, leaderCommitted);
        var log = disk.written;
        boolean fits =
                before.index() <= log.base().index()
                        || log.has(before.index()) && log.position(before.index()).equals(before);
        if (!fits) {
            long hint = Math.min(before.index(), log.last().index() + 1);
            send(from, it -> it.onAppended(term, self, false, hint));
            return;
        }
        for (var entry : entries) {
            if (entry.index() <= log.base().index()
                    || log.has(entry.index())
                            && log.position(entry.index()).equals(entry.position())) {
                continue;
            }
            // What a leader of a later term does not have was never committed.
            forget(log, entry.index());
            log = log.upTo(entry.index() - 1).with(entry);
            write(log);
        }
        long upTo = before.index() + entries.size();
        sync(() -> {
            if (disk.term == term && role == Role.FOLLOWER) {
                send(from, it -> it.onAppended(term, self, true, upTo));
                committed = Math.max(committed, Math.min(leaderCommitted, upTo));
                applyLater();
            }
        });
    }

    private void onAppended(long term, int from, boolean fits, long index) {
        meet(term);
        if (role != Role.LEADER || term != disk.term) {
            return;
        }
        if (fits) {
            match[from] = Math.max(match[from], index);
            next[from] = Math.max(next[from], index + 1);
            commit();
        } else {
            next[from] = Math.max(match[from] + 1, Math.min(next[from] - 1, index));
        }
        if (next[from] <= disk.written.last().index()) {
            replicate(from);
        }
    }

    /** Only what a majority has of this very term says that all before it is committed. */
    private void commit() {
        var sorted = match.clone();
        Arrays.sort(sorted);
        long majority = sorted[MEMBERS - 1 - MEMBERS / 2];
        if (majority > committed && disk.written.position(majority).term() == disk.term) {
            for (long index = committed + 1; index <= majority; index++) {
                sim.ledger(group).committed(disk.written.at(index));
            }
            committed = majority;
            applyLater();
        }
    }

    private void onSnapshot(long term, int from, SimRows rows, LogPosition at) {
        if (!isFrom(term, from)) {
            return;
        }
        if (at.index() > applied) {
            disk.install(rows, at);
            load();
            sim.ledger(group).loaded(self, at.index(), rows.hash(), machine.current());
            applied = at.index();
            committed = Math.max(committed, applied);
        }
        send(from, it -> it.onAppended(term, self, true, at.index()));
    }

    private void load() {
        try {
            machine.load(disk.rows());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // Applying

    private void applyLater() {
        if (!applying) {
            applying = true;
            after(
                    time.upTo(sim.faults().applyMillis()),
                    () -> {
                        applying = false;
                        apply();
                    });
        }
    }

    private void apply() {
        while (mayApply(applied + 1)) {
            apply(disk.written.at(applied + 1));
        }
        if (role == Role.LEADER && toldTerm != disk.term && applied >= firstOfTerm) {
            toldTerm = disk.term;
            tellLeadership(false); // of a term that ended without our having noticed
            tellLeadership(true);
        }
    }

    /** Ratis takes nothing for committed that is not on its own disk. */
    private boolean mayApply(long index) {
        return disk.written.has(index)
                && (index <= committed || seams.appliesUncommitted())
                && (disk.synced.has(index)
                                && disk.synced.position(index).equals(disk.written.position(index))
                        || seams.syncedLateMillis() != 0);
    }

    private void apply(Entry entry) {
        var writes = new ArrayList<Write>();
        var outcomes = new ArrayList<Applied>();
        sim.member(self).applies(group, entry.position());
        for (var command : entry.commands()) {
            var one = machine.apply(entry.position(), ByteBuffer.wrap(command.octets()));
            outcomes.add(one);
            writes.addAll(one.writes());
        }
        applied = entry.index();
        disk.commit(entry.position(), seams.writes(writes));
        sim.ledger(group).applied(self, entry, disk.rows().hash(), machine.current());
        outcomes.forEach(it -> it.release().run());
        for (var command : entry.commands()) {
            var waiting = asked.remove(command.number());
            if (waiting != null) {
                waiting.answer.complete(entry.position());
            }
        }
        if (applied - disk.snapshotAt().index() >= SNAPSHOT_ENTRIES) {
            long keepAfter = Math.max(disk.written.base().index(), applied - KEPT_ENTRIES);
            disk.takeSnapshot(disk.written.position(keepAfter));
        }
    }

    // Submitting

    /** Asks for a command to be applied by all members. */
    CompletableFuture<?> submit(ByteBuffer command) {
        var octets = new byte[command.remaining()];
        command.duplicate().get(octets);
        var it = new Asked(new Submitted(sim.nextNumber(), octets));
        asked.put(it.command.number(), it);
        route(it);
        return it.answer;
    }

    private void route(Asked it) {
        if (it.answer.isDone()) {
            return;
        }
        if (it.attempts++ == ATTEMPTS) {
            asked.remove(it.command.number());
            it.answer.completeExceptionally(
                    new LogUnavailableException(Reason.TIMED_OUT, "not in time"));
            return;
        }
        if (role == Role.LEADER) {
            accept(it.command);
        } else if (leader >= 0 && leader != self) {
            send(leader, member -> member.accept(it.command));
        }
        after(AGAIN_MILLIS, () -> route(it));
    }

    /** It is taken once, unless we have been restarted since and have forgotten. */
    private void accept(Submitted command) {
        if (role == Role.LEADER && known.add(command.number())) {
            batch.add(command);
            if (!batching) {
                batching = true;
                after(time.upTo(3), this::flush);
            }
        }
    }

    private void flush() {
        batching = false;
        while (role == Role.LEADER && !batch.isEmpty()) {
            var some = batch.subList(0, Math.min(ENTRY_COMMANDS, batch.size()));
            append(List.copyOf(some));
            some.clear();
        }
    }
}
