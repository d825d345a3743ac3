package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Ddt;
import io.lispfabric.server.core.Elsewhere;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Policies;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.OtkAd;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.ReferralAction;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One server that stands alone, on a real socket and a real disk, as an xTR meets it. */
class MapServerTest {
    private static final SharedKey KEY =
            SharedKey.of(1, Bytes.of("a secret of the PoD".getBytes(StandardCharsets.US_ASCII)));
    private static final SharedKey WRONG =
            SharedKey.of(1, Bytes.of("another PoD's secret".getBytes(StandardCharsets.US_ASCII)));
    private static final XtrIdentity D1 = new XtrIdentity(new XtrId(0, 0xd1), new SiteId(4));
    private static final XtrIdentity D3 = new XtrIdentity(new XtrId(0, 0xd3), new SiteId(4));
    private static final Eid ACC7 = Eid.of(1, "40.0.0.7");
    private static final Sites SITES =
            new Sites(
                    List.of(
                            new Site(
                                    "pod-d",
                                    new SiteId(4),
                                    List.of(KEY),
                                    List.of(
                                            SitePrefix.parse(
                                                    new InstanceId(1), "40.0.0.0/16", true, true)),
                                    true)),
                    false);

    @TempDir Path data;

    private MapServer start() throws IOException {
        return start(0);
    }

    private MapServer start(int port) throws IOException {
        return start(port, SITES);
    }

    private MapServer start(int port, Sites sites) throws IOException {
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        return Awaiting.ready(
                MapServer.start(
                        ServerConfig.alone("ms-0", data.resolve("ms-0"), lisp, sites),
                        InstantSource.system()));
    }

    /**
     * What a member does not know it would deny, and an ITR would believe that for a minute. This
     * one never hears of the others.
     */
    @Test
    @Rfc("9301 §8.4")
    void whoDoesNotYetKnowAllThatIsInTheLogDeniesNothing() throws Exception {
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var config =
                ServerConfig.alone("ms-0", data.resolve("ms-0"), lisp, SITES)
                        .in(
                                "pods",
                                List.of(
                                        new ServerConfig.Peer("ms-0", "127.0.0.1", freePort()),
                                        new ServerConfig.Peer("ms-1", "127.0.0.1", freePort()),
                                        new ServerConfig.Peer("ms-2", "127.0.0.1", freePort())));
        try (var server = MapServer.start(config, InstantSource.system());
                var d1 = xtr(server, KEY, D1, 1)) {
            d1.send(d1.query(Eid.of(1, "40.0.0.7")));
            Awaiting.until(() -> server.drops("catching_up") == 1);
            assertThat(d1.heard(200)).isEmpty();
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The site of {@link #SITES} with other keys. */
    private static Site site(SharedKey... keys) {
        return new Site(
                "pod-d",
                new SiteId(4),
                List.of(keys),
                SITES.sites().getFirst().prefixes(),
                true,
                List.of(EidPrefix.parse("192.0.2.0/24"), EidPrefix.parse("127.0.0.0/8")),
                true,
                true);
    }

    private static Xtr xtr(MapServer server, SharedKey key, XtrIdentity identity, long nonce)
            throws IOException {
        return new Xtr(server.lispAddress(), key, identity, new Nonce(nonce));
    }

    private static List<String> rlocs(MappingRecord record) {
        return record.locators().stream().map(locator -> locator.rloc().toString()).toList();
    }

    @Test
    @Rfc("9301 §5.7")
    @Rfc("9301 §8.3")
    void aRegistrationIsConfirmedAndThenAnsweredForNonAuthoritatively() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1)) {
            var notify = d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(notify.records())
                    .singleElement()
                    .satisfies(it -> assertThat(it.eid()).isEqualTo(ACC7));

            d1.send(d1.query(ACC7));

            var reply = d1.replied();
            assertThat(reply.nonce()).isEqualTo(d1.nonce());
            assertThat(reply.records())
                    .singleElement()
                    .satisfies(it -> {
                        assertThat(rlocs(it)).containsExactly("192.0.2.13");
                        assertThat(it.authoritative()).isFalse();
                        assertThat(it.locators().getFirst().local()).isFalse();
                        assertThat(it.locators().getFirst().reachable()).isTrue();
                    });
        }
    }

    @Test
    @Rfc("9301 §5.7")
    void theIidMaskLengthOfAMapRegisterIsCopiedLikeAllElse() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            d1.send(
                    d1.sealedWithIidMaskLength(
                            d1.register(ACC7, "192.0.2.13", RecordTtl.ONE_DAY), 32));

            var lcaf = Bytes.ofHex("4003 0000 02 20 000a 00000001 0001 28000007").hex();
            // Answers to earlier tries may still be on their way.
            String answer;
            do {
                answer = Bytes.of(d1.octets(10_000).orElseThrow()).hex();
            } while (!answer.contains(d1.nonce().toString()));
            assertThat(answer).contains(lcaf);
        }
    }

    @Test
    @Rfc("R-038")
    @Rfc("9437 §5")
    void anUnknownAcceleratorIsToBeDropped() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            d1.send(d1.query(Eid.of(1, "40.0.0.99")));

            assertThat(d1.replied().records())
                    .singleElement()
                    .satisfies(it -> {
                        assertThat(it.isNegative()).isTrue();
                        assertThat(it.action()).isEqualTo(Action.DROP);
                        assertThat(it.ttl()).isEqualTo(RecordTtl.ONE_MINUTE);
                        assertThat(it.eid().covers(Eid.of(1, "40.0.0.99"))).isTrue();
                        assertThat(it.eid().covers(ACC7)).isFalse();
                    });
        }
    }

    @Test
    @Rfc("9437 §6")
    void aSubscriberIsConfirmedAndThenToldOfChangesUntilItAcknowledges() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1);
                var d3 = xtr(server, KEY, D3, 1L << 40)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            d3.send(d3.subscribe(ACC7));
            var confirmation = d3.notified();
            assertThat(confirmation.nonce()).isEqualTo(d3.nonce());
            assertThat(rlocs(confirmation.records().getFirst())).containsExactly("192.0.2.13");
            d3.acknowledge(confirmation);

            d1.registered(ACC7, "192.0.2.99", RecordTtl.ONE_DAY);
            var publication = d3.notified();
            assertThat(publication.nonce()).isEqualTo(confirmation.nonce().next());
            assertThat(rlocs(publication.records().getFirst())).containsExactly("192.0.2.99");
            // Not acknowledged: after three seconds it comes again, under the same nonce.
            assertThat(d3.notified()).isEqualTo(publication);
            d3.acknowledge(publication);

            d1.registered(ACC7, "192.0.2.99", RecordTtl.REMOVE);
            var gone = d3.notified();
            assertThat(gone.records().getFirst().ttl()).isEqualTo(RecordTtl.REMOVE);
            d3.acknowledge(gone);

            d3.send(d3.unsubscribe(ACC7));
            var end = d3.notified();
            assertThat(end.nonce()).isEqualTo(d3.nonce());
            d3.acknowledge(end);
            Awaiting.until(() -> server.state().subscriptions().isEmpty());
        }
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("R-068")
    @Rfc("R-112")
    void whatIsForgedReplayedOrForeignIsCountedAndChangesNothing() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1);
                var forger = xtr(server, WRONG, D1, 1000)) {
            var first = d1.sealed(d1.register(ACC7, "192.0.2.13", RecordTtl.ONE_DAY));
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            // Not the whole state: a register that was sent twice may refresh it yet.
            var before = server.state().record(ACC7);

            d1.send(first);
            forger.send(forger.sealed(forger.register(ACC7, "192.0.2.66", RecordTtl.ONE_DAY)));
            d1.send(d1.sealed(d1.register(Eid.of(1, "50.0.0.1"), "192.0.2.13", RecordTtl.ONE_DAY)));
            d1.send(new byte[] {0x30, 0, 0});
            d1.send(new byte[] {(byte) 0xF0});

            // A question and its answer come after all of them.
            d1.send(d1.query(ACC7));
            assertThat(rlocs(d1.replied().records().getFirst())).containsExactly("192.0.2.13");
            assertThat(server.state().record(ACC7)).isEqualTo(before);
            assertThat(server.state().mappings().size()).isEqualTo(1);
            assertThat(server.drops("bad_authentication")).isEqualTo(1);
            assertThat(server.drops("prefix_not_allowed")).isEqualTo(1);
            Awaiting.until(() -> server.drops("replayed") >= 1);
        }
    }

    /** It registers nothing, so that nobody can know which key it has while they are changed. */
    @Test
    @Rfc("9301 §5.6")
    void whoOnlySubscribesIsAnsweredUnderTheNextKeyUntilItAcknowledges() throws IOException {
        var second =
                SharedKey.of(
                        2, Bytes.of("the key that follows".getBytes(StandardCharsets.US_ASCII)));
        var later = new AtomicLong();
        var config =
                ServerConfig.alone(
                        "ms-0",
                        data.resolve("ms-0"),
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        new Sites(List.of(site(KEY, second)), false));
        try (var server =
                        Awaiting.ready(
                                MapServer.start(
                                        config, () -> Instant.now().plusMillis(later.get())));
                var d3 = xtr(server, second, D3, 1)) {
            var keyIds = new ArrayList<Integer>();
            for (int i = 0; i < 3; i++) {
                later.addAndGet(1_000); // RFC 9301 §5.3: asked at most once a second
                d3.send(d3.subscribe(ACC7));
                var octets = d3.octets(10_000).orElseThrow();
                if (LispCodec.decode(ByteBuffer.wrap(octets))
                        instanceof Decoded.Message(MapNotify notify)) {
                    assertThat(notify.nonce()).isEqualTo(d3.nonce());
                    keyIds.add(notify.authentication().keyId());
                    if (i == 1) {
                        d3.acknowledge(notify);
                        Awaiting.until(() -> server.state().subscriptions().size() == 1);
                    }
                }
            }
            assertThat(keyIds).containsExactly(1, 2, 2);
        }
    }

    @Test
    @Rfc("9301 §5.6")
    void registrationsSubscriptionsAndNoncesOutliveTheProcess() throws IOException {
        byte[] old;
        int port;
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1);
                var d3 = xtr(server, KEY, D3, 1L << 40)) {
            port = server.lispAddress().getPort();
            old = d1.sealed(d1.register(ACC7, "192.0.2.1", RecordTtl.ONE_DAY));
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            d3.send(d3.subscribe(ACC7));
            d3.acknowledge(d3.notified());
            Awaiting.until(() -> server.state().outstanding().isEmpty());
        }
        try (var server = start(port);
                var d1 = xtr(server, KEY, D1, 100)) {
            assertThat(server.state().subscriptions()).hasSize(1);
            d1.send(old);
            Awaiting.until(() -> server.drops("replayed") >= 1);
            d1.send(d1.query(ACC7));
            assertThat(d1.replied())
                    .satisfies(it ->
                            assertThat(rlocs(it.records().getFirst()))
                                    .containsExactly("192.0.2.13"));
        }
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("9437 §6")
    void whatWasToBeSaidUnderARemovedKeyGoesOnUnderALiveOne() throws IOException {
        var fresh = SharedKey.of(2, Bytes.of(new byte[32]));
        MapNotify unheard;
        try (var d3 = d3AfterChange(new Sites(List.of(site(KEY, fresh)), false));
                var server = start(d3.port, new Sites(List.of(site(fresh)), false))) {
            unheard = d3.unheard;
            d3.xtr.use(fresh);
            var publication = d3.xtr.notified();
            assertThat(publication.nonce()).isEqualTo(unheard.nonce());
            assertThat(publication.authentication().keyId()).isEqualTo(2);
            d3.xtr.acknowledge(publication);
            Awaiting.until(() -> server.state().outstanding().isEmpty());
        }
    }

    /** A subscriber that has not acknowledged a publication before its server was stopped. */
    private record Waiting(Xtr xtr, MapNotify unheard, int port) implements AutoCloseable {
        @Override
        public void close() {
            xtr.close();
        }
    }

    private Waiting d3AfterChange(Sites sites) throws IOException {
        try (var server = start(0, sites);
                var d1 = xtr(server, KEY, D1, 1)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            var d3 = xtr(server, KEY, D3, 1L << 40);
            d3.send(d3.subscribe(ACC7));
            d3.acknowledge(d3.notified());
            Awaiting.until(() -> server.state().outstanding().isEmpty());
            d1.registered(ACC7, "192.0.2.99", RecordTtl.ONE_DAY);
            return new Waiting(d3, d3.notified(), server.lispAddress().getPort());
        }
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("9301 §5.7")
    void aSiteOfOldPeersGetsWhatTheyExpect() throws IOException {
        var bare = new SharedKey(1, KEY.secret(), KEY.algorithms(), false, false, true);
        try (var server = start(0, new Sites(List.of(site(bare)), false));
                var d1 = xtr(server, bare, D1, 1)) {
            var notify = d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(notify.recipient()).contains(D1);

            // The same octets again: the same answer again, and nothing else.
            var octets = d1.sealed(d1.register(ACC7, "192.0.2.14", RecordTtl.ONE_DAY));
            d1.send(octets);
            var first = answerTo(d1);
            var since = server.state().at(ACC7);
            d1.send(octets);
            assertThat(answerTo(d1)).isEqualTo(first);
            assertThat(server.state().at(ACC7)).isEqualTo(since);

            // The MAC does not cover the ids, so the nonce is the key's: nobody revives an old
            // message under other ones.
            var other = octets.clone();
            other[octets.length - 9] ^= 1; // the last octet of the xTR-ID
            try (var thief = xtr(server, bare, D3, 1)) {
                double before = server.drops("replayed");
                thief.send(other);
                Awaiting.until(() -> server.drops("replayed") == before + 1);
            }

            // A locator that the site may not use spoils its own record alone.
            var outside = Eid.of(1, "40.0.0.8");
            d1.send(d1.sealed(d1.register(outside, "198.51.100.1", RecordTtl.ONE_DAY)));
            Awaiting.until(() -> server.drops("rloc_not_allowed") == 1);
            assertThat(server.state().at(outside)).isEmpty();
        }
    }

    private static MapNotify answerTo(Xtr xtr) throws IOException {
        while (true) {
            var message = xtr.heard(10_000).orElseThrow();
            if (message instanceof MapNotify notify && notify.nonce().equals(xtr.nonce())) {
                return notify;
            }
        }
    }

    private static Action denial(MapReply reply, MapRequest asked) {
        assertThat(reply.nonce()).isEqualTo(asked.nonce());
        assertThat(reply.records()).hasSize(1);
        assertThat(reply.records().getFirst().eid()).isEqualTo(asked.records().getFirst().eid());
        assertThat(reply.records().getFirst().locators()).isEmpty();
        return reply.records().getFirst().action();
    }

    @Test
    @Rfc("9301 §8.3")
    @Rfc("9437 §5")
    void whoIsRefusedIsToldThatAPolicyDeniesIt() throws IOException {
        var refusal =
                new Policies.Refusal(
                        List.of(), Set.of(D3.xtrId()), Set.of(), Set.of(new InstanceId(1)), false);
        var fixed =
                new Explicit(
                        new ListenerId.Subscriber(ACC7, D1),
                        new Contact(
                                SITES.sites().getFirst().defaultCredentials(),
                                List.of(Ip.parse("127.0.0.1")),
                                9),
                        new Nonce(1L << 50));
        var unless = ServerConfig.Subscriptions.DEFAULT;
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var config =
                ServerConfig.alone("ms-0", data.resolve("ms-0"), lisp, SITES)
                        .with(
                                new Policies(List.of(refusal)),
                                new ServerConfig.Subscriptions(
                                        unless.temporary(),
                                        unless.room(),
                                        unless.bereaved(),
                                        unless.notifiesPerSecond(),
                                        true,
                                        List.of(new ServerConfig.Configured(fixed, false))));
        try (var server = Awaiting.ready(MapServer.start(config, InstantSource.system()));
                var d1 = xtr(server, KEY, D1, 1);
                var d3 = xtr(server, KEY, D3, 1L << 40)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            Awaiting.until(() -> server.state().subscriptions().size() == 1);

            // Whether anything is registered or not; where nothing is configured there is nothing
            // to deny.
            for (var eid : List.of(ACC7, Eid.of(1, "40.0.0.9"))) {
                var asked = d3.subscribe(eid);
                d3.send(asked);
                assertThat(denial(d3.replied(), asked)).isEqualTo(Action.DROP_POLICY_DENIED);
            }
            var elsewhere = d3.subscribe(Eid.of(2, "50.0.0.1"));
            d3.send(elsewhere);
            assertThat(d3.notified().records().getFirst().action())
                    .isEqualTo(Action.NATIVELY_FORWARD);
            assertThat(server.state().subscriptions())
                    .extracting(Listener::id)
                    .containsExactly(fixed.id());

            // What the operator has set up may be kept as it is; what is old is dropped even so.
            var late = xtr(server, KEY, D1, 1L << 51);
            for (var asked : List.of(late.subscribe(ACC7), late.unsubscribe(ACC7))) {
                late.send(asked);
                assertThat(denial(late.replied(), asked)).isEqualTo(Action.DROP_POLICY_DENIED);
            }
            double replayed = server.drops("replayed");
            d1.send(d1.subscribe(ACC7));
            Awaiting.until(() -> server.drops("replayed") == replayed + 1);
            late.close();
        }
    }

    @Test
    @Rfc("9301 §6.1")
    void whatSolicitsAMapRequestIsForAnItrAndNeitherAnsweredNorPassedOn() throws IOException {
        try (var server = start();
                var resolver = resolver(server);
                var d1 = xtr(server, KEY, D1, 1);
                var itr = xtr(resolver, KEY, D3, 1L << 40)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            var smr = soliciting(itr.query(ACC7));
            itr.send(smr);
            itr.send(EncapsulatedControlMessage.of(itr.rloc(), itr.rloc(), itr.port(), 4342, smr));
            // An SMR-invoked one is a question like any other.
            var invoked = itr.query(ACC7);
            itr.send(invoked);
            assertThat(itr.replied().nonce()).isEqualTo(invoked.nonce());
            assertThat(resolver.drops("smr")).isEqualTo(2);
            assertThat(server.drops("smr")).isZero();
        }
    }

    private static MapRequest soliciting(MapRequest it) {
        return new MapRequest(
                it.authoritative(),
                it.probe(),
                true,
                it.fromPitr(),
                it.smrInvoked(),
                it.localXtr(),
                it.dontMapReply(),
                it.nonce(),
                it.sourceEid(),
                it.itrRlocs(),
                it.records(),
                it.mapData(),
                it.identity());
    }

    @Test
    @Rfc("9437 §3")
    @Rfc("9437 §5")
    void whoSubscribesNamesNoItrRlocThatItsSiteMayNotUse() throws IOException {
        try (var server = start(0, new Sites(List.of(site(KEY)), false));
                var d3 = xtr(server, KEY, D3, 1)) {
            d3.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            var own = d3.subscribe(ACC7);
            var asked =
                    MapRequest.subscription(
                            own.nonce(),
                            Optional.empty(),
                            List.of(d3.rloc(), Ip.parse("198.51.100.1")),
                            ACC7,
                            D3);
            d3.send(asked);
            assertThat(denial(d3.replied(), asked)).isEqualTo(Action.DROP_POLICY_DENIED);
            d3.send(own);
            assertThat(d3.notified().nonce()).isEqualTo(own.nonce());
        }
    }

    @Test
    @Rfc("9301 §8.4")
    @Rfc("9437 §3")
    void aMapResolverAloneAsksTheMapServersThatItKnows() throws IOException {
        try (var server = start();
                var resolver = resolver(server);
                var d1 = xtr(server, KEY, D1, 1);
                var itr = xtr(resolver, KEY, D3, 1L << 40)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            // Not in an ECM, and in one, whose inner packet is the ITR's: the Map-Server answers.
            var plain = itr.query(ACC7);
            itr.send(plain);
            assertThat(itr.replied().nonce()).isEqualTo(plain.nonce());
            var local = Ip.parse("127.0.0.1");
            var inside = itr.query(ACC7);
            itr.send(EncapsulatedControlMessage.of(local, local, itr.port(), 4342, inside));
            var reply = itr.replied();
            assertThat(reply.nonce()).isEqualTo(inside.nonce());
            assertThat(rlocs(reply.records().getFirst())).containsExactly("192.0.2.13");

            // So does a subscription go through, and its confirmation comes from there.
            itr.send(itr.subscribe(ACC7));
            itr.acknowledge(server.lispAddress(), itr.notified());
            Awaiting.until(() -> server.state().subscriptions().size() == 1);

            // What no Map-Server is known for, the Map-Resolver denies itself.
            itr.send(itr.query(Eid.of(1, "41.0.0.1")));
            var none = itr.replied().records().getFirst();
            assertThat(none.isNegative()).isTrue();
            assertThat(none.action()).isEqualTo(Action.NATIVELY_FORWARD);
            assertThat(none.ttl()).isEqualTo(RecordTtl.FIFTEEN_MINUTES);
            assertThat(none.eid()).isEqualTo(Eid.of(1, "41.0.0.0/8"));

            // Nothing is registered there.
            itr.send(itr.sealed(itr.register(ACC7, "192.0.2.66", RecordTtl.ONE_DAY)));
            Awaiting.until(() -> resolver.drops("not_our_role") == 1);
            assertThat(resolver.state().mappings().size()).isZero();
        }
    }

    @Test
    @Rfc("9301 §8.3")
    @Rfc("9301 §8.4")
    void aQuestionIsPassedOnOnceHoweverManyRecordsItHas() throws IOException {
        try (var server = start();
                var resolver = resolver(server);
                var d1 = xtr(server, KEY, D1, 1);
                var itr = xtr(resolver, KEY, D3, 1L << 40)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            var asked = new MapRequest.Asked(false, ACC7);
            var other = new MapRequest.Asked(false, Eid.of(1, "40.0.0.99"));
            var both = itr.query(asked, other);
            itr.send(both);
            assertThat(itr.replied().nonce()).isEqualTo(both.nonce());
            assertThat(itr.replied().nonce()).isEqualTo(both.nonce());
            var next = itr.query(ACC7);
            itr.send(next);
            assertThat(itr.replied().nonce()).isEqualTo(next.nonce());
        }
    }

    @Test
    @Rfc("9301 §8.4")
    void aQuestionThatGoesInACircleOfServersEnds() throws IOException {
        var a = new InetSocketAddress("127.0.42.1", 4342);
        var b = new InetSocketAddress("127.0.42.2", 4342);
        var c = new InetSocketAddress("127.0.42.3", 4342);
        try (var first = resolver("mr-1", a, b);
                var second = resolver("mr-2", b, c);
                var third = resolver("mr-3", c, a);
                var itr = xtr(first, KEY, D3, 1L << 40)) {
            itr.send(itr.query(ACC7));
            itr.send(
                    EncapsulatedControlMessage.of(
                            itr.rloc(), itr.rloc(), itr.port(), 4342, itr.query(ACC7)));
            var all = List.of(first, second, third);
            Awaiting.until(() -> all.stream().mapToDouble(it -> it.drops("too_far")).sum() == 2);
            assertThat(all).allMatch(it -> it.drops("rate_limited") == 0);
        }
    }

    @Test
    @Rfc("9301 §8.4")
    void aServerThatIsToAskItselfDoesNotStart() throws IOException {
        int port;
        try (var free = new DatagramSocket(0)) {
            port = free.getLocalPort();
        }
        var own = new InetSocketAddress("127.0.42.1", port);
        assertThatThrownBy(() -> resolver("mr-1", own, own))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.42.1 port " + port)
                .hasMessageEndingWith("is this server itself");
        // Wherever it listens to: all addresses of this host are its own.
        var any = new InetSocketAddress("0.0.0.0", port);
        assertThatThrownBy(() -> resolver("mr-1", any, own))
                .hasMessageEndingWith("is this server itself");
    }

    @Test
    @Rfc("9301 §5.8")
    void whatComesFromThePortOfTheDataPlaneIsNotEncapsulated() throws IOException {
        try (var server = start();
                var resolver = resolver(server);
                var d1 = xtr(server, KEY, D1, 1);
                var itr =
                        new Xtr(
                                resolver.lispAddress(),
                                KEY,
                                D3,
                                new Nonce(1L << 40),
                                new InetSocketAddress("127.0.42.4", 4341))) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            itr.send(itr.query(ACC7));
            Awaiting.until(() -> resolver.drops("data_port") == 1);
        }
    }

    @Test
    @Rfc("8111 §5")
    @Rfc("8111 §7.2")
    @Rfc("8111 §8.3.1")
    void whoComesDownTheTreeIsToldWhereItIsAndServedIfItIsRight() throws IOException {
        var local = Ip.parse("127.0.0.1");
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var config =
                ServerConfig.alone("ms-0", data.resolve("ms-0"), lisp, SITES)
                        .in(new Ddt(List.of(Eid.of(1, "40.0.0.0/8")), List.of(local), true));
        try (var server = Awaiting.ready(MapServer.start(config, InstantSource.system()));
                var d1 = xtr(server, KEY, D1, 1);
                var itr = xtr(server, KEY, D3, 1L << 40)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);

            // The Map-Resolver hears the referral, the ITR the answer: here they are the same.
            var asked = itr.query(ACC7);
            itr.send(ddt(itr, asked));
            var ack = itr.referred();
            assertThat(ack.nonce()).isEqualTo(asked.nonce());
            assertThat(ack.records().getFirst().action()).isEqualTo(ReferralAction.MS_ACK);
            assertThat(ack.records().getFirst().incomplete()).isFalse();
            assertThat(itr.replied().nonce()).isEqualTo(asked.nonce());

            // All else is the Map-Resolver's to deny: only a referral.
            assertThat(action(itr, "40.0.0.9")).isEqualTo(ReferralAction.MS_NOT_REGISTERED);
            assertThat(action(itr, "40.9.0.1")).isEqualTo(ReferralAction.DELEGATION_HOLE);
            assertThat(action(itr, "41.0.0.1")).isEqualTo(ReferralAction.NOT_AUTHORITATIVE);
            var plain = itr.query(ACC7);
            itr.send(plain);
            assertThat(itr.replied().nonce()).isEqualTo(plain.nonce());
        }
    }

    private static ReferralAction action(Xtr itr, String eid) throws IOException {
        itr.send(ddt(itr, itr.query(Eid.of(1, eid))));
        return itr.referred().records().getFirst().action();
    }

    private static EncapsulatedControlMessage ddt(Xtr itr, MapRequest asked) {
        var local = Ip.parse("127.0.0.1");
        return EncapsulatedControlMessage.of(local, local, itr.port(), 4342, asked)
                .withDdtOriginated(true);
    }

    private MapServer resolver(MapServer server) throws IOException {
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return resolver("mr-0", lisp, server.lispAddress());
    }

    /** A Map-Resolver alone that asks another one, or a Map-Server. */
    private MapServer resolver(String name, InetSocketAddress lisp, InetSocketAddress next)
            throws IOException {
        var known =
                new Elsewhere(
                        SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", true, false),
                        List.of(new Elsewhere.Server(Ip.of(next.getAddress()), next.getPort())));
        var config =
                ServerConfig.alone(
                                name,
                                data.resolve(name),
                                lisp,
                                new Sites(List.of(), false, List.of(known)))
                        .as(ServerConfig.Role.MAP_RESOLVER);
        return Awaiting.ready(MapServer.start(config, InstantSource.system()));
    }

    @Test
    @Rfc("9301 §5")
    @Rfc("9301 §5.7")
    void anAnswerThatIsTooLongForAnyPathComesInPartsOfOneNonce() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            var rloc = Locator.of(Rloc.of("192.0.2.13"), 1, 50);
            var records =
                    IntStream.range(0, 40)
                            .mapToObj(i ->
                                    MappingRecord.of(
                                            RecordTtl.ONE_DAY,
                                            Eid.of(1, "40.0.1." + i),
                                            List.of(rloc)))
                            .toList();
            d1.send(d1.sealed(d1.register(records)));
            var told = new ArrayList<Eid>();
            while (told.size() < 40) {
                var octets = d1.octets(10_000).orElseThrow();
                var message = LispCodec.decode(ByteBuffer.wrap(octets));
                if (message instanceof Decoded.Message(MapNotify part)
                        && part.nonce().equals(d1.nonce())) {
                    assertThat(octets.length).isLessThanOrEqualTo(576 - 20 - 8);
                    assertThat(verify(part, octets)).isTrue();
                    part.records().forEach(record -> told.add(record.eid()));
                }
            }
            assertThat(told)
                    .containsExactlyElementsOf(records.stream().map(MappingRecord::eid).toList());
        }
    }

    /** Half of a locator-set would be taken for all of it, so IP has to fragment this. */
    @Test
    @Rfc("9301 §5")
    @Rfc("R-064")
    void aMappingThatIsTooLongForSomePathsIsSentWholeAndTold() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1)) {
            var locators =
                    IntStream.rangeClosed(1, 255)
                            .mapToObj(i -> Locator.of(Rloc.of("192.0.2." + i), 1, 50))
                            .toList();
            var record = MappingRecord.of(RecordTtl.ONE_DAY, ACC7, locators);
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(server.sentTooLong()).isZero();
            d1.send(d1.sealed(d1.register(List.of(record))));
            assertThat(d1.notified().records().getFirst().locators()).hasSize(255);
            d1.send(d1.query(ACC7));
            assertThat(d1.replied().records().getFirst().locators()).hasSize(255);
            assertThat(server.sentTooLong()).isEqualTo(2);
        }
    }

    private static boolean verify(MapNotify notify, byte[] octets) {
        return MessageAuthentication.verify(notify, ByteBuffer.wrap(octets), KEY);
    }

    @Test
    @Rfc("8111 §6.4")
    @Rfc("9303 §6.9")
    @Rfc("9304 §3")
    void messagesThatAreNotForAMapServerAreCountedAndNotAnswered() throws IOException {
        try (var server = start();
                var d1 = xtr(server, KEY, D1, 1)) {
            d1.registered(ACC7, "192.0.2.13", RecordTtl.ONE_DAY);
            d1.send(new SharedExtension(1024, Bytes.ofHex("00ff")));
            d1.send(new MapReferral(new Nonce(1), List.of()));
            var none = new Authentication(0, 0, Bytes.EMPTY);
            var ask = new InfoRequest(new Nonce(2), none, RecordTtl.ONE_MINUTE, ACC7);
            d1.send(LispCodec.encode(ask));
            // A question that is protected by LISP-SEC gets no answer that is not.
            var question = d1.query(ACC7);
            var local = Ip.parse("127.0.0.1");
            var key = new OtkAd(1, 2, 0, Bytes.of(new byte[16]));
            d1.send(
                    EncapsulatedControlMessage.of(local, local, 4342, 4342, question)
                            .with(Optional.of(new EcmAd(2, key, EidAd.request(2)))));
            Awaiting.until(
                    () -> server.drops("unexpected") == 3 && server.drops("unknown_itr_key") == 1);
            var asked = d1.query(ACC7);
            d1.send(asked);
            var reply = d1.replied();
            assertThat(reply.nonce()).isEqualTo(asked.nonce()).isNotEqualTo(question.nonce());
            assertThat(rlocs(reply.records().getFirst())).containsExactly("192.0.2.13");
        }
    }

    @Test
    void aBusyPortIsOneClearSentence() throws IOException {
        try (var taken = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start(taken.getLocalPort()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot bind UDP 127.0.0.1:" + taken.getLocalPort());
        }
    }
}
