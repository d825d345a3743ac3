package io.lispfabric.lcaf;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The re-encapsulating hops that a packet is to pass, the first one first (RFC 8060 §4.6). A path
 * of no hops leads nowhere, but it can be read.
 *
 * <pre>
 * |           Rsvd3         |L|P|S|           AFI = x             |
 * |                         Reencap Hop 1  ...                    |
 * |           Rsvd3         |L|P|S|           AFI = x             |
 * |                         Reencap Hop k  ...                    |
 * </pre>
 */
public record ExplicitLocatorPath(List<Hop> hops) implements Lcaf {
    public static final int TYPE = 10;

    private static final int L = 4;
    private static final int P = 2;
    private static final int S = 1;

    /**
     * One hop.
     *
     * @param lookup L: the address is an EID; its RLOC is to be looked up
     * @param rlocProbe P: RLOC-probes may be sent to it; otherwise they must not
     * @param strict S: it must not be skipped
     */
    public record Hop(boolean lookup, boolean rlocProbe, boolean strict, LispAddress address) {
        public Hop {
            Nesting.check(address);
        }

        private static Hop read(WireReader in) {
            int flags = in.as("Hop flags").u16();
            return new Hop(
                    (flags & L) != 0, (flags & P) != 0, (flags & S) != 0, LispAddress.read(in));
        }

        private void write(WireWriter out) {
            out.u16((lookup ? L : 0) | (rlocProbe ? P : 0) | (strict ? S : 0));
            address.write(out);
        }

        /** {@code 192.0.2.1/LPS}, with the letters of the bits that are set. */
        @Override
        public String toString() {
            var bits = (lookup ? "L" : "") + (rlocProbe ? "P" : "") + (strict ? "S" : "");
            return bits.isEmpty() ? address.toString() : address + "/" + bits;
        }
    }

    public ExplicitLocatorPath {
        hops = List.copyOf(hops);
    }

    static ExplicitLocatorPath read(WireReader in) {
        return new ExplicitLocatorPath(in.listToEnd("Reencap Hop", Hop::read));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return Nesting.addresses(hops, Hop::address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        hops.forEach(hop -> hop.write(out));
    }

    /** {@code elp(192.0.2.1/PS, 192.0.2.2)}. */
    @Override
    public String toString() {
        return hops.stream().map(Hop::toString).collect(Collectors.joining(", ", "elp(", ")"));
    }
}
