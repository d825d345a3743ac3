package io.lispfabric.server.core;

import io.lispfabric.wire.Nonce;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of an xTR under one of its keys, which is all that its refreshes change: the
 * last nonce (RFC 9301 §5.6), when it came, and how often anything that the xTR has registered was
 * changed or lost.
 */
public final class Voice extends Bits {
    private final Nonce last;
    private final int changes;
    private final int pulse;

    Voice(BitKey key, Nonce last, int changes, int pulse) {
        super(key);
        this.last = last;
        this.changes = changes;
        this.pulse = pulse;
    }

    /** The greatest nonce that was taken. */
    Nonce last() {
        return last;
    }

    /** The number stands for all that the xTR had registered when it had it. */
    int changes() {
        return changes;
    }

    /** {@link MappingSystem#pulse} when the last nonce was taken. */
    int pulse() {
        return pulse;
    }

    /** What {@link MappingSystem#said} is of an xTR of whom this is remembered. */
    static long said(List<Voice> voices) {
        long sum = 0;
        for (var it : voices) {
            sum += it.last.value();
        }
        return sum;
    }

    /** The pulse at which the last of them was heard. */
    static int lastPulse(List<Voice> voices) {
        int last = 0;
        for (var it : voices) {
            last = Math.max(last, it.pulse);
        }
        return last;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Voice that
                && sameBits(that)
                && last.equals(that.last)
                && changes == that.changes
                && pulse == that.pulse;
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * hash() + last.hashCode()) + changes) + pulse;
    }

    @Override
    public String toString() {
        return BitKey.of(this) + " " + last + " " + changes + " " + pulse;
    }
}
