package io.lispfabric.conformance.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.xtr.forward.Encapsulation;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Packets to groups and to everybody in the fabric of Figure 1 (draft-jain §6.3, RFC 8378):
 * accelerators 1 and 2 of PoD A and 7 and 8 of PoD D receive a group, each attached to two xTRs.
 */
class MulticastTest {
    private static final String GROUP = "[1](*,239.1.1.1)";
    private static final List<String> ACC_1 = List.of("[1]10.0.0.1");
    private static final List<String> ACC_7 = List.of("[1]40.0.0.7");
    private static final Bytes HELLO = Frames.ipv4("10.0.0.1", "239.1.1.1", 64, "hello");
    private static final Bytes FROM_7 = Frames.ipv4("40.0.0.7", "239.1.1.1", 64, "from 7");

    private final Figure1 figure = new Figure1();
    private final VirtualFabric fabric = figure.fabric;

    private VirtualXtr xtr(String name) {
        return fabric.xtr(name);
    }

    private void start(String group) {
        figure.start();
        for (int accelerator : new int[] {1, 2, 7, 8}) {
            for (int number = 1; number <= 2; number++) {
                xtr("" + Figure1.podOf(accelerator) + number).join("acc-" + accelerator, group);
            }
        }
        for (var pxtr : List.of("A3", "A4", "D3", "D4")) {
            xtr(pxtr).carries("out", group);
        }
        fabric.run(Duration.ofSeconds(5));
        fabric.said();
        fabric.hops();
    }

    private Stream<String> deliveries() {
        return fabric.hops().stream().filter(it -> it.contains(" delivers "));
    }

    /** What each accelerator got since the last time, by the xTR that it got it from. */
    private List<String> got(String... attachments) {
        return Stream.of("A1", "A2", "A3", "A4", "D1", "D2", "D3", "D4")
                .flatMap(it ->
                        Stream.of(attachments)
                                .flatMap(to ->
                                        xtr(it).delivered.getOrDefault(to, List.of()).stream()
                                                .map(_ -> it + " to " + to)))
                .toList();
    }

    private void forget() {
        fabric.xtrs().forEach(it -> it.delivered.clear());
        fabric.hops();
    }

    private void send(String xtr, List<String> eids, Bytes frame) {
        xtr(xtr).sends(eids, frame);
        fabric.run();
    }

    @Rfc("8378 §5.1.3")
    @Rfc("R-098")
    @Test
    void onlyTheDesignatedXtrOfEachPodIsInTheList() {
        start(GROUP);

        var group = VirtualXtr.eid(GROUP);
        assertThat(fabric.show(fabric.server("up-D").state().record(group)))
                .isEqualTo(GROUP + " {replication(128 192.0.2.41)}");
        assertThat(fabric.show(fabric.server("out").state().record(group)))
                .isEqualTo(GROUP + " {replication(128 192.0.2.13, 128 192.0.2.43)}");
    }

    @Rfc("8378 §5.2")
    @Rfc("R-098")
    @Rfc("R-101")
    @Rfc("R-103")
    @Test
    void aPacketToAGroupReachesEachReceiverOnceByTheDesignatedXtrsAlone() {
        start(GROUP);

        send("A2", ACC_1, HELLO);
        assertThat(fabric.hops()).containsExactly("A2 drops unresolved");
        send("A2", ACC_1, HELLO);

        assertThat(fabric.hops())
                .containsExactly(
                        "A2 > A1",
                        "A2 > A3",
                        "A1 delivers [1]239.1.1.1/32",
                        "A3 > D3",
                        "D3 > D1",
                        "D1 delivers [1]239.1.1.1/32",
                        "D1 delivers [1]239.1.1.1/32");
        // Not to accelerator 1, which has sent it; and nothing by A2, A4, D2 or D4.
        assertThat(got("acc-1", "acc-2", "acc-7", "acc-8"))
                .containsExactly("A1 to acc-2", "D1 to acc-7", "D1 to acc-8");
        // The pxTRs took one each from its TTL.
        assertThat(xtr("D1").delivered.get("acc-7"))
                .containsExactly(packet(Frames.ipv4("10.0.0.1", "239.1.1.1", 62, "hello")));
        assertThat(xtr("A1").delivered.get("acc-2")).containsExactly(packet(HELLO));
    }

    /** Without the octet of Next Protocol. */
    private static Bytes packet(Bytes frame) {
        return Bytes.ofHex(frame.hex().substring(2));
    }

    private void warm() {
        for (int i = 0; i < 4; i++) {
            send("A1", ACC_1, HELLO);
            send("D1", ACC_7, FROM_7);
        }
        forget();
    }

    @Rfc("R-099")
    @Test
    void whatComesFromAPodIsNeverSentBackIntoIt() {
        start(GROUP);
        warm();

        // A copy of what accelerator 7 has sent comes back to the pxTR of its PoD from outside.
        xtr("D3").fromNetwork(xtr("A3").rloc(), Encapsulation.VXLAN_GPE, encapsulated(FROM_7));
        fabric.run();
        assertThat(fabric.hops()).containsExactly("D3 drops split-horizon");

        // What comes from outside is not sent out again, and goes into the PoD once.
        xtr("D3").fromNetwork(xtr("A3").rloc(), Encapsulation.VXLAN_GPE, encapsulated(HELLO));
        fabric.run();
        assertThat(fabric.hops().stream().filter(it -> it.contains(" > ")))
                .containsExactly("D3 > D1");

        // What comes from the PoD goes out, and not back to where it came from.
        send("D1", ACC_7, FROM_7);
        assertThat(fabric.hops())
                .containsExactly(
                        "D1 delivers [1]239.1.1.1/32",
                        "D1 > D3",
                        "D3 > A3",
                        "A3 > A1",
                        "A1 delivers [1]239.1.1.1/32",
                        "A1 delivers [1]239.1.1.1/32");
    }

    /** Header of VXLAN-GPE for segment 1, then the packet. */
    private static Bytes encapsulated(Bytes frame) {
        return Bytes.ofHex("0c00000100000100" + packet(frame).hex());
    }

    @Rfc("R-098")
    @Rfc("R-101")
    @Test
    void anotherXtrTakesOverWhenTheDesignatedOneIsGone() {
        start(GROUP);
        warm();

        xtr("D1").leave("acc-7", GROUP).leave("acc-8", GROUP);
        fabric.run();
        send("A1", ACC_1, HELLO);
        assertThat(got("acc-7", "acc-8")).containsExactly("D2 to acc-7", "D2 to acc-8");

        forget();
        xtr("D1").join("acc-7", GROUP).join("acc-8", GROUP);
        fabric.run();
        send("A1", ACC_1, HELLO);
        assertThat(got("acc-7", "acc-8")).containsExactly("D1 to acc-7", "D1 to acc-8");
    }

    @Rfc("R-101")
    @Rfc("R-102")
    @Test
    void oneScaleOutXtrOfEachPodCarriesBroadcastsAndAnotherTakesOver() {
        var everybody = "[1](*,255.255.255.255)";
        start(everybody);
        var frame = Frames.ipv4("10.0.0.1", "255.255.255.255", 64, "everybody");
        send("A1", ACC_1, frame);
        forget();

        send("A1", ACC_1, frame);
        assertThat(fabric.hops().stream().filter(it -> it.contains(" > ")))
                .containsExactly("A1 > A3", "A3 > D3", "D3 > D1");
        assertThat(got("acc-1", "acc-2", "acc-7", "acc-8"))
                .containsExactly("A1 to acc-2", "D1 to acc-7", "D1 to acc-8");

        // What somebody still sends to another pxTR is not carried twice.
        xtr("D4").fromNetwork(xtr("A3").rloc(), Encapsulation.VXLAN_GPE, encapsulated(frame));
        fabric.run();
        assertThat(fabric.hops()).endsWith("D4 drops not-designated");

        xtr("D3").withdraw("out", "[1]name:members-4");
        fabric.run();
        forget();
        send("A1", ACC_1, frame);
        assertThat(fabric.hops().stream().filter(it -> it.contains(" > ")))
                .containsExactly("A1 > A3", "A3 > D4", "D4 > D1");
        assertThat(got("acc-7", "acc-8")).containsExactly("D1 to acc-7", "D1 to acc-8");
    }

    @Test
    void aGroupThatNobodyReceivesLeadsNowhere() {
        start(GROUP);
        var frame = Frames.ipv4("10.0.0.1", "239.9.9.9", 64, "nobody");
        send("A1", ACC_1, frame);
        send("A1", ACC_1, frame);
        assertThat(deliveries()).isEmpty();
        fabric.hops();

        // Whoever joins is told to those who have asked.
        xtr("A1").join("acc-2", "[1](*,239.9.9.9)");
        xtr("A2").join("acc-2", "[1](*,239.9.9.9)");
        fabric.run();
        send("A2", ACC_1, frame);
        send("A2", ACC_1, frame);
        assertThat(got("acc-2")).isNotEmpty();
    }
}
