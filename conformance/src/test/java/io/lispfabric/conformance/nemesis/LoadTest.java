package io.lispfabric.conformance.nemesis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load, with a server that is right and with one that is not. */
class LoadTest {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final SharedKey KEY = SharedKey.of(1, Bytes.of(new byte[32]));
    private static final SiteId SITE = new SiteId(4);
    private static final long LONG = TimeUnit.SECONDS.toNanos(60);
    private static final long SHORT = TimeUnit.SECONDS.toNanos(2);
    private static final int PER_SECOND = 100;

    @TempDir Path folder = Path.of("");

    private final Judge judge = new Judge(System::nanoTime);

    private MapServer server(String data, int port) throws Exception {
        var sites =
                new Sites(
                        List.of(
                                new Site(
                                        "nemesis",
                                        SITE,
                                        List.of(KEY),
                                        IntStream.rangeClosed(1, Load.IIDS)
                                                .mapToObj(iid ->
                                                        SitePrefix.parse(
                                                                new InstanceId(iid),
                                                                "10.0.0.0/8",
                                                                true,
                                                                false))
                                                .toList(),
                                        true)),
                        false);
        var lisp = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
        var server =
                MapServer.start(
                        ServerConfig.alone("ms", folder.resolve(data), lisp, sites),
                        InstantSource.system());
        until(() -> server.unreadiness().isEmpty());
        return server;
    }

    private Load load(MapServer server) throws Exception {
        var addresses =
                IntStream.range(0, Load.ADDRESSES)
                        .mapToObj(it -> InetAddress.ofLiteral("127.0.0." + (it + 1)))
                        .toList();
        var load =
                new Load(List.of(server.lispAddress()), addresses, SITE, KEY, judge, 1, PER_SECOND);
        load.run(true);
        until(load::isPopulated);
        return load;
    }

    private static void until(Callable<Boolean> holds) throws Exception {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!holds.call()) {
            assertThat(System.nanoTime() - end).as("did not happen in time").isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static void goOn(Load load) throws Exception {
        load.run(true);
        int until = load.gaps(Gaps::count) + PER_SECOND;
        until(() -> load.gaps(it -> it.count() >= until));
    }

    @Test
    void findsNothingWrongWithAServerThatIsRight() throws Exception {
        try (var server = server("data", 0);
                var load = load(server)) {
            goOn(load);
            load.replay();
            goOn(load);
            assertThat(load.settles(LONG).right()).isTrue();
            assertThat(load.replayed()).isPositive();
            assertThat(load.answered().count()).isPositive();
        }
        assertThat(judge.violations()).isEmpty();
        assertThat(judge.answers()).isPositive();
        assertThat(judge.publications()).isPositive();
    }

    @Test
    void findsAnAcknowledgementThatNobodyKept() throws Exception {
        try (var server = server("data", 0);
                var load = load(server)) {
            assertThat(load.settles(LONG).right()).isTrue();
            judge.begins("a liar", "[1]10.1.0.1/32", "11.9.9.9");
            assertThat(load.settles(SHORT).right()).isFalse();
        }
        assertThat(broken()).contains(Rule.ACKNOWLEDGED_STAYS);
    }

    @Test
    void findsThatNobodyAnswers() throws Exception {
        Load load;
        try (var server = server("data", 0)) {
            load = load(server);
            load.nobodyNeedsToAnswer(true);
        }
        try (load) {
            load.nobodyNeedsToAnswer(false);
            until(() -> broken().contains(Rule.ALWAYS_ANSWERED));
        }
    }

    /** As if an operator had given an empty disk to the only member there is. */
    @Test
    void findsThatAServerHasForgottenEverything() throws Exception {
        Load load;
        int port;
        try (var server = server("data", 0)) {
            port = server.lispAddress().getPort();
            load = load(server);
            assertThat(load.settles(LONG).right()).isTrue();
        }
        try (load;
                var server = server("empty", port)) {
            load.begins(0);
            assertThat(load.settles(SHORT).right()).isFalse();
            assertThat(broken()).contains(Rule.ACKNOWLEDGED_STAYS);
            load.replay();
            until(() -> broken().contains(Rule.REPLAYS_REFUSED));
            assertThat(server.unreadiness()).isEmpty();
        }
    }

    private List<Rule> broken() {
        return judge.violations().stream().map(Judge.Violation::rule).toList();
    }
}
