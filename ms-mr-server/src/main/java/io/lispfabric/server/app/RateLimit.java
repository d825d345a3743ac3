package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;

/**
 * How many Map-Replies one address may get, so that nobody can aim us at a victim (RFC 9301 §5.4,
 * §9). A bucket that fills with time, one for each address of late; used by one thread.
 *
 * <p>A bucket that is full again is as good as none, and only such a one makes room for a new
 * address. So a flood of addresses cannot empty or refill the bucket of one that is in use: when
 * all are, new addresses share one.
 */
final class RateLimit {
    private static final int ADDRESSES = 65_536;

    /** How much more than one address all that find no room may have together. */
    private static final int SHARED = 100;

    private final Duration idle;

    private final SecretHash hash;

    /** By the number of the address. The one that was used longest ago comes first. */
    private final LinkedHashMap<Long, Bucket> buckets = new LinkedHashMap<>(64, 0.75f, true);

    private final Bucket shared;
    private final double perSecond;
    private final double burst;
    private final int addresses;

    private static final class Bucket {
        private final double perSecond;
        private final double burst;
        private double tokens;
        private Instant filled;

        Bucket(double perSecond, double burst, Instant filled) {
            this.perSecond = perSecond;
            this.burst = burst;
            this.tokens = burst;
            this.filled = filled;
        }

        boolean take(Instant now) {
            fill(now);
            if (tokens < 1) {
                return false;
            }
            tokens--;
            return true;
        }

        boolean has(Instant now) {
            fill(now);
            return tokens >= 1;
        }

        private void fill(Instant now) {
            if (now.isBefore(filled)) {
                filled = now; // the clock was set back
            }
            if (now.isAfter(filled)) {
                double seconds = Duration.between(filled, now).toNanos() / 1e9;
                tokens = Math.min(burst, tokens + seconds * perSecond);
                filled = now;
            }
        }
    }

    /**
     * @param hash so that nobody can find addresses that meet in one place of the table
     */
    RateLimit(int perSecond, int burst, SecretHash hash) {
        this(perSecond, burst, ADDRESSES, hash);
    }

    RateLimit(int perSecond, int burst, int addresses, SecretHash hash) {
        this.hash = hash;
        this.perSecond = perSecond;
        this.burst = burst;
        this.addresses = addresses;
        // So long takes the emptiest bucket to be full again, and one in debt twice as long.
        this.idle = Duration.ofNanos((long) (1e9 * burst / perSecond));
        this.shared =
                new Bucket((double) SHARED * perSecond, (double) SHARED * burst, Instant.EPOCH);
    }

    /** What went there was worth so many more. */
    void charge(Ip address, int more) {
        var bucket = more == 0 ? null : buckets.get(hash.of(address));
        if (bucket != null) {
            // No debt is deeper than a bucket.
            bucket.tokens = Math.max(-burst, bucket.tokens - more);
        }
    }

    /**
     * Whether one more would go there now, asked before there is work for it; whoever shares a
     * bucket learns it afterwards.
     */
    boolean wouldAllow(Ip address, Instant now) {
        var bucket = buckets.get(hash.of(address));
        return bucket == null || bucket.has(now);
    }

    /** Whether one more may go there now. */
    boolean allows(Ip address, Instant now) {
        long number = hash.of(address);
        var bucket = buckets.get(number);
        if (bucket == null) {
            if (buckets.size() == addresses && !makeRoom(now)) {
                return shared.take(now);
            }
            bucket = new Bucket(perSecond, burst, now);
            buckets.put(number, bucket);
        }
        return bucket.take(now);
    }

    private boolean makeRoom(Instant now) {
        var eldest = buckets.firstEntry().getValue();
        var full = eldest.filled.plus(eldest.tokens < 0 ? idle.multipliedBy(2) : idle);
        if (full.isAfter(now)) {
            return false;
        }
        buckets.pollFirstEntry();
        return true;
    }
}
