package io.lispfabric.server.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.ExplicitLocatorPath;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.ReplicationListEntry.Entry;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much a Map-Server says, and what it does not believe. */
class MapServerLimitsTest {
    private static final String SECRET = "0123456789abcdef";

    private static final SharedKey KEY = SharedKey.of(1, Bytes.of(SECRET.getBytes(US_ASCII)));

    private static final XtrIdentity D1 = new XtrIdentity(new XtrId(0, 0xd1), new SiteId(4));

    @TempDir Path folder;

    /** A server whose clock stands still. */
    private MapServer start(int repliesPerSecond) throws IOException, ConfigException {
        return start(repliesPerSecond, "");
    }

    private MapServer start(int repliesPerSecond, String more) throws IOException, ConfigException {
        return Awaiting.ready(open(repliesPerSecond, more));
    }

    private MapServer open(int repliesPerSecond, String more) throws IOException, ConfigException {
        Files.writeString(folder.resolve("key"), SECRET);
        var settings =
                """
                member: ms-0
                data: %s
                lisp: { listen: "127.0.0.1:0", replies-per-second: %d }
                admin: { listen: "127.0.0.1:0" }
                http: { listen: "127.0.0.1:0" }
                sites:
                  - name: pod-d
                    site-id: 4
                    keys: [ { id: 1, secret-file: key } ]
                    prefixes:
                      - { iid: 1, prefix: 40.0.0.0/16, accept-more-specifics: true }
                      - { iid: 1, prefix: "group:239.0.0.0/8", accept-more-specifics: true }
                """
                                .formatted(folder.resolve("data"), repliesPerSecond)
                        + more;
        return MapServer.start(
                ServerConfig.load(Files.writeString(folder.resolve("ms.yaml"), settings)),
                InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")));
    }

    private static Xtr xtr(MapServer server) throws IOException {
        return new Xtr(server.lispAddress(), KEY, D1, new Nonce(1));
    }

    @Test
    @Rfc("9301 §5.4")
    @Rfc("9301 §7")
    void noMoreMapRepliesGoToOneAddressThanAreAllowed() throws Exception {
        try (var server = start(5);
                var d1 = xtr(server)) {
            for (int i = 0; i < 30; i++) {
                d1.send(d1.query(Eid.of(1, "40.0.0." + i)));
            }
            // Two seconds' worth at once, and no more, since no time passes.
            Awaiting.until(() -> server.drops("rate_limited") == 20);
            var answered = new HashSet<Nonce>();
            for (int i = 0; i < 10; i++) {
                answered.add(d1.replied().nonce());
            }
            assertThat(answered).hasSize(10);
            assertThat(d1.heard(200)).isEmpty();
        }
    }

    /** Else anybody could keep an ITR from being answered, without even its address. */
    @Test
    @Rfc("9301 §5.4")
    void whoNamesAnItrInItsQuestionsTakesNothingOfItsAnswers() throws Exception {
        var elsewhere = new InetSocketAddress(InetAddress.getByName("127.0.42.9"), 0);
        try (var server = start(5);
                var d1 = xtr(server);
                var stranger = new Xtr(server.lispAddress(), KEY, D1, new Nonce(1), elsewhere)) {
            for (int i = 0; i < 30; i++) {
                stranger.send(d1.query(Eid.of(1, "40.0.0." + i)));
            }
            Awaiting.until(() -> server.drops("rate_limited") == 20);

            var question = d1.query(Eid.of(1, "40.0.0.1"));
            d1.send(question);
            assertThat(d1.replied().nonce()).isEqualTo(question.nonce());
        }
    }

    @Test
    @Rfc("9301 §5.4")
    void aLocatorThatIsNoUnicastAddressIsNotRegistered() throws Exception {
        try (var server = start(1000);
                var d1 = xtr(server)) {
            var bad = List.of("255.255.255.255", "224.0.0.1", "239.1.1.1", "ff02::1", "0.0.0.0");
            for (int i = 0; i < bad.size(); i++) {
                var eid = Eid.of(1, "40.0.1." + i);
                d1.send(d1.sealed(d1.register(eid, bad.get(i), RecordTtl.ONE_DAY)));
            }
            d1.registered(Eid.of(1, "40.0.0.7"), "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(server.drops("bad_locator")).isEqualTo(bad.size());
            assertThat(server.state().mappings().size()).isEqualTo(1);
        }
    }

    @Test
    void whereThereIsNoRoomForMoreWhatIsThereGoesOn() throws Exception {
        try (var server = start(1000, "registrations: { most: 2, most-xtrs: 1 }\n");
                var d1 = xtr(server);
                var d2 =
                        new Xtr(
                                server.lispAddress(),
                                KEY,
                                new XtrIdentity(new XtrId(0, 0xd2), new SiteId(4)),
                                new Nonce(1))) {
            d1.registered(Eid.of(1, "40.0.0.1"), "192.0.2.13", RecordTtl.ONE_DAY);
            d1.registered(Eid.of(1, "40.0.0.2"), "192.0.2.13", RecordTtl.ONE_DAY);

            d1.send(d1.sealed(d1.register(Eid.of(1, "40.0.0.3"), "192.0.2.13", RecordTtl.ONE_DAY)));
            d2.send(d2.sealed(d2.register(Eid.of(1, "40.0.0.1"), "192.0.2.14", RecordTtl.ONE_DAY)));
            Awaiting.until(() -> server.drops("no_room") == 2);

            // What has its place keeps it, and who leaves makes room.
            d1.registered(Eid.of(1, "40.0.0.2"), "192.0.2.15", RecordTtl.ONE_DAY);
            d1.registered(Eid.of(1, "40.0.0.2"), "192.0.2.15", RecordTtl.REMOVE);
            d1.registered(Eid.of(1, "40.0.0.3"), "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(server.drops("no_room")).isEqualTo(2);
        }
    }

    /** Each of them would be an entry of the log, and news for the one before it. */
    @Test
    void xtrsThatTakeAnEidFromOneAnotherAreHeardSoOftenAndNoMore() throws Exception {
        try (var server = start(1000, "registrations: { repeats-per-second: 10 }\n");
                var last = xtr(server)) {
            for (int i = 1; i <= 40; i++) {
                var id = new XtrIdentity(new XtrId(7, i), new SiteId(4));
                try (var xtr = new Xtr(server.lispAddress(), KEY, id, new Nonce(1))) {
                    var register =
                            xtr.register(Eid.of(1, "40.0.0.1"), "192.0.2.13", RecordTtl.ONE_DAY);
                    xtr.send(xtr.sealed(register));
                }
            }
            Awaiting.until(() -> server.drops("registered_too_often") == 10);

            // Another EID has a share of its own.
            last.registered(Eid.of(1, "40.0.0.2"), "192.0.2.13", RecordTtl.ONE_DAY);
        }
    }

    /** Whoever has recorded one could otherwise keep its xTR from being heard. */
    @Test
    @Rfc("9301 §5.6")
    void whatIsPlayedAgainIsNotCountedAsARegistration() throws Exception {
        try (var server = start(1000, "registrations: { repeats-per-second: 10 }\n");
                var d1 = xtr(server)) {
            var eid = Eid.of(1, "40.0.0.1");
            var recorded = d1.sealed(d1.register(eid, "192.0.2.13", RecordTtl.ONE_DAY));
            d1.send(recorded);
            d1.registered(eid, "192.0.2.14", RecordTtl.ONE_DAY);
            for (int i = 0; i < 100; i++) {
                d1.send(recorded);
            }
            Awaiting.until(() -> server.drops("replayed") == 100);
            d1.registered(eid, "192.0.2.15", RecordTtl.ONE_DAY);
            assertThat(server.drops("registered_too_often")).isZero();
        }
    }

    /** A path or a translator leads there as well. */
    @Test
    @Rfc("9301 §5.4")
    void aSiteNamesNoLocatorsOfOthersInsideAnLcaf() throws Exception {
        var settings = "    rlocs: [ 192.0.2.0/24 ]\n";
        try (var server = start(1000, settings);
                var d1 = xtr(server)) {
            var far = Ip.parse("198.51.100.1");
            var bad =
                    List.of(
                            new Rloc(far),
                            new Rloc(
                                    new ExplicitLocatorPath(
                                            List.of(
                                                    new ExplicitLocatorPath.Hop(
                                                            false, false, false, far)))),
                            new Rloc(
                                    new NatTraversal(
                                            4342,
                                            4342,
                                            far,
                                            LispAddress.None.NONE,
                                            LispAddress.None.NONE,
                                            List.of())));
            for (int i = 0; i < bad.size(); i++) {
                var locators = List.of(Locator.of(bad.get(i), 1, 100));
                var record =
                        MappingRecord.of(RecordTtl.ONE_DAY, Eid.of(1, "40.0.2." + i), locators);
                d1.send(d1.sealed(d1.register(List.of(record))));
            }
            d1.registered(Eid.of(1, "40.0.0.7"), "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(server.drops("rloc_not_allowed")).isEqualTo(bad.size());
        }
    }

    /** One that is many times as long as its question counts many times, a Map-Notify as well. */
    @Test
    @Rfc("9301 §5.4")
    void whatConfirmsASubscriptionIsChargedByItsLength() throws Exception {
        try (var server = start(5);
                var d1 = xtr(server)) {
            var eid = Eid.of(1, "40.0.0.1");
            var locators = new ArrayList<Locator>();
            for (int i = 1; i <= 100; i++) {
                locators.add(Locator.of(Rloc.of("192.0.2." + i), 1, 50));
            }
            var long1 = d1.register(List.of(MappingRecord.of(RecordTtl.ONE_DAY, eid, locators)));
            d1.send(d1.sealed(long1));
            d1.notified();

            // Two seconds' worth are 10, and of 1,200 octets and more each is worth three.
            for (int i = 0; i < 4; i++) {
                d1.send(d1.subscribe(eid));
                d1.acknowledge(d1.notified());
            }
            d1.send(d1.subscribe(eid));
            Awaiting.until(() -> server.drops("rate_limited") == 1);
        }
    }

    /**
     * One nonce and one EID-Prefix do not say whose an acknowledgement is; its key must be right.
     */
    @Test
    @Rfc("9301 §5.7")
    void ofACrowdThatCountsAlikeEachIsHeardAndNobodyElse() throws Exception {
        var eid = Eid.of(1, "40.0.0.1");
        var crowd = new ArrayList<Xtr>();
        try (var server = start(1000)) {
            for (int i = 0; i < 40; i++) {
                var local = new InetSocketAddress("127.0.43." + (i + 1), 0);
                var identity = new XtrIdentity(new XtrId(0, 0xc00 + i), new SiteId(4));
                crowd.add(new Xtr(server.lispAddress(), KEY, identity, new Nonce(1), local));
            }
            var d1 = crowd.getFirst();
            d1.registered(eid, "192.0.2.13", RecordTtl.ONE_DAY);
            var answers = new ArrayList<MapNotify>();
            for (var it : crowd) {
                it.send(it.subscribe(eid, new Nonce(77)));
                answers.add(it.notified());
            }
            d1.use(SharedKey.of(1, Bytes.of("fedcba9876543210".getBytes(US_ASCII))));
            d1.acknowledge(answers.getFirst());
            Awaiting.until(() -> server.drops("unknown_ack") == 1);
            d1.use(KEY);
            for (int i = 0; i < crowd.size(); i++) {
                crowd.get(i).acknowledge(answers.get(i));
            }
            Awaiting.until(() -> server.state().subscriptions().size() == crowd.size());
        } finally {
            for (var it : crowd) {
                it.close();
            }
        }
    }

    /** Nobody can move the nonces of an xTR to where no news has any left. */
    @Test
    @Rfc("9437 §6")
    void aNonceThatLeavesTooFewForNewsIsNotTakenFromWhoHasNothingToShow() throws Exception {
        try (var server = start(1000);
                var d1 = xtr(server)) {
            var eid = Eid.of(1, "40.0.0.1");
            d1.registered(eid, "192.0.2.13", RecordTtl.ONE_DAY);
            d1.send(d1.subscribe(eid, new Nonce(0xFFFF_FFFF_0000_0000L)));
            d1.send(d1.unsubscribe(eid, new Nonce(-1)));
            Awaiting.until(() -> server.drops("nonce_too_high") == 2);
            assertThat(server.state().subscriptions()).isEmpty();

            var last = new Nonce(0xFFFF_FFFE_FFFF_FFFFL);
            d1.send(d1.subscribe(eid, last));
            assertThat(d1.notified().nonce()).isEqualTo(last);
        }
    }

    /** Found by an audit, and kept in its directory, so that a restart does not make it speak. */
    @Test
    void aMemberThatWasFoundToDifferBeforeItsStartIsSilentFromItsFirstPacket() throws Exception {
        var eid = Eid.of(1, "40.0.0.1");
        try (var server = start(1000);
                var d1 = xtr(server)) {
            d1.registered(eid, "192.0.2.13", RecordTtl.ONE_DAY);
        }
        Files.createFile(folder.resolve("data").resolve("differs"));
        try (var server = open(1000, "");
                var d1 = xtr(server)) {
            d1.send(d1.query(eid));
            Awaiting.until(() -> server.drops("differs") == 1);
            assertThat(server.unreadiness().orElseThrow()).contains("are not those of the other");
            assertThat(d1.heard(200)).isEmpty();
        }
    }

    /** Whoever may connect must not fill the log of the program. */
    @Test
    void garbageAtTheAdminPortIsNotTold() throws Exception {
        var told = new ConcurrentLinkedQueue<LogRecord>();
        var log = Logger.getLogger("io.grpc");
        var handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        told.add(record);
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        log.addHandler(handler);
        try (var server = start(1000)) {
            for (int i = 0; i < 10; i++) {
                try (var socket = new Socket()) {
                    socket.connect(server.adminAddress().orElseThrow());
                    socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII));
                    socket.getInputStream().readAllBytes();
                }
            }
        } finally {
            log.removeHandler(handler);
        }
        assertThat(told).isEmpty();
    }

    @Test
    @Rfc("8378 §5.1.2")
    void aGroupIsRegisteredByAReplicationListOfReceiversAndNothingElse() throws Exception {
        var group = Eid.parse("(*,239.1.1.1)", new InstanceId(1));
        var receiver = new Entry(Entry.RECEIVER, Ip.parse("192.0.2.13"));
        var bad =
                List.of(
                        List.of(Rloc.of("192.0.2.13")),
                        List.of(new Rloc(receiver.address())),
                        List.of(list(new Entry(200, receiver.address()))),
                        List.of(list(receiver, new Entry(0, Ip.parse("192.0.2.23")))),
                        List.of(list(new Entry(Entry.RECEIVER, Ip.parse("239.9.9.9")))),
                        List.of(list(new Entry(Entry.RECEIVER, path(receiver.address())))),
                        List.of(list(receiver), list(receiver)));
        try (var server = start(1000);
                var d1 = xtr(server)) {
            for (var rlocs : bad) {
                d1.send(d1.sealed(d1.register(List.of(record(group, rlocs)))));
            }
            d1.registered(Eid.of(1, "40.0.0.7"), "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(server.drops("bad_locator")).isEqualTo(bad.size());
            assertThat(server.state().mappings().size()).isEqualTo(1);

            d1.send(d1.sealed(d1.register(List.of(record(group, List.of(list(receiver)))))));
            Awaiting.until(() -> server.state().mappings().size() == 2);
        }
    }

    private static MappingRecord record(Eid eid, List<Rloc> rlocs) {
        return MappingRecord.of(
                RecordTtl.ONE_DAY, eid, rlocs.stream().map(it -> Locator.of(it, 1, 50)).toList());
    }

    private static Rloc list(Entry... entries) {
        return new Rloc(new ReplicationListEntry(List.of(entries)));
    }

    private static LispAddress path(LispAddress hop) {
        return new ExplicitLocatorPath(
                List.of(new ExplicitLocatorPath.Hop(false, false, true, hop)));
    }
}
