package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.wire.SiteId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All sites that this server is configured with, checked together. However many there are, a
 * question costs the same: they are found by their bits.
 */
public final class Sites {
    private final List<Site> sites;
    private final boolean dropUnknown;
    private final List<Elsewhere> elsewhere;
    private final boolean actionForUnknown;
    private final Segments segments;

    private final Map<String, Site> byName = new HashMap<>();
    private final Map<SiteId, Site> byId = new HashMap<>();

    /** What registrations are expected in: all prefixes but those of pETRs and of groups. */
    private final PrefixMap<SitePrefix> places;

    /** Where groups are expected, by the bits of the group: (S,G) is no prefix of anything. */
    private final PrefixMap<SitePrefix> groups;

    private final PrefixMap<Elsewhere> others;

    /** Sites of any segments, whose Map-Replies are just as RFC 9301 has them. */
    public Sites(List<Site> sites, boolean dropUnknown, List<Elsewhere> elsewhere) {
        this(sites, dropUnknown, elsewhere, false, Segments.ANY);
    }

    /** The same; all that is known is known here. */
    public Sites(List<Site> sites, boolean dropUnknown) {
        this(sites, dropUnknown, List.of());
    }

    /** All that is known is known here. */
    public Sites(
            List<Site> sites, boolean dropUnknown, boolean actionForUnknown, Segments segments) {
        this(sites, dropUnknown, List.of(), actionForUnknown, segments);
    }

    /**
     * @param dropUnknown whether an EID that no site is configured for is to be dropped, rather
     *     than forwarded natively (RFC 9301 §8.3)
     * @param elsewhere what other Map-Servers are to be asked for
     * @param actionForUnknown whether a Map-Reply that leads to pETRs says so by ACT 6, which RFC
     *     9301 §5.4 does not have
     * @param segments what the Instance IDs are for
     * @throws IllegalArgumentException with a sentence for the operator, when two sites claim the
     *     same EIDs or name, or one the same as another Map-Server
     */
    public Sites(
            List<Site> sites,
            boolean dropUnknown,
            List<Elsewhere> elsewhere,
            boolean actionForUnknown,
            Segments segments) {
        this.sites = List.copyOf(sites);
        this.dropUnknown = dropUnknown;
        this.elsewhere = List.copyOf(elsewhere);
        this.actionForUnknown = actionForUnknown;
        this.segments = segments;
        check(this.sites, this.elsewhere, segments);
        var expected = PrefixMap.<SitePrefix>empty();
        var receivers = PrefixMap.<SitePrefix>empty();
        for (var site : sites) {
            byName.putIfAbsent(site.name(), site);
            byId.putIfAbsent(site.siteId(), site);
            for (var prefix : site.prefixes()) {
                if (prefix.groups().isPresent()) {
                    receivers = withFirst(receivers, prefix);
                } else if (!prefix.petr()) {
                    expected = withFirst(expected, prefix);
                }
            }
        }
        this.places = expected;
        this.groups = receivers;
        var asked = PrefixMap.<Elsewhere>empty();
        for (var it : elsewhere) {
            asked = asked.with(it.prefix().bits(), it);
        }
        this.others = asked;
    }

    private static PrefixMap<SitePrefix> withFirst(PrefixMap<SitePrefix> map, SitePrefix prefix) {
        return map.get(prefix.bits()).isPresent() ? map : map.with(prefix.bits(), prefix);
    }

    private static void check(List<Site> sites, List<Elsewhere> elsewhere, Segments segments) {
        for (int i = 0; i < sites.size(); i++) {
            for (int j = 0; j < i; j++) {
                reject(sites.get(j), sites.get(i));
            }
        }
        for (var it : elsewhere) {
            for (var site : sites) {
                for (var prefix : site.prefixes()) {
                    if (prefix.groups().isEmpty() && prefix.bits().equals(it.prefix().bits())) {
                        throw new IllegalArgumentException(
                                it.prefix() + " is that of site " + site.name());
                    }
                }
            }
        }
        if (elsewhere.stream().map(it -> it.prefix().bits()).distinct().count()
                < elsewhere.size()) {
            throw new IllegalArgumentException("an EID-Prefix is that of two lists of Map-Servers");
        }
        for (var site : sites) {
            for (var prefix : site.prefixes()) {
                if (!segments.segments().isEmpty() && segments.of(prefix.iid()).isEmpty()) {
                    throw new IllegalArgumentException(
                            "site "
                                    + site.name()
                                    + ": "
                                    + prefix
                                    + " is of a segment that does not exist");
                }
            }
        }
    }

    public List<Site> sites() {
        return sites;
    }

    /** Whether an EID that no site is configured for is to be dropped. */
    public boolean dropUnknown() {
        return dropUnknown;
    }

    /** What other Map-Servers are to be asked for. */
    public List<Elsewhere> elsewhere() {
        return elsewhere;
    }

    /** Whether a Map-Reply that leads to pETRs says so by ACT 6. */
    public boolean actionForUnknown() {
        return actionForUnknown;
    }

    /** What the Instance IDs are for. */
    public Segments segments() {
        return segments;
    }

    /** Why xTRs of a site may not register an EID-Prefix here; empty when they may. */
    public Optional<Refusal> refusal(Site site, Eid eid) {
        return segments.refusal(eid).or(() -> site.refusal(eid));
    }

    /** Whether what is not registered is to be dropped (draft-jain §4.5.4, §5.5.4). */
    boolean drops(Eid unknown) {
        return !segments.serves(unknown.iid())
                || configured(unknown)
                        .filter(SitePrefix::accelerators)
                        .map(_ -> true)
                        .or(() -> segments.of(unknown.iid()).flatMap(Segment::dropsUnknown))
                        .orElseGet(() -> configured(unknown).isEmpty() && dropUnknown);
    }

    /** Whether what no site is configured for is to be dropped in a segment. */
    public boolean dropsUnknown(InstanceId iid) {
        return !segments.serves(iid)
                || segments.of(iid).flatMap(Segment::dropsUnknown).orElse(dropUnknown);
    }

    private static void reject(Site a, Site b) {
        if (a.name().equals(b.name())) {
            throw new IllegalArgumentException("two sites are called " + a.name());
        }
        for (var one : a.prefixes()) {
            for (var other : b.prefixes()) {
                // draft-jain §4.1: a PoD's subnets are unique within their segment.
                if (one.overlaps(other)) {
                    throw new IllegalArgumentException(
                            "site "
                                    + b.name()
                                    + ": "
                                    + other
                                    + " overlaps "
                                    + one
                                    + " of site "
                                    + a.name());
                }
            }
        }
    }

    public Optional<Site> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    public Optional<Site> withId(SiteId siteId) {
        return Optional.ofNullable(byId.get(siteId));
    }

    /** The most specific configured prefix that holds the EID. */
    public Optional<SitePrefix> configured(Eid eid) {
        if (eid.prefix().address() instanceof MulticastInfo info) {
            var group = new Eid(eid.iid(), EidPrefix.of(info.group().address()));
            return groups.longestMatch(BitKey.of(group));
        }
        return places.longestMatch(BitKey.of(eid));
    }

    /** Whether a prefix is configured that is a part of the EID-Prefix. */
    boolean hasWithin(Eid eid) {
        return !places.below(BitKey.of(eid), 1).isEmpty();
    }

    /**
     * How many bits a block around the EID needs to overlap no configured prefix but those that the
     * whole EID lies in.
     */
    int clearOfConfigured(Eid eid) {
        var key = BitKey.of(eid);
        int around = places.longestMatch(key).map(Sites::length).orElse(0);
        return Math.max(around, places.holeLength(key) - BitKey.EID_HEADER);
    }

    /**
     * Who is to be asked for the EID, when it is not us: whoever is configured for more of its bits
     * (RFC 9301 §8.4).
     */
    public Optional<Elsewhere> elsewhere(Eid eid) {
        return elsewhere.isEmpty()
                ? Optional.empty()
                : others.longestMatch(BitKey.of(eid))
                        .filter(it ->
                                length(it.prefix())
                                        > configured(eid).map(Sites::length).orElse(-1));
    }

    /** Whether others are to be asked for a part of the EID-Prefix. */
    boolean hasElsewhereWithin(Eid eid) {
        return !elsewhere.isEmpty() && !others.below(BitKey.of(eid), 1).isEmpty();
    }

    /** How many bits a block around the EID needs to hold nothing that others are asked for. */
    int clearOfElsewhere(Eid eid) {
        int length = 0;
        for (var it : elsewhere) {
            if (it.prefix().iid().equals(eid.iid()) && !it.prefix().covers(eid)) {
                int common = it.prefix().bits().common(BitKey.of(eid)) - BitKey.EID_HEADER;
                length = Math.max(length, common + 1);
            }
        }
        return length;
    }

    private static int length(SitePrefix prefix) {
        return prefix.prefix()
                .or(prefix::groups)
                .map(EidPrefix::length)
                .orElseGet(() -> 8 * prefix.nameStart().orElseThrow().length());
    }

    /**
     * How many bits a registered EID-Prefix must have to be the answer for this EID: in a space of
     * accelerators the subnet as a whole is none.
     */
    public int leastLength(Eid eid) {
        return configured(eid)
                .filter(SitePrefix::accelerators)
                .flatMap(SitePrefix::prefix)
                .filter(space -> space.length() < eid.prefix().length())
                .map(space -> space.length() + 1)
                .orElse(0);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Sites that
                && sites.equals(that.sites)
                && dropUnknown == that.dropUnknown
                && elsewhere.equals(that.elsewhere)
                && actionForUnknown == that.actionForUnknown
                && segments.equals(that.segments);
    }

    @Override
    public int hashCode() {
        return Objects.hash(sites, dropUnknown, elsewhere, actionForUnknown, segments);
    }

    @Override
    public String toString() {
        return sites.toString();
    }
}
