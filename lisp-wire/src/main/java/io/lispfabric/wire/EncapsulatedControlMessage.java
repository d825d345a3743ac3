package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.Optional;

/**
 * A control message inside an IP packet inside a control message, so that it can be sent where its
 * destination address alone would not lead (RFC 9301 §5.8). The inner packet is kept octet by
 * octet, since whoever relays it must not alter it (RFC 9301 §8.3).
 *
 * <pre>
 * |Type=8 |S|D|R|R|                  Reserved                     |
 * ~               LISP-SEC Authentication Data (if S)             ~
 * |            inner IPv4 or IPv6 header, inner UDP header        |
 * |                     LISP control message                      |
 * </pre>
 *
 * @param ddtOriginated D: the sender wants a Map-Referral
 * @param authenticationData S: the one-time key of a protected Map-Request (RFC 9303 §6.1)
 * @param packet the inner IP packet
 * @param source the inner source address: an EID, or an RLOC of the sender
 * @param destination the inner destination address, usually the EID that is asked for
 * @param sourcePort the inner UDP source port, where the answer goes
 * @param destinationPort the inner UDP destination port
 * @param message what the inner packet says; never another ECM
 */
public record EncapsulatedControlMessage(
        boolean ddtOriginated,
        Optional<EcmAd> authenticationData,
        Bytes packet,
        Ip source,
        Ip destination,
        int sourcePort,
        int destinationPort,
        LispMessage message)
        implements LispMessage.Plain {
    public static final int TYPE = 8;

    /** The UDP port of the data plane: neither inner port may be this one (RFC 9301 §5.8). */
    public static final int DATA_PORT = 4341;

    private static final int S = 0x0800_0000;
    private static final int D = 0x0400_0000;
    private static final int UDP = 17;
    private static final int HOP_LIMIT = 64;

    /**
     * Wraps a message.
     *
     * @throws IllegalArgumentException when the two addresses are of different families, a port is
     *     {@link #DATA_PORT}, or the message fits no IP packet
     */
    public static EncapsulatedControlMessage of(
            Ip source, Ip destination, int sourcePort, int destinationPort, LispMessage message) {
        if (source.afi() != destination.afi()) {
            throw new IllegalArgumentException(
                    "inner addresses of two families: " + source + ", " + destination);
        }
        if (sourcePort == DATA_PORT || destinationPort == DATA_PORT) {
            throw new IllegalArgumentException("port 4341 is that of the data plane");
        }
        var payload = new WireWriter();
        message.write(payload);
        int udpLength = 8 + payload.size();
        if (source instanceof LispAddress.Ipv4 ? udpLength + 20 > 0xFFFF : udpLength > 0xFFFF) {
            throw new IllegalArgumentException(
                    "a message of " + payload.size() + " octets fits no IP packet");
        }
        var udp = new WireWriter();
        udp.u16(sourcePort).u16(destinationPort).u16(udpLength).u16(0).bytes(payload.toArray());
        int checksum = udpChecksum(source, destination, udp.toBytes());
        udp.patchU16(6, checksum == 0 ? 0xFFFF : checksum);
        var packet = new WireWriter();
        if (source instanceof LispAddress.Ipv4) {
            packet.u16(0x4500)
                    .u16(20 + udpLength)
                    .u32(0x4000)
                    .u8(HOP_LIMIT)
                    .u8(UDP)
                    .u16(0); // don't fragment
            source.writeBody(packet);
            destination.writeBody(packet);
            packet.patchU16(10, ~sum(packet.toBytes(), 0) & 0xFFFF);
        } else {
            packet.u32(6 << 28).u16(udpLength).u8(UDP).u8(HOP_LIMIT);
            source.writeBody(packet);
            destination.writeBody(packet);
        }
        packet.bytes(udp.toArray());
        return new EncapsulatedControlMessage(
                false,
                Optional.empty(),
                packet.toBytes(),
                source,
                destination,
                sourcePort,
                destinationPort,
                message);
    }

    /** The same inner packet, with D as given: the sender wants a Map-Referral (RFC 8111 §5). */
    public EncapsulatedControlMessage withDdtOriginated(boolean set) {
        return new EncapsulatedControlMessage(
                set,
                authenticationData,
                packet,
                source,
                destination,
                sourcePort,
                destinationPort,
                message);
    }

    /**
     * What a server sends on: the same message with one hop less in the inner header, as of any
     * packet that is taken out of one tunnel and put into the next (RFC 9300 §5.3). Empty when it
     * has none left.
     */
    public Optional<EncapsulatedControlMessage> oneHopFurther() {
        boolean v4 = source instanceof LispAddress.Ipv4;
        int at = v4 ? 8 : 7;
        int left = packet.at(at) - 1;
        if (left <= 0) {
            return Optional.empty();
        }
        var octets = packet.toArray();
        octets[at] = (byte) left;
        if (v4) {
            // RFC 1141: the word of TTL and protocol is less by 256, so its complement is more.
            int checksum = ((octets[10] & 0xFF) << 8 | octets[11] & 0xFF) + 0x100;
            checksum = (checksum & 0xFFFF) + (checksum >>> 16);
            octets[10] = (byte) (checksum >>> 8);
            octets[11] = (byte) checksum;
        }
        return Optional.of(
                new EncapsulatedControlMessage(
                        ddtOriginated,
                        authenticationData,
                        Bytes.of(octets),
                        source,
                        destination,
                        sourcePort,
                        destinationPort,
                        message));
    }

    /** The same inner packet, with other LISP-SEC data or none (RFC 9303 §6.6, §6.7.1). */
    public EncapsulatedControlMessage with(Optional<EcmAd> other) {
        return new EncapsulatedControlMessage(
                ddtOriginated,
                other,
                packet,
                source,
                destination,
                sourcePort,
                destinationPort,
                message);
    }

    static EncapsulatedControlMessage read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        var authenticationData =
                (head & S) != 0
                        ? Optional.of(in.part("Authentication Data", EcmAd::read))
                        : Optional.<EcmAd>empty();
        var packet = in.sub(in.remaining());
        var inner = packet.peekU8() >>> 4 == 4 ? Inner.readIpv4(packet) : Inner.readIpv6(packet);
        var octets = inner.octets();
        return new EncapsulatedControlMessage(
                (head & D) != 0,
                authenticationData,
                octets,
                inner.source(),
                inner.destination(),
                inner.sourcePort(),
                inner.destinationPort(),
                LispCodec.readInner(inner.payload()));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u32(TYPE << 28 | (authenticationData.isPresent() ? S : 0) | (ddtOriginated ? D : 0));
        authenticationData.ifPresent(data -> data.write(out));
        out.bytes(packet);
    }

    /** What the inner headers say, checked. */
    private record Inner(
            Bytes octets,
            Ip source,
            Ip destination,
            int sourcePort,
            int destinationPort,
            WireReader payload) {
        private static final int IPV4_FRAGMENT = 0x3FFF; // more fragments, or an offset

        static Inner readIpv4(WireReader in) {
            int length = in.remaining();
            var octets = in.peek(length);
            int head = in.as("Inner IPv4: version, length").u32AsInt();
            int fragment = in.as("Identification, fragment").u32AsInt();
            int ttlProtocolChecksum = in.as("TTL, protocol, checksum").u32AsInt();
            var source = new LispAddress.Ipv4(in.as("Inner source").u32AsInt());
            var destination = new LispAddress.Ipv4(in.as("Inner destination").u32AsInt());
            expectWhole(in, (head & 0xFFFF) - 20);
            // Version 4 without options, whole, of exactly the octets that are here, and UDP.
            if (head >>> 24 != 0x45
                    || (head & 0xFFFF) != length
                    || (fragment & IPV4_FRAGMENT) != 0
                    || (ttlProtocolChecksum >>> 16 & 0xFF) != UDP) {
                throw in.flaw(Flaw.BAD_INNER_PACKET);
            }
            if (sum(Bytes.of(octets.buffer().slice(0, 20)), 0) != 0xFFFF) {
                throw in.flaw(Flaw.BAD_CHECKSUM);
            }
            return readUdp(in, octets, source, destination);
        }

        static Inner readIpv6(WireReader in) {
            int length = in.remaining();
            var octets = in.peek(length);
            int head = in.as("Inner IPv6: version, class, flow").u32AsInt();
            int payloadLength = in.as("Payload length").u16();
            int nextHeader = in.as("Next header").u8();
            in.as("Hop limit").skip(1);
            var source = new LispAddress.Ipv6(in.as("Inner source", 16).u64(), in.u64());
            var destination = new LispAddress.Ipv6(in.as("Inner destination", 16).u64(), in.u64());
            expectWhole(in, payloadLength);
            if (head >>> 28 != 6 || payloadLength != length - 40 || nextHeader != UDP) {
                throw in.flaw(Flaw.BAD_INNER_PACKET);
            }
            return readUdp(in, octets, source, destination);
        }

        /** Fewer octets than the header promises are a packet that was cut on its way. */
        private static void expectWhole(WireReader in, int promised) {
            if (promised > in.remaining()) {
                throw new MalformedException(Flaw.TRUNCATED, in.offset() + in.remaining());
            }
        }

        private static Inner readUdp(WireReader in, Bytes packet, Ip source, Ip destination) {
            int length = in.remaining();
            var datagram = in.peek(length);
            int sourcePort = in.as("Inner UDP source port").u16();
            int destinationPort = in.as("Inner UDP destination port").u16();
            int udpLength = in.as("Inner UDP length").u16();
            int checksum = in.as("Inner UDP checksum").u16();
            // RFC 9301 §5.8: port 4341 MUST NOT be assigned to either port.
            if (udpLength != length || sourcePort == DATA_PORT || destinationPort == DATA_PORT) {
                throw in.flaw(Flaw.BAD_INNER_PACKET);
            }
            // RFC 9301 §5.8: the inner checksum MUST be non-zero; the outer one was the kernel's to
            // check, this one is ours.
            if (checksum == 0 || udpChecksum(source, destination, datagram) != 0) {
                throw in.flaw(Flaw.BAD_CHECKSUM);
            }
            return new Inner(packet, source, destination, sourcePort, destinationPort, in);
        }
    }

    /**
     * The ones' complement of the sum over pseudo-header and datagram; 0 when a checksum in it is
     * right (RFC 768).
     */
    private static int udpChecksum(Ip source, Ip destination, Bytes datagram) {
        var pseudo = new WireWriter();
        source.writeBody(pseudo);
        destination.writeBody(pseudo);
        pseudo.u32(datagram.length()).u32(UDP);
        return ~sum(datagram, sum(pseudo.toBytes(), 0)) & 0xFFFF;
    }

    /** The ones' complement sum of 16-bit words (RFC 1071). */
    private static int sum(Bytes octets, int initial) {
        int sum = initial;
        for (int i = 0; i < octets.length(); i += 2) {
            sum += octets.at(i) << 8 | (i + 1 < octets.length() ? octets.at(i + 1) : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
