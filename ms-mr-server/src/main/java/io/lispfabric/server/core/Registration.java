package io.lispfabric.server.core;

import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
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
 * @param lifetimeSeconds how long after it was heard last it is forgotten; when that was, only the
 *     leader knows (ADR 12)
 * @param lease the number of the Map-Register that it came with, unlike those of all others of its
 *     xTR that anything is left of
 * @param together how many EID-Prefixes came with that lease, itself among them
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
        int lifetimeSeconds,
        int lease,
        int together) {
    public Registration {
        locators = LocatorSet.of(locators);
    }

    boolean isOfSite(Registration other) {
        return registrant.site().equals(other.registrant.site());
    }

    /** What a record of a Map-Register says, which is to be registered since it came. */
    static Registration of(
            Command.Register command, Registrant registrant, MappingRecord record, int together) {
        int lifetimeSeconds = command.lifetimeSeconds(record);
        return new Registration(
                registrant,
                command.mergeRequest(),
                command.proxyReply(),
                command.securityCapable(),
                record.ttl(),
                record.mapVersion(),
                record.locators(),
                command.atMillis(),
                lifetimeSeconds,
                command.lease(lifetimeSeconds),
                together);
    }

    /** Whether they differ in time alone, and in what they came with. */
    boolean saysTheSame(Registration other) {
        return registrant.equals(other.registrant)
                && merges == other.merges
                && proxyReply == other.proxyReply
                && securityCapable == other.securityCapable
                && ttl.equals(other.ttl)
                && mapVersion == other.mapVersion
                && locators.equals(other.locators);
    }

    /** Whether a record of a Map-Register says just this, to last as long. */
    boolean isRepeatedBy(Command.Register command, MappingRecord record) {
        return merges == command.mergeRequest()
                && proxyReply == command.proxyReply()
                && securityCapable == command.securityCapable()
                && ttl.equals(record.ttl())
                && mapVersion == record.mapVersion()
                && lifetimeSeconds == command.lifetimeSeconds(record)
                && locators.equals(record.locators());
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
                lifetimeSeconds,
                lease,
                together);
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
                lifetimeSeconds,
                lease,
                together);
    }
}
