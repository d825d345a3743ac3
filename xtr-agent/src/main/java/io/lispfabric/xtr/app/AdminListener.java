package io.lispfabric.xtr.app;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.StreamObserver;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.app.GrpcLog;
import io.lispfabric.xtr.api.AgentServiceGrpc;
import io.lispfabric.xtr.api.DatabaseEntry;
import io.lispfabric.xtr.api.GetCountersRequest;
import io.lispfabric.xtr.api.GetCountersResponse;
import io.lispfabric.xtr.api.GetDatabaseRequest;
import io.lispfabric.xtr.api.GetDatabaseResponse;
import io.lispfabric.xtr.api.GetMapCacheRequest;
import io.lispfabric.xtr.api.GetMapCacheResponse;
import io.lispfabric.xtr.api.MapCacheEntry;
import io.lispfabric.xtr.api.XtrLocator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The agent's gRPC, with health and reflection. It only shows; nothing can be changed by it. */
final class AdminListener implements AutoCloseable {
    private final Server server;

    private AdminListener(Server server) {
        this.server = server;
    }

    static AdminListener open(XtrAgent agent, InetSocketAddress address) throws IOException {
        GrpcLog.quieten();
        var health = new HealthStatusManager();
        health.setStatus(AgentServiceGrpc.SERVICE_NAME, ServingStatus.SERVING);
        var server =
                NettyServerBuilder.forAddress(address)
                        .addService(new Service(agent))
                        .addService(health.getHealthService())
                        .addService(ProtoReflectionServiceV1.newInstance())
                        .build();
        try {
            return new AdminListener(server.start());
        } catch (IOException e) {
            throw new IOException(
                    "cannot bind gRPC "
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + ": "
                            + reason(e),
                    e);
        }
    }

    /** The last word on why something failed, which is the machine's own. */
    private static String reason(Throwable failure) {
        var last = failure;
        for (var cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            last = cause;
        }
        var message = last.getMessage();
        return message == null ? last.getClass().getSimpleName() : message;
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(3, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Service extends AgentServiceGrpc.AgentServiceImplBase {
        private final XtrAgent agent;

        Service(XtrAgent agent) {
            this.agent = agent;
        }

        @Override
        public void getMapCache(
                GetMapCacheRequest request, StreamObserver<GetMapCacheResponse> observer) {
            var response = GetMapCacheResponse.newBuilder();
            agent.mapCache().stream()
                    .filter(it -> isOf(request.getDomain(), it.domain()))
                    .forEach(it -> response.addEntries(entry(it)));
            observer.onNext(response.build());
            observer.onCompleted();
        }

        @Override
        public void getDatabase(
                GetDatabaseRequest request, StreamObserver<GetDatabaseResponse> observer) {
            var response = GetDatabaseResponse.newBuilder();
            agent.database().stream()
                    .filter(it -> isOf(request.getDomain(), it.domain()))
                    .forEach(it -> response.addEntries(entry(it)));
            observer.onNext(response.build());
            observer.onCompleted();
        }

        @Override
        public void getCounters(
                GetCountersRequest request, StreamObserver<GetCountersResponse> observer) {
            observer.onNext(
                    GetCountersResponse.newBuilder().putAllCounters(agent.counters()).build());
            observer.onCompleted();
        }

        private static boolean isOf(String asked, String domain) {
            return asked.isEmpty() || asked.equals(domain);
        }

        private static MapCacheEntry entry(CachedMapping it) {
            var entry =
                    MapCacheEntry.newBuilder()
                            .setDomain(it.domain())
                            .setEid(it.record().eid().toString())
                            .setState(it.state())
                            .setAction(it.record().action().label())
                            .setTtlMinutes(it.record().ttl().minutes())
                            .setAgeMillis(Math.max(0, it.age().toMillis()))
                            .setRemainingMillis(Math.max(0, it.remaining().toMillis()))
                            .setSubscribed(it.subscribed())
                            .setCause(it.cause().label());
            it.record().locators().forEach(locator -> entry.addLocators(locator(locator)));
            return entry.build();
        }

        private static DatabaseEntry entry(LocalMapping it) {
            var entry =
                    DatabaseEntry.newBuilder()
                            .setDomain(it.domain())
                            .setEid(it.eid().toString())
                            .setAttachment(it.attachment().orElse(""))
                            .setState(it.state().name().toLowerCase(Locale.ROOT));
            it.merged().forEach(locator -> entry.addMerged(locator(locator)));
            return entry.build();
        }

        private static XtrLocator locator(Locator it) {
            return XtrLocator.newBuilder()
                    .setRloc(it.rloc().toString())
                    .setPriority(it.priority())
                    .setWeight(it.weight())
                    .setReachable(it.reachable())
                    .build();
        }
    }
}
