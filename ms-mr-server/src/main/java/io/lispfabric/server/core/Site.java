package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.SharedKey;
import java.util.List;
import java.util.Optional;

/**
 * xTRs that belong together, in this fabric a PoD: the keys they share with us and the EIDs they
 * may register (RFC 9301 §8.2).
 *
 * @param siteId what they call themselves in messages with an xTR-ID
 * @param noncesGrow whether a nonce must be greater than the last one; false for legacy peers that
 *     choose them at random, which takes the protection against replay from all of the site
 */
public record Site(
        String name,
        SiteId siteId,
        List<SharedKey> keys,
        List<SitePrefix> prefixes,
        boolean noncesGrow) {
    public Site {
        keys = List.copyOf(keys);
        prefixes = List.copyOf(prefixes);
    }

    public Optional<SharedKey> key(int keyId) {
        return keys.stream().filter(key -> key.keyId() == keyId).findFirst();
    }

    /** A site without a list may register nothing. */
    public boolean mayRegister(Eid eid) {
        return prefixes.stream().anyMatch(prefix -> prefix.allows(eid));
    }

    /**
     * How we sign for an xTR of this site that has not shown which key it uses: the first one's
     * strongest algorithm.
     */
    public Credentials defaultCredentials() {
        var key = keys.getFirst();
        var algorithm = key.preferred();
        return new Credentials(
                name,
                key.keyId(),
                algorithm.id(),
                key.legacyLength() ? algorithm.fullLength() : algorithm.length());
    }
}
