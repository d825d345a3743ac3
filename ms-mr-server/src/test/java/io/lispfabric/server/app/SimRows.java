package io.lispfabric.server.app;

import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Write;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** The rows of a store on the heap, and a hash of them all that costs no more than a write. */
final class SimRows implements StateMachine.Rows {
    private final NavigableMap<byte[], byte[]> rows = new TreeMap<>(Arrays::compareUnsigned);
    private long hash;

    SimRows copy() {
        var copy = new SimRows();
        copy.rows.putAll(rows); // arrays that are rows are never written again
        copy.hash = hash;
        return copy;
    }

    /** Equal for equal rows, in whatever order they were written. */
    long hash() {
        return hash;
    }

    void write(List<Write> writes) {
        for (var write : writes) {
            byte[] before =
                    switch (write) {
                        case Write.Put(var key, var value) -> {
                            hash += hash(key, value);
                            yield rows.put(key, value);
                        }
                        case Write.Delete(var key) -> rows.remove(key);
                    };
            if (before != null) {
                hash -= hash(write.key(), before);
            }
        }
    }

    /** FNV-1a, and then mixed, so that sums of them say something. */
    private static long hash(byte[] key, byte[] value) {
        long sum = 0xCBF2_9CE4_8422_2325L;
        for (byte octet : key) {
            sum = (sum ^ octet) * 0x100_0000_01B3L;
        }
        sum = (sum ^ key.length) * 0x100_0000_01B3L;
        for (byte octet : value) {
            sum = (sum ^ octet) * 0x100_0000_01B3L;
        }
        sum = (sum ^ sum >>> 32) * 0xD6E8_FEB8_6659_FD93L;
        return sum ^ sum >>> 29;
    }

    @Override
    public void forEach(BiConsumer<byte[], byte[]> row) {
        rows.forEach(row);
    }
}
