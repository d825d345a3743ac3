package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.wire.encap.HeaderCheck;
import io.lispfabric.wire.encap.Ipv4Header;
import io.lispfabric.wire.encap.Ipv6Header;
import io.lispfabric.wire.encap.LabelStack;
import io.lispfabric.wire.encap.LabelStackEntry;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.wire.encap.SegmentRoutingHeader;
import io.lispfabric.wire.encap.UdpHeader;
import io.lispfabric.wire.encap.UdpTunnel;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import io.lispfabric.wire.encap.VxlanHeader;
import java.nio.ByteBuffer;

/** What tshark should say of a data packet, by what our headers' accessors say of it. */
final class DataWants {
    private final Wants wants;
    private final ByteBuffer in;
    private final int end;

    private DataWants(Wants wants, Bytes packet) {
        this.wants = wants;
        in = packet.buffer();
        end = packet.length();
    }

    static void of(Bytes packet, Wants wants) {
        new DataWants(wants, packet).ip(0);
    }

    private static void fine(HeaderCheck check) {
        if (!check.isFine()) {
            throw new AssertionError(check);
        }
    }

    private void ip(int at) {
        if (Ipv4Header.version(in, at) == 4) {
            fine(Ipv4Header.check(in, at, end));
            wants.number("ip.len", Ipv4Header.totalLength(in, at));
            wants.number("ip.ttl", Ipv4Header.ttl(in, at));
            wants.number("ip.proto", Ipv4Header.protocol(in, at));
            wants.number("ip.checksum.status", 1);
            wants.ip("ip.src", new Ipv4(Ipv4Header.source(in, at)));
            wants.ip("ip.dst", new Ipv4(Ipv4Header.destination(in, at)));
            payload(Ipv4Header.protocol(in, at), at, at + Ipv4Header.headerLength(in, at));
        } else {
            fine(Ipv6Header.check(in, at, end));
            wants.number("ipv6.plen", Ipv6Header.payloadLength(in, at));
            wants.number("ipv6.nxt", Ipv6Header.nextHeader(in, at));
            wants.number("ipv6.hlim", Ipv6Header.hopLimit(in, at));
            wants.ip("ipv6.src", ipv6(at + 8));
            wants.ip("ipv6.dst", ipv6(at + Ipv6Header.DESTINATION));
            payload(Ipv6Header.nextHeader(in, at), at, at + Ipv6Header.LENGTH);
        }
    }

    private Ip ipv6(int at) {
        return new Ipv6(in.getLong(at), in.getLong(at + 8));
    }

    private void payload(int protocol, int ip, int at) {
        switch (protocol) {
            case Ipv6Header.UDP -> udp(ip, at);
            case Ipv6Header.IPV4, Ipv6Header.IPV6 -> ip(at);
            case Ipv6Header.ROUTING -> segments(ip, at);
            default -> wants.rest(); // ICMP: not ours to know
        }
    }

    private void segments(int ip, int at) {
        fine(SegmentRoutingHeader.check(in, at, end));
        fine(SegmentRoutingHeader.checkTlvs(in, at));
        wants.number("ipv6.routing.nxt", SegmentRoutingHeader.nextHeader(in, at));
        wants.number("ipv6.routing.len", SegmentRoutingHeader.length(in, at) / 8 - 1);
        wants.number("ipv6.routing.len_oct", SegmentRoutingHeader.length(in, at));
        wants.number("ipv6.routing.type", SegmentRoutingHeader.ROUTING_TYPE);
        wants.number("ipv6.routing.segleft", SegmentRoutingHeader.segmentsLeft(in, at));
        wants.number("ipv6.routing.srh.last_entry", SegmentRoutingHeader.lastEntry(in, at));
        wants.number("ipv6.routing.srh.flags", SegmentRoutingHeader.flags(in, at));
        wants.octets(
                "ipv6.routing.srh.tag", String.format("%04x", SegmentRoutingHeader.tag(in, at)));
        for (int i = 0; i < SegmentRoutingHeader.segments(in, at); i++) {
            wants.ip(
                    "ipv6.routing.srh.addr",
                    new Ipv6(
                            SegmentRoutingHeader.segmentHigh(in, at, i),
                            SegmentRoutingHeader.segmentLow(in, at, i)));
        }
        int segments = SegmentRoutingHeader.segments(in, at);
        if (SegmentRoutingHeader.segment(at, segments) < at + SegmentRoutingHeader.length(in, at)) {
            wants.gap(Gap.SRH_TLVS);
        }
        payload(
                SegmentRoutingHeader.nextHeader(in, at),
                ip,
                at + SegmentRoutingHeader.length(in, at));
    }

    private void udp(int ip, int at) {
        fine(UdpHeader.check(in, at, end));
        boolean checksum = UdpHeader.checksum(in, at) != UdpHeader.NO_CHECKSUM;
        wants.udpHeader(
                UdpHeader.sourcePort(in, at),
                UdpHeader.destinationPort(in, at),
                UdpHeader.length(in, at));
        if (checksum || Ipv4Header.version(in, ip) == 4) {
            wants.udpChecksum(checksum);
        } else {
            wants.gap(Gap.ZERO_CHECKSUM);
            wants.expert("udp.checksum.zero");
            wants.number("udp.checksum.status", 4); // illegal
        }
        int next = at + UdpHeader.LENGTH;
        int port = UdpHeader.destinationPort(in, at);
        if (port == LispDataHeader.PORT) {
            lisp(next);
        } else if (port == VxlanHeader.PORT) {
            vxlan(next);
        } else if (port == VxlanGpeHeader.PORT) {
            vxlanGpe(next);
        } else if (port == UdpTunnel.MPLS.port()) {
            labels(next);
        } else {
            wants.data(Bytes.of(in.slice(next, end - next)));
        }
    }

    private void lisp(int at) {
        fine(LispDataHeader.check(in, at, end));
        boolean nonce = LispDataHeader.hasNonce(in, at);
        boolean versions = LispDataHeader.hasMapVersions(in, at);
        boolean iid = LispDataHeader.hasInstanceId(in, at);
        wants.number("lisp-data.flags", in.get(at) & 0xFF);
        wants.bit("lisp-data.flags.nonce", nonce);
        wants.bit("lisp-data.flags.lsb", LispDataHeader.hasLocatorStatusBits(in, at));
        wants.bit("lisp-data.flags.enr", LispDataHeader.wantsEcho(in, at));
        wants.bit("lisp-data.flags.mv", versions);
        wants.bit("lisp-data.flags.iid", iid);
        wants.number("lisp-data.flags.res", in.get(at) & 7);
        if (nonce) {
            wants.number("lisp-data.nonce", LispDataHeader.nonce(in, at));
        }
        if (versions) {
            wants.heading("lisp-data.mapver");
            wants.number("lisp-data.srcmapver", LispDataHeader.sourceMapVersion(in, at));
            wants.number("lisp-data.dstmapver", LispDataHeader.destinationMapVersion(in, at));
        }
        if (iid) {
            wants.number("lisp-data.iid", LispDataHeader.instanceId(in, at));
        }
        if (LispDataHeader.hasLocatorStatusBits(in, at)) {
            wants.number(
                    iid ? "lisp-data.lsb8" : "lisp-data.lsb",
                    Integer.toUnsignedLong(LispDataHeader.locatorStatusBits(in, at)));
        }
        int protocol = LispDataHeader.payloadProtocol(in, at, end);
        if (LispDataHeader.hasNextProtocol(in, at)) {
            wants.gap(Gap.LISP_GPE);
            if (protocol == NextProtocol.ETHERNET) {
                return;
            }
        }
        tunnelled(protocol, at + LispDataHeader.LENGTH);
    }

    private void vxlan(int at) {
        fine(VxlanHeader.check(in, at, end));
        wants.number("vxlan.flags", in.getShort(at) & 0xFFFF);
        wants.bit("vxlan.flag_g", false);
        wants.bit("vxlan.flag_i", VxlanHeader.hasVni(in, at));
        wants.bit("vxlan.flag_d", false);
        wants.bit("vxlan.flag_a", false);
        wants.number("vxlan.flags_reserved", 0);
        wants.number("vxlan.gbp", 0);
        wants.number("vxlan.vni", VxlanHeader.vni(in, at));
        tunnelled(NextProtocol.ETHERNET, at + VxlanHeader.LENGTH);
    }

    private void vxlanGpe(int at) {
        fine(VxlanGpeHeader.check(in, at, end));
        wants.number("vxlan.flags", in.get(at) & 0xFF);
        wants.number("vxlan.ver", VxlanGpeHeader.version(in, at));
        wants.bit("vxlan.i_bit", VxlanGpeHeader.hasVni(in, at));
        wants.bit("vxlan.p_bit", VxlanGpeHeader.hasNextProtocol(in, at));
        wants.bit("vxlan.o_bit", VxlanGpeHeader.isOam(in, at));
        if (VxlanGpeHeader.isReplicated(in, at)) {
            wants.gap(Gap.B_BIT);
        }
        wants.bit("vxlan.flags_reserved", VxlanGpeHeader.isReplicated(in, at));
        wants.number("vxlan.next_proto", VxlanGpeHeader.nextProtocol(in, at));
        wants.number("vxlan.vni", VxlanGpeHeader.vni(in, at));
        tunnelled(VxlanGpeHeader.payloadProtocol(in, at), at + VxlanGpeHeader.LENGTH);
    }

    private void labels(int at) {
        fine(LabelStack.check(in, at, end));
        int depth = LabelStack.depth(in, at);
        for (int i = 0; i < depth; i++) {
            int entry = LabelStack.entry(at, i);
            wants.number("mpls.label", LabelStackEntry.label(in, entry));
            wants.number("mpls.exp", LabelStackEntry.trafficClass(in, entry));
            wants.bit("mpls.bottom", LabelStackEntry.isBottom(in, entry));
            wants.number("mpls.ttl", LabelStackEntry.ttl(in, entry));
        }
        int next = at + depth * LabelStackEntry.LENGTH;
        tunnelled(LabelStack.payloadProtocol(in, next, end), next);
    }

    private void tunnelled(int protocol, int at) {
        switch (protocol) {
            case NextProtocol.IPV4, NextProtocol.IPV6 -> ip(at);
            case NextProtocol.ETHERNET -> ip(at + 14); // only IP is in our frames
            default -> throw new AssertionError("no such packet is made: " + protocol);
        }
    }
}
