package io.lispfabric.xtr.core;

import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * A message that is to be sent. Authenticated ones are sealed on the way out.
 *
 * @param fromControlPort whether it leaves from the control port, or from the random one (RFC 9301
 *     §5.6, §5.7)
 * @param key what it is sealed with; if not said, the domain's
 */
public record Transmission(
        InetSocketAddress to,
        boolean fromControlPort,
        LispMessage message,
        Optional<SharedKey> key) {
    /** One under the domain's key, or under none. */
    public Transmission(InetSocketAddress to, boolean fromControlPort, LispMessage message) {
        this(to, fromControlPort, message, Optional.empty());
    }
}
