package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.await;

import io.lispfabric.store.Recorder;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/** The members of one group, each with a machine that records and a disk of the size we like. */
final class Members implements AutoCloseable {
    static final long PLENTY = 1L << 40;

    private final Path directory;
    private final List<Peer> peers;
    private final Map<String, RatisLog> logs = new TreeMap<>();
    private final Map<String, Recorder> machines = new TreeMap<>();
    private final Map<String, AtomicLong> rooms = new TreeMap<>();
    private UnaryOperator<RatisLogConfig> settings = UnaryOperator.identity();

    Members(Path directory, String... ids) throws IOException {
        this.directory = directory;
        this.peers = Trial.peers(ids);
    }

    /** What the members to be opened have other than the others. */
    Members with(UnaryOperator<RatisLogConfig> change) {
        settings = change;
        return this;
    }

    void openAll() throws IOException {
        for (var peer : peers) {
            open(peer.id());
        }
        await("a leader", () -> leading().size() == 1);
    }

    RatisLogConfig config(String id) {
        return config(id, peers);
    }

    RatisLogConfig config(String id, List<Peer> named) {
        return settings.apply(
                RatisLogConfig.of(
                                directory.getFileName().toString(),
                                id,
                                named,
                                directory.resolve(id))
                        .withElectionTimeout(Duration.ofMillis(400), Duration.ofMillis(800))
                        .withSnapshots(1_000_000, 2 << 20));
    }

    void open(String id) throws IOException {
        open(config(id));
    }

    void open(RatisLogConfig config) throws IOException {
        var machine = new Recorder();
        machines.put(config.self(), machine);
        var left = rooms.computeIfAbsent(config.self(), _ -> new AtomicLong(PLENTY));
        logs.put(config.self(), RatisLog.open(config, machine, left::get));
    }

    void close(String id) {
        log(id).close();
        logs.remove(id);
        machines.remove(id);
    }

    List<Peer> peers() {
        return peers;
    }

    RatisLog log(String id) {
        return Objects.requireNonNull(logs.get(id));
    }

    List<RatisLog> logs() {
        return List.copyOf(logs.values());
    }

    List<String> ids() {
        return List.copyOf(logs.keySet());
    }

    Recorder machine(String id) {
        return Objects.requireNonNull(machines.get(id));
    }

    /** From now on the disk of a member has so much left. */
    void leave(String id, long octets) {
        Objects.requireNonNull(rooms.get(id)).set(octets);
        await("it is seen", () -> log(id).status().refuses().isPresent() == (octets < PLENTY));
    }

    List<String> leading() {
        return logs.keySet().stream().filter(id -> log(id).leads()).toList();
    }

    List<String> following() {
        return logs.keySet().stream().filter(id -> !log(id).leads()).toList();
    }

    void awaitSameRows(Map<String, String> rows) {
        machines.forEach(
                (id, machine) -> await(id + " has all rows", () -> machine.rows().equals(rows)));
    }

    @Override
    public void close() {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            logs.values().forEach(log -> threads.execute(log::close)); // each takes a second
        }
    }
}
