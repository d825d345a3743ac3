package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.app.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator writes, and what comes of it. */
class ServerConfigTest {
    private static final String SITE =
            """
            sites:
              - name: pod-d
                site-id: 4
                keys: [ { id: 1, secret-file: key } ]
            """;

    @TempDir Path folder;

    private ServerConfig config(String text) throws IOException, ConfigException {
        Files.writeString(folder.resolve("key"), "0123456789abcdef");
        return ServerConfig.load(Files.writeString(folder.resolve("ms.yaml"), text));
    }

    @Test
    void whatIsNotSetHasItsDefault() throws IOException, ConfigException {
        var config = config(SITE);
        assertThat(config.subscriptions()).isEqualTo(ServerConfig.Subscriptions.DEFAULT);
        var site = config.sites().sites().getFirst();
        assertThat(site.rlocs()).isEmpty();
        assertThat(site.notifyXtrId()).isFalse();
        assertThat(site.answerDuplicates()).isFalse();
        assertThat(site.keys().getFirst().recordsOnly()).isFalse();
    }

    @Test
    void aSiteIsReadWhole() throws IOException, ConfigException {
        var site =
                config(
                                """
                                subscriptions: { after-withdrawal: 5m }
                                sites:
                                  - name: pod-d
                                    keys:
                                      - { id: 1, secret-file: key, mac-coverage: records }
                                    rlocs: [ 10.9.0.0/16, "2001:db8::/32" ]
                                    notify-xtr-id: true
                                    answer-duplicates: true
                                """)
                        .sites()
                        .sites()
                        .getFirst();
        assertThat(site.rlocs())
                .containsExactly(EidPrefix.parse("10.9.0.0/16"), EidPrefix.parse("2001:db8::/32"));
        assertThat(site.notifyXtrId()).isTrue();
        assertThat(site.answerDuplicates()).isTrue();
        assertThat(site.keys().getFirst().recordsOnly()).isTrue();
    }

    @Test
    void anEidPrefixThatIsGoneHasSubscribersForATimeThatIsSet()
            throws IOException, ConfigException {
        assertThat(config("subscriptions: { after-withdrawal: 5m }").subscriptions().bereaved())
                .isEqualTo(Duration.ofMinutes(5));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sites: [ { name: a } ] | keys: a site needs at least one key",
                "subscriptions: { after-withdrawal: 0s } | after-withdrawal: must be at least 1m",
                "sites: [ { name: a, keys: [ { secret-file: key, mac-coverage: all } ] } ]"
                        + " | mac-coverage: must be message or records, not 'all'",
                "sites: [ { name: a, keys: [ { secret-file: key } ], rlocs: [ 'name:x' ] } ]"
                        + " | rlocs: RLOCs are IP addresses, such as 10.9.0.0/16, not 'name:x'",
            })
    @Rfc("9301 §8.2")
    void whatIsWrongIsSaidInOneSentence(String text, String sentence) {
        assertThatThrownBy(() -> config(text))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(sentence);
    }
}
