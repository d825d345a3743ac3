package io.lispfabric.conformance.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * As many accelerators and PoDs as draft-jain §2 speaks of. Not how fast: that is measured
 * elsewhere.
 */
class SizeTest {
    private static final SharedKey KEY = SharedKey.of(1, Bytes.of(new byte[16]));
    private static final InstanceId SEGMENT = new InstanceId(1);

    private final VirtualFabric fabric = new VirtualFabric();

    private static Site site(String name, int number, SitePrefix... prefixes) {
        return new Site(name, new SiteId(number), List.of(KEY), List.of(prefixes), true);
    }

    private VirtualXtr xtr(String name, int pod, int number) {
        var ids = new XtrIdentity(new XtrId(0, number), new SiteId(pod));
        var rloc = "192.0." + (2 + pod) + "." + number;
        return fabric.xtr(name, rloc, ids, KEY, false);
    }

    @Rfc("R-007")
    @Rfc("R-030")
    @Rfc("R-031")
    @Test
    void aPodOf1024AcceleratorsIsRegisteredAndToldToEveryXtr() {
        var space = SitePrefix.parse(SEGMENT, "40.0.0.0/16", true, true);
        var pod = fabric.server("up", new Sites(List.of(site("POD-D", 1, space)), true));
        for (int number = 1; number <= 4; number++) {
            xtr("D" + number, 1, number)
                    .joins("up", pod.address(), "[1]40.0.0.0/16")
                    .subscribe("up", "[1]40.0.0.0/16");
        }
        for (int i = 0; i < 1024; i++) {
            var eid = "[1]40.0." + i / 256 + "." + i % 256;
            fabric.xtr("D" + (1 + i % 4)).attach("acc-" + i, eid);
            fabric.xtr("D" + (1 + (i + 1) % 4)).attach("acc-" + i, eid);
        }
        fabric.run(Duration.ofSeconds(5));

        assertThat(pod.state().mappings().size()).isEqualTo(1024);
        assertThat(pod.state().outstanding()).isEmpty();
        for (var xtr : fabric.xtrs()) {
            assertThat(xtr.domain("up").registered()).hasSize(512).allMatch(it -> it.confirmed());
            assertThat(xtr.mapCache("up").stream().filter(it -> it.contains("/32"))).hasSize(1024);
            assertThat(xtr.cached("up", "[1]40.0.3.255/32")).contains("[1]40.0.3.255/32 {D1 D4}");
        }
        assertThat(fabric.drops()).isEmpty();
    }

    @Rfc("R-008")
    @Test
    void aScaleOutNetworkOf64PodsKnowsThousandsOfAccelerators() {
        int pods = 64;
        var sites = new ArrayList<Site>();
        for (int pod = 0; pod < pods; pod++) {
            var subnet = SitePrefix.parse(SEGMENT, "10." + pod + ".0.0/16", true, false);
            sites.add(site("POD-" + pod, pod + 1, subnet));
        }
        var out = fabric.server("out", new Sites(sites, true));
        for (int pod = 0; pod < pods; pod++) {
            var pxtr = xtr("P" + pod, pod + 1, 3).joins("out", out.address(), "[1]0.0.0.0/0");
            pxtr.register("out", "[1]10." + pod + ".0.0/16");
            for (int other = 0; other < pods; other++) {
                if (other != pod) {
                    pxtr.subscribe("out", "[1]10." + other + ".0.0/16");
                }
            }
        }
        fabric.run(Duration.ofSeconds(5));
        for (int i = 0; i < 4096; i++) {
            fabric.xtr("P" + i % pods).register("out", "[1]10." + i % pods + ".1." + i / pods);
        }
        // 258,048 Map-Notifies, of which so many may go in a second.
        fabric.run(Duration.ofSeconds(60));

        assertThat(out.state().mappings().size()).isEqualTo(pods + 4096);
        assertThat(out.state().subscriptions()).hasSize(pods * (pods - 1));
        assertThat(out.state().outstanding()).isEmpty();
        assertThat(fabric.xtr("P0").domain("out").cache().size()).isEqualTo(63 + 63 * 64);
        assertThat(fabric.xtr("P0").cached("out", "[1]10.63.1.63/32"))
                .contains("[1]10.63.1.63/32 {P63}");
    }
}
