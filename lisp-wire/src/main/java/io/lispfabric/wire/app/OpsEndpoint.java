package io.lispfabric.wire.app;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * What those who run a program look at: {@code /metrics} for Prometheus, {@code /livez} and {@code
 * /readyz} for whoever restarts it or sends it traffic. It answers GET and HEAD and changes
 * nothing.
 */
public final class OpsEndpoint implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    static {
        // Whoever opens connections and says nothing must not keep the next one from being heard.
        // The JDK reads these once.
        System.setProperty("sun.net.httpserver.maxReqTime", "5");
        System.setProperty("jdk.httpserver.maxConnections", "256");
    }

    /**
     * Starts listening.
     *
     * @param live why the program is beyond help; empty while it is not
     * @param ready why no traffic should come here now; empty when it may
     * @param caveat what is not as it should be although traffic may come; empty if all is well
     * @throws IOException when the address cannot be bound, naming it
     */
    public OpsEndpoint(
            InetSocketAddress listen,
            CollectorRegistry metrics,
            Supplier<Optional<String>> live,
            Supplier<Optional<String>> ready,
            Supplier<Optional<String>> caveat)
            throws IOException {
        try {
            server = HttpServer.create(listen, 16);
        } catch (IOException e) {
            threads.shutdownNow();
            throw new IOException(
                    "cannot bind HTTP TCP "
                            + listen.getAddress().getHostAddress()
                            + ":"
                            + listen.getPort()
                            + ": "
                            + e.getMessage(),
                    e);
        }
        server.setExecutor(threads);
        server.createContext(
                "/metrics",
                exchange -> answer(exchange, 200, TextFormat.CONTENT_TYPE_004, text(metrics)));
        server.createContext("/livez", exchange -> verdict(exchange, live.get(), Optional.empty()));
        server.createContext("/readyz", exchange -> verdict(exchange, ready.get(), caveat.get()));
        server.createContext("/", exchange -> answer(exchange, 404, PLAIN, "not found\n"));
        server.start();
    }

    private static final String PLAIN = "text/plain; charset=utf-8";

    public InetSocketAddress address() {
        return server.getAddress();
    }

    private static String text(CollectorRegistry metrics) throws IOException {
        var out = new StringWriter();
        TextFormat.write004(out, metrics.metricFamilySamples());
        return out.toString();
    }

    private static void verdict(
            HttpExchange exchange, Optional<String> problem, Optional<String> caveat)
            throws IOException {
        var well = caveat.map(it -> "ok, but " + it).orElse("ok");
        answer(exchange, problem.isPresent() ? 503 : 200, PLAIN, problem.orElse(well) + "\n");
    }

    private static void answer(HttpExchange exchange, int status, String type, String body)
            throws IOException {
        // The server takes whatever begins so.
        var path = exchange.getHttpContext().getPath();
        if (status != 404 && !exchange.getRequestURI().getPath().equals(path)) {
            answer(exchange, 404, PLAIN, "not found\n");
            return;
        }
        try (exchange) {
            boolean head = exchange.getRequestMethod().equals("HEAD");
            if (!head && !exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                exchange.sendResponseHeaders(405, -1);
                return;
            }
            var octets = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, head ? -1 : octets.length);
            if (!head) {
                exchange.getResponseBody().write(octets);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
