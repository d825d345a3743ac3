package io.lispfabric.server.app;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.Write;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a member still has when it is killed: its term and vote, the log as far as it was synced,
 * its newest snapshot, and as much of its rows as happened to be written, for these are not logged
 * (RocksStore) and the log supplies the rest.
 */
final class SimDisk {
    /** A command on its way, known by its number as Ratis knows it by client and call. */
    record Submitted(long number, byte[] octets) {}

    /** One log entry; one without commands is the log's own. */
    record Entry(LogPosition position, List<Submitted> commands) {
        long index() {
            return position.index();
        }
    }

    /** A log from after some position on: an immutable value. */
    record Log(LogPosition base, List<Entry> entries) {
        static final Log EMPTY = new Log(LogPosition.NONE, List.of());

        Log {
            entries = List.copyOf(entries);
        }

        LogPosition last() {
            return entries.isEmpty() ? base : entries.getLast().position();
        }

        boolean has(long index) {
            return index > base.index() && index <= last().index();
        }

        Entry at(long index) {
            return entries.get((int) (index - base.index() - 1));
        }

        /** The position at an index that is in it, or just before it. */
        LogPosition position(long index) {
            return index == base.index() ? base : at(index).position();
        }

        Log with(Entry entry) {
            var more = new ArrayList<>(entries);
            more.add(entry);
            return new Log(base, more);
        }

        /** Without what comes after an index. */
        Log upTo(long index) {
            return new Log(base, entries.subList(0, (int) Math.max(0, index - base.index())));
        }

        /** Without what comes before a position, and that one itself. */
        Log after(LogPosition position) {
            return position.index() <= base.index()
                    ? this
                    : has(position.index()) && at(position.index()).position().equals(position)
                            ? new Log(
                                    position,
                                    entries.subList(
                                            (int) (position.index() - base.index()),
                                            entries.size()))
                            : new Log(position, List.of());
        }

        /** Whether it begins with all of the other, wherever either begins. */
        boolean extendsLog(Log other) {
            return last().index() >= other.last().index()
                    && other.last().index() >= base.index()
                    && position(other.last().index()).equals(other.last());
        }
    }

    private record Batch(LogPosition position, List<Write> writes) {}

    long term;
    int vote = -1;
    Log synced = Log.EMPTY;

    /** Written and not yet synced: after a crash a part of it may be there. */
    Log written = Log.EMPTY;

    private SimRows snapshot = new SimRows();
    private LogPosition snapshotAt = LogPosition.NONE;
    private SimRows flushed = new SimRows();
    private LogPosition flushedAt = LogPosition.NONE;
    private final List<Batch> unflushed = new ArrayList<>();
    private SimRows rows = new SimRows();
    private LogPosition rowsAt = LogPosition.NONE;

    SimRows rows() {
        return rows;
    }

    /** The position of the last entry whose writes are in the rows. */
    LogPosition rowsAt() {
        return rowsAt;
    }

    SimRows snapshot() {
        return snapshot;
    }

    LogPosition snapshotAt() {
        return snapshotAt;
    }

    /** An entry's writes together with its position. */
    void commit(LogPosition at, List<Write> writes) {
        rows.write(writes);
        rowsAt = at;
        unflushed.add(new Batch(at, writes));
    }

    /** All of the rows is on the disk from now on, and the log before them need not be. */
    void takeSnapshot(LogPosition keepAfter) {
        restore(rows.copy(), rowsAt);
        synced = synced.after(keepAfter);
        written = written.after(keepAfter);
    }

    /** A leader's snapshot takes the place of the rows. */
    void install(SimRows from, LogPosition at) {
        restore(from.copy(), at);
        synced = synced.after(at);
        written = written.after(at);
    }

    private void restore(SimRows from, LogPosition at) {
        snapshot = from;
        snapshotAt = at;
        flushed = from.copy();
        flushedAt = at;
        unflushed.clear();
        rows = from.copy();
        rowsAt = at;
    }

    /**
     * The process is killed, or the machine loses its power.
     *
     * @param torn how many writes of a batch survive without the rest and its position: none, as
     *     RocksDB keeps batches whole
     */
    void crash(SplittableRandom random, int torn) {
        if (written.extendsLog(synced)) {
            long more = written.last().index() - synced.last().index();
            synced = written.upTo(synced.last().index() + random.nextLong(more + 1));
        }
        written = synced;
        // What is applied is in the log, as far as that one was synced when it was said to be.
        unflushed.removeIf(it -> it.position().index() > synced.last().index());
        int survive = random.nextInt(unflushed.size() + 1);
        for (var batch : unflushed.subList(0, survive)) {
            flushed.write(batch.writes());
            flushedAt = batch.position();
        }
        if (survive < unflushed.size()) {
            var writes = unflushed.get(survive).writes();
            flushed.write(writes.subList(0, Math.min(torn, writes.size())));
        }
        unflushed.clear();
        rows = flushed.copy();
        rowsAt = flushedAt;
    }
}
