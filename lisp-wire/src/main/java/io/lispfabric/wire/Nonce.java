package io.lispfabric.wire;

/**
 * 64 bits that tie an answer to its question, or count what was sent; compared as unsigned (RFC
 * 9301 §5.6).
 */
public record Nonce(long value) {
    /** The nonce of the next transmission. */
    public Nonce next() {
        return new Nonce(value + 1);
    }

    /** The nonce {@code steps} transmissions on. */
    public Nonce plus(long steps) {
        return new Nonce(value + steps);
    }

    public boolean isGreaterThan(Nonce other) {
        return Long.compareUnsigned(value, other.value) > 0;
    }

    @Override
    public String toString() {
        return String.format("%016x", value);
    }
}
