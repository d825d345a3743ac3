package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.plain;
import static io.lispfabric.server.core.Fixture.site;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.InccGroup.Collective;
import io.lispfabric.server.core.Segment.Domain;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.MappingRecord;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SegmentsTest {
    private static final Set<Domain> BOTH = Set.of(Domain.SCALE_UP, Domain.SCALE_OUT);
    private static final Segment TRAINING = Segment.of(1, "training", Domain.SCALE_OUT);
    private static final Segment POD_D = Segment.of(100, "pod-d", Domain.SCALE_UP);

    private static Segments plan(Segment... segments) {
        return new Segments(List.of(segments), List.of(), BOTH);
    }

    private static InccGroup group(String name, String inccDomain, String... members) {
        return new InccGroup(
                name,
                Optional.of(inccDomain).filter(it -> !it.isEmpty()),
                Set.of(Collective.ALL_REDUCE),
                List.of(members).stream().map(EidPrefix::parse).toList());
    }

    @Rfc("R-054")
    @Test
    void noTwoSegmentsHaveOneInstanceIdOrName() {
        assertThatThrownBy(() -> plan(TRAINING, Segment.of(1, "other", Domain.SCALE_UP)))
                .hasMessage("two segments have Instance ID 1");
        assertThatThrownBy(() -> plan(TRAINING, Segment.of(2, "training", Domain.SCALE_OUT)))
                .hasMessage("two segments are called training");
        assertThat(plan(TRAINING, POD_D).of(new InstanceId(100))).contains(POD_D);
    }

    @Rfc("R-009")
    @Rfc("R-056")
    @Rfc("R-081")
    @ParameterizedTest
    @EnumSource
    void theGroupsOfAnInccDomainShareItsSegment(Domain domain) {
        var blue = Segment.of(7, "blue-segment", domain).forInccDomain("blue");
        var ring = group("ring", "blue", "10.0.0.1");
        var tree = group("tree", "blue", "10.0.0.2");
        var segments = new Segments(List.of(TRAINING, blue), List.of(ring, tree), BOTH);

        assertThat(segments.of(ring)).contains(blue);
        assertThat(segments.groups(new InstanceId(7))).containsExactly(ring, tree);
        assertThat(segments.groups(new InstanceId(1))).isEmpty();
        // It is a VRF as any other: whoever may register in it need be of no group.
        assertThat(segments.refusal(eid("[7]10.0.0.3"))).isEmpty();
        assertThatThrownBy(() -> plan(blue, Segment.of(8, "more", domain).forInccDomain("blue")))
                .hasMessage("two segments are for INCC domain blue");
    }

    @Rfc("R-009")
    @Rfc("R-057")
    @Rfc("R-081")
    @ParameterizedTest
    @EnumSource
    void anInccGroupMayHaveASegmentOfItsOwnForItsMembersAlone(Domain domain) {
        var own = Segment.of(9, "ring-segment", domain).forInccGroup("ring");
        var ring = group("ring", "", "name:POD-D-AccID-7", "name:POD-D-AccID-8");
        var segments = new Segments(List.of(own), List.of(ring), BOTH);
        var site = site("POD-D", 4, SitePrefix.parse(new InstanceId(9), "name:*", true, true));
        var sites = new Sites(List.of(site), false, false, segments);

        assertThat(segments.of(ring)).contains(own);
        assertThat(sites.refusal(site, eid("[9]name:POD-D-AccID-7"))).isEmpty();
        assertThat(sites.refusal(site, eid("[9]name:POD-D-AccID-6"))).contains(Refusal.NO_MEMBER);
    }

    @Rfc("R-057")
    @Test
    void everyInccGroupHasJustOneSegment() {
        var blue = POD_D.forInccDomain("blue");
        var own = TRAINING.forInccGroup("ring");
        var ring = group("ring", "blue");
        assertThatThrownBy(() -> new Segments(List.of(TRAINING), List.of(ring), BOTH))
                .hasMessageContaining("ring has no segment");
        assertThatThrownBy(() -> new Segments(List.of(blue, own), List.of(ring), BOTH))
                .hasMessageContaining("ring has a segment of its own and that of its domain");
        assertThatThrownBy(() -> new Segments(List.of(own), List.of(), BOTH))
                .hasMessageContaining("no INCC group is called ring");
        assertThatThrownBy(() -> new Segments(List.of(blue), List.of(ring, ring), BOTH))
                .hasMessage("two INCC groups are called ring");
    }

    @Rfc("R-003")
    @Rfc("R-004")
    @Rfc("R-055")
    @Test
    void aMappingSystemServesTheSegmentsOfItsDomainAlone() {
        var out = new Segments(List.of(TRAINING, POD_D), List.of(), Set.of(Domain.SCALE_OUT));
        var up = SitePrefix.parse(new InstanceId(100), "name:POD-D-*", true, true);
        var site = site("POD-D", 4, plain("40.0.0.0/16"), up);
        var sites = new Sites(List.of(site), false, false, out);

        assertThat(sites.refusal(site, eid("40.0.0.0/16"))).isEmpty();
        assertThat(sites.refusal(site, eid("[100]name:POD-D-AccID-7")))
                .contains(Refusal.NOT_SERVED);
        // Whatever was registered before it was told so.
        var state = Fixture.registered("40.0.0.0/16", "[100]name:POD-D-AccID-7");
        assertThat(answer(state, sites, "40.0.0.7").locators()).hasSize(1);
        var foreign = answer(state, sites, "[100]name:POD-D-AccID-7");
        assertThat(foreign.isNegative()).isTrue();
        assertThat(foreign.action()).isEqualTo(Action.DROP);
    }

    private static MappingRecord answer(MappingSystem state, Sites sites, String asked) {
        var reply = (MapResolver.Answer.Reply) MapResolver.answer(state, sites, eid(asked), 536);
        return reply.records().getFirst();
    }

    @Rfc("R-038")
    @Rfc("R-087")
    @Test
    void whatIsUnknownIsDroppedOrNotBySegment() {
        var drops =
                new Segment(
                        new InstanceId(2),
                        "drops",
                        Domain.SCALE_OUT,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(true));
        var forwards =
                new Segment(
                        new InstanceId(3),
                        "forwards",
                        Domain.SCALE_OUT,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(false));
        var sites = new Sites(List.of(), false, false, plan(TRAINING, drops, forwards));
        var dropping = new Sites(List.of(), true, false, plan(TRAINING, drops, forwards));

        assertThat(unknown(sites, "[1]50.0.0.1")).isEqualTo(Action.NATIVELY_FORWARD);
        assertThat(unknown(sites, "[2]50.0.0.1")).isEqualTo(Action.DROP);
        assertThat(unknown(dropping, "[1]50.0.0.1")).isEqualTo(Action.DROP);
        assertThat(unknown(dropping, "[3]50.0.0.1")).isEqualTo(Action.NATIVELY_FORWARD);
    }

    private static Action unknown(Sites sites, String asked) {
        return answer(MappingSystem.EMPTY, sites, asked).action();
    }

    @Rfc("R-010")
    @Test
    void aSiteHasNothingInASegmentThatDoesNotExist() {
        var site = site("POD-D", 4, plain("40.0.0.0/16"));
        assertThatThrownBy(() -> new Sites(List.of(site), false, false, plan(POD_D)))
                .hasMessage("site POD-D: [1]40.0.0.0/16 is of a segment that does not exist");
    }
}
