package io.lispfabric.server.app;

import java.time.Duration;
import java.time.Instant;

/**
 * How fast something may go: so many a second, and no more at once than in a tenth of one. Used by
 * one thread.
 */
final class Pace {
    private final double perSecond;
    private final double burst;
    private double tokens;
    private Instant filled = Instant.EPOCH;

    Pace(int perSecond) {
        this.perSecond = perSecond;
        this.burst = Math.max(1, perSecond / 10.0);
    }

    /** How many may go now, and not more than {@code most}. */
    int allows(int most, Instant now) {
        if (now.isBefore(filled)) {
            filled = now; // the clock was set back
        }
        double seconds = Duration.between(filled, now).toMillis() / 1e3;
        if (seconds > 0) {
            tokens = Math.min(burst, tokens + seconds * perSecond);
            filled = now;
        }
        return (int) Math.min(most, tokens);
    }

    /** So many of those have gone. */
    void spend(int count) {
        tokens -= count;
    }
}
