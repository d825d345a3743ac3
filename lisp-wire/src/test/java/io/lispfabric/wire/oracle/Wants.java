package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.wire.oracle.Want.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The fields that tshark should name of one packet, from the outer IP header on. */
final class Wants {
    private final List<Want> list = new ArrayList<>();
    private final Set<Gap> gaps = EnumSet.noneOf(Gap.class);

    /** No more of the packet can be compared. */
    private boolean lost;

    private void add(String name, Kind kind, String value) {
        if (!lost) {
            list.add(new Want(name, kind, value));
        }
    }

    void number(String name, long value) {
        add(name, Kind.NUMBER, Long.toUnsignedString(value));
    }

    void bit(String name, boolean set) {
        number(name, set ? 1 : 0);
    }

    void octets(String name, String hex) {
        add(name, Kind.OCTETS, hex);
    }

    void text(String name, String text) {
        add(name, Kind.TEXT, text);
    }

    void ip(String name, Ip ip) {
        add(name, Kind.IP, ip.toString());
    }

    void heading(String name) {
        add(name, Kind.HEADING, "");
    }

    /** Octets that tshark has no names for. */
    void data(Bytes octets) {
        octets("data.data", octets.hex());
    }

    /** A remark that tshark makes. */
    void expert(String name) {
        heading("_ws.expert");
        heading(name);
    }

    /** What comes next is right, and tshark does not say so. */
    void gap(Gap gap) {
        if (!lost) {
            gaps.add(gap);
        }
    }

    /** Octets that are stepped over with a remark. */
    void undecoded(Gap gap) {
        gap(gap);
        expert("lisp.undecoded");
    }

    /** A remark after which tshark reads from the wrong place, or no more. */
    void unexpected(Gap gap) {
        gap(gap);
        expert("lisp.unexpected_field");
        lost = true;
    }

    /** Not a message, tshark says. */
    void malformed(Gap gap) {
        gap(gap);
        heading("_ws.malformed");
        lost = true;
    }

    /** From here on tshark reads from the wrong place. */
    void lost(Gap gap) {
        gap(gap);
        lost = true;
    }

    void ipHeader(Ip source, Ip destination, Bytes packet, int protocol) {
        if (source instanceof Ipv4) {
            number("ip.len", packet.length());
            number("ip.ttl", packet.at(8));
            number("ip.proto", protocol);
            number("ip.checksum.status", 1);
            ip("ip.src", source);
            ip("ip.dst", destination);
        } else {
            number("ipv6.plen", packet.length() - 40);
            number("ipv6.nxt", protocol);
            number("ipv6.hlim", packet.at(7));
            ip("ipv6.src", source);
            ip("ipv6.dst", destination);
        }
    }

    /** What comes next is of a protocol that is not compared. */
    void rest() {
        lost = true;
    }

    void udp(int sourcePort, int destinationPort, int length) {
        udpHeader(sourcePort, destinationPort, length);
        udpChecksum(true);
    }

    void udpHeader(int sourcePort, int destinationPort, int length) {
        number("udp.srcport", sourcePort);
        number("udp.dstport", destinationPort);
        number("udp.length", length);
    }

    void udpChecksum(boolean present) {
        number("udp.checksum.status", present ? 1 : 3); // good, or not there
    }

    Set<Gap> gaps() {
        return gaps;
    }

    /** Whether tshark reads the packet to its end. */
    boolean isWhole() {
        return !lost;
    }

    /** Where tshark says something else first; empty when it says the same. */
    Optional<String> difference(List<Seen> seen) {
        for (int i = 0; i < Math.max(list.size(), lost ? 0 : seen.size()); i++) {
            var want = i < list.size() ? list.get(i).toString() : "nothing more";
            var saw = i < seen.size() ? seen.get(i).toString() : "nothing more";
            if (i >= list.size() || i >= seen.size() || !list.get(i).is(seen.get(i))) {
                return Optional.of(
                        "after "
                                + (i == 0 ? "nothing" : list.get(i - 1))
                                + " we have "
                                + want
                                + ", tshark has "
                                + saw
                                + "; gaps known here: "
                                + gaps);
            }
        }
        return Optional.empty();
    }
}
