package io.lispfabric.server.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An xTR as bare as can be: a blocking socket, a key and a nonce. It says only what the test tells
 * it to.
 */
final class Xtr implements AutoCloseable {
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    private final DatagramSocket socket;
    private final InetSocketAddress server;
    private SharedKey key;
    private final XtrIdentity identity;
    private final Set<Nonce> solicited = new HashSet<>();
    private Nonce nonce;
    private InetSocketAddress heardFrom;

    Xtr(InetSocketAddress server, SharedKey key, XtrIdentity identity, Nonce start)
            throws IOException {
        this(
                server,
                key,
                identity,
                start,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    Xtr(
            InetSocketAddress server,
            SharedKey key,
            XtrIdentity identity,
            Nonce start,
            InetSocketAddress at)
            throws IOException {
        this.server = server;
        this.heardFrom = server;
        this.key = key;
        this.identity = identity;
        this.nonce = start;
        socket = new DatagramSocket(at);
        socket.setSoTimeout(10_000);
    }

    /** Signs and checks with another key from now on. */
    void use(SharedKey other) {
        key = other;
    }

    Nonce nonce() {
        return nonce;
    }

    int port() {
        return socket.getLocalPort();
    }

    Ip rloc() {
        return Ip.of(socket.getLocalAddress());
    }

    MapRegister register(Eid eid, String rloc, RecordTtl ttl) {
        var record = MappingRecord.of(ttl, eid, List.of(Locator.of(Rloc.of(rloc), 1, 50)));
        return register(List.of(record));
    }

    MapRegister register(List<MappingRecord> records) {
        nonce = nonce.next();
        return new MapRegister(
                true, false, false, false, true, true, nonce, NONE, records, Optional.of(identity));
    }

    MapRequest subscribe(Eid eid) {
        nonce = nonce.next();
        return subscribe(eid, nonce);
    }

    MapRequest subscribe(Eid eid, Nonce chosen) {
        return MapRequest.subscription(chosen, Optional.empty(), List.of(rloc()), eid, identity);
    }

    MapRequest query(Eid eid) {
        nonce = nonce.next();
        return MapRequest.query(nonce, Optional.empty(), List.of(rloc()), eid);
    }

    /** One question for several EIDs, of which it may want to hear more (RFC 9437 §4). */
    MapRequest query(MapRequest.Asked... asked) {
        nonce = nonce.next();
        return new MapRequest(
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                nonce,
                Optional.empty(),
                List.of(rloc()),
                List.of(asked),
                Optional.empty(),
                Optional.of(identity));
    }

    MapRequest unsubscribe(Eid eid) {
        nonce = nonce.next();
        return unsubscribe(eid, nonce);
    }

    MapRequest unsubscribe(Eid eid, Nonce chosen) {
        return MapRequest.subscription(
                chosen, Optional.empty(), List.of(LispAddress.None.NONE), eid, identity);
    }

    /** The same as a peer writes it that has 32 in the IID mask-len of its EIDs. */
    byte[] sealedWithIidMaskLength(MapRegister register, int iidMaskLength) {
        return MessageAuthentication.seal(
                register, key, key.preferred(), key.preferred().length(), iidMaskLength);
    }

    byte[] sealed(MapRegister register) {
        return MessageAuthentication.seal(register, key);
    }

    /** A Map-Request in an ECM that LISP-SEC protects (RFC 9303 §6.4). */
    EncapsulatedControlMessage guarded(
            MapRequest request, OneTimeKey otk, SharedKey secret, int hmacId, int kdfId) {
        return guarded(
                request,
                new EcmAd(
                        hmacId, LispSec.wrap(otk, request.nonce(), secret), EidAd.request(kdfId)));
    }

    EncapsulatedControlMessage guarded(MapRequest request, EcmAd data) {
        return EncapsulatedControlMessage.of(rloc(), rloc(), socket.getLocalPort(), 4342, request)
                .with(Optional.of(data));
    }

    void send(byte[] octets) throws IOException {
        socket.send(new DatagramPacket(octets, octets.length, server));
    }

    void send(LispMessage.Plain message) throws IOException {
        send(LispCodec.encode(message));
    }

    /** Registers, and again with the next nonce while nothing is heard, as an ETR does. */
    MapNotify registered(Eid eid, String rloc, RecordTtl ttl) throws IOException {
        var first = nonce.next();
        for (int i = 0; i < 20; i++) {
            send(sealed(register(eid, rloc, ttl)));
            solicited.add(nonce);
            // An answer to any try will do; those to the others come later and are passed over.
            if (heard(1_000).orElse(null) instanceof MapNotify notify
                    && !first.isGreaterThan(notify.nonce())
                    && solicited.contains(notify.nonce())) {
                return notify;
            }
        }
        throw new AssertionError("never registered: " + eid);
    }

    /** The next Map-Notify that answers no Map-Register of {@link #registered}. */
    MapNotify notified() throws IOException {
        return unsolicited(MapNotify.class);
    }

    MapReferral referred() throws IOException {
        return unsolicited(MapReferral.class);
    }

    MapReply replied() throws IOException {
        return unsolicited(MapReply.class);
    }

    private <T extends LispMessage> T unsolicited(Class<T> type) throws IOException {
        while (true) {
            var message =
                    heard(10_000)
                            .orElseThrow(() -> new AssertionError("no " + type.getSimpleName()));
            if (!(message instanceof MapNotify notify && solicited.contains(notify.nonce()))) {
                return type.cast(message);
            }
        }
    }

    void acknowledge(MapNotify notify) throws IOException {
        acknowledge(server, notify);
    }

    void acknowledge(InetSocketAddress to, MapNotify notify) throws IOException {
        nonce = notify.nonce().isGreaterThan(nonce) ? notify.nonce() : nonce;
        var octets =
                MessageAuthentication.seal(
                        new MapNotifyAck(notify.nonce(), NONE, notify.records(), Optional.empty()),
                        key);
        socket.send(new DatagramPacket(octets, octets.length, to));
    }

    /** Whom it has heard last, of several members. */
    InetSocketAddress heardFrom() {
        return heardFrom;
    }

    /** The next message, with its MAC checked if it has one. */
    Optional<LispMessage> heard(int millis) throws IOException {
        var octets = octets(millis);
        if (octets.isEmpty()) {
            return Optional.empty();
        }
        var payload = ByteBuffer.wrap(octets.get());
        if (!(LispCodec.decode(payload) instanceof Decoded.Message(var message))) {
            throw new AssertionError("the server sent what cannot be read");
        }
        if (message instanceof LispMessage.Authenticated signed
                && !MessageAuthentication.verify(signed, payload, key)) {
            throw new AssertionError("a MAC of the server's is wrong");
        }
        return Optional.of(message);
    }

    /** The next datagram, as it came. */
    Optional<byte[]> octets(int millis) throws IOException {
        socket.setSoTimeout(millis);
        var packet = new DatagramPacket(new byte[9000], 9000);
        try {
            socket.receive(packet);
        } catch (SocketTimeoutException _) {
            return Optional.empty();
        }
        heardFrom = (InetSocketAddress) packet.getSocketAddress();
        return Optional.of(Arrays.copyOf(packet.getData(), packet.getLength()));
    }

    @Override
    public void close() {
        socket.close();
    }
}
