package io.lispfabric.wire.capture;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Optional;

/**
 * The classic format (draft-ietf-opsawg-pcap): a header that chooses byte order and the unit of
 * time, then packets.
 */
final class PcapFile extends CaptureFile {
    private static final int MICROSECONDS = 0xA1B2C3D4;
    private static final int NANOSECONDS = 0xA1B23C4D;

    private final ByteOrder order;
    private final boolean nanos;

    /** Unknown until the rest of the file's header has been read. */
    private Optional<Integer> linkType = Optional.empty();

    PcapFile(InputStream in, int magic) {
        super(in);
        order = order(magic).orElseThrow();
        nanos = magic == NANOSECONDS || magic == Integer.reverseBytes(NANOSECONDS);
    }

    /** The byte order that a file begins with which was read as if it were big-endian. */
    static Optional<ByteOrder> order(int magic) {
        return switch (magic) {
            case MICROSECONDS, NANOSECONDS -> Optional.of(ByteOrder.BIG_ENDIAN);
            default ->
                    switch (Integer.reverseBytes(magic)) {
                        case MICROSECONDS, NANOSECONDS -> Optional.of(ByteOrder.LITTLE_ENDIAN);
                        default -> Optional.empty();
                    };
        };
    }

    @Override
    Optional<CapturedPacket> read() throws IOException, DamagedException {
        if (linkType.isEmpty()) {
            // Versions, time zone, accuracy, snap length; the upper bits of the link type tell of
            // frame check sequences.
            linkType = Optional.of(part(20, order).getInt(16) & 0xFFFF);
        }
        var found = header(16, order);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        var header = found.get();
        long fraction = u32(header, 4) * (nanos ? 1 : 1000);
        return Optional.of(
                packet(
                        linkType.get(),
                        Optional.of(Instant.ofEpochSecond(u32(header, 0), fraction)),
                        u32(header, 8),
                        u32(header, 12)));
    }
}
