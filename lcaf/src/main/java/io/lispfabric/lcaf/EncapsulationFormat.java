package io.lispfabric.lcaf;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

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

    public EncapsulationFormat {
        var sorted = EnumSet.noneOf(Encapsulation.class);
        sorted.addAll(accepts);
        accepts = Collections.unmodifiableSet(sorted);
        Nesting.check(address);
    }

    static EncapsulationFormat read(WireReader in) {
        int bits = in.as("Encapsulations").u32AsInt(); // bits of the future are ignored
        var accepts = EnumSet.allOf(Encapsulation.class);
        accepts.removeIf(encapsulation -> (bits & encapsulation.bit()) == 0);
        return new EncapsulationFormat(accepts, LispAddress.read(in));
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
