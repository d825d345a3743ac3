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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

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
    private final SimDisk disk = new SimDisk();
    private long skewMillis;
    private Optional<Run> run = Optional.empty();
    private LogPosition applying = LogPosition.NONE;

    /** From start to crash. */
    private final class Run {
        private final MappingLog mappings;
        private final ControlPlane plane;
        private final SimRaft raft;
        private boolean over;

        Run() {
            mappings = new MappingLog(new OnLoop(), SimMember.this::step);
            InstantSource clock = () -> Instant.ofEpochMilli(millis());
            var incidents = new Incidents(METRICS, clock, _ -> {});
            plane =
                    new ControlPlane(
                            List.of(
                                    new Surroundings(
                                            ClusterSim.CONFIG,
                                            mappings,
                                            this::submit,
                                            new Outbox(
                                                    SimMember.this::send,
                                                    ClusterSim.CONFIG,
                                                    METRICS,
                                                    incidents),
                                            METRICS,
                                            incidents,
                                            LOCAL,
                                            clock,
                                            () -> sim.seams().clock(sim.time().millis(), millis()),
                                            task -> after(sim.time().upTo(READING_MILLIS), task),
                                            sim.nextNumber(),
                                            this::knowsAll)));
            try {
                raft = new SimRaft(sim, number, disk, mappings);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
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

        private boolean knowsAll() {
            return raft.knowsAll();
        }

        private CompletableFuture<?> submit(ByteBuffer command) {
            var early =
                    sim.seams()
                            .submitted(mappings.current(), StateCodec.decode(command.duplicate()));
            if (!early.isEmpty()) {
                plane.release(0, early);
            }
            return raft.submit(command);
        }

        /** As in a server, what the log says comes to the loop a little later. */
        private final class OnLoop implements MappingLog.Released {
            @Override
            public void onEffects(List<Effect> effects) {
                sim.seams()
                        .released(number, effects)
                        .forEach(some -> later(() -> plane.release(0, some)));
            }

            @Override
            public void onLeadership(boolean leads) {
                if (leads) {
                    sim.seams()
                            .leads(number, mappings.current())
                            .ifPresent(it -> raft.submit(StateCodec.encode(it)));
                }
                later(() -> plane.lead(0, leads));
            }

            private void later(Runnable what) {
                after(1, what);
            }
        }
    }

    SimMember(ClusterSim sim, int number) {
        this.sim = sim;
        this.number = number;
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

    /** The newest term that it knows of, whether it runs or not. */
    long term() {
        return disk.term;
    }

    Optional<SimRaft> raft() {
        return run.map(it -> it.raft);
    }

    /** What it has applied. */
    Optional<MappingSystem> state() {
        return run.map(it -> it.mappings.current());
    }

    void start() {
        if (run.isEmpty()) {
            run = Optional.of(new Run());
        }
    }

    void crash() {
        run.ifPresent(it -> {
            it.over = true;
            it.raft.kill();
            disk.crash(sim.time().random(), sim.seams().torn());
        });
        run = Optional.empty();
    }

    void tick() {
        run.ifPresent(it -> {
            it.raft.tick();
            it.plane.publish();
            it.plane.expire();
        });
    }

    void receive(InetSocketAddress from, byte[] octets) {
        run.ifPresent(it -> it.plane.receive(new Datagram(from, ByteBuffer.wrap(octets))));
    }

    /** The entry that is applied next. */
    void applies(LogPosition position) {
        applying = position;
    }

    private Outcome step(MappingSystem state, Command command) {
        var outcome = sim.seams().step(number, applying, state, command);
        sim.ledger().stepped(number, applying, command, outcome);
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
            sim.ledger().sent(number, xtr, changed.get());
            if (!changed.get().equals(notify)) {
                sim.toXtr(number, xtr, MessageAuthentication.seal(changed.get(), ClusterSim.KEY));
                return;
            }
        }
        sim.toXtr(number, xtr, octets);
    }
}
