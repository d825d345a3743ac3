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
    private final int iidMaskLength;

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

    /** The IID mask-len of EIDs. */
    int iidMaskLength() {
        return iidMaskLength;
    }

    public WireWriter u8(int value) {
        room(1);
        out[size++] = (byte) value;
        return this;
    }

    public WireWriter u16(int value) {
        return u8(value >>> 8).u8(value);
    }

    public WireWriter u32(int value) {
        return u16(value >>> 16).u16(value);
    }

    public WireWriter u64(long value) {
        return u32((int) (value >>> 32)).u32((int) value);
    }

    public WireWriter bytes(Bytes octets) {
        return bytes(octets.shared());
    }

    public WireWriter bytes(byte... octets) {
        room(octets.length);
        System.arraycopy(octets, 0, out, size, octets.length);
        size += octets.length;
        return this;
    }

    /** Overwrites two octets that were written before, such as a length that is known only now. */
    public void patchU16(int offset, int value) {
        out[offset] = (byte) (value >>> 8);
        out[offset + 1] = (byte) value;
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

    private void room(int octets) {
        if (size + octets > out.length) {
            out = Arrays.copyOf(out, Math.max(2 * out.length, size + octets));
        }
    }
}
