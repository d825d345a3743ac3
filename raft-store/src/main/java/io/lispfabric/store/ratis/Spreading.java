package io.lispfabric.store.ratis;

import io.lispfabric.store.Status;
import java.time.Duration;
import java.util.Optional;

/**
 * When the leader of one of several groups makes way for the member that should rather lead it, so
 * that leaders spread. Not before it has led for a while with that member in reach and caught up,
 * and after each attempt not again for twice as long as before: a member that is slow, and loses
 * the lead as soon as it has it, is left in peace. Used by one thread; times are those of {@link
 * System#nanoTime}.
 */
final class Spreading {
    /** What a member may lack that is taken for caught up, in entries. */
    private static final long UNDER_WAY = 64;

    private static final long LONGEST_PAUSE = Duration.ofMinutes(15).toNanos();

    private final int number;
    private final long heardMillis;
    private final long settling;
    private long pause;

    /** Since when it would have been right to make way. */
    private Optional<Long> since = Optional.empty();

    private long notBefore;
    private boolean tried;

    /**
     * @param number of the group, from 0
     * @param electionTimeout for so long a follower may not be heard; ten times as long everything
     *     is to be quiet before the leader makes way
     */
    Spreading(int number, Duration electionTimeout) {
        this.number = number;
        this.heardMillis = electionTimeout.toMillis();
        this.settling = electionTimeout.multipliedBy(10).toNanos();
        this.pause = settling;
    }

    /** Who is to lead now instead of this member, which does if {@code leads}. */
    Optional<String> look(Status now, boolean leads, long nanoTime) {
        var preferred = preferred(now, number);
        boolean fits =
                leads
                        && preferred
                                .filter(it -> !it.id().equals(now.member()) && isReady(it))
                                .isPresent();
        if (!fits) {
            since = Optional.empty();
            return Optional.empty();
        }
        if (since.isEmpty()) {
            since = Optional.of(nanoTime);
        }
        if (nanoTime - since.get() < settling || tried && nanoTime - notBefore < 0) {
            return Optional.empty();
        }
        tried = true;
        pause = Math.min(LONGEST_PAUSE, 2 * pause);
        notBefore = nanoTime + pause;
        since = Optional.empty();
        return preferred.map(Status.Member::id);
    }

    private boolean isReady(Status.Member it) {
        return it.lag().orElse(Long.MAX_VALUE) <= UNDER_WAY
                && it.heardMillis().orElse(Long.MAX_VALUE) <= heardMillis;
    }

    /** Of the voters that are not drained, in the order of their ids, the one for the group. */
    static Optional<Status.Member> preferred(Status now, int number) {
        var active = now.members().stream().filter(it -> it.voter() && !it.drained()).toList();
        return active.isEmpty()
                ? Optional.empty()
                : Optional.of(active.get(number % active.size()));
    }
}
