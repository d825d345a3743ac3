package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much a Map-Server says, and what it does not believe. */
class MapServerLimitsTest {
    private static final String SECRET = "0123456789abcdef";

    private static final SharedKey KEY =
            SharedKey.of(1, Bytes.of(SECRET.getBytes(StandardCharsets.US_ASCII)));

    private static final XtrIdentity D1 = new XtrIdentity(new XtrId(0, 0xd1), new SiteId(4));

    @TempDir Path folder;

    /** A server whose clock stands still. */
    private MapServer start(int repliesPerSecond) throws IOException, ConfigException {
        Files.writeString(folder.resolve("key"), SECRET);
        var settings =
                """
                member: ms-0
                data: %s
                lisp: { listen: "127.0.0.1:0", replies-per-second: %d }
                sites:
                  - name: pod-d
                    site-id: 4
                    keys: [ { id: 1, secret-file: key } ]
                    prefixes: [ { iid: 1, prefix: 40.0.0.0/16, accept-more-specifics: true } ]
                """
                        .formatted(folder.resolve("data"), repliesPerSecond);
        return Awaiting.ready(
                MapServer.start(
                        ServerConfig.load(Files.writeString(folder.resolve("ms.yaml"), settings)),
                        InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z"))));
    }

    private static Xtr xtr(MapServer server) throws IOException {
        return new Xtr(server.lispAddress(), KEY, D1, new Nonce(1));
    }

    @Test
    @Rfc("9301 §5.4")
    @Rfc("9301 §7")
    void noMoreMapRepliesGoToOneAddressThanAreAllowed() throws Exception {
        try (var server = start(5);
                var d1 = xtr(server)) {
            for (int i = 0; i < 30; i++) {
                d1.send(d1.query(Eid.of(1, "40.0.0." + i)));
            }
            // Two seconds' worth at once, and no more, since no time passes.
            Awaiting.until(() -> server.drops("rate_limited") == 20);
            var answered = new HashSet<Nonce>();
            for (int i = 0; i < 10; i++) {
                answered.add(d1.replied().nonce());
            }
            assertThat(answered).hasSize(10);
            assertThat(d1.heard(200)).isEmpty();
        }
    }

    @Test
    @Rfc("9301 §5.4")
    void aLocatorThatIsNoUnicastAddressIsNotRegistered() throws Exception {
        try (var server = start(1000);
                var d1 = xtr(server)) {
            var bad = List.of("255.255.255.255", "224.0.0.1", "239.1.1.1", "ff02::1", "0.0.0.0");
            for (int i = 0; i < bad.size(); i++) {
                var eid = Eid.of(1, "40.0.1." + i);
                d1.send(d1.sealed(d1.register(eid, bad.get(i), RecordTtl.ONE_DAY)));
            }
            d1.registered(Eid.of(1, "40.0.0.7"), "192.0.2.13", RecordTtl.ONE_DAY);
            assertThat(server.drops("bad_locator")).isEqualTo(bad.size());
            assertThat(server.state().mappings().size()).isEqualTo(1);
        }
    }
}
