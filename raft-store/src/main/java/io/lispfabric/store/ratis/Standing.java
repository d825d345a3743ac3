package io.lispfabric.store.ratis;

import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.server.RaftServer;

/**
 * Whether a candidate still stands for election. An election that cannot write its term, as on a
 * full disk, Ratis ends for good, and says so in the log alone: the member stays a candidate that
 * asks nobody for votes. With enough of them a group would have no leader although there is room
 * again.
 */
final class Standing {
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private long lookAgain = System.nanoTime();
    private boolean missed;

    /**
     * @param now the time, as System.nanoTime() has it
     * @return whether nobody sees to the candidate's election, at two looks in a row: a thread may
     *     be about to begin
     */
    boolean hasEnded(RaftServer.Division division, long now) {
        if (!division.getInfo().isCandidate()) {
            missed = false;
            return false;
        }
        if (now - lookAgain < 0) {
            return false;
        }
        lookAgain = now + LOOK_NANOS;
        boolean ended = missed;
        missed = !isSeenTo(division.getMemberId());
        return ended && missed;
    }

    /** An election has a thread, which Ratis names after the member and itself. */
    static boolean isSeenTo(RaftGroupMemberId candidate) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith(candidate + "-LeaderElection"));
    }
}
