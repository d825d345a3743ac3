package io.lispfabric.wire.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.text.MessageTree.Field;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets written by hand from the diagrams of RFC 791, RFC 768, RFC 8200 and the link layers. */
class DissectionTest {
    private static final int RAW = 101;

    /** A negative Map-Reply for 0.0.0.0/0, 28 octets, behind UDP 4342 to 5000. */
    private static final String REPLY =
            "20000001 0123456789abcdef 0000000f 0000 2000 0000 0001 00000000";

    private static final String UDP = "10f6 1388 0024 e8ee" + REPLY;

    /** From 10.0.0.1 to 10.0.0.2. */
    private static final String IPV4 = "4500 0038 0001 0000 4011 66b2 0a000001 0a000002";

    /** The same from 2001:db8::1 to 2001:db8::2, whose UDP checksum is another. */
    private static final String IPV6 =
            "60000000 0024 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002";

    private static final String UDP_OVER_IPV6 = "10f6 1388 0024 a17c" + REPLY;

    private static Dissection of(int linkType, String... hex) {
        var octets = Bytes.ofHex(String.join("", hex));
        return Dissection.of(
                new CapturedPacket(1, linkType, Optional.empty(), octets, octets.length()));
    }

    /** Cut by the capture after {@code kept} octets. */
    private static Dissection cut(int kept, int linkType, String... hex) {
        var octets = Bytes.ofHex(String.join("", hex));
        return Dissection.of(
                new CapturedPacket(
                        1,
                        linkType,
                        Optional.empty(),
                        Bytes.of(octets.buffer().slice(0, kept)),
                        octets.length()));
    }

    private static Stream<Field> fields(Field field) {
        return Stream.concat(
                Stream.of(field), field.children().stream().flatMap(DissectionTest::fields));
    }

    /** Names and values of all that is no part. */
    private static String text(Dissection seen) {
        return String.join(
                "\n",
                fields(seen.tree().orElseThrow().root())
                        .filter(it -> it.children().isEmpty())
                        .map(it -> it.name() + "=" + it.value() + "@" + it.offset())
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({
        "101, ''",
        "12, ''",
        "228, ''",
        "1, 020000000002 020000000001 0800",
        "1, 020000000002 020000000001 8100 0064 0800",
        "1, 020000000002 020000000001 88a8 0001 8100 0064 0800",
        "113, 0000 0001 0006 0200000000010000 0800",
        "276, 0800 0000 00000002 0001 00 06 0200000000010000",
        "0, 02000000",
        "0, 00000002",
        "108, 00000002"
    })
    void everyLinkLayerLeadsToTheMessage(int linkType, String header) {
        var seen = of(linkType, header, IPV4, UDP);

        assertThat(seen.kind()).isEqualTo(Dissection.Kind.CONTROL);
        assertThat(seen.ends()).contains(new Dissection.Ends("10.0.0.1", 4342, "10.0.0.2", 5000));
        assertThat(seen.payload()).isEqualTo(Bytes.ofHex(REPLY));
        assertThat(seen.flaw()).isEmpty();
        assertThat(seen.remarks()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "229, ''",
        "0, 1e000000",
        "0, 0000000a",
        "108, 00000018",
        "1, 020000000002 020000000001 86dd"
    })
    void andSoForIpv6(int linkType, String header) {
        var seen = of(linkType, header, IPV6, UDP_OVER_IPV6);

        assertThat(seen.ends())
                .contains(new Dissection.Ends("2001:db8::1", 4342, "2001:db8::2", 5000));
        assertThat(seen.flaw()).isEmpty();
        assertThat(seen.remarks()).isEmpty();
    }

    /** Payload length and next header, then the chain in front of UDP (RFC 8200 §4). */
    @ParameterizedTest
    @CsvSource({
        "002c, 00, 1100010400000000",
        "0034, 00, 3c00010400000000 1100010400000000",
        "0030, 33, 1101000000000001 00000001",
        "002c, 2c, 1100000000000001"
    })
    void extensionHeadersArePassedOver(String length, String next, String chain) {
        var seen =
                of(
                        RAW,
                        "60000000",
                        length,
                        next,
                        "40",
                        "20010db8000000000000000000000001 20010db8000000000000000000000002",
                        chain,
                        UDP_OVER_IPV6);

        assertThat(seen.kind()).isEqualTo(Dissection.Kind.CONTROL);
        assertThat(seen.flaw()).isEmpty();
        assertThat(seen.remarks()).isEmpty();
    }

    @Test
    void fragmentsAreSaidToBeSome() {
        // More fragments follow; the sum of the header is 0x2000 smaller.
        var first =
                of(
                        RAW,
                        "4500 0024 0001 2000 4011 46c6 0a000001 0a000002",
                        "10f6 1388 0024 e8ee 20000001 01234567");
        assertThat(first.kind()).isEqualTo(Dissection.Kind.CONTROL);
        assertThat(first.incomplete()).isTrue();
        assertThat(first.flaw()).isEmpty();
        assertThat(first.remarks())
                .containsExactly("the first of several IPv4 fragments; they are not put together");

        var later = of(RAW, "4500 001c 0001 0001 4011 66cd 0a000001 0a000002", "0000000000000000");
        assertThat(later.kind()).isEqualTo(Dissection.Kind.OTHER);
        assertThat(later.what()).isEqualTo("IPv4 fragment after the first");
        assertThat(later.flaw()).isEmpty();

        assertThat(
                        of(
                                        RAW,
                                        "60000000 0010 2c 40 20010db8000000000000000000000001"
                                                + " 20010db8000000000000000000000002",
                                        "1100000900000001",
                                        "0000000000000000")
                                .what())
                .isEqualTo("IPv6 fragment after the first");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 020000000002 020000000001 0806 0001, ARP",
        "1, 020000000002 020000000001 0027 4242, 802.3",
        "1, 020000000002 020000000001 88b5, EtherType 0x88b5",
        "147, 00, link type 147",
        "0, 07000000, address family 7",
        "101, 4500 0014 0001 0000 4006 66e1 0a000001 0a000002, TCP",
        "101, 4500 0014 0001 0000 40fe 65e9 0a000001 0a000002, IP protocol 254",
        "101, 4500 001c 0001 0000 4011 66ce 0a000001 0a000002 0035 1388 0008 0000, UDP"
    })
    void whatIsNotOursHasAName(int linkType, String packet, String name) {
        var seen = of(linkType, packet);

        assertThat(seen.kind()).isEqualTo(Dissection.Kind.OTHER);
        assertThat(seen.what()).isEqualTo(name);
        assertThat(seen.flaw()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1, 020000000002 0200000000, it ends inside the Ethernet header",
        "1, 020000000002 020000000001 8100 00, it ends inside the 802.1Q header",
        "1, 020000000002 020000000001 0800 60, it ends inside the IPv4 header",
        "101, 50, IP version 5",
        "101, '', it ends inside the IP header",
        "228, 4400 0014 0001 0000 4006 0000 0a000001 0a000002, an IPv4 header of 16 octets",
        "101, 4500 0013 0001 0000 4006 0000 0a000001 0a000002, an IPv4 packet of 19 octets",
        "101, 4500 0015 0001 0000 4006 0000 0a000001 0a000002, an IPv4 packet of 21 octets in 20",
        "101, 4500 001b 0001 0000 4011 0000 0a000001 0a000002 10f6 10f6 0007 00,"
                + " it ends inside the UDP header",
        "101, 4500 001c 0001 0000 4011 0000 0a000001 0a000002 10f6 10f6 0007 0000,"
                + " a UDP datagram of 7 octets",
        "101, 4500 001c 0001 0000 4011 0000 0a000001 0a000002 10f6 10f6 0009 0000,"
                + " a UDP datagram of 9 octets in 8"
    })
    void brokenHeadersAreNamed(int linkType, String packet, String flaw) {
        var seen = of(linkType, packet);

        assertThat(seen.kind()).isEqualTo(Dissection.Kind.OTHER);
        assertThat(seen.flaw()).contains(flaw);
    }

    @Test
    void aPaddedFrameEndsWhereIpSaysAndWhatUdpLeavesOverIsToldOf() {
        var padded = of(1, "020000000002 020000000001 0800", IPV4, UDP, "00000000");
        assertThat(padded.payload().length()).isEqualTo(28);
        assertThat(padded.remarks()).isEmpty();

        var more = of(RAW, "4500 003a 0001 0000 4011 66b0 0a000001 0a000002", UDP, "ffff");
        assertThat(more.payload().length()).isEqualTo(28);
        assertThat(more.remarks()).containsExactly("2 octets after the end of the UDP datagram");
    }

    @Test
    @Rfc("9301 §5")
    void checksumsAreChecked() {
        assertThat(of(RAW, IPV4, "10f6 1388 0024 e8ef", REPLY).remarks())
                .containsExactly("wrong UDP checksum, or one that the sender's card fills in");
        assertThat(of(RAW, IPV4, "10f6 1388 0024 0000", REPLY).remarks())
                .containsExactly(
                        "no UDP checksum, which a control message MUST have (RFC 9301 §5)");
        assertThat(of(RAW, "4500 0038 0001 0000 4011 66b3 0a000001 0a000002", UDP).remarks())
                .containsExactly(
                        "wrong IPv4 header checksum, or one that the sender's card fills in");
    }

    @Test
    void everyCutIsToldAndIsNoFlaw() {
        int length = Bytes.ofHex(IPV4 + UDP).length();
        for (int kept = 0; kept < length; kept++) {
            var seen = cut(kept, RAW, IPV4, UDP);
            assertThat(seen.flaw()).as("%s octets kept", kept).isEmpty();
            assertThat(seen.incomplete()).isTrue();
            assertThat(seen.remarks().getFirst())
                    .isEqualTo("the capture kept " + kept + " of " + length + " octets");
        }
    }

    private static String data(int port, String payload) {
        int udp = 8 + Bytes.ofHex(payload).length();
        return String.format("4500 %04x 0001 0000 4011 0000 0a000001 0a000002", 20 + udp)
                + String.format("c000 %04x %04x 0000", port, udp)
                + payload;
    }

    /** 40.0.0.1:5000 to 40.0.0.7:5001. */
    private static final String INNER =
            "4500 001c 0001 0000 4011 0000 28000001 28000007 1388 1389 0008 0000";

    @Test
    @Rfc("9300 §5.3")
    void aLispHeaderHasItsFieldsAndTheInnerPacketItsAddresses() {
        assertThat(text(of(RAW, data(4341, "c811223300006403" + INNER))))
                .isEqualTo(
                        """
                        N (nonce present)=1@0
                        L (Locator-Status-Bits enabled)=1@0
                        E (echo-nonce request)=0@0
                        V (Map-Version present)=0@0
                        I (Instance ID present)=1@0
                        P (Next Protocol present)=0@0
                        KK (key ID)=0@0
                        Nonce=112233@1
                        Instance ID=100@4
                        Locator-Status-Bits=11@7
                        Total length=28@10
                        TTL=64@16
                        Protocol=UDP@17
                        Source=40.0.0.1@20
                        Destination=40.0.0.7@24
                        Source port=5000@28
                        Destination port=5001@30\
                        """);
        assertThat(text(of(RAW, data(4341, "1800100200006400" + INNER))))
                .contains("Source Map-Version=1@1\nDest Map-Version=2@2");
        assertThat(text(of(RAW, data(4341, "4000000080000001" + INNER))))
                .contains("Locator-Status-Bits=10000000000000000000000000000001@4")
                .doesNotContain("Instance ID=");
        assertThat(text(of(RAW, data(4341, "0900000000006400" + INNER))))
                .contains("KK (key ID)=1@0", "Encrypted payload=28 octets@8")
                .doesNotContain("40.0.0.1");
    }

    @Test
    @Rfc("9305 §3")
    void lispGpeAndVxlanGpeNameWhatFollows() {
        var inner6 =
                "60000000 0000 3b 40 20010db8000000000000000000000001"
                        + " 20010db8000000000000000000000002";
        assertThat(text(of(RAW, data(4341, "0c00000200006400" + inner6))))
                .contains("Next Protocol=2 IPv6@3", "Destination=2001:db8::2@32");
        assertThat(text(of(RAW, data(4790, "0c00000400006400" + INNER))))
                .contains("Next Protocol=4 NSH@3\nVNI=100@4\nPayload=28 octets@8");
        assertThat(text(of(RAW, data(4790, "0c00007e00006400 0011 4200 0011 4300 ff"))))
                .contains("Destination=name:B@8", "Source=name:C@12", "Inner payload=1 octets@16");
    }

    @Test
    @Rfc("7348 §5")
    void vxlanCarriesEthernet() {
        assertThat(
                        text(
                                of(
                                        RAW,
                                        data(
                                                4789,
                                                "0800000000006400"
                                                        + "020000000002 020000000001 8100 0064 0800"
                                                        + INNER))))
                .isEqualTo(
                        """
                        I (VNI present)=1@0
                        VNI=100@4
                        Destination=02:00:00:00:00:02@8
                        Source=02:00:00:00:00:01@14
                        VLAN=100@20
                        EtherType=0x0800@24
                        Total length=28@28
                        TTL=64@34
                        Protocol=UDP@35
                        Source=40.0.0.1@38
                        Destination=40.0.0.7@42
                        Source port=5000@46
                        Destination port=5001@48\
                        """);
        assertThat(text(of(RAW, data(4789, "0800000000006400 020000000002 020000000001 0806"))))
                .contains("Inner payload=0 octets@22");
    }

    @ParameterizedTest
    @CsvSource({
        "4341, 08000000000064, truncated at octet 7",
        "4341, 0800000000006400, truncated at octet 8",
        "4341, 0800000000006400 55, bad_inner_packet at octet 8",
        "4341, 0800000000006400 4400 001c 0001 0000 4011 0000 28000001 28000007,"
                + " bad_inner_packet at octet 8",
        "4341, 0800000000006400 4500 001c 0001 0000 4011 0000 28000001 28000007,"
                + " truncated at octet 28",
        "4790, 0c00000100006400 6000, truncated at octet 10",
        "4790, 0c00007e00006400 7777, unknown_afi at octet 10",
        "4789, 0800000000006400 020000000002 020000000001 8100, truncated at octet 22"
    })
    void aBrokenInnerPacketIsShownAsFarAsItGoes(int port, String payload, String flaw) {
        var seen = of(RAW, data(port, payload));

        assertThat(seen.flaw()).contains(flaw);
        assertThat(seen.tree().orElseThrow().root().children().getLast().name())
                .isEqualTo("Malformed");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 12, 101, 108, 113, 228, 229, 276, 9999})
    void nothingIsReadThatIsNotThere(int linkType) {
        assertThat(of(linkType).kind()).isEqualTo(Dissection.Kind.OTHER);
    }

    @Property(tries = 2000, seed = "4")
    void noOctetsCrashIt(
            @ForAll @IntRange(max = 300) int linkType,
            @ForAll boolean cut,
            @ForAll @Size(max = 120) byte[] octets) {
        var seen =
                Dissection.of(
                        new CapturedPacket(
                                1,
                                linkType,
                                Optional.empty(),
                                Bytes.of(octets),
                                octets.length + (cut ? 1 : 0)));

        assertThat(seen.what()).isNotEmpty();
    }

    /** Changed in a few octets, so that the walk goes far. */
    @Property(tries = 3000, seed = "5")
    void noChangedOctetsCrashIt(
            @ForAll @IntRange(max = 3) int which,
            @ForAll @IntRange(max = 100) int at,
            @ForAll @Size(min = 1, max = 3) byte[] change) {
        var octets =
                Bytes.ofHex(
                                switch (which) {
                                    case 0 -> IPV4 + UDP;
                                    case 1 -> IPV6 + UDP_OVER_IPV6;
                                    case 2 -> data(4341, "c811223300006403" + INNER);
                                    default ->
                                            data(
                                                    4789,
                                                    "0800000000006400 020000000002 020000000001"
                                                            + " 8100 0064 0800"
                                                            + INNER);
                                })
                        .toArray();
        for (int i = 0; i < change.length; i++) {
            octets[(at + i) % octets.length] = change[i];
        }

        assertThat(
                        Dissection.of(
                                        new CapturedPacket(
                                                1,
                                                RAW,
                                                Optional.empty(),
                                                Bytes.of(octets),
                                                octets.length))
                                .what())
                .isNotEmpty();
    }
}
