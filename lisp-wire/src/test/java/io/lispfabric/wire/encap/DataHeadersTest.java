package io.lispfabric.wire.encap;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The octets of every header, written by hand from the diagrams; each stands behind 3 others. */
class DataHeadersTest {
    private static final int AT = 3;

    @Test
    @Rfc("9300 §5.3")
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
    void vxlan() {
        var out = header();
        VxlanHeader.write(out, AT, 100);
        assertThat(written(out)).isEqualTo("0800000000006400");

        var in = header("08ffffff000064ff");
        assertThat(VxlanHeader.hasVni(in, AT)).isTrue();
        assertThat(VxlanHeader.vni(in, AT)).isEqualTo(100);
        assertThat(VxlanHeader.hasVni(header("f700000000006400"), AT)).isFalse();
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
}
