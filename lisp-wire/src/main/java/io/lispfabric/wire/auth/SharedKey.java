package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A secret that an xTR and the mapping system share (RFC 9301 §5.6).
 *
 * @param keyId 0 to 255, so that secrets can be changed while both are in use
 * @param algorithms what may be used with it; we ourselves send with the strongest
 * @param legacyLength also accept and answer MACs that are not cut, as deployed code sends them
 * @param legacySecret the secret may have any length, as passwords of deployed code do
 * @param recordsOnly the MAC ends with the last record, and leaves xTR-ID and Site-ID out: for
 *     peers that read RFC 9301 §5.6 so. Anybody may then put other ids in their place.
 */
public record SharedKey(
        int keyId,
        Bytes secret,
        Set<Algorithm> algorithms,
        boolean legacyLength,
        boolean legacySecret,
        boolean recordsOnly) {
    private static final int HMAC_SHA256_SECRET = 32;
    private static final int HKDF_SECRET = 16;

    /**
     * @throws IllegalArgumentException with a sentence for the operator, when secret and algorithms
     *     do not fit
     */
    public SharedKey {
        if (keyId >>> 8 != 0) {
            throw new IllegalArgumentException("a Key ID is 0 to 255, not " + keyId);
        }
        if (algorithms.isEmpty()) {
            throw new IllegalArgumentException("key " + keyId + " has no algorithm");
        }
        algorithms = Set.copyOf(algorithms);
        if (secret.length() == 0) {
            throw new IllegalArgumentException("key " + keyId + " has an empty secret");
        }
        if (!legacySecret) {
            // RFC 4868 §2.1.1 knows only keys of 32 octets for HMAC-SHA-256-128.
            if (algorithms.contains(Algorithm.HMAC_SHA256_128)
                    && secret.length() != HMAC_SHA256_SECRET) {
                throw new IllegalArgumentException(
                        "key "
                                + keyId
                                + ": algorithm 2 needs a secret of 32 octets, not "
                                + secret.length()
                                + " (or legacy-secret: true)");
            }
            if (secret.length() < HKDF_SECRET) {
                throw new IllegalArgumentException(
                        "key "
                                + keyId
                                + ": a secret has at least 16 octets, not "
                                + secret.length()
                                + " (or legacy-secret: true)");
            }
        }
    }

    /** A key whose MAC covers the whole message. */
    public SharedKey(
            int keyId,
            Bytes secret,
            Set<Algorithm> algorithms,
            boolean legacyLength,
            boolean legacySecret) {
        this(keyId, secret, algorithms, legacyLength, legacySecret, false);
    }

    /** A key for the algorithm that every agent uses unless told otherwise. */
    public static SharedKey of(int keyId, Bytes secret) {
        return new SharedKey(
                keyId, secret, EnumSet.of(Algorithm.HMAC_SHA256_128_HKDF), false, false);
    }

    /** The strongest algorithm that may be used with this key. */
    public Algorithm preferred() {
        return Collections.max(algorithms);
    }

    /** A secret is never printed. */
    @Override
    public String toString() {
        return "SharedKey[keyId=" + keyId + ", algorithms=" + algorithms + "]";
    }
}
