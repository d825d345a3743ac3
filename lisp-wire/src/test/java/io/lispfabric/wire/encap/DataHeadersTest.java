package io.lispfabric.wire.encap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.nio.ByteBuffer;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The octets of every header, written by hand from the diagrams; each stands behind 3 others. */
class DataHeadersTest {
    private static final int AT = 3;

    @Test
    @Rfc("9300 §5.3")
    @Rfc("R-107")
    void lispWithAnInstanceId() {
        var out = header();
        LispDataHeader.write(out, AT, 100);
        assertThat(written(out)).isEqualTo("0800000000006400");

        var in = header("0800000000006400");
        assertThat(LispDataHeader.hasInstanceId(in, AT)).isTrue();
        assertThat(LispDataHeader.instanceId(in, AT)).isEqualTo(100);
        assertThat(LispDataHeader.hasNonce(in, AT)).isFalse();
        assertThat(LispDataHeader.hasMapVersions(in, AT)).isFalse();
        assertThat(LispDataHeader.hasLocatorStatusBits(in, AT)).isFalse();
        assertThat(LispDataHeader.hasNextProtocol(in, AT)).isFalse();
        assertThat(LispDataHeader.keyId(in, AT)).isZero();
    }

    @Test
    @Rfc("9300 §5.3")
    void lispWithNonceAndLocatorStatusBits() {
        var in = header("c811223300006403");
        assertThat(LispDataHeader.hasNonce(in, AT)).isTrue();
        assertThat(LispDataHeader.nonce(in, AT)).isEqualTo(0x112233);
        assertThat(LispDataHeader.wantsEcho(in, AT)).isFalse();
        assertThat(LispDataHeader.hasLocatorStatusBits(in, AT)).isTrue();
        assertThat(LispDataHeader.locatorStatusBits(in, AT)).isEqualTo(3);
        assertThat(LispDataHeader.instanceId(in, AT)).isEqualTo(100);
    }

    @Test
    @Rfc("9300 §5.3")
    void withoutAnInstanceIdAllThirtyTwoBitsAreLocatorStatusBits() {
        var in = header("40000000fffffffe");
        assertThat(LispDataHeader.locatorStatusBits(in, AT)).isEqualTo(0xFFFF_FFFE);
        assertThat(LispDataHeader.instanceId(in, AT)).isZero();
    }

    @Test
    @Rfc("9302 §5")
    void lispWithMapVersions() {
        var in = header("1800100200006400");
        assertThat(LispDataHeader.hasMapVersions(in, AT)).isTrue();
        assertThat(LispDataHeader.sourceMapVersion(in, AT)).isEqualTo(1);
        assertThat(LispDataHeader.destinationMapVersion(in, AT)).isEqualTo(2);
    }

    @Test
    @Rfc("9300 §5.3")
    void aNonceOverrulesMapVersionsAndNoNonceMeansNoEcho() {
        assertThat(LispDataHeader.hasMapVersions(header("9800100200006400"), AT)).isFalse();
        assertThat(LispDataHeader.hasNonce(header("9800100200006400"), AT)).isTrue();
        assertThat(LispDataHeader.wantsEcho(header("2800000000006400"), AT)).isFalse();
        assertThat(LispDataHeader.wantsEcho(header("a800000100006400"), AT)).isTrue();
    }

    @Test
    @Rfc("9305 §3")
    void lispGpeIgnoresNonceEchoAndVersions() {
        var out = header();
        LispDataHeader.writeGpe(out, AT, 100, NextProtocol.IPV4);
        assertThat(written(out)).isEqualTo("0c00000100006400");

        var in = header("bc11227e00006400");
        assertThat(LispDataHeader.hasNextProtocol(in, AT)).isTrue();
        assertThat(LispDataHeader.nextProtocol(in, AT)).isEqualTo(NextProtocol.ACC_ID);
        assertThat(LispDataHeader.hasNonce(in, AT)).isFalse();
        assertThat(LispDataHeader.wantsEcho(in, AT)).isFalse();
        assertThat(LispDataHeader.hasMapVersions(in, AT)).isFalse();
    }

    @Test
    @Rfc("vxlan-gpe §3")
    @Rfc("R-105")
    @Rfc("R-106")
    void vxlanGpe() {
        var out = header();
        VxlanGpeHeader.write(out, AT, 100, NextProtocol.ETHERNET);
        assertThat(written(out)).isEqualTo("0c00000300006400");

        var in = header("0c00000300006400");
        assertThat(VxlanGpeHeader.version(in, AT)).isZero();
        assertThat(VxlanGpeHeader.hasVni(in, AT)).isTrue();
        assertThat(VxlanGpeHeader.vni(in, AT)).isEqualTo(100);
        assertThat(VxlanGpeHeader.hasNextProtocol(in, AT)).isTrue();
        assertThat(VxlanGpeHeader.nextProtocol(in, AT)).isEqualTo(NextProtocol.ETHERNET);
        assertThat(VxlanGpeHeader.isOam(in, AT)).isFalse();
        assertThat(VxlanGpeHeader.isReplicated(in, AT)).isFalse();

        var odd = header("f300000000000000");
        assertThat(VxlanGpeHeader.version(odd, AT)).isEqualTo(3);
        assertThat(VxlanGpeHeader.hasVni(odd, AT)).isFalse();
        assertThat(VxlanGpeHeader.isOam(odd, AT)).isTrue();
        assertThat(VxlanGpeHeader.isReplicated(odd, AT)).isTrue();
    }

    @Test
    @Rfc("7348 §5")
    @Rfc("R-109")
    void vxlan() {
        var out = header();
        VxlanHeader.write(out, AT, 100);
        assertThat(written(out)).isEqualTo("0800000000006400");

        var in = header("08ffffff000064ff");
        assertThat(VxlanHeader.hasVni(in, AT)).isTrue();
        assertThat(VxlanHeader.vni(in, AT)).isEqualTo(100);
        assertThat(VxlanHeader.hasVni(header("f700000000006400"), AT)).isFalse();
    }

    @Test
    @Rfc("9300 §5.3")
    void whatGoesIntoALispHeaderBesideTheInstanceId() {
        var out = header();
        LispDataHeader.write(out, AT, 100);
        LispDataHeader.setNonce(out, AT, 0xFF11_2233, false);
        LispDataHeader.setLocatorStatusBits(out, AT, 0x103);
        assertThat(written(out)).isEqualTo("c811223300006403");
        LispDataHeader.setNonce(out, AT, 1, true);
        assertThat(written(out)).isEqualTo("e800000100006403");
        LispDataHeader.setMapVersions(out, AT, 1, 2);
        assertThat(written(out)).isEqualTo("5800100200006403");
        LispDataHeader.setNonce(out, AT, 0x112233, false);
        assertThat(written(out)).isEqualTo("c811223300006403");
        LispDataHeader.write(out, AT);
        LispDataHeader.setLocatorStatusBits(out, AT, 0xFFFF_FFFE);
        assertThat(written(out)).isEqualTo("40000000fffffffe");
    }

    @Test
    @Rfc("9305 §3")
    void aLispGpeHeaderHasNeitherNonceNorVersions() {
        var out = header();
        LispDataHeader.writeGpe(out, AT, 100, NextProtocol.IPV6);
        assertThatThrownBy(() -> LispDataHeader.setNonce(out, AT, 1, false))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> LispDataHeader.setMapVersions(out, AT, 1, 2))
                .isInstanceOf(IllegalStateException.class);
        LispDataHeader.setLocatorStatusBits(out, AT, 5);
        assertThat(written(out)).isEqualTo("4c00000200006405");
    }

    @Test
    @Rfc("9300 §5.3")
    void aPayloadThatIsEncryptedIsNotRead() {
        for (int kk = 1; kk <= 3; kk++) {
            var in = header(String.format("%02x", 8 + kk) + "00000000006400");
            assertThat(LispDataHeader.keyId(in, AT)).isEqualTo(kk);
            assertThat(LispDataHeader.check(in, AT, in.limit())).isEqualTo(HeaderCheck.ENCRYPTED);
        }
    }

    @Test
    @Rfc("9300 §5.3")
    @Rfc("9305 §3")
    void whatThePayloadIs() {
        assertThat(payloadOfLisp("0800000000006400" + "45")).isEqualTo(NextProtocol.IPV4);
        assertThat(payloadOfLisp("0800000000006400" + "60")).isEqualTo(NextProtocol.IPV6);
        assertThat(payloadOfLisp("0800000000006400" + "02")).isZero();
        assertThat(payloadOfLisp("0800000000006400")).isZero();
        assertThat(payloadOfLisp("0c00000300006400" + "45")).isEqualTo(NextProtocol.ETHERNET);
        var gpe = header("0c00000200006400");
        assertThat(VxlanGpeHeader.payloadProtocol(gpe, AT)).isEqualTo(NextProtocol.IPV6);
        var plain = header("0800000200006400");
        assertThat(VxlanGpeHeader.payloadProtocol(plain, AT)).isEqualTo(NextProtocol.ETHERNET);
    }

    @Test
    @Rfc("7348 §5")
    @Rfc("vxlan-gpe §3")
    void aHeaderWithoutAVniOrOfAnotherVersionIsNotRead() {
        var noVni = header("0400000300006400");
        assertThat(VxlanGpeHeader.check(noVni, AT, AT + 8)).isEqualTo(HeaderCheck.NO_VNI);
        assertThat(VxlanHeader.check(noVni, AT, AT + 8)).isEqualTo(HeaderCheck.NO_VNI);
        for (var version : new String[] {"1c", "2c", "3c"}) {
            var in = header(version + "00000300006400");
            assertThat(VxlanGpeHeader.check(in, AT, AT + 8)).isEqualTo(HeaderCheck.BAD_VERSION);
        }
    }

    @Test
    void aHeaderCutShortIsTruncated() {
        var in = Packets.of("0c00000300006400");
        for (int end = AT; end < AT + 8; end++) {
            var cut = in.duplicate().limit(end);
            assertThat(LispDataHeader.check(cut, AT, end)).isEqualTo(HeaderCheck.TRUNCATED);
            assertThat(VxlanGpeHeader.check(cut, AT, end)).isEqualTo(HeaderCheck.TRUNCATED);
            assertThat(VxlanHeader.check(cut, AT, end)).isEqualTo(HeaderCheck.TRUNCATED);
        }
        assertThat(LispDataHeader.check(in, AT, AT + 8)).isEqualTo(HeaderCheck.FINE);
        assertThat(VxlanGpeHeader.check(in, AT, AT + 8)).isEqualTo(HeaderCheck.FINE);
        assertThat(VxlanHeader.check(in, AT, AT + 8)).isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("9305 §3")
    void aShimIsPassedOverByItsLength() {
        var in = Packets.of("07020081" + "0011223344556677" + "45");
        assertThat(ShimHeader.isNext(0x80)).isTrue();
        assertThat(ShimHeader.isNext(0x7F)).isFalse();
        assertThat(ShimHeader.check(in, Packets.AT, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(ShimHeader.type(in, Packets.AT)).isEqualTo(7);
        assertThat(ShimHeader.length(in, Packets.AT)).isEqualTo(12);
        assertThat(ShimHeader.nextProtocol(in, Packets.AT)).isEqualTo(0x81);
        Packets.cuts(
                in,
                12,
                cut ->
                        assertThat(ShimHeader.check(cut, Packets.AT, cut.limit()))
                                .isEqualTo(HeaderCheck.TRUNCATED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"vxlan-gpe-ipv6", "vxlan-gpe-ipv4", "vxlan-ipv4"})
    @Rfc("vxlan-gpe §3")
    @Rfc("7348 §5")
    void headersThatLinuxSent(String name) {
        var in = Packets.linux(name);
        int at = Packets.AT + (name.endsWith("ipv6") ? 48 : 28);
        var out = in.duplicate().clear();
        if (name.startsWith("vxlan-gpe")) {
            assertThat(VxlanGpeHeader.check(in, at, in.limit())).isEqualTo(HeaderCheck.FINE);
            assertThat(VxlanGpeHeader.vni(in, at)).isEqualTo(100);
            assertThat(VxlanGpeHeader.payloadProtocol(in, at)).isEqualTo(NextProtocol.IPV4);
            assertThat(Ipv4Header.check(in, at + 8, in.limit())).isEqualTo(HeaderCheck.FINE);
            var before = Packets.hex(in);
            VxlanGpeHeader.write(out, at, 100, NextProtocol.IPV4);
            assertThat(Packets.hex(in)).isEqualTo(before);
        } else {
            assertThat(VxlanHeader.check(in, at, in.limit())).isEqualTo(HeaderCheck.FINE);
            assertThat(VxlanHeader.vni(in, at)).isEqualTo(100);
            var before = Packets.hex(in);
            VxlanHeader.write(out, at, 100);
            assertThat(Packets.hex(in)).isEqualTo(before);
        }
    }

    @Test
    void everyOutcomeOfACheckHasALabel() {
        assertThat(HeaderCheck.BAD_SEGMENTS_LEFT.label()).isEqualTo("bad_segments_left");
        assertThat(HeaderCheck.FINE.isFine()).isTrue();
        assertThat(HeaderCheck.TRUNCATED.isFine()).isFalse();
    }

    private static int payloadOfLisp(String hex) {
        var in = Packets.of(hex);
        return LispDataHeader.payloadProtocol(in, Packets.AT, in.limit());
    }

    @Property(tries = 200)
    void everyInstanceIdIsReadAsItWasWritten(@ForAll @IntRange(max = 0xFF_FFFF) int iid) {
        var out = header();
        LispDataHeader.write(out, AT, iid);
        assertThat(LispDataHeader.instanceId(out, AT)).isEqualTo(iid);
        VxlanGpeHeader.write(out, AT, iid, NextProtocol.IPV6);
        assertThat(VxlanGpeHeader.vni(out, AT)).isEqualTo(iid);
        VxlanHeader.write(out, AT, iid);
        assertThat(VxlanHeader.vni(out, AT)).isEqualTo(iid);
    }

    private static ByteBuffer header() {
        return header("ffffffffffffffff");
    }

    private static ByteBuffer header(String hex) {
        return ByteBuffer.wrap(Bytes.ofHex("aaaaaa" + hex + "bb").toArray());
    }

    /** The eight octets, once it is sure that their neighbours are as they were. */
    private static String written(ByteBuffer out) {
        var hex = Bytes.of(out).hex();
        assertThat(hex).startsWith("aaaaaa").endsWith("bb");
        return hex.substring(6, 22);
    }

    /** RFC 9305 §6: 1 to 4 are registered, 0x7E and 0x7F are for experiments. */
    @Test
    @Rfc("9305 §6")
    @Rfc("R-113")
    void everyNextProtocolIsRegisteredOrForExperiments() throws IllegalAccessException {
        var used = new TreeSet<Integer>();
        for (var field : NextProtocol.class.getFields()) {
            used.add(field.getInt(null));
        }
        assertThat(used).containsExactly(1, 2, 3, 4, 0x7E, 0x80);
        assertThat(NextProtocol.ACC_ID).isBetween(0x7E, 0x7F);
        assertThat(NextProtocol.FIRST_SHIM).isEqualTo(0x80);
    }
}
