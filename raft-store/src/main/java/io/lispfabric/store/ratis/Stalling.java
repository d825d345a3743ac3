package io.lispfabric.store.ratis;

import java.util.concurrent.TimeUnit;

/**
 * Whether a member gets nowhere although it answers its leader: it has entries in its log,
 * committed as it knows, that the leader's log does not have, and Ratis goes on trying without a
 * word. That can be if a majority has lost what it had synced. Times are those of {@link
 * System#nanoTime}.
 */
final class Stalling {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final long TELL_AGAIN = TimeUnit.MINUTES.toNanos(1);

    private boolean behind;
    private long match;
    private long since;
    private long tellAt;

    /**
     * It has answered of late.
     *
     * @param committed up to here, as the leader knows
     * @param match up to here its log is the leader's, as the leader knows
     * @return whether it is to be told that nothing has come of it for long
     */
    boolean look(long committed, long match, long now) {
        if (committed <= match || !behind || match != this.match) {
            restart(match, now);
            behind = committed > match;
            return false;
        }
        if (now - tellAt < 0) {
            return false;
        }
        tellAt = now + TELL_AGAIN;
        return true;
    }

    /** It has not answered, and is not expected to get anywhere. */
    void restart(long match, long now) {
        behind = false;
        this.match = match;
        since = now;
        tellAt = now + LONG;
    }

    /** For how long it has taken nothing. */
    long seconds(long now) {
        return TimeUnit.NANOSECONDS.toSeconds(now - since);
    }
}
