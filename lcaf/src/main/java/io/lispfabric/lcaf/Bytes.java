package io.lispfabric.lcaf;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** Octets as a value: immutable, compared by content, printed as hex. */
public final class Bytes implements Comparable<Bytes> {
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] octets;

    private Bytes(byte[] octets) {
        this.octets = octets;
    }

    /** A copy of the given octets. */
    public static Bytes of(byte... octets) {
        return octets.length == 0 ? EMPTY : new Bytes(octets.clone());
    }

    /** These very octets, which nobody else may keep. */
    static Bytes owning(byte[] octets) {
        return octets.length == 0 ? EMPTY : new Bytes(octets);
    }

    /** These very octets, which nobody may write to. */
    byte[] shared() {
        return octets;
    }

    /** A copy of what remains in the buffer, whose position stays where it is. */
    public static Bytes of(ByteBuffer buffer) {
        var octets = new byte[buffer.remaining()];
        buffer.get(buffer.position(), octets);
        return new Bytes(octets);
    }

    /**
     * The octets that hexadecimal digits spell; white space and colons between them are ignored.
     *
     * @throws IllegalArgumentException when anything else is found, or an odd number of digits
     */
    public static Bytes ofHex(String digits) {
        return new Bytes(HexFormat.of().parseHex(digits.replaceAll("[\\s:]", "")));
    }

    public int length() {
        return octets.length;
    }

    /** The octet at {@code index}, 0 to 255. */
    public int at(int index) {
        return octets[index] & 0xFF;
    }

    /**
     * Whether {@code others} begin with these octets, found in a time that depends on the lengths
     * alone and not on where the first difference is: for what must not be guessed.
     */
    public boolean isStartOf(byte[] others) {
        if (octets.length > others.length) {
            return false;
        }
        int different = 0;
        for (int i = 0; i < octets.length; i++) {
            different |= octets[i] ^ others[i];
        }
        return different == 0;
    }

    public byte[] toArray() {
        return octets.clone();
    }

    /**
     * Puts all octets into an array, from {@code at} on.
     *
     * @throws IndexOutOfBoundsException when there is no room for them
     */
    public void copyTo(byte[] target, int at) {
        System.arraycopy(octets, 0, target, at, octets.length);
    }

    /** A read-only view; nothing is copied. */
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(octets).asReadOnlyBuffer();
    }

    public String hex() {
        return HexFormat.of().formatHex(octets);
    }

    @Override
    public int compareTo(Bytes other) {
        return Arrays.compareUnsigned(octets, other.octets);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes that && Arrays.equals(octets, that.octets);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(octets);
    }

    @Override
    public String toString() {
        return hex();
    }
}
