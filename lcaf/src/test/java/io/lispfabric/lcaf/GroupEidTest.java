package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** (S,G) and (*,G) as EIDs (RFC 8378 §5.1.2, RFC 8060 §4.5). */
class GroupEidTest {
    /** LCAF 9: IID 1, mask-lens 32 and 32, 10.0.0.1, 239.1.1.1. */
    private static final String SOURCE_AND_GROUP =
            "4003000009000014" + "00000001" + "00002020" + "00010a000001" + "0001ef010101";

    /** The same group from any source, as 0.0.0.0/0. */
    private static final String ANY_SOURCE =
            "4003000009000014" + "00000001" + "00000020" + "000100000000" + "0001ef010101";

    private static final Eid S_G = Eid.of(1, "(10.0.0.1,239.1.1.1)");
    private static final Eid ANY_G = Eid.of(1, "(*,239.1.1.1)");

    private static Eid read(String octets) {
        return Eid.read(new WireReader(Bytes.ofHex(octets).buffer()), 32);
    }

    private static String written(Eid eid) {
        var out = new WireWriter();
        eid.write(out);
        return out.toBytes().hex();
    }

    @Rfc("8060 §4.5")
    @Rfc("R-098")
    @Test
    void aGroupIsReadAndWrittenAsItsOwnLcaf() {
        assertThat(read(SOURCE_AND_GROUP)).isEqualTo(S_G);
        assertThat(read(ANY_SOURCE)).isEqualTo(ANY_G);
        assertThat(written(S_G)).isEqualTo(SOURCE_AND_GROUP);
        assertThat(written(ANY_G)).isEqualTo(ANY_SOURCE);
        assertThat(S_G.address()).isInstanceOf(MulticastInfo.class);
        assertThat(S_G.prefix().maskLength()).isEqualTo(32);
        assertThat(S_G.prefix().isHost()).isTrue();
    }

    @Rfc("8060 §4.5")
    @Test
    void noSourceAtAllIsAnySource() {
        var none = "4003000009000010" + "00000001" + "00000020" + "0000" + "0001ef010101";
        assertThat(read(none)).isEqualTo(ANY_G);
    }

    @Rfc("8060 §4.5")
    @Test
    void aSegmentAroundItIsTheSameOne() {
        // An Instance ID LCAF around LCAF 9: the inner IID says the same, or the message is wrong.
        var around = "4003000002200020" + "0000000%d" + SOURCE_AND_GROUP;
        assertThat(assertThrows(MalformedException.class, () -> read(around.formatted(2))).flaw())
                .isEqualTo(Flaw.UNKNOWN_EID_LCAF);
        assertThat(read(around.formatted(1))).isEqualTo(S_G);
    }

    @Test
    void anySourceHoldsEverySourceOfItsGroupAndNoOther() {
        assertThat(ANY_G.covers(S_G)).isTrue();
        assertThat(S_G.covers(ANY_G)).isFalse();
        assertThat(ANY_G.covers(Eid.of(1, "(10.0.0.1,239.1.1.2)"))).isFalse();
        assertThat(ANY_G.covers(Eid.of(2, "(10.0.0.1,239.1.1.1)"))).isFalse();
        assertThat(Eid.of(1, "(10.0.0.0/8,239.1.1.1)").covers(S_G)).isTrue();
        assertThat(Eid.of(1, "(11.0.0.0/8,239.1.1.1)").covers(S_G)).isFalse();
        assertThat(ANY_G.covers(Eid.of(1, "(2001:db8::1,ff0e::1)"))).isFalse();
        assertThat(Eid.of(1, "0.0.0.0/0").covers(S_G)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1](*,239.1.1.1)", "[1](10.0.0.1/32,239.1.1.1)", "[9](*,ff0e::1)"})
    void textIsReadAsItIsWritten(String text) {
        assertThat(Eid.parse(text, InstanceId.DEFAULT)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(10.0.0.1,ff0e::1)", "(name:a,239.1.1.1)", "(10.0.0.1,239.0.0.0/8)"})
    void whatIsNoGroupIsRefused(String text) {
        assertThatThrownBy(() -> EidPrefix.parse(text))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Rfc("8060 §4.5")
    @Test
    void aBlockOfGroupsIsNoEid() {
        var block = SOURCE_AND_GROUP.replace("00002020", "00002008");
        assertThat(assertThrows(MalformedException.class, () -> read(block)).flaw())
                .isEqualTo(Flaw.BAD_MASK_LENGTH);
    }
}
