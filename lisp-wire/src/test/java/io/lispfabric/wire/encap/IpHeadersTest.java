package io.lispfabric.wire.encap;

import static io.lispfabric.wire.encap.Packets.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Headers of packets that Linux sent, and the same ones written here. */
class IpHeadersTest {
    @Test
    @Rfc("791 §3.1")
    void everyFieldOfAnIpv4Header() {
        var in = Packets.linux("vxlan-gpe-ipv4");
        assertThat(Ipv4Header.check(in, AT, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(Ipv4Header.version(in, AT)).isEqualTo(4);
        assertThat(Ipv4Header.headerLength(in, AT)).isEqualTo(20);
        assertThat(Ipv4Header.trafficClass(in, AT)).isZero();
        assertThat(Ipv4Header.totalLength(in, AT)).isEqualTo(72);
        assertThat(Ipv4Header.mustNotFragment(in, AT)).isFalse();
        assertThat(Ipv4Header.isFragment(in, AT)).isFalse();
        assertThat(Ipv4Header.ttl(in, AT)).isEqualTo(64);
        assertThat(Ipv4Header.protocol(in, AT)).isEqualTo(17);
        assertThat(Ipv4Header.checksum(in, AT)).isEqualTo(0x6f66);
        assertThat(Ipv4Header.source(in, AT)).isEqualTo(0xc0000201);
        assertThat(Ipv4Header.destination(in, AT)).isEqualTo(0xc0000203);
    }

    @Test
    @Rfc("791 §3.1")
    void anIpv4HeaderIsWrittenAsLinuxDoes() {
        // The inner header of the capture, but for its identification, which DF makes needless.
        var out = Packets.blank(20);
        Ipv4Header.write(out, AT, 0, 16, 64, 1, 0x0a090001, 0x0a090201);
        // Linux had identification c4d2 and checksum 5ff3; without it the checksum is 5ff3 + c4d2.
        assertThat(Packets.hex(out)).isEqualTo("4500002400004000400124c60a0900010a090201");
        assertThat(Ipv4Header.check(Packets.of(Packets.hex(out) + "00".repeat(16)), AT, AT + 36))
                .isEqualTo(HeaderCheck.FINE);
        assertThat(Ipv4Header.mustNotFragment(out, AT)).isTrue();
    }

    @Test
    @Rfc("1624 §3")
    void ttlAndTrafficClassTakeTheChecksumWithThem() {
        var in = Packets.linux("vxlan-gpe-ipv4");
        assertThat(Ipv4Header.age(in, AT)).isTrue();
        assertThat(Ipv4Header.ttl(in, AT)).isEqualTo(63);
        assertThat(Ipv4Header.checksum(in, AT)).isEqualTo(0x7066);
        Ipv4Header.setTrafficClass(in, AT, 0xB9);
        assertThat(Ipv4Header.trafficClass(in, AT)).isEqualTo(0xB9);
        assertThat(Ipv4Header.check(in, AT, in.limit())).isEqualTo(HeaderCheck.FINE);
        Ipv4Header.setTtl(in, AT, 1);
        assertThat(Ipv4Header.age(in, AT)).isFalse();
        assertThat(Ipv4Header.ttl(in, AT)).isEqualTo(1);
        assertThat(Ipv4Header.check(in, AT, in.limit())).isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("791 §3.1")
    void whatIsNoIpv4HeaderIsNamed() {
        assertThat(ipv4("65000014000000004001000000000000" + "00000000"))
                .isEqualTo(HeaderCheck.BAD_VERSION);
        assertThat(ipv4("4400001400000000400100000000000000000000"))
                .isEqualTo(HeaderCheck.BAD_LENGTH);
        assertThat(ipv4("4500001300000000400100000000000000000000"))
                .isEqualTo(HeaderCheck.BAD_LENGTH);
        assertThat(ipv4("4600001800000000400100000000000000000000"))
                .isEqualTo(HeaderCheck.TRUNCATED);
        assertThat(ipv4("45000014000000004001000000000000" + "00000001"))
                .isEqualTo(HeaderCheck.BAD_CHECKSUM);
    }

    @Test
    void fragmentsAreSeen() {
        assertThat(Ipv4Header.isFragment(Packets.of("4500001400002000"), AT)).isTrue();
        assertThat(Ipv4Header.isFragment(Packets.of("4500001400000001"), AT)).isTrue();
        assertThat(Ipv4Header.isFragment(Packets.of("4500001400004000"), AT)).isFalse();
    }

    @Test
    @Rfc("8200 §3")
    void everyFieldOfAnIpv6Header() {
        var in = Packets.linux("srh-full");
        assertThat(Ipv6Header.check(in, AT, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(Ipv6Header.trafficClass(in, AT)).isZero();
        assertThat(Ipv6Header.flowLabel(in, AT)).isEqualTo(0xfdbb2);
        assertThat(Ipv6Header.payloadLength(in, AT)).isEqualTo(112);
        assertThat(Ipv6Header.nextHeader(in, AT)).isEqualTo(Ipv6Header.ROUTING);
        assertThat(Ipv6Header.hopLimit(in, AT)).isEqualTo(64);
        assertThat(Ipv6Header.sourceHigh(in, AT)).isEqualTo(0x5f00_0000_0e01_0000L);
        assertThat(Ipv6Header.sourceLow(in, AT)).isZero();
        assertThat(Ipv6Header.destinationHigh(in, AT)).isEqualTo(0x5f00_0000_0100_0500L);
        assertThat(Ipv6Header.destinationLow(in, AT)).isEqualTo(0x0300_0000_0000_0000L);
    }

    @Test
    @Rfc("8200 §3")
    void anIpv6HeaderIsWrittenAsLinuxDoes() {
        var out = Packets.blank(40);
        Ipv6Header.write(
                out,
                AT,
                0,
                0xabc_fdbb2, // the hash of a flow; 20 bits of it are the label
                112,
                Ipv6Header.ROUTING,
                64,
                0x5f00_0000_0e01_0000L,
                0,
                0x5f00_0000_0100_0500L,
                0x0300_0000_0000_0000L);
        assertThat(Packets.hex(out))
                .isEqualTo(Packets.hex(Packets.linux("srh-full")).substring(0, 80));
    }

    @Test
    @Rfc("8200 §3")
    void anIpv6HeaderIsChangedWhereItLies() {
        var in = Packets.of("6ab12345000029ff" + "00".repeat(32));
        assertThat(Ipv6Header.trafficClass(in, AT)).isEqualTo(0xab);
        assertThat(Ipv6Header.flowLabel(in, AT)).isEqualTo(0x12345);
        Ipv6Header.setTrafficClass(in, AT, 0x103);
        assertThat(Ipv6Header.age(in, AT)).isTrue();
        assertThat(Packets.hex(in)).startsWith("60312345000029fe");
        Ipv6Header.setHopLimit(in, AT, 1);
        assertThat(Ipv6Header.age(in, AT)).isFalse();
        assertThat(Ipv6Header.hopLimit(in, AT)).isEqualTo(1);
    }

    @Test
    @Rfc("8200 §3")
    void whatIsNoIpv6HeaderIsNamed() {
        var in = Packets.of("50000000000029ff" + "00".repeat(32));
        assertThat(Ipv6Header.check(in, AT, in.limit())).isEqualTo(HeaderCheck.BAD_VERSION);
    }

    @Test
    void aPacketCutShortIsTruncated() {
        var ipv4 = Packets.linux("vxlan-gpe-ipv4");
        Packets.cuts(
                ipv4,
                72,
                cut ->
                        assertThat(Ipv4Header.check(cut, AT, cut.limit()))
                                .isEqualTo(HeaderCheck.TRUNCATED));
        var ipv6 = Packets.linux("srh-full");
        Packets.cuts(
                ipv6,
                152,
                cut ->
                        assertThat(Ipv6Header.check(cut, AT, cut.limit()))
                                .isEqualTo(HeaderCheck.TRUNCATED));
    }

    @Property(tries = 1000)
    void noOctetsBreakTheChecks(
            @ForAll @Size(max = 80) byte[] octets, @ForAll @IntRange(max = 15) int version) {
        if (octets.length > 0) {
            octets[0] = (byte) (version << 4 | octets[0] & 0xF);
        }
        var in = Packets.of(Bytes.of(octets));
        if (Ipv4Header.check(in, AT, in.limit()).isFine()) {
            assertThat(Ipv4Header.headerLength(in, AT)).isBetween(20, octets.length);
            assertThat(Ipv4Header.totalLength(in, AT)).isBetween(20, octets.length);
        }
        if (Ipv6Header.check(in, AT, in.limit()).isFine()) {
            assertThat(40 + Ipv6Header.payloadLength(in, AT)).isBetween(40, octets.length);
        }
    }

    @Property(tries = 200)
    void whatIsWrittenIsRead(
            @ForAll @IntRange(max = 255) int trafficClass,
            @ForAll @IntRange(max = 65_000) int payload,
            @ForAll @IntRange(max = 255) int ttl,
            @ForAll int source,
            @ForAll int destination) {
        var out = Packets.blank(60);
        Ipv4Header.write(out, AT, trafficClass, payload, ttl, 17, source, destination);
        assertThat(Ipv4Header.trafficClass(out, AT)).isEqualTo(trafficClass);
        assertThat(Ipv4Header.totalLength(out, AT)).isEqualTo(20 + payload);
        assertThat(Ipv4Header.ttl(out, AT)).isEqualTo(ttl);
        assertThat(Ipv4Header.source(out, AT)).isEqualTo(source);
        assertThat(Ipv4Header.destination(out, AT)).isEqualTo(destination);
        Ipv6Header.write(
                out, AT, trafficClass, source, payload, 17, ttl, source, 1, destination, 2);
        assertThat(Ipv6Header.trafficClass(out, AT)).isEqualTo(trafficClass);
        assertThat(Ipv6Header.flowLabel(out, AT)).isEqualTo(source & 0xF_FFFF);
        assertThat(Ipv6Header.payloadLength(out, AT)).isEqualTo(payload);
        assertThat(Ipv6Header.hopLimit(out, AT)).isEqualTo(ttl);
        assertThat(Ipv6Header.sourceHigh(out, AT)).isEqualTo(source);
        assertThat(Ipv6Header.destinationLow(out, AT)).isEqualTo(2);
        assertThat(Packets.hex(out)).endsWith("ff".repeat(20));
    }

    private static HeaderCheck ipv4(String hex) {
        ByteBuffer in = Packets.of(hex);
        return Ipv4Header.check(in, AT, in.limit());
    }
}
