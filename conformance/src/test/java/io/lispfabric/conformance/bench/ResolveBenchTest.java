package io.lispfabric.conformance.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.conformance.bench.ResolveBench.Kind;
import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(
        value = OS.LINUX,
        architectures = {"amd64", "aarch64"})
class ResolveBenchTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static Target target(Kind kind, InetSocketAddress address) {
        return new Target("t", kind, address, ProcessHandle.current().pid(), 100);
    }

    /** A server that is slower than the questions does not make them wait for it. */
    @Test
    void questionsGoOutAtTheirTimeAndWhatIsNotAnsweredIsLost() throws Exception {
        try (var echo = DatagramChannel.open().bind(ANY_PORT)) {
            Thread.ofPlatform().daemon().start(() -> answerAllButEachTenth(echo));
            var asked =
                    ResolveBench.ask(
                            target(Kind.ECHO, (InetSocketAddress) echo.getLocalAddress()),
                            2_000,
                            0.25);

            assertThat(asked.sent()).isEqualTo(500);
            assertThat(asked.lost()).isBetween(50L, 499L);
            assertThat(asked.times().getTotalCount()).isEqualTo(asked.answered());
        }
    }

    /** What is not asked at all, or asked of nobody, is answered by nobody. */
    @Test
    void silenceIsLossAndNotAHang() throws Exception {
        try (var silent = DatagramChannel.open().bind(ANY_PORT)) {
            var asked =
                    ResolveBench.ask(
                            target(Kind.LISP, (InetSocketAddress) silent.getLocalAddress()),
                            1_000,
                            0.1);

            assertThat(asked.answered()).isZero();
            assertThat(asked.lost()).isEqualTo(100);
        }
    }

    private static void answerAllButEachTenth(DatagramChannel echo) {
        var buffer = ByteBuffer.allocate(2048);
        try {
            for (int i = 0; ; i++) {
                var from = echo.receive(buffer.clear());
                if (i % 10 != 0) {
                    echo.send(buffer.flip(), from);
                }
            }
        } catch (ClosedChannelException _) {
            // That was all.
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final SharedKey KEY =
            SharedKey.of(
                    1,
                    Bytes.of(
                            "a-secret-for-benchmarks-of-32-by"
                                    .getBytes(StandardCharsets.US_ASCII)));

    private static MapServer server(Path data) throws IOException {
        var prefix = SitePrefix.parse(InstanceId.DEFAULT, "172.16.0.0/12", true, false);
        var site = new Site("bench", new SiteId(1), List.of(KEY), List.of(prefix), true);
        return MapServer.start(
                ServerConfig.alone(
                        "ms", data.resolve("ms"), ANY_PORT, new Sites(List.of(site), false)),
                InstantSource.system());
    }

    @Test
    void aServerIsFilledThenAskedThenRegisteredWith(@TempDir Path data) throws Exception {
        try (var server = server(data)) {
            var target = target(Kind.LISP, server.lispAddress());
            var how = new Registering(KEY, Optional.empty(), false);
            ResolveBench.fill(target, how);
            assertThat(server.state().mappings().size()).isEqualTo(100);

            var asked = ResolveBench.ask(target, 500, 0.2);
            assertThat(asked.sent()).isEqualTo(100);
            assertThat(asked.answered()).isPositive();

            var registered = ResolveBench.register(target, how, 100, 0.5);
            assertThat(registered.sent()).isEqualTo(50);
            assertThat(registered.answered()).isPositive();
            assertThat(server.drops("replayed")).as("nonces grow").isZero();
            assertThat(server.drops("bad_authentication")).isZero();
        }
    }

    /** Each change is learnt by every subscriber, and all of them say so. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void everySubscriberIsToldOfEachChange(int mappings, @TempDir Path data) throws Exception {
        try (var server = server(data);
                var bench =
                        PubSubBench.open(
                                target(Kind.LISP, server.lispAddress()),
                                new Registering(KEY, Optional.empty(), false),
                                new SiteId(1),
                                100,
                                mappings)) {
            assertThat(server.state().subscriptions()).hasSize(100);
            var published = bench.change();
            assertThat(published.told()).isEqualTo(100 * mappings);
            assertThat(published.times().getTotalCount()).isEqualTo(100 * mappings);
            assertThat(published.registered()).isPositive();
            assertThat(published.acknowledged()).isPositive();
            assertThat(published.repeated()).isZero();
            assertThat(published.sendNanos()).isBetween(1L, published.last());
            assertThat(server.state().outstanding()).isEmpty();
            assertThat(server.drops("bad_authentication")).isZero();
        }
    }

    /** In the second run as in the first, whose last RLOCs the caches begin with. */
    @Test
    void cachesFollowEidsThatMoveAllTheTime(@TempDir Path data) throws Exception {
        try (var server = server(data);
                var bench =
                        ConvergeBench.open(
                                target(Kind.LISP, server.lispAddress()),
                                new Registering(KEY, Optional.empty(), false),
                                new SiteId(1),
                                3)) {
            for (int run = 0; run < 2; run++) {
                var converged = bench.run(200, 0.5);
                assertThat(converged.moves()).isEqualTo(100);
                assertThat(converged.confirmed()).isEqualTo(100);
                assertThat(converged.times().getTotalCount()).isBetween(3L, 300L);
                assertThat(converged.stale()).isZero();
                assertThat(converged.soon()).isNotNegative();
            }
            assertThat(server.state().outstanding()).isEmpty();
        }
    }
}
