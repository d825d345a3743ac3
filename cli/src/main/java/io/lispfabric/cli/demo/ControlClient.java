package io.lispfabric.cli.demo;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Registers and asks, as a client that knows all members of a cluster: when one does not answer,
 * the next one is asked.
 */
final class ControlClient implements AutoCloseable {
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final List<InetSocketAddress> members;
    private final SharedKey key;
    private final XtrIdentity identity;
    private final int waitMillis;
    private Nonce nonce;
    private int member;

    /**
     * @param waitMillis how long one member is waited for
     */
    ControlClient(
            List<InetSocketAddress> members,
            SharedKey key,
            XtrIdentity identity,
            Nonce start,
            int waitMillis)
            throws IOException {
        this.members = List.copyOf(members);
        this.key = key;
        this.identity = identity;
        this.nonce = start;
        this.waitMillis = waitMillis;
    }

    /** Registers an EID; whether a member has acknowledged it, within so many tries. */
    boolean register(Eid eid, String rloc, int tries) throws IOException {
        var record =
                MappingRecord.of(
                        RecordTtl.ONE_DAY, eid, List.of(Locator.of(Rloc.of(rloc), 1, 100)));
        for (int i = 0; i < tries; i++) {
            nonce = nonce.next();
            var register =
                    new MapRegister(
                            true,
                            false,
                            false,
                            false,
                            true,
                            true,
                            nonce,
                            NONE,
                            List.of(record),
                            Optional.of(identity));
            send(MessageAuthentication.seal(register, key));
            var heard = hear();
            if (heard.filter(it -> it instanceof MapNotify notify && notify.nonce().equals(nonce))
                    .isPresent()) {
                return true;
            }
            member++;
        }
        return false;
    }

    /**
     * Asks for an EID: the answer of the first member that gives one, each being asked {@code
     * rounds} times at most.
     */
    Optional<MapReply> query(Eid eid, int rounds) throws IOException {
        member++;
        for (int i = 0; i < rounds * members.size(); i++) {
            nonce = nonce.next();
            var rloc = Ip.of(socket.getLocalAddress());
            send(LispCodec.encode(MapRequest.query(nonce, Optional.empty(), List.of(rloc), eid)));
            var heard = hear();
            if (heard.isPresent() && heard.get() instanceof MapReply reply) {
                return Optional.of(reply);
            }
            member++;
        }
        return Optional.empty();
    }

    private void send(byte[] octets) throws IOException {
        socket.send(
                new DatagramPacket(octets, octets.length, members.get(member % members.size())));
    }

    /**
     * The answer to what was sent last: whatever else comes, such as the answer to an earlier try,
     * is passed over.
     */
    private Optional<LispMessage> hear() throws IOException {
        long end = System.nanoTime() + waitMillis * 1_000_000L;
        while (true) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return Optional.empty();
            }
            socket.setSoTimeout((int) left);
            var datagram = new DatagramPacket(new byte[9216], 9216);
            try {
                socket.receive(datagram);
            } catch (SocketTimeoutException _) {
                return Optional.empty();
            } catch (IOException _) {
                continue; // an ICMP error: that member is gone, its silence will do
            }
            var payload = ByteBuffer.wrap(datagram.getData(), 0, datagram.getLength());
            if (LispCodec.decode(payload) instanceof Decoded.Message(var message)
                    && answers(message, payload)) {
                return Optional.of(message);
            }
        }
    }

    private boolean answers(LispMessage message, ByteBuffer payload) {
        return switch (message) {
            case MapNotify notify ->
                    notify.nonce().equals(nonce)
                            && MessageAuthentication.verify(notify, payload, key);
            case MapReply reply -> reply.nonce().equals(nonce);
            default -> false;
        };
    }

    @Override
    public void close() {
        socket.close();
    }
}
