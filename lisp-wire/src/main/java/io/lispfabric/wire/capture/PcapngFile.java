package io.lispfabric.wire.capture;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The newer format (draft-ietf-opsawg-pcapng): sections of blocks, each with a byte order and
 * interfaces of its own. Blocks that hold no packet are passed over.
 */
final class PcapngFile extends CaptureFile {
    static final int SECTION_HEADER = 0x0A0D0D0A;

    private static final int BYTE_ORDER_MAGIC = 0x1A2B3C4D;
    private static final int INTERFACE = 1;
    private static final int OLD_PACKET = 2;
    private static final int SIMPLE_PACKET = 3;
    private static final int ENHANCED_PACKET = 6;

    private static final int END_OF_OPTIONS = 0;
    private static final int TIME_RESOLUTION = 9;
    private static final int TIME_OFFSET = 14;

    /** More than any machine has, and few enough to remember. */
    private static final int MOST_INTERFACES = 65_536;

    private static final int LONGEST_OPTIONS = 65_536;

    /**
     * Where packets were seen.
     *
     * @param resolution as the option has it: negative powers of 10, or with the highest bit of 2
     * @param offset seconds to add to every time
     */
    private record Interface(int linkType, long snapLength, int resolution, long offset) {
        Optional<Instant> time(long ticks) {
            int exponent = resolution & 0x7F;
            try {
                if ((resolution & 0x80) != 0) {
                    return exponent > 32 ? Optional.empty() : Optional.of(binary(ticks, exponent));
                }
                return exponent > 18 ? Optional.empty() : Optional.of(decimal(ticks, exponent));
            } catch (ArithmeticException | DateTimeException _) {
                return Optional.empty(); // a year that no calendar has
            }
        }

        private Instant binary(long ticks, int exponent) {
            long fraction = ticks & (1L << exponent) - 1;
            return Instant.ofEpochSecond(
                    Math.addExact(ticks >>> exponent, offset),
                    fraction * 1_000_000_000L >>> exponent);
        }

        private Instant decimal(long ticks, int exponent) {
            long unit = 1;
            for (int i = 0; i < exponent; i++) {
                unit *= 10;
            }
            long nanos = Long.remainderUnsigned(ticks, unit);
            for (int i = exponent; i < 9; i++) {
                nanos *= 10;
            }
            for (int i = 9; i < exponent; i++) {
                nanos /= 10;
            }
            return Instant.ofEpochSecond(
                    Math.addExact(Long.divideUnsigned(ticks, unit), offset), nanos);
        }
    }

    private final List<Interface> interfaces = new ArrayList<>();
    private ByteOrder order = ByteOrder.BIG_ENDIAN;

    /** The type of the first block is what told the format. */
    private boolean begun;

    PcapngFile(InputStream in) {
        super(in);
    }

    @Override
    Optional<CapturedPacket> read() throws IOException, DamagedException {
        while (true) {
            int type = SECTION_HEADER;
            if (begun) {
                var found = header(4, order);
                if (found.isEmpty()) {
                    return Optional.empty();
                }
                type = found.get().getInt(0);
            }
            if (type == SECTION_HEADER) {
                begun = true;
                section();
                continue;
            }
            long length = blockLength(part(4, order).getInt(0));
            long body = length - 12;
            switch (type) {
                case INTERFACE -> known(body);
                case ENHANCED_PACKET -> {
                    return Optional.of(enhanced(body));
                }
                case SIMPLE_PACKET -> {
                    return Optional.of(simple(body));
                }
                case OLD_PACKET -> {
                    return Optional.of(old(body));
                }
                default -> skip(body);
            }
            endOfBlock(length);
        }
    }

    private static long blockLength(int word) throws DamagedException {
        long length = Integer.toUnsignedLong(word);
        if (length < 12 || length % 4 != 0) {
            throw new DamagedException("a block of " + length + " octets");
        }
        return length;
    }

    private void endOfBlock(long length) throws IOException, DamagedException {
        if (u32(part(4, order), 0) != length) {
            throw new DamagedException("a block that ends with another length than it begins with");
        }
    }

    /** The byte order follows the length, which can only be read then. */
    private void section() throws IOException, DamagedException {
        var header = part(8, ByteOrder.BIG_ENDIAN);
        int magic = header.getInt(4);
        if (magic != BYTE_ORDER_MAGIC && Integer.reverseBytes(magic) != BYTE_ORDER_MAGIC) {
            throw new DamagedException("a section without a byte order");
        }
        order = magic == BYTE_ORDER_MAGIC ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        interfaces.clear();
        long length = blockLength(header.order(order).getInt(0));
        need(length, 28);
        skip(length - 16);
        endOfBlock(length);
    }

    private static void need(long length, int least) throws DamagedException {
        if (length < least) {
            throw new DamagedException("a block that is too short for what it is to hold");
        }
    }

    private void known(long body) throws IOException, DamagedException {
        need(body, 8);
        if (interfaces.size() == MOST_INTERFACES) {
            throw new DamagedException("more than " + MOST_INTERFACES + " interfaces");
        }
        var head = part(8, order);
        int resolution = 6; // microseconds, unless an option says otherwise
        long offset = 0;
        int read = (int) Math.min(body - 8, LONGEST_OPTIONS);
        if (read > 0) {
            var options = part(read, order);
            while (options.remaining() >= 4) {
                int code = Short.toUnsignedInt(options.getShort());
                int length = Short.toUnsignedInt(options.getShort());
                if (code == END_OF_OPTIONS || length > options.remaining()) {
                    break;
                }
                if (code == TIME_RESOLUTION && length == 1) {
                    resolution = options.get(options.position()) & 0xFF;
                } else if (code == TIME_OFFSET && length == 8) {
                    offset = options.getLong(options.position());
                }
                int padded = length + 3 & ~3;
                options.position(Math.min(options.limit(), options.position() + padded));
            }
        }
        skip(body - 8 - read);
        interfaces.add(new Interface(u16(head, 0), u32(head, 4), resolution, offset));
    }

    private Interface seenAt(long number) throws DamagedException {
        if (number >= interfaces.size()) {
            throw new DamagedException("a packet of an interface that is not described");
        }
        return interfaces.get((int) number);
    }

    private CapturedPacket enhanced(long body) throws IOException, DamagedException {
        need(body, 20);
        var head = part(20, order);
        return packet(seenAt(u32(head, 0)), head, body);
    }

    /** As enhanced, only that its first word holds a count of drops as well. */
    private CapturedPacket old(long body) throws IOException, DamagedException {
        need(body, 20);
        var head = part(20, order);
        return packet(seenAt(u16(head, 0)), head, body);
    }

    private CapturedPacket packet(Interface at, ByteBuffer head, long body)
            throws IOException, DamagedException {
        long kept = u32(head, 12);
        if (kept > body - 20) {
            throw new DamagedException("a packet that is longer than its block");
        }
        var packet =
                packet(
                        at.linkType(),
                        at.time(u32(head, 4) << 32 | u32(head, 8)),
                        kept,
                        u32(head, 16));
        skip(body - 20 - kept);
        endOfBlock(body + 12);
        return packet;
    }

    /** Without a time and of the first interface; what was kept follows from the snap length. */
    private CapturedPacket simple(long body) throws IOException, DamagedException {
        need(body, 4);
        var at = seenAt(0);
        long original = u32(part(4, order), 0);
        long kept = Math.min(original, body - 4);
        if (at.snapLength() != 0) {
            kept = Math.min(kept, at.snapLength());
        }
        var packet = packet(at.linkType(), Optional.empty(), kept, original);
        skip(body - 4 - kept);
        endOfBlock(body + 12);
        return packet;
    }
}
