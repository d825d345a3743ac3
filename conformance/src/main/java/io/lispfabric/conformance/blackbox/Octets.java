package io.lispfabric.conformance.blackbox;

import java.io.ByteArrayOutputStream;

/** A message while it is written, as the diagrams have it: big-endian, field by field. */
final class Octets {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Octets u8(int value) {
        out.write(value);
        return this;
    }

    Octets u16(int value) {
        return u8(value >>> 8).u8(value);
    }

    Octets u32(int value) {
        return u16(value >>> 16).u16(value);
    }

    Octets u64(long value) {
        return u32((int) (value >>> 32)).u32((int) value);
    }

    Octets bytes(byte[] octets) {
        out.writeBytes(octets);
        return this;
    }

    byte[] toArray() {
        return out.toByteArray();
    }

    /** The Internet checksum (RFC 1071). */
    static int checksum(byte[] octets) {
        long sum = 0;
        for (int i = 0; i < octets.length; i += 2) {
            sum += (octets[i] & 0xFF) << 8 | (i + 1 < octets.length ? octets[i + 1] & 0xFF : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) ~sum & 0xFFFF;
    }
}
