package io.lispfabric.xtr.forward;

import io.lispfabric.lcaf.AddressPrefix;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Forwarding.Decision;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.XtrEvent;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What an xTR does with a packet to a group or to everybody: a copy for each receiver, by head-end
 * replication (RFC 8378 §5.2). Inside of a PoD only the designated xTR hands it to accelerators.
 * Between a PoD and the others only the designated pxTR carries it, and by the side that the source
 * is on: what comes from the PoD goes out and never back in, what comes from outside goes in and
 * never out again (draft-jain §6.3). So no packet goes round, whatever the lists say.
 */
final class Replicator {
    private final InnerPacket inner;
    private final LocalDatabase<AttachmentCircuit> database;
    private final Forwarding forwarding;
    private final Groups<AttachmentCircuit> groups;
    private final Function<MappingDomain, Encapsulation> encapsulations;
    private final DataPlane dataPlane;
    private final Counters counters;
    private final Optional<Consumer<XtrEvent>> watcher;
    private final ByteBuffer scratch;

    // Of one packet

    private final Set<AttachmentCircuit> circuits = new LinkedHashSet<>();
    private final Set<InetAddress> sentTo = new HashSet<>();
    private boolean again;
    private boolean went;
    private boolean asked;
    private Optional<Drop> why = Optional.empty();
    private Instant now = Instant.EPOCH;

    /**
     * A replicator.
     *
     * @param inner what is known of the packet that is being handled
     * @param scratch room for the longest packet with its header
     */
    Replicator(
            InnerPacket inner,
            LocalDatabase<AttachmentCircuit> database,
            Forwarding forwarding,
            Groups<AttachmentCircuit> groups,
            Function<MappingDomain, Encapsulation> encapsulations,
            DataPlane dataPlane,
            Counters counters,
            Optional<Consumer<XtrEvent>> watcher,
            ByteBuffer scratch) {
        this.inner = inner;
        this.database = database;
        this.forwarding = forwarding;
        this.groups = groups;
        this.encapsulations = encapsulations;
        this.dataPlane = dataPlane;
        this.counters = counters;
        this.watcher = watcher;
        this.scratch = scratch;
    }

    /** Why nobody got a copy of the last packet, if so. */
    Optional<Drop> dropped() {
        return went ? Optional.empty() : why.or(() -> Optional.of(Drop.NO_RECEIVERS));
    }

    /** Whether the mapping system was asked something because of the last packet. */
    boolean asked() {
        return asked;
    }

    /** A packet of an accelerator. */
    void fromAttachment(ByteBuffer packet, Instant time) {
        if (!begin(packet, false, time)) {
            return;
        }
        var home = forwarding.domainOf(inner.destination());
        if (home.isEmpty()) {
            because(Drop.NO_DOMAIN);
            return;
        }
        if (groups.isDesignated(home.get(), iid())) {
            deliver(packet);
        }
        replicate(home.get());
        var outside = groups.extension(inner.source(), inner.destination());
        if (outside.isPresent() && groups.isDesignated(outside.get(), iid())) {
            replicate(outside.get());
        } else if (isIp()) {
            sendToGateway(home.get());
        }
    }

    /** A packet that another xTR has sent. */
    void fromNetwork(ByteBuffer packet, InetAddress from, Instant time) {
        if (!begin(packet, true, time)) {
            return;
        }
        var home = forwarding.domainOf(inner.destination());
        if (home.isEmpty()) {
            because(Drop.NO_DOMAIN);
            return;
        }
        // A frame without a TTL could go round for ever, so only IP is sent on (RFC 9300 §5.3).
        var outside =
                isIp()
                        ? groups.extension(inner.source(), inner.destination())
                        : Optional.<MappingDomain>empty();
        if (outside.isEmpty()) {
            if (groups.isDesignated(home.get(), iid())) {
                deliver(packet);
            } else {
                because(Drop.NOT_DESIGNATED);
            }
            return;
        }
        var origin = forwarding.domainOf(inner.source());
        if (origin.equals(home)) {
            carry(home.get(), home.get(), outside.get(), packet, from);
        } else if (origin.equals(outside)) {
            carry(outside.get(), home.get(), outside.get(), packet, from);
        } else {
            because(Drop.NO_DOMAIN);
        }
    }

    /**
     * A pxTR carries a packet to the side that it has not come from.
     *
     * @param origin the one of the two that the source is on
     */
    private void carry(
            MappingDomain origin,
            MappingDomain home,
            MappingDomain outside,
            ByteBuffer packet,
            InetAddress from) {
        if (!isFromSource(origin, from)) {
            return;
        }
        if (groups.isDesignated(home, iid())) {
            deliver(packet);
        }
        if (!groups.isDesignated(outside, iid())) {
            because(Drop.NOT_DESIGNATED);
        } else if (!InnerPacket.age(scratch, Encapsulation.HEADER, inner.nextProtocol())) {
            because(Drop.TTL_EXPIRED);
        } else {
            sentTo.add(from);
            replicate(origin == home ? outside : home);
        }
    }

    /**
     * Whether a packet came from an xTR that its source is at: if not, it is one that was sent back
     * to the side that it had come from (draft-jain §6.3).
     */
    private boolean isFromSource(MappingDomain origin, InetAddress from) {
        var entry = origin.cache().lookup(inner.source());
        if (entry.isEmpty()) {
            ask(origin, inner.source().toEid());
            because(Drop.UNRESOLVED);
            return false;
        }
        var sender = Optional.of(Ip.of(from));
        for (var locator : entry.get().record().locators()) {
            if (locator.rloc().ip().equals(sender)) {
                return true;
            }
        }
        because(Drop.SPLIT_HORIZON);
        return false;
    }

    private boolean begin(ByteBuffer packet, boolean fromNetwork, Instant time) {
        circuits.clear();
        sentTo.clear();
        again = fromNetwork;
        went = false;
        asked = false;
        why = Optional.empty();
        now = time;
        int length = packet.remaining();
        if (length > scratch.capacity() - Encapsulation.HEADER) {
            because(Drop.TOO_LONG);
            return false;
        }
        scratch.clear().put(Encapsulation.HEADER, packet, packet.position(), length);
        scratch.limit(Encapsulation.HEADER + length);
        return true;
    }

    private int iid() {
        return inner.destination().iid();
    }

    private boolean isIp() {
        return inner.nextProtocol() == NextProtocol.IPV4
                || inner.nextProtocol() == NextProtocol.IPV6;
    }

    /** The first reason is told, if there is none better: somebody got a copy. */
    private void because(Drop reason) {
        if (why.isEmpty()) {
            why = Optional.of(reason);
        }
    }

    private void deliver(ByteBuffer packet) {
        groups.receivers(inner.source(), inner.destination(), circuits);
        database.find(inner.source()).ifPresent(circuits::remove); // it has sent it itself
        for (var circuit : circuits) {
            if (circuit.deliver(inner.nextProtocol(), packet)) {
                went = true;
                counters.count(Count.PACKETS_DELIVERED);
                tell(() ->
                        new XtrEvent.PacketDelivered(
                                now, inner.source().toEid(), inner.destination().toEid()));
            } else {
                because(Drop.NO_RECEIVER);
            }
        }
    }

    private void replicate(MappingDomain domain) {
        var decision = forwarding.decide(domain, inner.source(), inner.destination(), inner.flow());
        switch (decision) {
            case Decision.Replicate(var receivers) -> {
                for (var receiver : receivers) {
                    copy(domain, receiver);
                }
            }
            case Decision.Encapsulate receiver -> copy(domain, receiver);
            case Decision.Discard(var reason, var resolve) -> {
                if (resolve) {
                    askForGroup(domain);
                }
                because(reason);
            }
        }
    }

    /**
     * RFC 8378 §5.2.2: (S,G) is asked for; and (*,G) too, so that a receiver of any source is told
     * when there is one.
     */
    private void askForGroup(MappingDomain domain) {
        var segment = inner.destination().toEid().iid();
        var group = inner.destination().toEid().prefix().address();
        var source = inner.source().toEid().prefix();
        ask(domain, new Eid(segment, EidPrefix.group(group)));
        if (source.address().afi() == group.afi()) {
            var sender = new AddressPrefix(source.address(), source.length());
            ask(domain, new Eid(segment, EidPrefix.group(sender, group)));
        }
    }

    /** Whoever of the PoD carries packets to others gets one copy (draft-jain §6.3). */
    private void sendToGateway(MappingDomain home) {
        var gateway = groups.gateway(home, iid());
        if (gateway.isEmpty()) {
            ask(home, groups.gatewayName(iid()));
        } else if (gateway.get().choice().select(inner.flow()) instanceof Decision.Encapsulate to) {
            copy(home, to);
        }
    }

    private void ask(MappingDomain domain, Eid eid) {
        if (domain.resolve(eid, Optional.of(inner.source().toEid()), now)) {
            asked = true;
        } else {
            counters.drop(Drop.TABLE_FULL);
        }
    }

    private void copy(MappingDomain domain, Decision.Encapsulate to) {
        if (!sentTo.add(to.address())) {
            return;
        }
        var encapsulation = encapsulations.apply(domain);
        encapsulation.write(scratch, 0, iid(), inner.nextProtocol());
        dataPlane.send(encapsulation, to.address(), scratch);
        went = true;
        counters.count(again ? Count.PACKETS_REENCAPSULATED : Count.PACKETS_ENCAPSULATED);
        tell(() ->
                new XtrEvent.PacketEncapsulated(
                        now,
                        domain.name(),
                        inner.source().toEid(),
                        inner.destination().toEid(),
                        to.rloc(),
                        again));
    }

    private void tell(Supplier<XtrEvent> event) {
        watcher.ifPresent(it -> it.accept(event.get()));
    }
}
