package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.Comparator;
import java.util.Optional;

/**
 * Who of a site's xTRs joins groups for it: the designated one (draft-jain §6.3), of those that
 * live the one with the lowest xTR-ID. They show that they live by registering the name {@code
 * members-SITE-ID} in the segment of the group, to be merged; so each of them learns of the others,
 * and comes to the same result.
 */
final class Membership {
    private Membership() {}

    /** What the xTRs of a site register to be one of those who may be designated. */
    static Eid eid(InstanceId segment, SiteId site) {
        return new Eid(segment, EidPrefix.parse("name:members-" + site));
    }

    /**
     * Whether an xTR may stand in the replication list of a group. Where no membership is
     * registered, whoever stands there already and has a lower xTR-ID is designated.
     */
    static boolean isDesignated(MappingSystem state, Eid group, XtrIdentity xtr) {
        var members = state.at(eid(group.iid(), xtr.siteId()));
        if (members.isPresent()) {
            return lowest(members.get(), xtr.siteId()).equals(Optional.of(xtr.xtrId()));
        }
        return state.at(group)
                .flatMap(list -> lowest(list, xtr.siteId()))
                .filter(it -> it.compareTo(xtr.xtrId()) < 0)
                .isEmpty();
    }

    private static Optional<XtrId> lowest(Mapping mapping, SiteId site) {
        return mapping.registrants().stream()
                .flatMap(it -> it.identity().stream())
                .filter(it -> it.siteId().equals(site))
                .map(XtrIdentity::xtrId)
                .min(Comparator.naturalOrder());
    }
}
