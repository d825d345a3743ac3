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
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.NonceCounter;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Every packet is delivered, sent on or dropped, and counted as that once. */
public final class ForwarderFuzz {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final InetSocketAddress SERVER = new InetSocketAddress("192.0.2.250", 4342);
    private static final Ip HERE = Ip.parse("192.0.2.41");
    private static final Ip THERE = Ip.parse("192.0.2.42");
    private static final List<Eid> OWN =
            List.of(
                    eid("[1]40.0.0.7"),
                    eid("[100]name:POD-D-AccID-7"),
                    eid("[7]mac:02:00:00:00:00:07"));

    private final Counters counters = new Counters();
    private final Forwarder forwarder;

    private ForwarderFuzz() {
        var domain = domain();
        var forwarding = new Forwarding();
        for (int iid : new int[] {1, 7, 100}) {
            forwarding.route(new InstanceId(iid), domain);
        }
        var database = new LocalDatabase<AttachmentCircuit>();
        OWN.forEach(eid -> database.attach(eid, new Sink()));
        forwarder =
                new Forwarder(
                        database,
                        forwarding,
                        new Groups<>(forwarding, new XtrIdentity(new XtrId(0, 1), new SiteId(1))),
                        _ -> Encapsulation.VXLAN_GPE,
                        (_, _, _) -> {},
                        true,
                        counters,
                        Optional.empty());
    }

    private record Sink() implements AttachmentCircuit {
        @Override
        public String name() {
            return "sink";
        }

        @Override
        public boolean deliver(int nextProtocol, ByteBuffer packet) {
            return true;
        }
    }

    /** A domain whose map-cache knows where all of segment 1 is. */
    private static MappingDomain domain() {
        var domain =
                new MappingDomain(
                        new MappingDomain.Settings(
                                "fuzz",
                                List.of(SERVER),
                                new XtrIdentity(new XtrId(0, 1), new SiteId(1)),
                                Locator.of(new Rloc(HERE), 1, 50),
                                HERE,
                                4342,
                                RecordTtl.ONE_DAY,
                                1000),
                        counter(),
                        counter(),
                        () -> new Nonce(1));
        var record =
                MappingRecord.of(
                        RecordTtl.ONE_DAY,
                        eid("[1]0.0.0.0/0"),
                        List.of(Locator.of(new Rloc(THERE), 1, 50).asTold()));
        domain.subscribe(record.eid(), NOW);
        var asked = (EncapsulatedControlMessage) domain.poll(NOW).send().getFirst().message();
        domain.onNotify(
                new MapNotify(
                        ((MapRequest) asked.message()).nonce(),
                        new Authentication(0, 0, Bytes.EMPTY),
                        List.of(record),
                        Optional.empty()),
                SERVER,
                NOW);
        return domain;
    }

    private static NonceCounter counter() {
        return new NonceCounter(new Nonce(0), 1, NonceCounter.Reservation.NONE);
    }

    private static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }

    /** From another xTR: the first octet chooses the encapsulation. */
    public static void network(byte[] octets) {
        if (octets.length == 0) {
            return;
        }
        var kinds = Encapsulation.values();
        var xtr = new ForwarderFuzz();
        xtr.forwarder.fromNetwork(
                kinds[(octets[0] & 0xFF) % kinds.length],
                THERE.toInetAddress(),
                ByteBuffer.wrap(octets, 1, octets.length - 1),
                NOW);
        xtr.expectOne();
    }

    /** From an accelerator. */
    public static void attachment(byte[] octets) {
        var xtr = new ForwarderFuzz();
        xtr.forwarder.fromAttachment(new AttachedEids(OWN), ByteBuffer.wrap(octets), NOW);
        xtr.expectOne();
    }

    private void expectOne() {
        long drops = Arrays.stream(Drop.values()).mapToLong(counters::of).sum();
        long all =
                drops
                        + counters.of(Count.PACKETS_DELIVERED)
                        + counters.of(Count.PACKETS_ENCAPSULATED)
                        + counters.of(Count.PACKETS_REENCAPSULATED);
        if (all != 1) {
            throw new AssertionError("a packet was counted " + all + " times");
        }
    }
}
