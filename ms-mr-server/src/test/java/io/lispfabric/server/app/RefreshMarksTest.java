package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.store.LogPosition;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.Datagram;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a member makes of Map-Registers that say nothing new (ADR 12), between socket and log. */
class RefreshMarksTest {
    private static final InetSocketAddress XTR = new InetSocketAddress("192.0.2.1", 4342);
    private static final InstanceId IID = new InstanceId(1);
    private static final String ONE = "40.0.0.1/32";
    private static final String TWO = "40.0.0.2/32";
    private static final String THREE = "40.0.0.3/32";

    private final List<Effect> released = new ArrayList<>();
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

    private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
    private final List<Command> submitted = new ArrayList<>();
    private final ArrayDeque<CompletableFuture<Boolean>> underWay = new ArrayDeque<>();
    private final List<Nonce> notified = new ArrayList<>();
    private final ServerMetrics metrics = new ServerMetrics();
    private final ControlPlane plane = plane();
    private long index;
    private long manyNonce = 1_000;
    private long steadyMillis;
    private boolean broken;

    private ControlPlane plane() {
        InstantSource clock = () -> Instant.ofEpochSecond(1_800_000_000);
        var incidents = new Incidents(metrics, clock, _ -> {});
        return new ControlPlane(
                List.of(
                        new Surroundings(
                                ClusterSim.CONFIG,
                                mappings,
                                this::submit,
                                new Outbox(this::send, ClusterSim.CONFIG, metrics, incidents),
                                metrics,
                                incidents,
                                new LocalAddresses(),
                                clock,
                                () -> steadyMillis,
                                loop::add,
                                7,
                                () -> true)));
    }

    private CompletableFuture<?> submit(ByteBuffer octets) {
        if (broken) {
            throw new IllegalStateException("closed");
        }
        submitted.add(StateCodec.decode(octets));
        var answer = new CompletableFuture<Boolean>();
        underWay.add(answer);
        return answer;
    }

    private void send(InetSocketAddress to, ByteBuffer octets) {
        if (LispCodec.decode(octets) instanceof Decoded.Message(MapNotify notify)) {
            notified.add(notify.nonce());
        }
    }

    /** An xTR says this; what is read with it is read together. */
    private void says(int xtr, long nonce, boolean merges, String eid, int weight) {
        var locator = Locator.of(new Rloc(Ip.parse("192.0.2." + xtr)), 1, weight);
        var register =
                new MapRegister(
                        true,
                        false,
                        false,
                        false,
                        merges,
                        true,
                        new Nonce(nonce),
                        new Authentication(0, 0, Bytes.EMPTY),
                        List.of(
                                MappingRecord.of(
                                        RecordTtl.ONE_DAY, Eid.parse(eid, IID), List.of(locator))),
                        Optional.of(new XtrIdentity(new XtrId(0, xtr), new SiteId(4))));
        var octets = MessageAuthentication.seal(register, ClusterSim.KEY);
        plane.receive(new Datagram(XTR, ByteBuffer.wrap(octets)));
    }

    private void says(long nonce, String eid) {
        says(1, nonce, true, eid, 100);
    }

    /** An xTR registers so many EIDs at once, each for the first time. */
    private void saysMany(int xtr, long site, SharedKey key, String prefix, int count) {
        var locators = List.of(Locator.of(new Rloc(Ip.parse("192.0.2." + xtr)), 1, 100));
        var records = new ArrayList<MappingRecord>();
        for (int i = 0; i < count; i++) {
            var eid = Eid.parse(prefix + "." + i % 256 + "/32", IID);
            records.add(MappingRecord.of(RecordTtl.ONE_DAY, eid, locators));
        }
        var register =
                new MapRegister(
                        true,
                        false,
                        false,
                        false,
                        true,
                        true,
                        new Nonce(++manyNonce),
                        new Authentication(0, 0, Bytes.EMPTY),
                        records,
                        Optional.of(new XtrIdentity(new XtrId(0, xtr), new SiteId(site))));
        plane.receive(
                new Datagram(XTR, ByteBuffer.wrap(MessageAuthentication.seal(register, key))));
    }

    /** All that was read is handled; returns what went to the log, which has not come back yet. */
    private List<Command> handOn() {
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
        var those = List.copyOf(submitted);
        submitted.clear();
        return those;
    }

    private void commit(List<Command> commands) {
        for (var command : commands) {
            mappings.apply(new LogPosition(1, index++), StateCodec.encode(command)).release().run();
        }
        var effects = List.copyOf(released);
        released.clear();
        plane.release(0, effects);
    }

    @BeforeEach
    void anXtrRegistersThreeEids() {
        says(1, ONE);
        says(2, TWO);
        says(3, THREE);
        commit(handOn());
        assertThat(notified).containsExactly(new Nonce(1), new Nonce(2), new Nonce(3));
        notified.clear();
    }

    @Rfc("9301 §5.6")
    @Test
    void whatAnXtrRepeatsTogetherIsOneMarkAndAnsweredEach() {
        says(4, ONE);
        says(5, TWO);
        says(6, THREE);
        var commands = handOn();
        assertThat(commands)
                .singleElement()
                .isInstanceOfSatisfying(
                        Command.Refresh.class,
                        it -> {
                            assertThat(it.first()).isEqualTo(new Nonce(4));
                            assertThat(it.nonce()).isEqualTo(new Nonce(6));
                            assertThat(it.leases()).hasSize(3);
                        });
        assertThat(notified).isEmpty();
        commit(commands);
        assertThat(notified).containsExactly(new Nonce(4), new Nonce(5), new Nonce(6));
        assertThat(metrics.registry().getSampleValue("lisp_refreshes_total")).isEqualTo(3);
        assertThat(metrics.registry().getSampleValue("lisp_refresh_marks_total")).isEqualTo(1);
    }

    @Test
    void whatComesLaterIsInTheLogLater() {
        says(4, ONE);
        says(1, 5, true, TWO, 7);
        says(6, THREE);
        var commands = handOn();
        assertThat(commands).hasSize(3);
        assertThat(commands.get(0)).isInstanceOf(Command.Refresh.class);
        assertThat(commands.get(1)).isInstanceOf(Command.Register.class);
        commit(commands);
        // The change has made the second mark unfit, so that the whole Map-Register follows.
        commit(handOn());
        assertThat(notified).containsExactly(new Nonce(4), new Nonce(5), new Nonce(6));
    }

    /** An old packet must not be covered by a mark for a newer one. */
    @Rfc("9301 §5.6")
    @Test
    void whatComesWithALesserNonceIsRefused() {
        says(5, ONE);
        says(4, TWO);
        commit(handOn());
        assertThat(notified).containsExactly(new Nonce(5));
        assertThat(metrics.drops(Drop.REPLAYED)).isEqualTo(1);
    }

    @Test
    void aMarkThatComesTooLateIsFollowedByAllThatItStoodFor() {
        says(4, ONE);
        says(5, TWO);
        var mark = handOn();
        // Another xTR of the site takes the EID over.
        says(2, 1, false, ONE, 100);
        commit(handOn());
        notified.clear();
        commit(mark);
        assertThat(notified).isEmpty();
        commit(handOn());
        assertThat(notified).containsExactly(new Nonce(4), new Nonce(5));
    }

    /** Whoever learns all that anybody may send still learns nothing that works a second time. */
    @Rfc("9301 §5.6")
    @Test
    void aMarkedMapRegisterIsRefusedWhenItComesAgain() {
        says(4, ONE);
        commit(handOn());
        notified.clear();
        says(4, ONE);
        commit(handOn());
        assertThat(notified).isEmpty();
        assertThat(metrics.drops(Drop.REPLAYED)).isEqualTo(1);
    }

    /** What one site has on its way through the log must not hold up what the others say. */
    @Test
    void aSiteWithTooMuchOnItsWayThroughTheLogIsRefusedAndOthersGoOn() {
        underWay.forEach(it -> it.complete(true));
        underWay.clear();
        for (int i = 0; i < 16; i++) {
            saysMany(2, 4, ClusterSim.KEY, "40.0." + (100 + i), 255);
        }
        assertThat(handOn()).hasSize(16);
        assertThat(metrics.drops(Drop.SITE_BUSY)).isZero();

        saysMany(2, 4, ClusterSim.KEY, "40.0.200", 17);
        assertThat(handOn()).isEmpty();
        assertThat(metrics.drops(Drop.SITE_BUSY)).isEqualTo(1);
        saysMany(2, 4, ClusterSim.KEY, "40.0.200", 16);
        assertThat(handOn()).as("4,096 in all").hasSize(1);
        saysMany(9, 5, ClusterSim.OLD_KEY, "41.0.0", 100);
        assertThat(handOn()).as("another site").hasSize(1);

        // Committed or not going to be: either way there is room again.
        underWay.remove().complete(true);
        underWay.remove().completeExceptionally(new IllegalStateException("no majority"));
        saysMany(2, 4, ClusterSim.KEY, "40.0.201", 255);
        saysMany(2, 4, ClusterSim.KEY, "40.0.202", 255);
        assertThat(handOn()).hasSize(2);
        saysMany(2, 4, ClusterSim.KEY, "40.0.203", 1);
        assertThat(metrics.drops(Drop.SITE_BUSY)).isEqualTo(2);
    }

    /** The log has to tell ten xTRs of each of its records. */
    private void saysWhatManyHear(String prefix) {
        saysMany(2, 4, ClusterSim.KEY, prefix, 255);
    }

    /** What one site tells many of takes the log long, however few its Map-Registers are. */
    @Test
    void aSiteThatTellsManyLeavesTheLogToOthersForTwiceAsLong() {
        var subscriptions = new ArrayList<Explicit>();
        for (int i = 1; i <= 10; i++) {
            subscriptions.add(
                    new Explicit(
                            new ListenerId.Subscriber(
                                    Eid.parse("40.0.0.0/8", IID),
                                    new XtrIdentity(new XtrId(9, i), new SiteId(4))),
                            new Contact(
                                    new Credentials("POD-D", 1, 3, 16),
                                    List.of(Ip.parse("192.0.2.9")),
                                    4342),
                            new Nonce(1)));
        }
        commit(List.of(new Command.Configure(0, subscriptions)));

        saysMany(9, 5, ClusterSim.OLD_KEY, "41.0.0", 1);
        saysWhatManyHear("40.0.100");
        assertThat(handOn()).hasSize(2);
        steadyMillis = 100;
        underWay.forEach(it -> it.complete(true));
        underWay.clear();

        steadyMillis = 299;
        saysWhatManyHear("40.0.101");
        assertThat(handOn()).isEmpty();
        assertThat(metrics.drops(Drop.SITE_BUSY)).isEqualTo(1);
        saysMany(2, 4, ClusterSim.KEY, "40.0.102", 1);
        assertThat(handOn()).as("what is told to few").hasSize(1);
        steadyMillis = 300;
        saysWhatManyHear("40.0.101");
        assertThat(handOn()).hasSize(1);
        steadyMillis = 1_200;
        underWay.forEach(it -> it.complete(true));
        saysWhatManyHear("40.0.103");
        assertThat(handOn()).as("where nobody else speaks").hasSize(1);
    }

    /** Then the xTR has it wait; that others have room is not what it waits for. */
    @Test
    void whereTheLogTakesNothingASiteIsNotSaidToBeTheReason() {
        for (int i = 0; i < 16; i++) {
            saysMany(2, 4, ClusterSim.KEY, "40.0." + (100 + i), 255);
        }
        steadyMillis = 10_000;
        saysMany(2, 4, ClusterSim.KEY, "40.0.200", 255);
        assertThat(metrics.drops(Drop.SITE_BUSY)).isZero();
        assertThat(metrics.drops(Drop.LOG_UNAVAILABLE)).isEqualTo(1);
    }

    /** The answers to what came before wait with it. */
    @Rfc("9301 §5.7")
    @Test
    void aMapRegisterThatComesTwiceWhileItsMarkIsOnItsWayTakesNoAnswers() {
        says(4, ONE);
        says(5, TWO);
        var mark = handOn();
        says(5, TWO);
        assertThat(handOn()).isEmpty();
        commit(mark);
        assertThat(notified).containsExactly(new Nonce(4), new Nonce(5));
    }

    /** The xTR says it again, and then it is a mark like any other. */
    @Test
    void aMarkThatIsNotTakenIsForgotten() {
        says(4, ONE);
        assertThat(handOn()).hasSize(1);
        underWay.removeLast().completeExceptionally(new IllegalStateException("no majority"));
        says(4, ONE);
        commit(handOn());
        assertThat(notified).containsExactly(new Nonce(4));
    }

    /** What never reached the log is not on its way through it. */
    @Test
    void whatCouldNotBeSubmittedTakesNoRoom() {
        broken = true;
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> saysMany(2, 4, ClusterSim.KEY, "40.0.100", 255))
                    .isInstanceOf(IllegalStateException.class);
        }
        broken = false;
        saysMany(2, 4, ClusterSim.KEY, "40.0.100", 255);
        assertThat(handOn()).hasSize(1);
    }
}
