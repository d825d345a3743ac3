package io.lispfabric.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.conformance.RfcTests.Checked;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
                new ComplianceDocument(root().resolve("docs/compliance"), RfcTests.in(root()));
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
        var sound = new ComplianceDocument(notes, checked);
        assertThat(sound.text())
                .contains("| RFC 9301: Control | 1 of 2 | 1 | 0 |")
                .contains("- RFC 9301 §5.6, Map-Register: a\n  b\n")
                .contains(
                        "### §5.6 Map-Register\n\n- Deviation: a\n  b\n\n- [ATest](../a/ATest.java)\n  - it holds\n")
                .contains("## RFC 5952\n\n### §4\n")
                .contains("| R-001 | MUST | [ATest](../a/ATest.java) |");
        assertThat(sound.faults()).isEmpty();
        for (var wrong : List.of("9301 §9.9", "9301 5.6", "R-999", "R-1")) {
            var faulty =
                    new ComplianceDocument(
                            notes, List.of(new Checked(wrong, "a/ATest.java", "itHolds")));
            assertThat(faulty.text()).isNotEmpty();
            assertThat(faulty.faults()).singleElement().asString().contains(wrong, "ATest.itHolds");
        }
    }
}
