package io.lispfabric.wire.auth;

import java.util.Optional;

/**
 * The authentication algorithms of RFC 9301 §12.5. "None" is not among them: we never take a
 * message without a MAC.
 */
public enum Algorithm {
    /**
     * HMAC-SHA-1-96-None: for peers that know no other; MUST NOT be used over the public Internet.
     */
    HMAC_SHA1_96(1, "HMAC-SHA-1-96-None", 12, 20),
    /** HMAC-SHA-256-128-None. */
    HMAC_SHA256_128(2, "HMAC-SHA-256-128-None", 16, 32),
    /** HMAC-SHA256-128+HKDF-SHA256: every message has a key of its own, derived from its nonce. */
    HMAC_SHA256_128_HKDF(3, "HMAC-SHA256-128+HKDF-SHA256", 16, 16);

    private final int id;
    private final String title;
    private final int length;
    private final int fullLength;

    Algorithm(int id, String title, int length, int fullLength) {
        this.id = id;
        this.title = title;
        this.length = length;
        this.fullLength = fullLength;
    }

    public static Optional<Algorithm> of(int id) {
        return switch (id) {
            case 1 -> Optional.of(HMAC_SHA1_96);
            case 2 -> Optional.of(HMAC_SHA256_128);
            case 3 -> Optional.of(HMAC_SHA256_128_HKDF);
            default -> Optional.empty();
        };
    }

    /** The Algorithm ID on the wire. */
    public int id() {
        return id;
    }

    /** The name of RFC 9301 §12.5. */
    public String title() {
        return title;
    }

    /** Octets of authentication data, as the RFC has it. */
    public int length() {
        return length;
    }

    /** Octets of the MAC that is not cut: what deployed code sends. */
    public int fullLength() {
        return fullLength;
    }
}
