package io.lispfabric.conformance.fabric;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.app.VirtualServer;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.forward.Encapsulation;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Map-Servers and xTRs of one test. Nothing is lost and nothing takes time; what is said on the way
 * is read from the octets and written down, with xTRs and Map-Servers by their names.
 */
final class VirtualFabric {
    private static final Duration TICK = Duration.ofMillis(100);

    private final Map<String, VirtualServer> servers = new LinkedHashMap<>();
    private final Map<Ip, VirtualXtr> xtrs = new LinkedHashMap<>();
    private final ArrayDeque<Runnable> wire = new ArrayDeque<>();
    private final List<String> lines = new ArrayList<>();
    private final List<String> hops = new ArrayList<>();
    private final List<String> drops = new ArrayList<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private long random = 0x7000_0000_0000_0000L;

    Instant now() {
        return now;
    }

    Nonce randomNonce() {
        random += 0x9E37_79B9_7F4AL;
        return new Nonce(random);
    }

    VirtualServer server(String name, Sites sites) {
        return server(name, sites, Set.of());
    }

    /** With the OUIs of vendors that it understands. */
    VirtualServer server(String name, Sites sites, Set<Integer> vendors) {
        var address = new InetSocketAddress("198.51.100." + (servers.size() + 1), 4342);
        var config =
                ServerConfig.alone(name, Path.of("nowhere"), address, sites).understanding(vendors);
        var server =
                new VirtualServer(
                        config, () -> now, (to, octets) -> wire.add(() -> toXtr(name, to, octets)));
        servers.put(name, server);
        return server;
    }

    VirtualServer server(String name) {
        return Optional.ofNullable(servers.get(name)).orElseThrow();
    }

    VirtualXtr xtr(
            String name, String rloc, XtrIdentity identity, SharedKey key, boolean reEncapsulates) {
        var xtr = new VirtualXtr(this, name, Ip.parse(rloc), identity, key, reEncapsulates);
        xtrs.put(xtr.rloc(), xtr);
        return xtr;
    }

    VirtualXtr xtr(String name) {
        return xtrs.values().stream()
                .filter(it -> it.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    List<VirtualXtr> xtrs() {
        return List.copyOf(xtrs.values());
    }

    // The network

    void toServer(Ip from, InetSocketAddress to, byte[] octets) {
        var name =
                servers.entrySet().stream()
                        .filter(it -> it.getValue().address().equals(to))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElseThrow();
        lines.add(nameOf(from) + " > " + name + " " + show(octets));
        var source = new InetSocketAddress(from.toInetAddress(), 4342);
        wire.add(() -> server(name).receive(source, octets));
    }

    private void toXtr(String from, InetSocketAddress to, byte[] octets) {
        var xtr = Optional.ofNullable(xtrs.get(Ip.of(to.getAddress()))).orElseThrow();
        lines.add(from + " > " + xtr.name() + " " + show(octets));
        xtr.receive(from, server(from).address(), octets);
    }

    void carry(Ip from, Ip to, Encapsulation how, Bytes datagram) {
        wire.add(() ->
                Optional.ofNullable(xtrs.get(to)).orElseThrow().fromNetwork(from, how, datagram));
    }

    void hop(String what) {
        hops.add(what);
    }

    void drop(String xtr, Drop why) {
        drops.add(xtr + " drops " + why.label());
    }

    void flaw(String xtr, Flaw flaw) {
        drops.add(xtr + " drops " + flaw.label());
    }

    /** Everything that is due happens, and what follows from it, at once. */
    void run() {
        long before;
        do {
            before = lines.size();
            xtrs.values().forEach(VirtualXtr::poll);
            drain();
            servers.values().forEach(VirtualServer::poll);
            drain();
        } while (lines.size() > before);
    }

    private void drain() {
        for (var next = wire.poll(); next != null; next = wire.poll()) {
            next.run();
        }
    }

    /** Time passes. */
    void run(Duration time) {
        run();
        for (var end = now.plus(time); now.isBefore(end); ) {
            now = now.plus(TICK);
            run();
        }
    }

    // What was written down

    /** What was said since the last time, without acknowledgements. */
    List<String> said() {
        var all = lines.stream().filter(it -> !it.contains(" Map-Notify-Ack ")).toList();
        lines.clear();
        return all;
    }

    /** The hops of packets since the last time. */
    List<String> hops() {
        var all = List.copyOf(hops);
        hops.clear();
        return all;
    }

    /** What xTRs would not take, ever. */
    List<String> drops() {
        return List.copyOf(drops);
    }

    String nameOf(Ip rloc) {
        return Optional.ofNullable(xtrs.get(rloc)).map(VirtualXtr::name).orElse(rloc.toString());
    }

    private String show(byte[] octets) {
        return switch (LispCodec.decode(ByteBuffer.wrap(octets), Vendors.ANY)) {
            case Decoded.Message(var message) -> show(message);
            case Decoded.Malformed it -> throw new AssertionError("sent: " + it);
        };
    }

    private String show(LispMessage message) {
        return switch (message) {
            case EncapsulatedControlMessage it -> show(it.message());
            case MapRequest it ->
                    (it.unsubscribes()
                                    ? "Unsubscribe"
                                    : it.subscribes() ? "Subscribe" : "Map-Request")
                            + it.records().stream()
                                    .map(asked -> " " + asked.eid())
                                    .collect(Collectors.joining())
                            + it.mapData().map(own -> " of " + show(own)).orElse("");
            case MapRegister it -> "Map-Register " + show(it.records());
            case MapNotify it -> "Map-Notify " + show(it.records());
            case MapNotifyAck it -> "Map-Notify-Ack " + show(it.records());
            case MapReply it -> "Map-Reply " + show(it.records());
            case LispMessage it -> throw new AssertionError("nobody here says " + it);
        };
    }

    private String show(List<MappingRecord> records) {
        return records.stream().map(this::show).collect(Collectors.joining(", "));
    }

    /** {@code [1]40.0.0.7/32 {D1 D2}}, {@code [1]40.0.0.7/32 gone}, {@code [1]9.0.0.0/8 drop}. */
    String show(MappingRecord record) {
        if (record.ttl().removes()) {
            return record.eid() + " gone";
        }
        var action = record.action() == Action.NO_ACTION ? "" : " " + record.action().label();
        return record.eid()
                + action
                + (record.isNegative() && !action.isEmpty() ? "" : " " + rlocs(record.locators()));
    }

    private String rlocs(List<Locator> locators) {
        return locators.stream()
                .map(it -> it.rloc().ip().map(this::nameOf).orElse(it.rloc().toString()))
                .collect(Collectors.joining(" ", "{", "}"));
    }
}
