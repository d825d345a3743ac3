package io.lispfabric.wire.encap;

import static io.lispfabric.wire.encap.Packets.AT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.math.BigInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fabric's own worked example, and every SID structure against arithmetic on 128 bits. */
class UsidCarrierTest {
    private static final int BLOCK = 0x5f00_0000;

    @Test
    @Rfc("9800 §4.1.1")
    void aPathFromLeafToSpineToLeaf() {
        var atNic = UsidCarrier.of(BLOCK, 0x0100, 0x0500, 0x0300);
        assertThat(hex(atNic)).isEqualTo("5f000000010005000300000000000000");
        assertThat(atNic.block()).isEqualTo(BLOCK);
        assertThat(atNic.active()).isEqualTo(0x0100);
        assertThat(atNic.usid(1)).isEqualTo(0x0500);
        assertThat(atNic.usid(2)).isEqualTo(0x0300);
        assertThat(atNic.usid(3)).isZero();
        assertThat(atNic.isEnd()).isFalse();

        var afterLeaf = atNic.shift();
        assertThat(hex(afterLeaf)).isEqualTo("5f000000050003000000000000000000");
        var afterSpine = afterLeaf.shift();
        assertThat(hex(afterSpine)).isEqualTo("5f000000030000000000000000000000");
        assertThat(afterSpine.active()).isEqualTo(0x0300);
        assertThat(afterSpine.isEnd()).isTrue();
    }

    @Test
    @Rfc("9800 §4.1.1")
    void thePathOfAPacketIsShiftedWhereItLies() {
        var packet = Packets.of("aaaa" + "5f000000000100020003000400050006" + "bbbb");
        int at = AT + 2;
        for (int usid = 1; usid <= 6; usid++) {
            assertThat(UsidCarrier.active(packet, at)).isEqualTo(usid);
            assertThat(UsidCarrier.isEnd(packet, at)).isEqualTo(usid == 6);
            UsidCarrier.shift(packet, at);
        }
        assertThat(Packets.hex(packet)).isEqualTo("aaaa" + "5f000000" + "00".repeat(12) + "bbbb");
    }

    @Test
    @Rfc("9800 §4.1.1")
    void theEndIsWhereTheWholeArgumentIsZeroNotOnlyTheNextUsid() {
        var gap = Packets.of("5f000000010000000300000000000000");
        assertThat(UsidCarrier.isEnd(gap, AT)).isFalse();
        assertThat(UsidCarrier.read(gap, AT).hasGap()).isTrue();
        assertThat(UsidCarrier.of(BLOCK, 1, 2).hasGap()).isFalse();
        assertThat(UsidCarrier.of(BLOCK, 1, 2, 3, 4, 5, 6).hasGap()).isFalse();
        assertThat(new UsidCarrier(0x5f00_0000_0000_0001L, 0).hasGap()).isTrue();
    }

    @Test
    void aCarrierHasOneToSixUsidsThatAreNotZero() {
        assertThatThrownBy(() -> UsidCarrier.of(BLOCK))
                .isInstanceOf(IllegalArgumentException.class);
        for (var usids : new int[][] {{0}, {1, 0, 2}, {1, 2, 3, 4, 5, 6, 7}, {0x1_0000}, {-1}}) {
            assertThatThrownBy(() -> UsidCarrier.of(BLOCK, usids))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Property(tries = 300)
    void whatIsWrittenIsReadAndBothFormsShiftAlike(
            @ForAll int block,
            @ForAll @Size(min = 1, max = 6)
                    java.util.List<@IntRange(min = 1, max = 0xFFFF) Integer> usids) {
        var carrier = UsidCarrier.of(block, usids.stream().mapToInt(Integer::intValue).toArray());
        var packet = Packets.blank(16);
        for (int i = 0; i < usids.size(); i++) {
            carrier.write(packet, AT);
            assertThat(UsidCarrier.read(packet, AT)).isEqualTo(carrier);
            assertThat(carrier.block()).isEqualTo(block);
            assertThat(carrier.active()).isEqualTo(usids.get(i));
            assertThat(UsidCarrier.active(packet, AT)).isEqualTo(usids.get(i));
            assertThat(carrier.isEnd()).isEqualTo(i == usids.size() - 1);
            UsidCarrier.shift(packet, AT);
            carrier = carrier.shift();
            assertThat(UsidCarrier.read(packet, AT)).isEqualTo(carrier);
        }
        assertThat(carrier.active()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, FINE",
        "32, 16, 0, 80, FINE",
        "32, 16, 16, 64, FINE",
        "128, 0, 0, 0, FINE",
        "40, 24, 16, 0, FINE",
        "32, 16, 16, 65, BAD_SID_STRUCTURE",
        "128, 1, 0, 0, BAD_SID_STRUCTURE",
        "129, 0, 0, 0, BAD_SID_STRUCTURE",
        "255, 255, 255, 255, BAD_SID_STRUCTURE",
        "-1, 16, 0, 80, BAD_SID_STRUCTURE",
        "64, 64, 64, -64, BAD_SID_STRUCTURE",
        "2147483647, 1, 2147483647, 1, BAD_SID_STRUCTURE",
    })
    @Rfc("8986 §3.1")
    void aSidHas128Bits(int block, int node, int function, int argument, HeaderCheck expected) {
        assertThat(SidStructure.check(block, node, function, argument)).isEqualTo(expected);
        if (expected.isFine()) {
            assertThat(new SidStructure(block, node, function, argument).block()).isEqualTo(block);
        } else {
            assertThatThrownBy(() -> new SidStructure(block, node, function, argument))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("128");
        }
    }

    @Test
    @Rfc("9800 §4.1")
    void theUsualStructures() {
        assertThat(SidStructure.F3216).isEqualTo(new SidStructure(32, 16, 0, 80));
        assertThat(SidStructure.F3216.csid()).isEqualTo(16);
        assertThat(SidStructure.F3216.capacity()).isEqualTo(UsidCarrier.CAPACITY);
        assertThat(SidStructure.F3216_WITH_FUNCTION).isEqualTo(new SidStructure(32, 16, 16, 64));
        assertThat(SidStructure.F3216_WITH_FUNCTION.csid()).isEqualTo(32);
        assertThat(new SidStructure(48, 0, 0, 80).capacity()).isZero();
    }

    @Test
    @Rfc("9800 §4.1.2")
    void aUaWithItsUnTakesTwoUsidsAtOnce() {
        var packet = Packets.of("5f0000000100e0050300000000000000");
        assertThat(SidStructure.F3216_WITH_FUNCTION.active(packet, AT)).isEqualTo(0x0100_e005L);
        assertThat(SidStructure.F3216_WITH_FUNCTION.isEnd(packet, AT)).isFalse();
        SidStructure.F3216_WITH_FUNCTION.shift(packet, AT);
        assertThat(Packets.hex(packet)).isEqualTo("5f000000030000000000000000000000");
    }

    @Test
    void nothingIsShiftedByNothing() {
        var packet = Packets.blank(16);
        var noCsid = new SidStructure(64, 0, 0, 64);
        assertThat(noCsid.active(packet, AT)).isZero();
        assertThatThrownBy(() -> noCsid.shift(packet, AT))
                .isInstanceOf(IllegalStateException.class);
        var wide = new SidStructure(8, 60, 60, 0);
        assertThatThrownBy(() -> wide.active(packet, AT)).isInstanceOf(IllegalStateException.class);
    }

    @Property(tries = 2000)
    @Rfc("9800 §4.1.1")
    void everyStructureShiftsAsArithmeticSays(
            @ForAll @IntRange(max = 128) int block,
            @ForAll @IntRange(max = 128) int node,
            @ForAll @IntRange(max = 64) int function,
            @ForAll @Size(16) byte[] octets) {
        if (block + node + function > 128 || node + function == 0) {
            return;
        }
        var structure = SidStructure.nextCsid(block, node, function);
        int csid = structure.csid();
        var address = new BigInteger(1, octets);
        var argument = address.mod(BigInteger.TWO.pow(structure.argument()));
        var prefix = address.shiftRight(128 - block).shiftLeft(128 - block);

        var packet = Packets.of(Bytes.of(octets));
        assertThat(structure.isEnd(packet, AT)).isEqualTo(argument.signum() == 0);
        if (csid <= 64) {
            assertThat(structure.active(packet, AT))
                    .isEqualTo(
                            address.shiftRight(structure.argument())
                                    .mod(BigInteger.TWO.pow(csid))
                                    .longValue());
        }
        structure.shift(packet, AT);
        assertThat(new BigInteger(Packets.hex(packet), 16))
                .isEqualTo(prefix.add(argument.shiftLeft(csid)));
    }

    @Property(tries = 300)
    void theCarrierIsTheStructureF3216(@ForAll @Size(16) byte[] octets) {
        var fast = Packets.of(Bytes.of(octets));
        var general = Packets.of(Bytes.of(octets));
        assertThat((long) UsidCarrier.active(fast, AT))
                .isEqualTo(SidStructure.F3216.active(general, AT));
        assertThat(UsidCarrier.isEnd(fast, AT)).isEqualTo(SidStructure.F3216.isEnd(general, AT));
        UsidCarrier.shift(fast, AT);
        SidStructure.F3216.shift(general, AT);
        assertThat(Packets.hex(fast)).isEqualTo(Packets.hex(general));
    }

    private static String hex(UsidCarrier carrier) {
        var out = Packets.blank(16);
        carrier.write(out, AT);
        return Packets.hex(out);
    }
}
