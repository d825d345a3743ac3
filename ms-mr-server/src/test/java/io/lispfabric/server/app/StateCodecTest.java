package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.BitKey;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Registrant;
import io.lispfabric.server.core.Registration;
import io.lispfabric.store.Write;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written to the store is what is read from it. */
class StateCodecTest {
    private static Mapping mapping(Eid eid) {
        var receiver = new ReplicationListEntry.Entry(128, Ip.parse("192.0.2.41"));
        var xtr = new XtrIdentity(new XtrId(0, 1), new SiteId(4));
        var registration =
                new Registration(
                        new Registrant("POD-D", Optional.of(xtr), 0),
                        true,
                        true,
                        true,
                        RecordTtl.ONE_DAY,
                        0,
                        List.of(
                                Locator.of(
                                        new Rloc(new ReplicationListEntry(List.of(receiver))),
                                        1,
                                        100)),
                        1000,
                        180,
                        0x8000_0001,
                        255);
        return new Mapping(eid, List.of(registration));
    }

    @ParameterizedTest
    @Rfc("8378 §5.1.2")
    @ValueSource(
            strings = {
                "[1]40.0.0.0/16",
                "[16777215]2001:db8::/65",
                "[7]mac:02:00:00:00:00:07",
                "[100]name:POD-D-AccID-7",
                "[1](*,239.1.1.1)",
                "[1](10.0.0.0/9,239.1.1.1)",
                "[16777215](10.0.0.1,239.1.1.1)",
                "[1](*,ff0e::1)",
                "[1](2001:db8::/65,ff0e::1)",
                "[1](2001:db8::1,ff0e::1)",
                "[1](*,mac:ff:ff:ff:ff:ff:ff)",
                "[1](mac:02:00:00:00:00:07,mac:01:00:5e:01:01:01)"
            })
    void everyKindOfEidIsKeptAndFound(String text) {
        var eid = Eid.parse(text, InstanceId.DEFAULT);
        var mapping = mapping(eid);
        assertThat(mapping.eid()).isEqualTo(eid);

        var put = (Write.Put) StateCodec.row(new Change.MappingSet(mapping));
        var read = StateCodec.change(put.key(), put.value());
        assertThat(read).isEqualTo(new Change.MappingSet(mapping));
        assertThat(MappingSystem.EMPTY.with(read).at(eid)).contains(mapping);
    }

    private static final Registrant XTR =
            new Registrant(
                    "POD-D", Optional.of(new XtrIdentity(new XtrId(0, 1), new SiteId(4))), 0);

    static List<Command> aboutLeases() {
        var eid = Eid.parse("[1]40.0.0.7/32", InstanceId.DEFAULT);
        return List.of(
                new Command.Refresh(
                        -1, XTR, 255, -1, List.of(-1, 0, 7), new Nonce(7), new Nonce(-1)),
                new Command.Pulse(-1),
                new Command.Expire(
                        1, 2, List.of(new Command.Expire.Silent(eid, XTR, -1, Long.MIN_VALUE))));
    }

    @ParameterizedTest
    @MethodSource("aboutLeases")
    void whatTheLogHoldsOfLeasesIsRead(Command command) {
        assertThat(StateCodec.decode(StateCodec.encode(command))).isEqualTo(command);
    }

    static List<Change> ofLeases() {
        return List.of(
                new Change.NonceSet(
                        new BitKey(Bytes.of(new byte[] {1, 2}), 16), new Nonce(-1), 8, -1),
                new Change.PulseSet(-1));
    }

    @ParameterizedTest
    @MethodSource("ofLeases")
    void whatIsStoredOfLeasesIsRead(Change change) {
        var put = (Write.Put) StateCodec.row(change);
        assertThat(StateCodec.change(put.key(), put.value())).isEqualTo(change);
    }

    /** docs/performance.md says so. */
    @Test
    void aMarkIsAsLongHoweverMuchIsRepeated() {
        var mark = new Command.Refresh(1, XTR, 1, 1, List.of(7), new Nonce(2), new Nonce(2));
        assertThat(StateCodec.encode(mark).remaining()).isEqualTo(69);
    }
}
