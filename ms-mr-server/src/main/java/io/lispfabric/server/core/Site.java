package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.Algorithm;
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
 * @param rlocs the blocks that its locators must lie in; empty for any address
 * @param notifyXtrId whether a Map-Notify names the xTR that it is meant for, with the I-bit and
 *     the ids of draft-ermagan-lisp-nat-traversal; RFC 9301 §5.7 has no such bit
 * @param answerDuplicates whether a Map-Register that comes again octet by octet gets its
 *     Map-Notify again, and nothing else: for ETRs that retransmit so (RFC 9301 §5.7)
 */
public record Site(
        String name,
        SiteId siteId,
        List<SharedKey> keys,
        List<SitePrefix> prefixes,
        boolean noncesGrow,
        List<EidPrefix> rlocs,
        boolean notifyXtrId,
        boolean answerDuplicates) {
    public Site {
        keys = List.copyOf(keys);
        prefixes = List.copyOf(prefixes);
        rlocs = List.copyOf(rlocs);
    }

    /** A site whose locators may lie anywhere, and whose xTRs want nothing unusual. */
    public Site(
            String name,
            SiteId siteId,
            List<SharedKey> keys,
            List<SitePrefix> prefixes,
            boolean noncesGrow) {
        this(name, siteId, keys, prefixes, noncesGrow, List.of(), false, false);
    }

    public Optional<SharedKey> key(int keyId) {
        return keys.stream().filter(key -> key.keyId() == keyId).findFirst();
    }

    /** Why it may not register an EID-Prefix; a site without a list may register nothing. */
    public Optional<Refusal> refusal(Eid eid) {
        if (prefixes.stream().anyMatch(prefix -> prefix.allows(eid))) {
            return Optional.empty();
        }
        return Optional.of(
                prefixes.stream().anyMatch(prefix -> prefix.isTooWideFor(eid))
                        ? Refusal.TOO_SPECIFIC
                        : Refusal.NOT_OF_SITE);
    }

    /** Whether the site's xTRs may name this locator. One that only carries data is nowhere. */
    public boolean mayUse(Rloc rloc) {
        return rlocs.isEmpty()
                || rloc.ip()
                        .map(EidPrefix::of)
                        .map(ip -> rlocs.stream().anyMatch(block -> block.covers(ip)))
                        .orElse(true);
    }

    /** What is compared with the nonces of this key. */
    public NonceCheck nonceCheck(SharedKey key) {
        return !noncesGrow
                ? NonceCheck.NONE
                : key.recordsOnly() ? NonceCheck.PER_KEY : NonceCheck.PER_XTR;
    }

    /**
     * These credentials, or, when their key is not in use any more, the site's own: what was to be
     * said under an old key goes on under a new one (RFC 9301 §5.6).
     */
    public Credentials live(Credentials old) {
        boolean lives =
                old.association().isPresent()
                        || key(old.keyId())
                                .flatMap(key ->
                                        Algorithm.of(old.algorithmId())
                                                .filter(key.algorithms()::contains))
                                .isPresent();
        return lives ? old : defaultCredentials().withIidMaskLength(old.iidMaskLength());
    }

    /**
     * How we sign for an xTR of this site that has not shown which key it uses: the first one's
     * strongest algorithm.
     */
    public Credentials defaultCredentials() {
        return credentials(keys.getFirst());
    }

    /**
     * The same with the key that stands after one; after the last, and one that is gone, the first.
     */
    public Credentials credentialsAfter(int keyId) {
        for (int i = 0; i < keys.size() - 1; i++) {
            if (keys.get(i).keyId() == keyId) {
                return credentials(keys.get(i + 1));
            }
        }
        return defaultCredentials();
    }

    private Credentials credentials(SharedKey key) {
        var algorithm = key.preferred();
        return new Credentials(
                name,
                key.keyId(),
                algorithm.id(),
                key.legacyLength() ? algorithm.fullLength() : algorithm.length());
    }

    /** Whether a secret of this site is one of the other's too (RFC 9301 §5.6: MUST be unique). */
    public boolean sharesSecretWith(Site other) {
        return keys.stream()
                .anyMatch(mine ->
                        other.keys.stream().anyMatch(its -> its.secret().equals(mine.secret())));
    }
}
