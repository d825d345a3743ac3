package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SubscribeCommandTest {
    private static final Eid EID = Eid.of(1, "40.0.0.7/32");

    @TempDir Path folder = Path.of("");

    private static MappingRecord at(String rloc) {
        return MappingRecord.of(
                RecordTtl.ONE_DAY, EID, List.of(Locator.of(Rloc.of(rloc), 1, 50).asTold()));
    }

    private static byte[] notify(Nonce nonce, SharedKey key, MappingRecord record) {
        return MessageAuthentication.seal(
                new MapNotify(
                        nonce,
                        new Authentication(0, 0, Bytes.EMPTY),
                        List.of(record),
                        Optional.empty()),
                key,
                Algorithm.HMAC_SHA256_128_HKDF,
                16);
    }

    private Run subscribe(Peer peer, String... more) throws Exception {
        return subscribeAt(peer.address(), more);
    }

    private Run subscribeAt(String server, String... more) throws Exception {
        var args = new ArrayList<String>();
        args.addAll(List.of("subscribe", "40.0.0.7", "-i", "1", "-m", server));
        args.addAll(List.of("--key-id", "7", "--key-file", Keys.file(folder).toString()));
        args.addAll(List.of(more));
        return Run.lispctl(args.toArray(String[]::new));
    }

    /** A Map-Server that confirms and, when it has heard the Ack, publishes some datagrams. */
    private static Peer.Behaviour publishing(Function<Nonce, List<byte[]>> what) {
        return heard ->
                switch (heard.message()) {
                    case MapRequest request ->
                            List.of(notify(request.nonce(), Keys.KEY, at("10.9.4.1")));
                    case MapNotifyAck ack when ack.records().equals(List.of(at("10.9.4.1"))) ->
                            what.apply(ack.nonce());
                    default -> List.of();
                };
    }

    private static List<JsonNode> events(Run run) throws Exception {
        var events = new ArrayList<JsonNode>();
        for (var line : run.out().lines().toList()) {
            events.add(new ObjectMapper().readTree(line));
        }
        return events;
    }

    @Test
    @Rfc("9437 §6")
    void confirmationAndPublicationsArePrintedAndEachIsAcknowledged() throws Exception {
        try (var peer =
                Peer.that(
                        publishing(nonce ->
                                List.of(
                                        notify(nonce.next(), Keys.KEY, at("10.9.4.2")),
                                        notify(nonce.plus(5), Keys.KEY, at("10.9.4.3")))))) {
            var run = subscribe(peer, "--count", "2", "-o", "json");

            assertThat(run.err()).isEmpty();
            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(events(run).stream().map(it -> it.get("event").asText()))
                    .containsExactly("confirmed", "published", "published", "unsubscribed");
            assertThat(events(run).get(2).at("/record/locators/0/rloc").asText())
                    .isEqualTo("10.9.4.3");
            // Two requests, and one Ack for each of the four Map-Notifies, its MAC our own.
            var all = peer.heard(6);
            assertThat(peer.heard(MapNotifyAck.class)).hasSize(4);
            for (var heard : all) {
                if (heard.message() instanceof MapNotifyAck ack) {
                    assertThat(
                                    MessageAuthentication.verify(
                                            ack, ByteBuffer.wrap(heard.payload()), Keys.KEY))
                            .isTrue();
                }
            }
        }
    }

    @Test
    @Rfc("9437 §4")
    void theRequestCarriesNBitIdsAndOurAddressAndTheEndCarriesNoAddressAndAGreaterNonce()
            throws Exception {
        try (var peer =
                Peer.that(
                        publishing(nonce ->
                                List.of(notify(nonce.plus(9), Keys.KEY, at("10.9.4.2")))))) {
            subscribe(peer, "--count", "1", "--xtr-id", "b2", "--site-id", "3");

            var requests = peer.heard(MapRequest.class);
            assertThat(requests).hasSize(2);
            var first = requests.getFirst();
            assertThat(first.subscribes()).isTrue();
            assertThat(first.itrRlocs()).containsExactly(LispAddress.Ip.parse("127.0.0.1"));
            assertThat(first.identity().orElseThrow())
                    .hasToString("000000000000000000000000000000b2@3");
            // RFC 9437 §10: one ITR-RLOC, of AFI 0, under the nonce after the last publication's.
            var last = requests.getLast();
            assertThat(last.unsubscribes()).isTrue();
            assertThat(last.nonce()).isEqualTo(first.nonce().plus(10));
        }
    }

    @Test
    @Rfc("9437 §6")
    void oldNoncesAndForeignMacsAreNotPublications() throws Exception {
        try (var peer =
                Peer.that(
                        publishing(nonce ->
                                List.of(
                                        notify(nonce.plus(-1), Keys.KEY, at("10.9.4.66")),
                                        notify(
                                                nonce.next(),
                                                Keys.key("not the secret of anybody"),
                                                at("10.9.4.67")),
                                        notify(nonce.next(), Keys.KEY, at("10.9.4.2")),
                                        notify(nonce.next(), Keys.KEY, at("10.9.4.2")),
                                        notify(nonce.plus(2), Keys.KEY, at("10.9.4.3")))))) {
            var run = subscribe(peer, "--count", "2");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out())
                    .contains("10.9.4.2", "10.9.4.3")
                    .doesNotContain("10.9.4.66", "10.9.4.67")
                    .containsOnlyOnce("10.9.4.2");
            peer.heard(7);
            // The copy of a publication is acknowledged again, but it is no news (RFC 9301 §5.7).
            assertThat(peer.heard(MapNotifyAck.class).stream().map(MapNotifyAck::records))
                    .filteredOn(List.of(at("10.9.4.2"))::equals)
                    .hasSize(2);
        }
    }

    /** Nothing is registered, then something is, and then that is gone again. */
    @Test
    @Rfc("9437 §6")
    void aHoleIsShownAsNegativeAndWhatIsWithdrawnAsGone() throws Exception {
        var hole =
                MappingRecord.negative(
                        RecordTtl.ONE_MINUTE, Action.NATIVELY_FORWARD, Eid.of(1, "40.0.0.0/24"));
        var gone = MappingRecord.of(RecordTtl.REMOVE, EID, List.of());
        try (var peer =
                Peer.that(heard ->
                        switch (heard.message()) {
                            case MapRequest request ->
                                    List.of(notify(request.nonce(), Keys.KEY, hole));
                            case MapNotifyAck ack when ack.records().equals(List.of(hole)) ->
                                    List.of(
                                            notify(ack.nonce().next(), Keys.KEY, at("10.9.4.1")),
                                            notify(ack.nonce().plus(2), Keys.KEY, gone));
                            default -> List.of();
                        })) {
            var run = subscribe(peer, "--count", "2");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out().lines())
                    .satisfiesExactly(
                            it -> assertThat(it).contains("  confirmed  "),
                            it ->
                                    assertThat(it)
                                            .isEqualTo(
                                                    "[1] 40.0.0.0/24  negative: natively-forward"
                                                            + "   ttl 1m"),
                            it -> assertThat(it).contains("  published  "),
                            it -> assertThat(it).isEqualTo("[1] 40.0.0.7/32   ttl 1440m"),
                            it -> assertThat(it).contains("RLOC"),
                            it -> assertThat(it).contains("10.9.4.1"),
                            it -> assertThat(it).contains("  published  "),
                            it -> assertThat(it).isEqualTo("[1] 40.0.0.7/32   ttl 0m   gone"),
                            it -> assertThat(it).contains("  unsubscribed  "));
        }
    }

    private Run refused(Action action) throws Exception {
        var record = MappingRecord.negative(RecordTtl.ONE_MINUTE, action, EID);
        try (var peer =
                Peer.that(heard -> {
                    var nonce = ((MapRequest) heard.message()).nonce();
                    return List.of(
                            LispCodec.encode(new MapReply(false, false, nonce, List.of(record))));
                })) {
            var run = subscribe(peer);

            assertThat(run.out()).isEmpty();
            assertThat(run.err())
                    .startsWith("lispctl: not subscribed: " + peer.address() + " answered with a")
                    .contains("Map-Reply (" + action.label() + ")");
            return run;
        }
    }

    @Test
    @Rfc("9437 §6")
    void aMapReplyIsARefusalAndSaysOfWhatKind() throws Exception {
        var denied = refused(Action.DROP_POLICY_DENIED);
        assertThat(denied.code()).isEqualTo(ExitCode.DENIED);
        assertThat(denied.err()).contains("the ITR-RLOC was 127.0.0.1: is it in the site's rlocs?");

        var stranger = refused(Action.DROP_AUTH_FAILURE);
        assertThat(stranger.code()).isEqualTo(ExitCode.DENIED);
        assertThat(stranger.err()).endsWith("(drop-auth-failure)\n");

        var unable = refused(Action.NATIVELY_FORWARD);
        assertThat(unable.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(unable.err()).contains("as one that cannot or will not take a subscription");
    }

    @Test
    @Timeout(20)
    void aClosedPortIsSaidAtOnce() throws Exception {
        var nowhere = Peer.nowhere();

        var run = subscribeAt(nowhere, "--timeout", "60s");

        assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(run.err())
                .isEqualTo(
                        "lispctl: not confirmed: nothing listens at "
                                + nowhere
                                + ". -m names the Map-Server\n");
    }

    @Test
    @Timeout(20)
    void aMapServerThatIsGoneNeedNotBeAskedToEndTheSubscription() throws Exception {
        var itself = new AtomicReference<Peer>();
        try (var peer =
                Peer.that(
                        publishing(_ -> {
                            itself.get().close();
                            return List.of();
                        }))) {
            itself.set(peer);
            var address = peer.address();

            var run = subscribe(peer, "--duration", "300ms", "--timeout", "60s");

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.err())
                    .isEqualTo(
                            "lispctl: the subscription ends in its own time: nothing listens at "
                                    + address
                                    + "\n");
        }
    }

    /** Else a wrong secret looks like silence. */
    @Test
    void confirmationsThatTheKeyDoesNotVouchForAreCounted() throws Exception {
        try (var peer =
                Peer.that(heard ->
                        heard.message() instanceof MapRequest request
                                ? List.of(
                                        notify(
                                                request.nonce(),
                                                Keys.key("not the secret of anybody"),
                                                at("10.9.4.67")))
                                : List.of())) {
            var run = subscribe(peer, "--timeout", "50ms", "-v");

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.err())
                    .contains(
                            "; 3 datagrams were no answer, 3 of them Map-Notifies with a MAC of"
                                    + " another key. Check",
                            "a Map-Notify from " + peer.address() + " under Key ID 7 has a MAC of");
        }
    }

    @Test
    void publicationsThatDoNotComeInTimeExitWith4AndTheSubscriptionEnds() throws Exception {
        try (var peer = Peer.that(publishing(_ -> List.of()))) {
            var run = subscribe(peer, "--count", "1", "--duration", "50ms");

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.err()).contains("only 0 of 1");
            assertThat(peer.heard(MapRequest.class).getLast().unsubscribes()).isTrue();
        }
    }

    @Test
    void queryCanSubscribeToo() throws Exception {
        try (var peer =
                Peer.that(
                        publishing(nonce ->
                                List.of(notify(nonce.next(), Keys.KEY, at("10.9.4.2")))))) {
            var run =
                    Run.lispctl(
                            "query",
                            "[1]40.0.0.7",
                            "--subscribe",
                            "--count",
                            "1",
                            "--key-id",
                            "7",
                            "--key-file",
                            Keys.file(folder).toString(),
                            "-m",
                            peer.address());

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.out()).contains("confirmed", "published", "10.9.4.2", "unsubscribed");
        }
    }
}
