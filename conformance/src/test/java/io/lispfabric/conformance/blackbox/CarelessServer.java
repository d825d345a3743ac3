package io.lispfabric.conformance.blackbox;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Map-Server that believes everything: it checks no MAC, no nonce, no EID-Prefix, no checksum and
 * no bit. It answers well-meant messages as a server should.
 */
final class CarelessServer implements AutoCloseable {
    private final DatagramSocket socket;
    private final Secret secret;
    private final Map<Address, byte[]> registered = new ConcurrentHashMap<>();

    CarelessServer(Secret secret) throws IOException {
        this.secret = secret;
        socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        Thread.ofVirtual().start(this::serve);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private void serve() {
        var packet = new DatagramPacket(new byte[65_535], 65_535);
        while (!socket.isClosed()) {
            try {
                packet.setLength(65_535);
                socket.receive(packet);
                var source = (InetSocketAddress) packet.getSocketAddress();
                try {
                    heard(Arrays.copyOf(packet.getData(), packet.getLength()), source);
                } catch (RuntimeException _) {
                    // Too broken even for us.
                }
            } catch (IOException _) {
                // Closed.
            }
        }
    }

    private void heard(byte[] octets, InetSocketAddress from) throws IOException {
        switch (octets[0] >>> 4 & 0xF) {
            case Heard.ECM -> {
                var inner = Heard.of(octets, from, 0, 0).inner().orElseThrow();
                int port = ByteBuffer.wrap(octets).getShort(4 + 20) & 0xFFFF;
                answer(inner.octets(), new InetSocketAddress(from.getAddress(), port));
            }
            case Heard.REQUEST -> answer(octets, from);
            case Heard.REGISTER -> register(octets, from);
            default -> {}
        }
    }

    private void answer(byte[] request, InetSocketAddress to) throws IOException {
        var in = ByteBuffer.wrap(request);
        int word = in.getInt();
        long nonce = in.getLong();
        address(in);
        for (int i = 0; i <= (word >>> 8 & 0x1F); i++) {
            address(in);
        }
        in.get();
        int length = in.get() & 0xFF;
        var asked = address(in);
        var eid = new Address(asked.iid(), asked.afi(), asked.hex(), length);
        var record =
                registered.entrySet().stream()
                        .filter(it -> it.getKey().covers(eid))
                        .max(Comparator.comparingInt(it -> it.getKey().length()))
                        .map(Map.Entry::getValue)
                        .orElseGet(() -> negative(eid));
        send(new Octets().u32(2 << 28 | 1).u64(nonce).bytes(record).toArray(), to);
    }

    private static byte[] negative(Address eid) {
        var out = new Octets().u32(15).u8(0).u8(eid.length()).u16(1 << 13).u16(0);
        eid.write(out, 0);
        return out.toArray();
    }

    private static Address address(ByteBuffer in) {
        int afi = in.getShort();
        if (afi == 16387) {
            in.position(in.position() + 6);
            int iid = in.getInt();
            return address(in).in(iid);
        }
        var octets = new byte[afi == 0 ? 0 : afi == 1 ? 4 : 16];
        in.get(octets);
        return new Address(0, afi, HexFormat.of().formatHex(octets), 8 * octets.length);
    }

    private void register(byte[] octets, InetSocketAddress from) throws IOException {
        var heard = Heard.of(octets, from, 0, 0);
        int begin = 16 + (ByteBuffer.wrap(octets).getShort(14) & 0xFFFF);
        int end = octets.length - ((heard.word() & RegisterOctets.HAS_IDS) != 0 ? 24 : 0);
        var records = Arrays.copyOfRange(octets, begin, end);
        int each = records.length / heard.records().size();
        for (int i = 0; i < heard.records().size(); i++) {
            // Good enough where all records are of one length.
            registered.put(
                    heard.records().get(i).eid(),
                    Arrays.copyOfRange(records, i * each, (i + 1) * each));
        }
        if ((heard.word() & RegisterOctets.WANT_NOTIFY) != 0) {
            var with = secret.with(heard.algorithm(), begin - 16).withKeyId(heard.keyId());
            var out = new Octets().u32(4 << 28 | heard.word() & 0xFF).u64(heard.nonce());
            with.blank(out);
            send(with.seal(out.bytes(records).toArray()), from);
        }
    }

    private void send(byte[] message, InetSocketAddress to) throws IOException {
        socket.send(new DatagramPacket(message, message.length, to));
    }

    @Override
    public void close() {
        socket.close();
    }
}
