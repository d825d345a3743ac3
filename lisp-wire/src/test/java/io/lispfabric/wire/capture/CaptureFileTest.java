package io.lispfabric.wire.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.text.MessageTree.Field;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CaptureFileTest {
    /** All that a file holds, and why there is no more. */
    private record Content(List<CapturedPacket> packets, Optional<String> damage) {
        static Content of(InputStream in) {
            try {
                var file = CaptureFile.of(in);
                var packets = new ArrayList<CapturedPacket>();
                for (var next = file.next(); next.isPresent(); next = file.next()) {
                    packets.add(next.get());
                }
                return new Content(packets, file.damage());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        static Content of(String... hex) {
            return of(new ByteArrayInputStream(Bytes.ofHex(String.join("", hex)).toArray()));
        }

        List<String> octets() {
            return packets.stream().map(it -> it.octets().hex()).toList();
        }

        List<Optional<Instant>> times() {
            return packets.stream().map(CapturedPacket::time).toList();
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (var in =
                Objects.requireNonNull(
                        CaptureFileTest.class.getResourceAsStream("/captures/" + name))) {
            return in.readAllBytes();
        }
    }

    /** Source port and destination port, message type or header, and the Instance ID of data. */
    private static String line(CapturedPacket packet) {
        var seen = Dissection.of(packet);
        if (seen.ends().isEmpty()) {
            return seen.what();
        }
        var ends = seen.ends().get();
        var fields = seen.tree().orElseThrow().root();
        return ends.source()
                + " "
                + ends.sourcePort()
                + " "
                + ends.destinationPort()
                + " "
                + fields.children().stream().map(Field::name).toList()
                + segment(fields).map(it -> " " + it).orElse("");
    }

    private static Optional<String> segment(Field field) {
        return field.children().getFirst().children().stream()
                .filter(it -> it.name().equals("Instance ID") || it.name().equals("VNI"))
                .map(Field::value)
                .findFirst();
    }

    private static final List<String> TOLD_BY_TSHARK =
            List.of(
                    "10.7.0.1 50001 4342 [Map-Register]",
                    "10.7.0.1 50002 4342 [Encapsulated Control Message]",
                    "2001:db8:7::1 50003 4342 [Map-Request]",
                    "10.7.0.1 50004 4342 [Map-Reply, Malformed]",
                    "10.7.0.1 50005 4341 [LISP header, Inner IPv4] 100",
                    "10.7.0.1 50006 4341 [LISP header, Inner IPv6] 100",
                    "10.7.0.1 50007 4789 [VXLAN header, Inner Ethernet, Inner IPv4] 100",
                    "2001:db8:7::1 50008 4790 [VXLAN-GPE header, Inner IPv4] 100",
                    "UDP",
                    "10.8.0.1 50010 4342 [Map-Notify]",
                    "10.7.0.1 50011 4342 [Map-Register, Malformed]",
                    "IPv4 fragment after the first");

    @ParameterizedTest
    @CsvSource({
        "cooked1-nano.pcap, 113, 18, 2026-11-22T02:57:10.426294921Z",
        "cooked2.pcap,      276, 18, 2026-11-22T02:57:10.426294Z",
        "ethernet.pcapng,     1, 34, 2026-11-22T02:57:10.426294921Z"
    })
    void capturesOfOtherProgramsHoldWhatTsharkSeesInThem(
            String file, int linkType, int packets, Instant registered) throws IOException {
        var content = Content.of(new ByteArrayInputStream(resource(file)));

        assertThat(content.damage()).isEmpty();
        assertThat(content.packets()).hasSize(packets).allMatch(it -> it.linkType() == linkType);
        assertThat(content.packets())
                .filteredOn(it -> Dissection.of(it).ends().isPresent())
                .first()
                .extracting(CapturedPacket::time)
                .isEqualTo(Optional.of(registered));
        assertThat(content.packets().stream().map(CaptureFileTest::line))
                .filteredOn(it -> !List.of("ICMP", "ICMPv6", "ARP").contains(it))
                .containsExactlyElementsOf(TOLD_BY_TSHARK);
        assertThat(content.packets().stream().map(it -> Dissection.of(it).flaw()))
                .filteredOn(Optional::isPresent)
                .containsExactly(
                        Optional.of("truncated at octet 61"),
                        Optional.of("trailing_octets at octet 106"));
        assertThat(content.packets())
                .flatExtracting(it -> Dissection.of(it).remarks())
                .containsOnly("the first of several IPv4 fragments; they are not put together");
    }

    @Test
    void whatTheCaptureCutIsNoFaultOfThePacket() throws IOException {
        var content = Content.of(new ByteArrayInputStream(resource("cut.pcap")));

        assertThat(content.damage()).isEmpty();
        assertThat(content.packets())
                .filteredOn(CapturedPacket::isCut)
                .hasSizeGreaterThan(10)
                .allMatch(it -> it.octets().length() == 100)
                .map(Dissection::of)
                .allMatch(Dissection::incomplete)
                .allMatch(it -> it.flaw().isEmpty())
                .allMatch(it -> it.remarks().getFirst().startsWith("the capture kept 100 of "));
        assertThat(content.packets())
                .map(Dissection::of)
                .filteredOn(it -> it.kind() == Dissection.Kind.CONTROL)
                .hasSize(6);
    }

    /** draft-ietf-opsawg-pcap §4: the magic number chooses byte order and the unit of time. */
    @ParameterizedTest
    @CsvSource({
        "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065, 6a000000 0000a410 00000002 00000009,"
                + " 1970-01-01T00:00:00.042Z",
        "d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000, 0000006a 10a40000 02000000 09000000,"
                + " 1970-01-01T00:00:00.042Z",
        "a1b23c4d 0002 0004 00000000 00000000 00040000 00000065, 6a000000 0000a410 00000002 00000009,"
                + " 1970-01-01T00:00:00.000042Z",
        "4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000, 0000006a 10a40000 02000000 09000000,"
                + " 1970-01-01T00:00:00.000042Z"
    })
    void pcapComesInTwoByteOrdersAndTwoUnitsOfTime(String file, String packet, Instant fraction) {
        var content = Content.of(file, packet, "4500");

        assertThat(content)
                .isEqualTo(
                        new Content(
                                List.of(
                                        new CapturedPacket(
                                                1,
                                                101,
                                                Optional.of(fraction.plusSeconds(0x6a00_0000)),
                                                Bytes.ofHex("4500"),
                                                9)),
                                Optional.empty()));
        assertThat(content.packets().getFirst().isCut()).isTrue();
    }

    private static final String PCAP = "a1b2c3d4 0002 0004 00000000 00000000 00040000 ";

    @Test
    void theUpperBitsOfTheLinkTypeTellOfFrameCheckSequences() {
        assertThat(
                        Content.of(PCAP + "24000001", "00000000 00000000 00000001 00000001 aa")
                                .packets()
                                .getFirst()
                                .linkType())
                .isEqualTo(1);
    }

    // draft-ietf-opsawg-pcapng §4: type, length, body, length.
    private static final String SECTION =
            "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c";
    private static final String SECTION_LITTLE =
            "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000";
    private static final String ETHERNET = "00000001 00000014 0001 0000 00000000 00000014";
    private static final String RAW_LITTLE = "01000000 14000000 6500 0000 00000000 14000000";

    /** Two octets of the third of three interfaces, at 1 000 003 ticks. */
    private static String enhanced(String ofInterface) {
        return "00000006 00000024 "
                + ofInterface
                + " 00000000 000f4243 00000002 00000002 aabb0000 00000024";
    }

    @Test
    void pcapngHasSectionsOfBothByteOrdersWithInterfacesOfTheirOwn() {
        var content =
                Content.of(
                        SECTION,
                        ETHERNET,
                        enhanced("00000000"),
                        SECTION_LITTLE,
                        RAW_LITTLE,
                        "06000000 24000000 00000000 00000000 43420f00 01000000 04000000 cc000000"
                                + " 24000000");

        assertThat(content.damage()).isEmpty();
        assertThat(content.octets()).containsExactly("aabb", "cc");
        assertThat(content.packets()).extracting(CapturedPacket::linkType).containsExactly(1, 101);
        assertThat(content.times())
                .containsOnly(Optional.of(Instant.parse("1970-01-01T00:00:01.000003Z")));
        assertThat(content.packets())
                .extracting(CapturedPacket::isCut)
                .containsExactly(false, true);
    }

    /** draft-ietf-opsawg-pcapng §4.2: if_tsresol and if_tsoffset, after a comment. */
    @ParameterizedTest
    @CsvSource({
        "03, 0000000000000000, 1970-01-01T00:16:40.003Z",
        "09, 0000000000000000, 1970-01-01T00:00:00.001000003Z",
        "0c, 0000000000000000, 1970-01-01T00:00:00.000001Z",
        "94, 0000000000000000, 1970-01-01T00:00:00.953677177Z",
        "06, 000000000000003c, 1970-01-01T00:01:01.000003Z",
        "7f, 0000000000000000, ",
        "ff, 0000000000000000, ",
        "00, 7fffffffffffffff, "
    })
    void anInterfaceChoosesTheUnitAndTheOriginOfTime(
            String resolution, String offset, @Nullable Instant time) {
        var options =
                "0001 0003 61626300 0009 0001 "
                        + resolution
                        + "000000 000e 0008 "
                        + offset
                        + " 0000 0000";

        var content =
                Content.of(
                        SECTION,
                        "00000001 00000034 0001 0000 00000000",
                        options,
                        "00000034",
                        enhanced("00000000"));

        assertThat(content.damage()).isEmpty();
        assertThat(content.times()).containsExactly(Optional.ofNullable(time));
    }

    @Test
    void simpleAndOldPacketsAreReadAndOtherBlocksPassedOver() {
        var content =
                Content.of(
                        SECTION,
                        "00000001 00000014 0001 0000 00000003 00000014",
                        "00000004 00000014 11223344 55667788 00000014",
                        "00000003 00000014 00000009 aabbcc00 00000014",
                        "00000002 00000024 0000 0007 00000000 000f4243 00000001 00000001 dd000000"
                                + " 00000024");

        assertThat(content.damage()).isEmpty();
        assertThat(content.octets()).containsExactly("aabbcc", "dd");
        assertThat(content.times().getFirst()).isEmpty();
        assertThat(content.packets().getFirst().originalLength()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000006 00000024 00000001 00000000 00000000 00000002 00000002 aabb0000 00000024",
                "00000006 00000024 00000000 00000000 00000000 00000005 00000005 aabb0000 00000024",
                "00000006 00000024 00000000 00000000 00000000 00000002 00000002 aabb0000 00000028",
                "00000006 0000000c 0000000c",
                "00000006 00000025 00000000 00000000 00000000 00000002 00000002 aabb0000",
                "00000004 00000000 00000000",
                "00000004 fffffffc 00000000",
                "00000003 00000010 ffffffff",
                "0a0d0d0a 0000001c 1a2b3c4e 0001 0000 ffffffffffffffff 0000001c",
                "0a0d0d0a 00000010 1a2b3c4d 00000010",
                "00000001 00000010 00010000 00000010",
                "00"
            })
    void aBlockThatCannotBeEndsTheReadingAndIsTold(String block) {
        var content = Content.of(SECTION, ETHERNET, enhanced("00000000"), block);

        assertThat(content.octets()).containsExactly("aabb");
        assertThat(content.damage()).isPresent();
        assertThat(content.damage().get()).startsWith("after packet 1: ");
    }

    @Test
    void aPacketThatClaimsMoreThanAnyCaptureHoldsEndsTheReading() {
        var content = Content.of(PCAP + "00000001", "00000000 00000000 ffffffff ffffffff");

        assertThat(content.packets()).isEmpty();
        assertThat(content.damage()).contains("after packet 0: a packet of 4294967295 octets");
    }

    /** Only the beginning of a giant is kept, and what comes behind it is found all the same. */
    @Test
    void aGiantIsCutAndTheNextPacketIsRead() {
        int giant = CaptureFile.LARGEST + 1000;
        var head = Bytes.ofHex(PCAP + "00000065 00000000 00000000 000403e8 000403e8").toArray();
        var file = Arrays.copyOf(head, head.length + giant + 17);
        file[head.length + giant + 11] = 1; // a packet of one octet follows

        var content = Content.of(new ByteArrayInputStream(file));

        assertThat(content.damage()).isEmpty();
        assertThat(content.packets())
                .extracting(it -> it.octets().length())
                .containsExactly(CaptureFile.LARGEST, 1);
        assertThat(content.packets().getFirst().isCut()).isTrue();
    }

    @Test
    void whatIsNoCaptureIsNotTakenForOne() {
        assertThat(CaptureFile.begins(new byte[] {1, 2, 3, 4})).isFalse();
        assertThat(CaptureFile.begins(new byte[] {1, 2})).isFalse();
        assertThatThrownBy(() -> CaptureFile.of(InputStream.nullInputStream()))
                .isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cooked1-nano.pcap", "ethernet.pcapng"})
    void aFileThatEndsEarlyGivesThePacketsBeforeThat(String name) throws IOException {
        var file = resource(name);
        var whole = Content.of(new ByteArrayInputStream(file));
        for (int length = 4; length < file.length; length++) {
            var content = Content.of(new ByteArrayInputStream(file, 0, length));
            assertThat(content.packets())
                    .isEqualTo(whole.packets().subList(0, content.packets().size()));
        }
        assertThat(Content.of(new ByteArrayInputStream(file, 0, file.length - 1)).damage())
                .isPresent();
    }

    @Property(tries = 500, seed = "3")
    void noOctetsCrashIt(
            @ForAll @IntRange(max = 4) int magic, @ForAll @Size(max = 400) byte[] octets) {
        var magics = List.of("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", SECTION + ETHERNET);
        var begin = Bytes.ofHex(magics.get(magic)).toArray();
        var file = Arrays.copyOf(begin, begin.length + octets.length);
        System.arraycopy(octets, 0, file, begin.length, octets.length);

        Content.of(new ByteArrayInputStream(file)).packets().forEach(Dissection::of);
    }

    @Property(tries = 1000, seed = "3")
    void noChangedOctetsCrashIt(
            @ForAll @IntRange(max = 3) int which,
            @ForAll @IntRange(max = 1 << 20) int at,
            @ForAll @Size(min = 1, max = 8) byte[] octets)
            throws IOException {
        var names = List.of("cooked1-nano.pcap", "cooked2.pcap", "cut.pcap", "ethernet.pcapng");
        var file = resource(names.get(which));
        for (int i = 0; i < octets.length; i++) {
            file[4 + (at + i) % (file.length - 4)] ^= octets[i];
        }

        assertThat(Content.of(new ByteArrayInputStream(file)).packets())
                .allSatisfy(it -> assertThat(Dissection.of(it).what()).isNotEmpty());
    }
}
