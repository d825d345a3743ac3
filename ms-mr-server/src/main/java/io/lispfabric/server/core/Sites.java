package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.wire.SiteId;
import java.util.List;
import java.util.Optional;

/**
 * All sites that this server is configured with, checked together.
 *
 * @param dropUnknown whether an EID that no site is configured for is to be dropped, rather than
 *     forwarded natively (RFC 9301 §8.3)
 */
public record Sites(List<Site> sites, boolean dropUnknown) {
    /**
     * @throws IllegalArgumentException with a sentence for the operator, when two sites claim the
     *     same EIDs or name
     */
    public Sites {
        sites = List.copyOf(sites);
        for (int i = 0; i < sites.size(); i++) {
            for (int j = 0; j < i; j++) {
                reject(sites.get(j), sites.get(i));
            }
        }
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
                .filter(prefix -> prefix.covers(eid))
                .max((a, b) -> Integer.compare(length(a), length(b)));
    }

    private static int length(SitePrefix prefix) {
        return prefix.prefix()
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
