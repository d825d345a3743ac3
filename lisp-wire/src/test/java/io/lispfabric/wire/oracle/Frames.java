package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.WireWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Packets as they would be captured, made here without the headers that are being checked. */
final class Frames {
    private static final int UDP = 17;

    private Frames() {}

    /** An IP packet that carries one UDP datagram, with right checksums. */
    static Bytes udp(
            Ip source, Ip destination, int sourcePort, int destinationPort, Bytes payload) {
        int length = 8 + payload.length();
        var pseudo = new WireWriter();
        source.writeBody(pseudo);
        destination.writeBody(pseudo);
        pseudo.u32(length).u32(UDP);
        var udp = new WireWriter();
        udp.u16(sourcePort).u16(destinationPort).u16(length).u16(0).bytes(payload);
        int sum = ~fold(sum(pseudo.toBytes()) + sum(udp.toBytes())) & 0xFFFF;
        udp.patchU16(6, sum == 0 ? 0xFFFF : sum);

        var ip = new WireWriter();
        if (source instanceof Ipv4) {
            ip.u32(0x45 << 24 | 20 + length).u32(0).u16(64 << 8 | UDP).u16(0);
            source.writeBody(ip);
            destination.writeBody(ip);
            ip.patchU16(10, ~fold(sum(ip.toBytes())) & 0xFFFF);
        } else {
            ip.u32(6 << 28).u16(length).u8(UDP).u8(64);
            source.writeBody(ip);
            destination.writeBody(ip);
        }
        return ip.bytes(udp.toBytes()).toBytes();
    }

    private static long sum(Bytes octets) {
        long sum = 0;
        for (int i = 0; i < octets.length(); i += 2) {
            sum += octets.at(i) << 8 | (i + 1 < octets.length() ? octets.at(i + 1) : 0);
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xFFFF) + (folded >>> 16);
        }
        return (int) folded;
    }

    /** A pcap file of Ethernet frames around these IP packets. */
    static void write(Path file, List<Bytes> packets) throws IOException {
        var out = new WireWriter();
        out.u32(0xA1B2_C3D4).u16(2).u16(4).u32(0).u32(0).u32(1 << 18).u32(1);
        for (int i = 0; i < packets.size(); i++) {
            var packet = packets.get(i);
            int length = 14 + packet.length();
            out.u32(i).u32(0).u32(length).u32(length).bytes(ethernet(packet));
        }
        Files.write(file, out.toArray());
    }

    /** An Ethernet frame around an IP packet. */
    static Bytes ethernet(Bytes packet) {
        var out = new WireWriter();
        out.u32(0x0200_0000).u32(0x0002_0200).u32(0x0000_0001);
        out.u16(packet.at(0) >>> 4 == 4 ? 0x0800 : 0x86DD).bytes(packet);
        return out.toBytes();
    }
}
