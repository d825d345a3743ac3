package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void aCaptureIsRefusedByName() throws Exception {
        var capture =
                Files.write(folder.resolve("x.pcap"), HexFormat.of().parseHex("d4c3b2a102000400"));

        var run = Run.lispctl("decode", capture.toString());

        assertThat(run.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(run.err()).contains("packet capture").hasLineCount(1);
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
