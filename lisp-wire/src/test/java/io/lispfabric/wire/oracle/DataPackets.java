package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.wire.encap.Ipv4Header;
import io.lispfabric.wire.encap.Ipv6Header;
import io.lispfabric.wire.encap.LabelStack;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.wire.encap.SegmentRoutingHeader;
import io.lispfabric.wire.encap.UdpHeader;
import io.lispfabric.wire.encap.UdpTunnel;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import io.lispfabric.wire.encap.VxlanHeader;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** Data packets as our writers make them: outer headers, tunnel header and checksums. */
final class DataPackets {
    private static final int EXAMPLES = 6;

    private final Map<String, Bytes> packets = new LinkedHashMap<>();
    private final Random random = new Random(4341);

    private DataPackets() {}

    static Map<String, Bytes> all() {
        var made = new DataPackets();
        for (int i = 0; i < EXAMPLES; i++) {
            made.lisp(i);
            made.vxlan(i);
            made.vxlanGpe(i);
            made.mpls(i);
            made.segments(i);
        }
        return made.packets;
    }

    private void lisp(int i) {
        int iid = random.nextInt(1 << 24);
        int bits = random.nextInt();
        tunnel("lisp", i, UdpTunnel.LISP, 8, ip(), out -> LispDataHeader.write(out, 0, iid));
        tunnel("lisp without IID", i, UdpTunnel.LISP, 8, ip(), out -> LispDataHeader.write(out, 0));
        tunnel(
                "lisp status",
                i,
                UdpTunnel.LISP,
                8,
                ip(),
                out -> {
                    LispDataHeader.write(out, 0);
                    LispDataHeader.setLocatorStatusBits(out, 0, bits);
                });
        tunnel(
                "lisp nonce",
                i,
                UdpTunnel.LISP,
                8,
                ip(),
                out -> {
                    LispDataHeader.write(out, 0, iid);
                    LispDataHeader.setLocatorStatusBits(out, 0, bits);
                    LispDataHeader.setNonce(out, 0, bits >>> 8, i % 2 == 0);
                });
        tunnel(
                "lisp versions",
                i,
                UdpTunnel.LISP,
                8,
                ip(),
                out -> {
                    LispDataHeader.write(out, 0, iid);
                    LispDataHeader.setMapVersions(out, 0, bits & 0xFFF, bits >>> 20);
                });
        tunnel(
                "lisp-gpe",
                i,
                UdpTunnel.LISP_GPE,
                8,
                ip(),
                out -> LispDataHeader.writeGpe(out, 0, iid, protocol(out, 8)));
        tunnel(
                "lisp-gpe ethernet",
                i,
                UdpTunnel.LISP_GPE,
                8,
                ethernet(),
                out -> LispDataHeader.writeGpe(out, 0, iid, NextProtocol.ETHERNET));
    }

    private void vxlan(int i) {
        int vni = random.nextInt(1 << 24);
        tunnel("vxlan", i, UdpTunnel.VXLAN, 8, ethernet(), out -> VxlanHeader.write(out, 0, vni));
    }

    private void vxlanGpe(int i) {
        int vni = random.nextInt(1 << 24);
        tunnel(
                "vxlan-gpe",
                i,
                UdpTunnel.VXLAN_GPE,
                8,
                ip(),
                out -> VxlanGpeHeader.write(out, 0, vni, protocol(out, 8)));
        tunnel(
                "vxlan-gpe B and O",
                i,
                UdpTunnel.VXLAN_GPE,
                8,
                ip(),
                out -> {
                    VxlanGpeHeader.write(out, 0, vni, protocol(out, 8));
                    out.put(0, (byte) (i % 2 == 0 ? 0x0E : 0x0D));
                });
        tunnel(
                "vxlan-gpe ethernet",
                i,
                UdpTunnel.VXLAN_GPE,
                8,
                ethernet(),
                out -> VxlanGpeHeader.write(out, 0, vni, NextProtocol.ETHERNET));
    }

    private void mpls(int i) {
        var labels = random.ints(1 + 3 * i, 16, 1 << 20).toArray();
        int trafficClass = random.nextInt(8);
        tunnel(
                "mpls",
                i,
                UdpTunnel.MPLS,
                4 * labels.length,
                ip(),
                out -> LabelStack.write(out, 0, trafficClass, 60 + i, labels));
    }

    /** The first four bits of the IP packet at {@code at}. */
    private static int protocol(ByteBuffer out, int at) {
        return Ipv4Header.version(out, at) == 4 ? NextProtocol.IPV4 : NextProtocol.IPV6;
    }

    private Bytes ip() {
        var octets = new byte[1 + random.nextInt(40)];
        random.nextBytes(octets);
        return random.nextBoolean()
                ? Frames.udp(ipv4(), ipv4(), 0xE001, 0xE002, Bytes.of(octets))
                : Frames.udp(ipv6(), ipv6(), 0xE001, 0xE002, Bytes.of(octets));
    }

    private Bytes ethernet() {
        return Frames.ethernet(ip());
    }

    private Ip ipv4() {
        return new Ipv4(10 << 24 | random.nextInt(1 << 24));
    }

    private Ip ipv6() {
        return new Ipv6(0x2001_0DB8_0000_0000L, random.nextLong());
    }

    /** Outer headers and checksum as an encapsulating router of ours writes them. */
    private void tunnel(
            String name,
            int i,
            UdpTunnel kind,
            int header,
            Bytes inner,
            Consumer<ByteBuffer> writer) {
        boolean v6 = i % 2 == 1;
        int ip = v6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
        int payload = header + inner.length();
        var out = ByteBuffer.allocate(ip + UdpHeader.LENGTH + payload);
        if (v6) {
            Ipv6Header.write(
                    out,
                    0,
                    0,
                    random.nextInt(),
                    UdpHeader.LENGTH + payload,
                    Ipv6Header.UDP,
                    64,
                    0x2001_0DB8_0000_0000L,
                    random.nextLong(),
                    0x2001_0DB8_0000_0000L,
                    random.nextLong());
        } else {
            Ipv4Header.write(
                    out,
                    0,
                    0,
                    UdpHeader.LENGTH + payload,
                    64,
                    Ipv6Header.UDP,
                    10 << 24 | random.nextInt(1 << 24),
                    10 << 24 | random.nextInt(1 << 24));
        }
        UdpHeader.write(out, ip, UdpTunnel.sourcePort(random.nextInt()), kind.port(), payload);
        int at = ip + UdpHeader.LENGTH;
        out.put(at + header, inner.toArray());
        writer.accept(out.slice(at, payload));
        if (kind.computesChecksum(v6) || i >= EXAMPLES / 2) {
            UdpHeader.seal(out, 0, ip);
        }
        packets.put(name + " " + i, Bytes.of(out));
    }

    /** IPv6 with a segment list, then an IP packet or a UDP datagram for the last segment. */
    private void segments(int i) {
        boolean datagram = i % 3 == 0;
        int count = 1 + i;
        int left = random.nextInt(count);
        int tlvs = i % 2 == 0 ? 0 : 8;
        var inner = ip();
        int srh = SegmentRoutingHeader.FIXED_LENGTH + count * SegmentRoutingHeader.SEGMENT + tlvs;
        int payload = datagram ? UdpHeader.LENGTH + inner.length() : inner.length();
        var out = ByteBuffer.allocate(Ipv6Header.LENGTH + srh + payload);
        Ipv6Header.write(
                out,
                0,
                0,
                random.nextInt(),
                srh + payload,
                Ipv6Header.ROUTING,
                64,
                0x5F00_0000_0000_0000L,
                1,
                0,
                0);
        int at = Ipv6Header.LENGTH;
        SegmentRoutingHeader.write(
                out,
                at,
                datagram ? Ipv6Header.UDP : inner.at(0) >>> 4 == 4 ? 4 : Ipv6Header.IPV6,
                count,
                left,
                tlvs);
        SegmentRoutingHeader.setTag(out, at, random.nextInt(1 << 16));
        for (int segment = 0; segment < count; segment++) {
            SegmentRoutingHeader.setSegment(
                    out, at, segment, 0x5F00_0000_0000_0000L | segment, random.nextLong());
        }
        Ipv6Header.setDestination(
                out,
                0,
                SegmentRoutingHeader.segmentHigh(out, at, left),
                SegmentRoutingHeader.segmentLow(out, at, left));
        if (tlvs > 0) {
            int tlv = at + srh - tlvs;
            out.put(tlv++, (byte) SegmentRoutingHeader.PAD1);
            SegmentRoutingHeader.writePadding(out, tlv, 7);
        }
        int next = at + srh;
        if (datagram) {
            UdpHeader.write(out, next, 0xE001, 0xE002, inner.length());
            out.put(next + UdpHeader.LENGTH, inner.toArray());
            UdpHeader.seal(
                    out,
                    0,
                    next,
                    SegmentRoutingHeader.segmentHigh(out, at, 0),
                    SegmentRoutingHeader.segmentLow(out, at, 0));
        } else {
            out.put(next, inner.toArray());
        }
        packets.put("segments " + i, Bytes.of(out));
    }
}
