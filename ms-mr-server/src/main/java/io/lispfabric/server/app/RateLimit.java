package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.time.Duration;
import java.time.Instant;

/**
 * How many Map-Replies one address may get, so that nobody can aim us at a victim (RFC 9301 §5.4,
 * §9). A bucket that fills with time, one for each address of late; used by one thread.
 */
final class RateLimit {
    private static final int ADDRESSES = 65_536;

    private final double perSecond;
    private final double burst;
    private final BoundedMap<Ip, Bucket> buckets = new BoundedMap<>(ADDRESSES);

    private static final class Bucket {
        private double tokens;
        private Instant filled;

        Bucket(double tokens, Instant filled) {
            this.tokens = tokens;
            this.filled = filled;
        }
    }

    RateLimit(int perSecond, int burst) {
        this.perSecond = perSecond;
        this.burst = burst;
    }

    /** Whether one more may go there now. */
    boolean allows(Ip address, Instant now) {
        var bucket = buckets.computeIfAbsent(address, _ -> new Bucket(burst, now));
        double seconds = Math.max(0, Duration.between(bucket.filled, now).toNanos() / 1e9);
        bucket.tokens = Math.min(burst, bucket.tokens + seconds * perSecond);
        bucket.filled = now;
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens--;
        return true;
    }
}
