package io.lispfabric.conformance.fabric;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MapCache;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.NonceCounter;
import io.lispfabric.xtr.core.Outcome;
import io.lispfabric.xtr.core.Transmission;
import io.lispfabric.xtr.core.XtrEvent;
import io.lispfabric.xtr.forward.AttachedEids;
import io.lispfabric.xtr.forward.AttachmentCircuit;
import io.lispfabric.xtr.forward.Counters;
import io.lispfabric.xtr.forward.Encapsulation;
import io.lispfabric.xtr.forward.Forwarder;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** An xTR with everything but the sockets and the threads. */
final class VirtualXtr {
    private final VirtualFabric fabric;
    private final String name;
    private final Ip rloc;
    private final XtrIdentity identity;
    private final SharedKey key;
    private final Map<String, MappingDomain> domains = new LinkedHashMap<>();
    private final Forwarding forwarding = new Forwarding();
    private final LocalDatabase<AttachmentCircuit> database = new LocalDatabase<>();
    private final Groups<AttachmentCircuit> groups;
    private final Map<String, AttachmentCircuit> circuits = new LinkedHashMap<>();
    private final Forwarder forwarder;
    private final Counters counters = new Counters();
    private int priority = 1;
    private Vendors vendors = Vendors.NONE;

    /** What an accelerator got, by the name of its attachment. */
    final Map<String, List<Bytes>> delivered = new LinkedHashMap<>();

    VirtualXtr(
            VirtualFabric fabric,
            String name,
            Ip rloc,
            XtrIdentity identity,
            SharedKey key,
            boolean reEncapsulates) {
        this.fabric = fabric;
        this.name = name;
        this.rloc = rloc;
        this.identity = identity;
        this.key = key;
        groups = new Groups<>(forwarding, identity);
        forwarder =
                new Forwarder(
                        database,
                        forwarding,
                        groups,
                        _ -> Encapsulation.VXLAN_GPE,
                        (how, to, packet) -> fabric.carry(rloc, Ip.of(to), how, Bytes.of(packet)),
                        reEncapsulates,
                        counters,
                        Optional.of(this::watch));
    }

    String name() {
        return name;
    }

    Ip rloc() {
        return rloc;
    }

    /** The priority of its own locator in domains that it joins from now on. */
    VirtualXtr priority(int other) {
        priority = other;
        return this;
    }

    /** Understands LCAFs of this vendor. */
    VirtualXtr understands(int oui) {
        vendors = Vendors.of(Set.of(oui));
        return this;
    }

    /** Takes part in a mapping system, which answers for these destinations. */
    VirtualXtr joins(String domain, InetSocketAddress server, String... routes) {
        var registers = NonceCounter.start(fabric.now(), 1 << 28, Optional.empty());
        var subscriptions = NonceCounter.start(fabric.now(), 2 << 28, Optional.empty());
        var core =
                new MappingDomain(
                        new MappingDomain.Settings(
                                domain,
                                List.of(server),
                                identity,
                                Locator.of(new Rloc(rloc), priority, 50),
                                rloc,
                                4342,
                                RecordTtl.ONE_DAY,
                                65_536),
                        new NonceCounter(registers, 1024, NonceCounter.Reservation.NONE),
                        new NonceCounter(subscriptions, 1L << 26, NonceCounter.Reservation.NONE),
                        fabric::randomNonce);
        domains.put(domain, core);
        for (var route : routes) {
            if (route.endsWith("*")) {
                var iid = Integer.parseInt(route.substring(1, route.length() - 2));
                forwarding.route(new InstanceId(iid), core);
            } else {
                forwarding.route(eid(route), core);
            }
        }
        return this;
    }

    static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }

    MappingDomain domain(String domain) {
        return Optional.ofNullable(domains.get(domain)).orElseThrow();
    }

    VirtualXtr subscribe(String domain, String... prefixes) {
        for (var prefix : prefixes) {
            domain(domain).subscribe(eid(prefix), fabric.now());
        }
        return this;
    }

    VirtualXtr register(String domain, String... prefixes) {
        for (var prefix : prefixes) {
            domain(domain).register(eid(prefix), fabric.now());
        }
        return this;
    }

    VirtualXtr withdraw(String domain, String... prefixes) {
        for (var prefix : prefixes) {
            domain(domain).withdraw(eid(prefix), fabric.now());
        }
        return this;
    }

    /** An accelerator is attached: its EIDs are registered where their routes say. */
    VirtualXtr attach(String attachment, String... eids) {
        var circuit = circuits.computeIfAbsent(attachment, this::circuit);
        for (var text : eids) {
            var eid = eid(text);
            database.attach(eid, circuit);
            forwarding.domainOf(eid).orElseThrow().register(eid, fabric.now());
        }
        return this;
    }

    private AttachmentCircuit circuit(String attachment) {
        return new AttachmentCircuit() {
            @Override
            public String name() {
                return attachment;
            }

            @Override
            public boolean deliver(int nextProtocol, ByteBuffer packet) {
                delivered.computeIfAbsent(attachment, _ -> new ArrayList<>()).add(Bytes.of(packet));
                return true;
            }
        };
    }

    /** An attached accelerator receives these groups from now on. */
    VirtualXtr join(String attachment, String... joined) {
        var circuit = Optional.ofNullable(circuits.get(attachment)).orElseThrow();
        for (var text : joined) {
            groups.join(eid(text), circuit, fabric.now());
        }
        return this;
    }

    VirtualXtr leave(String attachment, String... left) {
        var circuit = Optional.ofNullable(circuits.get(attachment)).orElseThrow();
        for (var text : left) {
            groups.leave(eid(text), circuit, fabric.now());
        }
        return this;
    }

    /** Carries groups between the network that they are routed to and this one. */
    VirtualXtr carries(String domain, String... carried) {
        for (var text : carried) {
            groups.extend(eid(text), domain(domain), fabric.now());
        }
        return this;
    }

    VirtualXtr detach(String... eids) {
        for (var text : eids) {
            var eid = eid(text);
            database.detach(eid);
            forwarding.domainOf(eid).orElseThrow().withdraw(eid, fabric.now());
        }
        return this;
    }

    /** An accelerator with these EIDs sends a frame: an octet of Next Protocol, then a packet. */
    void sends(List<String> eids, Bytes frame) {
        var own = new AttachedEids(eids.stream().map(VirtualXtr::eid).toList());
        if (forwarder.fromAttachment(own, ByteBuffer.wrap(frame.toArray()), fabric.now())) {
            poll();
        }
    }

    void fromNetwork(Ip from, Encapsulation how, Bytes datagram) {
        var octets = ByteBuffer.wrap(datagram.toArray());
        if (forwarder.fromNetwork(how, from.toInetAddress(), octets, fabric.now())) {
            poll();
        }
    }

    private void watch(XtrEvent event) {
        switch (event) {
            case XtrEvent.PacketEncapsulated it ->
                    fabric.hop(name + " > " + fabric.nameOf(it.rloc()));
            case XtrEvent.PacketDelivered it -> fabric.hop(name + " delivers " + it.destination());
            case XtrEvent.PacketDropped it -> fabric.hop(name + " drops " + it.why().label());
            default -> throw new AssertionError("not of a packet: " + event);
        }
    }

    void poll() {
        groups.poll(fabric.now());
        domains.values().forEach(it -> apply(it.poll(fabric.now())));
    }

    private void apply(Outcome outcome) {
        outcome.send().forEach(this::send);
        outcome.drops().forEach(it -> fabric.drop(name, it));
    }

    private void send(Transmission it) {
        byte[] octets =
                switch (it.message()) {
                    case LispMessage.Authenticated message -> seal(message);
                    case LispMessage.Plain message -> LispCodec.encode(message);
                };
        fabric.toServer(rloc, it.to(), octets);
    }

    private byte[] seal(LispMessage.Authenticated message) {
        var asked = message.authentication();
        return Algorithm.of(asked.algorithmId())
                .map(it -> MessageAuthentication.seal(message, key, it, asked.data().length()))
                .orElseGet(() -> MessageAuthentication.seal(message, key));
    }

    /** A control message arrives; it is of the domain whose server it is from. */
    void receive(String domain, InetSocketAddress from, byte[] octets) {
        var core = domain(domain);
        switch (LispCodec.decode(ByteBuffer.wrap(octets), vendors)) {
            case Decoded.Message(MapNotify notify)
                    when MessageAuthentication.verify(notify, ByteBuffer.wrap(octets), key) ->
                    apply(core.onNotify(notify, from, fabric.now()));
            case Decoded.Message(MapReply reply) ->
                    apply(core.onReply(reply, ByteBuffer.wrap(octets), fabric.now()));
            case Decoded.Malformed(var flaw, _) -> fabric.flaw(name, flaw);
            case Decoded it -> throw new AssertionError(name + " cannot take " + it);
        }
        groups.poll(fabric.now());
        apply(core.poll(fabric.now()));
    }

    /** The map-cache of a domain, each entry a line, RLOCs by the names of their xTRs. */
    List<String> mapCache(String domain) {
        return domain(domain).cache().entries().stream()
                .map(MapCache.Entry::record)
                .map(fabric::show)
                .sorted()
                .toList();
    }

    /** The entry for exactly this prefix, shown so; empty when there is none. */
    Optional<String> cached(String domain, String prefix) {
        return domain(domain).cache().get(eid(prefix)).map(it -> fabric.show(it.record()));
    }
}
