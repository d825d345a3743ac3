package io.lispfabric.xtr.forward;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.core.EidKey;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Forwarding.Decision;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.XtrEvent;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What an xTR does with a packet (RFC 9300 §4): deliver it, encapsulate it, or drop it and count
 * why. Owned by one loop; no packet makes it throw.
 */
public final class Forwarder {
    /** The longest packet with its header. */
    private static final int LONGEST = 9216;

    private final LocalDatabase<AttachmentCircuit> database;
    private final Forwarding forwarding;
    private final Function<MappingDomain, Encapsulation> encapsulations;
    private final DataPlane dataPlane;
    private final boolean reEncapsulates;
    private final Counters counters;
    private final Optional<Consumer<XtrEvent>> watcher;
    private final InnerPacket inner = new InnerPacket();
    private final ByteBuffer scratch = ByteBuffer.allocate(LONGEST);
    private final Replicator replicator;

    /**
     * A forwarder.
     *
     * @param groups those that this xTR has a part in
     * @param reEncapsulates whether packets from the network that are not for us are sent on, as a
     *     pxTR does
     * @param watcher who is told of every packet, if anybody
     */
    public Forwarder(
            LocalDatabase<AttachmentCircuit> database,
            Forwarding forwarding,
            Groups<AttachmentCircuit> groups,
            Function<MappingDomain, Encapsulation> encapsulations,
            DataPlane dataPlane,
            boolean reEncapsulates,
            Counters counters,
            Optional<Consumer<XtrEvent>> watcher) {
        this.database = database;
        this.forwarding = forwarding;
        this.encapsulations = encapsulations;
        this.dataPlane = dataPlane;
        this.reEncapsulates = reEncapsulates;
        this.counters = counters;
        this.watcher = watcher;
        replicator =
                new Replicator(
                        inner,
                        database,
                        forwarding,
                        groups,
                        encapsulations,
                        dataPlane,
                        counters,
                        watcher,
                        scratch);
    }

    /**
     * A frame from an accelerator: one octet of Next Protocol, then the packet.
     *
     * @return whether the mapping system was asked something, which should be sent
     */
    public boolean fromAttachment(AttachedEids own, ByteBuffer frame, Instant now) {
        counters.count(Count.PACKETS_FROM_ATTACHMENTS);
        if (!frame.hasRemaining()) {
            return drop(Drop.MALFORMED_PACKET, false, now);
        }
        int protocol = frame.get(frame.position()) & 0xFF;
        var packet = frame.slice(frame.position() + 1, frame.remaining() - 1);
        var flaw = inner.read(0, protocol, packet);
        if (flaw.isPresent()) {
            return drop(flaw.get(), false, now);
        }
        int iid = own.segmentOf(inner.source());
        if (iid < 0) {
            return drop(Drop.SPOOFED_SOURCE, true, now);
        }
        inner.source().segment(iid);
        inner.destination().segment(iid);
        if (inner.destination().isMulticast()) {
            replicator.fromAttachment(packet, now);
            return replicated(now);
        }
        var local = database.find(inner.destination());
        if (local.isPresent()) {
            counters.count(Count.PACKETS_DELIVERED_LOCALLY);
            return deliver(local.get(), packet, now);
        }
        return encapsulate(packet, Optional.empty(), now);
    }

    /**
     * A packet in an encapsulation, from another xTR.
     *
     * @return whether the mapping system was asked something, which should be sent
     */
    public boolean fromNetwork(
            Encapsulation encapsulation, InetAddress from, ByteBuffer datagram, Instant now) {
        counters.count(Count.PACKETS_FROM_NETWORK);
        if (datagram.remaining() < Encapsulation.HEADER) {
            return drop(Drop.BAD_HEADER, false, now);
        }
        int at = datagram.position();
        var flaw = encapsulation.check(datagram, at);
        if (flaw.isPresent()) {
            return drop(flaw.get(), false, now);
        }
        int iid = encapsulation.iid(datagram, at);
        if (!database.has(iid) && !(reEncapsulates && forwarding.has(iid))) {
            return drop(Drop.UNKNOWN_INSTANCE, false, now);
        }
        int protocol = encapsulation.nextProtocol(datagram, at);
        var packet =
                datagram.slice(
                        at + Encapsulation.HEADER, datagram.remaining() - Encapsulation.HEADER);
        var broken = inner.read(iid, protocol, packet);
        if (broken.isPresent()) {
            return drop(broken.get(), false, now);
        }
        if (inner.destination().isMulticast()) {
            replicator.fromNetwork(packet, from, now);
            return replicated(now);
        }
        var local = database.find(inner.destination());
        if (local.isPresent()) {
            return deliver(local.get(), packet, now);
        }
        return reEncapsulates
                ? encapsulate(packet, Optional.of(from), now)
                : drop(Drop.NO_ATTACHMENT, true, now);
    }

    private boolean replicated(Instant now) {
        replicator.dropped().ifPresent(why -> drop(why, true, now));
        return replicator.asked();
    }

    private boolean deliver(AttachmentCircuit to, ByteBuffer packet, Instant now) {
        if (!to.deliver(inner.nextProtocol(), packet)) {
            return drop(Drop.NO_RECEIVER, true, now);
        }
        counters.count(Count.PACKETS_DELIVERED);
        watcher.ifPresent(it ->
                it.accept(
                        new XtrEvent.PacketDelivered(
                                now, inner.source().toEid(), inner.destination().toEid())));
        return false;
    }

    private boolean encapsulate(ByteBuffer packet, Optional<InetAddress> from, Instant now) {
        var domain = forwarding.domainOf(inner.destination());
        if (domain.isEmpty()) {
            return drop(Drop.NO_DOMAIN, true, now);
        }
        return switch (forwarding.decide(domain.get(), inner.destination(), inner.flow())) {
            case Decision.Discard(var why, var resolve) -> {
                boolean asked = resolve && resolve(domain.get(), now);
                drop(why, true, now);
                yield asked;
            }
            case Decision.Encapsulate to -> send(domain.get(), to, packet, from, now);
            case Decision.Replicate _ -> drop(Drop.NO_USABLE_LOCATOR, true, now);
        };
    }

    private boolean resolve(MappingDomain domain, Instant now) {
        if (domain.resolve(inner.destination().toEid(), Optional.of(inner.source().toEid()), now)) {
            return true;
        }
        counters.drop(Drop.TABLE_FULL);
        return false;
    }

    private boolean send(
            MappingDomain domain,
            Decision.Encapsulate to,
            ByteBuffer packet,
            Optional<InetAddress> from,
            Instant now) {
        int length = packet.remaining();
        if (length > LONGEST - Encapsulation.HEADER) {
            return drop(Drop.TOO_LONG, true, now);
        }
        if (from.isPresent() && from.get().equals(to.address())) {
            return drop(Drop.SPLIT_HORIZON, true, now);
        }
        var encapsulation = encapsulations.apply(domain);
        scratch.clear();
        encapsulation.write(scratch, 0, inner.destination().iid(), inner.nextProtocol());
        scratch.put(Encapsulation.HEADER, packet, packet.position(), length);
        // A frame without a TTL could go round for ever, so only IP is sent on (RFC 9300 §5.3).
        if (from.isPresent()
                && !InnerPacket.age(scratch, Encapsulation.HEADER, inner.nextProtocol())) {
            return drop(isIp() ? Drop.TTL_EXPIRED : Drop.NO_ATTACHMENT, true, now);
        }
        scratch.limit(Encapsulation.HEADER + length);
        dataPlane.send(encapsulation, to.address(), scratch);
        counters.count(
                from.isPresent() ? Count.PACKETS_REENCAPSULATED : Count.PACKETS_ENCAPSULATED);
        watcher.ifPresent(it ->
                it.accept(
                        new XtrEvent.PacketEncapsulated(
                                now,
                                domain.name(),
                                inner.source().toEid(),
                                inner.destination().toEid(),
                                to.rloc(),
                                from.isPresent())));
        return false;
    }

    private boolean isIp() {
        return inner.nextProtocol() == NextProtocol.IPV4
                || inner.nextProtocol() == NextProtocol.IPV6;
    }

    /** Always false: nothing was asked. */
    private boolean drop(Drop why, boolean readable, Instant now) {
        counters.drop(why);
        watcher.ifPresent(it ->
                it.accept(
                        new XtrEvent.PacketDropped(
                                now,
                                why,
                                eid(readable, inner.source()),
                                eid(readable, inner.destination()))));
        return false;
    }

    private static Optional<Eid> eid(boolean readable, EidKey key) {
        return readable ? Optional.of(key.toEid()) : Optional.empty();
    }
}
