package io.lispfabric.wire.capture;

import java.nio.ByteBuffer;

/** The checksum of the Internet protocols (RFC 1071). */
final class IpSum {
    private IpSum() {}

    /** The sum of 16-bit words, not yet folded; an odd octet counts as if a zero followed. */
    static long words(ByteBuffer in, int at, int length) {
        long sum = 0;
        for (int i = 0; i + 1 < length; i += 2) {
            sum += in.getShort(at + i) & 0xFFFF;
        }
        return length % 2 == 0 ? sum : sum + ((in.get(at + length - 1) & 0xFF) << 8);
    }

    /**
     * Over these octets and what was summed up before: 0xFFFF when a checksum among them is right.
     */
    static int of(ByteBuffer in, int at, int length, long before) {
        long sum = before + words(in, at, length);
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) sum;
    }
}
