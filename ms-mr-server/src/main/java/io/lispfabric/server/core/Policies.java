package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Who may not ask: it is answered by a policy denial (RFC 9301 §8.3, RFC 9437 §5). */
public record Policies(List<Refusal> refusals) {
    public static final Policies NONE = new Policies(List.of());

    public Policies {
        refusals = List.copyOf(refusals);
    }

    /**
     * Who asks, as it says itself: nothing of it is authenticated, so that this keeps out only
     * those who do not pretend.
     *
     * @param addresses where the request came from, and where it wants to be answered
     */
    public record Requester(List<Ip> addresses, Optional<XtrIdentity> identity) {
        public Requester {
            addresses = List.copyOf(addresses);
        }
    }

    /**
     * One line of the list: it concerns whoever is named in all of the lists that are not empty.
     *
     * @param iids in which segments; empty for all
     * @param subscriptionsOnly whether it may still ask without subscribing
     */
    public record Refusal(
            List<EidPrefix> sources,
            Set<XtrId> xtrIds,
            Set<SiteId> siteIds,
            Set<InstanceId> iids,
            boolean subscriptionsOnly) {
        /**
         * @throws IllegalArgumentException with a sentence for the operator, when nobody is named
         */
        public Refusal {
            sources = List.copyOf(sources);
            xtrIds = Set.copyOf(xtrIds);
            siteIds = Set.copyOf(siteIds);
            iids = Set.copyOf(iids);
            if (sources.isEmpty() && xtrIds.isEmpty() && siteIds.isEmpty() && iids.isEmpty()) {
                throw new IllegalArgumentException(
                        "needs sources, xtr-ids, site-ids or iids: it would concern everybody");
            }
        }

        private boolean concerns(Requester who, Eid asked) {
            return (iids.isEmpty() || iids.contains(asked.iid()))
                    && (sources.isEmpty() || who.addresses().stream().anyMatch(this::isSource))
                    && (xtrIds.isEmpty()
                            || who.identity().filter(it -> xtrIds.contains(it.xtrId())).isPresent())
                    && (siteIds.isEmpty()
                            || who.identity()
                                    .filter(it -> siteIds.contains(it.siteId()))
                                    .isPresent());
        }

        private boolean isSource(Ip address) {
            var host = EidPrefix.of(address);
            return sources.stream().anyMatch(block -> block.covers(host));
        }
    }

    /** Whether the answer is a policy denial, if there is anything to deny. */
    public boolean refuse(Requester who, Eid asked, boolean subscribes) {
        return refusals.stream()
                .anyMatch(it -> (subscribes || !it.subscriptionsOnly()) && it.concerns(who, asked));
    }
}
