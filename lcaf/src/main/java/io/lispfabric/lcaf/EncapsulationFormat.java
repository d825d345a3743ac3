package io.lispfabric.lcaf;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The encapsulations that an address can take (RFC 8060 §5.6; not registered with IANA). A sender
 * chooses one it can do, so {@link #ip} does not tell the address to those that did not choose.
 *
 * <pre>
 * |        Reserved-for-Future-Encapsulations       |U|G|N|v|V|l|L|
 * |              AFI = x          |          Address ...          |
 * </pre>
 */
public record EncapsulationFormat(Set<Encapsulation> accepts, LispAddress address) implements Lcaf {
    public static final int TYPE = 16;

    /** The encapsulations that have a bit, from the low-order end. */
    public enum Encapsulation {
        /** L: LISP with layer-3 packets, UDP port 4341. */
        LISP,
        /** l: LISP with layer-2 frames, UDP port 8472. */
        LISP_L2,
        /** V: VXLAN, UDP port 4789. */
        VXLAN,
        /** v: VXLAN-GPE, UDP port 4790. */
        VXLAN_GPE,
        /** N: NVGRE, IP protocol 47. */
        NVGRE,
        /** G: Geneve, UDP port 6081. */
        GENEVE,
        /** U: Generic UDP Encapsulation, UDP port 6080. */
        GUE;

        private int bit() {
            return 1 << ordinal();
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** All sets there are, by their bits. */
    private static final List<Set<Encapsulation>> SETS =
            IntStream.range(0, 1 << Encapsulation.values().length)
                    .mapToObj(EncapsulationFormat::set)
                    .toList();

    private static Set<Encapsulation> set(int bits) {
        var set = EnumSet.allOf(Encapsulation.class);
        set.removeIf(encapsulation -> (bits & encapsulation.bit()) == 0);
        return Collections.unmodifiableSet(set);
    }

    public EncapsulationFormat {
        int bits = 0;
        for (var encapsulation : accepts) {
            bits |= encapsulation.bit();
        }
        accepts = SETS.get(bits);
        Nesting.check(address);
    }

    static EncapsulationFormat read(WireReader in) {
        int bits = in.as("Encapsulations").u32AsInt();
        // Bits of the future are ignored.
        return new EncapsulationFormat(SETS.get(bits & SETS.size() - 1), LispAddress.read(in));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        int bits = 0;
        for (var encapsulation : accepts) {
            bits |= encapsulation.bit();
        }
        out.u32(bits);
        address.write(out);
    }

    /** {@code encapsulation(lisp vxlan-gpe, 192.0.2.1)}. */
    @Override
    public String toString() {
        return accepts.stream()
                .map(Encapsulation::toString)
                .collect(Collectors.joining(" ", "encapsulation(", ", " + address + ")"));
    }
}
