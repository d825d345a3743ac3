package io.lispfabric.conformance.lispsec;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.app.AgentConfig;
import io.lispfabric.xtr.app.AgentConfig.DatabaseEntry;
import io.lispfabric.xtr.app.AgentConfig.Domain;
import io.lispfabric.xtr.app.XtrAgent;
import io.lispfabric.xtr.core.Cause;
import io.lispfabric.xtr.core.Protecting;
import io.lispfabric.xtr.core.XtrEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that answers nothing unprotected, an ETR that leaves answers to it, an ETR that signs
 * them itself, and an ITR that believes nothing else.
 */
class LispSecEndToEndTest {
    /** Loopback addresses of this process alone, so that builds do not meet on a port. */
    private static final String NETWORK =
            "127."
                    + (128 + ProcessHandle.current().pid() % 64)
                    + "."
                    + ProcessHandle.current().pid() / 64 % 256
                    + ".";

    private static final SharedKey SITE = key(1, "a secret of the PoD");
    private static final SharedKey ITR = key(5, "a secret of the ITRs");
    private static final Eid LEFT_TO_THE_SERVER = Eid.of(1, "40.0.7.0/24");
    private static final Eid SIGNED_BY_THE_ETR = Eid.of(1, "40.0.8.0/24");

    private final LinkedBlockingQueue<XtrEvent> events = new LinkedBlockingQueue<>();

    @TempDir Path data;

    private static SharedKey key(int id, String secret) {
        return SharedKey.of(id, Bytes.of(secret.getBytes(StandardCharsets.US_ASCII)));
    }

    private MapServer server() throws IOException {
        var prefix = SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", true, false);
        var site = new Site("pod-d", new SiteId(4), List.of(SITE), List.of(prefix), true);
        var lispSec =
                new ServerConfig.LispSec(
                        true, List.of(new ServerConfig.ItrKey(ITR, Set.of("pod-d"))));
        return MapServer.start(
                ServerConfig.alone(
                                "ms-0",
                                data.resolve("ms-0"),
                                new InetSocketAddress(NETWORK + "250", 0),
                                new Sites(List.of(site), false))
                        .protectedBy(lispSec),
                InstantSource.system());
    }

    private static AgentConfig xtr(MapServer server, int number, UnaryOperator<Domain> how) {
        var domain = Domain.of("pod", List.of(server.lispAddress()), SITE, "[1]*");
        return AgentConfig.of(
                "D" + number,
                Ip.parse(NETWORK + number),
                new XtrIdentity(new XtrId(0, number), new SiteId(4)),
                List.of(how.apply(domain)));
    }

    private static AgentConfig registering(AgentConfig config, Eid eid) {
        return config.withDatabase(List.of(new DatabaseEntry(eid, List.of("pod"))));
    }

    private void await(Predicate<XtrEvent> wanted) throws InterruptedException {
        XtrEvent event;
        do {
            event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("what was waited for").isNotNull();
        } while (!wanted.test(event));
    }

    private static Predicate<XtrEvent> cached(Eid eid, Cause cause, int locators) {
        return it ->
                it instanceof XtrEvent.MapCacheUpdated(_, _, var record, var why)
                        && record.eid().equals(eid)
                        && why == cause
                        && record.locators().size() == locators;
    }

    private static Predicate<XtrEvent> registered(Eid eid) {
        return it -> it instanceof XtrEvent.Registered(_, _, var which, _) && which.equals(eid);
    }

    @Test
    @Rfc("9301 §9")
    @Rfc("9303 §5")
    @Rfc("9303 §6.7")
    @Rfc("9303 §6.8")
    @Rfc("9303 §6.9")
    @Rfc("9437 §7.1")
    @Rfc("9301 §1.1")
    void whatIsAskedIsSignedByWhoeverAnswersAndWhatIsPublishedByTheAssociation() throws Exception {
        try (var loop = UdpEndpoint.Loop.start("xtr-test");
                var server = server()) {
            var clock = InstantSource.system();
            try (var d1 =
                            XtrAgent.start(
                                    registering(xtr(server, 1, it -> it), LEFT_TO_THE_SERVER),
                                    loop,
                                    events::add,
                                    clock);
                    var d2 =
                            XtrAgent.start(
                                    registering(
                                            xtr(server, 2, Domain::answeringItself),
                                            SIGNED_BY_THE_ETR),
                                    loop,
                                    events::add,
                                    clock)) {
                await(registered(LEFT_TO_THE_SERVER));
                await(registered(SIGNED_BY_THE_ETR));
                var wanted = List.of(LEFT_TO_THE_SERVER, SIGNED_BY_THE_ETR);
                try (var itr =
                                XtrAgent.start(
                                        xtr(
                                                server,
                                                3,
                                                it ->
                                                        it.subscribing(wanted)
                                                                .protectedBy(Protecting.with(ITR))),
                                        loop,
                                        events::add,
                                        clock);
                        var bare =
                                XtrAgent.start(
                                        xtr(server, 4, it -> it.subscribing(wanted)), loop)) {
                    await(cached(LEFT_TO_THE_SERVER, Cause.CONFIRMATION, 1));
                    await(cached(SIGNED_BY_THE_ETR, Cause.MAP_REPLY, 1));
                    assertThat(d2.counters().get("map-replies-sent")).isPositive();
                    assertThat(d1.counters().get("map-replies-sent")).isZero();

                    // D1 goes: the news come under the association that was made.
                    assertThat(d1.shutdown(Duration.ofSeconds(10))).isTrue();
                    await(cached(LEFT_TO_THE_SERVER, Cause.PUBLICATION, 0));
                    assertThat(server.state().subscriptions())
                            .singleElement()
                            .satisfies(it ->
                                    assertThat(it.contact().credentials().association())
                                            .isPresent());

                    // Who protects nothing has heard nothing.
                    assertThat(bare.mapCache()).isEmpty();
                    assertThat(server.drops("unprotected")).isPositive();
                    assertThat(itr.counters().get("dropped.bad-authentication")).isZero();
                }
            }
        }
    }
}
