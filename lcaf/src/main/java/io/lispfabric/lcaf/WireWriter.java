package io.lispfabric.lcaf;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Octets being written, big-endian, in a buffer that grows. The caller sees to it that values fit
 * their fields.
 */
public final class WireWriter {
    private byte[] out = new byte[128];
    private int size;
    private int iidMaskLength;

    public WireWriter() {
        this(0);
    }

    /**
     * A writer for a peer that wants this number in the IID mask-len of every EID, where it means
     * nothing (RFC 8060 §4.1). Some compare it nevertheless.
     */
    public WireWriter(int iidMaskLength) {
        this.iidMaskLength = iidMaskLength;
    }

    /** The same as a new writer, with the memory that this one has. */
    public WireWriter again(int otherIidMaskLength) {
        size = 0;
        iidMaskLength = otherIidMaskLength;
        return this;
    }

    /** The IID mask-len of EIDs. */
    int iidMaskLength() {
        return iidMaskLength;
    }

    public WireWriter u8(int value) {
        int at = take(1);
        out[at] = (byte) value;
        return this;
    }

    public WireWriter u16(int value) {
        int at = take(2);
        put(out, at, (short) value);
        return this;
    }

    public WireWriter u32(int value) {
        int at = take(4);
        put(out, at, value);
        return this;
    }

    public WireWriter u64(long value) {
        int at = take(8);
        put(out, at, value);
        return this;
    }

    public WireWriter bytes(Bytes octets) {
        return bytes(octets.shared());
    }

    public WireWriter bytes(byte... octets) {
        int at = take(octets.length);
        System.arraycopy(octets, 0, out, at, octets.length);
        return this;
    }

    /** Overwrites two octets that were written before, such as a length that is known only now. */
    public void patchU16(int offset, int value) {
        put(out, offset, (short) value);
    }

    /** What has been written, to be overwritten in place. */
    public ByteBuffer written() {
        return ByteBuffer.wrap(out, 0, size);
    }

    /** Octets written so far. */
    public int size() {
        return size;
    }

    public byte[] toArray() {
        return Arrays.copyOf(out, size);
    }

    public Bytes toBytes() {
        return Bytes.owning(toArray());
    }

    public ByteBuffer toBuffer() {
        return ByteBuffer.wrap(toArray());
    }

    // Octet by octet, in this order and in one place: the compiler makes one store of it.

    private static void put(byte[] out, int at, short value) {
        out[at] = (byte) (value >> 8);
        out[at + 1] = (byte) value;
    }

    private static void put(byte[] out, int at, int value) {
        out[at] = (byte) (value >> 24);
        out[at + 1] = (byte) (value >> 16);
        out[at + 2] = (byte) (value >> 8);
        out[at + 3] = (byte) value;
    }

    private static void put(byte[] out, int at, long value) {
        out[at] = (byte) (value >> 56);
        out[at + 1] = (byte) (value >> 48);
        out[at + 2] = (byte) (value >> 40);
        out[at + 3] = (byte) (value >> 32);
        out[at + 4] = (byte) (value >> 24);
        out[at + 5] = (byte) (value >> 16);
        out[at + 6] = (byte) (value >> 8);
        out[at + 7] = (byte) value;
    }

    /** Makes room for the next octets, and says where they begin. */
    private int take(int octets) {
        int from = size;
        if (octets > out.length - from) {
            out = Arrays.copyOf(out, Math.max(2 * out.length, from + octets));
        }
        size = from + octets;
        return from;
    }
}
