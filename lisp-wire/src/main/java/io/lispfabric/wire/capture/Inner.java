package io.lispfabric.wire.capture;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import io.lispfabric.wire.encap.VxlanHeader;
import io.lispfabric.wire.text.MessageTree;
import io.lispfabric.wire.text.MessageTree.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** An encapsulated packet: the fields of the header, and whose packet is inside. */
final class Inner {
    private static final HexFormat MAC = HexFormat.ofDelimiter(":");

    private final ByteBuffer in;
    private final int end;
    private List<Field> fields = new ArrayList<>();
    private int at;

    /** The flaw and where it is; what was read until then is shown. */
    private static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1;

        final Flaw flaw;
        final int offset;

        BrokenException(Flaw flaw, int offset) {
            super(flaw.label(), null, false, false);
            this.flaw = flaw;
            this.offset = offset;
        }
    }

    /** What reads a part. */
    private interface Part {
        void read() throws BrokenException;
    }

    Inner(Bytes payload) {
        in = payload.buffer();
        end = payload.length();
    }

    MessageTree under(Dissection.Kind kind) {
        Optional<Decoded.Malformed> malformed = Optional.empty();
        try {
            switch (kind) {
                case LISP -> lisp();
                case VXLAN -> vxlan();
                case VXLAN_GPE -> vxlanGpe();
                case CONTROL, OTHER -> throw new IllegalArgumentException(kind.title());
            }
        } catch (BrokenException e) {
            malformed = Optional.of(new Decoded.Malformed(e.flaw, e.offset));
            fields.add(
                    new Field(
                            "Malformed",
                            e.flaw.label() + " at octet " + e.offset,
                            e.offset,
                            end - e.offset,
                            List.of()));
        }
        return new MessageTree(new Field(kind.title(), end + " octets", 0, end, fields), malformed);
    }

    private void need(int octets) throws BrokenException {
        if (end - at < octets) {
            throw new BrokenException(Flaw.TRUNCATED, end);
        }
    }

    private int u8(int offset) {
        return in.get(at + offset) & 0xFF;
    }

    private int u16(int offset) {
        return in.getShort(at + offset) & 0xFFFF;
    }

    /** A field at an offset from where reading is. */
    private void field(String name, String value, int offset, int length) {
        fields.add(new Field(name, value, at + offset, length, List.of()));
    }

    private void bit(String name, int mask, int offset) {
        field(name, (u8(offset) & mask) != 0 ? "1" : "0", offset, 1);
    }

    /**
     * Some fields are a part of their own; they stay in the tree when the part turns out broken.
     */
    private void part(String name, Part part) throws BrokenException {
        var outside = fields;
        int begin = at;
        fields = new ArrayList<>();
        try {
            part.read();
        } finally {
            // A header that is too long for its packet breaks before its end, with fields read.
            int until = at;
            for (var field : fields) {
                until = Math.max(until, field.offset() + field.length());
            }
            outside.add(new Field(name, "", begin, until - begin, fields));
            fields = outside;
        }
    }

    private void lisp() throws BrokenException {
        part(
                "LISP header",
                () -> {
                    need(LispDataHeader.LENGTH);
                    boolean gpe = LispDataHeader.hasNextProtocol(in, at);
                    bit("N (nonce present)", 0x80, 0);
                    bit("L (Locator-Status-Bits enabled)", 0x40, 0);
                    bit("E (echo-nonce request)", 0x20, 0);
                    bit("V (Map-Version present)", 0x10, 0);
                    bit("I (Instance ID present)", 0x08, 0);
                    bit("P (Next Protocol present)", 0x04, 0);
                    field("KK (key ID)", Integer.toString(LispDataHeader.keyId(in, at)), 0, 1);
                    if (gpe) {
                        nextProtocol(LispDataHeader.nextProtocol(in, at));
                    } else if (LispDataHeader.hasNonce(in, at)) {
                        field("Nonce", hex(1, 3), 1, 3);
                    } else if (LispDataHeader.hasMapVersions(in, at)) {
                        field(
                                "Source Map-Version",
                                Integer.toString(LispDataHeader.sourceMapVersion(in, at)),
                                1,
                                2);
                        field(
                                "Dest Map-Version",
                                Integer.toString(LispDataHeader.destinationMapVersion(in, at)),
                                2,
                                2);
                    }
                    boolean instance = LispDataHeader.hasInstanceId(in, at);
                    if (instance) {
                        field(
                                "Instance ID",
                                Integer.toString(LispDataHeader.instanceId(in, at)),
                                4,
                                3);
                    }
                    if (LispDataHeader.hasLocatorStatusBits(in, at)) {
                        field(
                                "Locator-Status-Bits",
                                Integer.toBinaryString(LispDataHeader.locatorStatusBits(in, at)),
                                instance ? 7 : 4,
                                instance ? 1 : 4);
                    }
                    at += LispDataHeader.LENGTH;
                });
        if (LispDataHeader.keyId(in, 0) != 0) {
            opaque("Encrypted payload");
        } else if (LispDataHeader.hasNextProtocol(in, 0)) {
            next(LispDataHeader.nextProtocol(in, 0));
        } else {
            ip();
        }
    }

    private void vxlan() throws BrokenException {
        part(
                "VXLAN header",
                () -> {
                    need(VxlanHeader.LENGTH);
                    bit("I (VNI present)", 0x08, 0);
                    field("VNI", Integer.toString(VxlanHeader.vni(in, at)), 4, 3);
                    at += VxlanHeader.LENGTH;
                });
        ethernet();
    }

    private void vxlanGpe() throws BrokenException {
        part(
                "VXLAN-GPE header",
                () -> {
                    need(VxlanGpeHeader.LENGTH);
                    field("Version", Integer.toString(VxlanGpeHeader.version(in, at)), 0, 1);
                    bit("I (VNI present)", 0x08, 0);
                    bit("P (Next Protocol present)", 0x04, 0);
                    bit("B (BUM traffic)", 0x02, 0);
                    bit("O (OAM)", 0x01, 0);
                    if (VxlanGpeHeader.hasNextProtocol(in, at)) {
                        nextProtocol(VxlanGpeHeader.nextProtocol(in, at));
                    }
                    field("VNI", Integer.toString(VxlanGpeHeader.vni(in, at)), 4, 3);
                    at += VxlanGpeHeader.LENGTH;
                });
        if (VxlanGpeHeader.hasNextProtocol(in, 0)) {
            next(VxlanGpeHeader.nextProtocol(in, 0));
        } else {
            ethernet();
        }
    }

    private void nextProtocol(int number) {
        var name =
                switch (number) {
                    case NextProtocol.IPV4 -> " IPv4";
                    case NextProtocol.IPV6 -> " IPv6";
                    case NextProtocol.ETHERNET -> " Ethernet";
                    case 4 -> " NSH";
                    case NextProtocol.ACC_ID -> " AccID (experimental)";
                    default -> "";
                };
        field("Next Protocol", number + name, 3, 1);
    }

    private void next(int protocol) throws BrokenException {
        switch (protocol) {
            case NextProtocol.IPV4 -> ipv4();
            case NextProtocol.IPV6 -> ipv6();
            case NextProtocol.ETHERNET -> ethernet();
            case NextProtocol.ACC_ID -> accId();
            default -> opaque("Payload");
        }
    }

    private void opaque(String name) {
        field(name, (end - at) + " octets", 0, end - at);
        at = end;
    }

    /** Two addresses, each with its AFI, and the payload. */
    private void accId() throws BrokenException {
        part(
                "Inner AccID frame",
                () -> {
                    address("Destination");
                    address("Source");
                });
        opaque("Inner payload");
    }

    private void address(String name) throws BrokenException {
        var reader = new WireReader(in.slice(at, end - at));
        try {
            var address = LispAddress.read(reader);
            field(name, address.toString(), 0, reader.offset());
        } catch (MalformedException e) {
            throw new BrokenException(e.flaw(), at + e.offset());
        }
        at += reader.offset();
    }

    private void ethernet() throws BrokenException {
        var type = new int[1];
        part(
                "Inner Ethernet",
                () -> {
                    need(14);
                    field("Destination", MAC.formatHex(octets(0, 6)), 0, 6);
                    field("Source", MAC.formatHex(octets(6, 6)), 6, 6);
                    at += 12;
                    while (u16(0) == 0x8100 || u16(0) == 0x88A8) {
                        need(6);
                        field("VLAN", Integer.toString(u16(2) & 0xFFF), 0, 4);
                        at += 4;
                    }
                    type[0] = u16(0);
                    field("EtherType", String.format("0x%04x", type[0]), 0, 2);
                    at += 2;
                });
        switch (type[0]) {
            case 0x0800 -> ipv4();
            case 0x86DD -> ipv6();
            default -> opaque("Inner payload");
        }
    }

    /** The first four bits tell which (RFC 9300 §5.3). */
    private void ip() throws BrokenException {
        need(1);
        switch (u8(0) >>> 4) {
            case 4 -> ipv4();
            case 6 -> ipv6();
            default -> throw new BrokenException(Flaw.BAD_INNER_PACKET, at);
        }
    }

    private void ipv4() throws BrokenException {
        part(
                "Inner IPv4",
                () -> {
                    need(20);
                    int header = (u8(0) & 0xF) * 4;
                    if (u8(0) >>> 4 != 4 || header < 20 || u16(2) < header) {
                        throw new BrokenException(Flaw.BAD_INNER_PACKET, at);
                    }
                    field("Total length", Integer.toString(u16(2)), 2, 2);
                    field("TTL", Integer.toString(u8(8)), 8, 1);
                    field("Protocol", protocol(u8(9)), 9, 1);
                    field("Source", ipv4(in, at + 12), 12, 4);
                    field("Destination", ipv4(in, at + 16), 16, 4);
                    need(header);
                    int length = u16(2);
                    boolean later = (u16(6) & 0x1FFF) != 0;
                    int protocol = u8(9);
                    at += header;
                    whole(later ? -1 : protocol, length - header);
                });
    }

    private void ipv6() throws BrokenException {
        part(
                "Inner IPv6",
                () -> {
                    need(40);
                    if (u8(0) >>> 4 != 6) {
                        throw new BrokenException(Flaw.BAD_INNER_PACKET, at);
                    }
                    field("Payload length", Integer.toString(u16(4)), 4, 2);
                    field("Next header", protocol(u8(6)), 6, 1);
                    field("Hop limit", Integer.toString(u8(7)), 7, 1);
                    field("Source", ipv6(in, at + 8), 8, 16);
                    field("Destination", ipv6(in, at + 24), 24, 16);
                    int length = u16(4);
                    int next = u8(6);
                    at += 40;
                    whole(next, length);
                });
    }

    /** Ports, where there are some, and the rest; what follows the inner packet is left out. */
    private void whole(int protocol, int length) throws BrokenException {
        if ((protocol == 6 || protocol == 17 || protocol == 132) && length >= 4) {
            need(4);
            field("Source port", Integer.toString(u16(0)), 0, 2);
            field("Destination port", Integer.toString(u16(2)), 2, 2);
        }
        need(length);
        at += length;
    }

    private byte[] octets(int offset, int length) {
        var octets = new byte[length];
        in.get(at + offset, octets);
        return octets;
    }

    private String hex(int offset, int length) {
        return HexFormat.of().formatHex(octets(offset, length));
    }

    static String ipv4(ByteBuffer in, int at) {
        return new LispAddress.Ipv4(in.getInt(at)).toString();
    }

    static String ipv6(ByteBuffer in, int at) {
        return new LispAddress.Ipv6(in.getLong(at), in.getLong(at + 8)).toString();
    }

    static String protocol(int number) {
        return switch (number) {
            case 1 -> "ICMP";
            case 2 -> "IGMP";
            case 4 -> "IPv4 in IP";
            case 6 -> "TCP";
            case 17 -> "UDP";
            case 41 -> "IPv6 in IP";
            case 47 -> "GRE";
            case 50 -> "ESP";
            case 58 -> "ICMPv6";
            case 59 -> "no next header";
            case 89 -> "OSPF";
            case 103 -> "PIM";
            case 132 -> "SCTP";
            default -> "IP protocol " + number;
        };
    }
}
