package io.lispfabric.server.app;

import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.store.InMemoryLog;
import io.lispfabric.wire.udp.Datagram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * A Map-Server with everything but the socket, the disk and the threads: its control plane, its
 * format of the log, its mapping system. Datagrams are octets that the test carries.
 */
public final class VirtualServer {
    private final ServerConfig config;
    private final MappingLog mappings;
    private final ControlPlane plane;
    private final ServerMetrics metrics = new ServerMetrics();
    private final ArrayDeque<List<Effect>> released = new ArrayDeque<>();
    private Optional<InMemoryLog> log = Optional.empty();
    private long sent;

    /**
     * A server that leads from the start.
     *
     * @param network takes what is sent, and where to
     */
    public VirtualServer(
            ServerConfig config,
            InstantSource clock,
            BiConsumer<InetSocketAddress, byte[]> network) {
        this.config = config;
        mappings =
                new MappingLog(
                        new MappingLog.Released() {
                            @Override
                            public void onEffects(List<Effect> effects) {
                                released.add(effects);
                            }

                            @Override
                            public void onLeadership(boolean leads) {}
                        });
        var incidents = new Incidents(metrics, clock, _ -> {}); // tests look at the counters
        plane =
                new ControlPlane(
                        List.of(
                                new Surroundings(
                                        config,
                                        mappings,
                                        command -> log.orElseThrow().submit(command),
                                        new Outbox(
                                                (to, datagram) -> {
                                                    sent++;
                                                    var octets = new byte[datagram.remaining()];
                                                    datagram.get(datagram.position(), octets);
                                                    network.accept(to, octets);
                                                },
                                                config,
                                                metrics,
                                                incidents),
                                        metrics,
                                        incidents,
                                        new LocalAddresses(),
                                        clock,
                                        clock::millis,
                                        Runnable::run,
                                        1,
                                        () -> true)));
        try {
            log = Optional.of(InMemoryLog.open(mappings));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        plane.lead(0, true);
    }

    public InetSocketAddress address() {
        return config.lisp();
    }

    /** A datagram arrives. */
    public void receive(InetSocketAddress from, byte[] datagram) {
        plane.receive(new Datagram(from, ByteBuffer.wrap(datagram)));
        settle();
    }

    /** Does all that is due. */
    public void poll() {
        plane.expire();
        settle();
        long before;
        do {
            before = sent;
            plane.publish();
            settle();
        } while (sent > before);
    }

    private void settle() {
        for (var effects = released.poll(); effects != null; effects = released.poll()) {
            plane.release(0, effects);
        }
    }

    /** What is registered and subscribed. */
    public MappingSystem state() {
        return mappings.current();
    }

    /** How many messages were dropped for a reason, such as {@code replayed}. */
    public double drops(String reason) {
        return metrics.drops(Drop.valueOf(reason.toUpperCase(java.util.Locale.ROOT)));
    }
}
