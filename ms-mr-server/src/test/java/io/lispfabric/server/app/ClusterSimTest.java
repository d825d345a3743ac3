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
        long first = Long.getLong("sim.seed", 1);
        int runs = Integer.getInteger("sim.runs", 200);
        for (long seed = first; seed < first + runs; seed++) {
            try {
                play(seed);
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

    private static ClusterSim play(long seed) {
        var sim = new ClusterSim(seed, new Seams(), EnumSet.allOf(Invariant.class));
        sim.play();
        return sim;
    }

    private static double hours(long runs) {
        return runs * ClusterSim.SECONDS / 3_600.0;
    }

    @Test
    void aSeedIsAlwaysTheSameRun() {
        for (long seed = 1; seed <= 3; seed++) {
            assertThat(play(seed).fingerprint()).isEqualTo(play(seed).fingerprint());
        }
    }
}
