package io.lispfabric.server.core;

import io.lispfabric.wire.Locator;
import io.lispfabric.wire.RecordTtl;
import java.util.List;

/**
 * What one xTR says about one EID-Prefix, until it says otherwise or falls silent (RFC 9301 §8.2).
 *
 * @param merges a: it may stand beside what other xTRs of the site say
 * @param proxyReply P: the Map-Server answers for the xTR
 * @param securityCapable S: the xTR answers protected Map-Requests (RFC 9303 §6.3)
 * @param ttl how long an answer may be cached
 * @param mapVersion 0 to 4095; 0 is none
 * @param sinceMillis since when it says just this, in milliseconds of Unix time
 * @param expiresMillis when it is forgotten, in milliseconds of Unix time
 */
public record Registration(
        Registrant registrant,
        boolean merges,
        boolean proxyReply,
        boolean securityCapable,
        RecordTtl ttl,
        int mapVersion,
        List<Locator> locators,
        long sinceMillis,
        long expiresMillis) {
    public Registration {
        locators = LocatorSet.of(locators);
    }

    boolean isOfSite(Registration other) {
        return registrant.site().equals(other.registrant.site());
    }

    /** Whether only the times differ. */
    boolean saysTheSame(Registration other) {
        return equals(
                new Registration(
                        other.registrant,
                        other.merges,
                        other.proxyReply,
                        other.securityCapable,
                        other.ttl,
                        other.mapVersion,
                        other.locators,
                        sinceMillis,
                        expiresMillis));
    }

    /**
     * Whether a version is older than this one: 12 bits whose order is circular, and 0 is none (RFC
     * 9302 §6).
     */
    boolean outdates(int version) {
        int ahead = version - mapVersion & 0xFFF;
        return version != 0
                && mapVersion != 0
                && (ahead > 2048 || ahead == 2048 && version < mapVersion);
    }

    /** The locators as everybody else is told of them. */
    List<Locator> told() {
        return locators instanceof LocatorSet set ? set.told() : LocatorSet.told(locators);
    }

    /** The same, with the parts that many registrations have in common made one. */
    Registration shared() {
        return new Registration(
                Shared.of(registrant),
                merges,
                proxyReply,
                securityCapable,
                Shared.of(ttl),
                mapVersion,
                Shared.of(locators),
                sinceMillis,
                expiresMillis);
    }

    Registration since(long millis) {
        return new Registration(
                registrant,
                merges,
                proxyReply,
                securityCapable,
                ttl,
                mapVersion,
                locators,
                millis,
                expiresMillis);
    }
}
