package io.lispfabric.cli.demo;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * An accelerator: a socket on the loopback interface that speaks IPv4 and AccID frames to the xTRs
 * it is attached to. It numbers what it sends and notes what it gets.
 */
final class Accelerator implements AutoCloseable {
    static final int NEXT_PROTOCOL_IPV4 = 1;
    static final int NEXT_PROTOCOL_ACCID = 0x7E;
    static final int TTL = 64;

    private static final int MAGIC = 0x41434355;
    private static final int IPV4_HEADER = 20;
    private static final int UDP_HEADER = 8;

    private final int number;
    private final LispAddress.Ipv4 ip;
    private final LispAddress.Name name;
    private final DatagramSocket socket;
    private final Map<String, InetSocketAddress> attachments = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Arrival> arrivals = new ConcurrentLinkedQueue<>();
    private final Thread receiver;

    /**
     * A packet that came.
     *
     * @param stream and {@code sequence} as the sender numbered it
     * @param via the xTR that delivered it
     * @param ttl what was left of the inner TTL; 0 for a frame that has none
     */
    record Arrival(int stream, long sequence, String via, int ttl, long nanos) {}

    Accelerator(int number, LispAddress.Ipv4 ip, LispAddress.Name name) throws IOException {
        this.number = number;
        this.ip = ip;
        this.name = name;
        socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        socket.setReceiveBufferSize(4 << 20);
        receiver = Thread.ofPlatform().daemon().name("acc-" + number).start(this::receive);
    }

    int number() {
        return number;
    }

    Eid ipEid(int iid) {
        return Eid.of(iid, ip + "/32");
    }

    Eid nameEid(int iid) {
        return Eid.of(iid, name.toString());
    }

    LispAddress.Ipv4 ip() {
        return ip;
    }

    LispAddress.Name name() {
        return name;
    }

    /** Where an xTR takes and gives this accelerator's packets. */
    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    void attachedTo(String xtr, InetSocketAddress circuit) {
        attachments.put(xtr, circuit);
    }

    void detachedFrom(String xtr) {
        attachments.remove(xtr);
    }

    /** Sends a UDP packet over IPv4; the source port tells flows apart. */
    void sendIp(String via, LispAddress.Ipv4 destination, int flow, int stream, long sequence)
            throws IOException {
        var udp = new WireWriter().u16(49_152 + flow).u16(7).u16(UDP_HEADER + 16).u16(0);
        udp.u32(MAGIC).u32(stream).u64(sequence);
        var packet =
                new WireWriter()
                        .u16(0x4500)
                        .u16(IPV4_HEADER + udp.size())
                        .u32(0x4000)
                        .u8(TTL)
                        .u8(17)
                        .u16(0);
        packet.u32(ip.value()).u32(destination.value());
        packet.patchU16(10, checksum(packet.toArray()));
        send(via, NEXT_PROTOCOL_IPV4, packet.bytes(udp.toArray()).toArray());
    }

    /** Sends an AccID frame: to whom, from whom, and what. */
    void sendFrame(String via, LispAddress.Name destination, int stream, long sequence)
            throws IOException {
        var frame = new WireWriter();
        destination.write(frame);
        name.write(frame);
        send(via, NEXT_PROTOCOL_ACCID, frame.u32(MAGIC).u32(stream).u64(sequence).toArray());
    }

    private void send(String via, int nextProtocol, byte[] packet) throws IOException {
        var circuit = attachments.get(via);
        if (circuit != null) {
            var octets = new WireWriter().u8(nextProtocol).bytes(packet).toArray();
            socket.send(new DatagramPacket(octets, octets.length, circuit));
        }
    }

    /** The ones' complement of the sum of 16-bit words. */
    private static int checksum(byte[] header) {
        int sum = 0;
        for (int i = 0; i < header.length; i += 2) {
            sum += (header[i] & 0xFF) << 8 | header[i + 1] & 0xFF;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return ~sum & 0xFFFF;
    }

    private void receive() {
        var buffer = new byte[9216];
        while (!socket.isClosed()) {
            var datagram = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(datagram);
            } catch (IOException _) {
                continue; // closed, or an ICMP error for something sent
            }
            long now = System.nanoTime();
            var via =
                    attachments.entrySet().stream()
                            .filter(it -> it.getValue().equals(datagram.getSocketAddress()))
                            .map(Map.Entry::getKey)
                            .findFirst()
                            .orElse("?");
            read(ByteBuffer.wrap(buffer, 0, datagram.getLength()), via, now)
                    .ifPresent(arrivals::add);
        }
    }

    private static Optional<Arrival> read(ByteBuffer datagram, String via, long now) {
        var in = new WireReader(datagram);
        int ttl = 0;
        if (in.u8() == NEXT_PROTOCOL_IPV4) {
            var header = in.sub(IPV4_HEADER);
            header.skip(8);
            ttl = header.u8();
            in.skip(UDP_HEADER);
        } else {
            LispAddress.read(in);
            LispAddress.read(in);
        }
        return in.u32AsInt() == MAGIC
                ? Optional.of(new Arrival(in.u32AsInt(), in.u64(), via, ttl, now))
                : Optional.empty();
    }

    /** What has come of one stream so far. */
    List<Arrival> arrivals(int stream) {
        return arrivals.stream().filter(it -> it.stream() == stream).toList();
    }

    @Override
    public void close() {
        socket.close();
        receiver.interrupt();
    }
}
