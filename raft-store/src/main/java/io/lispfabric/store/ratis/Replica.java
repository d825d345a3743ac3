package io.lispfabric.store.ratis;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.StateMachine.Applied;
import io.lispfabric.store.Write;
import io.lispfabric.store.rocks.RocksStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Ratis sees of a {@link StateMachine}: applies each entry, releases it, and stores its writes
 * with its position in one batch.
 *
 * <p>Ratis replays from the newest snapshot, while the rows may be further: entries up to their
 * position are passed over.
 */
final class Replica extends BaseStateMachine {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

    /** Below all terms that a leader has. */
    private static final long NO_TERM = -1;

    private static final String GOES_ON = "it goes on by itself once there is room";

    private static final String FORGETFUL =
            ": its disk has lost what was written to it, so the member is to be removed and added"
                    + " under a new name";

    /** Before a name, in the notes. */
    private static final String MEMBER = "member ";

    private final StateMachine machine;
    private final MemberDirectory home;
    private final Path rows;
    private final Set<String> members;
    private final DiskRoom room;
    private final Runnable stop;
    private final Checkpoints checkpoints = new Checkpoints();
    private final Auditor auditor = new Auditor();

    /**
     * Held while the state machine is called, so that it is called by one thread at a time. Ratis'
     * locks are never taken under it.
     */
    private final ReentrantLock turn = new ReentrantLock();

    private @Nullable RocksStore store; // guarded by turn
    private volatile boolean leads; // what the state machine was told last; written under turn
    private volatile Optional<String> fault = Optional.empty();
    private volatile boolean lacksRoom; // set before the fault is
    private volatile boolean initialized;
    private volatile long bereavedIn = NO_TERM;

    private final TreeMap<Long, List<CompletableFuture<Void>>> waiting =
            new TreeMap<>(); // guarded by itself
    private long reached = -1; // guarded by waiting

    /**
     * @param members the ids that the settings name, in order
     * @param stop is run once, on a thread of its own, when the replica cannot go on
     */
    Replica(
            StateMachine machine,
            MemberDirectory home,
            Set<String> members,
            DiskRoom room,
            Runnable stop) {
        this.machine = machine;
        this.home = home;
        this.rows = home.rows();
        this.members = members;
        this.room = room;
        this.stop = stop;
    }

    Auditor auditor() {
        return auditor;
    }

    /** Whether the state machine knows that it leads. */
    boolean leads() {
        return leads;
    }

    /** Why it cannot go on, in a sentence. */
    Optional<String> fault() {
        return fault;
    }

    /** Whether it cannot go on because its disk is full, and could if it were opened again. */
    boolean lacksRoom() {
        return lacksRoom;
    }

    /**
     * Completes when the entry at {@code index} was applied and released here, or came with a
     * snapshot.
     */
    CompletableFuture<Void> whenApplied(long index) {
        synchronized (waiting) {
            if (index <= reached) {
                return CompletableFuture.completedFuture(null);
            }
            var applied = new CompletableFuture<Void>();
            waiting.computeIfAbsent(index, _ -> new ArrayList<>()).add(applied);
            return applied;
        }
    }

    private void reach(long index) {
        List<CompletableFuture<Void>> ready;
        synchronized (waiting) {
            reached = Math.max(reached, index);
            if (waiting.isEmpty()) {
                return;
            }
            var head = waiting.headMap(reached, true);
            ready = head.values().stream().flatMap(List::stream).toList();
            head.clear();
        }
        ready.forEach(applied -> applied.complete(null));
    }

    // Opening, snapshots, closing

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage storage)
            throws IOException {
        super.initialize(server, group, storage);
        getLifeCycle()
                .startAndTransition(
                        () -> {
                            checkMembers();
                            checkpoints.init(storage);
                            turn.lock();
                            try {
                                open();
                            } finally {
                                turn.unlock();
                            }
                            checkLog(storage.getStorageDir().getRoot().toPath());
                        },
                        IOException.class);
        initialized = true;
    }

    /** Whether it was opened, the state machine loaded. */
    boolean isInitialized() {
        return initialized;
    }

    /**
     * Ratis goes by the members in its log. If the settings have others, some of them may believe
     * in another majority: two groups of the same name. Unless they have not changed since the
     * directory was new: then the group has.
     */
    private void checkMembers() throws IOException {
        var stored =
                division().getRaftConf().getAllPeers().stream()
                        .map(peer -> peer.getId().toString())
                        .collect(Collectors.toCollection(TreeSet::new));
        if (stored.isEmpty()) {
            home.mark(MemberDirectory.LET_IN);
        } else if (!stored.equals(members) && !members.equals(home.firstMembers())) {
            throw new IOException(
                    "its data belong to a group of "
                            + String.join(", ", stored)
                            + ", but the settings name "
                            + String.join(", ", members));
        }
    }

    /**
     * What was applied was in the synced log before. If it is not there any more, others may write
     * other entries in its place, and this member has promised what it cannot keep. It is seen by
     * rows that have reached the disk, with a snapshot or a stop. And what comes next must still be
     * there, or come with the newest snapshot, which the rows are not behind.
     */
    private void checkLog(Path group) throws IOException {
        long applied = getLastAppliedTermIndex().getIndex();
        var log = LogTail.extent(group);
        var reach =
                applied > Math.max(log.last(), checkpoints.position().index())
                        ? " ends at " + log.last()
                        : applied + 1 < log.first() ? " begins at " + log.first() : "";
        if (!reach.isEmpty()) {
            throw new IOException(
                    "the rows are at " + applied + ", but the log" + reach + FORGETFUL);
        }
    }

    private void open() throws IOException {
        var opened = checkpoints.open(rows);
        try {
            machine.load(opened);
        } catch (UncheckedIOException e) {
            opened.close();
            throw e.getCause();
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
        store = opened;
        setLastAppliedTermIndex(Checkpoints.termIndex(opened.position()));
        reach(opened.position().index());
    }

    private RocksStore store() {
        if (store == null) {
            throw new IllegalStateException("the rows in " + rows + " are closed");
        }
        return store;
    }

    /** Runs on the thread that applies, so rows and position stand still. */
    @Override
    public long takeSnapshot() throws IOException {
        turn.lock();
        try {
            var applied = getLastAppliedTermIndex();
            if (fault.isPresent() || applied.getIndex() < 0) {
                return -1;
            }
            var position = position(applied);
            if (position.compareTo(store().position())
                    > 0) { // entries of Ratis itself change no rows
                store().commit(position, List.of());
            }
            checkpoints.take(store());
            return position.index();
        } catch (IOException e) {
            LOG.warn("no snapshot could be taken, so the log grows: {}", e.getMessage());
            throw e;
        } finally {
            turn.unlock();
        }
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return checkpoints;
    }

    /**
     * A snapshot of the leader is about to be swapped in. The rows stay open until it is: it may
     * not come to that.
     */
    @Override
    public void pause() {
        if (getLifeCycleState() == LifeCycle.State.RUNNING) {
            getLifeCycle().transition(LifeCycle.State.PAUSING);
            getLifeCycle().transition(LifeCycle.State.PAUSED);
        }
    }

    /** The snapshot is there. */
    @Override
    public void reinitialize() throws IOException {
        turn.lock();
        try {
            checkpoints.refresh();
            store().close();
            store = null;
            checkpoints.restoreTo(rows);
            open();
            LOG.info("installed the leader's snapshot at {}", store().position());
        } catch (IOException | RuntimeException e) {
            throw failed("cannot install the leader's snapshot", e);
        } finally {
            turn.unlock();
        }
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    @Override
    public void close() {
        turn.lock();
        try {
            if (store != null) {
                tellLeadership(false);
                store.close();
                store = null;
            }
        } finally {
            turn.unlock();
        }
        getLifeCycle().checkStateAndClose();
    }

    // Applying

    /** The leader looks before it writes, for what is in the log must be applied by all. */
    @Override
    public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
        var transaction = super.startTransaction(request);
        var shortage = room.shortage();
        if (shortage.isPresent()) {
            transaction.setException(new NoRoomException(shortage.get()));
            return transaction;
        }
        try {
            Entry.unpack(request.getMessage().getContent().asReadOnlyByteBuffer());
        } catch (IllegalArgumentException e) {
            transaction.setException(new IOException(e.getMessage(), e));
        }
        return transaction;
    }

    /** What another member asks. */
    @Override
    public CompletableFuture<Message> queryStale(Message question, long atLeastApplied) {
        var answer =
                switch (Question.read(question)) {
                    case Question.Room _ -> room.shortage().orElse("");
                    case Question.Committed _ -> committed();
                    case Question.Bereaved _ ->
                            bereaved().map(Question.Bereaved::answer).orElse("");
                    case Question.Hash(var index) ->
                            auditor.at(index).map(Question.Hash::answer).orElse("");
                };
        return CompletableFuture.completedFuture(Message.valueOf(answer));
    }

    /** The process that leads in this term has ended, as far as this member can see. */
    void bereave(long term) {
        bereavedIn = term;
    }

    /** The process of the leader runs. */
    void unbereave() {
        bereavedIn = NO_TERM;
    }

    /** The last entry of the log, if the leader is gone and this member may lead instead. */
    Optional<TermIndex> bereaved() {
        try {
            var own = division();
            return own.getInfo().isFollower()
                            && own.getInfo().getCurrentTerm() == bereavedIn
                            && room.shortage().isEmpty()
                    ? Optional.ofNullable(own.getRaftLog().getLastEntryTermIndex())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // the group is gone already
        }
    }

    private String committed() {
        try {
            var own = division();
            return own.getInfo().isLeaderReady()
                    ? Long.toString(own.getRaftLog().getLastCommittedIndex())
                    : "";
        } catch (IOException e) {
            return ""; // the group is gone already
        }
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        var entry = transaction.getLogEntry();
        var position = new LogPosition(entry.getTerm(), entry.getIndex());
        turn.lock();
        try {
            if (fault.isPresent()) {
                throw new IllegalStateException(fault.get());
            }
            if (position.index() > store().position().index()) {
                apply(
                        position,
                        entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
                updateLastAppliedTermIndex(Checkpoints.termIndex(position));
            } else {
                checkSameLog(position);
            }
        } catch (IOException | RuntimeException | Error e) {
            throw failed("cannot apply log entry " + position, e);
        } finally {
            turn.unlock();
        }
        reach(position.index());
        return CompletableFuture.completedFuture(
                Message.valueOf(ByteString.copyFrom(position.encoded())));
    }

    private void apply(LogPosition position, ByteBuffer entry) throws IOException {
        var commands = Entry.unpack(entry);
        var applied = new ArrayList<Applied>(commands.size());
        var writes = new ArrayList<Write>();
        boolean audit = false;
        for (var command : commands) {
            if (!command.hasRemaining()) { // ours
                audit = true;
                continue;
            }
            var one = machine.apply(position, command);
            applied.add(one);
            writes.addAll(one.writes());
        }
        // The entry is committed, so what it leads to may be said: were the rows lost now, the log
        // would bring them again. Nobody has to wait for them.
        applied.forEach(one -> one.release().run());
        store().commit(position, writes);
        if (audit) {
            auditor.begin(position.index(), store().view());
        }
    }

    /** An entry of Ratis itself. */
    @Override
    public void notifyTermIndexUpdated(long term, long index) {
        if (index > getLastAppliedTermIndex().getIndex()) {
            updateLastAppliedTermIndex(term, index);
            return;
        }
        turn.lock();
        try {
            checkSameLog(new LogPosition(term, index));
        } catch (IllegalStateException e) {
            throw failed("cannot go on from " + rows, e);
        } finally {
            turn.unlock();
        }
    }

    /**
     * Keeps with the rows who is a member now: each name for good, as none may be used again, and
     * the whole of it in case a full disk takes what Ratis has.
     */
    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto now) {
        var at = new LogPosition(term, index);
        turn.lock();
        try {
            // Ratis also tells who the members are where a leader's snapshot is about to come, and
            // then has no term for it: the snapshot has its own. And whether it is the entry that
            // the rows know is looked at afterwards, as for any entry.
            if (fault.isPresent() || term == 0 || index <= store().position().index()) {
                return;
            }
            var notes = new HashMap<String, byte[]>();
            now.getPeersList()
                    .forEach(it -> notes.put(MEMBER + it.getId().toStringUtf8(), at.encoded()));
            notes.put(
                    MemberDirectory.CONFIGURATION,
                    LogEntryProto.newBuilder()
                            .setTerm(term)
                            .setIndex(index)
                            .setConfigurationEntry(now)
                            .build()
                            .toByteArray());
            store().note(at, notes);
        } catch (IOException | RuntimeException e) {
            throw failed("cannot keep who the members are", e);
        } finally {
            turn.unlock();
        }
    }

    /**
     * Whether a member has or had this name.
     *
     * @throws IOException if the rows cannot be read
     */
    boolean wasMember(String name) throws IOException {
        turn.lock();
        try {
            return store().noted(MEMBER + name).isPresent();
        } finally {
            turn.unlock();
        }
    }

    /**
     * An entry that the rows are past was applied to them, unless the log has lost some that were:
     * then others have taken their places, of a later term.
     */
    private void checkSameLog(LogPosition entry) {
        var stored = store().position();
        if (entry.term() > stored.term() && entry.index() <= stored.index()) {
            throw new IllegalStateException(
                    "the rows are at "
                            + stored
                            + ", but the log has another entry at "
                            + entry
                            + FORGETFUL);
        }
    }

    private static LogPosition position(TermIndex termIndex) {
        return new LogPosition(termIndex.getTerm(), termIndex.getIndex());
    }

    // Leadership

    /** On the thread that applies, with everything of earlier terms applied. */
    @Override
    public void notifyLeaderReady() {
        turn.lock();
        try {
            tellLeadership(false); // of a term that ended without our having noticed
            tellLeadership(true);
        } catch (RuntimeException | Error e) {
            throw failed("cannot become the leader", e);
        } finally {
            turn.unlock();
        }
        lookWhetherStillLeading(); // it may have ended in this very moment, and its end have been
        // told before its beginning
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        lookWhetherStillLeading();
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        if (!member.getPeerId().equals(leader)) {
            lookWhetherStillLeading();
        }
    }

    /**
     * On a thread of its own: who calls holds locks of Ratis, and the thread that applies may want
     * them.
     */
    private void lookWhetherStillLeading() {
        Thread.ofVirtual()
                .name("leadership")
                .start(() -> {
                    turn.lock();
                    try {
                        if (store != null && !division().getInfo().isLeaderReady()) {
                            tellLeadership(false);
                        }
                    } catch (IOException e) {
                        LOG.debug("the group is gone already", e);
                    } catch (RuntimeException | Error e) {
                        throw failed("cannot give up the leadership", e);
                    } finally {
                        turn.unlock();
                    }
                });
    }

    private void tellLeadership(boolean now) {
        if (leads != now) {
            leads = now;
            machine.leadership(now, term());
        }
    }

    private long term() {
        try {
            return division().getInfo().getCurrentTerm();
        } catch (IOException e) {
            return getLastAppliedTermIndex().getTerm();
        }
    }

    private RaftServer.Division division() throws IOException {
        return getServer().join().getDivision(getGroupId());
    }

    // Faults

    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
        failed("cannot write the log", cause);
    }

    private IllegalStateException failed(String what, Throwable cause) {
        boolean full = DiskRoom.isCause(cause);
        var why =
                full
                        ? "its disk is full; " + GOES_ON
                        : cause.getMessage() == null ? cause : cause.getMessage();
        var sentence = what + ": " + why;
        stop(sentence, full, cause);
        return new IllegalStateException(sentence, cause);
    }

    /** What Ratis does not tell: it has given up an election whose term it could not write. */
    void electionEnded() {
        stop("cannot stand for election: its term could not be written; " + GOES_ON, true, null);
    }

    private void stop(String sentence, boolean forWantOfRoom, @Nullable Throwable cause) {
        boolean first;
        synchronized (this) {
            first = fault.isEmpty();
            if (first) {
                lacksRoom = forWantOfRoom;
                fault = Optional.of(sentence);
            }
        }
        if (first) {
            if (forWantOfRoom) { // no mistake that a stack trace would explain
                LOG.error("the replica stops: {}", sentence);
            } else {
                LOG.error("the replica stops: {}", sentence, cause);
            }
            new Thread(stop, "raft-stop").start();
        }
    }
}
