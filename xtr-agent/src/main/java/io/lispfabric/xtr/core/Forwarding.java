package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MulticastInfo;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a packet goes: the destination decides the mapping system (draft-jain §3), that one's
 * map-cache the locator-set, and a hash of the flow the locator (RFC 9300 §9, §12). A mapping of
 * one domain is never used for a destination of another.
 */
public final class Forwarding {
    /** What to do with one packet. Decisions are made once and kept, not made per packet. */
    public sealed interface Decision {
        /** Send it in the domain's encapsulation to this locator. */
        record Encapsulate(LispAddress.Ip rloc, InetAddress address) implements Decision {}

        /**
         * Send a copy to each of these (RFC 8378 §5.2), of which this xTR is none.
         *
         * @param receivers none, when all who receive it are here
         */
        record Replicate(List<Encapsulate> receivers) implements Decision {
            public Replicate {
                receivers = List.copyOf(receivers);
            }
        }

        /**
         * Drop it.
         *
         * @param resolve whether the mapping system is to be asked for the destination
         */
        record Discard(Drop why, boolean resolve) implements Decision {}
    }

    /** Nothing is known yet. */
    public static final Decision UNRESOLVED = new Decision.Discard(Drop.UNRESOLVED, true);

    private final PrefixTable<MappingDomain> routes = new PrefixTable<>();
    private final Map<Integer, MappingDomain> segments = new HashMap<>();
    private final Set<Integer> iids = new HashSet<>();

    /**
     * Lets a domain answer for a prefix.
     *
     * @throws IllegalArgumentException when another domain does already
     */
    public void route(Eid prefix, MappingDomain domain) {
        iids.add(prefix.iid().value());
        var before = routes.put(prefix, domain);
        if (before.isPresent() && before.get() != domain) {
            throw new IllegalArgumentException(conflict(prefix.toString(), before.get(), domain));
        }
    }

    /**
     * Lets a domain answer for whatever in a segment has no longer route.
     *
     * @throws IllegalArgumentException when another domain does already
     */
    public void route(InstanceId segment, MappingDomain domain) {
        iids.add(segment.value());
        var before = segments.put(segment.value(), domain);
        if (before != null && before != domain) {
            throw new IllegalArgumentException(conflict("[" + segment + "]*", before, domain));
        }
    }

    private static String conflict(String route, MappingDomain one, MappingDomain other) {
        return "route " + route + " is one of domain " + one.name() + " and of " + other.name();
    }

    /** Whether anything of a segment is looked up in any domain. */
    public boolean has(int iid) {
        return iids.contains(iid);
    }

    /** The domain with the longest route for a destination. */
    public Optional<MappingDomain> domainOf(EidKey destination) {
        var longest = routes.longest(destination);
        return longest.isPresent() ? longest : Optional.ofNullable(segments.get(destination.iid()));
    }

    /** The domain in which a prefix is looked up and registered; a group, by its address. */
    public Optional<MappingDomain> domainOf(Eid prefix) {
        if (prefix.prefix().address() instanceof MulticastInfo info) {
            return domainOf(new Eid(prefix.iid(), EidPrefix.of(info.group().address())));
        }
        var found = new Longest();
        routes.covering(prefix, found::take);
        return found.domain.isPresent()
                ? found.domain
                : Optional.ofNullable(segments.get(prefix.iid().value()));
    }

    /** Covering prefixes come shortest first. */
    private static final class Longest {
        private Optional<MappingDomain> domain = Optional.empty();

        void take(MappingDomain candidate) {
            domain = Optional.of(candidate);
        }
    }

    /** What to do with a packet of a flow, once its domain is known. */
    public Decision decide(MappingDomain domain, EidKey destination, int flow) {
        var entry = domain.cache().lookup(destination);
        return entry.isPresent() ? entry.get().choice().select(flow) : UNRESOLVED;
    }

    /** What to do with a packet of a source to a group, once its domain is known. */
    public Decision decide(MappingDomain domain, EidKey source, EidKey group, int flow) {
        var entry = domain.cache().lookup(source, group);
        return entry.isPresent() ? entry.get().choice().select(flow) : UNRESOLVED;
    }
}
