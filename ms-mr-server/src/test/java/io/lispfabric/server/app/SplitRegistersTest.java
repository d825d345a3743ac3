package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.store.LogPosition;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.udp.Datagram;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a member makes of messages about EIDs of two groups (ADR 13), between socket and logs. */
class SplitRegistersTest {
    private static final InetSocketAddress XTR = new InetSocketAddress("192.0.2.1", 4342);

    /** Of group 2, and of group 1. */
    private static final Eid ONE = Eid.of(1, "40.0.0.1");

    private static final Eid TWO = Eid.of(2, "40.0.0.2");

    private static final XtrIdentity XTR_1 = new XtrIdentity(new XtrId(0, 1), new SiteId(4));

    private static final ServerConfig CONFIG =
            ServerConfig.alone(
                            "ms",
                            Path.of("nowhere"),
                            new InetSocketAddress(ServerConfig.LISP_PORT),
                            new Sites(
                                    List.of(
                                            new Site(
                                                    "POD-D",
                                                    new SiteId(4),
                                                    List.of(ClusterSim.KEY),
                                                    Stream.of(1, 2)
                                                            .map(it ->
                                                                    SitePrefix.parse(
                                                                            new InstanceId(it),
                                                                            "40.0.0.0/16",
                                                                            true,
                                                                            false))
                                                            .toList(),
                                                    true)),
                                    false))
                    .shardedTo(2);

    /** One group: its log is a list that comes back when the test says so. */
    private static final class Group {
        private final List<Effect> released = new ArrayList<>();
        private final List<Command> submitted = new ArrayList<>();
        private long index;
        private final MappingLog mappings =
                new MappingLog(
                        new MappingLog.Released() {
                            @Override
                            public void onEffects(List<Effect> effects) {
                                released.addAll(effects);
                            }

                            @Override
                            public void onLeadership(boolean leads) {}
                        });

        private CompletableFuture<?> submit(ByteBuffer octets) {
            submitted.add(StateCodec.decode(octets));
            return new CompletableFuture<>();
        }
    }

    private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
    private final ServerMetrics metrics = new ServerMetrics();
    private final List<Group> groups = List.of(new Group(), new Group());
    private final List<MapNotify> notified = new ArrayList<>();
    private final List<MapReply> replied = new ArrayList<>();
    private long steadyMillis;
    private final ControlPlane plane = plane();

    private ControlPlane plane() {
        InstantSource clock = () -> Instant.ofEpochSecond(1_800_000_000);
        var incidents = new Incidents(metrics, clock, _ -> {});
        var outbox = new Outbox(this::send, CONFIG, metrics, incidents);
        return new ControlPlane(
                groups.stream()
                        .map(it ->
                                new Surroundings(
                                        CONFIG,
                                        it.mappings,
                                        it::submit,
                                        outbox,
                                        metrics,
                                        incidents,
                                        new LocalAddresses(),
                                        clock,
                                        () -> steadyMillis,
                                        loop::add,
                                        7,
                                        () -> true))
                        .toList());
    }

    private void send(InetSocketAddress to, ByteBuffer octets) {
        switch (LispCodec.decode(octets)) {
            case Decoded.Message(MapNotify notify) -> notified.add(notify);
            case Decoded.Message(MapReply reply) -> replied.add(reply);
            case Decoded other -> throw new AssertionError(other);
        }
    }

    @BeforeEach
    void bothAreLed() throws Exception {
        for (int i = 0; i < groups.size(); i++) {
            groups.get(i).mappings.load(_ -> {});
            plane.lead(i, true);
        }
    }

    private static MapRegister register(long nonce, int weight, Eid... eids) {
        return new MapRegister(
                true,
                false,
                false,
                false,
                true,
                true,
                new Nonce(nonce),
                new Authentication(0, 0, Bytes.EMPTY),
                Stream.of(eids)
                        .map(eid ->
                                MappingRecord.of(
                                        RecordTtl.ONE_DAY,
                                        eid,
                                        List.of(
                                                Locator.of(
                                                        new Rloc(Ip.parse("192.0.2.1")),
                                                        1,
                                                        weight))))
                        .toList(),
                Optional.of(XTR_1));
    }

    private void says(long nonce, int weight, Eid... eids) {
        receive(MessageAuthentication.seal(register(nonce, weight, eids), ClusterSim.KEY));
    }

    private void receive(byte[] octets) {
        plane.receive(new Datagram(XTR, ByteBuffer.wrap(octets)));
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
    }

    /** What waits in the log of a group, from 0, is committed. */
    private List<Command> commit(int group) {
        var it = groups.get(group);
        var those = List.copyOf(it.submitted);
        it.submitted.clear();
        for (var command : those) {
            it.mappings
                    .apply(new LogPosition(1, it.index++), StateCodec.encode(command))
                    .release()
                    .run();
        }
        var effects = List.copyOf(it.released);
        it.released.clear();
        plane.release(group, effects);
        return those;
    }

    /** What a group is asked to take that is lost on the way. */
    private void lose(int group) {
        groups.get(group).submitted.clear();
    }

    private static List<Eid> eids(MapNotify notify) {
        return notify.records().stream().map(MappingRecord::eid).toList();
    }

    private List<Eid> registered(int group) {
        var all = new ArrayList<Eid>();
        groups.get(group).mappings.current().mappings().forEach((_, it) -> all.add(it.eid()));
        return all;
    }

    @Test
    @Rfc("9301 §5.6")
    void aMapRegisterForSeveralGroupsIsAnsweredOnceAllHaveTakenTheirs() {
        says(1, 100, ONE, TWO);
        assertThat(groups).allSatisfy(it -> assertThat(it.submitted).hasSize(1));
        commit(1);
        assertThat(notified).isEmpty();
        commit(0);
        assertThat(notified).hasSize(1);
        assertThat(eids(notified.getFirst())).containsExactly(ONE, TWO);
        assertThat(notified.getFirst().nonce()).isEqualTo(new Nonce(1));
        assertThat(registered(0)).containsExactly(TWO);
        assertThat(registered(1)).containsExactly(ONE);
    }

    @Test
    @Rfc("9301 §5.6")
    void whatOneGroupHasNotTakenIsNotAcknowledgedAndTakenWhenItComesAgain() {
        says(1, 100, ONE, TWO);
        commit(0);
        lose(1);
        assertThat(notified).isEmpty();

        // The very same again: one group has it, and the other has seen nothing of it.
        says(1, 100, ONE, TWO);
        assertThat(groups.getFirst().submitted).isEmpty();
        commit(1);
        assertThat(notified).hasSize(1);
        assertThat(eids(notified.getFirst())).containsExactly(ONE, TWO);

        // Now both have.
        says(1, 100, ONE, TWO);
        assertThat(groups).allSatisfy(it -> assertThat(it.submitted).isEmpty());
        assertThat(metrics.drops(Drop.REPLAYED)).isEqualTo(1);
    }

    /** The next nonce does it too, as RFC 9301 has it. */
    @Test
    @Rfc("9301 §5.6")
    void theNextTryIsTakenByAll() {
        says(1, 100, ONE, TWO);
        commit(0);
        lose(1);
        says(2, 100, ONE, TWO);
        commit(1);
        assertThat(notified).isEmpty();
        commit(0);
        assertThat(notified).singleElement().matches(it -> it.nonce().equals(new Nonce(2)));
    }

    /** It was overtaken by another about another EID of the group, which so never takes it. */
    @Test
    @Rfc("9301 §5.6")
    void whatAGroupHasNotTakenOfAMapRegisterThatWasOvertakenIsNotAcknowledged() {
        var early = MessageAuthentication.seal(register(5, 100, ONE, TWO), ClusterSim.KEY);
        says(6, 100, Eid.of(2, "40.0.0.3"));
        commit(0);
        notified.clear();
        receive(early);
        assertThat(groups.getFirst().submitted).isEmpty();
        commit(1);
        assertThat(registered(1)).containsExactly(ONE);
        assertThat(notified).isEmpty();
        says(7, 100, ONE, TWO);
        commit(0);
        commit(1);
        assertThat(notified)
                .singleElement()
                .matches(it -> it.nonce().equals(new Nonce(7)) && eids(it).contains(TWO));
    }

    @Test
    @Rfc("9301 §5.6")
    void aPartThatIsTakenAfterTheMapRegisterWasGivenUpIsNotAcknowledgedAlone() {
        says(1, 100, ONE, TWO);
        commit(0);
        steadyMillis += 10_001;
        says(2, 100, ONE, TWO);
        commit(1);
        assertThat(notified).isEmpty();
        commit(0);
        assertThat(notified).singleElement().matches(it -> it.nonce().equals(new Nonce(2)));
    }

    @Test
    @Rfc("9301 §5.6")
    void whileTooManyWaitForAGroupThatTakesNothingNoMoreAreTaken() {
        IntStream.range(0, 4_096)
                .forEach(it -> {
                    var address = "40.0." + it / 256 + "." + it % 256;
                    says(it + 1, 100, Eid.of(1, address), Eid.of(2, address));
                });
        assertThat(metrics.drops(Drop.LOG_UNAVAILABLE)).isZero();
        says(5_000, 100, Eid.of(1, "40.0.100.1"), Eid.of(2, "40.0.100.1"));
        assertThat(metrics.drops(Drop.LOG_UNAVAILABLE)).isEqualTo(1);
        // What is about one group alone waits for no other.
        says(5_001, 100, Eid.of(1, "40.0.100.1"));
        assertThat(commit(1)).hasSize(4_097);
        assertThat(notified).singleElement().matches(it -> it.nonce().equals(new Nonce(5_001)));
        notified.clear();
        commit(0);
        assertThat(notified).hasSize(4_096).allMatch(it -> it.records().size() == 2);

        lose(0);
        says(6_000, 100, Eid.of(1, "40.0.100.1"), Eid.of(2, "40.0.100.1"));
        assertThat(groups.getFirst().submitted).hasSize(1);
    }

    @Test
    @Rfc("9301 §5.6")
    void anOldMapRegisterPlayedAgainUndoesNothingInAnyGroup() {
        var old = MessageAuthentication.seal(register(1, 1, ONE, TWO), ClusterSim.KEY);
        receive(old);
        commit(0);
        commit(1);
        says(2, 100, ONE);
        says(3, 100, TWO);
        commit(0);
        commit(1);
        var after = groups.stream().map(it -> it.mappings.current()).toList();
        notified.clear();
        receive(old);
        IntStream.range(0, 2).forEach(this::commit);
        assertThat(notified).isEmpty();
        assertThat(groups.stream().map(it -> it.mappings.current()).toList()).isEqualTo(after);
    }

    @Test
    @Rfc("9301 §9")
    void whatMayNotBeRegisteredDoesNotKeepTheOthersFromTheirAnswer() {
        says(1, 100, ONE, Eid.of(2, "50.0.0.1"));
        assertThat(groups.getFirst().submitted).isEmpty();
        commit(1);
        assertThat(notified).singleElement().matches(it -> eids(it).equals(List.of(ONE)));
    }

    /** A registration that the log finds to be another site's leaves no trace but its absence. */
    @Test
    @Rfc("9301 §9")
    void aGroupThatTakesNothingOfItIsNotWaitedFor() {
        var group = Eid.of(2, "40.0.0.0/16");
        says(1, 100, group);
        commit(0);
        var without =
                new MapRegister(
                        true,
                        false,
                        false,
                        false,
                        false,
                        true,
                        new Nonce(9),
                        new Authentication(0, 0, Bytes.EMPTY),
                        register(9, 50, group, ONE).records(),
                        Optional.empty());
        notified.clear();
        receive(MessageAuthentication.seal(without, ClusterSim.KEY));
        commit(0);
        assertThat(notified).isEmpty();
        commit(1);
        assertThat(metrics.drops(Drop.PREFIX_CONFLICT)).isEqualTo(1);
        assertThat(notified).singleElement().matches(it -> eids(it).equals(List.of(ONE)));
    }

    @Test
    @Rfc("9301 §8.2")
    void aRefreshLeavesAMarkInEachGroup() {
        says(1, 100, ONE, TWO);
        commit(0);
        commit(1);
        notified.clear();
        says(2, 100, ONE, TWO);
        assertThat(commit(0)).singleElement().isInstanceOf(Command.Refresh.class);
        assertThat(notified).isEmpty();
        assertThat(commit(1)).singleElement().isInstanceOf(Command.Refresh.class);
        assertThat(notified).singleElement().matches(it -> eids(it).equals(List.of(ONE, TWO)));
    }

    @Test
    @Rfc("9437 §5")
    void whatIsAskedAndAcknowledgedIsAMatterOfTheGroupOfItsEid() {
        says(1, 100, ONE, TWO);
        commit(0);
        commit(1);
        notified.clear();
        var both =
                new MapRequest(
                        false,
                        false,
                        false,
                        false,
                        false,
                        false,
                        false,
                        new Nonce(5),
                        Optional.empty(),
                        List.of(Ip.parse("192.0.2.1")),
                        List.of(new MapRequest.Asked(true, ONE), new MapRequest.Asked(false, TWO)),
                        Optional.empty(),
                        Optional.of(XTR_1));
        receive(LispCodec.encode(both));
        assertThat(replied)
                .singleElement()
                .matches(it -> it.records().getFirst().eid().equals(TWO));
        assertThat(groups.getFirst().submitted).isEmpty();
        commit(1);
        var told = notified.getFirst();
        assertThat(eids(told)).containsExactly(ONE);
        var ack =
                new MapNotifyAck(
                        told.nonce(),
                        new Authentication(0, 0, Bytes.EMPTY),
                        told.records(),
                        Optional.empty());
        receive(MessageAuthentication.seal(ack, ClusterSim.KEY));
        plane.publish();
        assertThat(groups.getFirst().submitted).isEmpty();
        commit(1);
        assertThat(groups.get(1).mappings.current().subscriptions()).hasSize(1);
        assertThat(groups.get(0).mappings.current().subscriptions()).isEmpty();
    }
}
