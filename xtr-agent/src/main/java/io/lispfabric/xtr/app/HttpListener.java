package io.lispfabric.xtr.app;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** {@code /metrics} for Prometheus, {@code /livez} and {@code /readyz} for whoever restarts us. */
final class HttpListener implements AutoCloseable {
    private static final String TEXT = "text/plain; charset=utf-8";

    private final HttpServer server;
    private final ExecutorService threads;

    private HttpListener(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    static HttpListener open(XtrAgent agent, InetSocketAddress address) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException(
                    "cannot bind HTTP "
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + ": "
                            + reason(e),
                    e);
        }
        var registry = new CollectorRegistry();
        registry.register(new Metrics(agent));
        server.createContext("/metrics", it -> answer(it, 200, metrics(registry)));
        server.createContext(
                "/livez",
                it -> answer(it, agent.isAlive() ? 200 : 503, agent.isAlive() ? "ok" : "stuck"));
        server.createContext(
                "/readyz",
                it -> {
                    var reason = agent.notReady();
                    answer(it, reason.isEmpty() ? 200 : 503, reason.orElse("ok"));
                });
        var threads =
                Executors.newFixedThreadPool(
                        2, Thread.ofPlatform().daemon().name("xtr-http-", 0).factory());
        server.setExecutor(threads);
        server.start();
        return new HttpListener(server, threads);
    }

    /** The last word on why something failed, which is the machine's own. */
    static String reason(Throwable failure) {
        var last = failure;
        for (var cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            last = cause;
        }
        var message = last.getMessage();
        return message == null ? last.getClass().getSimpleName() : message;
    }

    private static String metrics(CollectorRegistry registry) throws IOException {
        var out = new StringWriter();
        TextFormat.write004(out, registry.metricFamilySamples());
        return out.toString();
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.sendResponseHeaders(405, -1);
                return;
            }
            var octets = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders()
                    .set(
                            "Content-Type",
                            exchange.getHttpContext().getPath().equals("/metrics")
                                    ? TextFormat.CONTENT_TYPE_004
                                    : TEXT);
            exchange.sendResponseHeaders(status, octets.length);
            exchange.getResponseBody().write(octets);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    /** Reads the agent's counters when they are asked for. No EID and no nonce is ever a label. */
    private static final class Metrics extends Collector {
        private final XtrAgent agent;

        Metrics(XtrAgent agent) {
            this.agent = agent;
        }

        @Override
        public List<MetricFamilySamples> collect() {
            var counters = agent.counted();
            var families = new ArrayList<MetricFamilySamples>();
            var events =
                    new CounterMetricFamily(
                            "lisp_xtr_events", "What the xTR has done.", List.of("event"));
            for (var count : Count.values()) {
                events.addMetric(List.of(count.label()), counters.of(count));
            }
            families.add(events);
            var drops =
                    new CounterMetricFamily(
                            "lisp_xtr_dropped",
                            "What the xTR has dropped, by reason.",
                            List.of("reason"));
            for (var drop : Drop.values()) {
                drops.addMetric(List.of(drop.label()), counters.of(drop));
            }
            families.add(drops);
            var malformed =
                    new CounterMetricFamily(
                            "lisp_xtr_malformed_messages",
                            "Control messages that are none, by flaw.",
                            List.of("flaw"));
            for (var flaw : Flaw.values()) {
                malformed.addMetric(List.of(flaw.label()), counters.of(flaw));
            }
            families.add(malformed);
            families.add(
                    new CounterMetricFamily(
                            "lisp_xtr_unsent_datagrams",
                            "Datagrams that the kernel refused to send.",
                            agent.unsent()));
            var cache = agent.mapCache();
            families.add(
                    new GaugeMetricFamily(
                            "lisp_xtr_map_cache_entries", "Mappings in cache.", cache.size()));
            var database = agent.database();
            families.add(
                    new GaugeMetricFamily(
                            "lisp_xtr_database_entries",
                            "EIDs of the local database.",
                            database.size()));
            families.add(
                    new GaugeMetricFamily(
                            "lisp_xtr_registered_entries",
                            "EIDs of the local database that are confirmed.",
                            database.stream().filter(LocalMapping::confirmed).count()));
            return families;
        }
    }
}
