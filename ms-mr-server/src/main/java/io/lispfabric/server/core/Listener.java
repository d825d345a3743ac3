package io.lispfabric.server.core;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Nonce;
import java.util.List;

/**
 * An xTR to which unsolicited Map-Notifies go.
 *
 * @param addresses its RLOCs, at least one; any of them will do (RFC 9437 §5)
 * @param port its UDP port, 4342 but for several xTRs on our own host
 * @param active false once a subscription has ended: only its nonce is still kept, so that an old
 *     request cannot revive it
 * @param nonce the last one that either side has used (RFC 9437 §6)
 * @param sinceMillis since when, in milliseconds of Unix time
 * @param outstanding what has not been acknowledged, by EID-Prefix
 */
public record Listener(
        ListenerId id,
        Credentials credentials,
        List<Ip> addresses,
        int port,
        boolean active,
        Nonce nonce,
        long sinceMillis,
        PrefixMap<Outstanding> outstanding) {
    public Listener {
        addresses = List.copyOf(addresses);
    }

    Listener with(Nonce other) {
        return new Listener(
                id, credentials, addresses, port, active, other, sinceMillis, outstanding);
    }

    Listener ended(Nonce last) {
        return new Listener(
                id, credentials, addresses, port, false, last, sinceMillis, outstanding);
    }

    Listener with(PrefixMap<Outstanding> other) {
        return new Listener(id, credentials, addresses, port, active, nonce, sinceMillis, other);
    }
}
