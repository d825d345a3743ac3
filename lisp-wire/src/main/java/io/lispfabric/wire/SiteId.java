package io.lispfabric.wire;

/**
 * Which xTRs belong together: 64 unsigned bits, in this fabric the PoD's number (RFC 9301 §5.6,
 * draft-jain §6.1).
 */
public record SiteId(long value) implements Comparable<SiteId> {
    @Override
    public int compareTo(SiteId other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(value);
    }
}
