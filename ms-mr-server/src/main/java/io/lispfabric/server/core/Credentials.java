package io.lispfabric.server.core;

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
 */
public record Credentials(String site, int keyId, int algorithmId, int length, int iidMaskLength) {
    /** Those of an xTR that writes 0. */
    public Credentials(String site, int keyId, int algorithmId, int length) {
        this(site, keyId, algorithmId, length, 0);
    }

    Credentials withIidMaskLength(int other) {
        return new Credentials(site, keyId, algorithmId, length, other);
    }
}
