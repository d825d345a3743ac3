package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RegisterCommandTest {
    @TempDir Path folder = Path.of("");

    private static final Locator OTHER = Locator.of(Rloc.of("10.9.4.9"), 1, 50).asTold();

    private static byte[] confirm(Peer.Heard heard, SharedKey key, MappingRecord... records) {
        var register = (MapRegister) heard.message();
        var notify =
                new MapNotify(
                        register.nonce(),
                        register.authentication(),
                        List.of(records),
                        Optional.empty());
        return MessageAuthentication.seal(
                notify,
                key,
                Algorithm.of(register.authentication().algorithmId()).orElseThrow(),
                register.authentication().data().length());
    }

    /** A Map-Server that has one more locator for whatever is registered. */
    private static List<byte[]> merging(Peer.Heard heard) {
        var record = ((MapRegister) heard.message()).records().getFirst();
        var locators = new ArrayList<>(record.locators());
        locators.add(OTHER);
        return List.of(
                confirm(heard, Keys.KEY, MappingRecord.of(record.ttl(), record.eid(), locators)));
    }

    private Run register(Peer peer, String... more) throws Exception {
        return registerAt(peer.address(), more);
    }

    private Run registerAt(String server, String... more) throws Exception {
        var args = new ArrayList<String>();
        args.addAll(List.of("register", "40.0.0.7", "-i", "1", "-m", server));
        args.addAll(List.of("--key-id", "7", "--key-file", Keys.file(folder).toString()));
        args.addAll(List.of(more));
        return Run.lispctl(args.toArray(String[]::new));
    }

    @Test
    void theMergedLocatorSetIsPrintedOnceTheMapServerHasConfirmedIt() throws Exception {
        try (var peer = Peer.that(RegisterCommandTest::merging)) {
            var run = register(peer, "--rloc", "10.9.4.2,2,30", "--rloc", "10.9.4.1");

            assertThat(run.err()).isEmpty();
            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out())
                    .contains("[1] 40.0.0.7/32   ttl 1440m   registered at " + peer.address())
                    .containsSubsequence("10.9.4.1", "1/100", "10.9.4.2", "2/30", "10.9.4.9");
        }
    }

    @Test
    @Rfc("9301 §5.6")
    void theMapRegisterAsksForProxyRepliesMergingAndAMapNotifyAndIsAuthenticated()
            throws Exception {
        try (var peer = Peer.that(RegisterCommandTest::merging)) {
            register(peer, "--rloc", "10.9.4.1", "--xtr-id", "a1", "--site-id", "4", "--ttl", "5");

            var heard = peer.heard().getFirst();
            var register = (MapRegister) heard.message();
            assertThat(
                            MessageAuthentication.verify(
                                    register, ByteBuffer.wrap(heard.payload()), Keys.KEY))
                    .isTrue();
            assertThat(register.authentication().algorithmId()).isEqualTo(3);
            assertThat(register.proxyReply()).isTrue();
            assertThat(register.wantMapNotify()).isTrue();
            assertThat(register.mergeRequest()).isTrue();
            assertThat(register.identity().orElseThrow())
                    .hasToString("000000000000000000000000000000a1@4");
            assertThat(register.records())
                    .containsExactly(
                            MappingRecord.of(
                                    new RecordTtl(5),
                                    Eid.of(1, "40.0.0.7/32"),
                                    List.of(Locator.of(Rloc.of("10.9.4.1"), 1, 100))));
            // Of this moment: an earlier run used a smaller one, whatever it did.
            assertThat(register.nonce().value() >>> 32)
                    .isBetween(Instant.now().getEpochSecond() - 60, Instant.now().getEpochSecond());
        }
    }

    @Test
    void bitsBeyondTheLengthOfAPrefixAreNotSilentlyDropped() {
        var run = Run.lispctl("register", "10.1.5.9/24", "-i", "1", "--rloc", "10.9.4.1");
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err())
                .contains("10.1.5.9/24 has bits beyond its length; the prefix is 10.1.5.0/24");
        assertThat(Run.lispctl("query", "[1]mac:02:00:00:00:00:08/24").err())
                .contains("the prefix is mac:02:00:00:00:00:00/24");
    }

    @Test
    void aPeerThatKnowsOnlyShaOneIsServed() throws Exception {
        try (var peer = Peer.that(RegisterCommandTest::merging)) {
            var run =
                    register(
                            peer,
                            "--rloc",
                            "10.9.4.1",
                            "--algorithm",
                            "1",
                            "--legacy-length",
                            "--no-merge");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            var register = peer.heard(MapRegister.class).getFirst();
            assertThat(register.authentication().algorithmId()).isEqualTo(1);
            assertThat(register.authentication().data().length()).isEqualTo(20);
            assertThat(register.mergeRequest()).isFalse();
        }
    }

    @Test
    @Rfc("9301 §5.7")
    void aMapNotifyThatTheKeyDoesNotVouchForConfirmsNothing() throws Exception {
        try (var peer =
                Peer.that(heard -> {
                    var records =
                            ((MapRegister) heard.message()).records().toArray(MappingRecord[]::new);
                    return List.of(
                            confirm(heard, Keys.key("another secret of any length"), records),
                            heard.payload());
                })) {
            var run = register(peer, "--rloc", "10.9.4.1", "--timeout", "200ms", "-o", "json");

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).contains("not confirmed", "2 other datagrams", "Key ID");
        }
    }

    @Test
    @Rfc("9301 §5.7")
    void newsOfWhatTheXtrRegisteredEarlierAreAcknowledgedAndConfirmNothing() throws Exception {
        try (var peer =
                Peer.that(heard -> {
                    if (!(heard.message() instanceof MapRegister register)) {
                        return List.of();
                    }
                    var news =
                            new MapNotify(
                                    new Nonce(4711),
                                    register.authentication(),
                                    register.records(),
                                    register.identity());
                    var others =
                            new MapNotify(
                                    new Nonce(4712),
                                    register.authentication(),
                                    register.records(),
                                    Optional.of(new XtrIdentity(new XtrId(0, 1), new SiteId(1))));
                    var answers = new ArrayList<byte[]>();
                    for (var it : List.of(news, others)) {
                        answers.add(
                                MessageAuthentication.seal(
                                        it,
                                        Keys.KEY,
                                        Algorithm.HMAC_SHA256_128_HKDF,
                                        register.authentication().data().length()));
                    }
                    return answers;
                })) {
            var run = register(peer, "--rloc", "10.9.4.1", "--timeout", "300ms");

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.err()).contains("(1 other datagram did)");
            peer.heard(2);
            assertThat(peer.heard(MapNotifyAck.class)).hasSize(1);
            var heard = peer.heard().getLast();
            var ack = (MapNotifyAck) heard.message();
            assertThat(ack.nonce()).isEqualTo(new Nonce(4711));
            assertThat(
                            MessageAuthentication.verify(
                                    ack, ByteBuffer.wrap(heard.payload()), Keys.KEY))
                    .isTrue();
        }
    }

    @Test
    @Rfc("9301 §5.6")
    void everyTransmissionTakesTheNextNonceAndAnAnswerToAnyConfirms() throws Exception {
        var first = new ArrayList<Peer.Heard>();
        try (var peer =
                Peer.that(heard -> {
                    first.add(heard);
                    return first.size() == 1 ? List.of() : merging(first.getFirst());
                })) {
            var run = register(peer, "--rloc", "10.9.4.1", "-o", "json");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.json().get("try").asInt()).isEqualTo(1);
            var nonces = peer.heard(MapRegister.class).stream().map(MapRegister::nonce).toList();
            assertThat(nonces).containsExactly(nonces.getFirst(), nonces.getFirst().next());
        }
    }

    @Test
    @Timeout(20)
    void aClosedPortIsSaidAtOnce() throws Exception {
        var nowhere = Peer.nowhere();

        var run = registerAt(nowhere, "--rloc", "10.9.4.1", "--timeout", "60s");

        assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(run.err())
                .isEqualTo(
                        "lispctl: not confirmed: nothing listens at "
                                + nowhere
                                + ". -m names the Map-Server\n");
    }

    @Test
    void deregisteringIsARecordTtlOfZero() throws Exception {
        try (var peer =
                Peer.that(heard ->
                        List.of(
                                confirm(
                                        heard,
                                        Keys.KEY,
                                        ((MapRegister) heard.message()).records().getFirst())))) {
            var run = register(peer, "--deregister");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("ttl 0m   withdrawn");
            assertThat(peer.heard(MapRegister.class).getFirst().records())
                    .containsExactly(
                            MappingRecord.of(
                                    RecordTtl.REMOVE, Eid.of(1, "40.0.0.7/32"), List.of()));
        }
    }

    @Test
    void aRecordThatTheMapServerLeftOutWasDenied() throws Exception {
        try (var peer = Peer.that(heard -> List.of(confirm(heard, Keys.KEY)))) {
            var run = register(peer, "--rloc", "10.9.4.1", "-o", "json");

            assertThat(run.code()).isEqualTo(ExitCode.DENIED);
            assertThat(run.json().get("confirmed").asBoolean()).isFalse();
            assertThat(run.json().get("records")).isEmpty();
        }
    }

    @Test
    @Rfc("9301 §5.6")
    void aNonceFileGoesOnWhereItEndedEvenWhenTheClockWentBack() throws Exception {
        var file = Files.writeString(folder.resolve("nonce"), "fffffffffffffff0\n");
        var calls = new AtomicInteger();
        try (var peer =
                Peer.that(heard -> calls.incrementAndGet() == 1 ? List.of() : merging(heard))) {
            var run = register(peer, "--rloc", "10.9.4.1", "--nonce-file", file.toString());

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(peer.heard(MapRegister.class).stream().map(MapRegister::nonce))
                    .containsExactly(
                            new Nonce(0xffff_ffff_ffff_fff1L), new Nonce(0xffff_ffff_ffff_fff2L));
            assertThat(file).hasContent("fffffffffffffff2");
        }
    }

    @Test
    void whatCannotBeSentIsSaidBeforeAnythingIsSent() throws Exception {
        try (var peer = Peer.silent()) {
            assertThat(register(peer).err()).contains("--rloc is needed");
            assertThat(register(peer, "--rloc", "10.9.4.1,1,256").code()).isEqualTo(ExitCode.USAGE);
            assertThat(register(peer, "--rloc", "10.9.4.1,1,2,3").code()).isEqualTo(ExitCode.USAGE);
            assertThat(register(peer, "--rloc", "10.9.4.1", "--ttl", "0").code())
                    .isEqualTo(ExitCode.USAGE);
            assertThat(register(peer, "--rloc", "10.9.4.1", "--algorithm", "4").err())
                    .contains("--algorithm is 1, 2 or 3");
            assertThat(register(peer, "--rloc", "10.9.4.1", "--xtr-id", "xyz").code())
                    .isEqualTo(ExitCode.USAGE);
            assertThat(register(peer, "--rloc", "10.9.4.1", "--site-id", "-1").code())
                    .isEqualTo(ExitCode.USAGE);
            assertThat(
                            Run.lispctl(
                                            "register",
                                            "40.0.0.7",
                                            "--rloc",
                                            "10.9.4.1",
                                            "--key-id",
                                            "7",
                                            "--key-file",
                                            "/nowhere",
                                            "-m",
                                            peer.address())
                                    .err())
                    .contains("cannot read the key file /nowhere");
            assertThat(peer.heard()).isEmpty();
        }
    }
}
