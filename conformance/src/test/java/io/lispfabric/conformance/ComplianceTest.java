package io.lispfabric.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.conformance.RfcTests.Checked;
import io.lispfabric.conformance.blackbox.Case;
import io.lispfabric.conformance.blackbox.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code docs/compliance.md} says what the tests say. */
class ComplianceTest {
    private static final String COMMAND =
            "./mvnw -q -pl conformance -am test -Dtest=ComplianceTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Dcompliance.write";

    private static Path root() {
        var folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("not inside the repository");
            }
        }
        return folder;
    }

    @Test
    void theCommittedDocumentIsTheOneThatTheTestsGive() throws IOException {
        var document =
                new ComplianceDocument(
                        root().resolve("docs/compliance"),
                        RfcTests.in(root()),
                        RfcTests.named(root()),
                        Suite.cases().stream().map(Case::id).collect(Collectors.toSet()));
        var text = document.text();
        assertThat(document.faults()).isEmpty();
        var file = root().resolve("docs/compliance.md");
        if (System.getProperty("compliance.write") != null) {
            Files.writeString(file, text);
        }
        var committed = Files.exists(file) ? Files.readString(file) : "";
        assertThat(firstDifference(committed, text))
                .as(
                        "docs/compliance.md is not up to date; this command writes it anew:%n  %s",
                        COMMAND)
                .isEmpty();
    }

    private static String firstDifference(String committed, String wanted) {
        var is = committed.lines().toList();
        var should = wanted.lines().toList();
        for (int i = 0; i < Math.max(is.size(), should.size()); i++) {
            var one = i < is.size() ? is.get(i) : "its end";
            var other = i < should.size() ? should.get(i) : "its end";
            if (!one.equals(other)) {
                return "line " + (i + 1) + " is: " + one + "; should be: " + other;
            }
        }
        return committed.equals(wanted) ? "" : "the line ends differ";
    }

    @Test
    void rulesAreFoundOnMethodsAndClasses() {
        var source =
                """
                /** Not a rule: @Rfc("1 §1"). */
                @Rfc("R-001")
                class SomeTest {
                    // @Rfc("2 §2")
                    @Test
                    @Rfc("9301 §5.6")
                    @Rfc("9301 §5.7")
                    void aNameIsASentence() throws IOException {}

                    void notATest() {}
                }
                """;
        var found = RfcTests.in("lcaf/src/test/java/SomeTest.java", source);
        assertThat(found)
                .containsExactly(
                        new Checked("R-001", "lcaf/src/test/java/SomeTest.java", ""),
                        new Checked(
                                "9301 §5.6",
                                "lcaf/src/test/java/SomeTest.java",
                                "aNameIsASentence"),
                        new Checked(
                                "9301 §5.7",
                                "lcaf/src/test/java/SomeTest.java",
                                "aNameIsASentence"));
        assertThat(found.getLast().sentence()).isEqualTo("a name is a sentence");
        assertThat(found.getLast().className()).isEqualTo("SomeTest");
    }

    @Test
    void aRuleThatNoDocumentHasIsAFault(@TempDir Path notes) throws IOException {
        Files.writeString(notes.resolve("intro.md"), "# Compliance\n");
        Files.writeString(
                notes.resolve("rfc9301.md"),
                "# RFC 9301: Control\n\n## 5.6 Map-Register\n\n- Deviation: a\n  b\n\n## 5.7 Notify\n");
        Files.writeString(
                notes.resolve("requirements.md"),
                "# Requirements\n\n| No. | Level |\n| --- | --- |\n| R-001 | MUST |\n");
        var checked =
                List.of(
                        new Checked("9301 §5.6", "a/ATest.java", "itHolds"),
                        new Checked("5952 §4", "a/ATest.java", "itHolds"),
                        new Checked("R-001", "a/ATest.java", "itHolds"));
        var sound = new ComplianceDocument(notes, checked, Map.of(), Set.of());
        assertThat(sound.text())
                .contains("| RFC 9301: Control |  | 1 of 2 | 1 | 0 |")
                .contains("- RFC 9301 §5.6, Map-Register: a\n  b\n")
                .contains(
                        "### §5.6 Map-Register\n\n- Deviation: a\n  b\n\n- [ATest](../a/ATest.java)\n  - it holds\n")
                .contains("## RFC 5952\n\n### §4\n")
                .contains("| R-001 | MUST | [ATest](../a/ATest.java) |");
        assertThat(sound.faults()).isEmpty();
        for (var wrong : List.of("9301 §9.9", "9301 5.6", "R-999", "R-1")) {
            var faulty =
                    new ComplianceDocument(
                            notes,
                            List.of(new Checked(wrong, "a/ATest.java", "itHolds")),
                            Map.of(),
                            Set.of());
            assertThat(faulty.text()).isNotEmpty();
            assertThat(faulty.faults()).singleElement().asString().contains(wrong, "ATest.itHolds");
        }
    }

    private static final String HEAD =
            "| § | Level | Sentence | Binds | Kept by |\n| --- | --- | --- | --- | --- |\n";

    private static Demands demands(Path folder, String... rows) throws IOException {
        var file = folder.resolve("rfc1.md");
        Files.writeString(file, "# Title\n\n" + HEAD + String.join("\n", rows) + "\n");
        return Demands.in(file);
    }

    @Test
    void everyDemandHasATestOrAReason(@TempDir Path folder) throws IOException {
        var sound =
                demands(
                        folder,
                        "| 1.2 | MUST | It MUST be so. | all | `ATest#itHolds`, `topic.case`; says more |",
                        "| 1.2 | SHOULD | It SHOULD be so. | ITR | no: `setting` is not built |",
                        "| 2 | MUST NOT | It MUST NOT be. | all | not ours: the operator's |");
        var tests = Map.of("ATest#itHolds", "a/ATest.java");

        assertThat(sound.faults(tests.keySet(), Set.of("topic.case"), Set.of("1.2", "2")))
                .isEmpty();
        assertThat(sound.tested()).isEqualTo("1 of 2");
        assertThat(sound.text(tests))
                .contains("| MUST | 1 | 1 | 0 | 0 |\n")
                .contains("| SHOULD | 1 | 0 | 1 | 0 |\n")
                .contains("| MUST NOT | 1 | 0 | 0 | 1 |\n")
                .contains(
                        "| all | [ATest itHolds](../a/ATest.java),"
                                + " [topic.case](conformance.md); says more |")
                .contains("| no: `setting` is not built |");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "| 1 | MUST | It MUST. | all | `ATest#itIsNot` |; there is no test ATest#itIsNot",
                "| 1 | MUST | It MUST. | all | no: see `ATest#itIsNot` |; there is no test",
                "| 1 | MUST | It MUST. | all | `topic.none` |; there is no case topic.none",
                "| 1 | MUST | It MUST. | all | surely |; names no test",
                "| 1 | MUST | It MUST. | all | |; names no test",
                "| 1 | MAY | It MAY. | all | `ATest#itHolds` |; MAY is none of",
                "| 1 | MUST NOT | It MUST. | all | `ATest#itHolds` |; the sentence has no MUST NOT",
                "| 9 | MUST | It MUST. | all | `ATest#itHolds` |; no section 9",
                "| 1 | MUST | It MUST. | | `ATest#itHolds` |; binds nobody",
            })
    void aDemandWithoutEitherIsAFault(String row, String fault, @TempDir Path folder)
            throws IOException {
        assertThat(
                        demands(folder, row)
                                .faults(Set.of("ATest#itHolds"), Set.of("topic.case"), Set.of("1")))
                .singleElement()
                .asString()
                .startsWith("rfc1.md:5: ")
                .contains(fault);
    }

    @Test
    void methodsThatAreTestsAreFoundByName() {
        assertThat(
                        RfcTests.named(
                                """
                                class ATest {
                                    // @Test void not() {}
                                    @Test
                                    @Tag("slow")
                                    void one() {}

                                    void helper() {}

                                    @ParameterizedTest
                                    @CsvSource({"a, 1", "b, 2"})
                                    void two(String a, int b) throws Exception {}

                                    @Property(tries = 3)
                                    void three(@ForAll int a) {}
                                }
                                """))
                .containsExactly("one", "two", "three");
    }
}
