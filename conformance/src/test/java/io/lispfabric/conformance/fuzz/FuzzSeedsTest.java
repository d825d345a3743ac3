package io.lispfabric.conformance.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The short run of every build: all seeds, and the same ones changed in the same way each time. */
class FuzzSeedsTest {
    private static final int CHANGES = 12;

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    @Rfc("9301 §5")
    void whatAFuzzTargetPromisesHoldsForEverySeedAndItsNeighbours(FuzzTarget target)
            throws IOException {
        var allocation = new Allocation(1);
        var random = new Random(target.ordinal());
        var seeds = Seeds.of(target);
        assertThat(seeds).hasSizeGreaterThan(50);
        for (var seed : seeds) {
            holds(allocation, target, seed);
            // Changing what is large takes long and finds little.
            for (int i = seed.length > 2000 ? CHANGES - 2 : 0; i < CHANGES; i++) {
                holds(allocation, target, Seeds.changed(seed, random));
            }
        }
    }

    private static void holds(Allocation allocation, FuzzTarget target, byte[] octets) {
        try {
            allocation.bounded(target, octets);
        } catch (RuntimeException | Error e) {
            assertThatCode(
                            () -> {
                                throw e;
                            })
                    .as("%s of %s", target.title(), Bytes.of(octets).hex())
                    .doesNotThrowAnyException();
        }
    }
}
