package io.lispfabric.server.app;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How much of what all sites have together one of them may take, so that none takes the room of the
 * others. While less than half is taken, as much as it likes; then a site that has as much as is
 * left gets no more. Used by one thread.
 */
final class Shares {
    /** Counting takes time in proportion to all there is. */
    private static final Duration COUNTED_FOR = Duration.ofSeconds(30);

    private Map<String, Integer> counted = Map.of();
    private Instant until = Instant.MIN;

    /**
     * Whether a site may have one more.
     *
     * @param all how many there are of all sites
     * @param most how many there may be
     * @param count how many each site has; the map may be changed
     */
    boolean admits(
            String site, int all, int most, Instant now, Supplier<Map<String, Integer>> count) {
        if (all < most / 2) {
            until = Instant.MIN;
            return true;
        }
        if (all >= most) {
            return false;
        }
        if (!now.isBefore(until)) {
            counted = count.get();
            until = now.plus(COUNTED_FOR);
        }
        boolean admitted = counted.getOrDefault(site, 0) < most - all;
        if (admitted) {
            counted.merge(site, 1, Integer::sum);
        }
        return admitted;
    }
}
