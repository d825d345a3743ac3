package io.lispfabric.conformance.blackbox;

import java.util.ArrayList;
import java.util.List;

/** A Map-Request (RFC 9301 §5.3), and the ECM around it (§5.8). */
final class RequestOctets {
    static final int AUTHORITATIVE = 0x0800_0000;
    static final int MAP_DATA = 0x0400_0000;
    static final int PROBE = 0x0200_0000;
    static final int SMR = 0x0100_0000;
    static final int PITR = 0x0080_0000;
    static final int SMR_INVOKED = 0x0040_0000;
    static final int HAS_IDS = 0x0010_0000;
    static final int LOCAL_XTR = 0x0000_4000;
    static final int NO_REPLY = 0x0000_2000;

    /** All bits that neither RFC 9301 nor RFC 9437 has a meaning for. */
    static final int RESERVED = 0x002F_8000;

    private static final byte[] ECM_HEAD = {(byte) 0x80, 0, 0, 0};

    private final List<byte[]> records = new ArrayList<>();
    private final List<byte[]> itrRlocs = new ArrayList<>();
    private byte[] sourceEid = new byte[2];
    private byte[] mapData = new byte[0];
    private byte[] trailer = new byte[0];
    private int flags;
    private int itrCount = -1;
    private int count = -1;

    RequestOctets ask(Address eid) {
        return ask(eid, 0);
    }

    /** Flags: N 0x80. */
    RequestOctets ask(Address eid, int recordFlags) {
        return askAs(eid, recordFlags, eid.length());
    }

    RequestOctets askAs(Address eid, int recordFlags, int maskLength) {
        var out = new Octets().u8(recordFlags).u8(maskLength);
        eid.write(out, 0);
        records.add(out.toArray());
        return this;
    }

    /** A record whose AFI and address are these octets. */
    RequestOctets askRaw(int maskLength, byte[] address) {
        records.add(new Octets().u8(0).u8(maskLength).bytes(address).toArray());
        return this;
    }

    RequestOctets itr(Address rloc) {
        var out = new Octets();
        rloc.write(out, 0);
        return itrRaw(out.toArray());
    }

    RequestOctets itrRaw(byte[] address) {
        itrRlocs.add(address);
        return this;
    }

    boolean hasRecords() {
        return !records.isEmpty();
    }

    boolean hasItr() {
        return !itrRlocs.isEmpty();
    }

    RequestOctets with(int bits) {
        flags |= bits;
        return this;
    }

    RequestOctets source(Address eid) {
        var out = new Octets();
        eid.write(out, 0);
        sourceEid = out.toArray();
        return this;
    }

    RequestOctets sourceRaw(byte[] address) {
        sourceEid = address;
        return this;
    }

    RequestOctets mapData(MappingOctets record) {
        var out = new Octets();
        record.write(out);
        mapData = out.toArray();
        return with(MAP_DATA);
    }

    RequestOctets ids(byte[] xtrId, long siteId) {
        trailer = new Octets().bytes(xtrId).u64(siteId).toArray();
        return with(HAS_IDS);
    }

    RequestOctets trailer(byte[] other) {
        trailer = other;
        return this;
    }

    RequestOctets counts(int itrRlocsLessOne, int recordCount) {
        itrCount = itrRlocsLessOne;
        count = recordCount;
        return this;
    }

    byte[] encoded(long nonce) {
        int irc = itrCount < 0 ? itrRlocs.size() - 1 : itrCount;
        int records = count < 0 ? this.records.size() : count;
        var out = new Octets().u32(1 << 28 | flags | irc << 8 | records).u64(nonce);
        out.bytes(sourceEid);
        itrRlocs.forEach(out::bytes);
        this.records.forEach(out::bytes);
        return out.bytes(mapData).bytes(trailer).toArray();
    }

    /** What an ECM is got wrong in. */
    enum Mistake {
        NONE,
        IP_CHECKSUM,
        UDP_CHECKSUM,
        NO_UDP_CHECKSUM,
        IP_LENGTH,
        UDP_LENGTH,
        IP_VERSION,
        PROTOCOL
    }

    /** An ECM: one word, an IP and a UDP header of its own, and the message. */
    static byte[] encapsulated(
            byte[] message, Address source, Address destination, int sourcePort, Mistake mistake) {
        return encapsulated(ECM_HEAD, message, source, destination, sourcePort, mistake);
    }

    /**
     * @param head the word, and the Authentication Data if there is any
     */
    static byte[] encapsulated(
            byte[] head,
            byte[] message,
            Address source,
            Address destination,
            int sourcePort,
            Mistake mistake) {
        int length = 8 + message.length;
        var udp = new Octets().u16(sourcePort).u16(4342);
        udp.u16(mistake == Mistake.UDP_LENGTH ? length + 9 : length);
        var pseudo = new Octets().bytes(source.octets()).bytes(destination.octets());
        if (source.afi() == Address.IPV4) {
            pseudo.u16(17).u16(length);
        } else {
            pseudo.u32(length).u32(17);
        }
        int sum = Octets.checksum(pseudo.bytes(udp.toArray()).u16(0).bytes(message).toArray());
        udp.u16(
                        switch (mistake) {
                            case UDP_CHECKSUM -> sum ^ 0x0101;
                            case NO_UDP_CHECKSUM -> 0;
                            default -> sum == 0 ? 0xFFFF : sum;
                        })
                .bytes(message);
        return new Octets()
                .bytes(head)
                .bytes(ip(source, destination, length, mistake))
                .bytes(udp.toArray())
                .toArray();
    }

    private static byte[] ip(Address source, Address destination, int length, Mistake mistake) {
        int protocol = mistake == Mistake.PROTOCOL ? 6 : 17;
        int more = mistake == Mistake.IP_LENGTH ? 1000 : 0;
        int version = mistake == Mistake.IP_VERSION ? 5 : source.afi() == Address.IPV4 ? 4 : 6;
        if (source.afi() == Address.IPV6) {
            return new Octets()
                    .u32(version << 28)
                    .u16(length + more)
                    .u8(protocol)
                    .u8(64)
                    .bytes(source.octets())
                    .bytes(destination.octets())
                    .toArray();
        }
        var head = new Octets().u8(version << 4 | 5).u8(0).u16(20 + length + more);
        head.u32(0x4000).u8(64).u8(protocol);
        var addresses = new Octets().bytes(source.octets()).bytes(destination.octets()).toArray();
        int sum =
                Octets.checksum(
                        new Octets().bytes(head.toArray()).u16(0).bytes(addresses).toArray());
        return head.u16(mistake == Mistake.IP_CHECKSUM ? sum ^ 0x0101 : sum)
                .bytes(addresses)
                .toArray();
    }
}
