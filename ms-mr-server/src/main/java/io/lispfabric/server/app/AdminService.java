package io.lispfabric.server.app;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.StreamObserver;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.server.api.AddMemberRequest;
import io.lispfabric.server.api.AddMemberResponse;
import io.lispfabric.server.api.CheckStateRequest;
import io.lispfabric.server.api.CheckStateResponse;
import io.lispfabric.server.api.ClusterServiceGrpc;
import io.lispfabric.server.api.DrainMemberRequest;
import io.lispfabric.server.api.DrainMemberResponse;
import io.lispfabric.server.api.Group;
import io.lispfabric.server.api.ListMappingsRequest;
import io.lispfabric.server.api.ListMappingsResponse;
import io.lispfabric.server.api.ListSubscriptionsRequest;
import io.lispfabric.server.api.ListSubscriptionsResponse;
import io.lispfabric.server.api.MappingServiceGrpc;
import io.lispfabric.server.api.Member;
import io.lispfabric.server.api.MemberState;
import io.lispfabric.server.api.RemoveMemberRequest;
import io.lispfabric.server.api.RemoveMemberResponse;
import io.lispfabric.server.api.StateHash;
import io.lispfabric.server.api.StatusRequest;
import io.lispfabric.server.api.StatusResponse;
import io.lispfabric.server.api.SubscriptionServiceGrpc;
import io.lispfabric.server.api.TransferLeadershipRequest;
import io.lispfabric.server.api.TransferLeadershipResponse;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Registration;
import io.lispfabric.server.core.Sites;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.NoSuchMemberException;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.Status;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.app.GrpcLog;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * The admin gRPC service, with health and reflection: all that {@code lispctl show} asks, and
 * {@code lispctl member}.
 */
final class AdminService implements AutoCloseable {
    private static final int MOST_ROWS = 10_000;

    /** A member may have millions of rows to read. */
    private static final int CHECK_MILLIS = 30_000;

    private final Server server;
    private final HealthStatusManager health = new HealthStatusManager();

    /** Who is in the cluster. Each call waits until it is so; what is in the way is a sentence. */
    interface Membership {
        void addMember(String member, String host, int port) throws IOException;

        void removeMember(String member) throws IOException;

        void transferLeadership(String member) throws IOException;

        void drain(String member, boolean drained) throws IOException;

        StateCheck check(Duration timeout) throws IOException;
    }

    /**
     * @param states one for each group of EIDs
     * @param expires when a registration of an EID ends unless it is refreshed, if this member
     *     knows
     * @throws IOException when the address cannot be bound, naming it
     */
    AdminService(
            InetSocketAddress listen,
            String cluster,
            Sites sites,
            Supplier<List<MappingSystem>> states,
            BiFunction<Eid, Registration, Optional<Instant>> expires,
            Supplier<List<Status>> statuses,
            Supplier<Optional<String>> unreadiness,
            Membership membership)
            throws IOException {
        GrpcLog.quieten();
        List<BindableService> services =
                List.of(
                        new Mappings(states, expires),
                        new Subscriptions(states),
                        new SegmentList(sites, states),
                        new Cluster(cluster, states, statuses, unreadiness, membership));
        var builder = NettyServerBuilder.forAddress(listen).addService(health.getHealthService());
        services.forEach(builder::addService);
        try {
            server = builder.addService(ProtoReflectionServiceV1.newInstance()).build().start();
        } catch (IOException e) {
            throw new IOException(
                    "cannot bind admin TCP "
                            + listen.getAddress().getHostAddress()
                            + ":"
                            + listen.getPort()
                            + ": address already in use or not ours",
                    e);
        }
        health.setStatus("", ServingStatus.NOT_SERVING);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getListenSockets().getFirst();
    }

    /** What the gRPC health service says: the same as {@code /readyz}. */
    void ready(boolean ready) {
        health.setStatus("", ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }

    @Override
    public void close() {
        health.enterTerminalState();
        server.shutdown();
        try {
            if (!server.awaitTermination(1, TimeUnit.SECONDS)) {
                server.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
            }
        } catch (InterruptedException _) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** Of all groups. */
    static List<Listener> subscriptions(List<MappingSystem> states) {
        return states.stream().flatMap(it -> it.subscriptions().stream()).toList();
    }

    private static int limit(int asked) {
        return asked <= 0 ? MOST_ROWS : Math.min(asked, MOST_ROWS);
    }

    private static <T> void answer(StreamObserver<T> to, T answer) {
        to.onNext(answer);
        to.onCompleted();
    }

    private static final class Mappings extends MappingServiceGrpc.MappingServiceImplBase {
        private final Supplier<List<MappingSystem>> states;
        private final BiFunction<Eid, Registration, Optional<Instant>> expires;

        Mappings(
                Supplier<List<MappingSystem>> states,
                BiFunction<Eid, Registration, Optional<Instant>> expires) {
            this.states = states;
            this.expires = expires;
        }

        @Override
        public void list(
                ListMappingsRequest request, StreamObserver<ListMappingsResponse> observer) {
            var response = ListMappingsResponse.newBuilder();
            int most = limit(request.getLimit());
            for (var state : states.get()) {
                state.mappings()
                        .forEach((_, mapping) -> {
                            if (request.hasIid()
                                    && request.getIid() != mapping.eid().iid().value()) {
                                return;
                            }
                            if (response.getMappingsCount() == most) {
                                response.setTruncated(true);
                            } else {
                                response.addMappings(mapping(mapping));
                            }
                        });
            }
            answer(observer, response.build());
        }

        private io.lispfabric.server.api.Mapping mapping(Mapping mapping) {
            var told = mapping.record();
            return io.lispfabric.server.api.Mapping.newBuilder()
                    .setEid(mapping.eid().toString())
                    .setSite(mapping.site())
                    .setTtlMinutes(told.ttl().minutes())
                    .setProxyReply(mapping.proxyReply())
                    .addAllLocators(told.locators().stream().map(Mappings::locator).toList())
                    .addAllRegistrations(
                            mapping.registrations().stream()
                                    .map(it -> registration(mapping.eid(), it))
                                    .toList())
                    .build();
        }

        private io.lispfabric.server.api.Registration registration(Eid eid, Registration it) {
            var row =
                    io.lispfabric.server.api.Registration.newBuilder()
                            .setMerges(it.merges())
                            .setSinceUnixMillis(it.sinceMillis())
                            .setLifetimeSeconds(it.lifetimeSeconds())
                            .addAllLocators(it.locators().stream().map(Mappings::locator).toList());
            expires.apply(eid, it).ifPresent(end -> row.setExpiresUnixMillis(end.toEpochMilli()));
            it.registrant()
                    .identity()
                    .ifPresent(id ->
                            row.setXtrId(id.xtrId().toString()).setSiteId(id.siteId().value()));
            return row.build();
        }

        private static io.lispfabric.server.api.Locator locator(Locator it) {
            return io.lispfabric.server.api.Locator.newBuilder()
                    .setRloc(it.rloc().toString())
                    .setPriority(it.priority())
                    .setWeight(it.weight())
                    .setMulticastPriority(it.multicastPriority())
                    .setMulticastWeight(it.multicastWeight())
                    .setReachable(it.reachable())
                    .build();
        }
    }

    private static final class Subscriptions
            extends SubscriptionServiceGrpc.SubscriptionServiceImplBase {
        private final Supplier<List<MappingSystem>> states;

        Subscriptions(Supplier<List<MappingSystem>> states) {
            this.states = states;
        }

        @Override
        public void list(
                ListSubscriptionsRequest request,
                StreamObserver<ListSubscriptionsResponse> observer) {
            var response = ListSubscriptionsResponse.newBuilder();
            int most = limit(request.getLimit());
            for (var listener : subscriptions(states.get())) {
                if (listener.id() instanceof ListenerId.Subscriber id
                        && (!request.hasIid() || request.getIid() == id.prefix().iid().value())) {
                    if (response.getSubscriptionsCount() == most) {
                        response.setTruncated(true);
                        break;
                    }
                    response.addSubscriptions(subscription(id, listener));
                }
            }
            answer(observer, response.build());
        }

        private static io.lispfabric.server.api.Subscription subscription(
                ListenerId.Subscriber id, Listener listener) {
            return io.lispfabric.server.api.Subscription.newBuilder()
                    .setEid(id.prefix().toString())
                    .setXtrId(id.xtr().xtrId().toString())
                    .setSiteId(id.xtr().siteId().value())
                    .addAllItrRlocs(
                            listener.addresses().stream().map(LispAddress::toString).toList())
                    .setPort(listener.contact().port())
                    .setNonce(listener.nonce().toString())
                    .setOutstanding(listener.outstanding().size())
                    .setSinceUnixMillis(listener.sinceMillis())
                    .build();
        }
    }

    private static final class Cluster extends ClusterServiceGrpc.ClusterServiceImplBase {
        private final String name;
        private final Supplier<List<MappingSystem>> states;
        private final Supplier<List<Status>> statuses;
        private final Supplier<Optional<String>> unreadiness;
        private final Membership membership;

        Cluster(
                String name,
                Supplier<List<MappingSystem>> states,
                Supplier<List<Status>> statuses,
                Supplier<Optional<String>> unreadiness,
                Membership membership) {
            this.name = name;
            this.states = states;
            this.statuses = statuses;
            this.unreadiness = unreadiness;
            this.membership = membership;
        }

        /** A change that may turn out to be impossible. */
        private interface Change {
            void make() throws IOException;
        }

        private static <T> void change(StreamObserver<T> to, T done, Change change) {
            try {
                change.make();
                answer(to, done);
            } catch (IllegalArgumentException e) {
                to.onError(refusal(io.grpc.Status.INVALID_ARGUMENT, e));
            } catch (NoSuchMemberException e) {
                to.onError(refusal(io.grpc.Status.NOT_FOUND, e));
            } catch (NoLeaderException e) { // so that another member is asked
                to.onError(refusal(io.grpc.Status.UNAVAILABLE, e));
            } catch (IOException e) {
                to.onError(refusal(io.grpc.Status.FAILED_PRECONDITION, e));
            }
        }

        private static Throwable refusal(io.grpc.Status status, Exception why) {
            return status.withDescription(why.getMessage()).asRuntimeException();
        }

        @Override
        public void addMember(
                AddMemberRequest request, StreamObserver<AddMemberResponse> observer) {
            change(
                    observer,
                    AddMemberResponse.getDefaultInstance(),
                    () -> {
                        var address = request.getAddress();
                        int colon = address.lastIndexOf(':');
                        var port = address.substring(colon + 1);
                        if (colon < 1 || !port.matches("\\d{1,5}")) {
                            throw new IllegalArgumentException(
                                    "must be a host and a port, such as 10.9.0.4:24500, not '"
                                            + address
                                            + "'");
                        }
                        membership.addMember(
                                request.getId(),
                                address.substring(0, colon),
                                Integer.parseInt(port));
                    });
        }

        @Override
        public void removeMember(
                RemoveMemberRequest request, StreamObserver<RemoveMemberResponse> observer) {
            change(
                    observer,
                    RemoveMemberResponse.getDefaultInstance(),
                    () -> membership.removeMember(request.getId()));
        }

        @Override
        public void transferLeadership(
                TransferLeadershipRequest request,
                StreamObserver<TransferLeadershipResponse> observer) {
            change(
                    observer,
                    TransferLeadershipResponse.getDefaultInstance(),
                    () -> membership.transferLeadership(request.getId()));
        }

        @Override
        public void drainMember(
                DrainMemberRequest request, StreamObserver<DrainMemberResponse> observer) {
            change(
                    observer,
                    DrainMemberResponse.getDefaultInstance(),
                    () -> membership.drain(request.getId(), !request.getUndo()));
        }

        @Override
        public void checkState(
                CheckStateRequest request, StreamObserver<CheckStateResponse> observer) {
            int asked = request.getTimeoutMillis();
            int millis = asked > 0 && asked < CHECK_MILLIS ? asked : CHECK_MILLIS;
            try {
                var check = membership.check(Duration.ofMillis(millis));
                var response = CheckStateResponse.newBuilder().setIndex(check.index());
                check.members().forEach((id, member) -> response.addMembers(member(id, member)));
                answer(observer, response.build());
            } catch (NoLeaderException e) {
                observer.onError(refusal(io.grpc.Status.UNAVAILABLE, e));
            } catch (IOException e) {
                observer.onError(refusal(io.grpc.Status.FAILED_PRECONDITION, e));
            }
        }

        private static MemberState member(String id, StateCheck.Member it) {
            var row =
                    MemberState.newBuilder()
                            .setId(id)
                            .setState(it.state().name().toLowerCase(Locale.ROOT));
            it.hash().ifPresent(hash -> row.setSha256(hash.sha256()).setRows(hash.rows()));
            return row.build();
        }

        @Override
        public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
            var groups = statuses.get();
            if (groups.isEmpty()) {
                observer.onError(
                        io.grpc.Status.UNAVAILABLE
                                .withDescription(unreadiness.get().orElse("loading"))
                                .asRuntimeException());
                return;
            }
            var now = Status.ofAll(groups);
            var current = states.get();
            var response =
                    StatusResponse.newBuilder()
                            .setMember(now.member())
                            .setCluster(name)
                            .setLeader(now.leader().orElse(""))
                            .setTerm(now.term())
                            .setCommitIndex(now.commitIndex())
                            .setAppliedIndex(now.appliedIndex())
                            .setHealthy(now.healthy())
                            .setReason(now.reason())
                            .setRefuses(now.refuses().orElse(""))
                            .setMappings(
                                    current.stream().mapToInt(it -> it.mappings().size()).sum())
                            .setSubscriptions(
                                    current.stream()
                                            .mapToInt(it -> it.subscriptions().size())
                                            .sum())
                            .setUnready(unreadiness.get().orElse(""))
                            .addAllMembers(now.members().stream().map(Cluster::member).toList());
            now.staleMillis().ifPresent(response::setStaleMillis);
            now.hash().ifPresent(it -> response.setStateHash(hash(it)));
            for (int i = 0; i < groups.size(); i++) {
                response.addGroups(group(i + 1, groups.get(i), current.get(i)));
            }
            answer(observer, response.build());
        }

        private static Group group(int number, Status it, MappingSystem state) {
            var row =
                    Group.newBuilder()
                            .setNumber(number)
                            .setLeader(it.leader().orElse(""))
                            .setTerm(it.term())
                            .setCommitIndex(it.commitIndex())
                            .setAppliedIndex(it.appliedIndex())
                            .setMappings(state.mappings().size())
                            .setSubscriptions(state.subscriptions().size());
            it.hash().ifPresent(hash -> row.setStateHash(hash(hash)));
            return row.build();
        }

        private static StateHash hash(io.lispfabric.store.StateHash it) {
            return StateHash.newBuilder()
                    .setIndex(it.index())
                    .setSha256(it.sha256())
                    .setRows(it.rows())
                    .setAgeMillis(it.ageMillis())
                    .build();
        }

        private static Member member(Status.Member it) {
            var row =
                    Member.newBuilder()
                            .setId(it.id())
                            .setAddress(it.address())
                            .setVoter(it.voter())
                            .setRole(
                                    it.role()
                                            .map(role -> role.name().toLowerCase(Locale.ROOT))
                                            .orElse(""));
            it.commitIndex().ifPresent(row::setCommitIndex);
            it.matchIndex().ifPresent(row::setMatchIndex);
            it.lag().ifPresent(row::setLag);
            it.heardMillis().ifPresent(row::setHeardMillis);
            row.setDrained(it.drained());
            return row.build();
        }
    }
}
