package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An EID-Prefix and all that is registered for it: by one xTR, or by several that asked to be
 * merged (RFC 9301 §5.6, draft-jain §6.2). It is its own key, so that a million of them cost no
 * more than their bits.
 */
public final class Mapping extends Bits {
    /** Entries of a replication list: what fits a jumbo frame with IPv6 RLOCs. */
    private static final int MOST_RECEIVERS = 400;

    /** xTRs that may register an EID-Prefix together. */
    static final int MOST_XTRS = 64;

    /** Sites that may receive a group, each by one xTR. */
    private static final int MOST_SITES = 4_096;

    private final List<Registration> registrations;

    /**
     * @param registrations at least one, by different xTRs of one site, in the order of the xTRs
     */
    public Mapping(Eid eid, List<Registration> registrations) {
        super(eid);
        this.registrations = List.copyOf(registrations);
    }

    private Mapping(Bits eid, List<Registration> registrations) {
        super(eid);
        this.registrations = registrations;
    }

    /** The EID-Prefix, made anew each time it is asked for. */
    @Override
    public Eid eid() {
        return super.eid();
    }

    /** The bits of the EID-Prefix alone, {@link BitKey#EID_HEADER} not among them. */
    int prefixLength() {
        return length() - BitKey.EID_HEADER;
    }

    /** Whether it is of a single address, so that nothing can be more specific. */
    boolean isHost() {
        return prefixLength() == fullLength();
    }

    public List<Registration> registrations() {
        return registrations;
    }

    /** The same mapping, of parts that many have in common. */
    Mapping shared() {
        return new Mapping(
                this,
                registrations.size() == 1
                        ? List.of(registrations.getFirst().shared())
                        : registrations.stream().map(Registration::shared).toList());
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
        if (isGroup()) {
            return registrant.identity().isPresent(); // receivers are of any site
        }
        return site().equals(registrant.site())
                && (registrant.identity().isPresent()
                        || registrations.stream()
                                .noneMatch(it ->
                                        it.merges() && it.registrant().identity().isPresent()));
    }

    /**
     * Whether another xTR would be one too many. Each change of one is told to all others, so that
     * without a bound the holder of one key could keep the cluster busy.
     */
    boolean isFullFor(Registrant registrant, boolean merges) {
        return merges
                && registrations.size() >= (isGroup() ? MOST_SITES : MOST_XTRS)
                && by(registrant).isEmpty();
    }

    boolean isGroup() {
        return isOf(EidPrefix.Family.GROUP);
    }

    /** Whether an xTR with these ids is among those that register. */
    boolean isBy(Optional<XtrIdentity> xtr) {
        return xtr.isPresent() && registrants().stream().anyMatch(it -> it.identity().equals(xtr));
    }

    /**
     * What pETRs say about a part of all that they stand for: it may be registered any time, so it
     * is not cached for long.
     */
    MappingRecord recordFor(Eid part) {
        var told = record();
        return MappingRecord.of(told.ttl().min(RecordTtl.FIFTEEN_MINUTES), part, told.locators());
    }

    List<Registrant> registrants() {
        var all = new ArrayList<Registrant>(registrations.size());
        for (var it : registrations) {
            all.add(it.registrant());
        }
        return all;
    }

    public Optional<Registration> by(Registrant registrant) {
        for (var it : registrations) {
            if (it.registrant().equals(registrant)) {
                return Optional.of(it);
            }
        }
        return Optional.empty();
    }

    /** The mapping with one registration set, and the others kept if all ask to be merged. */
    static Mapping register(Optional<Mapping> before, Eid eid, Registration registration) {
        var kept = new ArrayList<Registration>();
        if (before.isPresent() && registration.merges()) {
            boolean group = before.get().isGroup();
            for (var it : before.get().registrations) {
                if (it.merges()
                        && !it.registrant().equals(registration.registrant())
                        && !(group && it.isOfSite(registration))) {
                    kept.add(it);
                }
            }
        }
        kept.add(registration);
        if (kept.size() > 1) {
            kept.sort(Comparator.comparing(Registration::registrant));
        }
        return new Mapping(eid, kept);
    }

    /** What is left without the registration of one xTR. */
    Optional<Mapping> without(Registrant registrant) {
        var kept = new ArrayList<Registration>(registrations.size());
        for (var it : registrations) {
            if (!it.registrant().equals(registrant)) {
                kept.add(it);
            }
        }
        return kept.isEmpty()
                ? Optional.empty()
                : Optional.of(new Mapping(this, List.copyOf(kept)));
    }

    /** Whether the Map-Server answers for the site: if any xTR asked for it (RFC 9301 §8.3). */
    public boolean proxyReply() {
        for (var registration : registrations) {
            if (registration.proxyReply()) {
                return true;
            }
        }
        return isGroup();
    }

    /**
     * The mapping as the mapping system tells it: all locators, each once, sorted, none of them
     * local; not authoritative (RFC 9301 §5.4, §5.5). Of two opinions on one locator the newer
     * counts. The cache time is the shortest that was asked for.
     */
    public MappingRecord record() {
        if (isGroup()) {
            return MappingRecord.of(shortestTtl(), eid(), List.of(replicationList()));
        }
        if (registrations.size() == 1) {
            var only = registrations.getFirst();
            return new MappingRecord(
                    only.ttl(), Action.NO_ACTION, false, only.mapVersion(), eid(), only.told());
        }
        // Nobody but the ETRs may choose a version (RFC 9302 §6), and merged mappings have none
        // that all chose.
        return new MappingRecord(
                shortestTtl(), Action.NO_ACTION, false, 0, eid(), LocatorSet.told(said()));
    }

    private RecordTtl shortestTtl() {
        return registrations.stream().map(Registration::ttl).reduce(RecordTtl::min).orElseThrow();
    }

    /** All that was said, what is newer behind what is older. */
    private List<Locator> said() {
        return registrations.stream()
                .sorted(
                        Comparator.comparingLong(Registration::sinceMillis)
                                .thenComparing(Registration::registrant))
                .flatMap(it -> it.locators().stream())
                .toList();
    }

    /**
     * RFC 8378 §5.1.3: the replication lists of all receiver sites in one, no entry twice; of two
     * opinions on one receiver the newer counts.
     */
    private Locator replicationList() {
        var byAddress = new TreeMap<Rloc, ReplicationListEntry.Entry>();
        for (var locator : said()) {
            if (locator.rloc().address() instanceof ReplicationListEntry(var entries)) {
                entries.forEach(entry -> byAddress.put(new Rloc(entry.address()), entry));
            }
        }
        var entries = byAddress.values().stream().limit(MOST_RECEIVERS).toList();
        return registrations
                .getFirst()
                .locators()
                .getFirst()
                .at(new Rloc(new ReplicationListEntry(entries)))
                .asTold();
    }

    /** How a mapping that is gone is told: no locators, and not to be cached (RFC 9437 §6). */
    static MappingRecord goneRecord(Eid eid) {
        return MappingRecord.of(RecordTtl.REMOVE, eid, List.of());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Mapping that
                && sameBits(that)
                && registrations.equals(that.registrations);
    }

    @Override
    public int hashCode() {
        return 31 * hash() + registrations.hashCode();
    }

    @Override
    public String toString() {
        return eid() + " " + registrations;
    }
}
