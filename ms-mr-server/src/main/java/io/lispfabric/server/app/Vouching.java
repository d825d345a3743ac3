package io.lispfabric.server.app;

import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whose key a Map-Notify-Ack shows. It has one MAC and up to 255 records: that is computed once for
 * each key it may be, and those are few, whatever the records are about.
 */
final class Vouching {
    /** Who answers for several sites at once has no more of them than this. */
    private static final int MOST_KEYS = 4;

    private final MapNotifyAck ack;
    private final ByteBuffer payload;
    private final Sites sites;
    private final Map<SharedKey, Boolean> verdicts = new HashMap<>(2);

    Vouching(MapNotifyAck ack, ByteBuffer payload, Sites sites) {
        this.ack = ack;
        this.payload = payload;
        this.sites = sites;
    }

    MapNotifyAck ack() {
        return ack;
    }

    /** Whether it comes from whom was told something with these credentials. */
    boolean isFor(Credentials credentials) {
        var key = key(credentials);
        if (key.isEmpty() || verdicts.size() == MOST_KEYS && !verdicts.containsKey(key.get())) {
            return false;
        }
        return verdicts.computeIfAbsent(
                key.get(), it -> MessageAuthentication.verify(ack, payload, it));
    }

    /** That of the association if there is one, and then no other; else any of the site's. */
    private Optional<SharedKey> key(Credentials credentials) {
        return sites.named(credentials.site())
                .flatMap(site ->
                        credentials.association().isPresent()
                                ? credentials.key(site)
                                : site.key(ack.authentication().keyId()));
    }
}
