package io.lispfabric.xtr.forward;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.xtr.core.Cause;
import io.lispfabric.xtr.core.Forwarding;
import io.lispfabric.xtr.core.Groups;
import io.lispfabric.xtr.core.LocalDatabase;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.NonceCounter;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A packet that finds its mapping leaves no heap behind that is worth speaking of. */
class AllocationTest {
    private static final int PACKETS = 50_000;

    /**
     * Views of the datagram, at most; a copy of it or an EID built per packet would be far more.
     */
    private static final long BOUND = 256;

    @Test
    void encapsulatingAllocatesNoMoreThanAViewOrTwo() {
        var domain = domain();
        var forwarding = new Forwarding();
        forwarding.route(Fabric.eid("[1000]0.0.0.0/0"), domain);
        domain.cache()
                .install(
                        MappingRecord.of(
                                RecordTtl.ONE_DAY,
                                Fabric.eid("[1000]40.0.0.0/16"),
                                List.of(
                                        Locator.of(Rloc.of("192.0.2.3"), 1, 50),
                                        Locator.of(Rloc.of("192.0.2.4"), 1, 50))),
                        Fabric.NOW,
                        Cause.PUBLICATION);
        var counters = new Counters();
        var sent = new long[1];
        var forwarder =
                new Forwarder(
                        new LocalDatabase<>(),
                        forwarding,
                        new Groups<>(forwarding, Fabric.IDENTITY),
                        _ -> Encapsulation.VXLAN_GPE,
                        (_, _, packet) -> sent[0] += packet.remaining(),
                        false,
                        counters,
                        Optional.empty());
        var own = new AttachedEids(List.of(Fabric.eid("[1000]10.0.0.1")));
        var frame =
                ByteBuffer.wrap(
                        Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "x".repeat(1000)).toArray());

        send(forwarder, own, frame);
        long before = allocated();
        send(forwarder, own, frame);
        long perPacket = (allocated() - before) / PACKETS;

        assertThat(sent[0]).isEqualTo(2L * PACKETS * (8 + 28 + 1000));

        assertThat(perPacket).as("octets allocated for a packet").isLessThan(BOUND);
    }

    private static void send(Forwarder forwarder, AttachedEids own, ByteBuffer frame) {
        for (int i = 0; i < PACKETS; i++) {
            forwarder.fromAttachment(own, frame, Fabric.NOW);
        }
    }

    private static long allocated() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getCurrentThreadAllocatedBytes();
    }

    private static MappingDomain domain() {
        var rloc = Ip.parse("192.0.2.1");
        var counter = new NonceCounter(new Nonce(0), 1, NonceCounter.Reservation.NONE);
        return new MappingDomain(
                new MappingDomain.Settings(
                        "up",
                        List.of(new InetSocketAddress("192.0.2.250", 4342)),
                        new XtrIdentity(new XtrId(0, 1), new SiteId(1)),
                        Locator.of(new Rloc(rloc), 1, 50),
                        rloc,
                        4342,
                        RecordTtl.ONE_DAY,
                        1000),
                counter,
                counter,
                () -> new Nonce(1));
    }
}
