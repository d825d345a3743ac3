package io.lispfabric.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * What a replica does with the commands of the log. Every replica applies the same commands in the
 * same order and must come to the same rows, so a command carries all it depends on: its time, its
 * source, its chance.
 *
 * <p>The log calls these methods one at a time, never two at once. They must not wait for a {@link
 * ReplicatedLog#submit} to complete, for nothing is applied while they run.
 */
public interface StateMachine {
    /**
     * Takes the state from the rows of the store. Called before anything is applied, and again
     * whenever the store was replaced by a leader's snapshot: the state machine then forgets all
     * that it had.
     *
     * @param rows may be read during the call only
     * @throws IOException if the rows cannot be read or make no sense; the replica then does not
     *     start, or stops
     */
    void load(Rows rows) throws IOException;

    /**
     * Applies one committed command and says what it changes. The next command may follow before
     * the writes of this one are in the store, so the state machine answers from its own state, not
     * from the store.
     *
     * <p>What it throws is our own mistake: the replica stops at the last entry that was applied
     * whole and says so in its {@link Status}, for to go on would be to diverge.
     *
     * @param position of the log entry; commands that were submitted together share an entry, and
     *     then its position
     * @param command read-only; valid during the call
     */
    Applied apply(LogPosition position, ByteBuffer command);

    /**
     * Says that this member became the leader, or that it is no longer. As a new leader it has
     * applied all that was committed before its own term. A member that starts as a follower is not
     * told so.
     *
     * @param term the term that it leads, or the term in which it learnt that it does not
     */
    void leadership(boolean leads, long term);

    /**
     * What a command changes.
     *
     * @param writes in the order to be made; a later one wins over an earlier one of the same key
     * @param release runs on every replica once the whole entry, which is committed, has been
     *     applied: in log order, on the thread that applies, and without waiting for the writes. It
     *     should return quickly. After a crash it may run again for entries that are applied again
     */
    record Applied(List<Write> writes, Runnable release) {
        /** Changes nothing and releases nothing. */
        public static final Applied NOTHING = new Applied(List.of(), () -> {});

        public Applied {
            writes = List.copyOf(writes);
        }
    }

    /** The rows of a store, in the order of their keys (octets compared as unsigned numbers). */
    @FunctionalInterface
    interface Rows {
        /**
         * Shows every row to {@code row}, key and value.
         *
         * @throws java.io.UncheckedIOException if the store cannot be read
         */
        void forEach(BiConsumer<byte[], byte[]> row);
    }
}
