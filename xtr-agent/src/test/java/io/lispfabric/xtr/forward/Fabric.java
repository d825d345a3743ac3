package io.lispfabric.xtr.forward;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.NonceCounter;
import io.lispfabric.xtr.core.XtrEvent;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** XTRs between which datagrams are values: what one sends is handed to the other, in order. */
final class Fabric {
    static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    static final XtrIdentity IDENTITY = new XtrIdentity(new XtrId(0, 1), new SiteId(1));
    private static final InetSocketAddress SERVER = new InetSocketAddress("192.0.2.250", 4342);

    final List<String> hops = new ArrayList<>();
    private final Map<Ip, Xtr> byRloc = new LinkedHashMap<>();
    private final ArrayDeque<Runnable> wire = new ArrayDeque<>();

    Xtr xtr(String name, String rloc, boolean reEncapsulates, Encapsulation encapsulation) {
        var xtr = new Xtr(name, Ip.parse(rloc), reEncapsulates, encapsulation);
        byRloc.put(xtr.rloc, xtr);
        return xtr;
    }

    Xtr xtr(String name, String rloc) {
        return xtr(name, rloc, false, Encapsulation.VXLAN_GPE);
    }

    Xtr pxtr(String name, String rloc) {
        return xtr(name, rloc, true, Encapsulation.VXLAN_GPE);
    }

    private void run() {
        for (var next = wire.poll(); next != null; next = wire.poll()) {
            next.run();
        }
    }

    /** One xTR: its domains, its attachments, its forwarder. */
    final class Xtr {
        final Counters counters = new Counters();
        final Map<String, List<String>> delivered = new HashMap<>();
        final Ip rloc;
        private final String name;
        private final Forwarding forwarding = new Forwarding();
        private final LocalDatabase<AttachmentCircuit> database = new LocalDatabase<>();
        private final Map<String, MappingDomain> domains = new HashMap<>();
        private final Forwarder forwarder;

        private Xtr(String name, Ip rloc, boolean reEncapsulates, Encapsulation encapsulation) {
            this.name = name;
            this.rloc = rloc;
            forwarder =
                    new Forwarder(
                            database,
                            forwarding,
                            new Groups<>(forwarding, IDENTITY),
                            _ -> encapsulation,
                            (how, to, packet) -> {
                                var datagram = Bytes.of(packet);
                                wire.add(() -> deliver(how, to, datagram));
                            },
                            reEncapsulates,
                            counters,
                            Optional.of(this::watch));
        }

        private void deliver(Encapsulation how, java.net.InetAddress to, Bytes datagram) {
            var next = byRloc.get(Ip.of(to));
            if (next != null) {
                next.receive(how, rloc, datagram);
            }
        }

        boolean receive(Encapsulation how, Ip from, Bytes datagram) {
            return forwarder.fromNetwork(
                    how, from.toInetAddress(), ByteBuffer.wrap(datagram.toArray()), NOW);
        }

        private void watch(XtrEvent event) {
            switch (event) {
                case XtrEvent.PacketEncapsulated it -> hops.add(name + " > " + it.rloc());
                case XtrEvent.PacketDelivered it ->
                        hops.add(name + " delivers " + it.destination());
                case XtrEvent.PacketDropped it -> hops.add(name + " drops " + it.why().label());
                default -> throw new AssertionError("not of a packet: " + event);
            }
        }

        /** Looks destinations up in a domain of its own. */
        Xtr route(String domain, String... prefixes) {
            var it = domain(domain);
            for (var prefix : prefixes) {
                if (prefix.endsWith("*")) {
                    forwarding.route(
                            new InstanceId(
                                    Integer.parseInt(prefix.substring(1, prefix.length() - 2))),
                            it);
                } else {
                    forwarding.route(eid(prefix), it);
                }
            }
            return this;
        }

        MappingDomain domain(String domain) {
            return domains.computeIfAbsent(
                    domain,
                    _ ->
                            new MappingDomain(
                                    new MappingDomain.Settings(
                                            domain,
                                            List.of(SERVER),
                                            IDENTITY,
                                            Locator.of(new Rloc(rloc), 1, 50),
                                            rloc,
                                            4342,
                                            RecordTtl.ONE_DAY,
                                            1000),
                                    counter(),
                                    counter(),
                                    () -> new Nonce(1)));
        }

        private static NonceCounter counter() {
            return new NonceCounter(new Nonce(0), 1, NonceCounter.Reservation.NONE);
        }

        /** Puts a mapping into a map-cache, in the way in which they come. */
        Xtr knows(String domain, String prefix, String... rlocs) {
            return knows(
                    domain,
                    MappingRecord.of(
                            RecordTtl.ONE_DAY,
                            eid(prefix),
                            Arrays.stream(rlocs)
                                    .map(it -> Locator.of(Rloc.of(it), 1, 50).asTold())
                                    .toList()));
        }

        Xtr knows(String domain, MappingRecord record) {
            var it = domain(domain);
            it.subscribe(record.eid(), NOW);
            var asked = (EncapsulatedControlMessage) it.poll(NOW).send().getFirst().message();
            var notify =
                    new MapNotify(
                            ((MapRequest) asked.message()).nonce(),
                            new Authentication(0, 0, Bytes.EMPTY),
                            List.of(record),
                            Optional.empty());
            it.onNotify(notify, SERVER, NOW);
            return this;
        }

        Xtr attach(String attachment, String... eids) {
            var circuit =
                    new AttachmentCircuit() {
                        @Override
                        public String name() {
                            return attachment;
                        }

                        @Override
                        public boolean deliver(int nextProtocol, ByteBuffer packet) {
                            delivered
                                    .computeIfAbsent(attachment, _ -> new ArrayList<>())
                                    .add(
                                            String.format("%02x", nextProtocol)
                                                    + Bytes.of(packet).hex());
                            return true;
                        }
                    };
            for (var eid : eids) {
                database.attach(eid(eid), circuit);
            }
            return this;
        }

        void detach(String eid) {
            database.detach(eid(eid));
        }

        /** An accelerator with these EIDs sends a frame; everything that follows happens. */
        void sends(List<String> eids, Bytes frame) {
            var own = new AttachedEids(eids.stream().map(Fabric::eid).toList());
            forwarder.fromAttachment(own, ByteBuffer.wrap(frame.toArray()), NOW);
            run();
        }

        boolean offers(List<String> eids, Bytes frame) {
            var own = new AttachedEids(eids.stream().map(Fabric::eid).toList());
            return forwarder.fromAttachment(own, ByteBuffer.wrap(frame.toArray()), NOW);
        }

        long dropped(Drop why) {
            return counters.of(why);
        }
    }

    static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }
}
