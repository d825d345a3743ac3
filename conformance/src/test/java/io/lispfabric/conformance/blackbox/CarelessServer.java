package io.lispfabric.conformance.blackbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Map-Server that believes everything: it checks no MAC, no nonce, no EID-Prefix, no checksum and
 * no bit. It answers well-meant messages as a server should.
 *
 * <p>It can also do more, and that badly: take subscriptions, and tell all of them of everything
 * with whatever nonce; merge, without ever taking anything away; answer with all there is, twice.
 */
final class CarelessServer implements AutoCloseable {
    private final DatagramSocket socket;
    private final Secret secret;
    private final boolean talkative;
    private final Map<Address, byte[]> registered = new ConcurrentHashMap<>();

    /** The last subscription that came from there. */
    private final Map<InetSocketAddress, Subscription> subscribers = new ConcurrentHashMap<>();

    private record Subscription(Address eid, long nonce) {
        /** In the same /24, whatever the Instance ID. */
        boolean concerns(Heard register) {
            return register.records().stream()
                    .anyMatch(it ->
                            it.eid().afi() == eid.afi()
                                    && it.eid().hex().startsWith(eid.hex().substring(0, 6)));
        }
    }

    CarelessServer(Secret secret, boolean talkative) throws IOException {
        this.secret = secret;
        this.talkative = talkative;
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
                int word = ByteBuffer.wrap(octets).getInt();
                int begin = 4 + Heard.authenticationData(octets, word);
                int header = octets[begin] >>> 4 == 4 ? 20 : 40;
                int port = ByteBuffer.wrap(octets).getShort(begin + header) & 0xFFFF;
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
        boolean subscribes = in.get() < 0;
        int length = in.get() & 0xFF;
        var asked = address(in);
        var eid = new Address(asked.iid(), asked.afi(), asked.hex(), length);
        var record =
                registered.entrySet().stream()
                        .filter(it -> it.getKey().covers(eid))
                        .max(Comparator.comparingInt(it -> it.getKey().length()))
                        .map(Map.Entry::getValue)
                        .orElseGet(() -> negative(eid));
        if (!talkative) {
            send(new Octets().u32(2 << 28 | 0x0100 | 1).u64(nonce).bytes(record).toArray(), to);
        } else if (subscribes && (word & RequestOctets.HAS_IDS) != 0) {
            subscribers.put(to, new Subscription(eid, nonce));
            notify(nonce, record, to);
            inside(eid).forEach(it -> notify(nonce + 1, it, to));
        } else {
            var all = new Octets();
            var records = inside(eid);
            all.u32(2 << 28 | 1 + records.size()).u64(nonce).bytes(record);
            records.forEach(all::bytes);
            send(all.toArray(), to);
            send(all.toArray(), to);
        }
    }

    /** What is registered in the same /24. */
    private List<byte[]> inside(Address eid) {
        var block = new Address(eid.iid(), eid.afi(), eid.hex(), Math.min(24, eid.length()));
        return registered.entrySet().stream()
                .filter(it -> block.covers(it.getKey()) && it.getKey().length() > 24)
                .map(Map.Entry::getValue)
                .toList();
    }

    private void notify(long nonce, byte[] record, InetSocketAddress to) {
        var out = new Octets().u32(4 << 28 | 1).u64(nonce);
        secret.blank(out);
        try {
            send(secret.seal(out.bytes(record).toArray()), to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The old record with the new one's locators, whether it has them or not. */
    private static byte[] merged(byte[] old, byte[] added, int locatorOctets) {
        var both = Arrays.copyOf(old, old.length + locatorOctets);
        System.arraycopy(added, added.length - locatorOctets, both, old.length, locatorOctets);
        both[4]++;
        return both;
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
        int octetCount =
                switch (afi) {
                    case 0 -> 0;
                    case 1 -> 4;
                    case Address.MAC -> 6;
                    case Address.NAME -> {
                        int end = in.position();
                        while (in.get(end) != 0) {
                            end++;
                        }
                        yield end + 1 - in.position();
                    }
                    default -> 16;
                };
        var octets = new byte[octetCount];
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
            var record = Arrays.copyOfRange(records, i * each, (i + 1) * each);
            var old = registered.get(heard.records().get(i).eid());
            boolean merges = talkative && (heard.word() & RegisterOctets.MERGE) != 0;
            registered.put(
                    heard.records().get(i).eid(),
                    merges && old != null ? merged(old, record, 12) : record);
        }
        if (talkative) {
            subscribers.forEach((to, subscription) -> {
                if (subscription.concerns(heard)) {
                    notify(subscription.nonce() + 1, records, to);
                }
            });
        }
        if ((heard.word() & RegisterOctets.WANT_NOTIFY) != 0) {
            var with = secret.with(heard.algorithm(), begin - 16).withKeyId(heard.keyId());
            var out = new Octets().u32(4 << 28 | heard.word() & 0xFF).u64(heard.nonce());
            with.blank(out);
            boolean one = talkative && heard.records().size() == 1;
            var eid = heard.records().getFirst().eid();
            out.bytes(one ? registered.getOrDefault(eid, records) : records);
            send(with.seal(out.toArray()), from);
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
