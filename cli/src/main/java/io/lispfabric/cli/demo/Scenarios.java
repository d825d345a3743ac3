package io.lispfabric.cli.demo;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.XtrId;
import io.lispfabric.xtr.app.CachedMapping;
import io.lispfabric.xtr.core.Cause;
import io.lispfabric.xtr.core.XtrEvent;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What the demo shows, each with checks of what was seen. Every number is measured in the run that
 * prints it.
 */
final class Scenarios {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final int FLOWS = 64;
    private static final int STREAM_FLOWS = 16;

    private final Figure1 fabric;
    private int streams;

    /** A scenario by its name. */
    @FunctionalInterface
    interface Scenario {
        Report run() throws IOException;
    }

    Scenarios(Figure1 fabric) {
        this.fabric = fabric;
    }

    /** All of them, in the order in which they make sense. */
    private Map<String, Scenario> all() {
        var all = new LinkedHashMap<String, Scenario>();
        all.put("registration", this::registration);
        all.put("subscription", this::subscription);
        all.put("packets", this::packets);
        all.put("scale-up", this::scaleUp);
        all.put("merge", this::merge);
        all.put("move", this::move);
        all.put("unknown", this::unknown);
        all.put("failover", this::failover);
        return all;
    }

    /** Runs one of {@link #names}. */
    Report run(String name) throws IOException {
        return Optional.ofNullable(all().get(name)).orElseThrow().run();
    }

    /** The names of {@link #all}. */
    static List<String> names() {
        return List.of(
                "registration",
                "subscription",
                "packets",
                "scale-up",
                "merge",
                "move",
                "unknown",
                "failover");
    }

    /** The cluster elects a leader. Not a scenario to be chosen, since none goes without. */
    Report cluster() {
        long start = System.nanoTime();
        boolean formed =
                Patience.until(Duration.ofSeconds(30), () -> fabric.leader().isPresent())
                        && Patience.until(
                                Duration.ofSeconds(30),
                                () ->
                                        fabric.scaleUp().stream().allMatch(MapServer::leads)
                                                && fabric.scaleOut().stream()
                                                        .allMatch(
                                                                it -> it.unreadiness().isEmpty()));
        double millis = Patience.millisSince(start);
        var leader =
                fabric.leader()
                        .map(it -> it.status().member() + " leads term " + it.status().term());
        return new Report(
                "cluster",
                "cluster formed      " + leader.orElse("no leader") + "  " + seconds(millis),
                List.of(
                        Check.word("a member leads", formed, leader.orElse("none")),
                        Check.millis("time to a leader", formed, millis)));
    }

    // Registration and subscription

    private Report registration() throws IOException {
        long start = System.nanoTime();
        var names = Figure1.xtrNames();
        fabric.startXtrs(names.stream().filter(Figure1::isGateway).toList());
        boolean gateways = Patience.until(SOON, this::allRegistered);
        fabric.startXtrs(names.stream().filter(name -> !Figure1.isGateway(name)).toList());
        fabric.startAccelerators();
        boolean all = Patience.until(SOON, this::allRegistered);
        double millis = Patience.millisSince(start);
        int up =
                fabric.scaleUp().stream()
                        .mapToInt(server -> server.state().mappings().size())
                        .sum();
        boolean agree =
                Patience.until(
                        SOON,
                        () ->
                                fabric.scaleOut().stream()
                                        .allMatch(server -> server.state().mappings().size() == 4));
        int out = fabric.scaleOut().getFirst().state().mappings().size();
        // In every PoD: two AccIDs, two IP addresses, the subnet, and the default that its gateways
        // stand for.
        int expected = 4 * (2 + 2 + 1 + 1);
        return new Report(
                "registration",
                String.format(
                        "registered          %d mappings from %d xTRs (HMAC-SHA256)  %s",
                        up + out, names.size(), seconds(millis)),
                List.of(
                        Check.count(
                                "xTRs whose registrations are all confirmed",
                                gateways && all,
                                registered(),
                                "xTRs"),
                        Check.count(
                                "Scale-Up mappings of four PoDs", up == expected, up, "mappings"),
                        Check.count("Scale-Out mappings on every member", agree, out, "mappings"),
                        Check.millis("time from start to the last Map-Notify", all, millis)));
    }

    private boolean allRegistered() {
        return registered() == fabric.xtrs().size();
    }

    private long registered() {
        return fabric.xtrs().values().stream()
                .filter(xtr -> !xtr.database().isEmpty())
                .filter(xtr -> xtr.database().stream().allMatch(mapping -> mapping.confirmed()))
                .count();
    }

    private Report subscription() {
        long start = System.nanoTime();
        // Every xTR to its own PoD's subnet, every pxTR to the three other PoDs'.
        int expected = 16 + 8 * 3;
        boolean subscribed =
                Patience.until(Duration.ofSeconds(30), () -> subscriptions() >= expected);
        boolean hosts =
                Patience.until(
                        SOON,
                        () ->
                                fabric.xtrs().entrySet().stream()
                                        .allMatch(it -> hostRoutes(it.getKey()) == 2));
        boolean acknowledged = Patience.until(SOON, () -> outstanding() == 0);
        double millis = Patience.millisSince(start);
        int left = outstanding();
        long least = fabric.xtrs().keySet().stream().mapToLong(this::hostRoutes).min().orElse(0);
        return new Report(
                "subscription",
                String.format(
                        "subscribed          %d RFC 9437 subscriptions, %s  %s",
                        subscriptions(),
                        left == 0 ? "all acknowledged" : left + " Map-Notifies unacknowledged",
                        seconds(millis)),
                List.of(
                        Check.count(
                                "subscriptions in force",
                                subscribed,
                                subscriptions(),
                                "subscriptions"),
                        Check.count(
                                "Map-Notifies not acknowledged", acknowledged, left, "messages"),
                        Check.count(
                                "host routes of its PoD in each xTR's map-cache",
                                hosts,
                                least,
                                "mappings"),
                        Check.millis("time to the last acknowledgement", acknowledged, millis)));
    }

    private int subscriptions() {
        return fabric.scaleUp().stream()
                        .mapToInt(server -> server.state().subscriptions().size())
                        .sum()
                + fabric.leader().map(server -> server.state().subscriptions().size()).orElse(0);
    }

    private int outstanding() {
        return fabric.scaleUp().stream()
                        .mapToInt(server -> server.state().outstanding().size())
                        .sum()
                + fabric.leader().map(server -> server.state().outstanding().size()).orElse(0);
    }

    /** How many accelerators of its own PoD an xTR knows by IP address, of two. */
    private long hostRoutes(String xtr) {
        char pod = xtr.charAt(0);
        return fabric.xtr(xtr).mapCache().stream()
                .map(entry -> entry.record().eid())
                .filter(eid ->
                        eid.prefix().isHost()
                                && Eid.of(Figure1.IP_SEGMENT, Figure1.subnet(pod)).covers(eid))
                .count();
    }

    // Packets

    private Report packets() throws IOException {
        var from = fabric.accelerator(1);
        var to = fabric.accelerator(7);
        double first =
                untilFirstArrives(
                        to, (stream, sequence) -> from.sendIp("A1", to.ip(), 0, stream, sequence));
        fabric.forgetEvents();
        int stream = ++streams;
        for (int flow = 0; flow < FLOWS; flow++) {
            from.sendIp("A1", to.ip(), flow, stream, flow);
        }
        boolean arrived = Patience.until(SOON, () -> to.arrivals(stream).size() == FLOWS);
        var arrivals = to.arrivals(stream);
        var path = hops(from.ipEid(Figure1.IP_SEGMENT), to.ipEid(Figure1.IP_SEGMENT));
        var exits =
                arrivals.stream()
                        .map(Accelerator.Arrival::via)
                        .collect(Collectors.toCollection(TreeSet::new));
        boolean ttl = arrivals.stream().allMatch(it -> it.ttl() == Accelerator.TTL - 2);
        return new Report(
                "packets",
                "packets             10.0.0.1 → 40.0.0.7 over " + via(path, "A1"),
                List.of(
                        Check.millis(
                                "first packet through, its resolution included", first >= 0, first),
                        Check.count(
                                "packets delivered of " + FLOWS,
                                arrived,
                                arrivals.size(),
                                "packets"),
                        Check.word(
                                "A1 sends to the PoD's gateway",
                                at(path, "A1").equals(Set.of("A3")),
                                text(path, "A1")),
                        Check.word(
                                "A3 sends to the far gateway",
                                at(path, "A3").equals(Set.of("D3")),
                                text(path, "A3")),
                        Check.word(
                                "D3 shares between D1 and D2",
                                at(path, "D3").equals(Set.of("D1", "D2"))
                                        && exits.equals(Set.of("D1", "D2")),
                                text(path, "D3")),
                        Check.count(
                                "inner TTL used by two re-encapsulations",
                                ttl && arrived,
                                arrivals.isEmpty()
                                        ? 0
                                        : Accelerator.TTL - arrivals.getFirst().ttl(),
                                "hops")));
    }

    private Report scaleUp() throws IOException {
        var from = fabric.accelerator(7);
        var to = fabric.accelerator(8);
        double first =
                untilFirstArrives(
                        to,
                        (stream, sequence) -> from.sendFrame("D1", to.name(), stream, sequence));
        fabric.forgetEvents();
        var before = fabric.xtr("D1").counters();
        int stream = ++streams;
        for (int i = 0; i < FLOWS; i++) {
            from.sendFrame("D1", to.name(), stream, i);
        }
        boolean arrived = Patience.until(SOON, () -> to.arrivals(stream).size() == FLOWS);
        var path = hops(from.nameEid(Figure1.ACCID_SEGMENT), to.nameEid(Figure1.ACCID_SEGMENT));
        long asked = counter("D1", "map-requests-sent") - count(before, "map-requests-sent");
        boolean subscribed =
                fabric.xtr("D1").mapCache().stream()
                        .anyMatch(it ->
                                it.record().eid().equals(to.nameEid(Figure1.ACCID_SEGMENT))
                                        && it.subscribed());
        return new Report(
                "scale-up",
                "                    AccID-7 → AccID-8 over " + via(path, "D1"),
                List.of(
                        Check.millis(
                                "first frame through, its subscription included",
                                first >= 0,
                                first),
                        Check.word(
                                "D1 subscribed to AccID-8",
                                subscribed,
                                subscribed ? "subscribed" : "not subscribed"),
                        Check.count(
                                "frames delivered of " + FLOWS,
                                arrived,
                                to.arrivals(stream).size(),
                                "frames"),
                        Check.word(
                                "D1 sends to D2",
                                at(path, "D1").equals(Set.of("D2")),
                                text(path, "D1")),
                        Check.count(
                                "Map-Requests for the later frames",
                                asked == 0,
                                asked,
                                "messages")));
    }

    /** Sends until something arrives: the milliseconds that took, or -1. */
    private double untilFirstArrives(Accelerator to, Sender sender) throws IOException {
        int stream = ++streams;
        long start = System.nanoTime();
        for (int i = 0; i < 2_000 && to.arrivals(stream).isEmpty(); i++) {
            sender.send(stream, i);
            Patience.until(Duration.ofMillis(5), () -> !to.arrivals(stream).isEmpty());
        }
        var arrivals = to.arrivals(stream);
        return arrivals.isEmpty() ? -1 : (arrivals.getFirst().nanos() - start) / 1e6;
    }

    @FunctionalInterface
    private interface Sender {
        void send(int stream, long sequence) throws IOException;
    }

    /** From which xTR to which ones packets between two EIDs were encapsulated. */
    private Map<String, Set<String>> hops(Eid source, Eid destination) {
        var hops = new LinkedHashMap<String, Set<String>>();
        for (var name : Figure1.xtrNames()) {
            hops.put(name, new TreeSet<>());
        }
        for (var seen : fabric.events()) {
            if (seen.event() instanceof XtrEvent.PacketEncapsulated it
                    && it.source().equals(source)
                    && it.destination().equals(destination)) {
                Optional.ofNullable(hops.get(seen.xtr()))
                        .orElseThrow()
                        .add(fabric.xtrAt(it.rloc()));
            }
        }
        return hops;
    }

    private static Set<String> at(Map<String, Set<String>> hops, String from) {
        return hops.getOrDefault(from, Set.of());
    }

    private static String text(Map<String, Set<String>> hops, String from) {
        return String.join("|", at(hops, from));
    }

    /** {@code A3, D3, D1|D2}. */
    private static String via(Map<String, Set<String>> hops, String first) {
        var way = new ArrayList<String>();
        for (var at = text(hops, first); !at.isEmpty() && way.size() < 8; at = text(hops, at)) {
            way.add(at);
        }
        return String.join(", ", way);
    }

    private long counter(String xtr, String name) {
        return count(fabric.xtr(xtr).counters(), name);
    }

    private static long count(Map<String, Long> counters, String name) {
        return counters.getOrDefault(name, 0L);
    }

    // Mobility

    /** The xTRs of D1 and D2 that AccID-8 is attached to. */
    private List<String> attached() {
        var eid = fabric.accelerator(8).ipEid(Figure1.IP_SEGMENT);
        return List.of("D1", "D2").stream()
                .filter(name ->
                        fabric.xtr(name).database().stream().anyMatch(it -> it.eid().equals(eid)))
                .toList();
    }

    private Report merge() throws IOException {
        var accelerator = fabric.accelerator(8);
        var eid = accelerator.nameEid(Figure1.ACCID_SEGMENT);
        var both = Set.of("D1", "D2");
        var before = attached();
        var joining = before.contains("D1") ? "D2" : "D1";
        var staying = before.contains("D1") ? "D1" : "D2";
        if (before.size() == 2) {
            fabric.detach(
                    accelerator, joining); // shown again: it leaves first, so that it can join
            Patience.until(SOON, () -> attached().size() == 1);
        }
        fabric.forgetEvents();
        long start = System.nanoTime();
        var at = InstantSource.system().instant();
        fabric.attach(accelerator, joining);
        boolean merged =
                Patience.until(
                        SOON, () -> group("D1", eid).equals(both) && group("D2", eid).equals(both));
        double millis = Patience.millisSince(start);
        double told =
                firstEvent(
                                staying,
                                event ->
                                        event instanceof XtrEvent.GroupChanged it
                                                && it.eid().equals(eid))
                        .map(it -> millisBetween(at, it))
                        .orElse(-1.0);
        boolean acknowledged =
                Patience.until(SOON, () -> fabric.scaleUp('D').state().outstanding().isEmpty());
        return new Report(
                "merge",
                String.format(
                        Locale.ROOT,
                        "m  AccID-8 joins %s:  %s told of {D1, D2} after %.1f ms, both agree after %.1f ms",
                        joining,
                        staying,
                        told,
                        millis),
                List.of(
                        Check.word(
                                "D1 knows the group",
                                group("D1", eid).equals(both),
                                String.join(",", group("D1", eid))),
                        Check.word(
                                "D2 knows the group",
                                group("D2", eid).equals(both),
                                String.join(",", group("D2", eid))),
                        Check.millis("time until the other xTR was told", told >= 0, told),
                        Check.millis("time until both agree", merged, millis),
                        Check.word(
                                "the group's Map-Notifies are acknowledged",
                                acknowledged,
                                acknowledged ? "acknowledged" : "outstanding")));
    }

    /** The xTRs that one of them believes an EID is registered by. */
    private Set<String> group(String xtr, Eid eid) {
        return fabric.xtr(xtr).database().stream()
                .filter(it -> it.eid().equals(eid))
                .flatMap(it -> it.merged().stream())
                .map(this::owner)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private String owner(Locator locator) {
        return locator.rloc().ip().map(fabric::xtrAt).orElse("?");
    }

    private Report move() throws IOException {
        if (attached().size() != 2) {
            merge();
        }
        var accelerator = fabric.accelerator(8);
        var ip = accelerator.ipEid(Figure1.IP_SEGMENT);
        var expected = subscribersOf(ip);
        untilFirstArrives(
                accelerator,
                (s, n) -> fabric.accelerator(1).sendIp("A1", accelerator.ip(), 0, s, n));

        var far =
                new Stream(
                        ++streams,
                        (s, n) ->
                                fabric.accelerator(1)
                                        .sendIp(
                                                "A1",
                                                accelerator.ip(),
                                                (int) (n % STREAM_FLOWS),
                                                s,
                                                n));
        var near =
                new Stream(
                        ++streams,
                        (s, n) -> fabric.accelerator(7).sendFrame("D1", accelerator.name(), s, n));
        fabric.forgetEvents();
        long stale = counter("D2", "dropped.no-attachment");
        Patience.pass(Duration.ofMillis(700));
        var at = InstantSource.system().instant();
        long start = System.nanoTime();
        fabric.detach(accelerator, "D2");
        boolean committed =
                Patience.until(
                        SOON,
                        () ->
                                firstEvent(
                                                "D2",
                                                it ->
                                                        it instanceof XtrEvent.Deregistered d
                                                                && d.eid().equals(ip))
                                        .isPresent());
        boolean right = Patience.until(SOON, () -> usersOf(ip, "D2").isEmpty());
        double cachesRight = Patience.millisSince(start);
        Patience.pass(Duration.ofMillis(700));
        far.stop();
        near.stop();
        Patience.until(
                Duration.ofMillis(500),
                () ->
                        far.lost(accelerator).size()
                                <= counter("D2", "dropped.no-attachment") - stale);
        Patience.pass(Duration.ofMillis(100));

        var notified = notified(ip, at);
        double told =
                notified.values().stream()
                        .mapToDouble(it -> millisBetween(at, it))
                        .max()
                        .orElse(-1);
        double commit =
                firstEvent("D2", it -> it instanceof XtrEvent.Deregistered d && d.eid().equals(ip))
                        .map(it -> millisBetween(at, it))
                        .orElse(-1.0);
        long counted = counter("D2", "dropped.no-attachment") - stale;
        var lost = far.lost(accelerator);
        long settled = start + (long) (cachesRight * 1e6) + 20_000_000;
        long late = lost.stream().filter(sent -> sent > settled).count();
        boolean moved =
                accelerator.arrivals(far.id).stream()
                        .filter(it -> it.nanos() > settled)
                        .allMatch(it -> it.via().equals("D1"));
        boolean usedBoth =
                accelerator.arrivals(far.id).stream()
                        .filter(it -> it.nanos() < start)
                        .map(Accelerator.Arrival::via)
                        .collect(Collectors.toSet())
                        .equals(Set.of("D1", "D2"));
        int nearLost = near.lost(accelerator).size();
        return new Report(
                "move",
                String.format(
                        Locale.ROOT,
                        "m  AccID-8 leaves D2:  register → commit %.1f ms → %d subscribers notified %.1f ms → caches right %.1f ms"
                                + "   (%d stale packets, %d after)",
                        commit,
                        notified.size(),
                        told,
                        cachesRight,
                        counted,
                        late),
                List.of(
                        Check.millis("deregistration confirmed to D2", committed, commit),
                        Check.count(
                                "subscribers notified of " + expected.size(),
                                notified.keySet().containsAll(expected),
                                notified.size(),
                                "xTRs"),
                        Check.millis("time until the last was notified", told >= 0, told),
                        Check.millis("time until no map-cache leads to D2", right, cachesRight),
                        Check.word(
                                "traffic used D1 and D2 before",
                                usedBoth,
                                usedBoth ? "D1|D2" : "one only"),
                        Check.word(
                                "traffic goes to D1 after", moved, moved ? "D1" : "elsewhere too"),
                        Check.count(
                                "stale packets, dropped and counted at D2",
                                counted == lost.size(),
                                counted,
                                "packets"),
                        Check.count(
                                "stale packets after the caches were right",
                                late == 0,
                                late,
                                "packets"),
                        Check.count(
                                "frames lost on the path that stayed",
                                nearLost == 0,
                                nearLost,
                                "frames"),
                        Check.count(
                                "packets sent meanwhile", far.sent() > 0, far.sent(), "packets")));
    }

    /** The xTRs that the PoD's mapping system tells about an EID. */
    private Set<String> subscribersOf(Eid eid) {
        var names = new HashSet<String>();
        for (var listener : fabric.scaleUp('D').state().subscriptions()) {
            if (listener.id() instanceof ListenerId.Subscriber(var prefix, var xtr)
                    && prefix.covers(eid)) {
                Figure1.xtrNames().stream()
                        .filter(name -> XtrId.parse(name).equals(xtr.xtrId()))
                        .forEach(names::add);
            }
        }
        return names;
    }

    /** The xTRs that were told of a change to an EID since then, and when first. */
    private Map<String, Instant> notified(Eid eid, Instant since) {
        var notified = new LinkedHashMap<String, Instant>();
        for (var seen : fabric.events()) {
            if (seen.event() instanceof XtrEvent.MapCacheUpdated(var at, _, var record, var cause)
                    && cause == Cause.PUBLICATION
                    && record.eid().equals(eid)
                    && !at.isBefore(since)) {
                notified.putIfAbsent(seen.xtr(), at);
            }
        }
        return notified;
    }

    /** The xTRs whose map-cache would send packets for an EID to this xTR. */
    private Set<String> usersOf(Eid eid, String xtr) {
        var rloc = fabric.rlocOf(xtr);
        return Figure1.xtrNames().stream()
                .filter(name ->
                        fabric.xtr(name).mapCache().stream()
                                .anyMatch(entry -> leadsTo(entry, eid, rloc)))
                .collect(Collectors.toSet());
    }

    private static boolean leadsTo(CachedMapping entry, Eid eid, LispAddress.Ip rloc) {
        return entry.record().eid().equals(eid)
                && entry.record().locators().stream()
                        .anyMatch(it -> it.rloc().ip().equals(Optional.of(rloc)));
    }

    private Optional<Instant> firstEvent(String xtr, Predicate<XtrEvent> wanted) {
        return fabric.events().stream()
                .filter(seen -> seen.xtr().equals(xtr) && wanted.test(seen.event()))
                .map(seen -> seen.event().at())
                .findFirst();
    }

    private static double millisBetween(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e6;
    }

    /** Numbered packets, one about each millisecond, from a thread of their own. */
    private static final class Stream {
        private final int id;
        private final List<Long> sent = new ArrayList<>();
        private final AtomicBoolean running = new AtomicBoolean(true);
        private final Thread thread;

        Stream(int id, Sender sender) {
            this.id = id;
            thread =
                    Thread.ofPlatform()
                            .daemon()
                            .name("stream-" + id)
                            .start(() -> {
                                while (running.get()) {
                                    try {
                                        int number = note();
                                        sender.send(id, number);
                                    } catch (IOException _) {
                                        return; // the demo is being closed
                                    }
                                    Patience.pass(Duration.ofMillis(1));
                                }
                            });
        }

        private int note() {
            synchronized (sent) {
                sent.add(System.nanoTime());
                return sent.size() - 1;
            }
        }

        int sent() {
            synchronized (sent) {
                return sent.size();
            }
        }

        void stop() {
            running.set(false);
            try {
                thread.join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        /** When those packets were sent that have not arrived. */
        List<Long> lost(Accelerator at) {
            var arrived =
                    at.arrivals(id).stream()
                            .map(Accelerator.Arrival::sequence)
                            .collect(Collectors.toSet());
            var lost = new ArrayList<Long>();
            synchronized (sent) {
                for (int i = 0; i < sent.size(); i++) {
                    if (!arrived.contains((long) i)) {
                        lost.add(sent.get(i));
                    }
                }
            }
            return lost;
        }
    }

    // Unknown accelerators

    private Report unknown() throws IOException {
        var stranger = new LispAddress.Name(Figure1.accIdStart('D') + "99");
        var eid = Eid.of(Figure1.ACCID_SEGMENT, stranger.toString());
        long before = counter("D1", "dropped.negative-drop");
        int stream = ++streams;
        long sent = 0;
        boolean dropped = false;
        for (; sent < 1_000 && !dropped; sent++) {
            fabric.accelerator(7).sendFrame("D1", stranger, stream, sent);
            dropped =
                    Patience.until(
                            Duration.ofMillis(10),
                            () -> counter("D1", "dropped.negative-drop") > before);
        }
        var action =
                fabric.xtr("D1").mapCache().stream()
                        .filter(it -> it.record().eid().equals(eid) && it.record().isNegative())
                        .map(it -> it.record().action())
                        .findFirst();

        var ip = (LispAddress.Ipv4) LispAddress.Ip.parse("40.0.0.99");
        long at = counter("D3", "dropped.negative-drop");
        boolean droppedAtGateway = false;
        for (int i = 0; i < 1_000 && !droppedAtGateway; i++) {
            fabric.accelerator(1).sendIp("A1", ip, 0, stream, i);
            droppedAtGateway =
                    Patience.until(
                            Duration.ofMillis(10),
                            () -> counter("D3", "dropped.negative-drop") > at);
        }
        long delivered = 0;
        for (int number = 1; number <= 8; number++) {
            delivered += fabric.accelerator(number).arrivals(stream).size();
        }
        return new Report(
                "unknown",
                "u  AccID-99 and 40.0.0.99 are unknown:  dropped at D1 and D3, "
                        + delivered
                        + " delivered",
                List.of(
                        Check.word(
                                "the mapping system says",
                                action.equals(Optional.of(Action.DROP)),
                                action.map(Action::label).orElse("nothing")),
                        Check.count(
                                "frames to AccID-99 dropped at D1",
                                dropped,
                                counter("D1", "dropped.negative-drop") - before,
                                "frames"),
                        Check.count(
                                "packets to 40.0.0.99 dropped at D3",
                                droppedAtGateway,
                                counter("D3", "dropped.negative-drop") - at,
                                "packets"),
                        Check.count(
                                "packets delivered to anybody",
                                delivered == 0,
                                delivered,
                                "packets")));
    }

    // Failover

    private Report failover() throws IOException {
        var leader = fabric.leader();
        if (leader.isEmpty() || fabric.scaleOut().size() < 3) {
            return new Report(
                    "failover",
                    "k  needs three running members",
                    List.of(
                            Check.count(
                                    "running members",
                                    false,
                                    fabric.scaleOut().size(),
                                    "members")));
        }
        var name = leader.get().status().member();
        var acknowledged = new ArrayList<Eid>();
        var writes = new Load(() -> fabric.client(1, 250));
        var reads = new Load(() -> fabric.client(2, 250));
        writes.start((client, number) -> {
            var eid =
                    Eid.of(
                            Figure1.IP_SEGMENT,
                            "99."
                                    + (++streams & 0xFF)
                                    + "."
                                    + (number >> 8 & 0xFF)
                                    + "."
                                    + (number & 0xFF));
            boolean ok = client.register(eid, "127.0.0.1", 60);
            if (ok) {
                synchronized (acknowledged) {
                    acknowledged.add(eid);
                }
            }
            return ok;
        });
        reads.start((client, _) ->
                client.query(Eid.of(Figure1.IP_SEGMENT, Figure1.subnet('D')), 4)
                        .filter(reply -> !reply.records().getFirst().isNegative())
                        .isPresent());
        Patience.pass(Duration.ofMillis(1_000));
        long killed = System.nanoTime();
        fabric.stop(leader.get());
        boolean led = Patience.until(SOON, () -> fabric.leader().isPresent());
        double toLeader = Patience.millisSince(killed);
        boolean resumed =
                Patience.until(SOON, () -> writes.doneSince(killed + (long) (toLeader * 1e6)));
        double toWrites = (writes.firstSince(killed + (long) (toLeader * 1e6)) - killed) / 1e6;
        Patience.pass(Duration.ofMillis(500));
        writes.stop();
        reads.stop();
        var next =
                fabric.leader()
                        .map(it -> it.status().member() + " leads term " + it.status().term());
        var kept =
                fabric.scaleOut().stream()
                        .allMatch(member ->
                                Patience.until(
                                        SOON,
                                        () ->
                                                acknowledged.stream()
                                                        .allMatch(eid ->
                                                                member.state()
                                                                        .at(eid)
                                                                        .isPresent())));
        long missing =
                fabric.leader()
                        .map(member ->
                                acknowledged.stream()
                                        .filter(eid -> member.state().at(eid).isEmpty())
                                        .count())
                        .orElse((long) acknowledged.size());
        fabric.restore();
        boolean equal = Patience.until(Duration.ofSeconds(20), this::replicasAgree);
        return new Report(
                "failover",
                String.format(
                        Locale.ROOT,
                        "k  %s killed:  reads never stopped (%d of %d lost) → %s after %.1f s → writes resumed after %.1f s"
                                + " (%d acknowledged, %d lost)",
                        name,
                        reads.failed,
                        reads.done(),
                        next.orElse("nobody leads"),
                        toLeader / 1e3,
                        toWrites / 1e3,
                        acknowledged.size(),
                        missing),
                List.of(
                        Check.word("another member leads", led, next.orElse("none")),
                        Check.millis("time without a leader", led, toLeader),
                        Check.millis("time without writes", resumed, toWrites),
                        Check.count(
                                "acknowledged registrations",
                                !acknowledged.isEmpty(),
                                acknowledged.size(),
                                "registrations"),
                        Check.count(
                                "acknowledged registrations lost",
                                kept && missing == 0,
                                missing,
                                "registrations"),
                        Check.count("Map-Requests", reads.done() > 0, reads.done(), "requests"),
                        Check.count(
                                "Map-Requests that no member answered",
                                reads.failed == 0,
                                reads.failed,
                                "requests"),
                        Check.word(
                                "replicas are equal after the restart",
                                equal,
                                equal ? "equal" : "different")));
    }

    private boolean replicasAgree() {
        var states = fabric.scaleOut().stream().map(MapServer::state).distinct().count();
        return states == 1 && fabric.leader().isPresent();
    }

    /** The same thing done again and again by a client in a thread of its own. */
    private static final class Load {
        private final ClientSource source;
        private final AtomicBoolean running = new AtomicBoolean(true);
        private final List<Long> done = new ArrayList<>();
        private volatile long failed;
        private Optional<Thread> thread = Optional.empty();

        @FunctionalInterface
        interface ClientSource {
            ControlClient open() throws IOException;
        }

        @FunctionalInterface
        interface Work {
            boolean once(ControlClient client, int number) throws IOException;
        }

        Load(ClientSource source) {
            this.source = source;
        }

        void start(Work work) throws IOException {
            var client = source.open();
            thread = Optional.of(Thread.ofPlatform().daemon().start(() -> run(client, work)));
        }

        private void run(ControlClient client, Work work) {
            try (client) {
                for (int i = 0; running.get(); i++) {
                    boolean ok = work.once(client, i);
                    synchronized (done) {
                        if (ok) {
                            done.add(System.nanoTime());
                        } else {
                            failed++;
                        }
                    }
                    Patience.pass(Duration.ofMillis(2));
                }
            } catch (IOException e) {
                throw new IllegalStateException("a socket of the demo's own failed", e);
            }
        }

        long done() {
            synchronized (done) {
                return done.size();
            }
        }

        boolean doneSince(long nanos) {
            return firstSince(nanos) > nanos;
        }

        /** When it first went well after that moment; that moment when it has not. */
        long firstSince(long nanos) {
            synchronized (done) {
                return done.stream().filter(it -> it > nanos).findFirst().orElse(nanos);
            }
        }

        void stop() {
            running.set(false);
            thread.ifPresent(it -> {
                try {
                    it.join();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }

    private static String seconds(double millis) {
        return String.format(Locale.ROOT, "%.1f s", millis / 1e3);
    }
}
