package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.NotifyForm;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Signs and sends what the mapping system has to say. Used by one thread. */
final class Outbox {
    private final Socket socket;
    private final ServerConfig config;
    private final ServerMetrics metrics;
    private final Incidents incidents;

    // A changed mapping is told to one xTR after another, most of them of one site.
    private Optional<Told> lastTold = Optional.empty();
    private Optional<Signature> lastSignature = Optional.empty();

    /** Where datagrams go. */
    @FunctionalInterface
    interface Socket {
        /** Sends, or does not, as networks do. The buffer is the caller's again afterwards. */
        void send(InetSocketAddress to, ByteBuffer datagram);
    }

    /** What a form was made of. */
    private record Told(
            List<MappingRecord> records,
            Algorithm algorithm,
            int length,
            int iidMaskLength,
            boolean named,
            NotifyForm form) {}

    /**
     * How messages to an xTR are signed.
     *
     * @param credentials those that were {@code wanted}, or others of the site if their key is not
     *     in use any more
     */
    private record Signature(
            Credentials wanted,
            Credentials credentials,
            SharedKey key,
            Algorithm algorithm,
            boolean notifyXtrId) {}

    Outbox(Socket socket, ServerConfig config, ServerMetrics metrics, Incidents incidents) {
        this.socket = socket;
        this.config = config;
        this.metrics = metrics;
        this.incidents = incidents;
    }

    /**
     * A message that needs no MAC.
     *
     * @return how many octets it has
     */
    int send(Ip to, int port, LispMessage.Plain message) {
        metrics.sent(message);
        var octets = LispCodec.encode(message);
        send(to, port, ByteBuffer.wrap(octets));
        return octets.length;
    }

    /**
     * RFC 9301 §5 limits messages to what every path carries where that is not known. One mapping
     * is never cut, though: half of a locator-set would be believed to be all of it. So it is sent
     * whole, and IP has to fragment it.
     */
    private void send(Ip to, int port, ByteBuffer datagram) {
        int room = config.messageRoom(to);
        if (datagram.remaining() > room) {
            incidents.tooLong(to, datagram.remaining(), room);
        }
        socket.send(new InetSocketAddress(to.toInetAddress(), port), datagram);
    }

    /**
     * A Map-Notify under the xTR's own key, or another of its site when that one is not in use any
     * more; nothing when there is no such site any more. What does not fit into one goes into
     * several with the same nonce: each says that its records are registered (RFC 9301 §5, §5.7).
     *
     * @return how many octets were sent
     */
    int sendNotify(
            Credentials wanted,
            Optional<XtrIdentity> recipient,
            Ip to,
            int port,
            Nonce nonce,
            List<MappingRecord> records) {
        var found = signature(wanted);
        if (found.isEmpty()) {
            incidents.drop(
                    Drop.NO_SUCH_SITE,
                    wanted.site(),
                    "what it still subscribes to or registers is not told to " + to);
            return 0;
        }
        var by = found.get();
        var named = by.notifyXtrId() ? recipient : Optional.<XtrIdentity>empty();
        int room =
                config.messageRoom(to)
                        - Authentication.DATA_OFFSET
                        - by.credentials().length()
                        - (named.isPresent() ? XtrIdentity.LENGTH : 0);
        int octets = 0;
        for (var part : parts(records, room)) {
            metrics.sent(MapNotify.TYPE);
            var datagram = form(part, by, named.isPresent()).seal(nonce, by.key(), named);
            octets += datagram.remaining();
            send(to, port, datagram);
        }
        return octets;
    }

    /** How what was asked for with these credentials is signed; not at all without its site. */
    private Optional<Signature> signature(Credentials wanted) {
        if (lastSignature.filter(it -> it.wanted().equals(wanted)).isEmpty()) {
            lastSignature =
                    config.sites()
                            .named(wanted.site())
                            .map(site -> {
                                var live = site.live(wanted);
                                return new Signature(
                                        wanted,
                                        live,
                                        live.key(site).orElseThrow(),
                                        Algorithm.of(live.algorithmId()).orElseThrow(),
                                        site.notifyXtrId());
                            });
        }
        return lastSignature;
    }

    private NotifyForm form(List<MappingRecord> records, Signature by, boolean named) {
        int length = by.credentials().length();
        int mask = by.credentials().iidMaskLength();
        return lastTold.filter(it ->
                        it.algorithm() == by.algorithm()
                                && it.length() == length
                                && it.iidMaskLength() == mask
                                && it.named() == named
                                && it.records().equals(records))
                .orElseGet(() -> {
                    var form = new NotifyForm(records, by.algorithm(), length, mask, named);
                    var told = new Told(records, by.algorithm(), length, mask, named, form);
                    lastTold = Optional.of(told);
                    return told;
                })
                .form();
    }

    /** The records in their order, in as few parts as hold no more octets, or one record each. */
    static List<List<MappingRecord>> parts(List<MappingRecord> records, int room) {
        if (records.size() == 1) {
            return List.of(records);
        }
        var parts = new ArrayList<List<MappingRecord>>();
        int start = 0;
        int octets = 0;
        for (int i = 0; i < records.size(); i++) {
            int length = records.get(i).encodedLength();
            if (i > start && octets + length > room) {
                parts.add(records.subList(start, i));
                start = i;
                octets = 0;
            }
            octets += length;
        }
        parts.add(records.subList(start, records.size()));
        return parts;
    }
}
