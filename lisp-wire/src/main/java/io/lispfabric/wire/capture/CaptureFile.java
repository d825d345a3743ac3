package io.lispfabric.wire.capture;

import io.lispfabric.lcaf.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Optional;

/**
 * A file of captured packets, read from front to end: pcap in both byte orders with micro- or
 * nanoseconds (draft-ietf-opsawg-pcap), or pcapng (draft-ietf-opsawg-pcapng). However large the
 * file or the lengths it claims, no more than one packet of {@link #LARGEST} octets is held.
 *
 * <p>A file that cannot be read to its end, since it was cut or is damaged, gives the packets
 * before that, and then {@link #damage} says why.
 */
public abstract sealed class CaptureFile permits PcapFile, PcapngFile {
    /** Octets that are kept of one packet, as capture programs do; the rest counts as cut off. */
    public static final int LARGEST = 262_144;

    /** What no capture program writes as the length of one packet. */
    private static final long ABSURD = 1 << 28;

    private final InputStream in;
    private long number;
    private Optional<String> damage = Optional.empty();

    /** Thrown where a file ends that should go on, or says what cannot be. */
    static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1;

        DamagedException(String message) {
            super(message, null, false, false);
        }
    }

    CaptureFile(InputStream in) {
        this.in = in;
    }

    /** Whether a file that begins with these four octets is a capture. */
    public static boolean begins(byte[] magic) {
        return magic.length >= 4
                && (PcapFile.order(ByteBuffer.wrap(magic).getInt(0)).isPresent()
                        || ByteBuffer.wrap(magic).getInt(0) == PcapngFile.SECTION_HEADER);
    }

    /**
     * The capture that this stream holds. The stream is the caller's to close, and reads better
     * when it is buffered.
     *
     * @throws IOException when it cannot be read, or is no capture
     */
    public static CaptureFile of(InputStream in) throws IOException {
        var magic = in.readNBytes(4);
        if (!begins(magic)) {
            throw new IOException("neither pcap nor pcapng");
        }
        int word = ByteBuffer.wrap(magic).getInt();
        return word == PcapngFile.SECTION_HEADER ? new PcapngFile(in) : new PcapFile(in, word);
    }

    /** The next packet; empty at the end, or where nothing more can be read. */
    public final Optional<CapturedPacket> next() throws IOException {
        if (damage.isPresent()) {
            return Optional.empty();
        }
        try {
            var packet = read();
            number += packet.isPresent() ? 1 : 0;
            return packet;
        } catch (DamagedException e) {
            damage = Optional.of("after packet " + number + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Why there is no packet any more, unless it is that the file has come to its end. */
    public final Optional<String> damage() {
        return damage;
    }

    abstract Optional<CapturedPacket> read() throws IOException, DamagedException;

    /** The next octets, or nothing when the file ends before them. */
    final Optional<ByteBuffer> header(int length, ByteOrder order)
            throws IOException, DamagedException {
        var octets = in.readNBytes(length);
        if (octets.length == 0) {
            return Optional.empty();
        }
        if (octets.length < length) {
            throw new DamagedException("the file ends inside a header");
        }
        return Optional.of(ByteBuffer.wrap(octets).order(order));
    }

    /** The next octets, which must be there. */
    final ByteBuffer part(int length, ByteOrder order) throws IOException, DamagedException {
        return header(length, order)
                .orElseThrow(() -> new DamagedException("the file ends inside a block"));
    }

    final void skip(long octets) throws IOException, DamagedException {
        for (long left = octets; left > 0; ) {
            long skipped = in.skip(left);
            if (skipped <= 0) {
                if (in.read() < 0) {
                    throw new DamagedException("the file ends inside a block");
                }
                skipped = 1;
            }
            left -= skipped;
        }
    }

    /** The packet whose octets come next. */
    final CapturedPacket packet(int linkType, Optional<Instant> time, long kept, long original)
            throws IOException, DamagedException {
        if (kept > ABSURD) {
            throw new DamagedException("a packet of " + kept + " octets");
        }
        var octets = in.readNBytes((int) Math.min(kept, LARGEST));
        if (octets.length < Math.min(kept, LARGEST)) {
            throw new DamagedException(
                    "the file ends inside a packet, "
                            + octets.length
                            + " of "
                            + kept
                            + " octets are there");
        }
        skip(kept - octets.length);
        return new CapturedPacket(
                number + 1, linkType, time, Bytes.of(octets), Math.max(original, kept));
    }

    static long u32(ByteBuffer in, int at) {
        return Integer.toUnsignedLong(in.getInt(at));
    }

    static int u16(ByteBuffer in, int at) {
        return Short.toUnsignedInt(in.getShort(at));
    }
}
