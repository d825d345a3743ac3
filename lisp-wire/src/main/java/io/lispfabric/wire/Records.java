package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.WireReader;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * EID-records that arrived and are known to be right, but become objects only when somebody asks
 * for them. A Map-Register that is refused before, as its MAC is wrong, then costs its receiver
 * little more memory than its octets.
 */
final class Records extends AbstractList<MappingRecord> implements RandomAccess {
    private final Bytes octets;
    private final int size;

    /** A list that may be handed from thread to thread as it is: two that read make equal ones. */
    private @Nullable List<MappingRecord> records;

    private Records(Bytes octets, int size) {
        this.octets = octets;
        this.size = size;
    }

    /**
     * Reads {@code count} records. What is wrong with one of them is found now, not when it is
     * asked for.
     */
    static List<MappingRecord> read(WireReader in, int count) {
        if (count == 0) {
            return List.of();
        }
        int length = in.isTraced() ? -1 : lengthAhead(in, count);
        return length < 0
                ? in.list(count, "EID-record", MappingRecord::read)
                : new Records(in.bytes(length), count);
    }

    private static int lengthAhead(WireReader in, int count) {
        int length = 0;
        for (int i = 0; i < count; i++) {
            int record = MappingRecord.lengthAhead(in, length);
            if (record < 0) {
                return -1;
            }
            length += record;
        }
        return length <= in.remaining() ? length : -1;
    }

    /** The list itself where nobody can change it, else a copy. */
    static List<MappingRecord> copyOf(List<MappingRecord> list) {
        return list instanceof Records ? list : List.copyOf(list);
    }

    private List<MappingRecord> records() {
        var known = records;
        if (known == null) {
            known = new WireReader(octets).list(size, MappingRecord::read);
            records = known;
        }
        return known;
    }

    @Override
    public MappingRecord get(int index) {
        return records().get(index);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void forEach(Consumer<? super MappingRecord> action) {
        records().forEach(action);
    }
}
