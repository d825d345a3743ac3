package io.lispfabric.conformance.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.app.VirtualServer;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Map-Registers for a multihoming group, octet by octet (draft-jain §6.1, §6.3). */
class MultihomingTest {
    private static final SharedKey KEY = SharedKey.of(1, Bytes.of(new byte[16]));
    private static final SharedKey FOREIGN =
            SharedKey.of(
                    1,
                    Bytes.of(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}));
    private static final InetSocketAddress SERVER = new InetSocketAddress("198.51.100.1", 4342);
    private static final String ACC_7 = "[1]40.0.0.7/32";

    private final List<byte[]> answers = new ArrayList<>();
    private final VirtualServer server = server();
    private long nonce;

    private VirtualServer server() {
        var podD = site("POD-D", 4, KEY, "40.0.0.0/16");
        var podE = site("POD-E", 5, FOREIGN, "50.0.0.0/16");
        var sites = new Sites(List.of(podD, podE), true);
        var config = ServerConfig.alone("ms", Path.of("nowhere"), SERVER, sites);
        return new VirtualServer(config, () -> Instant.EPOCH, (_, octets) -> answers.add(octets));
    }

    private static Site site(String name, int number, SharedKey key, String prefix) {
        var space = SitePrefix.parse(new InstanceId(1), prefix, true, true);
        return new Site(name, new SiteId(number), List.of(key), List.of(space), true);
    }

    private static XtrIdentity ids(int xtr, int site) {
        return new XtrIdentity(new XtrId(0, xtr), new SiteId(site));
    }

    private byte[] register(Optional<XtrIdentity> ids, boolean merges, SharedKey key, String rloc) {
        var locator = Locator.of(Rloc.of(rloc), 1, 100);
        var record = MappingRecord.of(RecordTtl.ONE_DAY, VirtualXtr.eid(ACC_7), List.of(locator));
        var message =
                new MapRegister(
                        true,
                        false,
                        false,
                        false,
                        merges,
                        true,
                        new Nonce(++nonce),
                        new Authentication(0, 0, Bytes.EMPTY),
                        List.of(record),
                        ids);
        return MessageAuthentication.seal(message, key);
    }

    private void receive(byte[] octets) {
        server.receive(new InetSocketAddress("192.0.2.41", 4342), octets);
    }

    private List<String> group() {
        return server.state().at(VirtualXtr.eid(ACC_7)).stream()
                .flatMap(it -> it.record().locators().stream())
                .map(it -> it.rloc().toString())
                .toList();
    }

    @Rfc("R-091")
    @Rfc("R-100")
    @Rfc("R-104")
    @Test
    void whoDoesNotSayWhichXtrOfThePodItIsDoesNotGetIntoTheGroup() {
        receive(register(Optional.of(ids(1, 4)), true, KEY, "192.0.2.41"));
        receive(register(Optional.of(ids(2, 4)), true, KEY, "192.0.2.42"));
        assertThat(group()).containsExactly("192.0.2.41", "192.0.2.42");
        answers.clear();

        // Without the I-bit there is neither xTR-ID nor Site-ID, whether it asks to be merged or
        // not.
        receive(register(Optional.empty(), true, KEY, "192.0.2.66"));
        assertThat(server.drops("merge_without_id")).isEqualTo(1);
        receive(register(Optional.empty(), false, KEY, "192.0.2.66"));
        assertThat(server.drops("prefix_conflict")).isEqualTo(1);

        // With the I-bit, but no xTR-ID.
        receive(register(Optional.of(ids(0, 4)), true, KEY, "192.0.2.66"));
        assertThat(server.drops("merge_without_id")).isEqualTo(2);

        // With the I-bit and no Site-ID, the one of another PoD, and one that nobody has.
        receive(register(Optional.of(ids(3, 0)), true, KEY, "192.0.2.66"));
        receive(register(Optional.of(ids(3, 5)), true, KEY, "192.0.2.66"));
        receive(register(Optional.of(ids(3, 6)), true, KEY, "192.0.2.66"));
        assertThat(server.drops("no_such_site")).isEqualTo(2);
        assertThat(server.drops("bad_authentication")).isEqualTo(1);
        receive(register(Optional.of(ids(3, 5)), true, FOREIGN, "192.0.2.66"));
        assertThat(server.drops("prefix_not_allowed")).isEqualTo(1);

        assertThat(group()).containsExactly("192.0.2.41", "192.0.2.42");
        assertThat(answers).isEmpty();
    }
}
