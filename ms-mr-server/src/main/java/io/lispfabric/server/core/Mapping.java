package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An EID-Prefix and all that is registered for it: by one xTR, or by several that asked to be
 * merged (RFC 9301 §5.6, draft-jain §6.2).
 *
 * @param registrations at least one, by different xTRs of one site, in the order of the xTRs
 */
public record Mapping(Eid eid, List<Registration> registrations) implements Expiring {
    public Mapping {
        registrations = List.copyOf(registrations);
    }

    BitKey key() {
        return BitKey.of(eid);
    }

    /** The one site that registers the EID-Prefix. */
    public String site() {
        return registrations.getFirst().registrant().site();
    }

    /**
     * Whether an xTR may register the EID-Prefix beside those that do: one of the same site, and
     * among xTRs that give their ids none without (draft-jain §6.1).
     */
    boolean admits(Registrant registrant) {
        return site().equals(registrant.site())
                && (registrant.identity().isPresent()
                        || registrations.stream()
                                .noneMatch(it ->
                                        it.merges() && it.registrant().identity().isPresent()));
    }

    @Override
    public long expiresMillis() {
        return registrations.stream()
                .mapToLong(Registration::expiresMillis)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    List<Registrant> registrants() {
        return registrations.stream().map(Registration::registrant).toList();
    }

    public Optional<Registration> by(Registrant registrant) {
        return registrations.stream().filter(it -> it.registrant().equals(registrant)).findFirst();
    }

    /** The mapping with one registration set, and the others kept if all ask to be merged. */
    static Mapping register(Optional<Mapping> before, Eid eid, Registration registration) {
        var kept = new ArrayList<Registration>();
        before.ifPresent(mapping ->
                mapping.registrations.stream()
                        .filter(it -> !it.registrant().equals(registration.registrant()))
                        .filter(it -> it.merges() && registration.merges())
                        .forEach(kept::add));
        kept.add(registration);
        kept.sort(Comparator.comparing(Registration::registrant));
        return new Mapping(eid, kept);
    }

    /** What is left without the registration of one xTR. */
    Optional<Mapping> without(Registrant registrant) {
        var kept =
                registrations.stream().filter(it -> !it.registrant().equals(registrant)).toList();
        return kept.isEmpty() ? Optional.empty() : Optional.of(new Mapping(eid, kept));
    }

    /** Whether the Map-Server answers for the site: if any xTR asked for it (RFC 9301 §8.3). */
    public boolean proxyReply() {
        return registrations.stream().anyMatch(Registration::proxyReply);
    }

    /**
     * The mapping as the mapping system tells it: all locators, each once, sorted, none of them
     * local; not authoritative (RFC 9301 §5.4, §5.5). Of two opinions on one locator the newer
     * counts. The cache time is the shortest that was asked for.
     */
    public MappingRecord record() {
        var byRloc = new TreeMap<Rloc, Locator>();
        registrations.stream()
                .sorted(
                        Comparator.comparingLong(Registration::sinceMillis)
                                .thenComparing(Registration::registrant))
                .forEach(it ->
                        it.locators()
                                .forEach(locator -> byRloc.put(locator.rloc(), locator.asTold())));
        var ttl =
                registrations.stream().map(Registration::ttl).reduce(RecordTtl::min).orElseThrow();
        // Nobody but the ETRs may choose a version (RFC 9302 §6), and merged mappings have none
        // that all chose.
        int version = registrations.size() == 1 ? registrations.getFirst().mapVersion() : 0;
        var locators = byRloc.values().stream().limit(255).toList();
        return new MappingRecord(ttl, Action.NO_ACTION, false, version, eid, locators);
    }

    /** How a mapping that is gone is told: no locators, and not to be cached (RFC 9437 §6). */
    static MappingRecord goneRecord(Eid eid) {
        return MappingRecord.of(RecordTtl.REMOVE, eid, List.of());
    }
}
