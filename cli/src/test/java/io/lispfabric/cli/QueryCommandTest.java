package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryCommandTest {
    private static final MappingRecord MAPPING =
            MappingRecord.of(
                    RecordTtl.ONE_DAY,
                    Eid.of(1, "40.0.0.7/32"),
                    List.of(
                            Locator.of(Rloc.of("10.9.4.1"), 1, 50).asTold(),
                            Locator.of(Rloc.of("10.9.4.2"), 1, 50).asTold()));

    private static byte[] reply(Nonce nonce, MappingRecord... records) {
        return LispCodec.encode(new MapReply(false, false, nonce, List.of(records)));
    }

    private static Peer answering(MappingRecord... records) throws Exception {
        return Peer.that(heard -> List.of(reply(((MapRequest) heard.message()).nonce(), records)));
    }

    @Test
    void anAnswerIsATableOfLocators() throws Exception {
        try (var peer = answering(MAPPING)) {
            var run = Run.lispctl("query", "40.0.0.7", "-i", "1", "-m", peer.address());

            assertThat(run.err()).isEmpty();
            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out().replaceAll("in \\d+\\.\\d\\d ms", "in N ms").lines())
                    .containsExactly(
                            "[1] 40.0.0.7/32   ttl 1440m   answered by "
                                    + peer.address()
                                    + " in N ms (proxy reply, try 1 of 3)",
                            "  RLOC             PRI/WGT   MPRI/MWGT   LOCAL  PROBED  REACHABLE",
                            "  10.9.4.1            1/50       255/0      no      no        yes",
                            "  10.9.4.2            1/50       255/0      no      no        yes");
        }
    }

    @Test
    @Rfc("9301 §5.8")
    void aMapResolverIsAskedInAnEcmWhoseInnerSourcePortIsOurs() throws Exception {
        try (var peer = answering(MAPPING)) {
            Run.lispctl("lig", "40.0.0.7", "-i", "1", "-m", peer.address());

            var heard = peer.heard().getFirst();
            var ecm = (EncapsulatedControlMessage) heard.outer();
            assertThat(ecm.sourcePort()).isEqualTo(heard.source().getPort());
            assertThat(ecm.destinationPort()).isEqualTo(4342);
            assertThat(ecm.source()).hasToString("127.0.0.1");
            assertThat(ecm.destination()).hasToString("40.0.0.7");
            var request = (MapRequest) ecm.message();
            assertThat(request.itrRlocs()).containsExactly(LispAddress.Ip.parse("127.0.0.1"));
            // RFC 9301 §5.2: a sender MUST send exactly one record.
            assertThat(request.records())
                    .containsExactly(new MapRequest.Asked(false, Eid.of(1, "40.0.0.7/32")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"name:POD-D-AccID-7", "mac:02:00:00:00:00:08", "2001:db8::7"})
    void anEidThatCannotBeTheInnerDestinationIsAskedOfTheResolverItself(String eid)
            throws Exception {
        try (var peer = answering()) {
            var run = Run.lispctl("query", eid, "-m", peer.address());

            var ecm = (EncapsulatedControlMessage) peer.heard().getFirst().outer();
            assertThat(ecm.destination()).hasToString("127.0.0.1");
            assertThat(((MapRequest) ecm.message()).records().getFirst().eid())
                    .isEqualTo(Eid.of(0, eid));
            assertThat(run.code()).isEqualTo(ExitCode.NEGATIVE);
        }
    }

    @Test
    void withoutEcmTheMapRequestIsBare() throws Exception {
        try (var peer = answering(MAPPING)) {
            Run.lispctl("query", "[1]40.0.0.7", "--no-ecm", "-m", peer.address());

            assertThat(peer.heard().getFirst().encapsulated()).isFalse();
        }
    }

    @Test
    void aNegativeAnswerNamesActionPrefixAndTtlAndExitsWith3() throws Exception {
        var hole =
                MappingRecord.negative(
                        RecordTtl.ONE_MINUTE, Action.DROP, Eid.of(1, "40.0.0.96/28"));
        try (var peer = answering(hole)) {
            var run = Run.lispctl("query", "40.0.0.99", "-i", "1", "-m", peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.NEGATIVE);
            assertThat(run.out()).startsWith("[1] 40.0.0.96/28  negative: drop   ttl 1m   ");
            assertThat(run.out().lines()).hasSize(1);
        }
    }

    @Test
    void aMissingAnswerSaysWhomItAskedHowOftenAndWhatToCheck() throws Exception {
        try (var peer = Peer.silent()) {
            var run =
                    Run.lispctl(
                            "query",
                            "40.0.0.7",
                            "--retries",
                            "1",
                            "--timeout",
                            "50ms",
                            "-m",
                            peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.out()).isEmpty();
            assertThat(run.err())
                    .contains("[0]40.0.0.7/32", peer.address() + " 2 times", "Check that");
            peer.heard(2);
            // RFC 9301 §5.2: each question has a nonce of its own.
            assertThat(peer.heard(MapRequest.class).stream().map(MapRequest::nonce).distinct())
                    .hasSize(2);
        }
    }

    @Test
    @Rfc("9301 §5.3")
    @Rfc("9301 §5.4")
    void onlyAWellFormedAnswerToTheNonceCountsAndOthersAreCounted() throws Exception {
        try (var peer =
                Peer.that(heard -> {
                    var nonce = ((MapRequest) heard.message()).nonce();
                    var good = reply(nonce, MAPPING);
                    return List.of(
                            new byte[0],
                            new byte[] {0x20},
                            Arrays.copyOf(good, good.length - 1),
                            reply(nonce.next(), MAPPING),
                            LispCodec.encode(new MapReply(true, false, nonce, List.of(MAPPING))),
                            heard.payload(),
                            good);
                })) {
            var run =
                    Run.lispctl("query", "40.0.0.7", "-i", "1", "-o", "json", "-m", peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            var answer = run.json().get("answers").get(0);
            assertThat(answer.get("ignored").asInt()).isEqualTo(6);
            assertThat(answer.get("records").get(0).get("locators").get(1).get("rloc").asText())
                    .isEqualTo("10.9.4.2");
        }
    }

    @Test
    void aSecondServerIsAskedWhenTheFirstIsSilent() throws Exception {
        try (var silent = Peer.silent();
                var peer = answering(MAPPING)) {
            var run =
                    Run.lispctl(
                            "query",
                            "[1]40.0.0.7",
                            "--retries",
                            "0",
                            "--timeout",
                            "100ms",
                            "-m",
                            silent.address() + "," + peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("answered by " + peer.address(), "try 2 of 2");
        }
    }

    @Test
    @Timeout(20)
    void aClosedPortIsSaidAtOnce() throws Exception {
        var nowhere = Peer.nowhere();

        var run = Run.lispctl("query", "40.0.0.7", "--timeout", "60s", "-m", nowhere);

        assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(run.err())
                .isEqualTo(
                        "lispctl: no answer for [0]40.0.0.7/32: nothing listens at "
                                + nowhere
                                + ". -m names the Map-Resolver\n");
    }

    @Test
    @Timeout(20)
    void theNextServerIsAskedAtOnceWhenNothingListensAtTheFirst() throws Exception {
        try (var peer = answering(MAPPING)) {
            var servers = Peer.nowhere() + "," + peer.address();
            var run = Run.lispctl("query", "[1]40.0.0.7", "--timeout", "60s", "-m", servers);

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("answered by " + peer.address(), "try 2 of 3");
        }
    }

    @Test
    void whoIsSilentAndWhoIsNotThereAreToldApart() throws Exception {
        try (var silent = Peer.silent()) {
            var nowhere = Peer.nowhere();
            var servers = silent.address() + "," + nowhere;
            var run = Run.lispctl("query", "40.0.0.7", "--timeout", "50ms", "-m", servers);

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.err())
                    .contains(
                            "nothing listens at " + nowhere + "; asked " + silent.address(),
                            "2 times, waiting 50 ms each. Check that");
        }
    }

    /** RFC 9301 §5.5: the ETR that answers is another than the Map-Resolver that was asked. */
    @Test
    void anAnswerFromElsewhereCounts() throws Exception {
        try (var etr = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
                var peer =
                        Peer.that(heard -> {
                            var octets = reply(((MapRequest) heard.message()).nonce(), MAPPING);
                            etr.send(new DatagramPacket(octets, octets.length, heard.source()));
                            return List.of();
                        })) {
            var run = Run.lispctl("query", "[1]40.0.0.7", "-m", peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("answered by 127.0.0.1:" + etr.getLocalPort());
        }
    }

    @Test
    void everyOneOfACountIsAnswered() throws Exception {
        var counter = new AtomicInteger();
        try (var peer =
                Peer.that(heard -> {
                    var nonce = ((MapRequest) heard.message()).nonce();
                    return List.of(
                            counter.incrementAndGet() == 1
                                    ? reply(nonce, MAPPING)
                                    : reply(
                                            nonce,
                                            MappingRecord.negative(
                                                    RecordTtl.ONE_MINUTE,
                                                    Action.NATIVELY_FORWARD,
                                                    Eid.of(1, "40.0.0.0/24"))));
                })) {
            var run =
                    Run.lispctl(
                            "-o",
                            "json",
                            "query",
                            "[1]40.0.0.7",
                            "--count",
                            "2",
                            "-m",
                            peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.NEGATIVE);
            var answers = run.json().get("answers");
            assertThat(answers).hasSize(2);
            assertThat(answers.get(1).get("records").get(0).get("action").asText())
                    .isEqualTo("natively-forward");
        }
    }

    @Test
    void jsonIsValidWhenNobodyAnswers() throws Exception {
        try (var peer = Peer.silent()) {
            var run =
                    Run.lispctl(
                            "query",
                            "name:a\"b\\c",
                            "-o",
                            "json",
                            "--retries",
                            "0",
                            "--timeout",
                            "20ms",
                            "-m",
                            peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.json().get("eid").asText()).isEqualTo("name:a\"b\\c");
            assertThat(run.json().get("answers").get(0).get("answered").asBoolean()).isFalse();
            assertThat(run.json().get("answers").get(0).get("records")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "query",
                "query 300.1.1.1",
                "query 10.0.0.1/33",
                "query 10.0.0.1 -i 16777216",
                "query 10.0.0.1 -i x",
                "query [1]10.0.0.1 -i 2",
                "query 10.0.0.1 -m 127.0.0.1:70000",
                "query 10.0.0.1 --timeout 3",
                "query 10.0.0.1 --count 0",
                "query 10.0.0.1 --subscribe -m 127.0.0.1:9",
                "query 10.0.0.1 -o xml",
                "query 10.0.0.1 extra"
            })
    void aWrongCommandLineIsOneLineAndAHintAndExitsWith2(String line) {
        var run = Run.lispctl(line.split(" "));

        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).hasSize(2);
        assertThat(run.err()).startsWith("lispctl: ").contains("Try 'lispctl query --help'");
    }
}
