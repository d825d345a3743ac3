package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.wire.SiteId;
import java.util.List;
import java.util.Optional;

/**
 * All sites that this server is configured with, checked together.
 *
 * @param dropUnknown whether an EID that no site is configured for is to be dropped, rather than
 *     forwarded natively (RFC 9301 §8.3)
 * @param elsewhere what other Map-Servers are to be asked for
 * @param actionForUnknown whether a Map-Reply that leads to pETRs says so by ACT 6, which RFC 9301
 *     §5.4 does not have
 * @param segments what the Instance IDs are for
 */
public record Sites(
        List<Site> sites,
        boolean dropUnknown,
        List<Elsewhere> elsewhere,
        boolean actionForUnknown,
        Segments segments) {
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
     * @throws IllegalArgumentException with a sentence for the operator, when two sites claim the
     *     same EIDs or name, or one the same as another Map-Server
     */
    public Sites {
        sites = List.copyOf(sites);
        elsewhere = List.copyOf(elsewhere);
        for (int i = 0; i < sites.size(); i++) {
            for (int j = 0; j < i; j++) {
                reject(sites.get(j), sites.get(i));
            }
        }
        for (var it : elsewhere) {
            for (var site : sites) {
                for (var prefix : site.prefixes()) {
                    if (prefix.iid().equals(it.prefix().iid())
                            && prefix.prefix().equals(Optional.of(it.prefix().prefix()))) {
                        throw new IllegalArgumentException(
                                it.prefix() + " is that of site " + site.name());
                    }
                }
            }
        }
        if (elsewhere.stream().map(Elsewhere::prefix).distinct().count() < elsewhere.size()) {
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

    /** Whether xTRs of a site may register an EID-Prefix here (RFC 9301 §8.2). */
    public boolean mayRegister(Site site, Eid eid) {
        return segments.admits(eid) && site.mayRegister(eid);
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
        return sites.stream().filter(site -> site.name().equals(name)).findFirst();
    }

    public Optional<Site> withId(SiteId siteId) {
        return sites.stream().filter(site -> site.siteId().equals(siteId)).findFirst();
    }

    /** The most specific configured prefix that holds the EID. */
    public Optional<SitePrefix> configured(Eid eid) {
        return sites.stream()
                .flatMap(site -> site.prefixes().stream())
                .filter(prefix -> !prefix.petr() && prefix.covers(eid))
                .max((a, b) -> Integer.compare(length(a), length(b)));
    }

    /**
     * Who is to be asked for the EID, when it is not us: whoever is configured for more of its bits
     * (RFC 9301 §8.4).
     */
    public Optional<Elsewhere> elsewhere(Eid eid) {
        if (elsewhere.isEmpty()) {
            return Optional.empty();
        }
        int here = configured(eid).map(Sites::length).orElse(-1);
        return elsewhere.stream()
                .filter(it -> it.prefix().covers(eid))
                .max((a, b) ->
                        Integer.compare(a.prefix().prefix().length(), b.prefix().prefix().length()))
                .filter(it -> it.prefix().prefix().length() > here);
    }

    /** How many bits a block around the EID needs to hold nothing that others are asked for. */
    int clearOfElsewhere(Eid eid) {
        int length = 0;
        for (var it : elsewhere) {
            if (it.prefix().iid().equals(eid.iid()) && !it.prefix().covers(eid)) {
                int common = BitKey.of(it.prefix()).common(BitKey.of(eid)) - BitKey.EID_HEADER;
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
}
