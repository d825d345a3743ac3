package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/** The whole cluster with xTRs around it, in virtual time: see {@link ClusterSim}. */
class ClusterSimTest {
    /**
     * The same runs every time, so that a build says something about the change it builds; {@code
     * -Dsim.seed=N -Dsim.runs=N} are others, and more.
     */
    @Rfc("9437 §6")
    @Rfc("9301 §5.6")
    @Rfc("9301 §5.7")
    @Rfc("R-063")
    @Rfc("R-079")
    @Rfc("R-096")
    @Test
    void everySubscriberAndEveryGroupLearnsTheLastLocatorSet() {
        campaign(200, 1);
    }

    /**
     * What a Map-Register says of EIDs of several Raft groups is taken by all of them, or again.
     */
    @Rfc("9301 §5.6")
    @Rfc("9301 §5.7")
    @Test
    void withTwoRaftGroupsTheyLearnItToo() {
        campaign(40, 2);
    }

    private static void campaign(int usual, int groups) {
        long first = Long.getLong("sim.seed", 1);
        int runs = Integer.getInteger("sim.runs", usual);
        for (long seed = first; seed < first + runs; seed++) {
            try {
                play(seed, groups);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "-Dsim.seed=%d -Dsim.runs=1, after %.1f simulated cluster-hours: %s"
                                .formatted(seed, hours(seed - first), e.getMessage()),
                        e);
            }
        }
        System.out.printf(
                "%d runs from seed %d: %.1f simulated cluster-hours%n", runs, first, hours(runs));
    }

    private static ClusterSim play(long seed, int groups) {
        var sim = new ClusterSim(seed, new Seams(), EnumSet.allOf(Invariant.class), groups);
        sim.play();
        return sim;
    }

    private static double hours(long runs) {
        return runs * ClusterSim.SECONDS / 3_600.0;
    }

    @Test
    void aSeedIsAlwaysTheSameRun() {
        for (long seed = 1; seed <= 3; seed++) {
            for (int groups = 1; groups <= 2; groups++) {
                assertThat(play(seed, groups).fingerprint())
                        .isEqualTo(play(seed, groups).fingerprint());
            }
        }
    }
}
