package io.lispfabric.conformance.bench;

import io.lispfabric.conformance.bench.ResolveBench.Kind;
import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A server in this process does for a while what servers do: it is registered at, subscribed to,
 * publishes and is asked, over the loopback, and keeps all of it on disk. What the JVM learns by
 * that can make later servers start warm (JEP 514, JEP 515).
 */
public final class Rehearsal {
    private static final String SECRET = "a-secret-for-rehearsals-of-32-by";
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int EIDS = 256;
    private static final int SUBSCRIBERS = 64;
    private static final int MOVES_PER_SECOND = 400;
    private static final int QUESTIONS_PER_SECOND = 2_000;

    private Rehearsal() {}

    /**
     * Blocks until it is over, and leaves nothing behind.
     *
     * @param seconds how long xTRs move; the rest takes about half as long
     * @throws IOException when a server cannot run here
     */
    public static void run(double seconds) throws IOException {
        var folder = Files.createTempDirectory("lispctl-rehearsal");
        try (var server = MapServer.start(config(folder), InstantSource.system())) {
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (server.unreadiness().isPresent()) {
                if (System.nanoTime() > end) {
                    throw new IOException("not ready: " + server.unreadiness().get());
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
            var target =
                    new Target(
                            "rehearsal",
                            Kind.LISP,
                            server.lispAddress(),
                            ProcessHandle.current().pid(),
                            EIDS);
            var key =
                    new SharedKey(
                            1,
                            Bytes.of(SECRET.getBytes(StandardCharsets.US_ASCII)),
                            Set.of(Algorithm.HMAC_SHA256_128_HKDF),
                            false,
                            false,
                            false);
            var how = new Registering(key, Optional.empty(), false);
            try (var xtrs = ConvergeBench.open(target, how, new SiteId(0), SUBSCRIBERS)) {
                xtrs.run(MOVES_PER_SECOND, seconds);
            }
            ResolveBench.ask(target, QUESTIONS_PER_SECOND, seconds / 4);
        } finally {
            remove(folder);
        }
    }

    private static ServerConfig config(Path folder) throws IOException {
        Files.writeString(folder.resolve("key"), SECRET);
        var yaml =
                """
                member: rehearsal
                data: data
                lisp: { listen: "127.0.0.1:0", reply-to: source-port, replies-per-second: 1000000 }
                admin: { listen: "off" }
                http: { listen: "off" }
                sites:
                  - name: rehearsal
                    keys: [{ id: 1, secret-file: key }]
                    prefixes: [{ prefix: 172.16.0.0/12, accept-more-specifics: true }]
                """;
        try {
            return ServerConfig.from(Settings.parse(folder.resolve("ms.yaml").toString(), yaml));
        } catch (ConfigException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static void remove(Path folder) throws IOException {
        try (var all = Files.walk(folder)) {
            for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
