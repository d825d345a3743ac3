package io.lispfabric.wire.encap;

import static io.lispfabric.wire.encap.Packets.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.util.HashSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UDP headers of tunnels that Linux sent, checksums included, and the rules about those. */
class UdpHeaderTest {
    private static final int OVER_IPV4 = AT + 20;
    private static final int OVER_IPV6 = AT + 40;

    @Test
    void everyField() {
        var in = Packets.linux("vxlan-gpe-ipv6");
        assertThat(UdpHeader.check(in, OVER_IPV6, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(UdpHeader.sourcePort(in, OVER_IPV6)).isEqualTo(37998);
        assertThat(UdpHeader.destinationPort(in, OVER_IPV6)).isEqualTo(4790);
        assertThat(UdpHeader.length(in, OVER_IPV6)).isEqualTo(52);
        assertThat(UdpHeader.checksum(in, OVER_IPV6)).isEqualTo(0x8cce);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vxlan-gpe-ipv6", "vxlan-gpe-ipv6-odd", "vxlan-gpe-ipv4"})
    @Rfc("8200 §8.1")
    void linuxsChecksumsAreRightAndOursAreTheSame(String name) {
        var packet = Packets.linux(name);
        int udp = name.contains("ipv6") ? OVER_IPV6 : OVER_IPV4;
        assertThat(UdpHeader.checkChecksum(packet, AT, udp, false)).isEqualTo(HeaderCheck.FINE);
        var before = Packets.hex(packet);
        packet.putShort(udp + 6, (short) 0x1234);
        UdpHeader.seal(packet, AT, udp);
        assertThat(Packets.hex(packet)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vxlan-gpe-ipv6-odd", "vxlan-gpe-ipv4"})
    @Rfc("9305 §4.3")
    void everyFlippedBitOfAddressesAndDatagramIsSeen(String name) {
        var packet = Packets.linux(name);
        int udp = name.contains("ipv6") ? OVER_IPV6 : OVER_IPV4;
        int addresses = name.contains("ipv6") ? AT + 8 : AT + 12;
        for (int bit = 8 * addresses; bit < 8 * packet.limit(); bit++) {
            if (bit >= 8 * (udp + 4) && bit < 8 * (udp + 6)) {
                continue; // the length is checked before
            }
            byte flip = (byte) (0x80 >>> bit % 8);
            packet.put(bit / 8, (byte) (packet.get(bit / 8) ^ flip));
            assertThat(UdpHeader.checkChecksum(packet, AT, udp, true))
                    .isEqualTo(HeaderCheck.BAD_CHECKSUM);
            packet.put(bit / 8, (byte) (packet.get(bit / 8) ^ flip));
        }
    }

    @Test
    @Rfc("8200 §8.1")
    void aCarrierIsSealedForTheAddressThatItEndsAt() {
        var packet = Packets.linux("vxlan-gpe-ipv6");
        UdpHeader.seal(packet, AT, OVER_IPV6, 0x5f00_0000_0e03_0000L, 0);
        assertThat(UdpHeader.checkChecksum(packet, AT, OVER_IPV6, false))
                .isEqualTo(HeaderCheck.BAD_CHECKSUM);
        Ipv6Header.setDestination(packet, AT, 0x5f00_0000_0e03_0000L, 0);
        assertThat(UdpHeader.checkChecksum(packet, AT, OVER_IPV6, false))
                .isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("1122 §4.1.3.4")
    void aComputedZeroIsSentAsAllOnes() {
        // Addresses 0, protocol 17 and length 10 twice, then 0xffda: the sum is all ones.
        var packet =
                Packets.of(
                        "4500001e000000004011000000000000"
                                + "00000000"
                                + "0000"
                                + "0000"
                                + "000a"
                                + "0000"
                                + "ffda");
        UdpHeader.seal(packet, AT, OVER_IPV4);
        assertThat(UdpHeader.checksum(packet, OVER_IPV4)).isEqualTo(0xFFFF);
        assertThat(UdpHeader.checkChecksum(packet, AT, OVER_IPV4, false))
                .isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("6935 §5")
    @Rfc("1122 §4.1.3.4")
    void zeroIsNoChecksumOverIpv4AndNeedsAgreementOverIpv6() {
        var ipv4 = Packets.linux("vxlan-ipv4");
        assertThat(UdpHeader.checkChecksum(ipv4, AT, OVER_IPV4, false)).isEqualTo(HeaderCheck.FINE);
        var ipv6 = Packets.linux("vxlan-gpe-ipv6");
        ipv6.putShort(OVER_IPV6 + 6, (short) 0);
        assertThat(UdpHeader.checkChecksum(ipv6, AT, OVER_IPV6, false))
                .isEqualTo(HeaderCheck.ZERO_CHECKSUM);
        assertThat(UdpHeader.checkChecksum(ipv6, AT, OVER_IPV6, true)).isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("9300 §5.3")
    @Rfc("9305 §4.3")
    @Rfc("7348 §5")
    @Rfc("7510 §3.1")
    void whoComputesAChecksumAndWhoTakesZero() {
        assertThat(UdpTunnel.LISP.computesChecksum(true)).isFalse();
        assertThat(UdpTunnel.LISP.computesChecksum(false)).isFalse();
        assertThat(UdpTunnel.LISP.takesZeroChecksum(false)).isTrue();
        assertThat(UdpTunnel.LISP_GPE.computesChecksum(true)).isTrue();
        assertThat(UdpTunnel.LISP_GPE.computesChecksum(false)).isTrue();
        assertThat(UdpTunnel.LISP_GPE.takesZeroChecksum(false)).isFalse();
        assertThat(UdpTunnel.LISP_GPE.takesZeroChecksum(true)).isTrue();
        assertThat(UdpTunnel.VXLAN.computesChecksum(true)).isFalse();
        assertThat(UdpTunnel.VXLAN.takesZeroChecksum(false)).isTrue();
        assertThat(UdpTunnel.VXLAN_GPE.computesChecksum(true)).isTrue();
        assertThat(UdpTunnel.VXLAN_GPE.takesZeroChecksum(false)).isFalse();
        assertThat(UdpTunnel.MPLS.computesChecksum(false)).isFalse();
        assertThat(UdpTunnel.MPLS.computesChecksum(true)).isTrue();
        assertThat(UdpTunnel.MPLS.takesZeroChecksum(false)).isFalse();
        assertThat(UdpTunnel.MPLS.takesZeroChecksum(true)).isTrue();
    }

    @Test
    @Rfc("9300 §5.3")
    @Rfc("7348 §5")
    @Rfc("7510 §3")
    void portsAreTheAssignedOnes() {
        assertThat(UdpTunnel.LISP.port()).isEqualTo(4341);
        assertThat(UdpTunnel.LISP_GPE.port()).isEqualTo(4341);
        assertThat(UdpTunnel.VXLAN.port()).isEqualTo(4789);
        assertThat(UdpTunnel.VXLAN_GPE.port()).isEqualTo(4790);
        assertThat(UdpTunnel.MPLS.port()).isEqualTo(6635);
    }

    @Property(tries = 200)
    @Rfc("7510 §3")
    void aSourcePortIsFourteenBitsOfTheFlowUnderTwoSetOnes(@ForAll int flow) {
        assertThat(UdpTunnel.sourcePort(flow)).isBetween(49152, 65535);
        assertThat(UdpTunnel.sourcePort(flow)).isEqualTo(UdpTunnel.sourcePort(flow));
    }

    @Test
    @Rfc("7510 §3")
    void everyBitOfAFlowsHashMovesItsPort() {
        for (int bit = 0; bit < 32; bit++) {
            assertThat(UdpTunnel.sourcePort(1 << bit)).isNotEqualTo(UdpTunnel.sourcePort(0));
        }
        var ports = new HashSet<Integer>();
        for (int flow = 0; flow < 1 << 14; flow++) {
            ports.add(UdpTunnel.sourcePort(flow));
        }
        assertThat(ports).hasSize(1 << 14);
    }

    @Test
    void aHeaderIsWrittenAsLinuxDoes() {
        var out = Packets.blank(8);
        UdpHeader.write(out, AT, 51903, 4789, 58);
        assertThat(Packets.hex(out)).isEqualTo("cabf12b500420000");
    }

    @Test
    void lengthsThatAreNone() {
        var in = Packets.of("0001000200070000");
        assertThat(UdpHeader.check(in, AT, in.limit())).isEqualTo(HeaderCheck.BAD_LENGTH);
        var whole = Packets.linux("vxlan-gpe-ipv6-odd");
        Packets.cuts(
                whole,
                93,
                cut ->
                        assertThat(UdpHeader.check(cut, OVER_IPV6, cut.limit()))
                                .isEqualTo(HeaderCheck.TRUNCATED));
    }

    @Property(tries = 500)
    void noOctetsBreakTheChecks(@ForAll @Size(max = 80) byte[] octets) {
        var in = Packets.of(Bytes.of(octets));
        if (UdpHeader.check(in, AT, in.limit()).isFine()) {
            assertThat(UdpHeader.length(in, AT)).isBetween(8, octets.length);
        }
    }
}
