package io.lispfabric.store;

import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.StateMachine.Applied;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * A log of one member that keeps its rows on the heap, for tests and simulation. It applies within
 * {@link #submit}, on the caller's thread, so the future that it returns is already complete. What
 * the rows hold outlives it in a {@link Disk}: open a second log with the same disk and a new state
 * machine, and that is a restart.
 */
public final class InMemoryLog implements ReplicatedLog {
    /** What a restart keeps: the rows and how far they came. Used by one log at a time. */
    public static final class Disk implements StateMachine.Rows {
        private final NavigableMap<byte[], byte[]> rows = new TreeMap<>(Arrays::compareUnsigned);
        private LogPosition position = LogPosition.NONE;

        /** The position of the last entry whose writes are in the rows. */
        public LogPosition position() {
            return position;
        }

        @Override
        public void forEach(BiConsumer<byte[], byte[]> row) {
            rows.forEach((key, value) -> row.accept(key.clone(), value.clone()));
        }

        private void commit(LogPosition at, List<Write> writes) {
            for (var write : writes) {
                switch (write) {
                    case Write.Put(var key, var value) -> rows.put(key, value);
                    case Write.Delete(var key) -> rows.remove(key);
                }
            }
            position = at;
        }
    }

    private static final String MEMBER = "memory";

    private final StateMachine machine;
    private final Disk disk;
    private final long term;
    private Optional<StateHash> hash = Optional.empty();
    private Optional<String> stopped = Optional.empty();

    private InMemoryLog(StateMachine machine, Disk disk) {
        this.machine = machine;
        this.disk = disk;
        this.term = disk.position.term() + 1;
    }

    /** A log that begins with nothing. */
    public static InMemoryLog open(StateMachine machine) throws IOException {
        return open(machine, new Disk());
    }

    /**
     * A log that goes on where the disk stands, in the next term.
     *
     * @throws IOException if the state machine refuses the rows
     */
    public static InMemoryLog open(StateMachine machine, Disk disk) throws IOException {
        var log = new InMemoryLog(machine, disk);
        machine.load(disk);
        machine.leadership(true, log.term);
        return log;
    }

    @Override
    public synchronized CompletableFuture<LogPosition> submit(ByteBuffer command) {
        if (stopped.isPresent()) {
            return failed(Reason.STOPPED, stopped.get());
        }
        if (!command.hasRemaining()) {
            throw new IllegalArgumentException("a command has at least one octet");
        }
        if (command.remaining() > MAX_COMMAND_OCTETS) {
            return failed(
                    Reason.TOO_LONG, "a command has at most " + MAX_COMMAND_OCTETS + " octets");
        }
        var copy = ByteBuffer.allocate(command.remaining()).put(command.duplicate()).flip();
        var position = new LogPosition(term, disk.position.index() + 1);
        Applied applied;
        try {
            applied = machine.apply(position, copy.asReadOnlyBuffer());
            disk.commit(position, applied.writes());
            applied.release().run();
        } catch (RuntimeException e) {
            // As the real log does: a replica that cannot apply what was committed stops rather
            // than diverges.
            stopped = Optional.of("cannot apply entry " + position + ": " + e);
            return failed(Reason.STOPPED, stopped.get());
        }
        return CompletableFuture.completedFuture(position);
    }

    private static CompletableFuture<LogPosition> failed(Reason reason, String message) {
        return CompletableFuture.failedFuture(new LogUnavailableException(reason, message));
    }

    @Override
    public synchronized boolean leads() {
        return stopped.isEmpty();
    }

    @Override
    public synchronized Status status() {
        long index = disk.position.index();
        var role = leads() ? Status.Role.LEADER : Status.Role.NONE;
        var member =
                new Status.Member(
                        MEMBER,
                        MEMBER,
                        true,
                        Optional.of(role),
                        OptionalLong.of(index),
                        OptionalLong.of(index),
                        OptionalLong.of(0),
                        OptionalLong.empty(),
                        false);
        return new Status(
                MEMBER,
                role,
                leads() ? Optional.of(MEMBER) : Optional.empty(),
                term,
                index,
                index,
                stopped.isEmpty(),
                stopped.orElse(""),
                Optional.empty(),
                Optional.empty(),
                hash,
                OptionalLong.of(0),
                List.of(member));
    }

    @Override
    public void transferLeadership(String memberId) throws IOException {
        if (!memberId.equals(MEMBER)) {
            throw new NoSuchMemberException(memberId, List.of(MEMBER));
        }
    }

    @Override
    public void handOver() throws IOException {
        throw new IOException("nobody else is there");
    }

    @Override
    public synchronized CompletableFuture<LogPosition> audit() {
        if (stopped.isPresent()) {
            return failed(Reason.STOPPED, stopped.get());
        }
        var position = new LogPosition(term, disk.position.index() + 1);
        disk.commit(position, List.of());
        hash = Optional.of(StateHash.of(position.index(), disk));
        return CompletableFuture.completedFuture(position);
    }

    @Override
    public synchronized StateCheck check(Duration timeout) throws IOException {
        if (audit().isCompletedExceptionally()) {
            throw new IOException(stopped.orElse(""));
        }
        return StateCheck.of(disk.position.index(), Set.of(MEMBER), Map.of(MEMBER, hash));
    }

    @Override
    public void drain(String memberId, boolean drained) throws IOException {
        throw new IOException("a log in memory has one member only");
    }

    @Override
    public void addMember(String memberId, String host, int port) throws IOException {
        throw new IOException("a log in memory has one member only");
    }

    @Override
    public void removeMember(String memberId) throws IOException {
        throw new IOException("a log in memory has one member only");
    }

    /** Does nothing: the rows are all there is. */
    @Override
    public void snapshot() {}

    @Override
    public synchronized void close() {
        if (stopped.isEmpty()) {
            stopped = Optional.of("the log was closed");
        }
    }
}
