package io.lispfabric.store.ratis;

import java.util.concurrent.TimeUnit;

/**
 * Whether a follower gets nowhere although its leader answers: it has entries in its log, committed
 * as it knows, that the leader's log does not have, and Ratis goes on trying without a word. That
 * can be if a majority has lost what it had synced. Times are those of {@link System#nanoTime}.
 */
final class Stalling {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final long TELL_AGAIN = TimeUnit.MINUTES.toNanos(1);

    private boolean behind;
    private long applied;
    private long since;
    private long tellAt;

    /**
     * The leader has answered.
     *
     * @param committed up to here, as the leader says
     * @param applied up to here, by this member
     * @return whether it is to be told that nothing has come of it for long
     */
    boolean look(long committed, long applied, long now) {
        if (committed <= applied || !behind || applied != this.applied) {
            behind = committed > applied;
            this.applied = applied;
            since = now;
            tellAt = now + LONG;
            return false;
        }
        if (now - tellAt < 0) {
            return false;
        }
        tellAt = now + TELL_AGAIN;
        return true;
    }

    /** For how long it has applied nothing. */
    long seconds(long now) {
        return TimeUnit.NANOSECONDS.toSeconds(now - since);
    }
}
