package io.lispfabric.wire.oracle;

import java.util.List;
import java.util.Set;

/** Which of the fields that tshark names are compared. */
final class Fields {
    /** Of protocols that are not LISP's, what LISP's messages decide. */
    private static final Set<String> OF_OTHERS =
            Set.of(
                    "ip.len",
                    "ip.ttl",
                    "ip.proto",
                    "ip.checksum.status",
                    "ip.src",
                    "ip.dst",
                    "ipv6.plen",
                    "ipv6.nxt",
                    "ipv6.hlim",
                    "ipv6.src",
                    "ipv6.dst",
                    "udp.srcport",
                    "udp.dstport",
                    "udp.length",
                    "udp.checksum.status",
                    "udp.checksum.zero",
                    "data.data",
                    "_ws.expert",
                    "_ws.malformed",
                    "_ws.short");

    /** Reserved bits that are not reserved any more. */
    private static final Set<String> ONCE_RESERVED =
            Set.of("lisp.mreq.res", "lisp.mreg.res", "lisp.mreq.record.res", "lisp-data.flags.res");

    private Fields() {}

    static List<Seen> compared(List<Seen> packet) {
        return packet.stream().filter(Fields::isCompared).toList();
    }

    private static boolean isCompared(Seen field) {
        return OF_OTHERS.contains(field.name())
                || field.name().matches("(lisp|lisp-data|vxlan|mpls|ipv6\\.routing)\\..*")
                        && !isReserved(field.name());
    }

    /** Bits that mean nothing: a receiver ignores them. */
    private static boolean isReserved(String name) {
        return name.matches(".*\\.(res|res1|res2|reserved_16|reserved8)")
                        && !ONCE_RESERVED.contains(name)
                || name.equals("lisp.lcaf.flags");
    }

    /** Reserved bits that a sender set; Rsvd2 of an LCAF belongs to its type. */
    static List<Seen> reservedBitsThatAreSet(List<Seen> packet) {
        return packet.stream()
                .filter(field -> isReserved(field.name()) && !field.name().equals("lisp.lcaf.res2"))
                .filter(field -> !field.shown().matches("(0x)?0+"))
                .toList();
    }
}
