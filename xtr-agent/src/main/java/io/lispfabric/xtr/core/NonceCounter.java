package io.lispfabric.xtr.core;

import io.lispfabric.wire.Nonce;
import java.time.Instant;
import java.util.Optional;

/**
 * Nonces that only grow, over restarts too (RFC 9301 §5.6, RFC 9437 §7). They are made durable in
 * blocks before the first of a block is used, so that a crash skips some and repeats none.
 */
public final class NonceCounter {
    /** Makes it known that nonces up to this one may have been used, before it returns. */
    @FunctionalInterface
    public interface Reservation {
        /** For an xTR without a place to keep anything: its nonces start from the clock. */
        Reservation NONE = _ -> {};

        void upTo(Nonce nonce);
    }

    private final Reservation reservation;
    private final long block;
    private Nonce last;
    private Nonce reserved;

    /**
     * Counts on from {@code last}, which is never used itself.
     *
     * @param block how many nonces are reserved at a time
     */
    public NonceCounter(Nonce last, long block, Reservation reservation) {
        this.last = last;
        this.reserved = last;
        this.block = block;
        this.reservation = reservation;
    }

    /**
     * Where to start: beyond everything that may have been used before, and without a memory of
     * that, at the time, which has grown too.
     *
     * @param random any 32 bits
     */
    public static Nonce start(Instant now, int random, Optional<Nonce> persisted) {
        var clock = new Nonce(now.getEpochSecond() << 32 | Integer.toUnsignedLong(random));
        return persisted.filter(it -> it.isGreaterThan(clock)).orElse(clock);
    }

    /** The next nonce. */
    public Nonce next() {
        return leap(1);
    }

    /** A nonce {@code steps} beyond all before. */
    public Nonce leap(long steps) {
        saw(last.plus(steps));
        return last;
    }

    /** Somebody else counted on: the next one is greater than this. */
    public void saw(Nonce nonce) {
        if (!nonce.isGreaterThan(last)) {
            return;
        }
        last = nonce;
        if (last.isGreaterThan(reserved)) {
            reserved = last.plus(block);
            reservation.upTo(reserved);
        }
    }

    /** The greatest nonce so far. */
    public Nonce last() {
        return last;
    }
}
