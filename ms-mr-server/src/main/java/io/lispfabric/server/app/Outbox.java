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
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.udp.UdpEndpoint;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Signs and sends what the mapping system has to say. */
final class Outbox {
    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    private final UdpEndpoint endpoint;
    private final Sites sites;
    private final ServerMetrics metrics;

    Outbox(UdpEndpoint endpoint, Sites sites, ServerMetrics metrics) {
        this.endpoint = endpoint;
        this.sites = sites;
        this.metrics = metrics;
    }

    /** A message that needs no MAC. */
    void send(Ip to, int port, LispMessage.Plain message) {
        metrics.sent(message);
        endpoint.send(new InetSocketAddress(to.toInetAddress(), port), LispCodec.encode(message));
    }

    /** A Map-Notify under the xTR's own key; nothing when the site has lost that key meanwhile. */
    void sendNotify(
            Credentials credentials, Ip to, int port, Nonce nonce, List<MappingRecord> records) {
        var key = sites.named(credentials.site()).flatMap(site -> site.key(credentials.keyId()));
        var algorithm = Algorithm.of(credentials.algorithmId());
        if (key.isEmpty() || algorithm.isEmpty()) {
            LOG.warn(
                    "site {} has no key {} any more: nothing sent to {}",
                    credentials.site(),
                    credentials.keyId(),
                    to);
            return;
        }
        var message = new MapNotify(nonce, NONE, records, Optional.empty());
        metrics.sent(message);
        endpoint.send(
                new InetSocketAddress(to.toInetAddress(), port),
                MessageAuthentication.seal(
                        message,
                        key.get(),
                        algorithm.get(),
                        credentials.length(),
                        credentials.iidMaskLength()));
    }
}
