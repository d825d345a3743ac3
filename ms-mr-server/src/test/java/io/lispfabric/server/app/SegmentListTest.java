package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.api.ListSegmentsRequest;
import io.lispfabric.server.api.ListSegmentsResponse;
import io.lispfabric.server.api.Segment;
import io.lispfabric.server.core.InccGroup;
import io.lispfabric.server.core.InccGroup.Collective;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Segment.Domain;
import io.lispfabric.server.core.Segments;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.SharedKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What an operator sees of the plan of segments. */
class SegmentListTest {
    private static Site site(String name, String... prefixes) {
        return new Site(
                name,
                new SiteId(name.length()),
                List.of(SharedKey.of(1, Bytes.of(new byte[16]))),
                List.of(prefixes).stream()
                        .map(it -> SitePrefix.parse(new InstanceId(100), it, true, false))
                        .toList(),
                true);
    }

    private static ListSegmentsResponse list(Sites sites, ListSegmentsRequest request) {
        var answers = new ArrayList<ListSegmentsResponse>();
        new SegmentList(sites, () -> List.of(MappingSystem.EMPTY))
                .list(
                        request,
                        new StreamObserver<>() {
                            @Override
                            public void onNext(ListSegmentsResponse answer) {
                                answers.add(answer);
                            }

                            @Override
                            public void onError(Throwable e) {
                                throw new AssertionError(e);
                            }

                            @Override
                            public void onCompleted() {}
                        });
        assertThat(answers).hasSize(1);
        return answers.getFirst();
    }

    @Rfc("R-054")
    @Rfc("R-055")
    @Rfc("R-056")
    @Test
    void thePlanIsShownWithItsInccGroupsAndSites() {
        var group =
                new InccGroup(
                        "ring",
                        Optional.of("blue"),
                        Set.of(Collective.BROADCAST, Collective.ALL_REDUCE),
                        List.of(EidPrefix.parse("10.0.0.1"), EidPrefix.parse("10.0.0.2")));
        var plan =
                new Segments(
                        List.of(
                                io.lispfabric.server.core.Segment.of(100, "pod-d", Domain.SCALE_UP),
                                io.lispfabric.server.core.Segment.of(1, "train", Domain.SCALE_OUT)
                                        .forInccDomain("blue")),
                        List.of(group),
                        Set.of(Domain.SCALE_UP));
        var sites =
                new Sites(
                        List.of(site("pod", "40.0.0.0/16"), site("gate", "50.0.0.0/16")),
                        false,
                        false,
                        plan);

        var all = list(sites, ListSegmentsRequest.getDefaultInstance());

        assertThat(all.getDomainsList()).containsExactly("scale-up");
        assertThat(all.getSegmentsList()).extracting(Segment::getIid).containsExactly(1, 100);
        var train = all.getSegments(0);
        assertThat(train.getName()).isEqualTo("train");
        assertThat(train.getDomain()).isEqualTo("scale-out");
        assertThat(train.getServed()).isFalse();
        assertThat(train.getUnknownEids()).isEqualTo("drop");
        assertThat(train.getInccDomain()).isEqualTo("blue");
        var ring = train.getInccGroups(0);
        assertThat(ring.getName()).isEqualTo("ring");
        assertThat(ring.getCollectivesList()).containsExactly("all-reduce", "broadcast");
        assertThat(ring.getMembersList()).containsExactly("10.0.0.1/32", "10.0.0.2/32");
        var pod = all.getSegments(1);
        assertThat(pod.getServed()).isTrue();
        assertThat(pod.getUnknownEids()).isEqualTo("natively-forward");
        assertThat(pod.getSitesList()).containsExactly("pod", "gate");
        assertThat(list(sites, ListSegmentsRequest.newBuilder().setIid(100).build()))
                .returns(1, ListSegmentsResponse::getSegmentsCount)
                .returns(pod, it -> it.getSegments(0));
    }

    @Rfc("R-054")
    @Test
    void withoutAPlanWhatIsInUseIsShown() {
        var sites = new Sites(List.of(site("pod", "40.0.0.0/16")), true);

        var only = list(sites, ListSegmentsRequest.getDefaultInstance());

        assertThat(only.getDomainsList()).containsExactly("scale-out", "scale-up");
        assertThat(only.getSegmentsList())
                .singleElement()
                .returns(100, Segment::getIid)
                .returns("", Segment::getName)
                .returns(true, Segment::getServed)
                .returns("drop", Segment::getUnknownEids);
    }
}
