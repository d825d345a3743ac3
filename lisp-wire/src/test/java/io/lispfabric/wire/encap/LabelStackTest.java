package io.lispfabric.wire.encap;

import static io.lispfabric.wire.encap.Packets.AT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Label stacks by hand from the diagram, at their edges, and popped to the last label. */
class LabelStackTest {
    private static final String IPV4 = "4500001400004000400124d60a0900010a090201";

    @Test
    @Rfc("3032 §2.1")
    @Rfc("5462 §1.3")
    void everyFieldOfAnEntry() {
        // 0001 1000 0110 1010 0000 | 101 | 1 | 0011 1111
        var in = Packets.of("186a0b3f");
        assertThat(LabelStackEntry.label(in, AT)).isEqualTo(100_000);
        assertThat(LabelStackEntry.trafficClass(in, AT)).isEqualTo(5);
        assertThat(LabelStackEntry.isBottom(in, AT)).isTrue();
        assertThat(LabelStackEntry.ttl(in, AT)).isEqualTo(63);
        var out = Packets.blank(4);
        LabelStackEntry.write(out, AT, 100_000, 5, true, 63);
        assertThat(Packets.hex(out)).isEqualTo("186a0b3f");
        LabelStackEntry.write(out, AT, LabelStackEntry.MAX_LABEL, 7, false, 255);
        assertThat(Packets.hex(out)).isEqualTo("fffffeff");
    }

    @Test
    @Rfc("3032 §2.1")
    void theStacksOfTheProbesThatLoop() {
        var out = Packets.blank(16);
        assertThat(LabelStack.write(out, AT, 0, 64, 20, 30)).isEqualTo(8);
        assertThat(Packets.hex(out)).startsWith("000140400001e140" + "ff");
        assertThat(LabelStack.write(out, AT, 0, 64, 25, 40, 25, 30)).isEqualTo(16);
        assertThat(Packets.hex(out)).isEqualTo("0001904000028040000190400001e140");
        assertThat(LabelStack.check(out, AT, out.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(LabelStack.depth(out, AT)).isEqualTo(4);
        assertThat(LabelStackEntry.label(out, LabelStack.entry(AT, 1))).isEqualTo(40);
    }

    @Test
    @Rfc("3032 §2.1")
    void aStackWithoutABottomIsTruncated() {
        var in = Packets.of("0001904000028040000190400001e140");
        Packets.cuts(
                in,
                16,
                cut ->
                        assertThat(LabelStack.check(cut, AT, cut.limit()))
                                .isEqualTo(HeaderCheck.TRUNCATED));
    }

    @Test
    void sixteenLabelsAreReadAndNoMore() {
        var sixteen = Packets.of("00064040".repeat(15) + "00064140");
        assertThat(LabelStack.check(sixteen, AT, sixteen.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(LabelStack.depth(sixteen, AT)).isEqualTo(LabelStack.MAX_DEPTH);
        var seventeen = Packets.of("00064040".repeat(16) + "00064140");
        assertThat(LabelStack.check(seventeen, AT, seventeen.limit()))
                .isEqualTo(HeaderCheck.STACK_TOO_DEEP);
        var out = Packets.blank(68);
        assertThatThrownBy(() -> LabelStack.write(out, AT, 0, 64, new int[17]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LabelStack.write(out, AT, 0, 64))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LabelStack.write(out, AT, 0, 64, 1 << 20))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "00003040 00064140, BAD_LABEL", // implicit null on the wire
        "00064040 00003140, BAD_LABEL",
        "00001040 00064140, FINE", // a router alert, not at the bottom
        "00064040 00001140, BAD_LABEL", // and at it
        "00000040 00064140, FINE", // explicit nulls anywhere (RFC 4182)
        "00064040 00000140, FINE",
        "00064040 00002140, FINE",
    })
    @Rfc("3032 §2.1")
    void labelsWithAMeaningOfTheirOwn(String hex, HeaderCheck expected) {
        var in = Packets.of(hex);
        assertThat(LabelStack.check(in, AT, in.limit())).isEqualTo(expected);
    }

    @Test
    @Rfc("3443 §3.5")
    void theTtlOfWhatIsPoppedGoesDownThroughTheStackToTheIpHeader() {
        var packet = Packets.of("00014007" + "0001e140" + IPV4);
        int end = packet.limit();
        assertThat(LabelStack.pop(packet, AT, end)).isEqualTo(HeaderCheck.FINE);
        assertThat(LabelStackEntry.ttl(packet, AT + 4)).isEqualTo(6);
        assertThat(LabelStack.pop(packet, AT + 4, end)).isEqualTo(HeaderCheck.FINE);
        assertThat(Ipv4Header.ttl(packet, AT + 8)).isEqualTo(5);
        assertThat(Ipv4Header.check(packet, AT + 8, end)).isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("3443 §3.5")
    void aPopNeverRaisesTheTtlOfWhatItExposes() {
        var labels = Packets.of("000140ff" + "0001e103" + IPV4);
        assertThat(LabelStack.pop(labels, AT, labels.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(LabelStackEntry.ttl(labels, AT + 4)).isEqualTo(3);
        var ipv6 = Packets.of("0001e1ff" + "6000000000003b07" + "00".repeat(32));
        assertThat(LabelStack.pop(ipv6, AT, ipv6.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(Ipv6Header.hopLimit(ipv6, AT + 4)).isEqualTo(7);
        var longer = Packets.of("0001e105" + "6000000000003b07" + "00".repeat(32));
        assertThat(LabelStack.pop(longer, AT, longer.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(Ipv6Header.hopLimit(longer, AT + 4)).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"00014000, TTL_EXPIRED", "00014001, TTL_EXPIRED", "00014002, FINE"})
    @Rfc("3032 §2.4.1")
    void nothingGoesOnWithATtlOfZero(String top, HeaderCheck expected) {
        var packet = Packets.of(top + "0001e140" + IPV4);
        var before = Packets.hex(packet);
        assertThat(LabelStack.pop(packet, AT, packet.limit())).isEqualTo(expected);
        if (!expected.isFine()) {
            assertThat(Packets.hex(packet)).isEqualTo(before);
        }
    }

    @Test
    void whatIsExposedMustBeAnIpPacket() {
        var none = Packets.of("0001e140");
        assertThat(LabelStack.pop(none, AT, none.limit())).isEqualTo(HeaderCheck.UNKNOWN_PROTOCOL);
        var other = Packets.of("0001e140" + "02000000");
        assertThat(LabelStack.pop(other, AT, other.limit()))
                .isEqualTo(HeaderCheck.UNKNOWN_PROTOCOL);
        var cut = Packets.of("0001e140" + "4500");
        assertThat(LabelStack.pop(cut, AT, cut.limit())).isEqualTo(HeaderCheck.TRUNCATED);
        var wrong = Packets.of("0001e140" + IPV4.replace("24d6", "24d7"));
        assertThat(LabelStack.pop(wrong, AT, wrong.limit())).isEqualTo(HeaderCheck.BAD_CHECKSUM);
        var cut6 = Packets.of("0001e140" + "6000");
        assertThat(LabelStack.pop(cut6, AT, cut6.limit())).isEqualTo(HeaderCheck.TRUNCATED);
    }

    @Property(tries = 300)
    void whatIsWrittenIsRead(
            @ForAll @Size(min = 1, max = 16)
                    List<@IntRange(min = 16, max = 0xF_FFFF) Integer> labels,
            @ForAll @IntRange(max = 7) int trafficClass,
            @ForAll @IntRange(max = 255) int ttl) {
        var out = Packets.blank(64);
        var array = labels.stream().mapToInt(Integer::intValue).toArray();
        int length = LabelStack.write(out, AT, trafficClass, ttl, array);
        assertThat(LabelStack.check(out, AT, AT + length)).isEqualTo(HeaderCheck.FINE);
        assertThat(LabelStack.depth(out, AT)).isEqualTo(labels.size());
        for (int i = 0; i < labels.size(); i++) {
            int at = LabelStack.entry(AT, i);
            assertThat(LabelStackEntry.label(out, at)).isEqualTo(labels.get(i));
            assertThat(LabelStackEntry.trafficClass(out, at)).isEqualTo(trafficClass);
            assertThat(LabelStackEntry.ttl(out, at)).isEqualTo(ttl);
            assertThat(LabelStackEntry.isBottom(out, at)).isEqualTo(i == labels.size() - 1);
        }
    }

    @Property(tries = 1000)
    void noOctetsBreakTheChecks(@ForAll @Size(max = 70) byte[] octets) {
        var in = Packets.of(Bytes.of(octets));
        if (LabelStack.check(in, AT, in.limit()).isFine()) {
            assertThat(LabelStackEntry.LENGTH * LabelStack.depth(in, AT))
                    .isLessThanOrEqualTo(octets.length);
            LabelStack.pop(in, AT, in.limit());
        }
    }
}
