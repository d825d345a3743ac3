package io.lispfabric.server.core;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.util.List;

/**
 * How an xTR is reached.
 *
 * @param credentials how Map-Notifies to it are authenticated
 * @param addresses its RLOCs, at least one; any of them will do (RFC 9437 §5)
 * @param port its UDP port, 4342 but for several xTRs on our own host
 */
public record Contact(Credentials credentials, List<Ip> addresses, int port) {
    public Contact {
        addresses = List.copyOf(addresses);
    }
}
