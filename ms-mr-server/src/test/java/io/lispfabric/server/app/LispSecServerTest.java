package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.Elsewhere;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LISP-SEC at a real socket: what an ITR, an ETR and one without a key see of a server. */
class LispSecServerTest {
    private static final SharedKey SITE = key(1, "a secret of the PoD");
    private static final SharedKey ITR = key(5, "a secret of all the ITRs");
    private static final SharedKey ITR_OF_POD_A = key(6, "a secret of PoD A's ITRs");
    private static final SharedKey WRONG = key(5, "what a stranger might try");
    private static final XtrIdentity D1 = new XtrIdentity(new XtrId(0, 0xd1), new SiteId(4));
    private static final XtrIdentity D3 = new XtrIdentity(new XtrId(0, 0xd3), new SiteId(4));
    private static final Eid ACC7 = Eid.of(1, "40.0.0.7");
    private static final Sites SITES =
            new Sites(
                    List.of(
                            new Site(
                                    "pod-d",
                                    new SiteId(4),
                                    List.of(SITE),
                                    List.of(
                                            SitePrefix.parse(
                                                    new InstanceId(1), "40.0.0.0/16", true, true)),
                                    true)),
                    false);

    private static int drawn;

    @TempDir Path data;

    private static SharedKey key(int id, String secret) {
        return SharedKey.of(id, Bytes.of(secret.getBytes(StandardCharsets.US_ASCII)));
    }

    private static OneTimeKey otk() {
        var octets = new byte[16];
        octets[0] = (byte) ++drawn;
        return new OneTimeKey(Bytes.of(octets));
    }

    private MapServer start(boolean required, int port) throws IOException {
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        var keys =
                List.of(
                        new ServerConfig.ItrKey(ITR, Set.of()),
                        new ServerConfig.ItrKey(ITR_OF_POD_A, Set.of("pod-a")));
        return Awaiting.ready(
                MapServer.start(
                        ServerConfig.alone("ms-0", data.resolve("ms-0"), lisp, SITES)
                                .protectedBy(new ServerConfig.LispSec(required, keys)),
                        InstantSource.system()));
    }

    private static Xtr xtr(MapServer server, SharedKey key, XtrIdentity identity, long nonce)
            throws IOException {
        return new Xtr(server.lispAddress(), key, identity, new Nonce(nonce));
    }

    /** The Map-Reply that an ITR with this one-time key may believe. */
    private static MapReply believed(Xtr itr, OneTimeKey otk) throws IOException {
        var octets = ByteBuffer.wrap(itr.octets(10_000).orElseThrow());
        if (!(LispCodec.decode(octets) instanceof Decoded.Message(MapReply reply))) {
            throw new AssertionError("no Map-Reply");
        }
        var eid = reply.authenticationData().orElseThrow().eid();
        var kdf = LispSecKdf.of(eid.kdfId()).orElseThrow();
        assertThat(LispSec.verify(eid, otk)).as("EID-AD").isTrue();
        assertThat(LispSec.verify(reply, octets, LispSec.msOtk(otk, kdf))).as("PKT-AD").isTrue();
        return reply;
    }

    @ParameterizedTest(name = "HMAC ID {0}, KDF ID {1}: {2}, {3}")
    @CsvSource({"2, 2, 2, 2", "1, 1, 1, 1", "0, 0, 2, 2", "9, 7, 2, 2"})
    @Rfc("9303 §6.7")
    @Rfc("9303 §6.7.2")
    @Rfc("9303 §8.3")
    @Rfc("9303 §8.5")
    @Rfc("9301 §1.1")
    @Rfc("9301 §9")
    @Rfc("9303 §6")
    @Rfc("9303 §6.9")
    void aProxyMapReplyIsSignedAsItIsWishedForOrAsItSays(int hmac, int kdf, int used, int derived)
            throws IOException {
        try (var server = start(false, 0);
                var d1 = xtr(server, SITE, D1, 1);
                var itr = xtr(server, SITE, D3, 1000)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            var otk = otk();
            itr.send(itr.guarded(itr.query(ACC7), otk, ITR, hmac, kdf));

            var reply = believed(itr, otk);
            assertThat(reply.nonce()).isEqualTo(itr.nonce());
            assertThat(reply.records().getFirst().eid()).isEqualTo(ACC7);
            var data = reply.authenticationData().orElseThrow();
            assertThat(data.eid().prefixes()).containsExactly(ACC7);
            assertThat(data.eid().etrCantSign()).isFalse();
            assertThat(data.eid().kdfId()).isEqualTo(derived);
            assertThat(data.eid().hmacId()).isEqualTo(used);
            assertThat(data.packet().hmacId()).isEqualTo(used);

            // What nobody has registered is vouched for just so.
            itr.send(itr.guarded(itr.query(Eid.of(1, "40.0.0.99")), otk, ITR, hmac, kdf));
            var nothing = believed(itr, otk);
            assertThat(nothing.records().getFirst().action()).isEqualTo(Action.DROP);
            assertThat(nothing.authenticationData().orElseThrow().eid().prefixes())
                    .containsExactly(nothing.records().getFirst().eid());
        }
    }

    /** An ETR that knows LISP-SEC registers, and leaves no answer to the Map-Server. */
    private static void answersItself(Xtr etr, MapRegister register) throws IOException {
        etr.send(
                etr.sealed(
                        new MapRegister(
                                false,
                                true,
                                false,
                                false,
                                true,
                                true,
                                register.nonce(),
                                register.authentication(),
                                register.records(),
                                register.identity())));
        assertThat(etr.notified().nonce()).isEqualTo(register.nonce());
    }

    @Test
    @Rfc("9301 §8.3")
    @Rfc("9303 §6.7.1")
    @Rfc("9437 §5")
    void anEtrGetsOneMapRequestWithAllThatItMayAnswerHoweverManyRecordsItHas() throws IOException {
        var acc8 = Eid.of(1, "40.0.0.8");
        var acc9 = Eid.of(1, "40.0.0.9");
        var at = new InetSocketAddress("127.0.41.14", 4342);
        try (var server = start(false, 0);
                var itr = xtr(server, SITE, D3, 1000);
                var d1 = xtr(server, SITE, D3, 1);
                var etr = new Xtr(server.lispAddress(), SITE, D1, new Nonce(1), at)) {
            var records = new ArrayList<MappingRecord>();
            for (var eid : List.of(ACC7, acc8)) {
                records.addAll(etr.register(eid, "127.0.41.14", RecordTtl.ONE_DAY).records());
            }
            answersItself(etr, etr.register(records));
            d1.registered(acc9, "192.0.2.13", RecordTtl.ONE_DAY);

            // Two that it is asked for, and one of them to be subscribed to, which cannot be; the
            // third is answered for.
            var otk = otk();
            var three =
                    itr.query(
                            new MapRequest.Asked(false, ACC7),
                            new MapRequest.Asked(true, acc8),
                            new MapRequest.Asked(false, acc9));
            itr.send(itr.guarded(three, otk, ITR, 2, 2));
            assertThat(believed(itr, otk).records().getFirst().eid()).isEqualTo(acc9);
            var got = (EncapsulatedControlMessage) etr.heard(10_000).orElseThrow();
            assertThat(got.message()).isEqualTo(three);
            assertThat(got.authenticationData().orElseThrow().eid().prefixes())
                    .containsExactlyInAnyOrder(ACC7, acc8);

            // Two that it is to be subscribed to, without protection.
            Awaiting.until(() -> server.state().usedKeys().size() == 1);
            var two = itr.query(new MapRequest.Asked(true, ACC7), new MapRequest.Asked(true, acc8));
            itr.send(EncapsulatedControlMessage.of(itr.rloc(), itr.rloc(), 4711, 4342, two));
            assertThat(((EncapsulatedControlMessage) etr.heard(10_000).orElseThrow()).message())
                    .isEqualTo(two);

            var last = itr.query(ACC7);
            itr.send(EncapsulatedControlMessage.of(itr.rloc(), itr.rloc(), 4711, 4342, last));
            assertThat(((EncapsulatedControlMessage) etr.heard(10_000).orElseThrow()).message())
                    .isEqualTo(last);
        }
    }

    @Test
    @Rfc("9437 §5")
    @Rfc("9437 §7.1")
    void oneKeyMakesTheAssociationOfAllThatOneMapRequestSubscribesTo() throws IOException {
        var acc8 = Eid.of(1, "40.0.0.8");
        var otk = otk();
        try (var server = start(false, 0);
                var d1 = xtr(server, SITE, D1, 1);
                var itr = xtr(server, association(otk, new Nonce(77)), D3, 76)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            d1.registered(acc8, "192.0.2.13", RecordTtl.ONE_DAY);

            var both =
                    itr.query(new MapRequest.Asked(true, ACC7), new MapRequest.Asked(true, acc8));
            itr.send(itr.guarded(both, otk, ITR, 2, 2));
            var first = itr.notified();
            var second = itr.notified();
            assertThat(List.of(first.nonce(), second.nonce())).containsOnly(new Nonce(77));
            itr.acknowledge(first);
            itr.acknowledge(second);
            Awaiting.until(() -> server.state().subscriptions().size() == 2);
            assertThat(server.drops("key_used_again")).isZero();
        }
    }

    @Test
    @Rfc("9303 §6.7.1")
    @Rfc("9301 §1.1")
    @Rfc("9301 §9")
    @Rfc("9303 §6.5")
    @Rfc("9303 §6.7")
    void anEtrGetsAKeyOfItsOwnAndTheUnalteredMapRequest() throws IOException {
        var at = new InetSocketAddress("127.0.41.13", 4342);
        try (var server = start(false, 0);
                var itr = xtr(server, SITE, D3, 1000);
                var etr = new Xtr(server.lispAddress(), SITE, D1, new Nonce(1), at)) {
            answersItself(etr, etr.register(ACC7, "127.0.41.13", RecordTtl.ONE_DAY));

            var otk = otk();
            var sent = itr.guarded(itr.query(ACC7), otk, ITR, 1, 1);
            itr.send(sent);

            var got = (EncapsulatedControlMessage) etr.heard(10_000).orElseThrow();
            assertThat(got.message()).isEqualTo(sent.message());
            assertThat(got.packet()).isEqualTo(sent.packet());
            var ad = got.authenticationData().orElseThrow();
            assertThat(ad.requestedHmacId()).isEqualTo(1);
            assertThat(ad.eid().prefixes()).containsExactly(ACC7);
            assertThat(ad.eid().etrCantSign()).isFalse();
            assertThat(LispSec.verify(ad.eid(), otk)).isTrue();
            var wraps = EnumSet.of(KeyWrap.AES_128_HKDF_SHA256);
            assertThat(LispSec.unwrap(ad.otk(), itr.nonce(), SITE, wraps))
                    .contains(LispSec.msOtk(otk, LispSecKdf.HKDF_SHA1_128));
            assertThat(LispSec.unwrap(ad.otk(), itr.nonce(), ITR, wraps)).isEmpty();
        }
    }

    /** The key goes on as it was wrapped, so nobody on the way needs to be trusted with it. */
    @Test
    @Rfc("9303 §6.6")
    void aMapResolverAlonePassesAProtectedQuestionOnAsItIs() throws IOException {
        try (var server = start(true, 0);
                var d1 = xtr(server, SITE, D1, 1)) {
            var at = server.lispAddress();
            var known =
                    new Elsewhere(
                            SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", true, false),
                            List.of(new Elsewhere.Server(Ip.of(at.getAddress()), at.getPort())));
            var config =
                    ServerConfig.alone(
                                    "mr-0",
                                    data.resolve("mr-0"),
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    new Sites(List.of(), false, List.of(known)))
                            .as(ServerConfig.Role.MAP_RESOLVER)
                            .protectedBy(
                                    new ServerConfig.LispSec(
                                            true, List.of(new ServerConfig.ItrKey(ITR, Set.of()))));
            try (var resolver = Awaiting.ready(MapServer.start(config, InstantSource.system()));
                    var itr = xtr(resolver, SITE, D3, 1000)) {
                d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
                var otk = otk();
                itr.send(itr.guarded(itr.query(ACC7), otk, ITR, 2, 2));
                var reply = believed(itr, otk);
                assertThat(reply.nonce()).isEqualTo(itr.nonce());
                assertThat(reply.records().getFirst().eid()).isEqualTo(ACC7);

                itr.send(itr.guarded(itr.query(ACC7), otk, WRONG, 2, 2));
                Awaiting.until(() -> resolver.drops("bad_key_wrap") == 1);
            }
        }
    }

    @Test
    @Rfc("9303 §6.4")
    @Rfc("9303 §6.5")
    @Rfc("9303 §6.5.1")
    @Rfc("9303 §6.6")
    @Rfc("9303 §7.7")
    void whatIsNotWrappedAsItMustBeIsCountedAndNotAnswered() throws IOException {
        try (var server = start(false, 0);
                var itr = xtr(server, SITE, D3, 1000)) {
            var otk = otk();
            itr.send(
                    itr.guarded(
                            itr.query(ACC7),
                            new EcmAd(2, LispSec.unprotected(otk), EidAd.request(2))));
            itr.send(itr.guarded(itr.query(ACC7), otk, key(77, "not known to the server"), 2, 2));
            itr.send(itr.guarded(itr.query(ACC7), otk, WRONG, 2, 2));
            // A key that was wrapped for another Map-Request.
            var old = new EcmAd(2, LispSec.wrap(otk, itr.nonce(), ITR), EidAd.request(2));
            itr.send(itr.guarded(itr.query(ACC7), old));

            itr.send(itr.guarded(itr.query(ACC7), otk, ITR, 2, 2));
            assertThat(believed(itr, otk).nonce()).isEqualTo(itr.nonce());
            assertThat(server.drops("key_not_wrapped")).isEqualTo(1);
            assertThat(server.drops("unknown_itr_key")).isEqualTo(1);
            assertThat(server.drops("bad_key_wrap")).isEqualTo(2);
        }
    }

    @Test
    @Rfc("9301 §9")
    void whereLispSecIsRequiredNothingElseIsAnswered() throws IOException {
        try (var server = start(true, 0);
                var itr = xtr(server, SITE, D3, 1000)) {
            itr.send(itr.query(ACC7));
            itr.send(itr.subscribe(ACC7));
            itr.send(itr.unsubscribe(ACC7));
            // Record Count 0: one ITR-RLOC, and no EID at all.
            itr.send(
                    HexFormat.of()
                            .parseHex("10000000" + "0000000000000007" + "0000" + "00017f000001"));
            var otk = otk();
            itr.send(itr.guarded(itr.query(ACC7), otk, ITR, 2, 2));
            assertThat(believed(itr, otk).nonce()).isEqualTo(itr.nonce());
            assertThat(server.drops("unprotected")).isEqualTo(4);
        }
    }

    private static SharedKey association(OneTimeKey otk, Nonce nonce) {
        return SharedKey.of(5, LispSec.pubSubKey(otk, nonce));
    }

    private static MapRequest subscription(Xtr itr, long nonce) {
        var ask = itr.subscribe(ACC7);
        return MapRequest.subscription(new Nonce(nonce), ask.sourceEid(), ask.itrRlocs(), ACC7, D3);
    }

    @Test
    @Rfc("9437 §5")
    @Rfc("9437 §7.1")
    void aProtectedSubscriptionLivesUnderItsOwnKeyAlsoAfterARestart() throws IOException {
        int port;
        var otk = otk();
        var key = association(otk, new Nonce(77));
        // It checks that all that it hears is under the key of the association.
        Xtr itr;
        try (var server = start(false, 0);
                var d1 = xtr(server, SITE, D1, 1)) {
            port = server.lispAddress().getPort();
            itr = xtr(server, key, D3, 76);
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            itr.send(itr.guarded(subscription(itr, 77), otk, ITR, 2, 2));
            var confirmation = itr.notified();
            assertThat(confirmation.nonce()).isEqualTo(new Nonce(77));
            assertThat(server.state().subscriptions()).isEmpty();
            itr.acknowledge(confirmation);
            Awaiting.until(() -> !server.state().subscriptions().isEmpty());

            // The key is nowhere to be read.
            assertThat(server.state().subscriptions().toString())
                    .contains("PubSubKey[]")
                    .doesNotContain(key.secret().hex());

            // The same one-time key again, whoever sends it.
            itr.send(itr.guarded(subscription(itr, 77), otk, ITR, 2, 2));
            var refusal = believed(itr, otk);
            assertThat(refusal.records().getFirst().action()).isEqualTo(Action.DROP_AUTH_FAILURE);
            assertThat(refusal.records().getFirst().isNegative()).isTrue();
            assertThat(server.drops("key_used_again")).isEqualTo(1);
        }
        try (var server = start(false, port);
                itr;
                var d1 = xtr(server, SITE, D1, 1000)) {
            d1.registered(ACC7, "192.0.2.14", RecordTtl.ONE_DAY);
            var publication = itr.notified();
            assertThat(publication.nonce()).isEqualTo(new Nonce(78));
            itr.acknowledge(publication);
            Awaiting.until(() -> server.state().outstanding().isEmpty());

            itr.send(itr.guarded(subscription(itr, 77), otk, ITR, 2, 2));
            assertThat(believed(itr, otk).records().getFirst().action())
                    .isEqualTo(Action.DROP_AUTH_FAILURE);
        }
    }

    @Test
    @Rfc("9437 §5")
    void aSubscriptionUnderAKeyThatNobodyKnowsIsRefusedAloud() throws IOException {
        try (var server = start(false, 0);
                var itr = xtr(server, SITE, D3, 1000)) {
            var unknown = key(77, "not known to the server");
            itr.send(itr.guarded(itr.subscribe(ACC7), otk(), unknown, 2, 2));
            var refusal = itr.replied();
            assertThat(refusal.nonce()).isEqualTo(itr.nonce());
            assertThat(refusal.records().getFirst().action()).isEqualTo(Action.DROP_AUTH_FAILURE);
            itr.send(itr.guarded(itr.unsubscribe(ACC7), otk(), unknown, 2, 2));
            assertThat(itr.replied().nonce()).isEqualTo(itr.nonce());
        }
    }

    @Test
    @Rfc("9437 §5")
    @Rfc("9437 §7.1")
    void whoeverMayNotSpeakForASiteMakesNoAssociationInItsName() throws IOException {
        try (var server = start(false, 0);
                var itr = xtr(server, SITE, D3, 1000)) {
            var otk = otk();
            itr.send(itr.guarded(itr.subscribe(ACC7), otk, ITR_OF_POD_A, 2, 2));
            assertThat(believed(itr, otk).records().getFirst().action())
                    .isEqualTo(Action.DROP_AUTH_FAILURE);

            itr.send(itr.guarded(itr.unsubscribe(ACC7), otk, ITR_OF_POD_A, 2, 2));
            assertThat(believed(itr, otk).records().getFirst().action())
                    .isEqualTo(Action.DROP_AUTH_FAILURE);
        }
    }
}
