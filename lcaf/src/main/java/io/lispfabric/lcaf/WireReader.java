package io.lispfabric.lcaf;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A cursor over the octets of one datagram. Every step checks that the octets are there and throws
 * {@link MalformedException} otherwise, so that parsers read like the diagrams of the RFCs. All
 * integers are big-endian.
 */
public final class WireReader {
    private final ByteBuffer in;
    private final int origin;
    private final Vendors vendors;

    /**
     * Reads what remains in {@code datagram}, which itself is not moved, and lets no vendor's LCAF
     * pass.
     */
    public WireReader(ByteBuffer datagram) {
        this(datagram, Vendors.NONE);
    }

    /** Reads what remains in {@code datagram}, which itself is not moved. */
    public WireReader(ByteBuffer datagram, Vendors vendors) {
        this(datagram.slice(), 0, vendors);
    }

    private WireReader(ByteBuffer in, int origin, Vendors vendors) {
        this.in = in;
        this.origin = origin;
        this.vendors = vendors;
    }

    /** Octets from the start of the datagram, also inside a {@link #sub} reader. */
    public int offset() {
        return origin + in.position();
    }

    public int remaining() {
        return in.remaining();
    }

    public Vendors vendors() {
        return vendors;
    }

    /** The next octet, which stays unread. */
    public int peekU8() {
        need(1);
        return in.get(in.position()) & 0xFF;
    }

    /** A copy of the next octets, which stay unread. */
    public Bytes peek(int length) {
        need(length);
        return Bytes.of(in.slice(in.position(), length));
    }

    public int u8() {
        need(1);
        return in.get() & 0xFF;
    }

    public int u16() {
        need(2);
        return in.getShort() & 0xFFFF;
    }

    /** 32 bits, as they are: the sign means nothing. */
    public int u32AsInt() {
        need(4);
        return in.getInt();
    }

    public long u64() {
        need(8);
        return in.getLong();
    }

    public Bytes bytes(int length) {
        need(length);
        var octets = new byte[length];
        in.get(octets);
        return Bytes.of(octets);
    }

    public void skip(int length) {
        need(length);
        in.position(in.position() + length);
    }

    /** A reader of the next {@code length} octets, which this reader passes over. */
    public WireReader sub(int length) {
        need(length);
        var part = in.slice(in.position(), length);
        var reader = new WireReader(part, offset(), vendors);
        in.position(in.position() + length);
        return reader;
    }

    /** {@code count} things in a row. Memory is taken only for those that arrived. */
    public <T> List<T> list(int count, Function<WireReader, T> read) {
        var list = new ArrayList<T>();
        for (int i = 0; i < count; i++) {
            list.add(read.apply(this));
        }
        return list;
    }

    /** The end of a message must be the end of its octets. */
    public void expectEnd() {
        if (in.hasRemaining()) {
            throw flaw(Flaw.TRAILING_OCTETS);
        }
    }

    /** The exception for a flaw at the current offset. */
    public MalformedException flaw(Flaw flaw) {
        return new MalformedException(flaw, offset());
    }

    private void need(int octets) {
        if (octets > in.remaining()) {
            throw new MalformedException(Flaw.TRUNCATED, origin + in.limit());
        }
    }
}
