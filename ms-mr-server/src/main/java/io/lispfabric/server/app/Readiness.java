package io.lispfabric.server.app;

import io.lispfabric.store.Status;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a member knows enough to answer: one that has just started may know yesterday's fabric.
 */
final class Readiness {
    /** What a member may lack that has had everything before, in log entries. */
    private static final long FALLING_BEHIND = 10_000;

    /** What may be under way at any moment. */
    private static final long UNDER_WAY = 16;

    private Readiness() {}

    /**
     * Whether a follower has all that its leader says is committed. A leader says so itself ({@link
     * io.lispfabric.store.ReplicatedLog#leads}).
     */
    static boolean knowsAll(Status status) {
        return status.role() == Status.Role.FOLLOWER
                && status.leader().isPresent()
                && status.commitIndex() >= 0
                && lacking(status) <= 0;
    }

    private static long lacking(Status status) {
        long newest = status.commitIndex();
        for (var member : status.members()) {
            newest = Math.max(newest, member.commitIndex().orElse(-1));
        }
        return newest - status.appliedIndex();
    }

    /**
     * In one sentence, that it may have missed what was committed for longer than it should; empty
     * if it has not. It may hear a leader whose entries do not arrive.
     */
    static Optional<String> stale(Status status, Duration bound) {
        return status.staleMillis().isPresent()
                        && status.staleMillis().getAsLong() > bound.toMillis()
                ? Optional.of(
                        String.format(
                                Locale.ROOT,
                                "stale: what was committed in the last %.1f s may not be here",
                                status.staleMillis().getAsLong() / 1000.0))
                : Optional.empty();
    }

    /** In one sentence, that no traffic should come here as an operator has drained it. */
    static Optional<String> drained(Status status) {
        return status.members().stream()
                        .anyMatch(it -> it.drained() && it.id().equals(status.member()))
                ? Optional.of(
                        "drained: lispctl member drain --undo " + status.member() + " ends that")
                : Optional.empty();
    }

    /**
     * In one sentence, how much it lacks of what any member is known to have; empty if that does
     * not count.
     *
     * @param caughtUp whether it has had everything since it was started
     */
    static Optional<String> behind(Status status, boolean caughtUp) {
        long lacking = lacking(status);
        return lacking <= (caughtUp ? FALLING_BEHIND : UNDER_WAY)
                ? Optional.empty()
                : Optional.of("catching up: " + lacking + " log entries to go");
    }
}
