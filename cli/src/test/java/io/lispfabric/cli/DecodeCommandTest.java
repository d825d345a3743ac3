package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecodeCommandTest {
    /** A Map-Request for 40.0.0.7/32 from 127.0.0.1, by hand from the diagram of RFC 9301 §5.2. */
    private static final String MAP_REQUEST =
            "10000001 0123456789abcdef 0000 0001 7f000001 00 20 0001 28000007";

    @TempDir Path folder = Path.of("");

    @Test
    void everyFieldIsShownWithItsOctets() {
        var run = Run.lispctl("decode", MAP_REQUEST);

        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("Map-Request", "0123456789abcdef", "28000007", "40.0.0.7");
    }

    @Test
    void jsonHasTheSameTree() {
        var run = Run.lispctl("decode", "-o", "json", MAP_REQUEST);

        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.json().get("malformed").asBoolean()).isFalse();
        assertThat(run.json().at("/tree/octets").asText()).isEqualTo(MAP_REQUEST.replace(" ", ""));
        assertThat(run.json().findValuesAsText("octets")).contains("28000007", "7f000001");
    }

    @Test
    void digitsMayStandApartAndInAFileAndTheFileMayBeOctets() throws Exception {
        var expected = Run.lispctl("decode", MAP_REQUEST).out();
        var text = Files.writeString(folder.resolve("a"), "# asked\n0x" + MAP_REQUEST + "\n");
        var raw =
                Files.write(
                        folder.resolve("b"), HexFormat.of().parseHex(MAP_REQUEST.replace(" ", "")));

        assertThat(Run.lispctl(("decode " + MAP_REQUEST).split(" ")).out()).isEqualTo(expected);
        assertThat(Run.lispctl("decode", text.toString()).out()).isEqualTo(expected);
        assertThat(Run.lispctl("decode", raw.toString()).out()).isEqualTo(expected);
    }

    @Test
    void aMalformedMessageIsShownAsFarAsItGoesAndTheFlawIsNamedWithItsOctet() {
        var run = Run.lispctl("decode", MAP_REQUEST.substring(0, MAP_REQUEST.length() - 2));

        assertThat(run.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.out()).contains("0123456789abcdef");
        assertThat(run.err()).isEqualTo("lispctl: malformed: truncated at octet 27\n");
        var json =
                Run.lispctl(
                        "decode", "-o", "json", MAP_REQUEST.substring(0, MAP_REQUEST.length() - 2));
        assertThat(json.json().get("flaw").asText()).isEqualTo("truncated");
        assertThat(json.json().get("flawOffset").asInt()).isEqualTo(27);
    }

    /**
     * draft-ietf-opsawg-pcap §4: microseconds, big-endian, raw IP; then a packet with its length.
     */
    private static final String PCAP = "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065";

    private static String packet(String hex) {
        int length = HexFormat.of().parseHex(hex.replace(" ", "")).length;
        return String.format("6a000000 00000001 %08x %08x", length, length) + hex;
    }

    /** From 10.0.0.1:5000 to 10.0.0.2, without a checksum in the IP header. */
    private static String udp(int port, String payload) {
        int length = 8 + HexFormat.of().parseHex(payload.replace(" ", "")).length;
        return packet(
                String.format("4500 %04x 0001 0000 4011 0000 0a000001 0a000002", 20 + length)
                        + String.format("1388 %04x %04x 0000", port, length)
                        + payload);
    }

    private static final String TCP = packet("4500 0014 0001 0000 4006 66e1 0a000001 0a000002");

    private static final String LISP_DATA =
            udp(4341, "0800000000006400 4500 0014 0001 0000 4006 0000 28000001 28000007");

    private String capture(String... packets) throws Exception {
        return Files.write(
                        folder.resolve("x.pcap"),
                        HexFormat.of().parseHex((PCAP + String.join("", packets)).replace(" ", "")))
                .toString();
    }

    @Test
    void aCaptureIsShownPacketByPacketAndOtherPacketsAreCounted() throws Exception {
        var capture = capture(udp(4342, MAP_REQUEST), TCP, TCP, LISP_DATA);

        var run = Run.lispctl("decode", capture);

        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("#1  2026-05-", "Z  10.0.0.1:5000 → 10.0.0.2:4342  LISP control")
                .contains(Run.lispctl("decode", MAP_REQUEST).out())
                .contains("#4  ", "→ 10.0.0.2:4341  LISP data", "Instance ID: 100")
                .contains("Source: 40.0.0.1", "Destination: 40.0.0.7")
                .doesNotContain("#2  ")
                .endsWith("\n4 packets: 1 LISP control, 1 LISP data, 2 other (TCP 2)\n");
        assertThat(Run.lispctl("decode", "-v", capture).out()).contains("#2  2026-", "Z  TCP\n");
    }

    @Test
    void aCaptureAsJsonIsAnArrayOfAllItsPackets() throws Exception {
        var run =
                Run.lispctl(
                        "decode", "-o", "json", capture(udp(4342, MAP_REQUEST), TCP, LISP_DATA));

        assertThat(run.code()).isEqualTo(ExitCode.OK);
        var packets = run.json();
        assertThat(packets).hasSize(3);
        assertThat(packets.at("/0/kind").asText()).isEqualTo("control");
        assertThat(packets.at("/0/source").asText()).isEqualTo("10.0.0.1");
        assertThat(packets.at("/0/destinationPort").asInt()).isEqualTo(4342);
        assertThat(packets.at("/0/tree"))
                .isEqualTo(Run.lispctl("decode", "-o", "json", MAP_REQUEST).json().get("tree"));
        assertThat(packets.at("/1/kind").asText()).isEqualTo("other");
        assertThat(packets.at("/1/what").asText()).isEqualTo("TCP");
        assertThat(packets.at("/2/kind").asText()).isEqualTo("lisp");
        assertThat(packets.findValues("malformed")).noneMatch(it -> it.asBoolean());
        assertThat(Run.lispctl("decode", "-o", "json", capture()).json()).isEmpty();
        assertThat(Run.lispctl("decode", capture()).out()).isEqualTo("0 packets\n");
    }

    @Test
    void malformedPacketsOfACaptureAreShownAsFarAsTheyGoAndNamedAtTheEnd() throws Exception {
        var capture =
                capture(
                        udp(4342, "1000000101234567"),
                        TCP,
                        packet("4500 0014 0001"),
                        udp(4342, MAP_REQUEST));

        var run = Run.lispctl("decode", capture);

        assertThat(run.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.out())
                .contains("Malformed: truncated at octet 8")
                .contains("#3  ", "broken: it ends inside the IPv4 header")
                .contains("40.0.0.7");
        assertThat(run.err()).isEqualTo("lispctl: 2 of 4 packets malformed: 1, 3\n");
        var json = Run.lispctl("decode", "-o", "json", capture);
        assertThat(json.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(json.json().at("/0/flaw").asText()).isEqualTo("truncated");
        assertThat(json.json().at("/2/flaw").asText()).contains("IPv4 header");
        assertThat(json.json().at("/3/malformed").asBoolean()).isFalse();
    }

    @Test
    void aCaptureThatEndsEarlyIsReadUntilThereAndSaysSo() throws Exception {
        var whole = Files.readAllBytes(Path.of(capture(udp(4342, MAP_REQUEST), TCP)));
        var cut = Files.write(folder.resolve("y"), Arrays.copyOf(whole, whole.length - 1));

        var run = Run.lispctl("decode", cut.toString());

        assertThat(run.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.out()).contains("40.0.0.7").endsWith("1 packet: 1 LISP control\n");
        assertThat(run.err())
                .contains("cannot be read after packet 1: the file ends inside a packet")
                .hasLineCount(1);
        assertThat(Run.lispctl("decode", "-o", "json", cut.toString()).json()).hasSize(1);
    }

    @Test
    void nonsenseIsAUsageError() {
        assertThat(Run.lispctl("decode", "nonsense").code()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.lispctl("decode", "123").code()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.lispctl("decode", "\0").code()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.lispctl("decode").code()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.lispctl("decode", "").code()).isEqualTo(ExitCode.FAILURE);
    }
}
