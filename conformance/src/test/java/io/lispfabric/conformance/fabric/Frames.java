package io.lispfabric.conformance.fabric;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.WireWriter;
import java.nio.charset.StandardCharsets;

/** Frames as accelerators send them: Next Protocol, then the packet. */
final class Frames {
    private Frames() {}

    /** UDP over IPv4. */
    static Bytes ipv4(String source, String destination, int ttl, String payload) {
        return ipv4(source, destination, ttl, payload, 5000);
    }

    /** UDP over IPv4, from this port. */
    static Bytes ipv4(String source, String destination, int ttl, String payload, int port) {
        var text = payload.getBytes(StandardCharsets.UTF_8);
        var header = new WireWriter();
        header.u16(0x4500).u16(28 + text.length).u32(0x4000).u8(ttl).u8(17).u16(0);
        Ip.parse(source).writeBody(header);
        Ip.parse(destination).writeBody(header);
        int sum = 0;
        var octets = header.toBytes();
        for (int i = 0; i < 20; i += 2) {
            sum += octets.at(i) << 8 | octets.at(i + 1);
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        header.patchU16(10, ~(sum + (sum >>> 16)) & 0xFFFF);
        return new WireWriter()
                .u8(1)
                .bytes(header.toArray())
                .u16(port)
                .u16(5001)
                .u16(8 + text.length)
                .u16(0)
                .bytes(text)
                .toBytes();
    }

    static Bytes ethernet(String source, String destination, String payload) {
        var frame = new WireWriter().u8(3);
        LispAddress.Mac.parse(destination).writeBody(frame);
        LispAddress.Mac.parse(source).writeBody(frame);
        return frame.u16(0x88B5).bytes(payload.getBytes(StandardCharsets.UTF_8)).toBytes();
    }

    static Bytes accId(String source, String destination, String payload) {
        var frame = new WireWriter().u8(0x7E);
        new LispAddress.Name(destination).write(frame);
        new LispAddress.Name(source).write(frame);
        return frame.bytes(payload.getBytes(StandardCharsets.UTF_8)).toBytes();
    }
}
