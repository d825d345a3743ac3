package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three members with three groups (ADR 13), on real sockets, Ratis and disks. */
class ShardedServerTest {
    private static final int GROUPS = 3;
    private static final SharedKey KEY =
            SharedKey.of(1, Bytes.of("a secret of the PoD".getBytes(StandardCharsets.US_ASCII)));
    private static final XtrIdentity D1 = new XtrIdentity(new XtrId(0, 0xd1), new SiteId(4));
    private static final XtrIdentity D3 = new XtrIdentity(new XtrId(0, 0xd3), new SiteId(4));

    /** One of each group, in their order: see {@link ShardsTest}. */
    private static final List<Eid> EIDS =
            Stream.of(9, 1, 4).map(it -> Eid.of(it, "40.0.0.7")).toList();

    private static final Sites SITES =
            new Sites(
                    List.of(
                            new Site(
                                    "pod-d",
                                    new SiteId(4),
                                    List.of(KEY),
                                    EIDS.stream()
                                            .map(it ->
                                                    SitePrefix.parse(
                                                            new InstanceId(it.iid().value()),
                                                            "40.0.0.0/16",
                                                            true,
                                                            true))
                                            .toList(),
                                    true)),
                    false);

    @TempDir Path data;

    private final Map<String, MapServer> members = new TreeMap<>();
    private List<ServerConfig.Peer> peers = List.of();

    @BeforeEach
    void startAll() throws IOException {
        var held = new ArrayList<ServerSocket>();
        var those = new ArrayList<ServerConfig.Peer>();
        for (int i = 0; i < 3; i++) {
            var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            held.add(socket);
            those.add(new ServerConfig.Peer("ms-" + i, "127.0.0.1", socket.getLocalPort()));
        }
        for (var socket : held) {
            socket.close();
        }
        peers = those;
        for (var peer : peers) {
            start(peer.id(), GROUPS);
        }
        members.values().forEach(Awaiting::ready);
    }

    @AfterEach
    void stopAll() {
        members.values().parallelStream().forEach(MapServer::close);
        members.clear();
    }

    private void start(String id, int groups) throws IOException {
        var lisp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var config =
                ServerConfig.alone(id, data.resolve(id), lisp, SITES)
                        .in("pods", peers)
                        .shardedTo(groups);
        members.put(id, MapServer.start(config, InstantSource.system()));
    }

    private MapServer member(String id) {
        return Objects.requireNonNull(members.get(id));
    }

    private void kill(String id) {
        member(id).close();
        members.remove(id);
    }

    private List<String> leading(int group) {
        return members.keySet().stream().filter(id -> member(id).leads(group)).toList();
    }

    private Xtr xtr(String id, XtrIdentity identity, long start) throws IOException {
        return new Xtr(member(id).lispAddress(), KEY, identity, new Nonce(start));
    }

    /** Registers an EID of each group in one message, until one Map-Notify says that all are. */
    private static void registerAll(Xtr xtr, String rloc) throws IOException {
        var records =
                EIDS.stream()
                        .map(eid ->
                                MappingRecord.of(
                                        RecordTtl.ONE_DAY,
                                        eid,
                                        List.of(Locator.of(Rloc.of(rloc), 1, 50))))
                        .toList();
        for (int i = 0; i < 20; i++) {
            xtr.send(xtr.sealed(xtr.register(records)));
            if (xtr.heard(1_000).orElse(null) instanceof MapNotify notify
                    && notify.nonce().equals(xtr.nonce())) {
                assertThat(notify.records())
                        .extracting(MappingRecord::eid)
                        .containsExactlyElementsOf(EIDS);
                assertThat(notify.records()).allMatch(it -> rlocs(it).equals(List.of(rloc)));
                return;
            }
        }
        throw new AssertionError("never registered");
    }

    private static List<String> rlocs(MappingRecord record) {
        return record.locators().stream().map(it -> it.rloc().toString()).toList();
    }

    private void awaitEverywhere(String rloc) {
        for (var member : members.values()) {
            Awaiting.until(() ->
                    IntStream.range(0, GROUPS)
                            .allMatch(g ->
                                    member.states()
                                            .get(g)
                                            .at(EIDS.get(g))
                                            .filter(it -> rlocs(it.record()).contains(rloc))
                                            .isPresent()));
        }
    }

    /** The group's leader tells, and wants to hear that it was heard. */
    private static MapNotify acknowledged(Xtr xtr) throws IOException {
        var notify = xtr.notified();
        xtr.acknowledge(xtr.heardFrom(), notify);
        return notify;
    }

    /**
     * Hears what is told, and acknowledges it, until it knows that each EID is there; the nonces of
     * that by EID. What a killed leader was told of may come again first.
     */
    private static Map<Eid, Nonce> hearAll(Xtr xtr, String rloc) throws IOException {
        var nonces = new HashMap<Eid, Nonce>();
        while (nonces.size() < EIDS.size()) {
            var notify = acknowledged(xtr);
            var record = notify.records().getFirst();
            if (rlocs(record).equals(List.of(rloc))) {
                nonces.put(record.eid(), notify.nonce());
            }
        }
        return nonces;
    }

    @Test
    @Rfc("9301 §8.2")
    @Rfc("9437 §6")
    void whatWasAcknowledgedOutlivesMembersAndPublicationGoesOnWithGreaterNonces()
            throws IOException {
        try (var d1 = xtr("ms-0", D1, 1);
                var d3 = xtr("ms-0", D3, 1L << 40)) {
            registerAll(d1, "192.0.2.13");
            awaitEverywhere("192.0.2.13");
            for (int g = 0; g < GROUPS; g++) {
                assertThat(member("ms-1").states().get(g).mappings().size()).isEqualTo(1);
            }
            for (var eid : EIDS) {
                d3.send(d3.subscribe(eid));
                acknowledged(d3);
            }
            Awaiting.until(() ->
                    members.values().stream()
                            .allMatch(it ->
                                    it.states().stream()
                                            .allMatch(state -> state.subscriptions().size() == 1)));
            // Each member leads a group, and answers for all.
            Awaiting.until(() ->
                    IntStream.range(0, GROUPS)
                            .allMatch(g -> leading(g).equals(List.of("ms-" + g))));
            registerAll(d1, "192.0.2.14");
            var before = hearAll(d3, "192.0.2.14");

            kill("ms-1");
            Awaiting.until(() -> leading(1).size() == 1);
            registerAll(d1, "192.0.2.15");
            var after = hearAll(d3, "192.0.2.15");
            before.forEach((eid, nonce) ->
                    assertThat(Objects.requireNonNull(after.get(eid)).isGreaterThan(nonce))
                            .isTrue());

            // All at once, and from their disks.
            stopAll();
        }
        for (var peer : peers) {
            start(peer.id(), GROUPS);
        }
        members.values().forEach(Awaiting::ready);
        awaitEverywhere("192.0.2.15");
        try (var d1 = xtr("ms-2", D1, 1)) {
            // What it has said before is known in each group.
            d1.send(d1.sealed(d1.register(EIDS.get(1), "192.0.2.66", RecordTtl.ONE_DAY)));
            Awaiting.until(() -> member("ms-2").drops("replayed") == 1);
            for (var eid : EIDS) {
                d1.send(d1.query(eid));
                assertThat(rlocs(d1.replied().records().getFirst())).containsExactly("192.0.2.15");
            }
        }
        assertThat(member("ms-2").status().members()).hasSize(3);
        kill("ms-2");
        assertThatThrownBy(() -> start("ms-2", 1))
                .hasMessageContaining("was founded with 3 groups and cannot be used with 1");
    }

    /** It hears of no change any more, and an xTR would believe what it says. */
    @Test
    void aMemberThatWasRemovedIsSilentAndSaysWhy() throws IOException {
        try (var d1 = xtr("ms-2", D1, 1)) {
            registerAll(d1, "192.0.2.13");
            member("ms-0").removeMember("ms-2");
            var removed = member("ms-2");
            Awaiting.until(() ->
                    removed.unreadiness()
                            .filter(why -> why.contains("it was removed from the group"))
                            .isPresent());
            for (int i = 0; i < 100 && removed.drops("removed") == 0; i++) {
                d1.send(d1.query(EIDS.getFirst()));
                d1.heard(50); // an answer is given at most until it is about to be silent
            }
            assertThat(removed.drops("removed")).isPositive();
            d1.send(d1.query(EIDS.getFirst()));
            assertThat(d1.heard(200)).isEmpty();
        }
    }
}
