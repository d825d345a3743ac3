package io.lispfabric.wire.auth;

import java.util.Optional;

/** How a one-time key travels (RFC 9303 §6.5, §8.4). */
public enum KeyWrap {
    /** NULL-KEY-WRAP-128: in the clear, only for a path that DTLS protects. */
    NULL_128(1, "NULL-KEY-WRAP-128"),
    /** AES-KEY-WRAP-128+HKDF-SHA256: under a key derived from the nonce and a shared secret. */
    AES_128_HKDF_SHA256(2, "AES-KEY-WRAP-128+HKDF-SHA256");

    private final int id;
    private final String title;

    KeyWrap(int id, String title) {
        this.id = id;
        this.title = title;
    }

    public static Optional<KeyWrap> of(int id) {
        return switch (id) {
            case 1 -> Optional.of(NULL_128);
            case 2 -> Optional.of(AES_128_HKDF_SHA256);
            default -> Optional.empty();
        };
    }

    /** The OTK Wrapping ID on the wire. */
    public int id() {
        return id;
    }

    /** The name of RFC 9303 §8.4. */
    public String title() {
        return title;
    }
}
