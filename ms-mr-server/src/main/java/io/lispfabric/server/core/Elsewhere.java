package io.lispfabric.server.core;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.util.List;

/**
 * EIDs that other Map-Servers know: what a Map-Resolver is told instead of a delegation tree (RFC
 * 9301 §8.4).
 *
 * @param servers at least one; each of them answers for all of the EID-Prefix
 */
public record Elsewhere(SitePrefix prefix, List<Server> servers) {
    /** Where a Map-Server listens. */
    public record Server(Ip address, int port) {}

    /**
     * @throws IllegalArgumentException with a sentence for the operator, when there is no server
     */
    public Elsewhere {
        if (servers.isEmpty()) {
            throw new IllegalArgumentException(prefix + " needs at least one Map-Server");
        }
        servers = List.copyOf(servers);
    }
}
