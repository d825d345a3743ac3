package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EidPrefixTest {
    @ParameterizedTest
    @CsvSource({
        "10.1.2.3/16, 10.1.0.0/16",
        "10.1.2.3/0, 0.0.0.0/0",
        "10.1.2.3/31, 10.1.2.2/31",
        "10.1.2.3, 10.1.2.3/32",
        "2001:db8:ffff:ffff:ffff::1/49, 2001:db8:ffff:8000::/49",
        "2001:db8::ffff:0:0:1/65, 2001:db8:0:0:8000::/65",
        "2001:db8::1/64, 2001:db8::/64",
        "2001:db8::1, 2001:db8::1/128",
        "mac:02:11:22:33:44:55/20, mac:02:11:20:00:00:00/20",
        "mac:02-11-22-33-44-55, mac:02:11:22:33:44:55",
        "name:POD-D-AccID-7, name:POD-D-AccID-7"
    })
    @Rfc("9301 §5.4")
    void hostBitsAreCleared(String text, String canonical) {
        assertThat(EidPrefix.parse(text)).hasToString(canonical);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.0.1/32, true",
        "10.0.0.0/8, 11.0.0.0/8, false",
        "10.0.0.0/16, 10.0.0.0/8, false",
        "0.0.0.0/0, ::/0, false",
        "::/0, 2001:db8::/32, true",
        "mac:02:00:00:00:00:00/8, mac:02:ff:00:00:00:01, true",
        "name:ietf, name:ietf.lisp, false",
        "name:ietf, name:ietf, true",
        "name:ietf, name:IETF, false"
    })
    void coveringIsOfOneFamilyAndByItsLeadingBits(String outer, String inner, boolean covers) {
        assertThat(EidPrefix.parse(outer).covers(EidPrefix.parse(inner))).isEqualTo(covers);
    }

    @Test
    @Rfc("R-010")
    void segmentsDoNotCoverEachOther() {
        assertThat(Eid.of(1, "10.0.0.0/8").covers(Eid.of(1, "10.0.0.1"))).isTrue();
        assertThat(Eid.of(1, "10.0.0.0/8").covers(Eid.of(2, "10.0.0.1"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/x",
                "::/129", "mac:02:00", "mac:02:00:00:00:00:08/49", "name:", "name:a\u00e4",
                "name:1234567890123456789012345678901", "[1]10.0.0.1"
            })
    void whatIsNoPrefixIsRefusedWithASentence(String text) {
        assertThatThrownBy(() -> EidPrefix.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank();
    }

    @Test
    @Rfc("9735 §3")
    void theLongestNameHas30Characters() {
        var name = "name:" + "x".repeat(30);
        assertThat(EidPrefix.parse(name).length()).isEqualTo(248);
        assertThat(EidPrefix.parse(name).isHost()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"[1", "[]10.0.0.1", "[x]10.0.0.1", "[-1]10.0.0.1", "[16777216]::", "[1] ::"})
    void anEidsTextIsChecked(String text) {
        assertThatThrownBy(() -> Eid.parse(text, InstanceId.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Rfc("8060 §4.1")
    void segmentZeroIsWrittenAsTheBareAddress() {
        assertThat(Eid.of(0, "10.0.0.1").address()).isEqualTo(LispAddress.Ip.parse("10.0.0.1"));
        assertThat(Eid.parse("10.0.0.0/8", new InstanceId(7))).isEqualTo(Eid.of(7, "10.0.0.0/8"));
        assertThat(Eid.parse("[3]10.0.0.0/8", new InstanceId(7))).hasToString("[3]10.0.0.0/8");
    }
}
