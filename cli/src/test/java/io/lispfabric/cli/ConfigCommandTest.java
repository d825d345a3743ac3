package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigCommandTest {
    @TempDir Path folder = Path.of("");

    @ParameterizedTest
    @CsvSource({"ms, ms-0", "xtr, xtr-a1"})
    void theExampleIsGoodAsItIs(String kind, String name) {
        var init = Run.lispctl("config", "init", kind, "--dir", folder.toString());
        assertThat(init.err()).isEmpty();
        assertThat(init.code()).isEqualTo(ExitCode.OK);

        var check =
                Run.lispctl(
                        "config", "check", folder.resolve(kind + ".yaml").toString(), "-o", "json");
        assertThat(check.err()).isEmpty();
        assertThat(check.code()).isEqualTo(ExitCode.OK);
        assertThat(check.json().get("good").asBoolean()).isTrue();
        assertThat(check.json().get("kind").asText()).isEqualTo(kind);
        assertThat(check.json().get("name").asText()).isEqualTo(name);
    }

    @Test
    void theSecretIsForItsOwnerAlone() throws Exception {
        Run.lispctl("config", "init", "ms", "--dir", folder.toString());

        var secret = folder.resolve("ms.key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(secret)).matches("[0-9a-f]{32}\n");
    }

    @Test
    void anXtrGetsTheSecretOfTheMapServerBesideIt() throws Exception {
        Run.lispctl("config", "init", "ms", "--dir", folder.toString());
        var init = Run.lispctl("config", "init", "xtr", "--dir", folder.toString());

        assertThat(init.out()).contains("the secret of ms.key");
        assertThat(folder.resolve("xtr.key")).hasSameTextualContentAs(folder.resolve("ms.key"));
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("xtr.key"))))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ms.yaml", "ms.key"})
    void nothingIsOverwritten(String there) throws Exception {
        Files.writeString(folder.resolve(there), "mine");

        var run = Run.lispctl("config", "init", "ms", "--dir", folder.toString());

        assertThat(run.code()).isEqualTo(ExitCode.CONFLICT);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).contains(there);
        assertThat(folder.resolve(there)).hasContent("mine");
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aWrongKeyIsNamedByFileAndLineAndWhatMayHaveBeenMeant() throws Exception {
        var file =
                Files.writeString(
                        folder.resolve("bad.yaml"), "member: ms-0\nregistration-timout: 3m\n");

        var run = Run.lispctl("config", "check", file.toString());

        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err())
                .startsWith("lispctl: " + file + ":2: registration-timout")
                .contains("did you mean registration-timeout?");
        var json = Run.lispctl("config", "check", file.toString(), "-o", "json");
        assertThat(json.code()).isEqualTo(ExitCode.USAGE);
        assertThat(json.json().get("good").asBoolean()).isFalse();
    }

    @Test
    void twoKeyIdsWithOneSecretAreWarnedOf() throws Exception {
        Files.writeString(folder.resolve("a.key"), "0123456789abcdef0123456789abcdef");
        var file =
                Files.writeString(
                        folder.resolve("ms.yaml"),
                        """
                        member: ms-0
                        data: ms-data
                        sites:
                          - name: pod-a
                            site-id: 1
                            keys: [ { id: 1, secret-file: a.key }, { id: 2, secret-file: a.key } ]
                            prefixes: [ { iid: 1, prefix: 10.0.0.0/16 } ]
                        """);

        var run = Run.lispctl("config", "check", file.toString());

        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.err()).contains("site pod-a: Key IDs 1 and 2 have the same secret");
    }

    @Test
    void whatIsNoYamlOfOursIsSaidWithTheFileAndTheReason() throws Exception {
        var file = folder.resolve("bad.yaml");
        Files.writeString(file, "member: \0");
        assertThat(Run.lispctl("config", "check", file.toString()).err())
                .contains("bad.yaml: not YAML: U+0000");
        Files.writeString(file, "a: &x [1]\nb: *x\n");
        assertThat(Run.lispctl("config", "check", file.toString()).err())
                .contains("bad.yaml:2: only a single value may have an alias: *x");
        var loop = folder.resolve("loop.yaml");
        Files.createSymbolicLink(loop, loop);
        assertThat(Run.lispctl("config", "check", loop.toString()).err())
                .contains("loop.yaml: cannot be read: it is a symbolic link to no file");
    }

    @Test
    void aMissingFileIsOneLine() {
        var run = Run.lispctl("config", "check", folder.resolve("none.yaml").toString());

        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err().lines()).hasSize(1);
    }
}
