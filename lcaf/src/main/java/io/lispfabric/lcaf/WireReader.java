package io.lispfabric.lcaf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over the octets of one datagram. Every step checks that the octets are there and throws
 * {@link MalformedException} otherwise, so that parsers read like the diagrams of the RFCs. All
 * integers are big-endian. It reads arrays; a buffer that has none, or lets nobody have it, is
 * copied first. A reader that has thrown may stand inside an LCAF: it is used no more.
 */
public final class WireReader {
    private static final VarHandle U16 = view(short[].class);
    private static final VarHandle U32 = view(int[].class);
    private static final VarHandle U64 = view(long[].class);

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.BIG_ENDIAN);
    }

    private final byte[] in;

    /** Where in the buffer the datagram begins. */
    private final int origin;

    private int at;
    private int end;
    private final Vendors vendors;
    private final Trace trace;

    /** Names cost nothing where nobody hears them. */
    private final boolean traced;

    private @Nullable String next;
    private int depth;
    private boolean inInstance;

    private InstanceId instance = InstanceId.DEFAULT;
    private int repeatedCount = -1;
    private int repeatedFrom;
    private int repeatedLength;
    private List<?> repeatedList = List.of();

    /**
     * Hears what is read and under which name, so that a tool can show octets to people without
     * parsing them a second time.
     */
    public interface Trace {
        /** For everybody else. */
        Trace NONE =
                new Trace() {
                    @Override
                    public void begin(String part, int offset) {}

                    @Override
                    public void field(String name, int offset, int length) {}

                    @Override
                    public void end(Object value, int offset) {}
                };

        /** A part begins: a record, a locator, an address. Parts nest. */
        void begin(String part, int offset);

        /** A field of {@code length} octets is about to be read. */
        void field(String name, int offset, int length);

        /** The part that began last has been read, up to {@code offset}, and says this. */
        void end(Object value, int offset);
    }

    /**
     * Reads what remains in {@code datagram}, which itself is not moved, and lets no vendor's LCAF
     * pass.
     */
    public WireReader(ByteBuffer datagram) {
        this(datagram, Vendors.NONE);
    }

    /** Reads what remains in {@code datagram}, which itself is not moved. */
    public WireReader(ByteBuffer datagram, Vendors vendors) {
        this(datagram, vendors, Trace.NONE);
    }

    /** Reads what remains in {@code datagram}, telling {@code trace} what it is. */
    public WireReader(ByteBuffer datagram, Vendors vendors, Trace trace) {
        this(
                octets(datagram),
                datagram.hasArray() ? datagram.arrayOffset() + datagram.position() : 0,
                datagram.remaining(),
                vendors,
                trace);
    }

    /** The octets themselves where they can be had, else a copy of them. */
    private static byte[] octets(ByteBuffer datagram) {
        if (datagram.hasArray()) {
            return datagram.array();
        }
        var octets = new byte[datagram.remaining()];
        datagram.get(datagram.position(), octets);
        return octets;
    }

    /** Reads {@code octets}, none of which is copied, and lets no vendor's LCAF pass. */
    public WireReader(Bytes octets) {
        this(octets.shared(), 0, octets.length(), Vendors.NONE, Trace.NONE);
    }

    private WireReader(byte[] in, int origin, int length, Vendors vendors, Trace trace) {
        this(in, origin, origin, origin + length, vendors, trace);
    }

    private WireReader(byte[] in, int origin, int at, int end, Vendors vendors, Trace trace) {
        this.in = in;
        this.origin = origin;
        this.at = at;
        this.end = end;
        this.vendors = vendors;
        this.trace = trace;
        this.traced = trace != Trace.NONE;
    }

    /** What the octets that are read next are called in the RFC's diagram. */
    public WireReader as(String name) {
        if (traced) {
            next = name;
        }
        return this;
    }

    /** A field of so many octets in the RFC's diagram. */
    public record Field(String name, int octets) {}

    /** What the next octets are called, several fields that are read in one step. */
    public WireReader as(Field... fields) {
        if (traced) {
            int field = offset();
            for (var it : fields) {
                if (origin + field + it.octets > end) {
                    throw truncated();
                }
                trace.field(it.name, field, it.octets);
                field += it.octets;
            }
        }
        return this;
    }

    /** What the next {@code octets} are called, which are read in more than one step. */
    public WireReader as(String name, int octets) {
        need(octets);
        if (traced) {
            trace.field(name, offset(), octets);
        }
        return this;
    }

    /** A part of several fields begins here. */
    public void begin(String part) {
        if (traced) {
            trace.begin(part, offset());
        }
    }

    /** The part that began last ends here; returns what it says. */
    public <T> T end(T value) {
        if (traced) {
            trace.end(value, offset());
        }
        return value;
    }

    /** A part of several fields. */
    public <T> T part(String name, Function<WireReader, T> read) {
        begin(name);
        return end(read.apply(this));
    }

    /** Octets from the start of the datagram, also inside a {@link #sub} reader. */
    public int offset() {
        return at - origin;
    }

    public int remaining() {
        return end - at;
    }

    public Vendors vendors() {
        return vendors;
    }

    /** The next octet, which stays unread. */
    public int peekU8() {
        need(1);
        return in[at] & 0xFF;
    }

    /** The octet that comes after so many others, all of which stay unread. */
    int peekU8(int ahead) {
        if (ahead >= end - at) {
            throw truncated();
        }
        return in[at + ahead] & 0xFF;
    }

    /**
     * The two octets that come after so many others, all of which stay unread.
     *
     * @return -1 when they have not arrived
     */
    public int peekU16(int ahead) {
        return ahead + 2 > end - at ? -1 : (short) U16.get(in, at + ahead) & 0xFFFF;
    }

    /** Whether somebody listens, and so wants each field to be read. */
    public boolean isTraced() {
        return traced;
    }

    /** The text that the next octets spell, each a character. */
    String ascii(int length) {
        int from = take(length);
        return new String(copy(from, length), StandardCharsets.ISO_8859_1);
    }

    /** A copy of the next octets, which stay unread. */
    public Bytes peek(int length) {
        need(length);
        return Bytes.owning(copy(at, length));
    }

    public int u8() {
        return in[take(1)] & 0xFF;
    }

    public int u16() {
        return (short) U16.get(in, take(2)) & 0xFFFF;
    }

    /** 32 bits, as they are: the sign means nothing. */
    public int u32AsInt() {
        return (int) U32.get(in, take(4));
    }

    public long u64() {
        return (long) U64.get(in, take(8));
    }

    public Bytes bytes(int length) {
        int from = take(length);
        return Bytes.owning(copy(from, length));
    }

    public void skip(int length) {
        take(length);
    }

    /** A reader of the next {@code length} octets, which this reader passes over. */
    public WireReader sub(int length) {
        int from = take(length);
        var reader = new WireReader(in, origin, from, from + length, vendors, trace);
        reader.depth = depth;
        reader.inInstance = inInstance;
        return reader;
    }

    /**
     * From here to {@link #leaveLcaf} the reader sees only the next {@code length} octets: an inner
     * length stays inside the outer one. Nothing is copied.
     *
     * @return what {@code leaveLcaf} wants to have
     */
    int enterLcaf(int length) {
        if (depth == LispAddress.MAX_NESTING) {
            throw flaw(Flaw.BAD_NESTING);
        }
        need(length);
        int outer = end;
        end = at + length;
        depth++;
        return outer;
    }

    /** The body of the LCAF must have been read to its end. */
    void leaveLcaf(int outer) {
        expectEnd();
        end = outer;
        depth--;
    }

    /** The Instance ID of this number: the last one again, as most EIDs of a message share it. */
    InstanceId instance(int number) {
        if (instance.value() != number) {
            instance = new InstanceId(number);
        }
        return instance;
    }

    /** From here to {@link #leaveInstance} no Instance ID may come again. */
    void enterInstance() {
        if (inInstance) {
            throw flaw(Flaw.BAD_NESTING);
        }
        inInstance = true;
    }

    void leaveInstance() {
        inInstance = false;
    }

    /** {@code count} parts in a row, as {@link #list(int, Function)} has them. */
    public <T> List<T> list(int count, String name, Function<WireReader, T> read) {
        return list(count, traced ? in -> in.part(name, read) : read);
    }

    /**
     * {@code count} things in a row, as a list that cannot be changed. Memory is taken for as many
     * as may have arrived, each having two octets or more, whatever the count says.
     */
    public <T> List<T> list(int count, Function<WireReader, T> read) {
        if (count == 1) {
            return List.of(read.apply(this)); // most lists have one thing
        }
        @SuppressWarnings("unchecked") // nothing but what read gives is put into it
        var list = (T[]) new Object[Math.min(count, remaining() / 2)];
        for (int i = 0; i < count; i++) {
            if (i == list.length) {
                throw truncated();
            }
            list[i] = read.apply(this);
        }
        return List.of(list);
    }

    /**
     * A list that is often the same in one record after another, as an xTR's locator-set is: when
     * its octets are those of the list that was read so before, it is that very list.
     *
     * @param read what reads {@code count} things; the same each time
     */
    public <T> List<T> repeated(int count, ListReader<T> read) {
        if (count == repeatedCount && repeats()) {
            at += repeatedLength;
            @SuppressWarnings("unchecked") // one reader reads one kind of list so
            var list = (List<T>) repeatedList;
            return list;
        }
        int from = at;
        var list = read.read(this, count);
        if (!traced) {
            repeatedCount = count;
            repeatedFrom = from;
            repeatedLength = at - from;
            repeatedList = list;
        }
        return list;
    }

    private boolean repeats() {
        int length = repeatedLength;
        if (length > end - at) {
            return false;
        }
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            if ((long) U64.get(in, at + i) != (long) U64.get(in, repeatedFrom + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (in[at + i] != in[repeatedFrom + i]) {
                return false;
            }
        }
        return true;
    }

    /** Reads a list of so many things. */
    public interface ListReader<T> {
        List<T> read(WireReader in, int count);
    }

    /** Parts in a row, up to the end. Memory is taken only for those that arrived. */
    <T> List<T> listToEnd(String name, Function<WireReader, T> read) {
        // An IPv4 address has six octets, most other parts have more.
        var list = new ArrayList<T>(remaining() / 6 + 1);
        while (remaining() > 0) {
            list.add(part(name, read));
        }
        return list;
    }

    /** The end of a message must be the end of its octets. */
    public void expectEnd() {
        if (at < end) {
            throw flaw(Flaw.TRAILING_OCTETS);
        }
    }

    /** The exception for a flaw at the current offset. */
    public MalformedException flaw(Flaw flaw) {
        return new MalformedException(flaw, offset());
    }

    /** Passes over the next octets, and says where in the buffer they begin. */
    private int take(int octets) {
        need(octets);
        int from = at;
        at = from + octets;
        return from;
    }

    /** Memory for octets that arrived may be taken only after this. */
    private void need(int octets) {
        if (octets > end - at) {
            throw truncated();
        }
        if (traced && next != null) {
            trace.field(next, offset(), octets);
            next = null;
        }
    }

    private MalformedException truncated() {
        return new MalformedException(Flaw.TRUNCATED, end - origin);
    }

    /** A copy of octets that are known to be there. */
    private byte[] copy(int from, int length) {
        return Arrays.copyOfRange(in, from, from + length);
    }
}
