package io.lispfabric.lcaf;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Those that replicate or receive a group's packets, a locator of a multicast EID (RFC 8060 §4.9,
 * RFC 8378 §5).
 *
 * <pre>
 * |              Rsvd3            |     Rsvd4     |  Level Value  |
 * |              AFI = x          |           RTR/ETR #1 ...      |
 * |              Rsvd3            |     Rsvd4     |  Level Value  |
 * |              AFI = x          |           RTR/ETR  #n ...     |
 * </pre>
 */
public record ReplicationListEntry(List<Entry> entries) implements Lcaf {
    public static final int TYPE = 13;

    /**
     * One of them.
     *
     * @param level 0 to 255: 0 is nearest to the ITR
     */
    public record Entry(int level, LispAddress address) {
        /** The level of a receiver's ETR in a registration (RFC 8378 §5.1.2). */
        public static final int RECEIVER = 128;

        /**
         * @throws IllegalArgumentException when the level needs more than 8 bits
         */
        public Entry {
            if (level >>> 8 != 0) {
                throw new IllegalArgumentException("a level has 8 bits: " + level);
            }
            Nesting.check(address);
        }

        private static Entry read(WireReader in) {
            return new Entry(
                    in.as("Rsvd3, Rsvd4, Level Value").u32AsInt() & 0xFF, LispAddress.read(in));
        }

        private void write(WireWriter out) {
            out.u32(level);
            address.write(out);
        }

        @Override
        public String toString() {
            return level + " " + address;
        }
    }

    public ReplicationListEntry {
        entries = List.copyOf(entries);
    }

    static ReplicationListEntry read(WireReader in) {
        return new ReplicationListEntry(in.listToEnd("RTR/ETR", Entry::read));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return Nesting.addresses(entries, Entry::address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        entries.forEach(entry -> entry.write(out));
    }

    /** {@code replication(0 192.0.2.1, 128 192.0.2.2)}. */
    @Override
    public String toString() {
        return entries.stream()
                .map(Entry::toString)
                .collect(Collectors.joining(", ", "replication(", ")"));
    }
}
