package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read, what is refused and what is ignored: RFC 8060, RFC 9306, RFC 9735. */
class LispAddressTest {
    private static LispAddress read(String hex) {
        return LispAddress.read(new WireReader(Bytes.ofHex(hex).buffer()));
    }

    private static Flaw flaw(String hex) {
        return catchThrowableOfType(MalformedException.class, () -> read(hex)).flaw();
    }

    private static Flaw eidFlaw(String hex, int maskLength) {
        return catchThrowableOfType(
                        MalformedException.class,
                        () -> Eid.read(new WireReader(Bytes.ofHex(hex).buffer()), maskLength))
                .flaw();
    }

    private static String lcaf(int type, String body) {
        return String.format("40030000%02x00%04x", type, body.length() / 2) + body;
    }

    @Test
    @Rfc("9301 §5.1")
    void anUnknownAfiIsRefusedWhereverItStands() {
        for (int afi : new int[] {3, 5, 7, 16, 19, 16386, 16388, 16392, 0xFFFF}) {
            var hex = String.format("%04x0102030405060708", afi);
            assertThat(flaw(hex)).isEqualTo(Flaw.UNKNOWN_AFI);
            assertThat(flaw(lcaf(2, "00000001" + hex))).isEqualTo(Flaw.UNKNOWN_AFI);
            assertThat(flaw(lcaf(1, "0001c0000201" + hex))).isEqualTo(Flaw.UNKNOWN_AFI);
        }
    }

    @Test
    @Rfc("8060 §4.10.2")
    void aMacAddressUnderAfi6IsTheSameEid() {
        assertThat(read("0006020000000008")).isEqualTo(new Mac(0x0200_0000_0008L));
        assertThat(read("4005020000000008")).isEqualTo(read("0006020000000008"));
    }

    @Test
    @Rfc("9306 §3")
    void anEidOfAnUnrecognisedTypeIsRefused() {
        assertThat(eidFlaw(lcaf(17, "0001"), 0)).isEqualTo(Flaw.UNKNOWN_EID_LCAF);
        assertThat(eidFlaw(lcaf(2, "00000001" + lcaf(17, "0001")), 0))
                .isEqualTo(Flaw.UNKNOWN_EID_LCAF);
    }

    @Test
    @Rfc("9306 §3")
    void aLocatorOfAnUnrecognisedTypeIsIgnored() {
        assertThat(new Rloc(read(lcaf(17, "0001"))).isIgnored()).isTrue();
        assertThat(new Rloc(read(lcaf(2, "00000001" + lcaf(17, "0001")))).isIgnored()).isTrue();
        assertThat(new Rloc(read("0001c0000201")).isIgnored()).isFalse();
    }

    @Test
    @Rfc("8060 §4.10.5")
    @Rfc("9306 §3")
    void anAfiListIsUsedForWhatIsRecognisedInIt() {
        var list = read(lcaf(1, lcaf(17, "0001") + "0001c0000201"));
        assertThat(list)
                .isEqualTo(
                        new AfiList(
                                List.of(
                                        new Unrecognised(17, 0, Bytes.ofHex("0001")),
                                        new Ipv4(0xC0000201))));
        assertThat(new Rloc(list).isIgnored()).isFalse();
        assertThat(new Rloc(list).ip()).contains(new Ipv4(0xC0000201));
        assertThat(read(lcaf(1, ""))).isEqualTo(new AfiList(List.of()));
    }

    @Test
    @Rfc("9306 §4")
    void aVendorsLcafIsLongEnoughForItsOui() {
        assertThat(flaw(lcaf(255, "020030"))).isEqualTo(Flaw.BAD_LENGTH);
        assertThat(flaw(lcaf(255, "0002005e"))).isEqualTo(Flaw.UNKNOWN_VENDOR);
        assertThat(flaw(lcaf(1, lcaf(255, "0002005e")))).isEqualTo(Flaw.UNKNOWN_VENDOR);
    }

    @Test
    @Rfc("8060 §3")
    void reservedOctetsAreIgnored() {
        assertThat(read("4003ffff0200000a00000001000128000007"))
                .isEqualTo(new Instance(new InstanceId(1), 0, new Ipv4(0x28000007)));
    }

    @Test
    @Rfc("8060 §4.1")
    void anInstanceIdHas24Bits() {
        assertThat(flaw("400300000200000a01000000000128000007")).isEqualTo(Flaw.BAD_INSTANCE_ID);
        assertThat(read("400300000200000a00ffffff000128000007"))
                .isEqualTo(new Instance(new InstanceId(0xFFFFFF), 0, new Ipv4(0x28000007)));
        assertThatThrownBy(() -> new InstanceId(1 << 24)).hasMessageContaining("16777216");
        assertThatThrownBy(() -> new InstanceId(-1)).hasMessageContaining("4294967295");
    }

    @Test
    @Rfc("8060 §4.1")
    void theIidMaskLengthCountsWhereThereIsNoAddress() {
        assertThat(read("4003000002180006000001000000"))
                .isEqualTo(new Instance(new InstanceId(256), 24, None.NONE));
        assertThat(eidFlaw("4003000002180006000001000000", 0)).isEqualTo(Flaw.UNKNOWN_EID_LCAF);
    }

    @Test
    void anInstanceIdInsideAnotherIsRefused() {
        var inner = lcaf(2, "00000002" + "0001c0000201");
        assertThat(flaw(lcaf(2, "00000001" + inner))).isEqualTo(Flaw.BAD_NESTING);
    }

    @Test
    void nestingEndsBeforeTheStackDoes() {
        var nested = "0001c0000201";
        for (int depth = 1; depth <= LispAddress.MAX_NESTING; depth++) {
            nested = lcaf(1, nested);
            assertThat(read(nested).ip()).as("%d deep", depth).contains(new Ipv4(0xC0000201));
        }
        assertThat(flaw(lcaf(1, nested))).isEqualTo(Flaw.BAD_NESTING);
        while (nested.length() < 2 * 60_000) {
            nested = lcaf(1, nested);
        }
        assertThat(flaw(nested)).isEqualTo(Flaw.BAD_NESTING);
    }

    @Test
    @Rfc("8060 §3")
    void anInnerLengthStaysInsideTheOuterOne() {
        // The list has 6 octets, of which the element claims 8: what follows is not its own.
        assertThat(flaw("4003000001000006" + "0002" + "0001020304050607" + "08090a0b0c0d0e0f"))
                .isEqualTo(Flaw.TRUNCATED);
        assertThat(flaw("400300000200000b00000001000128000007ff")).isEqualTo(Flaw.TRAILING_OCTETS);
        assertThat(flaw("4003000002000009000000010001280000")).isEqualTo(Flaw.TRUNCATED);
    }

    @Test
    @Rfc("9735 §3")
    void aNameEndsWithItsNulAndIsPrintableAscii() {
        assertThat(read("001161626300")).isEqualTo(new Name("abc"));
        assertThat(flaw("0011616263")).isEqualTo(Flaw.TRUNCATED);
        assertThat(flaw("001100")).isEqualTo(Flaw.BAD_NAME);
        assertThat(flaw("00116180ff00")).isEqualTo(Flaw.BAD_NAME);
        assertThat(flaw("0011610a00")).isEqualTo(Flaw.BAD_NAME);
        assertThat(read("0011" + "61".repeat(255) + "00")).isEqualTo(new Name("a".repeat(255)));
        assertThat(flaw("0011" + "61".repeat(256) + "00")).isEqualTo(Flaw.BAD_NAME);
        assertThat(flaw("0011" + "61".repeat(60_000))).isEqualTo(Flaw.BAD_NAME);
    }

    @Test
    @Rfc("9735 §3")
    void aNamesMaskLengthIsItsLengthWithTheNul() {
        assertThat(Eid.read(new WireReader(Bytes.ofHex("001161626300").buffer()), 32))
                .isEqualTo(Eid.of(0, "name:abc"));
        assertThat(eidFlaw("001161626300", 24)).isEqualTo(Flaw.BAD_MASK_LENGTH);
        assertThat(eidFlaw("001161626300", 40)).isEqualTo(Flaw.BAD_MASK_LENGTH);
        assertThat(eidFlaw("0011" + "61".repeat(31) + "00", 0)).isEqualTo(Flaw.BAD_MASK_LENGTH);
    }

    @ParameterizedTest
    @CsvSource({
        "0001c0000201, 33",
        "000220010db8000000000000000000000001, 129",
        "4005020000000008, 49"
    })
    @Rfc("9301 §5.4")
    void aMaskLengthIsNoLongerThanItsAddress(String hex, int tooMuch) {
        assertThat(eidFlaw(hex, tooMuch)).isEqualTo(Flaw.BAD_MASK_LENGTH);
        assertThat(Eid.read(new WireReader(Bytes.ofHex(hex).buffer()), tooMuch - 1).prefix())
                .matches(EidPrefix::isHost);
    }

    /** Texts from RFC 5952 §1, §2 and §4, and its borders. */
    @ParameterizedTest
    @CsvSource({
        "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0db8::0001, 2001:db8::1",
        "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1:0:0:0:0:0:0:0, 1::",
        "0:1:2:3:4:5:6:7, 0:1:2:3:4:5:6:7",
        "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
        "0:0:3:4:5:6:7:8, ::3:4:5:6:7:8"
    })
    @Rfc("5952 §4")
    void ipv6TextIsCanonical(String text, String canonical) {
        assertThat(Ip.parse(text)).hasToString(canonical);
        assertThat(Ip.parse(canonical)).isEqualTo(Ip.parse(text));
    }

    @Test
    void anIpv4AddressMappedIntoIpv6StaysAnIpv6Address() {
        var mapped = new Ipv6(0, 0xFFFF_C000_0201L);
        assertThat(Ip.parse("::ffff:192.0.2.1")).isEqualTo(mapped);
        assertThat(Ip.parse(mapped.toString())).isEqualTo(mapped);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10",
                "10.1",
                "10.0.1",
                "0x7f000001",
                "127.1",
                "256.0.0.1",
                "1.2.3.4.5",
                "localhost",
                "fe80::1%lo",
                "1::2::3",
                "12345::",
                "[::1]",
                " 10.0.0.1"
            })
    void whatIsNotAnIpAddressIsRefused(String text) {
        assertThatThrownBy(() -> Ip.parse(text)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EidPrefix.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not an EID");
    }

    @Test
    @Rfc("9301 §5.4")
    void multicastBroadcastAndUnspecifiedAddressesAreNotUnicast() {
        for (var text : new String[] {"224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"}) {
            assertThat(Ip.parse(text).isUnicast()).as(text).isFalse();
        }
        for (var text : new String[] {"192.0.2.1", "127.0.0.1", "2001:db8::1"}) {
            assertThat(Ip.parse(text).isUnicast()).as(text).isTrue();
        }
    }

    @Test
    @Rfc("8060 §3")
    @Rfc("9301 §5.5")
    void locatorsAreOrderedByAfiAndAddressAndLcafsByType() {
        var sorted =
                Stream.of(
                                "0001c0000201",
                                "0001c0000202",
                                "0001ff000001",
                                "000220010db8000000000000000000000001",
                                "0002fe80000000000000000000000000ff01",
                                lcaf(1, "0001c0000201"),
                                lcaf(1, "0001c0000202"),
                                lcaf(2, "00000001" + "0001c0000201"))
                        .map(hex -> new Rloc(read(hex)))
                        .toList();
        var shuffled = List.of(7, 2, 5, 0, 4, 6, 1, 3).stream().map(sorted::get);
        assertThat(shuffled.sorted()).containsExactlyElementsOf(sorted);
    }
}
