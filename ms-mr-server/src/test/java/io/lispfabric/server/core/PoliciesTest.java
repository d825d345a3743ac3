package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.ip;
import static io.lispfabric.server.core.Fixture.xtr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.Policies.Refusal;
import io.lispfabric.server.core.Policies.Requester;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PoliciesTest {
    private static final Requester NEAR = new Requester(List.of(ip("192.0.2.7")), Optional.empty());
    private static final Requester FAR =
            new Requester(List.of(ip("10.0.0.1"), ip("198.51.100.7")), Optional.of(xtr(9)));

    private static boolean refuses(Refusal refusal, Requester who, String eid, boolean subscribes) {
        return new Policies(List.of(refusal)).refuse(who, eid(eid), subscribes);
    }

    @Rfc("9301 §8.3")
    @Test
    void anyAddressThatTheRequesterGivesMayBeTheOneThatIsRefused() {
        var refusal =
                new Refusal(
                        List.of(
                                EidPrefix.parse("198.51.100.0/24"),
                                EidPrefix.parse("2001:db8::/32")),
                        Set.of(),
                        Set.of(),
                        Set.of(),
                        false);
        assertThat(refuses(refusal, FAR, "40.0.0.7/32", false)).isTrue();
        assertThat(refuses(refusal, FAR, "40.0.0.7/32", true)).isTrue();
        assertThat(refuses(refusal, NEAR, "40.0.0.7/32", false)).isFalse();
    }

    @Rfc("9301 §8.3")
    @Rfc("R-022")
    @Test
    void aRefusalMayBeForOneSegmentAlone() {
        var refusal = new Refusal(List.of(), Set.of(), Set.of(), Set.of(new InstanceId(1)), false);
        assertThat(refuses(refusal, NEAR, "40.0.0.7/32", false)).isTrue();
        assertThat(refuses(refusal, NEAR, "[2]40.0.0.7/32", false)).isFalse();
    }

    @Rfc("9437 §5")
    @Test
    void whoMayNotSubscribeMayStillAsk() {
        var refusal = new Refusal(List.of(), Set.of(new XtrId(0, 9)), Set.of(), Set.of(), true);
        assertThat(refuses(refusal, FAR, "40.0.0.7/32", true)).isTrue();
        assertThat(refuses(refusal, FAR, "40.0.0.7/32", false)).isFalse();
        assertThat(refuses(refusal, NEAR, "40.0.0.7/32", true)).isFalse();
    }

    @Rfc("9437 §5")
    @Test
    void whatIsNamedTogetherMustHoldTogether() {
        var far = List.of(EidPrefix.parse("198.51.100.0/24"));
        var ours = new Refusal(far, Set.of(), Set.of(new SiteId(4)), Set.of(), false);
        var theirs = new Refusal(far, Set.of(), Set.of(new SiteId(5)), Set.of(), false);
        assertThat(refuses(ours, FAR, "40.0.0.7/32", false)).isTrue();
        assertThat(refuses(theirs, FAR, "40.0.0.7/32", false)).isFalse();
    }

    @Test
    void aRefusalOfEverybodyIsAMistake() {
        assertThatThrownBy(() -> new Refusal(List.of(), Set.of(), Set.of(), Set.of(), true))
                .hasMessageContaining("everybody");
    }
}
