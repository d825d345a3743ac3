package io.lispfabric.conformance.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The fabric of draft-jain Figure 1 from its first registration to the last packet: real xTRs, real
 * Map-Servers, every message read from its octets. {@code up-D} is PoD D's Scale-Up mapping system,
 * {@code out} the Scale-Out one.
 */
class Figure1Test {
    private static final List<String> ACC_1 = List.of(Figure1.eids('A', 1));
    private static final List<String> ACC_7 = List.of(Figure1.eids('D', 7));

    private final Figure1 figure = new Figure1();
    private final VirtualFabric fabric = figure.fabric;

    private VirtualXtr xtr(String name) {
        return fabric.xtr(name);
    }

    /** What was said about an EID-Prefix since the last time. */
    private String saidOf(String eid) {
        return fabric.said().stream()
                .filter(it -> it.contains(eid))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    @Rfc("R-013")
    @Rfc("R-020")
    @Rfc("R-021")
    @Rfc("R-023")
    @Rfc("R-025")
    @Rfc("R-026")
    @Rfc("R-027")
    @Rfc("R-059")
    @Rfc("R-062")
    @Test
    void theSubnetOfAPodIsRegisteredInBothSystemsAndToldToRemotePxtrsAndLocalXtrs() {
        figure.subscribe();
        fabric.run(Duration.ofSeconds(2));
        fabric.said();

        xtr("D3").register("out", "[1]40.0.0.0/16").register("up-D", "[1]40.0.0.0/16");
        fabric.run();
        assertThat(saidOf("[1]40.0.0.0/16"))
                .isEqualTo(
                        """
                        D3 > up-D Map-Register [1]40.0.0.0/16 {D3}
                        D3 > out Map-Register [1]40.0.0.0/16 {D3}
                        up-D > D3 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D1 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D2 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D3 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D4 Map-Notify [1]40.0.0.0/16 {D3}
                        out > D3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > A3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > B3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > C3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > A4 Map-Notify [1]40.0.0.0/16 {D3}
                        out > B4 Map-Notify [1]40.0.0.0/16 {D3}
                        out > C4 Map-Notify [1]40.0.0.0/16 {D3}
                        """);
    }

    @Rfc("R-025")
    @Rfc("R-026")
    @Rfc("R-035")
    @Rfc("R-062")
    @Rfc("R-103")
    @Test
    void aPxtrThatLeavesAndTheLastOneAreToldAsWidely() {
        figure.start();
        fabric.said();

        xtr("D4").withdraw("out", "[1]40.0.0.0/16").withdraw("up-D", "[1]40.0.0.0/16");
        fabric.run();
        assertThat(saidOf("[1]40.0.0.0/16"))
                .isEqualTo(
                        """
                        D4 > up-D Map-Register [1]40.0.0.0/16 gone
                        D4 > out Map-Register [1]40.0.0.0/16 gone
                        up-D > D4 Map-Notify [1]40.0.0.0/16 gone
                        up-D > D3 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D1 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D2 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D3 Map-Notify [1]40.0.0.0/16 {D3}
                        up-D > D4 Map-Notify [1]40.0.0.0/16 {D3}
                        out > D4 Map-Notify [1]40.0.0.0/16 gone
                        out > D3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > A3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > B3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > C3 Map-Notify [1]40.0.0.0/16 {D3}
                        out > A4 Map-Notify [1]40.0.0.0/16 {D3}
                        out > B4 Map-Notify [1]40.0.0.0/16 {D3}
                        out > C4 Map-Notify [1]40.0.0.0/16 {D3}
                        """);

        xtr("D3").withdraw("out", "[1]40.0.0.0/16");
        fabric.run();
        assertThat(saidOf("[1]40.0.0.0/16"))
                .isEqualTo(
                        """
                        D3 > out Map-Register [1]40.0.0.0/16 gone
                        out > D3 Map-Notify [1]40.0.0.0/16 gone
                        out > A3 Map-Notify [1]40.0.0.0/16 gone
                        out > B3 Map-Notify [1]40.0.0.0/16 gone
                        out > C3 Map-Notify [1]40.0.0.0/16 gone
                        out > A4 Map-Notify [1]40.0.0.0/16 gone
                        out > B4 Map-Notify [1]40.0.0.0/16 gone
                        out > C4 Map-Notify [1]40.0.0.0/16 gone
                        """);
    }

    @Rfc("R-001")
    @Rfc("R-005")
    @Rfc("R-014")
    @Rfc("R-029")
    @Rfc("R-030")
    @Rfc("R-031")
    @Rfc("R-036")
    @Rfc("R-043")
    @Rfc("R-066")
    @Rfc("R-069")
    @Rfc("R-085")
    @Rfc("R-089")
    @Test
    void everyXtrKnowsTheAcceleratorsOfItsPodAndPxtrsTheSubnetsOfTheOthers() {
        figure.start();

        for (int number = 1; number <= 4; number++) {
            assertThat(xtr("D" + number).mapCache("up-D"))
                    .containsExactly(
                            "[1]40.0.0.0/16 {D3 D4}",
                            "[1]40.0.0.7/32 {D1 D2}",
                            "[1]40.0.0.8/32 {D1 D2}");
        }
        for (var pxtr : List.of("D3", "D4")) {
            assertThat(xtr(pxtr).mapCache("out"))
                    .containsExactly(
                            "[1]10.0.0.0/16 {A3 A4}",
                            "[1]20.0.0.0/16 {B3 B4}",
                            "[1]30.0.0.0/16 {C3 C4}");
        }
        assertThat(fabric.server("up-D").state().mappings().size()).isEqualTo(6);
        assertThat(fabric.server("out").state().mappings().size()).isEqualTo(4);
        assertThat(fabric.drops()).isEmpty();
    }

    @Rfc("R-002")
    @Rfc("R-013")
    @Rfc("R-015")
    @Rfc("R-040")
    @Rfc("R-041")
    @Rfc("R-042")
    @Rfc("R-045")
    @Rfc("R-046")
    @Rfc("R-048")
    @Rfc("R-061")
    @Test
    void aPacketFromAccelerator1ToAccelerator7CrossesA1A3D3AndD1OrD2() {
        figure.start();
        fabric.said();
        var hello = Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "hello");

        xtr("A1").sends(ACC_1, hello);
        fabric.run();
        assertThat(fabric.hops()).containsExactly("A1 drops unresolved");
        assertThat(fabric.said().getFirst()).isEqualTo("A1 > up-A Subscribe [1]40.0.0.7/32");

        xtr("A1").sends(ACC_1, hello);
        fabric.run();
        assertThat(fabric.hops())
                .containsExactly("A1 > A3", "A3 > D3", "D3 > D1", "D1 delivers [1]40.0.0.7/32");
        // A3 and D3 took one each from its TTL (RFC 9300 §5.3); else it is what was sent.
        assertThat(xtr("D1").delivered.get("acc-7"))
                .containsExactly(packet(Frames.ipv4("10.0.0.1", "40.0.0.7", 62, "hello")));
        assertThat(fabric.said()).isEmpty();

        var last = new HashSet<String>();
        for (int flow = 0; flow < 32; flow++) {
            var text = "flow " + flow;
            xtr("A1").sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, text, 6000 + flow));
            fabric.run();
            last.add(fabric.hops().getLast().substring(0, 2));
        }
        assertThat(last).containsExactlyInAnyOrder("D1", "D2");
    }

    /** Without the octet of Next Protocol. */
    private static Bytes packet(Bytes frame) {
        return Bytes.ofHex(frame.hex().substring(2));
    }

    @Rfc("R-002")
    @Rfc("R-015")
    @Rfc("R-017")
    @Rfc("R-074")
    @Rfc("R-088")
    @Test
    void betweenXtrsOfOnePodIpTrafficStaysInTheScaleUpNetwork() {
        figure.start();
        xtr("D2").detach(Figure1.eids('D', 7));
        xtr("D1").detach(Figure1.eids('D', 8));
        fabric.run();
        fabric.said();
        fabric.hops();

        xtr("D1").sends(ACC_7, Frames.ipv4("40.0.0.7", "40.0.0.8", 64, "near"));
        fabric.run();

        assertThat(fabric.hops()).containsExactly("D1 > D2", "D2 delivers [1]40.0.0.8/32");
        // The path was there before the packet.
        assertThat(fabric.said()).isEmpty();
    }

    @Rfc("R-016")
    @Rfc("R-047")
    @Rfc("R-067")
    @Rfc("R-070")
    @Rfc("R-073")
    @Rfc("R-075")
    @Rfc("R-076")
    @Rfc("R-084")
    @Test
    void accelerator7TalksToAccelerator8ByItsAccId() {
        figure.start();
        xtr("D2").detach(Figure1.eids('D', 7));
        xtr("D1").detach(Figure1.eids('D', 8));
        fabric.run();
        fabric.said();
        fabric.hops();
        var hello = Frames.accId("POD-D-AccID-7", "POD-D-AccID-8", "hello");

        xtr("D1").sends(ACC_7, hello);
        fabric.run();
        assertThat(fabric.said())
                .containsExactly(
                        "D1 > up-D Subscribe [100]name:POD-D-AccID-8",
                        "up-D > D1 Map-Notify [100]name:POD-D-AccID-8 {D2}");

        xtr("D1").sends(ACC_7, hello);
        xtr("D1").sends(ACC_7, hello);
        fabric.run();
        assertThat(fabric.hops())
                .containsExactly(
                        "D1 drops unresolved",
                        "D1 > D2",
                        "D1 > D2",
                        "D2 delivers [100]name:POD-D-AccID-8",
                        "D2 delivers [100]name:POD-D-AccID-8");
        assertThat(xtr("D2").delivered.get("acc-8")).containsExactly(packet(hello), packet(hello));
        assertThat(fabric.said()).isEmpty();
    }

    @Rfc("R-011")
    @Rfc("R-012")
    @Rfc("R-049")
    @Rfc("R-050")
    @Rfc("R-051")
    @Rfc("R-052")
    @Rfc("R-077")
    @Rfc("R-078")
    @Rfc("R-079")
    @Rfc("R-080")
    @Rfc("R-083")
    @Test
    void anAcceleratorThatIsDetachedFromOneXtrIsReachedByTheOther() {
        figure.start();
        fabric.said();

        xtr("D1").detach(Figure1.eids('D', 7));
        fabric.run();
        assertThat(saidOf("7"))
                .isEqualTo(
                        """
                        D1 > up-D Map-Register [1]40.0.0.7/32 gone, [100]name:POD-D-AccID-7 gone
                        up-D > D1 Map-Notify [1]40.0.0.7/32 gone, [100]name:POD-D-AccID-7 gone
                        up-D > D2 Map-Notify [1]40.0.0.7/32 {D2}
                        up-D > D1 Map-Notify [1]40.0.0.7/32 {D2}
                        up-D > D2 Map-Notify [1]40.0.0.7/32 {D2}
                        up-D > D3 Map-Notify [1]40.0.0.7/32 {D2}
                        up-D > D4 Map-Notify [1]40.0.0.7/32 {D2}
                        up-D > D2 Map-Notify [100]name:POD-D-AccID-7 {D2}
                        """);
        assertThat(xtr("D1").domain("up-D").registered())
                .noneMatch(it -> it.eid().toString().endsWith("7/32"));

        xtr("A1").sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "resolve"));
        fabric.run();
        fabric.hops();
        for (int flow = 0; flow < 8; flow++) {
            var text = "flow " + flow;
            xtr("A1").sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, text, 6000 + flow));
            fabric.run();
            assertThat(fabric.hops())
                    .containsExactly("A1 > A3", "A3 > D3", "D3 > D2", "D2 delivers [1]40.0.0.7/32");
        }
    }

    @Rfc("R-050")
    @Rfc("R-052")
    @Rfc("R-064")
    @Rfc("R-065")
    @Rfc("R-086")
    @Test
    void anAcceleratorThatMovesIsForgottenWhereItWasAndFoundWhereItIs() {
        figure.start();
        fabric.said();

        xtr("D4").attach("acc-7", Figure1.eids('D', 7));
        xtr("D1").detach(Figure1.eids('D', 7));
        xtr("D2").detach(Figure1.eids('D', 7));
        fabric.run();
        assertThat(saidOf("[1]40.0.0.7/32"))
                .contains("up-D > D1 Map-Notify [1]40.0.0.7/32 {D4}\n")
                .contains("up-D > D2 Map-Notify [1]40.0.0.7/32 {D4}\n")
                .contains("up-D > D3 Map-Notify [1]40.0.0.7/32 {D4}\n");
        for (var name : List.of("D1", "D2", "D3")) {
            assertThat(xtr(name).cached("up-D", "[1]40.0.0.7/32")).contains("[1]40.0.0.7/32 {D4}");
        }
    }

    @Rfc("R-010")
    @Rfc("R-058")
    @Rfc("R-082")
    @Test
    void theSameAddressInTwoSegmentsIsTwoAccelerators() {
        var tenants = new Figure1(1, 2, 3);
        tenants.start();
        tenants.fabric.xtr("D1").attach("tenant-2", "[2]40.0.0.7");
        tenants.fabric.xtr("D2").attach("tenant-3", "[3]40.0.0.7");
        tenants.fabric.xtr("D4").subscribe("up-D", "[2]40.0.0.0/16", "[3]40.0.0.0/16");
        tenants.fabric.run();

        assertThat(tenants.fabric.xtr("D4").mapCache("up-D"))
                .contains("[1]40.0.0.7/32 {D1 D2}", "[2]40.0.0.7/32 {D1}", "[3]40.0.0.7/32 {D2}");
        assertThat(tenants.fabric.xtr("D3").mapCache("up-D")).noneMatch(it -> it.startsWith("[2]"));
    }

    @Rfc("R-018")
    @Test
    void everyAcceleratorCanTalkToEveryOtherAtOnce() {
        figure.start();
        for (int round = 0; round < 2; round++) {
            fabric.hops();
            for (int from = 1; from <= 8; from++) {
                for (int to = 1; to <= 8; to++) {
                    if (from != to) {
                        xtr(Figure1.podOf(from) + "1")
                                .sends(
                                        List.of(Figure1.eids(Figure1.podOf(from), from)),
                                        Frames.ipv4(
                                                Figure1.address(from),
                                                Figure1.address(to),
                                                64,
                                                "all to all"));
                    }
                }
            }
            fabric.run();
        }
        assertThat(fabric.hops().stream().filter(it -> it.contains(" delivers "))).hasSize(8 * 7);
    }

    @Rfc("R-021")
    @Rfc("R-044")
    @Rfc("R-045")
    @Rfc("R-062")
    @Test
    void theGatewaysOfAPodStandForAllThatIsOutsideOfIt() {
        figure.start();
        fabric.said();

        xtr("A1").sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "where?"));
        fabric.run();
        assertThat(fabric.said())
                .containsExactly(
                        "A1 > up-A Subscribe [1]40.0.0.7/32",
                        "up-A > A1 Map-Notify [1]32.0.0.0/3 {A3 A4}");

        xtr("A3").withdraw("up-A", "[1]0.0.0.0/0");
        fabric.run();
        assertThat(xtr("A1").cached("up-A", "[1]32.0.0.0/3")).contains("[1]32.0.0.0/3 {A4}");
        fabric.hops();
        xtr("A1").sends(ACC_1, Frames.ipv4("10.0.0.1", "40.0.0.7", 64, "round by A4"));
        fabric.run();
        assertThat(fabric.hops()).startsWith("A1 > A4", "A4 > D3");

        xtr("A4").withdraw("up-A", "[1]0.0.0.0/0");
        fabric.run();
        assertThat(xtr("A1").cached("up-A", "[1]32.0.0.0/3")).isEmpty();
    }
}
