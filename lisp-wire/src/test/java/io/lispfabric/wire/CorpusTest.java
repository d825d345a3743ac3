package io.lispfabric.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The mistakes that LISP products make with octets, one file each, kept for ever: {@code corpus/}.
 * Its first three lines say what it is, which rule it is about, and what becomes of it: {@code
 * accept}, also {@code accept, authentic} or {@code accept, not authentic} under Key ID 1 with the
 * secret "lisp-test-secret" for Algorithm 3, or {@code malformed} and a {@link Flaw}. A line {@code
 * N x HEX} stands for so many repetitions.
 */
class CorpusTest {
    private static final SharedKey KEY =
            SharedKey.of(1, Bytes.of("lisp-test-secret".getBytes(StandardCharsets.US_ASCII)));
    private static final Pattern REPEATED = Pattern.compile("(\\d+) x (.*)");

    private record Case(String name, String rule, String outcome, Bytes octets) {
        @Override
        public String toString() {
            return name + ": " + outcome;
        }
    }

    static List<Case> cases() throws IOException, URISyntaxException {
        var folder = CorpusTest.class.getResource("/corpus");
        assertThat(folder).isNotNull();
        try (var files = Files.list(Path.of(folder.toURI()))) {
            return files.sorted().map(CorpusTest::read).toList();
        }
    }

    private static Case read(Path file) {
        try {
            var lines = Files.readAllLines(file);
            var outcome = lines.get(2);
            assertThat(outcome).as("%s", file).startsWith("# outcome: ");
            var hex =
                    lines.stream()
                            .map(line -> line.replaceAll("#.*", "").strip())
                            .map(CorpusTest::repeated)
                            .collect(Collectors.joining());
            return new Case(
                    file.getFileName().toString().replace(".hex", ""),
                    lines.get(1).substring(2),
                    outcome.substring("# outcome: ".length()),
                    Bytes.ofHex(hex));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String repeated(String line) {
        var match = REPEATED.matcher(line);
        return match.matches() ? match.group(2).repeat(Integer.parseInt(match.group(1))) : line;
    }

    @ParameterizedTest
    @MethodSource("cases")
    @Rfc("9301 §5")
    @Rfc("9303 §6.1")
    @Rfc("9306 §3")
    void whatBecomesOfItIsWhatItsFileSays(Case it) {
        switch (LispCodec.decode(it.octets().buffer())) {
            case Decoded.Malformed(var flaw, int offset) -> {
                assertThat("malformed " + flaw).as(it.rule()).isEqualTo(it.outcome());
                assertThat(offset).isBetween(0, it.octets().length());
            }
            case Decoded.Message(var message) -> {
                assertThat(outcome(message, it.octets())).as(it.rule()).isEqualTo(it.outcome());
                var ours = Bytes.of(LispCodec.encode(message));
                assertThat(LispCodec.decode(ours.buffer())).isEqualTo(new Decoded.Message(message));
            }
        }
    }

    private static String outcome(LispMessage message, Bytes octets) {
        return switch (message) {
            case LispMessage.Authenticated signed ->
                    MessageAuthentication.verify(signed, octets.buffer(), KEY)
                            ? "accept, authentic"
                            : "accept, not authentic";
            case LispMessage.Plain _ -> "accept";
        };
    }

    @Test
    void everyFlawHasACaseOfItsName() throws IOException, URISyntaxException {
        var outcomes = cases().stream().map(Case::outcome).collect(Collectors.toSet());
        assertThat(Arrays.stream(Flaw.values()).map(flaw -> "malformed " + flaw))
                .allSatisfy(flaw -> assertThat(outcomes).contains(flaw));
        assertThat(Flaw.values())
                .allSatisfy(flaw ->
                        assertThat(flaw.label()).isEqualTo(flaw.name().toLowerCase(Locale.ROOT)));
    }
}
