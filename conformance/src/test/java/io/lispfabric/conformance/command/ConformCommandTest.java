package io.lispfabric.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Lispctl;
import io.lispfabric.conformance.blackbox.Suite;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lispctl conform} against our own server: what fails is a bug of ours. */
class ConformCommandTest {
    private static final String SECRET = "0123456789abcdef0123456789abcdef";
    private static final String SECOND = "123456789abcdef0123456789abcdef0";
    private static final String OTHERS = "23456789abcdef0123456789abcdef01";
    private static final String ITRS = "3456789abcdef0123456789abcdef012";

    @TempDir Path folder = Path.of("");

    private record Run(int code, String out, String err) {
        JsonNode json() throws IOException {
            return new ObjectMapper().readTree(out);
        }
    }

    private static Run lispctl(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code = Lispctl.run(new PrintWriter(out), new PrintWriter(err), args);
        return new Run(code, out.toString(), err.toString());
    }

    /** What {@code serve --dev} is: one site with everything in some Instance IDs. */
    private MapServer server() throws IOException {
        var prefixes = new ArrayList<SitePrefix>();
        for (int iid : List.of(0, 1, 2, 3)) {
            for (var prefix : List.of("0.0.0.0/0", "::/0", "mac:00:00:00:00:00:00/0", "name:*")) {
                prefixes.add(SitePrefix.parse(new InstanceId(iid), prefix, true, false));
            }
        }
        var elsewhere = SitePrefix.parse(new InstanceId(16777213), "10.99.0.0/16", false, false);
        var keys = List.of(key(1, SECRET), key(2, SECOND));
        var sites =
                new Sites(
                        List.of(
                                new Site("dev", new SiteId(0), keys, prefixes, true),
                                new Site(
                                        "dev-other",
                                        new SiteId(1),
                                        List.of(key(1, OTHERS)),
                                        List.of(elsewhere),
                                        true)),
                        false);
        var itrs = new ServerConfig.ItrKey(SharedKey.of(1, octets(ITRS)), Set.of());
        var lisp = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
        var server =
                MapServer.start(
                        ServerConfig.alone("dev", folder.resolve("data"), lisp, sites)
                                .protectedBy(new ServerConfig.LispSec(false, List.of(itrs))),
                        InstantSource.system());
        while (server.unreadiness().isPresent()) {
            Thread.onSpinWait(); // it denies nothing before it knows its log
        }
        return server;
    }

    private static Bytes octets(String secret) {
        return Bytes.of(secret.getBytes(StandardCharsets.US_ASCII));
    }

    private static SharedKey key(int id, String secret) {
        return new SharedKey(
                id,
                octets(secret),
                Set.of(Algorithm.HMAC_SHA256_128, Algorithm.HMAC_SHA256_128_HKDF),
                false,
                false);
    }

    @Test
    void ourServerConforms() throws Exception {
        Files.writeString(folder.resolve("dev.key"), SECRET + "\n");
        Files.writeString(folder.resolve("dev-second.key"), SECOND + "\n");
        Files.writeString(folder.resolve("dev-other.key"), OTHERS + "\n");
        Files.writeString(folder.resolve("dev-lisp-sec.key"), ITRS + "\n");
        var junit = folder.resolve("junit.xml");
        try (var server = server()) {
            var peer = "127.0.0.1:" + server.lispAddress().getPort();

            var run =
                    lispctl(
                            "conform",
                            "run",
                            "--peer",
                            peer,
                            "--dev",
                            folder.toString(),
                            "--timeout",
                            "5s",
                            "--junit",
                            junit.toString(),
                            "-o",
                            "json");

            var cases = run.json().get("cases");
            assertThat(cases)
                    .filteredOn(it -> it.get("result").asText().equals("fail"))
                    .as("cases that failed")
                    .isEmpty();
            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.err()).isEmpty();
            // The key is for algorithms 2 and 3; port 4342 of this machine may be somebody's.
            assertThat(cases)
                    .filteredOn(it -> it.get("result").asText().equals("skip"))
                    .extracting(it -> it.get("id").asText())
                    .contains("register.algorithm-1")
                    .isSubsetOf(
                            "register.algorithm-1",
                            "request.forwarded",
                            "sec.forwarded",
                            "record.timeout");
            assertThat(run.json().get("passed").asInt()).isGreaterThanOrEqualTo(170);
        }
        var suite =
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(junit.toFile())
                        .getDocumentElement();
        assertThat(suite.getAttribute("failures")).isEqualTo("0");
        assertThat(suite.getElementsByTagName("testcase").getLength())
                .isEqualTo(Suite.cases().size());
    }

    @Test
    void someCasesCanBeChosenAndWithoutAKeyNothingIsRegistered() throws Exception {
        try (var server = server()) {
            var peer = "127.0.0.1:" + server.lispAddress().getPort();

            var run =
                    lispctl(
                            "conform",
                            "run",
                            "--peer",
                            peer,
                            "--case",
                            "negative.*,register.notify",
                            "-v");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out())
                    .contains("✓ negative.nowhere", "received: Map-Reply nonce ")
                    .contains("- register.notify: skipped: no key was given")
                    .contains(
                            "- negative.unregistered: skipped: it takes no registrations (no key");
            assertThat(lispctl("conform", "run", "--peer", peer, "--role", "mr").code())
                    .isEqualTo(ExitCode.OK);
        }
    }

    /** The peer is told to have nothing where it has a site: cases that fail, known beforehand. */
    @Test
    void whatFailedIsListedOnceMoreAtTheEnd() throws Exception {
        try (var server = server()) {
            var run =
                    lispctl(
                            "conform",
                            "run",
                            "--peer",
                            "127.0.0.1:" + server.lispAddress().getPort(),
                            "--outside",
                            "[1]10.50.0.0/24",
                            "--timeout",
                            "5s",
                            "--case",
                            "negative.*");

            assertThat(run.code()).isEqualTo(ExitCode.FAILURE);
            var failure = "✗ negative.nowhere (RFC 9301 §8.4): the Record TTL is 1 and not 15";
            var lines = run.out().lines().toList();
            assertThat(lines).filteredOn(failure::equals).hasSize(2);
            assertThat(lines.subList(lines.size() - 3, lines.size()))
                    .satisfiesExactly(
                            it -> assertThat(it).isEqualTo("failed:"),
                            it -> assertThat(it).isEqualTo(failure),
                            it -> assertThat(it).startsWith("1 passed, 1 failed, 3 skipped, in "));
        }
    }

    @Test
    void aPeerThatDoesNotAnswerIsUnreachable() throws Exception {
        try (var silent =
                new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))) {
            var run =
                    lispctl(
                            "conform",
                            "run",
                            "--peer",
                            "127.0.0.1:" + silent.getLocalPort(),
                            "--timeout",
                            "20ms");

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.err()).contains("no answer from 127.0.0.1:").hasLineCount(1);
        }
    }

    @Test
    void everyCaseHasAnIdOfItsOwnAndAClause() throws Exception {
        var cases = lispctl("conform", "list", "-o", "json").json().get("cases");

        assertThat(cases).hasSizeGreaterThanOrEqualTo(160);
        assertThat(cases).extracting(it -> it.get("id").asText()).doesNotHaveDuplicates();
        assertThat(cases)
                .extracting(it -> it.get("rfc").asText())
                .allMatch(it -> it.matches("\\d{4} §\\d+(\\.\\d+)*"));
        assertThat(lispctl("conform", "list").out()).contains("register.replay", "9301 §5.6");
    }

    @Test
    void whatCannotBeAskedForIsAUsageError() {
        assertThat(
                        Stream.of(
                                        List.of("--case", "nonsense"),
                                        List.of("--parallel", "0"),
                                        List.of("--algorithm", "4"),
                                        List.of("--key-id", "256"),
                                        List.of(
                                                "--second-key-id",
                                                "256",
                                                "--second-key-file",
                                                "pom.xml"),
                                        List.of("--lisp-sec-key-file", "/there/is/none"),
                                        List.of("--eids", "10.0.0.0/24"),
                                        List.of("--eids6", "10.0.0.0/8"),
                                        List.of("--outside", "somewhere"),
                                        List.of("--peer", "127.0.0.1:99999"),
                                        List.of("--key-file", "/there/is/none"))
                                .map(it ->
                                        Stream.concat(Stream.of("conform", "run"), it.stream())
                                                .toArray(String[]::new))
                                .map(it -> lispctl(it).code()))
                .containsOnly(ExitCode.USAGE);
    }
}
