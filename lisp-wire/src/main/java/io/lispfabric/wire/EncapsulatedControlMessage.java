package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.encap.Checksum;
import io.lispfabric.wire.encap.HeaderCheck;
import io.lispfabric.wire.encap.Ipv4Header;
import io.lispfabric.wire.encap.Ipv6Header;
import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.UdpHeader;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A control message inside an IP packet inside a control message, so that it can be sent where its
 * destination address alone would not lead (RFC 9301 §5.8). The inner packet is kept octet by
 * octet: whoever relays it must not alter the message in it (RFC 9301 §8.3), only its hops.
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
    public static final int DATA_PORT = LispDataHeader.PORT;

    private static final int S = 0x0800_0000;
    private static final int D = 0x0400_0000;
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
        int udp = source instanceof Ipv4 ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        var packet = new WireWriter().bytes(new byte[udp + UdpHeader.LENGTH]);
        message.write(packet);
        int payload = packet.size() - udp - UdpHeader.LENGTH;
        int counted = source instanceof Ipv4 ? packet.size() : packet.size() - Ipv6Header.LENGTH;
        if (counted > 0xFFFF) {
            throw new IllegalArgumentException(
                    "a message of " + payload + " octets fits no IP packet");
        }
        writeHeaders(packet.written(), source, destination, packet.size() - udp);
        UdpHeader.write(packet.written(), udp, sourcePort, destinationPort, payload);
        UdpHeader.seal(packet.written(), 0, udp);
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
     * What a server sends on to another: the same message with one hop less in the inner header, as
     * of any packet that is taken out of one tunnel and put into the next (RFC 9300 §5.3). Empty
     * when it has none left.
     */
    public Optional<EncapsulatedControlMessage> oneHopFurther() {
        var octets = packet.toArray();
        var inner = ByteBuffer.wrap(octets);
        boolean aged = source instanceof Ipv4 ? Ipv4Header.age(inner, 0) : Ipv6Header.age(inner, 0);
        if (!aged) {
            return Optional.empty();
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

    private static void writeHeaders(ByteBuffer out, Ip source, Ip destination, int payload) {
        if (source instanceof Ipv4(var from) && destination instanceof Ipv4(var to)) {
            Ipv4Header.write(out, 0, 0, payload, HOP_LIMIT, Ipv6Header.UDP, from, to);
        } else if (source instanceof Ipv6(var fromHigh, var fromLow)
                && destination instanceof Ipv6(var toHigh, var toLow)) {
            Ipv6Header.write(
                    out,
                    0,
                    0,
                    0,
                    payload,
                    Ipv6Header.UDP,
                    HOP_LIMIT,
                    fromHigh,
                    fromLow,
                    toHigh,
                    toLow);
        }
    }

    static EncapsulatedControlMessage read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        var authenticationData =
                (head & S) != 0
                        ? Optional.of(in.part("Authentication Data", EcmAd::read))
                        : Optional.<EcmAd>empty();
        var inner = in.peekU8() >>> 4 == 4 ? Inner.readIpv4(in) : Inner.readIpv6(in);
        return new EncapsulatedControlMessage(
                (head & D) != 0,
                authenticationData,
                inner.octets(),
                inner.source(),
                inner.destination(),
                inner.sourcePort(),
                inner.destinationPort(),
                LispCodec.readInner(in));
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
            Bytes octets, Ip source, Ip destination, int sourcePort, int destinationPort) {
        private static final int IPV4_FRAGMENT = 0x3FFF; // more fragments, or an offset

        static Inner readIpv4(WireReader in) {
            int length = in.remaining();
            var octets = in.peek(length);
            int head = in.as("Inner IPv4: version, length").u32AsInt();
            int fragment = in.as("Identification, fragment").u32AsInt();
            int ttlProtocolChecksum = in.as("TTL, protocol, checksum").u32AsInt();
            var source = new Ipv4(in.as("Inner source").u32AsInt());
            var destination = new Ipv4(in.as("Inner destination").u32AsInt());
            expectWhole(in, (head & 0xFFFF) - Ipv4Header.LENGTH);
            // Version 4 without options, whole, of exactly the octets that are here, and UDP.
            if (head >>> 24 != 0x45
                    || (head & 0xFFFF) != length
                    || (fragment & IPV4_FRAGMENT) != 0
                    || (ttlProtocolChecksum >>> 16 & 0xFF) != Ipv6Header.UDP) {
                throw in.flaw(Flaw.BAD_INNER_PACKET);
            }
            if (Checksum.sum(octets.buffer(), 0, Ipv4Header.LENGTH, 0) != 0xFFFF) {
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
            var source = new Ipv6(in.as("Inner source", 16).u64(), in.u64());
            var destination = new Ipv6(in.as("Inner destination", 16).u64(), in.u64());
            expectWhole(in, payloadLength);
            if (head >>> 28 != 6
                    || payloadLength != length - Ipv6Header.LENGTH
                    || nextHeader != Ipv6Header.UDP) {
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
            int udp = packet.length() - length;
            if (UdpHeader.checkChecksum(packet.buffer(), 0, udp, false) != HeaderCheck.FINE
                    || checksum == UdpHeader.NO_CHECKSUM) {
                throw in.flaw(Flaw.BAD_CHECKSUM);
            }
            return new Inner(packet, source, destination, sourcePort, destinationPort);
        }
    }
}
