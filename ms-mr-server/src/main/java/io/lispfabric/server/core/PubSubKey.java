package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;

/**
 * The secret of one security association: made from the one-time key of a protected Map-Request
 * with the N-bit, known to its xTR and to us alone, and used for nothing but Map-Notifies and their
 * acknowledgements (RFC 9437 §7.1).
 *
 * @param secret 32 octets
 */
public record PubSubKey(Bytes secret) {
    /** A secret is never printed. */
    @Override
    public String toString() {
        return "PubSubKey[]";
    }
}
