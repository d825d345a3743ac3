package io.lispfabric.xtr.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
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
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.udp.Datagram;
import io.lispfabric.wire.udp.UdpEndpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * As little of a Map-Server as two xTRs need: it merges, confirms, subscribes and publishes, once
 * each and without repeating anything. It forgets nothing and expires nothing.
 */
final class FakeMapServer implements AutoCloseable {
    private final SharedKey key;
    private final UdpEndpoint socket;
    private final Map<Eid, TreeMap<XtrIdentity, Locator>> mappings = new HashMap<>();
    private final Map<Eid, Map<XtrIdentity, Subscriber>> subscribers = new HashMap<>();
    private final List<String> faults = new ArrayList<>();
    private int acknowledged;

    private record Subscriber(InetSocketAddress address, Nonce nonce) {}

    FakeMapServer(UdpEndpoint.Loop loop, String address, SharedKey key) throws IOException {
        this.key = key;
        socket = UdpEndpoint.bind(loop, new InetSocketAddress(address, 0), this::receive);
    }

    InetSocketAddress address() {
        return socket.localAddress();
    }

    /** What should not have happened; to be read when the loop is still. */
    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    synchronized int acknowledged() {
        return acknowledged;
    }

    private synchronized void receive(Datagram datagram) {
        switch (LispCodec.decode(datagram.payload())) {
            case Decoded.Message(MapRegister it) -> {
                check(MessageAuthentication.verify(it, datagram.payload(), key), "forged " + it);
                register(it, datagram.source());
            }
            case Decoded.Message(
                            EncapsulatedControlMessage(
                                    _,
                                    _,
                                    _,
                                    var source,
                                    _,
                                    var port,
                                    _,
                                    MapRequest it)) ->
                    answer(it, new InetSocketAddress(source.toInetAddress(), port));
            case Decoded.Message(MapNotifyAck it) -> {
                check(MessageAuthentication.verify(it, datagram.payload(), key), "forged " + it);
                acknowledged++;
            }
            case Decoded other -> faults.add("unexpected " + other);
        }
    }

    private void check(boolean holds, String fault) {
        if (!holds) {
            faults.add(fault);
        }
    }

    private void register(MapRegister register, InetSocketAddress from) {
        var identity = register.identity().orElseThrow();
        var answers = new ArrayList<MappingRecord>();
        for (var record : register.records()) {
            var before = record(record.eid());
            var group = mappings.computeIfAbsent(record.eid(), _ -> new TreeMap<>());
            if (record.ttl().removes()) {
                group.remove(identity);
                answers.add(MappingRecord.of(RecordTtl.REMOVE, record.eid(), List.of()));
            } else {
                group.put(identity, record.locators().getFirst());
                answers.add(record(record.eid()));
            }
            if (!before.equals(record(record.eid()))) {
                publish(record.eid());
            }
        }
        send(from, register.nonce(), answers);
    }

    private MappingRecord record(Eid eid) {
        var locators =
                mappings.getOrDefault(eid, new TreeMap<>()).values().stream()
                        .map(Locator::asTold)
                        .sorted()
                        .toList();
        return MappingRecord.of(
                locators.isEmpty() ? RecordTtl.REMOVE : RecordTtl.ONE_DAY, eid, locators);
    }

    private void publish(Eid eid) {
        subscribers.forEach((prefix, all) -> {
            if (prefix.covers(eid)) {
                all.replaceAll((_, it) -> new Subscriber(it.address(), it.nonce().next()));
                all.values().forEach(it -> send(it.address(), it.nonce(), List.of(record(eid))));
            }
        });
    }

    private void answer(MapRequest request, InetSocketAddress to) {
        var asked = request.records().getFirst().eid();
        var match =
                mappings.keySet().stream()
                        .filter(it -> it.covers(asked) && !record(it).isNegative())
                        .max(Comparator.comparingInt(it -> it.prefix().length()));
        if (match.isEmpty() || !request.subscribes()) {
            var record =
                    match.map(this::record)
                            .orElseGet(() ->
                                    MappingRecord.negative(
                                            RecordTtl.ONE_MINUTE, Action.DROP, asked));
            var reply = new MapReply(false, false, request.nonce(), List.of(record));
            socket.send(to, LispCodec.encode(reply));
            return;
        }
        var itr = (Ip) request.itrRlocs().getFirst();
        var subscriber =
                new Subscriber(
                        new InetSocketAddress(itr.toInetAddress(), to.getPort()), request.nonce());
        subscribers
                .computeIfAbsent(match.get(), _ -> new TreeMap<>())
                .put(request.identity().orElseThrow(), subscriber);
        send(subscriber.address(), request.nonce(), List.of(record(match.get())));
    }

    private void send(InetSocketAddress to, Nonce nonce, List<MappingRecord> records) {
        var blank = new Authentication(0, 0, Bytes.EMPTY);
        socket.send(
                to,
                MessageAuthentication.seal(
                        new MapNotify(nonce, blank, records, Optional.empty()), key));
    }

    @Override
    public void close() {
        socket.close();
    }
}
