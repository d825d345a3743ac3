package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.store.LogPosition;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.udp.Datagram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A member of the cluster: the disk that it keeps, and while it runs all that a server is made of
 * between its socket and its log, with a clock of its own.
 */
final class SimMember {
    /** Of no account here, and dear to make. */
    private static final ServerMetrics METRICS = new ServerMetrics();

    private static final LocalAddresses LOCAL = new LocalAddresses();

    /** How long a loop may be busy with what was read together. */
    private static final int READING_MILLIS = 30;

    private final ClusterSim sim;
    private final int number;
    private final Ip address;

    /** Of each group. */
    private final List<SimDisk> disks;

    private final LogPosition[] applying;
    private long skewMillis;
    private Optional<Run> run = Optional.empty();

    /** From start to crash. */
    private final class Run {
        private final List<Part> parts;
        private final ControlPlane plane;
        private boolean over;

        Run() {
            InstantSource clock = () -> Instant.ofEpochMilli(millis());
            var incidents = new Incidents(METRICS, clock, _ -> {});
            var outbox = new Outbox(SimMember.this::send, ClusterSim.CONFIG, METRICS, incidents);
            long origin = sim.nextNumber();
            parts = IntStream.range(0, disks.size()).mapToObj(Part::new).toList();
            plane =
                    new ControlPlane(
                            parts.stream()
                                    .map(part ->
                                            new Surroundings(
                                                    ClusterSim.CONFIG,
                                                    part.mappings,
                                                    part::submit,
                                                    outbox,
                                                    METRICS,
                                                    incidents,
                                                    LOCAL,
                                                    clock,
                                                    () ->
                                                            sim.seams()
                                                                    .clock(
                                                                            sim.time().millis(),
                                                                            millis()),
                                                    task ->
                                                            after(
                                                                    sim.time().upTo(READING_MILLIS),
                                                                    task),
                                                    origin,
                                                    part::knowsAll))
                                    .toList());
            parts.forEach(Part::start);
        }

        private SimRaft raft(int group) {
            return parts.get(group).raft();
        }

        private void after(long delayMillis, Runnable what) {
            sim.time()
                    .after(
                            delayMillis,
                            () -> {
                                if (!over) {
                                    what.run();
                                }
                            });
        }

        /** What it runs of one group. */
        private final class Part {
            private final int group;
            private final MappingLog mappings;
            private @Nullable SimRaft raft;

            Part(int group) {
                this.group = group;
                mappings =
                        new MappingLog(
                                new OnLoop(), (state, command) -> step(group, state, command));
            }

            void start() {
                try {
                    raft = new SimRaft(sim, group, number, disks.get(group), mappings);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            SimRaft raft() {
                return Objects.requireNonNull(raft);
            }

            private boolean knowsAll() {
                return raft().knowsAll();
            }

            private CompletableFuture<?> submit(ByteBuffer command) {
                var early =
                        sim.seams()
                                .submitted(
                                        mappings.current(), StateCodec.decode(command.duplicate()));
                if (!early.isEmpty()) {
                    plane.release(group, early);
                }
                return raft().submit(command);
            }

            /** As in a server, what the log says comes to the loop a little later. */
            private final class OnLoop implements MappingLog.Released {
                @Override
                public void onEffects(List<Effect> effects) {
                    sim.seams()
                            .released(number, effects)
                            .forEach(some -> later(() -> plane.release(group, some)));
                }

                @Override
                public void onLeadership(boolean leads) {
                    if (leads) {
                        sim.seams()
                                .leads(number, mappings.current())
                                .ifPresent(it -> raft().submit(StateCodec.encode(it)));
                    }
                    later(() -> plane.lead(group, leads));
                }

                private void later(Runnable what) {
                    after(1, what);
                }
            }
        }
    }

    SimMember(ClusterSim sim, int number, int groups) {
        this.sim = sim;
        this.number = number;
        this.disks = Stream.generate(SimDisk::new).limit(groups).toList();
        this.applying = new LogPosition[groups];
        Arrays.fill(applying, LogPosition.NONE);
        this.address = Ip.parse("198.51.100." + (number + 1));
    }

    Ip address() {
        return address;
    }

    /** The time that its clock shows. */
    private long millis() {
        return sim.time().millis() + skewMillis;
    }

    void setClock(long skew) {
        skewMillis = skew;
    }

    /** The newest term of a group that it knows of, whether it runs or not. */
    long term(int group) {
        return disks.get(group).term;
    }

    Optional<SimRaft> raft(int group) {
        return run.map(it -> it.raft(group));
    }

    /** What it has applied. */
    Optional<MappingSystem> state(int group) {
        return run.map(it -> it.parts.get(group).mappings.current());
    }

    void start() {
        if (run.isEmpty()) {
            run = Optional.of(new Run());
        }
    }

    void crash() {
        run.ifPresent(it -> {
            it.over = true;
            it.parts.forEach(part -> part.raft().kill());
            disks.forEach(disk -> disk.crash(sim.time().random(), sim.seams().torn()));
        });
        run = Optional.empty();
    }

    void tick() {
        run.ifPresent(it -> {
            it.parts.forEach(part -> part.raft().tick());
            it.plane.publish();
            it.plane.expire();
        });
    }

    void receive(InetSocketAddress from, byte[] octets) {
        run.ifPresent(it -> it.plane.receive(new Datagram(from, ByteBuffer.wrap(octets))));
    }

    /** The entry that is applied next. */
    void applies(int group, LogPosition position) {
        applying[group] = position;
    }

    private Outcome step(int group, MappingSystem state, Command command) {
        var outcome = sim.seams().step(number, applying[group], state, command);
        sim.ledger(group).stepped(number, applying[group], command, outcome);
        return outcome;
    }

    private void send(InetSocketAddress to, ByteBuffer datagram) {
        var octets = new byte[datagram.remaining()];
        datagram.get(datagram.position(), octets);
        var xtr = Ip.of(to.getAddress());
        if (LispCodec.decode(ByteBuffer.wrap(octets))
                instanceof Decoded.Message(MapNotify notify)) {
            var changed = sim.seams().sends(xtr, notify);
            if (changed.isEmpty()) {
                return;
            }
            sim.sent(number, xtr, changed.get());
            if (!changed.get().equals(notify)) {
                sim.toXtr(number, xtr, MessageAuthentication.seal(changed.get(), ClusterSim.KEY));
                return;
            }
        }
        sim.toXtr(number, xtr, octets);
    }
}
