package io.lispfabric.server.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** Signs and sends what the mapping system has to say. */
final class Outbox {
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    private final Socket socket;
    private final Sites sites;
    private final ServerMetrics metrics;
    private final Incidents incidents;

    /** Where datagrams go. */
    @FunctionalInterface
    interface Socket {
        /** Sends, or does not, as networks do. */
        void send(InetSocketAddress to, byte[] datagram);
    }

    Outbox(Socket socket, Sites sites, ServerMetrics metrics, Incidents incidents) {
        this.socket = socket;
        this.sites = sites;
        this.metrics = metrics;
        this.incidents = incidents;
    }

    /** A message that needs no MAC. */
    void send(Ip to, int port, LispMessage.Plain message) {
        metrics.sent(message);
        socket.send(new InetSocketAddress(to.toInetAddress(), port), LispCodec.encode(message));
    }

    /**
     * A Map-Notify under the xTR's own key, or another of its site when that one is not in use any
     * more; nothing when there is no such site any more.
     */
    void sendNotify(
            Credentials wanted,
            Optional<XtrIdentity> recipient,
            Ip to,
            int port,
            Nonce nonce,
            List<MappingRecord> records) {
        var site = sites.named(wanted.site());
        if (site.isEmpty()) {
            incidents.drop(Drop.NO_SUCH_SITE, wanted.site(), to);
            return;
        }
        var credentials = site.get().live(wanted);
        var key = credentials.key(site.get());
        var algorithm = Algorithm.of(credentials.algorithmId());
        var message =
                new MapNotify(
                        nonce, NONE, records, recipient.filter(_ -> site.get().notifyXtrId()));
        metrics.sent(message);
        socket.send(
                new InetSocketAddress(to.toInetAddress(), port),
                MessageAuthentication.seal(
                        message,
                        key.orElseThrow(),
                        algorithm.orElseThrow(),
                        credentials.length(),
                        credentials.iidMaskLength()));
    }
}
