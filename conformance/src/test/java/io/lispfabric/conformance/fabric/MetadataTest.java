package io.lispfabric.conformance.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Vendor;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.MapResolver;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is said about an accelerator beside where it is, in a vendor's own format (RFC 9306). */
class MetadataTest {
    private static final int OUI = 0x02005E;
    private static final SharedKey KEY = SharedKey.of(1, Bytes.of(new byte[16]));
    private static final String ACC_7 = "[1]40.0.0.7/32";

    private final VirtualFabric fabric = new VirtualFabric();

    private Sites sites() {
        var space = SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", true, true);
        var site = new Site("POD-D", new SiteId(4), List.of(KEY), List.of(space), true);
        return new Sites(List.of(site), true);
    }

    private VirtualXtr xtr(int number) {
        var ids = new XtrIdentity(new XtrId(0, number), new SiteId(4));
        return fabric.xtr("D" + number, "192.0.2.4" + number, ids, KEY, false)
                .joins("up", fabric.server("up").address(), "[1]40.0.0.0/16");
    }

    private static Vendor kind(String text) {
        return new Vendor(OUI, Bytes.of(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private void register(VirtualXtr xtr, String kind) {
        xtr.domain("up").register(VirtualXtr.eid(ACC_7), kind(kind), fabric.now());
        fabric.run();
    }

    private static List<String> rlocs(MappingRecord record) {
        return record.locators().stream().map(Locator::rloc).map(Object::toString).toList();
    }

    @Rfc("9306 §4")
    @Rfc("R-006")
    @Rfc("R-024")
    @Rfc("R-028")
    @Test
    void theKindOfAnAcceleratorIsRegisteredMergedReturnedAndPublished() {
        fabric.server("up", sites(), Set.of(OUI));
        var d1 = xtr(1).understands(OUI);
        var d2 = xtr(2).understands(OUI);
        var d3 = xtr(3).understands(OUI).subscribe("up", "[1]40.0.0.0/16");
        fabric.run();
        register(d1, "GPU");
        register(d2, "GPU");

        // 47 50 55 is "GPU". The kind is no part of the EID.
        var merged =
                List.of("{192.0.2.41,vendor:02005e:475055}", "{192.0.2.42,vendor:02005e:475055}");
        var state = fabric.server("up").state();
        assertThat(rlocs(state.record(VirtualXtr.eid(ACC_7)))).isEqualTo(merged);
        var reply =
                (MapResolver.Answer.Reply)
                        MapResolver.answer(state, sites(), VirtualXtr.eid(ACC_7), 536);
        assertThat(rlocs(reply.records().getFirst())).isEqualTo(merged);
        assertThat(rlocs(cached(d3))).isEqualTo(merged);
        assertThat(d3.cached("up", ACC_7)).contains("[1]40.0.0.7/32 {D1 D2}");

        // It turns out to be something else, and everybody is told.
        register(d1, "TPU");
        register(d2, "NPU");
        assertThat(rlocs(cached(d3)))
                .containsExactly(
                        "{192.0.2.41,vendor:02005e:545055}", "{192.0.2.42,vendor:02005e:4e5055}");
        assertThat(fabric.drops()).isEmpty();
    }

    @Rfc("R-034")
    @Test
    void whoAsksMaySayOfWhichKindItsAcceleratorIs() {
        fabric.server("up", sites(), Set.of(OUI));
        var d1 = xtr(1).understands(OUI);
        register(d1, "GPU");
        register(xtr(2).understands(OUI), "TPU");

        var asked = VirtualXtr.eid("[1]40.0.0.8");
        d1.domain("up").resolve(asked, Optional.of(VirtualXtr.eid(ACC_7)), fabric.now());
        fabric.said();
        fabric.run();
        assertThat(fabric.said())
                .startsWith("D1 > up Subscribe [1]40.0.0.8/32 of [1]40.0.0.7/32 {D1}");
        assertThat(fabric.server("up").state().at(asked)).isEmpty();
        assertThat(fabric.drops()).isEmpty();
    }

    private static MappingRecord cached(VirtualXtr xtr) {
        return xtr.domain("up").cache().get(VirtualXtr.eid(ACC_7)).orElseThrow().record();
    }

    @Rfc("9306 §4")
    @Test
    void aVendorThatIsNotConfiguredIsNotHeard() {
        fabric.server("up", sites());
        register(xtr(1).understands(OUI), "GPU");

        assertThat(fabric.server("up").state().mappings().isEmpty()).isTrue();
    }

    @Rfc("9306 §4")
    @Test
    void anXtrThatDoesNotKnowTheVendorDropsTheMessageAndGoesOn() {
        fabric.server("up", sites(), Set.of(OUI));
        var d4 = xtr(4).subscribe("up", "[1]40.0.0.0/16");
        fabric.run();
        register(xtr(1).understands(OUI), "GPU");

        assertThat(d4.cached("up", ACC_7)).isEmpty();
        assertThat(fabric.drops()).containsOnly("D4 drops unknown_vendor");
    }
}
