package io.lispfabric.conformance.bench;

import io.lispfabric.wire.encap.HeaderCheck;
import io.lispfabric.wire.encap.Ipv6Header;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.wire.encap.SidStructure;
import io.lispfabric.wire.encap.UdpHeader;
import io.lispfabric.wire.encap.UdpTunnel;
import io.lispfabric.wire.encap.UsidCarrier;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a data plane does to each packet; nothing here may allocate. */
@State(Scope.Thread)
public class HeaderBench {
    private static final int UDP = Ipv6Header.LENGTH;
    private static final int GPE = UDP + UdpHeader.LENGTH;
    private static final int INNER = GPE + VxlanGpeHeader.LENGTH;

    /** What is carried: a packet of 64 octets. */
    private static final int PAYLOAD = 64;

    private final ByteBuffer packet = ByteBuffer.allocate(INNER + PAYLOAD);
    private final ByteBuffer direct = ByteBuffer.allocateDirect(INNER + PAYLOAD);
    private final ByteBuffer lisp = ByteBuffer.allocate(LispDataHeader.LENGTH + PAYLOAD);
    private UsidCarrier path = UsidCarrier.of(0x5f00_0000, 0x100, 0x500, 0x300);
    private long source = 0x5f00_0000_0e01_0000L;
    private int flow = 0x1234_5678;
    private int iid = 100;

    /** Makes a header to read. */
    public HeaderBench() {
        LispDataHeader.write(lisp, 0, iid);
        lisp.put(LispDataHeader.LENGTH, (byte) 0x45);
        path.write(packet, Ipv6Header.DESTINATION);
    }

    /** Outer IPv6 with a uSID program, UDP and VXLAN-GPE, before a packet in a heap buffer. */
    @Benchmark
    public ByteBuffer writeHeaders() {
        write(packet);
        return packet;
    }

    /** The same in a direct buffer. */
    @Benchmark
    public ByteBuffer writeHeadersDirect() {
        write(direct);
        return direct;
    }

    /** The same with the UDP checksum over a payload of 64 octets. */
    @Benchmark
    public ByteBuffer writeHeadersWithChecksum() {
        write(packet);
        UdpHeader.seal(packet, 0, UDP, 0x5f00_0000_0300_0000L, 0);
        return packet;
    }

    private void write(ByteBuffer out) {
        Ipv6Header.write(
                out,
                0,
                0,
                flow,
                UdpHeader.LENGTH + VxlanGpeHeader.LENGTH + PAYLOAD,
                Ipv6Header.UDP,
                64,
                source,
                0,
                path.high(),
                path.low());
        UdpHeader.write(
                out,
                UDP,
                UdpTunnel.sourcePort(flow),
                VxlanGpeHeader.PORT,
                VxlanGpeHeader.LENGTH + PAYLOAD);
        VxlanGpeHeader.write(out, GPE, iid, NextProtocol.IPV4);
    }

    /** What a uN does to a packet: the destination in it shifted. */
    @Benchmark
    public ByteBuffer shift() {
        UsidCarrier.shift(packet, Ipv6Header.DESTINATION);
        return packet;
    }

    /** The same by the general SID structure. */
    @Benchmark
    public ByteBuffer shiftByStructure() {
        SidStructure.F3216.shift(packet, Ipv6Header.DESTINATION);
        return packet;
    }

    /** The same as a value, which lives no longer than the question asked of it. */
    @Benchmark
    public int shiftValue() {
        return path.shift().active();
    }

    /** A LISP header checked, and its Instance ID and payload type read. */
    @Benchmark
    public int readLisp() {
        int end = LispDataHeader.LENGTH + PAYLOAD;
        if (LispDataHeader.check(lisp, 0, end) != HeaderCheck.FINE) {
            return -1;
        }
        return LispDataHeader.instanceId(lisp, 0) << 8
                | LispDataHeader.payloadProtocol(lisp, 0, end);
    }
}
