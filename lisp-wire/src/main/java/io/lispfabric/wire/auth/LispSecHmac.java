package io.lispfabric.wire.auth;

import java.util.List;
import java.util.Optional;

/** How EID-AD and PKT-AD are signed (RFC 9303 §8.3). NOPREF is a wish and not among them. */
public enum LispSecHmac {
    /** AUTH-HMAC-SHA-1-96: for peers that know no other. */
    SHA1_96(1, "AUTH-HMAC-SHA-1-96", 12),
    /** AUTH-HMAC-SHA-256-128, which every peer knows. */
    SHA256_128(2, "AUTH-HMAC-SHA-256-128", 16);

    /** What SHOULD be used first (RFC 9303 §6, §6.9), then what older peers know. */
    public static final List<LispSecHmac> BY_PREFERENCE = List.of(SHA256_128, SHA1_96);

    private final int id;
    private final String title;
    private final int length;

    LispSecHmac(int id, String title, int length) {
        this.id = id;
        this.title = title;
        this.length = length;
    }

    public static Optional<LispSecHmac> of(int id) {
        return switch (id) {
            case 1 -> Optional.of(SHA1_96);
            case 2 -> Optional.of(SHA256_128);
            default -> Optional.empty();
        };
    }

    /** The HMAC ID on the wire. */
    public int id() {
        return id;
    }

    /** The name of RFC 9303 §8.3. */
    public String title() {
        return title;
    }

    /** Octets of the HMAC. */
    public int length() {
        return length;
    }
}
