package io.lispfabric.wire.capture;

import static io.lispfabric.wire.capture.Dissection.Kind.CONTROL;
import static io.lispfabric.wire.capture.Dissection.Kind.LISP;
import static io.lispfabric.wire.capture.Dissection.Kind.OTHER;
import static io.lispfabric.wire.capture.Dissection.Kind.VXLAN;
import static io.lispfabric.wire.capture.Dissection.Kind.VXLAN_GPE;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.capture.Dissection.Ends;
import io.lispfabric.wire.capture.Dissection.Kind;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import io.lispfabric.wire.encap.VxlanHeader;
import io.lispfabric.wire.text.MessageTree;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Walks down one packet: link layer, IP, UDP. */
final class Dissector {
    private static final int CONTROL_PORT = 4342;

    private final CapturedPacket packet;
    private final ByteBuffer in;
    private final List<String> remarks = new ArrayList<>();
    private int at;
    private int end;
    private boolean incomplete;

    /** The walk is over before there was a UDP payload. */
    private static final class EndedException extends Exception {
        private static final long serialVersionUID = 1;

        final String what;
        final boolean broken;

        EndedException(String what, boolean broken) {
            super(what, null, false, false);
            this.what = what;
            this.broken = broken;
        }
    }

    Dissector(CapturedPacket packet) {
        this.packet = packet;
        in = packet.octets().buffer();
        end = packet.octets().length();
        incomplete = packet.isCut();
    }

    Dissection dissect() {
        if (incomplete) {
            remarks.add(
                    "the capture kept "
                            + packet.octets().length()
                            + " of "
                            + packet.originalLength()
                            + " octets");
        }
        try {
            return link();
        } catch (EndedException e) {
            return new Dissection(
                    OTHER,
                    e.broken ? "broken" : e.what,
                    Optional.empty(),
                    Bytes.EMPTY,
                    Optional.empty(),
                    incomplete,
                    remarks,
                    e.broken ? Optional.of(e.what) : Optional.empty());
        }
    }

    private static EndedException other(String what) {
        return new EndedException(what, false);
    }

    private static EndedException broken(String what) {
        return new EndedException(what, true);
    }

    /** A header that is not whole is the sender's fault only when the capture did not cut it. */
    private void need(int octets, String header) throws EndedException {
        if (end - at < octets) {
            throw incomplete
                    ? other("cut before its headers end")
                    : broken("it ends inside the " + header + " header");
        }
    }

    private int u8(int offset) {
        return in.get(at + offset) & 0xFF;
    }

    private int u16(int offset) {
        return in.getShort(at + offset) & 0xFFFF;
    }

    /** The numbers of the tcpdump group's registry. */
    private Dissection link() throws EndedException {
        switch (packet.linkType()) {
            case 1 -> {
                need(14, "Ethernet");
                int type = u16(12);
                at += 14;
                return network(type);
            }
            case 12, 14, 101, 228, 229 -> {
                need(1, "IP");
                return ip();
            }
            case 113 -> {
                need(16, "Linux cooked");
                int type = u16(14);
                at += 16;
                return network(type);
            }
            case 276 -> {
                need(20, "Linux cooked v2");
                int type = u16(0);
                at += 20;
                return network(type);
            }
            case 0, 108 -> {
                need(4, "loopback");
                return family();
            }
            default -> throw other("link type " + packet.linkType());
        }
    }

    /** An address family, in the byte order of the machine that captured. */
    private Dissection family() throws EndedException {
        int word = in.getInt(at);
        int family = (word & 0xFFFF) == 0 ? Integer.reverseBytes(word) : word;
        at += 4;
        return switch (family) {
            case 2 -> network(0x0800);
            case 10, 24, 28, 30 -> network(0x86DD); // IPv6 of Linux and of three BSDs
            default -> throw other("address family " + Integer.toUnsignedString(family));
        };
    }

    private Dissection network(int etherType) throws EndedException {
        int type = etherType;
        while (type == 0x8100 || type == 0x88A8 || type == 0x9100) {
            need(4, "802.1Q");
            type = u16(2);
            at += 4;
        }
        return switch (type) {
            case 0x0800 -> ipv4();
            case 0x86DD -> ipv6();
            case 0x0806 -> throw other("ARP");
            case 0x8847, 0x8848 -> throw other("MPLS");
            case 0x88CC -> throw other("LLDP");
            default ->
                    throw other(type < 0x0600 ? "802.3" : String.format("EtherType 0x%04x", type));
        };
    }

    private Dissection ip() throws EndedException {
        return switch (u8(0) >>> 4) {
            case 4 -> ipv4();
            case 6 -> ipv6();
            default -> throw broken("IP version " + (u8(0) >>> 4));
        };
    }

    private Dissection ipv4() throws EndedException {
        need(20, "IPv4");
        if (u8(0) >>> 4 != 4) {
            throw broken("IP version " + (u8(0) >>> 4) + " where IPv4 should be");
        }
        int headerLength = (u8(0) & 0xF) * 4;
        if (headerLength < 20) {
            throw broken("an IPv4 header of " + headerLength + " octets");
        }
        need(headerLength, "IPv4");
        if (IpSum.of(in, at, headerLength, 0) != 0xFFFF) {
            remarks.add("wrong IPv4 header checksum, or one that the sender's card fills in");
        }
        int total = u16(2);
        if (total == 0) {
            remarks.add("IPv4 total length 0, which the sender's card fills in");
            total = end - at;
        }
        if (total < headerLength) {
            throw broken("an IPv4 packet of " + total + " octets");
        }
        end(total, "IPv4");
        int fragment = u16(6);
        var source = Inner.ipv4(in, at + 12);
        var destination = Inner.ipv4(in, at + 16);
        long pseudo = IpSum.words(in, at + 12, 8);
        int protocol = u8(9);
        if ((fragment & 0x1FFF) != 0) {
            throw other("IPv4 fragment after the first");
        }
        if ((fragment & 0x2000) != 0) {
            incomplete = true;
            remarks.add("the first of several IPv4 fragments; they are not put together");
        }
        at += headerLength;
        if (protocol != 17) {
            throw other(Inner.protocol(protocol));
        }
        return udp(source, destination, pseudo, false);
    }

    private Dissection ipv6() throws EndedException {
        need(40, "IPv6");
        if (u8(0) >>> 4 != 6) {
            throw broken("IP version " + (u8(0) >>> 4) + " where IPv6 should be");
        }
        var source = Inner.ipv6(in, at + 8);
        var destination = Inner.ipv6(in, at + 24);
        long pseudo = IpSum.words(in, at + 8, 16);
        long finalDestination = IpSum.words(in, at + 24, 16);
        int length = u16(4);
        int next = u8(6);
        // A length of zero means that an option tells it (RFC 2675), or the sender's card.
        end(length == 0 ? end - at : 40 + length, "IPv6");
        at += 40;
        while (true) {
            switch (next) {
                case 0, 43, 60, 135, 139, 140 -> {
                    need(8, "IPv6 extension");
                    int octets = 8 + 8 * u8(1);
                    need(octets, "IPv6 extension");
                    if (next == 43 && u8(3) != 0) {
                        // The checksum is over the last address of the path (RFC 8200 §8.1).
                        finalDestination = -1;
                    }
                    next = u8(0);
                    at += octets;
                }
                case 51 -> {
                    need(8, "IPv6 authentication");
                    int octets = 8 + 4 * u8(1);
                    need(octets, "IPv6 authentication");
                    next = u8(0);
                    at += octets;
                }
                case 44 -> {
                    need(8, "IPv6 fragment");
                    next = u8(0);
                    if ((u16(2) & 0xFFF8) != 0) {
                        throw other("IPv6 fragment after the first");
                    }
                    if ((u16(2) & 1) != 0) {
                        incomplete = true;
                        remarks.add(
                                "the first of several IPv6 fragments; they are not put together");
                    }
                    at += 8;
                }
                case 17 -> {
                    return udp(
                            source,
                            destination,
                            finalDestination < 0 ? -1 : pseudo + finalDestination,
                            true);
                }
                default -> throw other(Inner.protocol(next));
            }
        }
    }

    /** Where the IP packet ends, which link-layer padding may follow. */
    private void end(int length, String protocol) throws EndedException {
        if (length <= end - at) {
            end = at + length;
        } else if (!packet.isCut()) {
            throw broken("an " + protocol + " packet of " + length + " octets in " + (end - at));
        }
    }

    private Dissection udp(String source, String destination, long pseudo, boolean ipv6)
            throws EndedException {
        if (incomplete && end - at < 4) {
            throw other("cut before its headers end");
        }
        need(4, "UDP");
        var ends = new Ends(source, u16(0), destination, u16(2));
        var kind = kind(ends);
        if (kind == OTHER) {
            throw other("UDP");
        }
        need(8, "UDP");
        int length = u16(4);
        if (length == 0 && ipv6) {
            length = end - at; // a jumbogram (RFC 2675)
        }
        if (length < 8) {
            throw broken("a UDP datagram of " + length + " octets");
        }
        if (length > end - at) {
            if (!incomplete) {
                throw broken("a UDP datagram of " + length + " octets in " + (end - at));
            }
        } else {
            if (length < end - at) {
                remarks.add((end - at - length) + " octets after the end of the UDP datagram");
            }
            end = at + length;
            sum(pseudo, length, ipv6, kind);
        }
        at += 8;
        var payload = Bytes.of(in.slice(at, end - at));
        return new Dissection(
                kind,
                kind.title(),
                Optional.of(ends),
                payload,
                Optional.of(tree(kind, payload)),
                incomplete,
                remarks,
                Optional.empty());
    }

    /** RFC 9301 §5: zero is not allowed for control messages, while data may do without. */
    private void sum(long pseudo, int length, boolean ipv6, Kind kind) {
        if (u16(6) == 0) {
            if (kind == CONTROL) {
                remarks.add("no UDP checksum, which a control message MUST have (RFC 9301 §5)");
            } else if (ipv6) {
                remarks.add("no UDP checksum over IPv6");
            }
        } else if (pseudo >= 0 && IpSum.of(in, at, length, pseudo + 17 + length) != 0xFFFF) {
            remarks.add("wrong UDP checksum, or one that the sender's card fills in");
        }
    }

    private static Kind kind(Ends ends) {
        if (ends.sourcePort() == CONTROL_PORT || ends.destinationPort() == CONTROL_PORT) {
            return CONTROL;
        }
        return switch (ends.destinationPort()) {
            case LispDataHeader.PORT -> LISP;
            case VxlanHeader.PORT -> VXLAN;
            case VxlanGpeHeader.PORT -> VXLAN_GPE;
            default -> OTHER;
        };
    }

    private static MessageTree tree(Kind kind, Bytes payload) {
        return kind == CONTROL ? MessageTree.of(payload.buffer()) : new Inner(payload).under(kind);
    }
}
