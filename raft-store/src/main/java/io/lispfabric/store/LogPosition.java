package io.lispfabric.store;

import java.nio.ByteBuffer;
import java.util.Comparator;

/**
 * Where an entry stands in the log: the term of the leader that wrote it and its place, counted
 * from 0. Of two committed entries the later one has the greater index and no smaller term.
 *
 * @param term the leader's term; not negative
 * @param index the place in the log, or -1 in {@link #NONE} alone
 */
public record LogPosition(long term, long index) implements Comparable<LogPosition> {
    /** The position of a store that nothing was applied to. */
    public static final LogPosition NONE = new LogPosition(0, -1);

    /** The number of octets of {@link #encoded()}. */
    public static final int OCTETS = 2 * Long.BYTES;

    private static final Comparator<LogPosition> ORDER =
            Comparator.comparingLong(LogPosition::term).thenComparingLong(LogPosition::index);

    public LogPosition {
        if (term < 0 || index < -1) {
            throw new IllegalArgumentException("no such log position: " + term + ":" + index);
        }
    }

    /**
     * Term and index, eight octets each, most significant first: octet order is position order
     * (from index 0 on).
     */
    public byte[] encoded() {
        return ByteBuffer.allocate(OCTETS).putLong(term).putLong(index).array();
    }

    /**
     * Reads what {@link #encoded()} wrote.
     *
     * @throws IllegalArgumentException if the octets are not a position
     */
    public static LogPosition decode(byte[] encoded) {
        if (encoded.length != OCTETS) {
            throw new IllegalArgumentException(
                    "a log position has " + OCTETS + " octets, not " + encoded.length);
        }
        var in = ByteBuffer.wrap(encoded);
        return new LogPosition(in.getLong(), in.getLong());
    }

    @Override
    public int compareTo(LogPosition other) {
        return ORDER.compare(this, other);
    }

    /** {@code term:index}. */
    @Override
    public String toString() {
        return term + ":" + index;
    }
}
