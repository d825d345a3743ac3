package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;

/**
 * The key of one Map-Request and its answer (RFC 9303 §5): the ITR-OTK that an ITR draws, or the
 * MS-OTK that is derived from it.
 *
 * @param secret 16 octets
 */
public record OneTimeKey(Bytes secret) {
    /** Octets of a one-time key (RFC 9303 §6.1). */
    public static final int LENGTH = 16;

    /**
     * @throws IllegalArgumentException when it is not of 16 octets
     */
    public OneTimeKey {
        if (secret.length() != LENGTH) {
            throw new IllegalArgumentException(
                    "a one-time key has 16 octets, not " + secret.length());
        }
    }

    /** A secret is never printed. */
    @Override
    public String toString() {
        return "OneTimeKey[]";
    }
}
