package io.lispfabric.wire.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static Settings settings(String yaml) throws ConfigException {
        return Settings.parse("lisp.yaml", yaml);
    }

    /** The one line that the operator sees. */
    private static String error(ThrowingCallable call) {
        var message =
                String.valueOf(catchThrowableOfType(ConfigException.class, call).getMessage());
        assertThat(message).doesNotContain("\n");
        return message;
    }

    @ParameterizedTest
    @CsvSource({"250ms, PT0.25S", "3s, PT3S", "15m, PT15M", "24h, PT24H", "7d, PT168H", "0s, PT0S"})
    void aDurationHasAUnit(String text, Duration duration) throws ConfigException {
        assertThat(settings("wait: " + text).duration("wait", Duration.ZERO)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "s", "-3s", "3 s", "3S", "3w", "1h30m"})
    void whatIsNoDurationIsRefusedAtItsLine(String text) throws ConfigException {
        var settings = settings("# first\nwait: '" + text + "'");
        assertThat(error(() -> settings.duration("wait", Duration.ZERO)))
                .startsWith("lisp.yaml:2: wait: must be a time with a unit")
                .contains("'" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"36501d", "9999999999999ms", "99999999999999999999s"})
    void aDurationThatNoClockCountsIsRefused(String text) throws ConfigException {
        var settings = settings("wait: " + text);
        assertThat(error(() -> settings.duration("wait", Duration.ZERO)))
                .isEqualTo("lisp.yaml:1: wait: must be at most 36500d, not '" + text + "'");
    }

    @ParameterizedTest
    @CsvSource({"0MiB, 0", "3KiB, 3072", "64MiB, 67108864", "2GiB, 2147483648"})
    void aSizeHasAUnit(String text, long octets) throws ConfigException {
        assertThat(settings("room: " + text).size("room", -1)).isEqualTo(octets);
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "MiB", "-3MiB", "3 MiB", "3mib", "3MB", "1.5GiB"})
    void whatIsNoSizeIsRefusedAtItsLine(String text) throws ConfigException {
        var settings = settings("room: '" + text + "'");
        assertThat(error(() -> settings.size("room", 0)))
                .startsWith("lisp.yaml:1: room: must be a size with a unit")
                .contains("'" + text + "'");
    }

    @Test
    void aMisspeltKeyStopsTheProgramAndIsGuessed() throws ConfigException {
        var settings = settings("listen: 127.0.0.1:4342\nregistration-timout: 3m\n");
        settings.address("listen", "", 4342);
        settings.duration("registration-timeout", Duration.ofMinutes(3));
        assertThat(error(settings::rejectUnread))
                .isEqualTo(
                        "lisp.yaml:2: registration-timout: is not a setting; did you mean"
                                + " registration-timeout?");
    }

    @Test
    void aKeyLikeNoOtherIsNotGuessed() throws ConfigException {
        var settings = settings("zzz: 1");
        settings.text("listen", "");
        assertThat(error(settings::rejectUnread)).isEqualTo("lisp.yaml:1: zzz: is not a setting");
    }

    @Test
    void keysOfPartsAreCheckedTooAndNamedByTheirPath() throws ConfigException {
        var settings =
                settings("sites:\n- name: a\n  key: x\n- name: b\n  kay: y\nraft:\n  prot: 1\n");
        for (var site : settings.list("sites")) {
            site.text("name");
            site.text("key", "");
        }
        assertThat(error(settings::rejectUnread)).startsWith("lisp.yaml:6: raft: is not a setting");
        settings.section("raft").number("port", 1, 1, 65535);
        assertThat(error(settings::rejectUnread))
                .isEqualTo("lisp.yaml:5: sites[1].kay: is not a setting; did you mean key?");
    }

    @Test
    void whatIsReadIsNotRejected() throws ConfigException {
        var settings = settings("a: 1\nb: [1, 2]\nc: {d: true}\n");
        assertThat(settings.number("a", 0, 0, 9)).isEqualTo(1);
        assertThat(settings.values("b", Integer::valueOf)).isEqualTo(List.of(1, 2));
        assertThat(settings.section("c").flag("d", false)).isTrue();
        settings.rejectUnread();
    }

    @Test
    void whatIsMissingIsNamed() throws ConfigException {
        var settings = settings("sites:\n- nam: a\n");
        assertThat(error(() -> settings.text("listen")))
                .isEqualTo("lisp.yaml:1: listen: is missing");
        var site = settings.list("sites").getFirst();
        assertThat(error(() -> site.text("name")))
                .isEqualTo("lisp.yaml:2: sites[0].name: is missing");
        assertThat(settings.section("raft").text("id", "m1")).isEqualTo("m1");
        assertThat(settings.list("none")).isEmpty();
        settings("").rejectUnread();
    }

    @Test
    void aKeyIsSetOnce() {
        assertThat(error(() -> settings("a: 1\nb: 2\na: 3\n")))
                .isEqualTo("lisp.yaml:3: a is set twice");
    }

    @Test
    void anAliasOfAPartIsRefused() {
        var bomb =
                """
                a: &a [x, x, x, x]
                b: &b [*a, *a, *a, *a]
                c: [*b, *b, *b, *b]
                """;
        assertThat(error(() -> settings(bomb)))
                .isEqualTo("lisp.yaml:2: only a single value may have an alias: *a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: [1",
                "a: b: c",
                "\ta: 1",
                "a: 1\n--- \nb: 2",
                "- 1",
                "text",
                "? [x]\n: 1"
            })
    void whatIsNoMappingIsRefused(String yaml) {
        assertThat(error(() -> settings(yaml))).startsWith("lisp.yaml:");
    }

    @Test
    void deepNestingIsAnErrorAndNotAnOverflow() {
        assertThat(error(() -> settings("a: " + "[".repeat(100_000)))).startsWith("lisp.yaml");
        assertThat(error(() -> settings("a: " + "[".repeat(5_000) + "]".repeat(5_000))))
                .startsWith("lisp.yaml");
    }

    @Test
    void numbersAndFlagsSayWhatTheyMayBe() throws ConfigException {
        var settings = settings("port: 70000\non: yes\nlist: [1]\nmany: {a: 1}\n");
        assertThat(error(() -> settings.number("port", 1, 1, 65535)))
                .isEqualTo("lisp.yaml:1: port: must be a number from 1 to 65535, not '70000'");
        assertThat(error(() -> settings.flag("on", true)))
                .isEqualTo("lisp.yaml:2: on: must be true or false");
        assertThat(error(() -> settings.text("list")))
                .isEqualTo("lisp.yaml:3: list: must be a single value");
        assertThat(error(() -> settings.list("many")))
                .isEqualTo("lisp.yaml:4: many: must be a list");
        assertThat(error(() -> settings.section("port")))
                .isEqualTo("lisp.yaml:1: port must have keys and values");
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:4342, 127.0.0.1, 4342",
        "127.0.0.1, 127.0.0.1, 9",
        "'[2001:db8::1]:4342', 2001:db8:0:0:0:0:0:1, 4342",
        "'[2001:db8::1]', 2001:db8:0:0:0:0:0:1, 9",
        "2001:db8::1, 2001:db8:0:0:0:0:0:1, 9",
        "127.0.0.1:0, 127.0.0.1, 0"
    })
    void anAddressMayHaveAPort(String text, String host, int port) {
        var address = Settings.socketAddress(text, 9);
        assertThat(address.getAddress().getHostAddress()).isEqualTo(host);
        assertThat(address.getPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:", ":4342", "", "127.0.0.1:-1"})
    void whatIsNoAddressIsRefused(String text) {
        assertThatThrownBy(() -> Settings.socketAddress(text, 9))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPortMayBeDemanded() {
        assertThatThrownBy(() -> Settings.socketAddress("127.0.0.1", -1))
                .hasMessageContaining("an address and a port");
    }

    @Test
    void aSecretStandsInAFileOfItsOwn(@TempDir Path folder) throws IOException, ConfigException {
        var file = folder.resolve("lisp.yaml");
        Files.writeString(folder.resolve("psk"), " s3cret \n");
        Files.writeString(file, "key-file: psk\n");
        assertThat(Settings.load(file).secret("key")).isEqualTo("s3cret".getBytes());
        Files.writeString(file, "key-file: nowhere\n");
        var missing = Settings.load(file);
        assertThat(error(() -> missing.secret("key")))
                .startsWith(file + ":1: key-file: cannot read ");
        Files.writeString(file, "key: s3cret\n");
        var inline = Settings.load(file);
        assertThat(error(() -> inline.secret("key")))
                .startsWith(file + ":1: key: secrets do not stand in this file")
                .doesNotContain("s3cret");
        Files.writeString(file, "key-file: psk\nkey-env: PSK\n");
        var both = Settings.load(file);
        assertThat(error(() -> both.secret("key"))).contains("needs either");
        Files.writeString(file, "key-env: NO_SUCH_VARIABLE_OF_OURS\n");
        var unset = Settings.load(file);
        assertThat(error(() -> unset.secret("key"))).contains("is not set");
    }

    @Test
    void aFileThatCannotBeReadIsNamed(@TempDir Path folder) {
        assertThat(error(() -> Settings.load(folder.resolve("none.yaml"))))
                .contains("none.yaml: cannot be read");
    }
}
