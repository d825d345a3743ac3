package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whether the {@link ClusterSim} would find a mistake if there were one. */
class PlantedBugTest {
    private static final int MOST_RUNS = 60;

    @ParameterizedTest
    @EnumSource
    void itsInvariantFindsIt(PlantedBug bug) {
        for (long seed = 1; seed <= MOST_RUNS; seed++) {
            var found = play(bug, seed);
            if (found.isPresent()) {
                System.out.printf("%s: in run %d, %s%n", bug, seed, found.get().inShort());
                assertThat(found.get().invariant()).isEqualTo(bug.finder());
                return;
            }
        }
        throw new AssertionError(bug.finder() + " has not found " + bug + " in " + MOST_RUNS);
    }

    /** What nothing is ever found by may as well look at nothing. */
    @Test
    void everyInvariantFindsSomething() {
        assertThat(
                        Arrays.stream(PlantedBug.values())
                                .map(PlantedBug::finder)
                                .collect(Collectors.toSet()))
                .containsExactlyInAnyOrder(Invariant.values());
    }

    /** Plays with the mistake planted, and with no other invariant that could find it first. */
    private static Optional<Violation> play(PlantedBug bug, long seed) {
        try {
            new ClusterSim(seed, bug.plant(), EnumSet.of(bug.finder())).play();
            return Optional.empty();
        } catch (Violation e) {
            return Optional.of(e);
        } catch (RuntimeException _) {
            return Optional.empty(); // a member has stopped, as it should when it finds a mistake
        }
    }
}
