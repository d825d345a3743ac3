package io.lispfabric.xtr.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One xTR in one mapping system whose part the test plays: time passes when the test says so, and
 * everything that is said becomes a line of text, {@code >} for what the xTR says. Register nonces
 * count from 101, those of subscriptions from 10000 and 10000 apart, random ones from f001, all
 * hexadecimal.
 */
final class Conversation {
    static final XtrIdentity IDENTITY = new XtrIdentity(new XtrId(0, 0xD1), new SiteId(4));
    static final Ip RLOC = Ip.parse("192.0.2.13");

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration STEP = Duration.ofMillis(100);

    private final StringBuilder text = new StringBuilder();
    private final MappingDomain domain;
    private long random = 0xF000;
    private int keys;
    private Instant now = START;
    private @Nullable Transmission last;

    Conversation() {
        this(1);
    }

    /** With a cluster of Map-Servers, ms1, ms2 and so on. */
    Conversation(int members) {
        this(members, true, Optional.empty());
    }

    /**
     * @param proxyReply whether the Map-Server answers for the xTR
     */
    Conversation(int members, boolean proxyReply, Optional<Protecting> protecting) {
        domain =
                new MappingDomain(
                        new MappingDomain.Settings(
                                "pod",
                                IntStream.rangeClosed(1, members)
                                        .mapToObj(Conversation::server)
                                        .toList(),
                                IDENTITY,
                                Locator.of(new Rloc(RLOC), 1, 50),
                                RLOC,
                                4342,
                                RecordTtl.ONE_DAY,
                                1000,
                                proxyReply,
                                protecting),
                        new NonceCounter(new Nonce(0x100), 1024, NonceCounter.Reservation.NONE),
                        new NonceCounter(new Nonce(0), 1024, NonceCounter.Reservation.NONE),
                        () -> new Nonce(++random),
                        this::oneTimeKey);
    }

    /** The first is 0100…, the second 0200… */
    private OneTimeKey oneTimeKey() {
        var octets = new byte[OneTimeKey.LENGTH];
        octets[0] = (byte) ++keys;
        return new OneTimeKey(Bytes.of(octets));
    }

    private static InetSocketAddress server(int number) {
        return new InetSocketAddress("192.0.2." + (250 + number), 4342);
    }

    MappingDomain domain() {
        return domain;
    }

    Instant now() {
        return now;
    }

    static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }

    // What happens

    void register(String eid) {
        domain.register(eid(eid), now);
        poll();
    }

    void withdraw(String eid) {
        domain.withdraw(eid(eid), now);
        poll();
    }

    void subscribe(String prefix) {
        domain.subscribe(eid(prefix), now);
        poll();
    }

    /** A packet arrives for which there is no mapping. */
    void resolve(String eid) {
        domain.resolve(eid(eid), Optional.of(eid("[1]40.0.0.7")), now);
        poll();
    }

    /** Lets time pass, up to so many seconds after the start. */
    void until(double seconds) {
        var end = START.plusMillis(Math.round(seconds * 1000));
        while (now.plus(STEP).isBefore(end)) {
            now = now.plus(STEP);
            poll();
        }
        now = end;
        poll();
    }

    private void poll() {
        add(domain.poll(now));
    }

    /** The mapping system says something: {@code 101} is a nonce, hexadecimal. */
    void notify(int from, String nonce, MappingRecord... records) {
        var notify = new MapNotify(nonce(nonce), BLANK, List.of(records), Optional.empty());
        line("<", server(from), notify);
        add(domain.onNotify(notify, server(from), now));
    }

    void notify(String nonce, MappingRecord... records) {
        notify(1, nonce, records);
    }

    void reply(String nonce, MappingRecord... records) {
        reply(new MapReply(false, false, nonce(nonce), List.of(records)));
    }

    /** An answer to an RLOC-probe. */
    void probeReply(String nonce, MappingRecord... records) {
        reply(new MapReply(true, false, nonce(nonce), List.of(records)));
    }

    /** A Map-Reply with or without LISP-SEC. */
    void reply(MapReply reply) {
        line("<", server(1), reply);
        add(domain.onReply(reply, ByteBuffer.wrap(LispCodec.encode(reply)), now));
    }

    /** A Map-Notify that a security association vouches for. */
    void notify(SharedKey association, String nonce, MappingRecord... records) {
        var notify = new MapNotify(nonce(nonce), BLANK, List.of(records), Optional.empty());
        assertThat(domain.associations(notify)).contains(association);
        line("<", server(1), notify);
        add(domain.onNotify(notify, Optional.of(association), server(1), now));
    }

    /** A Map-Request that the Map-Server passes on. */
    void request(EncapsulatedControlMessage ecm, Optional<OneTimeKey> msOtk) {
        line("<", server(1), ecm);
        add(domain.onRequest(ecm, (MapRequest) ecm.message(), msOtk, now));
    }

    /** The last thing that was sent. */
    Transmission last() {
        return Objects.requireNonNull(last);
    }

    private static final Authentication BLANK = new Authentication(0, 0, Bytes.EMPTY);

    private static Nonce nonce(String hex) {
        return new Nonce(Long.parseUnsignedLong(hex, 16));
    }

    /** A mapping of a day. */
    static MappingRecord mapping(String eid, String... rlocs) {
        return mapping(1440, eid, rlocs);
    }

    static MappingRecord mapping(int minutes, String eid, String... rlocs) {
        return MappingRecord.of(
                new RecordTtl(minutes),
                eid(eid),
                Arrays.stream(rlocs).map(it -> Locator.of(Rloc.of(it), 1, 50).asTold()).toList());
    }

    static MappingRecord gone(String eid) {
        return mapping(0, eid);
    }

    static MappingRecord negative(int minutes, Action action, String eid) {
        return MappingRecord.negative(new RecordTtl(minutes), action, eid(eid));
    }

    // What is written down

    /** Everything since the last time, or since the start. */
    String text() {
        var all = text.toString();
        text.setLength(0);
        return all;
    }

    private void add(Outcome outcome) {
        outcome.send().forEach(it -> line(">", it.to(), it.message()));
        outcome.send().forEach(it -> last = it);
        outcome.events().forEach(this::line);
        outcome.drops().forEach(it -> line("dropped " + it.label()));
    }

    private void line(String what) {
        text.append(
                String.format(
                        Locale.ROOT,
                        "%6.1f   %s%n",
                        Duration.between(START, now).toMillis() / 1000.0,
                        what));
    }

    private void line(String arrow, InetSocketAddress with, LispMessage message) {
        int number = (with.getAddress().getAddress()[3] & 0xFF) - 250;
        line(arrow + " ms" + number + " " + describe(message));
    }

    private static String describe(LispMessage message) {
        return switch (message) {
            case MapRegister it -> "Map-Register " + hex(it.nonce()) + records(it.records());
            case MapNotify it -> "Map-Notify " + hex(it.nonce()) + records(it.records());
            case MapNotifyAck it -> "Map-Notify-Ack " + hex(it.nonce()) + records(it.records());
            case MapReply it -> "Map-Reply " + hex(it.nonce()) + records(it.records());
            case MapRequest it ->
                    (it.subscribes() ? "subscribe " : "Map-Request ")
                            + hex(it.nonce())
                            + " "
                            + it.records().getFirst().eid();
            case EncapsulatedControlMessage it -> "ECM " + describe(it.message());
            case MapReferral _, InfoRequest _, InfoReply _, SharedExtension _ ->
                    throw new AssertionError("no part of these conversations: " + message);
        };
    }

    private static String hex(Nonce nonce) {
        return Long.toHexString(nonce.value());
    }

    private static String records(List<MappingRecord> records) {
        return records.stream().map(it -> " " + record(it)).collect(Collectors.joining(","));
    }

    private static String record(MappingRecord it) {
        var what =
                it.isNegative() && it.action() != Action.NO_ACTION
                        ? it.action().label()
                        : rlocs(it.locators());
        return it.eid() + " " + it.ttl() + " " + what;
    }

    /** The last octet of each RLOC is enough. */
    private static String rlocs(List<Locator> locators) {
        return locators.stream()
                .map(it -> it.rloc().toString().replaceFirst(".*\\.", "."))
                .collect(Collectors.joining(" ", "{", "}"));
    }

    private void line(XtrEvent event) {
        line(
                switch (event) {
                    case XtrEvent.Registered it ->
                            "* registered " + it.eid() + " " + rlocs(it.merged());
                    case XtrEvent.Deregistered it -> "* deregistered " + it.eid();
                    case XtrEvent.GroupChanged it ->
                            "* group of "
                                    + it.eid()
                                    + " "
                                    + rlocs(it.before())
                                    + " -> "
                                    + rlocs(it.merged());
                    case XtrEvent.Subscribed it -> "* subscribed " + it.prefix();
                    case XtrEvent.MapCacheUpdated it ->
                            "* " + it.cause().label() + " " + record(it.record());
                    case XtrEvent.Acked it -> "* acked " + hex(it.nonce());
                    case XtrEvent.ReplayRefused it -> "* replay " + hex(it.nonce());
                    case XtrEvent.PacketEncapsulated _,
                            XtrEvent.PacketDelivered _,
                            XtrEvent.PacketDropped _ ->
                            throw new AssertionError("no packets here: " + event);
                });
    }
}
