package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;

/**
 * A one-time key that has made a security association, and must not make another (RFC 9437 §7.1).
 *
 * @param fingerprint what it is recognised by; it cannot be found from that
 * @param secretId which of the secrets of ITRs it was wrapped with, 0 to 255 (RFC 9303 §6.5)
 * @param expiresMillis until when this is remembered, in milliseconds of Unix time
 */
public record UsedKey(Bytes fingerprint, int secretId, long expiresMillis) implements Expiring {
    BitKey key() {
        return BitKey.of(fingerprint);
    }
}
