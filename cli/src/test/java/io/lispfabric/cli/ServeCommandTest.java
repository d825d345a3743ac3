package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs as processes: settings in, a ready line out, an orderly end. */
class ServeCommandTest {
    @TempDir Path folder = Path.of("");

    private Path settings(int lispPort) throws Exception {
        Keys.file(folder);
        return Files.writeString(
                folder.resolve("ms.yaml"),
                """
                member: ms-0
                data: data
                lisp: { listen: "127.0.0.1:%d" }
                admin: { listen: "127.0.0.1:0" }
                http: { listen: "127.0.0.1:0" }
                sites:
                  - name: pod-a
                    site-id: 1
                    keys: [{ id: 7, secret-file: key }]
                    prefixes: [{ iid: 1, prefix: 10.0.0.0/8, accept-more-specifics: true }]
                """
                        .formatted(lispPort));
    }

    private Path xtrSettings(String mapServer) throws Exception {
        return Files.writeString(
                folder.resolve("xtr.yaml"),
                """
                name: xtr-a1
                rloc: 127.0.0.1
                xtr-id: a1
                site-id: 1
                control-port: %d
                lisp-port: %d
                vxlan-gpe-port: %d
                admin: { listen: "127.0.0.1:%d" }
                domains:
                  - name: scale-out
                    map-servers: ["%s"]
                    key: { id: 7, secret-file: key }
                    routes: ["[1]10.0.0.0/8"]
                    subscribe: ["[1]10.2.0.7/32"]
                attachments:
                  - { name: acc-1, eids: ["[1]10.1.0.1"], listen: "127.0.0.1:0" }
                """
                        .formatted(
                                freeUdpPort(),
                                freeUdpPort(),
                                freeUdpPort(),
                                freeUdpPort(),
                                mapServer));
    }

    private static int freeUdpPort() throws Exception {
        try (var socket = new DatagramSocket(new InetSocketAddress(loopback(), 0))) {
            return socket.getLocalPort();
        }
    }

    private static InetAddress loopback() {
        return InetAddress.ofLiteral("127.0.0.1");
    }

    private static JsonNode ready(Child child) throws Exception {
        var line = child.line();
        assertThat(line).as(child.err()).isNotEmpty();
        return new ObjectMapper().readTree(line);
    }

    /** Whether a command line once shows what is to be seen, asked again and again. */
    private static boolean eventually(Predicate<Run> seen, String line) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < deadline) {
            if (seen.test(Run.lispctl(line.split(" ")))) {
                return true;
            }
        }
        return false;
    }

    @Test
    void aServerAndAnAgentRunUntilTheyAreToldToEndAndAllCommandsTalkToThem() throws Exception {
        var settings = settings(0);
        try (var server =
                Child.start(
                        folder.resolve("ms.err"),
                        "serve",
                        "-c",
                        settings.toString(),
                        "-o",
                        "json")) {
            var ready = ready(server);
            var lisp = ready.get("lisp").asText();
            var api = ready.get("api").asText();
            var key = folder.resolve("key").toString();

            assertThat(
                            Run.lispctl(
                                            "check",
                                            "health",
                                            "--endpoints",
                                            api,
                                            "--http",
                                            ready.get("http").asText())
                                    .code())
                    .isEqualTo(ExitCode.OK);
            var registered =
                    Run.lispctl(
                            "register",
                            "10.2.0.7",
                            "-i",
                            "1",
                            "--rloc",
                            "10.9.4.1,1,50",
                            "-m",
                            lisp,
                            "--site-id",
                            "1",
                            "--key-id",
                            "7",
                            "--key-file",
                            key);
            assertThat(registered.code()).as(registered.err()).isEqualTo(ExitCode.OK);
            assertThat(Run.lispctl("query", "10.2.0.7", "-i", "1", "-m", lisp).out())
                    .contains("10.9.4.1");
            assertThat(Run.lispctl("query", "11.2.0.7", "-i", "1", "-m", lisp).code())
                    .isEqualTo(ExitCode.NEGATIVE);

            try (var agent =
                    Child.start(
                            folder.resolve("xtr.err"),
                            "agent",
                            "-c",
                            xtrSettings(lisp).toString(),
                            "-o",
                            "json")) {
                var agentApi = ready(agent).get("api").asText();

                var mappings = Run.lispctl("show", "mappings", "--endpoints", api, "-o", "json");
                assertThat(mappings.json().get("mappings").findValuesAsText("eid"))
                        .containsExactlyInAnyOrder("[1]10.1.0.1/32", "[1]10.2.0.7/32");
                assertThat(mappings.json().at("/mappings/0/registrations/0/siteId").isTextual())
                        .isTrue();
                // It leads, and so knows when they end.
                assertThat(
                                mappings.json()
                                        .at("/mappings/0/registrations/0/expiresUnixMillis")
                                        .asLong())
                        .isGreaterThan(
                                mappings.json()
                                        .at("/mappings/0/registrations/0/sinceUnixMillis")
                                        .asLong());
                assertThat(Run.lispctl("show", "mappings", "--endpoints", api).out())
                        .contains("[1]10.2.0.7/32", "pod-a", "10.9.4.1");
                // Subscribing goes on after an xTR has registered and is ready.
                assertThat(
                                eventually(
                                        run -> !run.json().get("subscriptions").isEmpty(),
                                        "show subscriptions -o json --endpoints " + api))
                        .isTrue();
                assertThat(
                                eventually(
                                        run ->
                                                run.json()
                                                        .get("entries")
                                                        .findValuesAsText("eid")
                                                        .contains("[1]10.2.0.7/32"),
                                        "show map-cache -o json --endpoints " + agentApi))
                        .isTrue();

                agent.terminate();
                assertThat(agent.exitCode()).isEqualTo(ExitCode.OK);
                assertThat(agent.err()).isEmpty();
            }
            // Told to end, the xTR has withdrawn what it registered (RFC 9301 §5.4, TTL 0).
            assertThat(
                            Run.lispctl("show", "mappings", "--endpoints", api, "-o", "json")
                                    .json()
                                    .get("mappings")
                                    .findValuesAsText("eid"))
                    .containsExactly("[1]10.2.0.7/32");
            var segments = Run.lispctl("show", "segments", "--endpoints", api, "-o", "json").json();
            assertThat(segments.at("/segments/0/iid").asInt()).isEqualTo(1);
            assertThat(segments.at("/segments/0/mappings").asText()).isEqualTo("1");
            assertThat(Run.lispctl("show", "segments", "-i", "1", "--endpoints", api).out())
                    .contains("UNKNOWN EIDS", "pod-a");
            var members = Run.lispctl("show", "members", "--endpoints", api);
            assertThat(members.out())
                    .contains("ms-0", "leader", "1 member, 1 voter, quorum 1, can lose 0");
            assertThat(
                            Run.lispctl("show", "members", "--endpoints", api, "-o", "json")
                                    .json()
                                    .at("/members/0/mappings")
                                    .asText())
                    .isEqualTo("1");
            assertThat(Run.lispctl("show", "map-cache", "--endpoints", api).code())
                    .isEqualTo(ExitCode.FAILURE);
            var last = Run.lispctl("member", "remove", "ms-0", "--endpoints", api);
            assertThat(last.code()).isEqualTo(ExitCode.CONFLICT);
            assertThat(last.err()).contains("ms-0 is the only voter of the group");
            var nobody = Run.lispctl("member", "transfer-leader", "ms-9", "--endpoints", api);
            assertThat(nobody.code()).isEqualTo(ExitCode.NEGATIVE);
            assertThat(nobody.err()).contains("there is no member ms-9, only ms-0");
            var nowhere = Run.lispctl("member", "add", "ms-1", "nowhere", "--endpoints", api);
            assertThat(nowhere.code()).isEqualTo(ExitCode.FAILURE);
            assertThat(nowhere.err()).contains("must be a host and a port");
            var only = Run.lispctl("member", "drain", "ms-0", "--endpoints", api);
            assertThat(only.code()).isEqualTo(ExitCode.CONFLICT);
            assertThat(only.err()).contains("somebody has to lead");
            var check = Run.lispctl("member", "check", "--endpoints", api);
            assertThat(check.code()).as(check.err()).isEqualTo(ExitCode.OK);
            assertThat(check.out()).contains("1 member is equal after entry");

            server.terminate();
            assertThat(server.exitCode()).isEqualTo(ExitCode.OK);
            assertThat(server.line()).isEmpty();
            assertThat(server.err()).isEmpty();
            assertThat(Run.lispctl("check", "health", "--endpoints", api).code())
                    .isEqualTo(ExitCode.UNREACHABLE);
        }
    }

    @Test
    void aBusyPortIsOneLineAndExitCode1() throws Exception {
        try (var other = new DatagramSocket(new InetSocketAddress(loopback(), 0));
                var server =
                        Child.start(
                                folder.resolve("err"),
                                "serve",
                                "-c",
                                settings(other.getLocalPort()).toString())) {
            assertThat(server.exitCode()).isEqualTo(ExitCode.FAILURE);
            assertThat(server.line()).isEmpty();
            assertThat(server.err().lines()).hasSize(1);
            assertThat(server.err()).contains("127.0.0.1:" + other.getLocalPort());
        }
    }

    @Test
    void badSettingsAreOneLineAndExitCode2() throws Exception {
        var file = Files.writeString(folder.resolve("bad.yaml"), "lisp: { listen: nonsense }\n");
        try (var server = Child.start(folder.resolve("err"), "serve", "-c", file.toString());
                var agent = Child.start(folder.resolve("err2"), "agent", "-c", file.toString())) {
            assertThat(server.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(server.err().lines()).hasSize(1);
            assertThat(server.err()).startsWith("lispctl: " + file + ":1: ");
            assertThat(agent.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(agent.err().lines()).hasSize(1);
        }
    }

    @Test
    void neitherSettingsNorDevIsAUsageError() {
        assertThat(Run.lispctl("serve").code()).isEqualTo(ExitCode.USAGE);
        assertThat(Run.lispctl("serve", "--dev", "-c", "x").code()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void theFolderOfDevHoldsGoodSettingsAndGoesAway() throws Exception {
        Path made;
        try (var dev = DevFolder.open(Optional.empty())) {
            var settings = dev.settings(List.of(0, 1));
            made = settings.toAbsolutePath().getParent();
            assertThat(Run.lispctl("config", "check", settings.toString()).err()).isEmpty();
        }
        assertThat(made).doesNotExist();
    }

    @Test
    void nobodyAtTheEndpointsIsExitCode4AndSaysWhoWasAsked() {
        for (var what : List.of("mappings", "subscriptions", "members", "map-cache")) {
            var run = Run.lispctl("show", what, "--endpoints", "127.0.0.1:1", "--timeout", "2s");

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).contains("127.0.0.1:1", "connection refused");
        }
    }
}
