package io.lispfabric.conformance.fuzz;

import io.lispfabric.wire.encap.HeaderCheck;
import io.lispfabric.wire.encap.Ipv4Header;
import io.lispfabric.wire.encap.Ipv6Header;
import io.lispfabric.wire.encap.LabelStack;
import io.lispfabric.wire.encap.LabelStackEntry;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.SegmentRoutingHeader;
import io.lispfabric.wire.encap.ShimHeader;
import io.lispfabric.wire.encap.SidStructure;
import io.lispfabric.wire.encap.UdpHeader;
import io.lispfabric.wire.encap.UsidCarrier;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import io.lispfabric.wire.encap.VxlanHeader;
import java.nio.ByteBuffer;

/** Every header whose check says that it is fine can be read, and changed as a router does. */
final class HeaderReads {
    /** So that a read before the header, or after its end, is not one of nothing. */
    private static final int AT = 3;

    private final ByteBuffer in;
    private final int end;

    private HeaderReads(byte[] octets) {
        end = AT + octets.length;
        in = ByteBuffer.allocate(end).put(AT, octets);
    }

    static void all(byte[] octets) {
        new HeaderReads(octets).tunnels();
        new HeaderReads(octets).ip();
        new HeaderReads(octets).labels();
        new HeaderReads(octets).segments();
        new HeaderReads(octets).carriers();
    }

    private static void needs(boolean holds) {
        if (!holds) {
            throw new AssertionError("a field is beyond what the check allowed");
        }
    }

    private void tunnels() {
        if (LispDataHeader.check(in, AT, end).isFine()) {
            needs(LispDataHeader.nonce(in, AT) >>> 24 == 0);
            needs(LispDataHeader.instanceId(in, AT) >>> 24 == 0 || in.getInt(AT + 4) < 0);
            LispDataHeader.locatorStatusBits(in, AT);
            needs(LispDataHeader.sourceMapVersion(in, AT) >>> 12 == 0);
            needs(LispDataHeader.destinationMapVersion(in, AT) >>> 12 == 0);
            needs(!(LispDataHeader.hasNonce(in, AT) && LispDataHeader.hasMapVersions(in, AT)));
            LispDataHeader.payloadProtocol(in, AT, end);
        }
        if (VxlanHeader.check(in, AT, end).isFine()) {
            needs(VxlanHeader.vni(in, AT) >>> 24 == 0);
        }
        if (VxlanGpeHeader.check(in, AT, end).isFine()) {
            needs(VxlanGpeHeader.vni(in, AT) >>> 24 == 0);
            needs(VxlanGpeHeader.payloadProtocol(in, AT) >>> 8 == 0);
        }
        if (ShimHeader.check(in, AT, end).isFine()) {
            needs(AT + ShimHeader.length(in, AT) <= end);
            ShimHeader.type(in, AT);
            ShimHeader.nextProtocol(in, AT);
        }
    }

    private void ip() {
        if (Ipv4Header.check(in, AT, end).isFine()) {
            int header = Ipv4Header.headerLength(in, AT);
            needs(header >= Ipv4Header.LENGTH && Ipv4Header.totalLength(in, AT) <= end - AT);
            udp(AT, AT + header, AT + Ipv4Header.totalLength(in, AT));
            int ttl = Ipv4Header.ttl(in, AT);
            needs(!Ipv4Header.age(in, AT) || Ipv4Header.ttl(in, AT) == ttl - 1);
            Ipv4Header.setTrafficClass(in, AT, 0x5A);
            Ipv4Header.setTtl(in, AT, 9);
            needs(Ipv4Header.check(in, AT, end).isFine()); // its checksum was kept right
        }
        if (Ipv6Header.check(in, AT, end).isFine()) {
            int whole = Ipv6Header.LENGTH + Ipv6Header.payloadLength(in, AT);
            needs(whole <= end - AT);
            udp(AT, AT + Ipv6Header.LENGTH, AT + whole);
            int hops = Ipv6Header.hopLimit(in, AT);
            needs(!Ipv6Header.age(in, AT) || Ipv6Header.hopLimit(in, AT) == hops - 1);
        }
    }

    private void udp(int ip, int at, int until) {
        if (UdpHeader.check(in, at, until).isFine()) {
            UdpHeader.checkChecksum(in, ip, at, false);
            UdpHeader.seal(in, ip, at);
            needs(UdpHeader.checkChecksum(in, ip, at, false).isFine());
        }
    }

    private void labels() {
        if (!LabelStack.check(in, AT, end).isFine()) {
            return;
        }
        int depth = LabelStack.depth(in, AT);
        needs(depth >= 1 && depth <= LabelStack.MAX_DEPTH);
        for (int i = 0; i < depth; i++) {
            int entry = LabelStack.entry(AT, i);
            needs(LabelStackEntry.isBottom(in, entry) == (i == depth - 1));
            needs(LabelStackEntry.label(in, entry) <= LabelStackEntry.MAX_LABEL);
        }
        LabelStack.payloadProtocol(in, LabelStack.entry(AT, depth), end);
        int at = AT;
        for (int i = 0; i < depth && LabelStack.pop(in, at, end) == HeaderCheck.FINE; i++) {
            at += LabelStackEntry.LENGTH;
            needs(i == depth - 1 || LabelStack.check(in, at, end).isFine());
        }
    }

    private void segments() {
        if (!SegmentRoutingHeader.check(in, AT, end).isFine()) {
            return;
        }
        int until = AT + SegmentRoutingHeader.length(in, AT);
        needs(until <= end);
        for (int i = 0; i < SegmentRoutingHeader.segments(in, AT); i++) {
            needs(SegmentRoutingHeader.segment(AT, i + 1) <= until);
            SegmentRoutingHeader.segmentHigh(in, AT, i);
            SegmentRoutingHeader.segmentLow(in, AT, i);
        }
        if (SegmentRoutingHeader.checkTlvs(in, AT).isFine()) {
            for (int tlv = SegmentRoutingHeader.firstTlv(in, AT);
                    tlv != SegmentRoutingHeader.NO_TLV;
                    tlv = SegmentRoutingHeader.nextTlv(in, AT, tlv)) {
                needs(tlv + SegmentRoutingHeader.tlvLength(in, tlv) <= until);
                if (SegmentRoutingHeader.tlvType(in, tlv) == SegmentRoutingHeader.HMAC) {
                    int hmac = SegmentRoutingHeader.hmac(tlv);
                    needs(hmac + SegmentRoutingHeader.hmacLength(in, tlv) <= until);
                    SegmentRoutingHeader.hmacKeyId(in, tlv);
                }
            }
        }
        // The same header behind an IPv6 header, where a router sends it on.
        var packet = ByteBuffer.allocate(Ipv6Header.LENGTH + until - AT);
        packet.put(Ipv6Header.LENGTH, in, AT, until - AT);
        int left = SegmentRoutingHeader.segmentsLeft(packet, Ipv6Header.LENGTH);
        for (int i = 0; i < left; i++) {
            needs(SegmentRoutingHeader.advance(packet, 0, Ipv6Header.LENGTH));
        }
        needs(!SegmentRoutingHeader.advance(packet, 0, Ipv6Header.LENGTH));
    }

    /** Sixteen octets as a path, then four that say how its SIDs are built. */
    private void carriers() {
        if (end - AT < 16) {
            return;
        }
        var carrier = UsidCarrier.read(in, AT);
        var shifted = carrier.shift();
        UsidCarrier.shift(in, AT);
        needs(UsidCarrier.read(in, AT).equals(shifted));
        needs(UsidCarrier.active(in, AT) == shifted.active());
        for (int i = 0; i < UsidCarrier.CAPACITY; i++) {
            needs(carrier.usid(i) >>> 16 == 0);
        }
        if (end - AT >= 20) {
            int block = in.get(AT + 16) & 0xFF;
            int node = in.get(AT + 17) & 0xFF;
            int function = in.get(AT + 18) & 0xFF;
            int argument = in.get(AT + 19) & 0xFF;
            if (SidStructure.check(block, node, function, argument).isFine()) {
                var structure = new SidStructure(block, node, function, argument);
                needs(block + node + function + argument <= 128);
                structure.capacity();
                if (structure.csid() > 0 && structure.csid() <= 64) {
                    structure.isEnd(in, AT);
                    structure.active(in, AT);
                    structure.shift(in, AT);
                }
            }
        }
    }
}
