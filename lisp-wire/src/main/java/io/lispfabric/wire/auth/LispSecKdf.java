package io.lispfabric.wire.auth;

import java.util.List;
import java.util.Optional;

/**
 * How the MS-OTK is derived from the ITR-OTK (RFC 9303 §8.5). NOPREF is a wish and not among them.
 */
public enum LispSecKdf {
    /** HKDF-SHA1-128: for peers that know no other. */
    HKDF_SHA1_128(1, "HKDF-SHA1-128"),
    /** HKDF-SHA256, which every peer knows. */
    HKDF_SHA256(2, "HKDF-SHA256");

    /** What SHOULD be used first (RFC 9303 §6, §6.9), then what older peers know. */
    public static final List<LispSecKdf> BY_PREFERENCE = List.of(HKDF_SHA256, HKDF_SHA1_128);

    private final int id;
    private final String title;

    LispSecKdf(int id, String title) {
        this.id = id;
        this.title = title;
    }

    public static Optional<LispSecKdf> of(int id) {
        return switch (id) {
            case 1 -> Optional.of(HKDF_SHA1_128);
            case 2 -> Optional.of(HKDF_SHA256);
            default -> Optional.empty();
        };
    }

    /** The KDF ID on the wire. */
    public int id() {
        return id;
    }

    /** The name of RFC 9303 §8.5. */
    public String title() {
        return title;
    }
}
