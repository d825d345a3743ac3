package io.lispfabric.xtr.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.api.AgentServiceGrpc;
import io.lispfabric.xtr.api.GetCountersRequest;
import io.lispfabric.xtr.api.GetDatabaseRequest;
import io.lispfabric.xtr.api.GetMapCacheRequest;
import io.lispfabric.xtr.core.XtrEvent;
import io.lispfabric.xtr.forward.Encapsulation;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two xTRs with real sockets on loopback addresses of their own, and a small Map-Server. */
class XtrAgentTest {
    /** Loopback addresses of this process alone, so that builds do not meet on a port. */
    private static final String NETWORK =
            "127." + (64 + process() % 64) + "." + process() / 64 % 256 + ".";

    private static final String D1 = NETWORK + "1";
    private static final String D2 = NETWORK + "2";
    private static final String STRANGER = NETWORK + "9";
    private static final String SERVER = NETWORK + "250";
    private static final String ACC_7 = "[100]name:POD-D-AccID-7";
    private static final String ACC_8 = "[100]name:POD-D-AccID-8";
    private static final SharedKey KEY =
            SharedKey.of(1, Bytes.of("not-so-secret-key".getBytes(StandardCharsets.US_ASCII)));

    private final LinkedBlockingQueue<XtrEvent> events = new LinkedBlockingQueue<>();
    private final List<XtrEvent> early = new ArrayList<>();
    private UdpEndpoint.Loop loop;
    private FakeMapServer server;

    @BeforeEach
    void open() throws IOException {
        loop = UdpEndpoint.Loop.start("xtr-test");
        server = new FakeMapServer(loop, SERVER, KEY);
    }

    @AfterEach
    void close() {
        server.close();
        loop.close();
    }

    @ParameterizedTest
    @EnumSource
    @Rfc("R-073")
    @Rfc("R-076")
    @Rfc("R-077")
    @Rfc("R-080")
    @Rfc("9437 §6")
    void acceleratorsTalkAcrossTwoXtrsAndGoOnWhenOneMoves(Encapsulation encapsulation)
            throws Exception {
        try (var d1 = start(config("D1", D1, encapsulation));
                var d2 = start(config("D2", D2, encapsulation));
                var acc7 = new Accelerator();
                var acc8 = new Accelerator();
                var acc8Moved = new Accelerator()) {
            acc7.at = d1.attach(attachment("acc7", acc7, ACC_7, "[1]40.0.0.7"));
            acc8.at = d2.attach(attachment("acc8", acc8, ACC_8, "[1]40.0.0.8"));
            await(registered("[1]40.0.0.7/32"));
            await(registered("[1]40.0.0.8/32"));

            // The first frame is lost on the subscription that it causes, the next one arrives.
            acc7.send(accId("one"));
            await(cached(ACC_8, 1));
            acc7.send(accId("two"));
            assertThat(acc8.receive()).isEqualTo(accId("two"));

            acc7.send(ipv4("first"));
            await(cached("[1]40.0.0.8/32", 1));
            acc7.send(ipv4("second"));
            assertThat(acc8.receive()).isEqualTo(ipv4("second"));

            // AccID 8 moves to D1, where AccID 7 is: no packet is needed to find that out.
            acc8Moved.at = d1.attach(attachment("acc8", acc8Moved, ACC_8, "[1]40.0.0.8"));
            await(cached(ACC_8, 2));
            d2.detach(eid(ACC_8), eid("[1]40.0.0.8"));
            await(it ->
                    it instanceof XtrEvent.Deregistered(_, _, var eid)
                            && eid.equals(eid("[1]40.0.0.8")));
            await(cached(ACC_8, 1));
            acc7.send(accId("three"));
            assertThat(acc8Moved.receive()).isEqualTo(accId("three"));

            assertThat(d2.database()).isEmpty();
            assertThat(d1.database()).allMatch(LocalMapping::confirmed);
            assertThat(d1.mapCache()).allMatch(CachedMapping::subscribed);
            assertThat(d1.counters()).containsEntry("packets-encapsulated", 2L);
            assertThat(d1.counters()).containsEntry("dropped.unresolved", 2L);
            assertThat(d2.counters()).containsEntry("packets-delivered", 2L);
            assertThat(server.faults()).isEmpty();
            assertThat(server.acknowledged()).isGreaterThanOrEqualTo(4);
            assertThat(d1.shutdown(Duration.ofSeconds(5))).isTrue();
        }
    }

    @Test
    @Rfc("R-038")
    void anUnknownAcceleratorIsDropped() throws Exception {
        try (var d1 = start(config("D1", D1, Encapsulation.VXLAN_GPE));
                var acc7 = new Accelerator()) {
            acc7.at = d1.attach(attachment("acc7", acc7, ACC_7, "[1]40.0.0.7"));
            acc7.send(accId("anybody?"));
            await(cached(ACC_8, 0));
            acc7.send(accId("nobody"));
            await(it ->
                    it instanceof XtrEvent.PacketDropped(_, var why, _, _)
                            && why.label().equals("negative-drop"));
            assertThat(d1.mapCache()).extracting(CachedMapping::state).containsExactly("negative");
        }
    }

    @Test
    @Rfc("9301 §5.6")
    void afterARestartItsNoncesGoOn(@TempDir Path state) throws Exception {
        var config =
                config("D1", D1, Encapsulation.VXLAN_GPE)
                        .withState(state)
                        .withDatabase(
                                List.of(
                                        new AgentConfig.DatabaseEntry(
                                                eid("[1]40.0.0.0/16"), List.of("pod"))));
        try (var d1 = start(config)) {
            await(registered("[1]40.0.0.0/16"));
            assertThat(d1.notReady()).isEmpty();
        }
        var kept = new NonceFile(state.resolve("nonces-pod-register")).read().orElseThrow();
        try (var again = start(config)) {
            await(registered("[1]40.0.0.0/16"));
            assertThat(again.isAlive()).isTrue();
        }
        var later = new NonceFile(state.resolve("nonces-pod-register")).read().orElseThrow();
        assertThat(later.isGreaterThan(kept)).isTrue();
        assertThat(server.faults()).isEmpty();
    }

    @Test
    void aBusyPortIsOneLineAndLeavesNothingRunning() throws Exception {
        var config = config("D1", D1, Encapsulation.VXLAN_GPE);
        try (var busy = new DatagramSocket(new InetSocketAddress(D1, config.vxlanGpePort()))) {
            assertThat(busy.isBound()).isTrue();
            assertThatThrownBy(() -> XtrAgent.start(config, loop))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot bind UDP " + D1 + ":" + config.vxlanGpePort())
                    .message()
                    .doesNotContain("\n");
        }
        try (var http = new ServerSocket(0, 1, InetAddress.getByName(D1))) {
            var listening =
                    config.withListeners(
                            Optional.empty(),
                            Optional.of(new InetSocketAddress(D1, http.getLocalPort())));
            assertThatThrownBy(() -> XtrAgent.start(listening, loop))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot bind HTTP TCP " + D1 + ":" + http.getLocalPort());
            var administered =
                    config.withListeners(
                            Optional.of(new InetSocketAddress(D1, http.getLocalPort())),
                            Optional.empty());
            assertThatThrownBy(() -> XtrAgent.start(administered, loop))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot bind gRPC " + D1 + ":" + http.getLocalPort());
        }
        // All ports are free again.
        XtrAgent.start(config, loop).close();
    }

    @Test
    void operatorsSeeItsStateAndItsCounters() throws Exception {
        int http = freePort();
        int grpc = freePort();
        var config =
                config("D1", D1, Encapsulation.VXLAN_GPE)
                        .withListeners(
                                Optional.of(new InetSocketAddress(D1, grpc)),
                                Optional.of(new InetSocketAddress(D1, http)));
        try (var d1 = start(config);
                var acc7 = new Accelerator()) {
            assertThat(d1.config().name()).isEqualTo("D1");
            acc7.at = d1.attach(attachment("acc7", acc7, ACC_7, "[1]40.0.0.7"));
            await(registered("[1]40.0.0.7/32"));
            acc7.send(accId("anybody?"));
            await(cached(ACC_8, 0));

            assertThat(get(http, "/livez").statusCode()).isEqualTo(200);
            assertThat(get(http, "/readyz").statusCode()).isEqualTo(200);
            assertThat(get(http, "/metrics").body())
                    .contains("lisp_xtr_dropped_total{reason=\"unresolved\",} 1.0")
                    .contains("lisp_xtr_registered_entries 2.0");

            var channel =
                    NettyChannelBuilder.forAddress(new InetSocketAddress(D1, grpc))
                            .usePlaintext()
                            .build();
            try {
                assertThat(
                                HealthGrpc.newBlockingStub(channel)
                                        .check(HealthCheckRequest.getDefaultInstance())
                                        .getStatus())
                        .isEqualTo(ServingStatus.SERVING);
                var stub = AgentServiceGrpc.newBlockingStub(channel);
                var cached =
                        stub.getMapCache(GetMapCacheRequest.getDefaultInstance()).getEntriesList();
                assertThat(cached).hasSize(1);
                assertThat(cached.getFirst().getEid()).isEqualTo(ACC_8);
                assertThat(cached.getFirst().getState()).isEqualTo("negative");
                assertThat(cached.getFirst().getAction()).isEqualTo("drop");
                assertThat(
                                stub.getDatabase(GetDatabaseRequest.getDefaultInstance())
                                        .getEntriesList())
                        .extracting(it -> it.getEid() + " " + it.getState())
                        .containsExactlyInAnyOrder(
                                ACC_7 + " registered", "[1]40.0.0.7/32 registered");
                assertThat(
                                stub.getCounters(GetCountersRequest.getDefaultInstance())
                                        .getCountersMap())
                        .containsEntry("dropped.unresolved", 1L);
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    @Rfc("9301 §5.7")
    void noiseOnTheControlPortIsCountedAndNotAnswered() throws Exception {
        try (var d1 = start(config("D1", D1, Encapsulation.VXLAN_GPE));
                var stranger = new DatagramSocket(new InetSocketAddress(STRANGER, 0))) {
            var to = new InetSocketAddress(D1, d1.config().controlPort());
            for (var octets : List.of("", "ff", "40000001", "30000000")) {
                var noise = Bytes.ofHex(octets).toArray();
                stranger.send(new DatagramPacket(noise, noise.length, to));
            }
            stranger.setSoTimeout(300);
            var answer = new DatagramPacket(new byte[100], 100);
            assertThatThrownBy(() -> stranger.receive(answer)).isInstanceOf(IOException.class);
            assertThat(d1.counters()).containsEntry("dropped.malformed-message", 4L);
        }
    }

    private static long process() {
        return ProcessHandle.current().pid();
    }

    private XtrAgent start(AgentConfig config) throws IOException {
        return XtrAgent.start(
                config, loop, XtrListener.withPackets(events::add), InstantSource.system());
    }

    private AgentConfig config(String name, String rloc, Encapsulation encapsulation) {
        var domain =
                AgentConfig.Domain.of("pod", List.of(server.address()), KEY, "[1]*", "[100]*")
                        .withEncapsulation(encapsulation);
        return AgentConfig.of(
                name,
                Ip.parse(rloc),
                new XtrIdentity(XtrId.parse(name), new SiteId(4)),
                List.of(domain));
    }

    private static AgentConfig.Attachment attachment(
            String name, Accelerator accelerator, String... eids) {
        return new AgentConfig.Attachment(
                name,
                Arrays.stream(eids).map(XtrAgentTest::eid).toList(),
                new InetSocketAddress("127.0.0.1", 0),
                Optional.of(accelerator.address()));
    }

    private static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }

    private static Predicate<XtrEvent> registered(String eid) {
        return it ->
                it instanceof XtrEvent.Registered registered
                        && registered.eid().toString().equals(eid);
    }

    private static Predicate<XtrEvent> cached(String eid, int locators) {
        return it ->
                it instanceof XtrEvent.MapCacheUpdated updated
                        && updated.record().eid().toString().equals(eid)
                        && updated.record().locators().size() == locators;
    }

    /** Waits for an event, in whatever order they come; each is waited for once. */
    private void await(Predicate<XtrEvent> wanted) throws InterruptedException {
        for (var it : early) {
            if (wanted.test(it)) {
                early.remove(it);
                return;
            }
        }
        for (var it = next(); !wanted.test(it); it = next()) {
            early.add(it);
        }
    }

    private XtrEvent next() throws InterruptedException {
        var event = events.poll(10, TimeUnit.SECONDS);
        assertThat(event).as("an event within 10 s, after %s", early).isNotNull();
        return event;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName(D1))) {
            return socket.getLocalPort();
        }
    }

    private static HttpResponse<String> get(int port, String path) throws Exception {
        var uri = URI.create("http://" + D1 + ":" + port + path);
        try (var client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    private static Bytes accId(String payload) {
        var frame = new WireWriter().u8(0x7E);
        new Name("POD-D-AccID-8").write(frame);
        new Name("POD-D-AccID-7").write(frame);
        return frame.bytes(payload.getBytes(StandardCharsets.UTF_8)).toBytes();
    }

    /** Protocol 253, which is for experiments; the checksum was worked out by hand. */
    private static Bytes ipv4(String payload) {
        var text = payload.getBytes(StandardCharsets.UTF_8);
        var packet = new WireWriter();
        packet.u16(0x4500).u16(20 + text.length).u32(0).u16(0x40FD).u16(0);
        Ip.parse("40.0.0.7").writeBody(packet);
        Ip.parse("40.0.0.8").writeBody(packet);
        int sum = 0x4500 + 20 + text.length + 0x40FD + 2 * 0x2800 + 7 + 8;
        packet.patchU16(10, ~((sum & 0xFFFF) + (sum >>> 16)) & 0xFFFF);
        return new WireWriter().u8(1).bytes(packet.toArray()).bytes(text).toBytes();
    }

    /** An accelerator: a socket. */
    private static final class Accelerator implements AutoCloseable {
        private final DatagramSocket socket;
        private InetSocketAddress at = new InetSocketAddress(0);

        Accelerator() throws IOException {
            socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
            socket.setSoTimeout(10_000);
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }

        void send(Bytes frame) throws IOException {
            var octets = frame.toArray();
            socket.send(new DatagramPacket(octets, octets.length, at));
        }

        Bytes receive() throws IOException {
            var packet = new DatagramPacket(new byte[9216], 9216);
            socket.receive(packet);
            return Bytes.of(Arrays.copyOf(packet.getData(), packet.getLength()));
        }

        @Override
        public void close() {
            socket.close();
        }
    }
}
