package io.lispfabric.store.ratis;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * For how long a member may have missed what was committed. Whenever it has applied all that its
 * leader had said to be committed at some moment, it is as new as that moment. Times are those of
 * {@link System#nanoTime}.
 */
final class Freshness {
    private boolean known;
    private long asOf; // all that was committed then is applied

    private boolean lacking;
    private long lacks; // up to this index, of which was heard
    private long lacksSince; // at this time

    /**
     * How things stand.
     *
     * @param heardNanos so long ago the leader was asked, or was one for certain
     * @param newest the newest index that is known to be committed
     * @param applied up to here it is applied
     */
    synchronized void observe(long now, long heardNanos, long newest, long applied) {
        if (lacking && applied >= lacks) {
            lacking = false;
            advance(lacksSince);
        }
        if (applied >= newest) {
            advance(now - heardNanos);
        } else if (!lacking) {
            lacking = true;
            lacks = newest;
            lacksSince = now - heardNanos;
        }
    }

    private void advance(long to) {
        if (!known || to - asOf > 0) {
            known = true;
            asOf = to;
        }
    }

    /** In milliseconds, rounded up; empty as long as it was never as new as any moment. */
    synchronized OptionalLong staleMillis(long now) {
        return known
                ? OptionalLong.of(TimeUnit.NANOSECONDS.toMillis(Math.max(0, now - asOf) + 999_999))
                : OptionalLong.empty();
    }
}
