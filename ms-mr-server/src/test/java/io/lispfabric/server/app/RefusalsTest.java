package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.InccGroup;
import io.lispfabric.server.core.Segment;
import io.lispfabric.server.core.Segments;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.Datagram;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the operator hears of what is refused: which of all that could be wrong is. */
class RefusalsTest {
    private static final InetSocketAddress XTR = new InetSocketAddress("192.0.2.1", 4342);
    private static final SharedKey KEY = key(1, "a secret of pod-d", Algorithm.HMAC_SHA256_128);
    private static final SharedKey OTHER = key(2, "a secret of pod-e", Algorithm.HMAC_SHA256_128);
    private static final Eid ACC7 = Eid.of(1, "40.0.0.7");
    private static final Sites SITES =
            new Sites(
                    List.of(
                            site("pod-d", 4, KEY, "40.0.0.0/16"),
                            site("pod-e", 5, OTHER, "50.0.0.0/16")),
                    false);

    private final ServerMetrics metrics = new ServerMetrics();
    private final List<String> told = new ArrayList<>();

    private static SharedKey key(int id, String secret, Algorithm algorithm) {
        return new SharedKey(
                id,
                Bytes.of(secret.getBytes(StandardCharsets.US_ASCII)),
                Set.of(algorithm),
                false,
                true);
    }

    private static Site site(String name, long id, SharedKey key, String prefix) {
        return site(name, id, key, prefix, true);
    }

    private static Site site(
            String name, long id, SharedKey key, String prefix, boolean moreSpecifics) {
        return new Site(
                name,
                new SiteId(id),
                List.of(key),
                List.of(SitePrefix.parse(new InstanceId(1), prefix, moreSpecifics, false)),
                true,
                List.of(EidPrefix.parse("192.0.2.0/24")),
                false,
                false);
    }

    private void receive(Sites sites, byte[] octets) {
        InstantSource clock = () -> Instant.ofEpochSecond(1_800_000_000);
        var config =
                ServerConfig.alone(
                        "ms",
                        Path.of("nowhere"),
                        new InetSocketAddress(ServerConfig.LISP_PORT),
                        sites);
        var incidents = new Incidents(metrics, clock, told::add);
        var mappings =
                new MappingLog(
                        new MappingLog.Released() {
                            @Override
                            public void onEffects(List<Effect> effects) {}

                            @Override
                            public void onLeadership(boolean leads) {}
                        });
        var plane =
                new ControlPlane(
                        List.of(
                                new Surroundings(
                                        config,
                                        mappings,
                                        _ -> new CompletableFuture<>(),
                                        new Outbox((_, _) -> {}, config, metrics, incidents),
                                        metrics,
                                        incidents,
                                        new LocalAddresses(),
                                        clock,
                                        () -> 0,
                                        Runnable::run,
                                        7,
                                        () -> true)));
        assertThatNoException().isThrownBy(() -> mappings.load(_ -> {}));
        plane.receive(new Datagram(XTR, ByteBuffer.wrap(octets)));
    }

    private static MapRegister register(Optional<Long> siteId, Eid eid, String rloc) {
        return new MapRegister(
                true,
                false,
                false,
                false,
                true,
                false,
                new Nonce(1),
                new Authentication(0, 0, Bytes.EMPTY),
                List.of(
                        MappingRecord.of(
                                RecordTtl.ONE_DAY,
                                eid,
                                List.of(Locator.of(new Rloc(Ip.parse(rloc)), 1, 100)))),
                siteId.map(it -> new XtrIdentity(new XtrId(0, 0xd1), new SiteId(it))));
    }

    private String refused(Optional<Long> siteId, SharedKey key, Drop reason) {
        told.clear();
        double before = metrics.drops(reason);
        receive(SITES, MessageAuthentication.seal(register(siteId, ACC7, "192.0.2.13"), key));
        assertThat(metrics.drops(reason)).isEqualTo(before + 1);
        assertThat(told).hasSize(1);
        assertThat(told.getFirst()).doesNotContain("secret of pod");
        return told.getFirst();
    }

    @Test
    @Rfc("9301 §5.6")
    void whatAMapRegisterGivesIsToldAndWhatOfItDoesNotFit() {
        var here = Optional.of(4L);
        assertThat(refused(Optional.of(9L), KEY, Drop.NO_SUCH_SITE))
                .startsWith("there is no site of that Site-ID")
                .contains(
                        "192.0.2.1",
                        "Site-ID 9",
                        "xTR-ID 000000000000000000000000000000d1",
                        "Key ID 1",
                        "HMAC-SHA-256-128-None");
        assertThat(refused(here, key(7, "whatever", Algorithm.HMAC_SHA256_128), Drop.NO_SUCH_KEY))
                .contains("no key of that Key ID at pod-d", "Site-ID 4", "Key ID 7");
        assertThat(
                        refused(
                                here,
                                key(1, "a secret of pod-d", Algorithm.HMAC_SHA1_96),
                                Drop.ALGORITHM_NOT_ALLOWED))
                .contains("not for that algorithm", "HMAC-SHA-1-96-None");
        assertThat(
                        refused(
                                here,
                                key(1, "a secret of pod-e", Algorithm.HMAC_SHA256_128),
                                Drop.BAD_AUTHENTICATION))
                .contains(
                        "not made with the secret of that Key ID at pod-d",
                        "Site-ID 4",
                        "Key ID 1");
        assertThat(
                        refused(
                                Optional.empty(),
                                key(1, "whatever", Algorithm.HMAC_SHA256_128),
                                Drop.BAD_AUTHENTICATION))
                .contains("at any of the sites", "with no Site-ID, ", "Key ID 1");
    }

    private void refused(Sites sites, Eid eid, String rloc, Drop reason, String sentence) {
        told.clear();
        receive(sites, MessageAuthentication.seal(register(Optional.of(4L), eid, rloc), KEY));
        assertThat(metrics.drops(reason)).isEqualTo(1);
        assertThat(told).containsExactly(sentence);
    }

    @Test
    @Rfc("9301 §8.2")
    void whatIsTooSpecificForItsPrefixIsToldAsThat() {
        refused(
                new Sites(List.of(site("pod-d", 4, KEY, "40.0.0.0/16", false)), false),
                ACC7,
                "192.0.2.13",
                Drop.PREFIX_NOT_ALLOWED,
                "pod-d may not register [1]40.0.0.7/32: its prefix there would have to have"
                        + " accept-more-specifics");
    }

    @Test
    @Rfc("9301 §8.2")
    void whatASiteMayNotRegisterIsToldWithTheReason() {
        refused(
                SITES,
                ACC7,
                "198.51.100.1",
                Drop.RLOC_NOT_ALLOWED,
                "pod-d may not name the locator 198.51.100.1 for [1]40.0.0.7/32");
        refused(
                SITES,
                Eid.of(1, "50.0.0.1"),
                "192.0.2.13",
                Drop.PREFIX_NOT_ALLOWED,
                "pod-d may not register [1]50.0.0.1/32, which is not among the prefixes of the"
                        + " site");
        var ring =
                new InccGroup(
                        "ring",
                        Optional.empty(),
                        Set.of(),
                        List.of(EidPrefix.parse("40.0.0.8/32")));
        var segments =
                new Segments(
                        List.of(
                                segment(1, "ring", Segment.Domain.SCALE_UP, Optional.of("ring")),
                                segment(2, "out", Segment.Domain.SCALE_OUT, Optional.empty())),
                        List.of(ring),
                        Set.of(Segment.Domain.SCALE_UP));
        var planned = new Sites(SITES.sites(), false, false, segments);
        refused(
                planned,
                ACC7,
                "192.0.2.13",
                Drop.NOT_A_MEMBER,
                "pod-d may not register [1]40.0.0.7/32, no member of the INCC group of its"
                        + " segment");
        refused(
                planned,
                Eid.of(2, "40.0.0.7"),
                "192.0.2.13",
                Drop.SEGMENT_NOT_SERVED,
                "pod-d may not register [2]40.0.0.7/32, its segment is not of this server's"
                        + " domain");
        refused(
                planned,
                Eid.of(3, "40.0.0.7"),
                "192.0.2.13",
                Drop.NO_SUCH_SEGMENT,
                "pod-d may not register [3]40.0.0.7/32, no segment has its Instance ID");
    }

    private static Segment segment(
            int iid, String name, Segment.Domain domain, Optional<String> group) {
        return new Segment(
                new InstanceId(iid), name, domain, Optional.empty(), group, Optional.empty());
    }

    @Test
    @Rfc("9437 §3")
    @Rfc("9437 §5")
    void aSubscriptionThatIsRefusedIsToldWithItsItrRlocs() {
        subscribe(4, "198.51.100.1");
        subscribe(9, "192.0.2.1");
        assertThat(told)
                .containsExactly(
                        "not all ITR-RLOCs are in the rlocs of pod-d: Site-ID 4"
                                + " wants a subscription to [1]40.0.0.7/32 for ITR-RLOC"
                                + " 198.51.100.1",
                        "there is no site of that Site-ID: Site-ID 9 wants a subscription to"
                                + " [1]40.0.0.7/32 for ITR-RLOC 192.0.2.1");
        assertThat(metrics.drops(Drop.ITR_RLOC_NOT_ALLOWED)).isEqualTo(1);
        assertThat(metrics.drops(Drop.NO_SUCH_SITE)).isEqualTo(1);
    }

    private void subscribe(long siteId, String itrRloc) {
        var xtr = new XtrIdentity(new XtrId(0, 0xd3), new SiteId(siteId));
        var request =
                MapRequest.subscription(
                        new Nonce(1), Optional.empty(), List.of(Ip.parse(itrRloc)), ACC7, xtr);
        receive(SITES, LispCodec.encode(request));
    }
}
