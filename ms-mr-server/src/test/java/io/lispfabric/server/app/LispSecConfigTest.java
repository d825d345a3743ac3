package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The settings of LISP-SEC, and the sentence for each mistake in them. */
class LispSecConfigTest {
    @TempDir Path folder;

    @BeforeEach
    void secrets() throws IOException {
        Files.writeString(folder.resolve("site.key"), "a secret of the PoD");
        Files.writeString(folder.resolve("itr.key"), "a secret of the ITRs");
        Files.writeString(folder.resolve("short.key"), "short");
    }

    private ServerConfig config(String lispSec) throws ConfigException {
        var yaml =
                """
                sites:
                  - name: pod-a
                    site-id: 1
                    keys: [ { id: 1, secret-file: site.key } ]
                    prefixes: [ { iid: 1, prefix: 10.0.0.0/16 } ]
                """
                        + lispSec;
        return ServerConfig.from(Settings.parse(folder.resolve("ms.yaml").toString(), yaml));
    }

    private void refused(String lispSec, String because) {
        assertThatThrownBy(() -> config(lispSec))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(because);
    }

    @Test
    void withoutSettingsThereIsNoLispSec() throws ConfigException {
        assertThat(config("").lispSec()).isEqualTo(ServerConfig.LispSec.NONE);
    }

    @Test
    void secretsOfItrsAreFoundByTheirKeyIdAndNeverPrinted() throws ConfigException {
        var settings =
                config(
                                "lisp-sec: { require: true, keys: [ { id: 7, secret-file: itr.key,"
                                        + " sites: [pod-a] } ] }")
                        .lispSec();
        assertThat(settings.required()).isTrue();
        assertThat(settings.key(7))
                .hasValueSatisfying(it -> {
                    assertThat(it.sites()).isEqualTo(Set.of("pod-a"));
                    assertThat(it.speaksFor("pod-a")).isTrue();
                    assertThat(it.speaksFor("pod-b")).isFalse();
                });
        assertThat(settings.key(8)).isEmpty();
        assertThat(settings.toString()).doesNotContain("secret of");
    }

    @Test
    @Rfc("9303 §6.5")
    void theSecretOfItrsIsIndependentOfTheSites() {
        refused("lisp-sec: { keys: [ { id: 1, secret-file: site.key } ] }", "independent");
    }

    @Test
    void eachMistakeHasItsSentence() {
        refused("lisp-sec: { require: true }", "needs keys");
        refused("lisp-sec: { keys: [ { id: 1, secret-file: short.key } ] }", "16 octets");
        refused(
                "lisp-sec: { keys: [ { id: 1, secret-file: itr.key, sites: [pod-x] } ] }",
                "no site is called pod-x");
        refused(
                "lisp-sec: { keys: [ { id: 1, secret-file: itr.key }, { id: 1, secret-file: itr.key }"
                        + " ] }",
                "is used by another key");
        refused("lisp-sec: { required: true }", "required");
    }
}
