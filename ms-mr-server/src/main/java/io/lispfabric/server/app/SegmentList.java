package io.lispfabric.server.app;

import io.grpc.stub.StreamObserver;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.api.ListSegmentsRequest;
import io.lispfabric.server.api.ListSegmentsResponse;
import io.lispfabric.server.api.SegmentServiceGrpc;
import io.lispfabric.server.core.InccGroup;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.Sites;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What the Instance IDs are for and what lives in them (draft-jain §4.5.1, §5.5.1): the operator's
 * plan, and what is there without one.
 */
final class SegmentList extends SegmentServiceGrpc.SegmentServiceImplBase {
    private final Sites sites;
    private final Supplier<List<MappingSystem>> states;

    SegmentList(Sites sites, Supplier<List<MappingSystem>> states) {
        this.sites = sites;
        this.states = states;
    }

    private static final class Count {
        private int mappings;
        private int subscriptions;
    }

    @Override
    public void list(ListSegmentsRequest request, StreamObserver<ListSegmentsResponse> observer) {
        var response = ListSegmentsResponse.newBuilder();
        sites.segments().served().stream()
                .map(SegmentList::text)
                .sorted()
                .forEach(response::addDomains);
        counts().forEach((iid, count) -> {
            if (!request.hasIid() || request.getIid() == iid) {
                response.addSegments(segment(new InstanceId(iid), count));
            }
        });
        observer.onNext(response.build());
        observer.onCompleted();
    }

    private SortedMap<Integer, Count> counts() {
        var counts = new TreeMap<Integer, Count>();
        sites.segments().segments().forEach(it -> count(counts, it.iid()));
        sites.sites().stream()
                .flatMap(site -> site.prefixes().stream())
                .forEach(prefix -> count(counts, prefix.iid()));
        var current = states.get();
        for (var state : current) {
            state.mappings().forEach((_, mapping) -> count(counts, mapping.eid().iid()).mappings++);
        }
        for (var listener : AdminService.subscriptions(current)) {
            if (listener.id() instanceof ListenerId.Subscriber(var prefix, _)) {
                count(counts, prefix.iid()).subscriptions++;
            }
        }
        return counts;
    }

    private static Count count(SortedMap<Integer, Count> counts, InstanceId iid) {
        return counts.computeIfAbsent(iid.value(), _ -> new Count());
    }

    private io.lispfabric.server.api.Segment segment(InstanceId iid, Count count) {
        var row =
                io.lispfabric.server.api.Segment.newBuilder()
                        .setIid(iid.value())
                        .setServed(sites.segments().serves(iid))
                        .setUnknownEids(sites.dropsUnknown(iid) ? "drop" : "natively-forward")
                        .setMappings(count.mappings)
                        .setSubscriptions(count.subscriptions);
        sites.segments()
                .of(iid)
                .ifPresent(it -> {
                    row.setName(it.name()).setDomain(text(it.domain()));
                    it.inccDomain().ifPresent(row::setInccDomain);
                });
        sites.segments().groups(iid).forEach(it -> row.addInccGroups(group(it)));
        sites.sites().stream()
                .filter(site -> site.prefixes().stream().anyMatch(it -> it.iid().equals(iid)))
                .map(Site::name)
                .forEach(row::addSites);
        return row.build();
    }

    private static io.lispfabric.server.api.InccGroup group(InccGroup it) {
        var row = io.lispfabric.server.api.InccGroup.newBuilder().setName(it.name());
        it.collectives().stream().sorted().map(SegmentList::text).forEach(row::addCollectives);
        it.members().forEach(member -> row.addMembers(member.toString()));
        return row.build();
    }

    /** As it stands in the settings: {@code scale-up}, {@code all-reduce}. */
    private static String text(Enum<?> it) {
        return it.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
