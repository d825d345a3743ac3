package io.lispfabric.xtr.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForwarderTest {
    private static final List<String> ACC_1 = List.of("[1]10.0.0.1");
    private static final List<String> ACC_7 =
            List.of("[1]40.0.0.7", "[100]name:POD-D-AccID-7", "[7]mac:02:00:00:00:00:07");

    private final Fabric fabric = new Fabric();

    /** The figure of draft-jain: PoD A with A1 and the pxTR A3, PoD D with D1, D2 and D3. */
    private final Fabric.Xtr a1 =
            fabric.xtr("A1", "192.0.2.1")
                    .route("up", "[1]0.0.0.0/0")
                    .knows("up", "[1]0.0.0.0/0", "192.0.2.3");

    private final Fabric.Xtr a3 =
            fabric.pxtr("A3", "192.0.2.3")
                    .route("up", "[1]10.0.0.0/16")
                    .route("out", "[1]0.0.0.0/0")
                    .knows("out", "[1]40.0.0.0/16", "192.0.2.43");

    private final Fabric.Xtr d1 =
            fabric.xtr("D1", "192.0.2.41")
                    .route("up", "[1]*", "[100]*", "[7]*")
                    .attach("acc7", ACC_7.toArray(String[]::new))
                    .attach("acc8", "[1]40.0.0.8", "[100]name:POD-D-AccID-8");

    private final Fabric.Xtr d2 =
            fabric.xtr("D2", "192.0.2.42")
                    .route("up", "[1]*", "[100]*", "[7]*")
                    .attach("acc7", ACC_7.toArray(String[]::new))
                    .attach(
                            "acc8",
                            "[1]40.0.0.8",
                            "[100]name:POD-D-AccID-8",
                            "[7]mac:02:00:00:00:00:08",
                            "[1]2001:db8::8");

    private final Fabric.Xtr d3 =
            fabric.pxtr("D3", "192.0.2.43")
                    .route("up", "[1]40.0.0.0/16")
                    .route("out", "[1]0.0.0.0/0")
                    .knows("up", "[1]40.0.0.0/16", "192.0.2.43", "192.0.2.44")
                    .knows("up", "[1]40.0.0.7", "192.0.2.41", "192.0.2.42");

    @Test
    @Rfc("R-041")
    @Rfc("R-042")
    @Rfc("R-045")
    @Rfc("R-046")
    void betweenPodsAPacketCrossesThePxtrsOfBoth() {
        var frame = Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "hello");
        a1.sends(ACC_1, frame);

        assertThat(fabric.hops.subList(0, 2)).containsExactly("A1 > 192.0.2.3", "A3 > 192.0.2.43");
        assertThat(fabric.hops.getLast())
                .isIn("D1 delivers [1]40.0.0.7/32", "D2 delivers [1]40.0.0.7/32");
        // Two of the hops re-encapsulated it, and each took one from its TTL (RFC 9300 §5.3).
        var arrived = fabric.hops.getLast().startsWith("D1") ? d1 : d2;
        assertThat(arrived.delivered.get("acc7"))
                .containsExactly(Frames.ipv4("10.0.0.1", "40.0.0.7", 62, "hello").hex());
    }

    @Test
    @Rfc("R-097")
    void flowsAreSpreadOverAllXtrsOfTheDestination() {
        for (int i = 0; i < 50; i++) {
            a1.sends(
                    List.of("[1]10.0.0.0/16"),
                    Frames.ipv4("10.0.1." + i, "40.0.0.7", 64, "flow " + i));
        }
        assertThat(Set.copyOf(fabric.hops))
                .contains("D1 delivers [1]40.0.0.7/32", "D2 delivers [1]40.0.0.7/32");
    }

    @Test
    @Rfc("9300 §5.3")
    void aPacketWhoseTtlIsUsedUpIsDroppedAtAPxtr() {
        a1.sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 1, "hello"));
        assertThat(a3.dropped(Drop.TTL_EXPIRED)).isEqualTo(1);
        assertThat(fabric.hops).containsExactly("A1 > 192.0.2.3", "A3 drops ttl-expired");
    }

    @ParameterizedTest
    @EnumSource
    @Rfc("R-072")
    @Rfc("R-073")
    @Rfc("R-075")
    @Rfc("R-019")
    @Rfc("R-105")
    @Rfc("R-106")
    @Rfc("R-107")
    @Rfc("R-110")
    void anAccIdFrameIsCarriedAsItIs(Encapsulation encapsulation) {
        var x = fabric.xtr("X", "192.0.2.51", false, encapsulation);
        x.route("up", "[100]*").knows("up", "[100]name:POD-D-AccID-8", "192.0.2.42");
        var frame = Frames.accId("POD-D-AccID-7", "POD-D-AccID-8", "all-reduce");
        x.sends(ACC_7, frame);

        assertThat(d2.delivered.get("acc8")).containsExactly(frame.hex());
    }

    @ParameterizedTest
    @EnumSource
    @Rfc("R-072")
    void anEthernetFrameIsCarriedAsItIs(Encapsulation encapsulation) {
        var x = fabric.xtr("X", "192.0.2.51", false, encapsulation);
        x.route("up", "[7]*").knows("up", "[7]mac:02:00:00:00:00:08", "192.0.2.42");
        var frame = Frames.ethernet("02:00:00:00:00:07", "02:00:00:00:00:08", "frame");
        x.sends(ACC_7, frame);

        assertThat(d2.delivered.get("acc8")).containsExactly(frame.hex());
    }

    @ParameterizedTest
    @EnumSource
    @Rfc("9300 §5.3")
    @Rfc("R-019")
    @Rfc("R-105")
    @Rfc("R-107")
    void anIpv6PacketIsCarriedAsItIs(Encapsulation encapsulation) {
        var x = fabric.xtr("X", "192.0.2.51", false, encapsulation);
        x.route("up", "[1]*").knows("up", "[1]2001:db8::/32", "192.0.2.42");
        var frame = Frames.ipv6("2001:db8::7", "2001:db8::8", 9, "v6");
        x.sends(List.of("[1]2001:db8::7"), frame);

        assertThat(d2.delivered.get("acc8")).containsExactly(frame.hex());
    }

    @Test
    void betweenTwoAttachmentsOfOneXtrNothingIsEncapsulated() {
        var frame = Frames.accId("POD-D-AccID-7", "POD-D-AccID-8", "near");
        d1.sends(ACC_7, frame);

        assertThat(d1.delivered.get("acc8")).containsExactly(frame.hex());
        assertThat(d1.counters.of(Count.PACKETS_DELIVERED_LOCALLY)).isEqualTo(1);
        assertThat(d1.counters.of(Count.PACKETS_ENCAPSULATED)).isZero();
    }

    @Test
    @Rfc("R-079")
    void aStalePacketIsCountedWhereTheAcceleratorWas() {
        var x = fabric.xtr("X", "192.0.2.51");
        x.route("up", "[100]*").knows("up", "[100]name:POD-D-AccID-8", "192.0.2.42");
        d2.detach("[100]name:POD-D-AccID-8");
        x.sends(ACC_7, Frames.accId("POD-D-AccID-7", "POD-D-AccID-8", "late"));

        assertThat(d2.dropped(Drop.NO_ATTACHMENT)).isEqualTo(1);
    }

    @Test
    @Rfc("R-010")
    void whoPretendsToBeAnotherIsNotHeard() {
        d1.sends(ACC_7, Frames.accId("POD-D-AccID-6", "POD-D-AccID-8", "forged"));
        d1.sends(ACC_7, Frames.ipv4("40.0.0.6", "40.0.0.8", 64, "forged"));
        d1.sends(ACC_7, Frames.ethernet("02:00:00:00:00:06", "02:00:00:00:00:08", "forged"));

        assertThat(d1.dropped(Drop.SPOOFED_SOURCE)).isEqualTo(3);
        assertThat(d1.delivered).isEmpty();
    }

    @Test
    @Rfc("9301 §8.1")
    void aMissIsAskedForAndDropped() {
        var frame = Frames.ipv4("40.0.0.7", "50.0.0.1", 64, "anybody?");
        assertThat(d1.offers(ACC_7, frame)).isTrue();
        assertThat(d1.dropped(Drop.UNRESOLVED)).isEqualTo(1);
        assertThat(d1.domain("up").poll(Fabric.NOW).send()).hasSize(1);
    }

    @Test
    @Rfc("R-004")
    void aMappingOfOneDomainIsNotUsedInAnother() {
        var x = fabric.xtr("X", "192.0.2.51");
        x.route("up", "[1]10.0.0.0/16").route("out", "[1]0.0.0.0/0");
        x.knows("up", "[1]40.0.0.0/16", "192.0.2.66");
        x.sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "which?"));

        assertThat(x.dropped(Drop.UNRESOLVED)).isEqualTo(1);
        assertThat(x.domain("up").poll(Fabric.NOW).send()).isEmpty();
        assertThat(x.domain("out").poll(Fabric.NOW).send()).hasSize(1);
    }

    @Test
    void whatNoDomainAnswersForIsDropped() {
        var x = fabric.xtr("X", "192.0.2.51").route("up", "[2]*");
        x.sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "where?"));
        assertThat(x.dropped(Drop.NO_DOMAIN)).isEqualTo(1);
    }

    @Test
    @Rfc("9301 §5.4")
    @Rfc("R-038")
    void eachNegativeActionIsCountedByItself() {
        var actions = List.of(Action.NATIVELY_FORWARD, Action.DROP, Action.DROP_POLICY_DENIED);
        var x = fabric.xtr("X", "192.0.2.51").route("up", "[1]*");
        for (int i = 0; i < actions.size(); i++) {
            var eid = Fabric.eid("[1]50.0.0." + i);
            x.knows("up", MappingRecord.negative(RecordTtl.FIFTEEN_MINUTES, actions.get(i), eid));
            x.sends(ACC_1, Frames.ipv4("10.0.0.1", "50.0.0." + i, 64, "there?"));
        }
        assertThat(x.dropped(Drop.NEGATIVE_NATIVELY_FORWARD)).isEqualTo(1);
        assertThat(x.dropped(Drop.NEGATIVE_DROP)).isEqualTo(1);
        assertThat(x.dropped(Drop.NEGATIVE_POLICY_DENIED)).isEqualTo(1);
    }

    @Test
    void aPxtrNeverSendsToItselfNorRoundAmongItsLike() {
        a1.knows("up", "[1]40.0.0.0/16", "192.0.2.43");
        a1.sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.99", 64, "nobody"));

        assertThat(fabric.hops).containsExactly("A1 > 192.0.2.43", "D3 drops own-rloc");
        assertThat(d3.domain("up").poll(Fabric.NOW).send()).hasSize(1);
    }

    @Test
    void nothingGoesBackToWhereItCameFrom() {
        d3.knows("out", "[1]10.0.0.0/16", "192.0.2.1");
        a1.knows("up", "[1]10.0.1.0/24", "192.0.2.43");
        a1.sends(ACC_1, Frames.ipv4("10.0.0.1", "10.0.1.5", 64, "boomerang"));

        assertThat(fabric.hops).containsExactly("A1 > 192.0.2.43", "D3 drops split-horizon");
    }

    @Test
    void whatHasNoTtlIsNotSentOn() {
        d3.route("up", "[100]*").knows("up", "[100]name:POD-D-AccID-8", "192.0.2.42");
        var frame = Frames.accId("POD-D-AccID-7", "POD-D-AccID-8", "round").hex().substring(2);
        d3.receive(
                Encapsulation.VXLAN_GPE,
                Ip.parse("192.0.2.41"),
                Bytes.ofHex("0c00007e00006400" + frame));

        assertThat(d3.dropped(Drop.NO_ATTACHMENT)).isEqualTo(1);
    }

    @Test
    @Rfc("8378 §5.2.2")
    void whoSendsToAGroupAsksForItAndForItsGateway() {
        d1.sends(ACC_7, Frames.ipv4("40.0.0.7", "239.1.1.1", 64, "all"));
        assertThat(d1.dropped(Drop.UNRESOLVED)).isEqualTo(1);
        assertThat(
                        d1.domain("up").poll(Fabric.NOW).send().stream()
                                .map(it -> (EncapsulatedControlMessage) it.message())
                                .map(it -> (MapRequest) it.message())
                                .map(it -> it.records().getFirst().eid().toString()))
                .containsExactly(
                        "[1](*,239.1.1.1)", "[1](40.0.0.7/32,239.1.1.1)", "[1]name:gateway-1");
    }

    @Test
    @Rfc("R-098")
    @Rfc("R-101")
    void whoIsNotDesignatedHandsAGroupToNobody() {
        var packet = Frames.ipv4("40.0.0.8", "239.1.1.1", 64, "all").hex().substring(2);
        d1.receive(
                Encapsulation.VXLAN_GPE,
                Ip.parse("192.0.2.42"),
                Bytes.ofHex("0c00000100000100" + packet));
        assertThat(d1.dropped(Drop.NOT_DESIGNATED)).isEqualTo(1);
        assertThat(d1.delivered).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1c00000100000100", // version 1
                "0400000100000100", // no VNI
            })
    @Rfc("vxlan-gpe §3")
    void aVxlanGpeHeaderThatWeCannotObeyIsCounted(String header) {
        d1.receive(Encapsulation.VXLAN_GPE, Ip.parse("192.0.2.9"), carried(header));
        assertThat(d1.dropped(Drop.BAD_HEADER)).isEqualTo(1);
        assertThat(d1.delivered).isEmpty();
    }

    @Test
    @Rfc("vxlan-gpe §3")
    @Rfc("9300 §8")
    @Rfc("R-108")
    void oamEncryptionAndUnknownSegmentsAreCounted() {
        var from = Ip.parse("192.0.2.9");
        d1.receive(Encapsulation.VXLAN_GPE, from, carried("0d00000100000100"));
        assertThat(d1.dropped(Drop.OAM)).isEqualTo(1);
        d1.receive(Encapsulation.LISP, from, carried("0900000000000100"));
        assertThat(d1.dropped(Drop.ENCRYPTED)).isEqualTo(1);
        d1.receive(Encapsulation.LISP, from, carried("0800000000000200"));
        assertThat(d1.dropped(Drop.UNKNOWN_INSTANCE)).isEqualTo(1);
        d1.receive(Encapsulation.VXLAN_GPE, from, carried("0c00000500000100"));
        assertThat(d1.dropped(Drop.UNKNOWN_PROTOCOL)).isEqualTo(1);
        assertThat(d1.delivered).isEmpty();

        d1.receive(Encapsulation.LISP, from, carried("0800000000000100"));
        assertThat(d1.delivered.get("acc7")).hasSize(1);
    }

    @Test
    @Rfc("791 §3.1")
    void aWrongHeaderChecksumIsCounted() {
        var octets = Frames.ipv4("40.0.0.7", "40.0.0.8", 64, "broken").toArray();
        octets[9] ^= 1; // the TTL
        d1.sends(ACC_7, Bytes.of(octets));
        assertThat(d1.dropped(Drop.BAD_CHECKSUM)).isEqualTo(1);
    }

    /** A good packet for accelerator 7 behind a header. */
    private static Bytes carried(String header) {
        var packet = Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "hello").hex().substring(2);
        return Bytes.ofHex(header + packet);
    }
}
