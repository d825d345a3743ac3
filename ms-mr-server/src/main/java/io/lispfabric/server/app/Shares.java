package io.lispfabric.server.app;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How much of what all sites have together one of them may take, so that none takes the room of the
 * others. While less than half is taken, as much as it likes; then a site that has as much as is
 * left gets no more. Used by one thread.
 *
 * <p>It counts a part at a time, so that no question takes long: until the first count is over, a
 * site has what it was granted since that began.
 */
final class Shares {
    /** Since when a count is no longer good enough. */
    private static final Duration COUNTED_FOR = Duration.ofSeconds(30);

    /** So many are counted at each question. */
    static final int PART = 512;

    private Map<String, Integer> counted = new HashMap<>();
    private Map<String, Integer> counting = new HashMap<>();
    private Iterator<String> left = Collections.emptyIterator();
    private boolean counts;
    private Instant until = Instant.MIN;

    /**
     * Whether a site may have one more.
     *
     * @param all how many there are of all sites
     * @param most how many there may be
     * @param sites whose each of them is, at this moment
     */
    boolean admits(String site, int all, int most, Instant now, Supplier<Iterator<String>> sites) {
        if (all < most / 2) {
            counts = false;
            left = Collections.emptyIterator();
            counted = new HashMap<>();
            until = Instant.MIN;
            return true;
        }
        if (all >= most) {
            return false;
        }
        if (!counts && !now.isBefore(until)) {
            counts = true;
            counting = new HashMap<>();
            left = sites.get();
        }
        goOn(now);
        boolean admitted = counted.getOrDefault(site, 0) < most - all;
        if (admitted) {
            counted.merge(site, 1, Integer::sum);
            if (counts) {
                counting.merge(site, 1, Integer::sum);
            }
        }
        return admitted;
    }

    /** Counts on, if it counts: called often, as it keeps what it counts from being forgotten. */
    void goOn(Instant now) {
        if (!counts) {
            return;
        }
        for (int i = 0; i < PART && left.hasNext(); i++) {
            counting.merge(left.next(), 1, Integer::sum);
        }
        if (!left.hasNext()) {
            counts = false;
            counted = counting;
            until = now.plus(COUNTED_FOR);
        }
    }
}
