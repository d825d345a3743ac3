package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** LISP-SEC as {@code query} and {@code subscribe} do it: what they believe, and what not. */
class ProtectionTest {
    private static final SharedKey ITR = key(5, "a secret of all the ITRs");
    private static final Eid EID = Eid.of(1, "40.0.0.7/32");
    private static final MappingRecord MAPPING = mapping("40.0.0.7/32");

    @TempDir Path folder = Path.of("");

    private static SharedKey key(int id, String secret) {
        return SharedKey.of(id, Bytes.of(secret.getBytes(StandardCharsets.US_ASCII)));
    }

    private static MappingRecord mapping(String prefix) {
        return MappingRecord.of(
                RecordTtl.ONE_DAY,
                Eid.of(1, prefix),
                List.of(Locator.of(Rloc.of("10.9.4.1"), 1, 50).asTold()));
    }

    private Path file(String name, String secret) throws IOException {
        return Files.writeString(folder.resolve(name), secret);
    }

    private Run lispctl(String command, String server, String... more) throws IOException {
        return lispctlWith("a secret of all the ITRs", command, server, more);
    }

    private Run lispctlWith(String secret, String command, String server, String... more)
            throws IOException {
        var args = new ArrayList<>(List.of(command, "[1]40.0.0.7", "-m", server));
        args.addAll(List.of("--lisp-sec-key-id", "5"));
        args.addAll(List.of("--lisp-sec-key-file", file("itr.key", secret).toString()));
        args.addAll(List.of(more));
        return Run.lispctl(args.toArray(String[]::new));
    }

    private interface Resolver {
        byte[] answer(MapReply unsigned, OneTimeKey otk, EcmAd wishes);
    }

    /** A Map-Resolver that has the ITRs' secret, and signs as it is told. */
    private static Peer resolver(Resolver how) throws IOException {
        return Peer.that(heard -> {
            var wishes =
                    ((EncapsulatedControlMessage) heard.outer()).authenticationData().orElseThrow();
            var nonce = ((MapRequest) heard.message()).nonce();
            var otk =
                    LispSec.unwrap(wishes.otk(), nonce, ITR, Set.of(KeyWrap.AES_128_HKDF_SHA256))
                            .orElseThrow();
            return List.of(how.answer(unsigned(nonce, MAPPING), otk, wishes));
        });
    }

    private static MapReply unsigned(Nonce nonce, MappingRecord... records) {
        return new MapReply(false, false, nonce, List.of(records));
    }

    private static byte[] sealed(
            MapReply reply, Eid vouched, LispSecHmac hmac, OneTimeKey otk, OneTimeKey vouching) {
        var kdf = LispSecKdf.HKDF_SHA256;
        var eid = LispSec.vouch(List.of(vouched), false, kdf, hmac, vouching);
        return LispSec.seal(reply, eid, hmac, LispSec.msOtk(otk, kdf));
    }

    private static byte[] sealed(MapReply reply, OneTimeKey otk) {
        return sealed(reply, EID, LispSecHmac.SHA256_128, otk, otk);
    }

    @Test
    @Rfc("9303 §6.4")
    @Rfc("9303 §6.9")
    void anAnswerThatIsSignedIsShownAsVerified() throws Exception {
        try (var resolver = resolver((reply, otk, _) -> sealed(reply, otk))) {
            var run = lispctl("query", resolver.address());
            assertThat(run.err()).isEmpty();
            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("(proxy reply, protected: verified, try 1 of 3)");

            var json = lispctl("query", resolver.address(), "-o", "json").json();
            assertThat(json.at("/answers/0/protected").asText()).isEqualTo("verified");
            assertThat(json.at("/answers/0/records/0/prefix").asText()).isEqualTo("40.0.0.7/32");
            // RFC 9303 §7.2: each question has a key of its own.
            assertThat(
                            resolver.heard().stream()
                                    .map(it -> (EncapsulatedControlMessage) it.outer())
                                    .map(it -> it.authenticationData().orElseThrow().otk().key())
                                    .distinct())
                    .hasSize(2);
        }
    }

    private void refused(Resolver how, String why) throws Exception {
        try (var resolver = resolver(how)) {
            var few = new String[] {"--retries", "0", "--timeout", "50ms", "-o", "json"};
            var run = lispctl("query", resolver.address(), few);

            assertThat(run.code()).isEqualTo(ExitCode.FAILURE);
            assertThat(run.json().at("/answers/0/answered").asBoolean()).isFalse();
            assertThat(run.json().at("/answers/0/notBelieved").asText()).endsWith(why);
            assertThat(run.err())
                    .startsWith("lispctl: no answer for [1]40.0.0.7/32: asked")
                    .contains("by LISP-SEC not to be believed: a Map-Reply " + why + ". Check");
        }
    }

    @Test
    @Rfc("9303 §6.9")
    void whatIsNotSignedAsItMustBeIsNotBelieved() throws Exception {
        var stranger = new OneTimeKey(Bytes.of(new byte[16]));
        refused((reply, _, _) -> LispCodec.encode(reply), "not signed");
        refused((reply, _, _) -> sealed(reply, stranger), "with a wrong signature");
        refused(
                (reply, otk, _) -> sealed(reply, EID, LispSecHmac.SHA256_128, otk, stranger),
                "with a wrong signature");
        refused(
                (reply, otk, _) -> sealed(unsigned(reply.nonce(), mapping("40.0.0.0/16")), otk),
                "of EIDs that the Map-Server does not vouch for");
        refused(
                (reply, otk, _) -> sealed(reply, EID, LispSecHmac.SHA1_96, otk, otk),
                "signed with another HMAC than was asked for");
    }

    @Test
    @Rfc("9303 §6.9")
    void whoKnowsOnlyAnotherHmacIsAskedForThatNext() throws Exception {
        try (var resolver =
                resolver((reply, otk, _) -> sealed(reply, EID, LispSecHmac.SHA1_96, otk, otk))) {
            var run = lispctl("query", resolver.address(), "--timeout", "100ms");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("protected: verified, try 2 of 3");
            assertThat(run.err()).contains("a Map-Reply signed with another HMAC");
        }
    }

    @Test
    void withoutProtectionNothingIsVerified() throws Exception {
        try (var peer =
                Peer.that(heard ->
                        List.of(
                                LispCodec.encode(
                                        unsigned(
                                                ((MapRequest) heard.message()).nonce(),
                                                MAPPING))))) {
            var server = peer.address();
            var run = Run.lispctl("query", "[1]40.0.0.7", "-m", server, "-o", "json");

            assertThat(run.json().at("/answers/0/protected").asText()).isEqualTo("no");
        }
    }

    @Test
    void aKeyIsNamedWholeAndGoesInAnEcm() throws Exception {
        var file = file("itr.key", "a secret of all the ITRs").toString();
        for (var command : List.of("query", "subscribe")) {
            var half = Run.lispctl(command, "10.0.0.1", "--lisp-sec-key-file", file);
            assertThat(half.code()).isEqualTo(ExitCode.USAGE);
            assertThat(half.err())
                    .contains("--lisp-sec-key-id and --lisp-sec-key-file go together");
            var bare = lispctl(command, "127.0.0.1:9", "--no-ecm");
            assertThat(bare.code()).isEqualTo(ExitCode.USAGE);
            assertThat(bare.err()).contains("only an ECM can be protected");
        }
    }

    private MapServer server() throws IOException {
        var prefix = SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", true, false);
        var site = new Site("pod-d", new SiteId(0), List.of(Keys.KEY), List.of(prefix), true);
        var itrs = List.of(new ServerConfig.ItrKey(ITR, Set.of("pod-d")));
        return MapServer.start(
                ServerConfig.alone(
                                "ms-0",
                                folder.resolve("ms-0"),
                                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0),
                                new Sites(List.of(site), false))
                        .protectedBy(new ServerConfig.LispSec(true, itrs)),
                InstantSource.system());
    }

    private static Run register(String at, String keyFile, String rloc) {
        return Run.lispctl(
                "register",
                "[1]40.0.0.7",
                "-m",
                at,
                "--rloc",
                rloc,
                "--no-merge",
                "--key-id",
                "7",
                "--key-file",
                keyFile);
    }

    /**
     * A Map-Server that requires LISP-SEC, from the first question to the end of a subscription.
     */
    @Test
    @Timeout(60)
    @Rfc("9301 §9")
    @Rfc("9437 §7.1")
    void aServerThatRequiresItIsAskedAndSubscribedTo() throws Exception {
        try (var server = server()) {
            var at = Sockets.text(server.lispAddress());
            var key = Keys.file(folder).toString();
            assertThat(register(at, key, "10.9.4.1").code()).isEqualTo(ExitCode.OK);

            var known = lispctl("query", at);
            assertThat(known.err()).isEmpty();
            assertThat(known.out()).contains("proxy reply, protected: verified", "10.9.4.1");

            var brief = new String[] {"--retries", "0", "--timeout", "200ms"};
            var wrong = lispctlWith("what a stranger might try", "query", at, brief);
            assertThat(wrong.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(wrong.err()).contains("has Key ID and secret under lisp-sec");
            var bare =
                    Run.lispctl(
                            "query",
                            "[1]40.0.0.7",
                            "--retries",
                            "0",
                            "--timeout",
                            "200ms",
                            "-m",
                            at);
            assertThat(bare.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(bare.err()).contains("that it does not require LISP-SEC");

            var changes =
                    Thread.ofVirtual()
                            .start(() -> {
                                while (server.state().subscriptions().isEmpty()) {
                                    Thread.onSpinWait();
                                }
                                var _ = register(at, key, "10.9.4.2");
                            });
            var told = lispctl("subscribe", at, "--count", "1", "-o", "json");
            changes.join();
            assertThat(told.err()).isEmpty();
            assertThat(told.code()).isEqualTo(ExitCode.OK);
            var events = new ArrayList<String>();
            for (var line : told.out().lines().toList()) {
                var event = new ObjectMapper().readTree(line);
                assertThat(event.get("protected").asText()).isEqualTo("verified");
                events.add(event.get("event").asText());
            }
            assertThat(events).containsExactly("confirmed", "published", "unsubscribed");
        }
    }
}
