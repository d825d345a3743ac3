package io.lispfabric.wire;

import java.util.HexFormat;

/** Which xTR speaks: 128 bits, unique within its Site-ID (RFC 9301 §5.6). */
public record XtrId(long high, long low) implements Comparable<XtrId> {
    /**
     * Reads up to 32 hexadecimal digits, the missing ones zeros at the left.
     *
     * @throws IllegalArgumentException when the text is anything else
     */
    public static XtrId parse(String text) {
        if (!text.matches("[0-9a-fA-F]{1,32}")) {
            throw new IllegalArgumentException(
                    "an xTR-ID is 1 to 32 hexadecimal digits: '" + text + "'");
        }
        var digits = "0".repeat(32 - text.length()) + text;
        return new XtrId(
                HexFormat.fromHexDigitsToLong(digits, 0, 16),
                HexFormat.fromHexDigitsToLong(digits, 16, 32));
    }

    @Override
    public int compareTo(XtrId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", high, low);
    }
}
