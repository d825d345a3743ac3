package io.lispfabric.server.core;

import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.util.Optional;

/**
 * How an xTR wants its messages authenticated: with which of its site's keys, and in which form it
 * used it itself.
 *
 * @param site the name of the site, whose keys these are
 * @param keyId 0 to 255
 * @param algorithmId 1 to 3 (RFC 9301 §12.5)
 * @param length octets of authentication data
 * @param iidMaskLength the IID mask-len that it writes in its EIDs and finds in ours; 0 but for
 *     some peers, which take an EID with another one for another EID (RFC 8060 §4.1 gives it no
 *     meaning)
 * @param association the secret that takes the place of the site's key, when the xTR has made one
 *     by LISP-SEC (RFC 9437 §7.1)
 */
public record Credentials(
        String site,
        int keyId,
        int algorithmId,
        int length,
        int iidMaskLength,
        Optional<PubSubKey> association) {
    private static final int MOST_IID_BITS = 32;

    /** One that no EID can have is that of no peer which compares it, and none of ours. */
    public Credentials {
        iidMaskLength = iidMaskLength > MOST_IID_BITS ? 0 : iidMaskLength;
    }

    /** Those of an xTR that uses a key of its site. */
    public Credentials(String site, int keyId, int algorithmId, int length, int iidMaskLength) {
        this(site, keyId, algorithmId, length, iidMaskLength, Optional.empty());
    }

    /** Those of one that also writes 0. */
    public Credentials(String site, int keyId, int algorithmId, int length) {
        this(site, keyId, algorithmId, length, 0);
    }

    /** Those of an xTR with a security association of its own. */
    public static Credentials of(String site, int keyId, PubSubKey association) {
        var algorithm = Algorithm.HMAC_SHA256_128_HKDF;
        return new Credentials(
                site, keyId, algorithm.id(), algorithm.length(), 0, Optional.of(association));
    }

    /** The key that they name: one of those of their site, unless the xTR has one of its own. */
    public Optional<SharedKey> key(Site site) {
        return association.map(it -> SharedKey.of(keyId, it.secret())).or(() -> site.key(keyId));
    }

    Credentials withIidMaskLength(int other) {
        return new Credentials(site, keyId, algorithmId, length, other, association);
    }
}
