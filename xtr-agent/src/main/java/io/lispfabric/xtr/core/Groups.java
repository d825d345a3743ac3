package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.XtrIdentity;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The groups that this xTR has a part in (RFC 8378, draft-jain §6.3): those that accelerators here
 * receive, and those that it carries between the network of its PoD and another one, as a pxTR.
 *
 * <p>In either role only one xTR of a site acts, the designated one: of those that take part it has
 * the lowest xTR-ID. They find one another by a name that each of them registers, {@code
 * members-SITE-ID}, with its xTR-ID beside its RLOC; so all of them come to the same result from
 * the same Map-Notify, and the Map-Server to the same from what they registered. The pxTR that is
 * designated registers the name {@code gateway-SITE-ID} in the network of the PoD, where the others
 * send it what may have receivers elsewhere.
 *
 * <p>Owned by one loop.
 *
 * @param <P> what an attachment is
 */
public final class Groups<P> {
    private static final String MEMBERS = "members-";
    private static final String GATEWAY = "gateway-";

    private final Forwarding forwarding;
    private final XtrIdentity identity;
    private final LispAddress.Name ownName;
    private final PrefixTable<List<P>> receivers = new PrefixTable<>();
    private final PrefixTable<MappingDomain> extensions = new PrefixTable<>();
    private final Map<Integer, Eid> gateways = new HashMap<>();

    /** What is registered in each segment of each domain while this xTR is designated there. */
    private final Map<Place, Part> parts = new LinkedHashMap<>();

    private record Place(MappingDomain domain, InstanceId segment) {}

    /** A segment in which this xTR may be designated. */
    private static final class Part {
        final Map<Eid, Integer> groups = new LinkedHashMap<>();

        /** The networks of the PoD in which to be found as the gateway. */
        final Set<MappingDomain> inside = new LinkedHashSet<>();

        boolean designated;
    }

    /**
     * No groups yet.
     *
     * @param forwarding says in which domain a group is, by its address
     */
    public Groups(Forwarding forwarding, XtrIdentity identity) {
        this.forwarding = forwarding;
        this.identity = identity;
        ownName = new LispAddress.Name("xtr-" + identity.xtrId());
    }

    /**
     * An attachment receives a group from now on.
     *
     * @throws IllegalArgumentException when no domain has a route for it
     */
    public void join(Eid group, P attachment, Instant now) {
        var place = place(group);
        var those = receivers.get(group).orElseGet(ArrayList::new);
        if (those.isEmpty()) {
            receivers.put(group, those);
            add(place, group, now);
        }
        if (!those.contains(attachment)) {
            those.add(attachment);
        }
    }

    /** An attachment receives a group no longer. */
    public void leave(Eid group, P attachment, Instant now) {
        var those = receivers.get(group);
        if (those.isPresent() && those.get().remove(attachment) && those.get().isEmpty()) {
            receivers.remove(group);
            remove(place(group), group, now);
        }
    }

    /**
     * This xTR carries a group between the network that the group's address is routed to, and
     * another one.
     *
     * @throws IllegalArgumentException when no domain has a route for it, or that is the other one
     */
    public void extend(Eid group, MappingDomain outside, Instant now) {
        var inside = place(group).domain();
        if (inside == outside) {
            throw new IllegalArgumentException(
                    group
                            + " is of domain "
                            + inside.name()
                            + " anyway: it cannot be carried there");
        }
        if (extensions.put(group, outside).isPresent()) {
            throw new IllegalArgumentException(group + " cannot be carried to two domains");
        }
        var place = new Place(outside, group.iid());
        add(place, group, now);
        part(place).inside.add(inside);
        // Whoever takes over knows both lists already: not a packet is lost for want of them.
        inside.subscribe(group, now);
        outside.subscribe(group, now);
    }

    private Place place(Eid group) {
        var domain =
                forwarding
                        .domainOf(group)
                        .orElseThrow(() ->
                                new IllegalArgumentException("no domain has a route for " + group));
        return new Place(domain, group.iid());
    }

    private Part part(Place place) {
        return parts.computeIfAbsent(place, _ -> new Part());
    }

    private void add(Place place, Eid group, Instant now) {
        var part = part(place);
        if (part.groups.isEmpty()) {
            place.domain().register(name(MEMBERS, place.segment()), ownName, now);
        }
        if (part.groups.merge(group, 1, Integer::sum) == 1 && part.designated) {
            place.domain().register(group, now);
        }
    }

    private void remove(Place place, Eid group, Instant now) {
        var part = part(place);
        part.groups.computeIfPresent(group, (_, count) -> count == 1 ? null : count - 1);
        if (!part.groups.containsKey(group)) {
            place.domain().withdraw(group, now);
        }
        if (part.groups.isEmpty()) {
            place.domain().withdraw(name(MEMBERS, place.segment()), now);
            parts.remove(place);
        }
    }

    private Eid name(String what, InstanceId segment) {
        return new Eid(segment, EidPrefix.parse("name:" + what + identity.siteId()));
    }

    /** Takes over, or stops, where another xTR of the site has left or come. */
    public void poll(Instant now) {
        parts.forEach((place, part) -> poll(place, part, now));
    }

    private void poll(Place place, Part part, Instant now) {
        boolean designated = isLowest(place.domain().merged(name(MEMBERS, place.segment())));
        if (designated == part.designated) {
            return;
        }
        part.designated = designated;
        var domain = place.domain();
        for (var group : part.groups.keySet()) {
            if (designated) {
                domain.register(group, now);
            } else {
                domain.withdraw(group, now);
            }
        }
        for (var inside : part.inside) {
            if (designated) {
                inside.register(name(GATEWAY, place.segment()), now);
            } else {
                inside.withdraw(name(GATEWAY, place.segment()), now);
            }
        }
    }

    /** All names have as many hexadecimal digits, so that they are ordered as xTR-IDs are. */
    private boolean isLowest(List<Locator> members) {
        return members.stream()
                .flatMap(it -> nameOf(it).stream())
                .min(String::compareTo)
                .filter(ownName.text()::equals)
                .isPresent();
    }

    private static Optional<String> nameOf(Locator member) {
        var elements =
                member.rloc().address() instanceof LispAddress.AfiList(var list)
                        ? list
                        : List.<LispAddress>of();
        return elements.stream()
                .flatMap(it ->
                        it instanceof LispAddress.Name(var text) && text.startsWith("xtr-")
                                ? Stream.of(text)
                                : Stream.empty())
                .findFirst();
    }

    /** Whether this xTR is the one of its site that sends to, and receives for, a segment. */
    public boolean isDesignated(MappingDomain domain, int iid) {
        // There are as many as segments with groups; a key for a map would cost more.
        for (var it : parts.entrySet()) {
            if (it.getKey().domain() == domain && it.getKey().segment().value() == iid) {
                return it.getValue().designated;
            }
        }
        return false;
    }

    /** The network that packets to a group are carried to, besides that of the PoD. */
    public Optional<MappingDomain> extension(EidKey source, EidKey group) {
        return extensions.longest(source, group);
    }

    /** Adds the attachments that receive what a source sends to a group, each once. */
    public void receivers(EidKey source, EidKey group, Set<P> to) {
        receivers.covering(source, group, to::addAll);
    }

    /**
     * Where to send what may have receivers outside of the PoD: the pxTR that is designated.
     *
     * @param domain the network of the PoD
     * @return nothing while the mapping system has not said so; then it should be asked for it
     */
    public Optional<MapCache.Entry> gateway(MappingDomain domain, int iid) {
        return domain.cache().get(gatewayName(iid));
    }

    /** The name of the gateway in a segment. */
    public Eid gatewayName(int iid) {
        return gateways.computeIfAbsent(iid, it -> name(GATEWAY, new InstanceId(it)));
    }
}
