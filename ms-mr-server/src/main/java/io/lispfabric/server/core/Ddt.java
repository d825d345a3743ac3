package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.ReferralAction;
import io.lispfabric.wire.ReferralRecord;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A DDT Map-Server's place in the delegated database tree, and what it says to those who come down
 * that tree (RFC 8111 §7.2, §8.3).
 *
 * @param authority what is delegated to it besides the EID-Prefixes of its sites: where no site is,
 *     nobody is
 * @param servers the RLOCs of all Map-Servers, itself among them, that answer for the same; empty
 *     when it stands in no tree
 * @param complete whether those are really all (RFC 8111 §6.3)
 */
public record Ddt(List<Eid> authority, List<Ip> servers, boolean complete) {
    /** In no tree. */
    public static final Ddt NONE = new Ddt(List.of(), List.of(), false);

    public Ddt {
        authority = List.copyOf(authority);
        servers = List.copyOf(servers);
    }

    public boolean inTree() {
        return !servers.isEmpty();
    }

    /** The answer to a DDT Map-Request; only after an MS-ACK the request itself is served. */
    public ReferralRecord referral(MappingSystem state, Sites sites, Eid prefix) {
        // One record tells of all of it, so it must be of one kind.
        var asked = MapResolver.askable(state, sites, prefix);
        var site = sites.configured(asked);
        if (site.isPresent()) {
            var hole =
                    MapResolver.hole(state, sites, asked, Optional.empty()).map(MappingRecord::eid);
            return hole.isEmpty()
                    ? record(
                            RecordTtl.ONE_DAY,
                            ReferralAction.MS_ACK,
                            !complete,
                            configured(site.get(), asked))
                    : record(
                            RecordTtl.ONE_MINUTE,
                            ReferralAction.MS_NOT_REGISTERED,
                            !complete,
                            hole.get());
        }
        return delegated(asked)
                .map(it ->
                        record(
                                RecordTtl.FIFTEEN_MINUTES,
                                ReferralAction.DELEGATION_HOLE,
                                false,
                                inside(it, state, sites, asked)))
                .orElseGet(() ->
                        record(RecordTtl.REMOVE, ReferralAction.NOT_AUTHORITATIVE, true, asked));
    }

    private ReferralRecord record(
            RecordTtl ttl, ReferralAction action, boolean incomplete, Eid eid) {
        boolean ours =
                action == ReferralAction.MS_ACK || action == ReferralAction.MS_NOT_REGISTERED;
        var referrals =
                ours
                        ? servers.stream()
                                .map(Rloc::new)
                                .sorted()
                                .map(rloc -> Locator.of(rloc, 1, 100))
                                .toList()
                        : List.<Locator>of();
        return new ReferralRecord(ttl, action, false, incomplete, 0, eid, referrals, List.of());
    }

    /** Names have no prefixes on the wire. */
    private static Eid configured(SitePrefix site, Eid asked) {
        return site.prefix().map(prefix -> new Eid(asked.iid(), prefix)).orElse(asked);
    }

    private Optional<Eid> delegated(Eid asked) {
        return authority.stream()
                .filter(it -> it.covers(asked))
                .max(Comparator.comparingInt(it -> it.prefix().length()));
    }

    /** The largest block around the EID that is delegated to us and, by us, to no site. */
    private static Eid inside(Eid delegated, MappingSystem state, Sites sites, Eid asked) {
        var hole =
                MapResolver.hole(state, sites, asked, Optional.empty())
                        .map(MappingRecord::eid)
                        .orElse(asked);
        return hole.prefix().length() >= delegated.prefix().length()
                ? hole
                : new Eid(
                        asked.iid(),
                        new EidPrefix(asked.prefix().address(), delegated.prefix().length()));
    }
}
