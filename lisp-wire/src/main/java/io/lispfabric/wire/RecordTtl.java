package io.lispfabric.wire;

import java.util.stream.IntStream;

/**
 * How long a mapping may be cached: unsigned minutes; 0 removes it, all ones leaves it to the
 * receiver (RFC 9301 §5.4).
 */
public record RecordTtl(int minutes) {
    /** The entry is to be removed at once; in a Map-Register, the registration is withdrawn. */
    public static final RecordTtl REMOVE = new RecordTtl(0);

    public static final RecordTtl RECEIVER_DECIDES = new RecordTtl(-1);
    public static final RecordTtl ONE_MINUTE = new RecordTtl(1);
    public static final RecordTtl FIFTEEN_MINUTES = new RecordTtl(15);
    public static final RecordTtl ONE_DAY = new RecordTtl(1440);

    /** Nearly all that are used: up to a day. */
    private static final RecordTtl[] COMMON =
            IntStream.rangeClosed(0, 1440).mapToObj(RecordTtl::new).toArray(RecordTtl[]::new);

    /** So many minutes, 32 bits without a sign. */
    public static RecordTtl of(int minutes) {
        return minutes >= 0 && minutes < COMMON.length ? COMMON[minutes] : new RecordTtl(minutes);
    }

    public boolean removes() {
        return minutes == 0;
    }

    /** The shorter of two. */
    public RecordTtl min(RecordTtl other) {
        return Integer.compareUnsigned(minutes, other.minutes) <= 0 ? this : other;
    }

    @Override
    public String toString() {
        return Integer.toUnsignedString(minutes) + "m";
    }
}
