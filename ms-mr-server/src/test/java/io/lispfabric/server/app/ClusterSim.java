package io.lispfabric.server.app;

import static io.lispfabric.server.app.Invariant.REPLICAS_EQUAL;
import static io.lispfabric.server.app.Invariant.RIGHT_AT_LAST;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.app.SimNetwork.Quality;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Policies;
import io.lispfabric.server.core.Room;
import io.lispfabric.server.core.Site;
import io.lispfabric.server.core.SitePrefix;
import io.lispfabric.server.core.Sites;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A mapping system of three members and the xTRs around it, in one thread, in virtual time, from
 * one seed. What a server is made of between its socket and its log is the product's: control
 * plane, publication, state, encoding. The log is {@link SimRaft}, the disks are {@link SimDisk}s.
 * For forty seconds much goes wrong while accelerators move; then nothing does, and all must come
 * right, and again after a few more moves. The {@link Ledger} looks on.
 */
final class ClusterSim {
    static final int MEMBERS = 3;

    /** How long a subscription to nothing lasts. */
    static final Duration TEMPORARY = Duration.ofMinutes(1);

    static final SharedKey KEY = SharedKey.of(1, Bytes.of(new byte[16]));

    /** That of the site whose peers choose nonces at random. */
    static final SharedKey OLD_KEY = SharedKey.of(1, Bytes.of(new byte[17]));

    /**
     * Shorter than the patience of retransmission (RFC 9301 §5.7), so that all that was said in it
     * is said again after it.
     */
    private static final int FAULTY_SECONDS = 40;

    /** Longer than that patience. */
    private static final int PATIENCE_SECONDS = 110;

    /** In which accelerators go on to move. */
    private static final int CALM_SECONDS = 10;

    /** Longer than a silent xTR's registrations last, and then some for the retransmissions. */
    private static final int QUIET_SECONDS = 310;

    /** What a play takes of the cluster's time. */
    static final int SECONDS = FAULTY_SECONDS + PATIENCE_SECONDS + CALM_SECONDS + QUIET_SECONDS;

    /**
     * A subscription to nothing has just ended now and then, and is being asked for again; and the
     * last entry is on its way.
     */
    private static final int SETTLING_SECONDS = 5;

    /** Whether everything that matters is printed: for the one run that fails. */
    private static final boolean TRACE = Boolean.getBoolean("sim.trace");

    private static final int TICK_MILLIS = 100;
    private static final int CALM_TICK_MILLIS = 250;
    private static final int MOST_SKEW_MILLIS = 3_000;

    /** For how long a registration is sure to last after it was said, whoever leads. */
    static final long LEASE_MILLIS = ServerConfig.Registrations.DEFAULT.timeout().toMillis();

    private static final InstanceId IID = new InstanceId(1);

    /** If there are two groups, it belongs to the other one. */
    private static final InstanceId OTHER_IID =
            IntStream.iterate(2, it -> it + 1)
                    .mapToObj(InstanceId::new)
                    .filter(it -> Shards.of(it, 2) != Shards.of(IID, 2))
                    .findFirst()
                    .orElseThrow();

    private static final Eid POD = eid("40.0.0.0/16");
    private static final Eid OTHER_POD = Eid.parse("40.0.0.0/16", OTHER_IID);
    private static final Eid EVERYTHING = eid("0.0.0.0/0");
    private static final Eid OUTSIDE = eid("50.0.0.1/32");
    private static final Eid OLD = eid("41.0.0.1/32");
    private static final int ACCELERATORS = 5;
    private static final int XTRS = 6;

    /** xTRs 1 and 2 subscribe to nothing, and fail for good. */
    private static final List<Integer> MAY_RESTART = List.of(3, 5);

    private static final Site SITE =
            new Site(
                    "POD-D",
                    new SiteId(4),
                    List.of(KEY),
                    List.of(
                            SitePrefix.parse(IID, "40.0.0.0/16", true, false),
                            SitePrefix.parse(OTHER_IID, "40.0.0.0/16", true, false),
                            SitePrefix.petr(IID, "0.0.0.0/0")),
                    true);

    /** One of peers that choose nonces at random. */
    private static final Site OLD_SITE =
            new Site(
                    "POD-L",
                    new SiteId(5),
                    List.of(OLD_KEY),
                    List.of(SitePrefix.parse(IID, "41.0.0.0/24", true, false)),
                    false);

    static final ServerConfig CONFIG =
            ServerConfig.alone(
                            "ms",
                            Path.of("nowhere"),
                            new InetSocketAddress(ServerConfig.LISP_PORT),
                            new Sites(List.of(SITE, OLD_SITE), false))
                    .with(
                            Policies.NONE,
                            new ServerConfig.Subscriptions(
                                    TEMPORARY,
                                    new Room(1_000, 1_000, 1_000),
                                    Duration.ofMinutes(15),
                                    10_000,
                                    true,
                                    List.of()));

    /**
     * What goes wrong before the cluster is healed. What happens every so many milliseconds does so
     * about that often, and never if that is 0.
     *
     * @param access between xTRs and members
     * @param backbone among members
     * @param diskMillis a sync takes at most
     * @param applyMillis until a member applies what is committed, at most
     * @param hearMillis until a deposed leader hears of it, at most
     * @param slow an xTR that hears late, or -1
     * @param crash of a member
     * @param blackout of all members
     * @param partition of two members, or of a member and an xTR, in one direction or both
     * @param restart of an xTR
     * @param jump of a clock
     * @param replay of an old Map-Register
     */
    record Faults(
            Quality access,
            Quality backbone,
            int diskMillis,
            int applyMillis,
            int hearMillis,
            int slow,
            int crash,
            int blackout,
            int partition,
            int restart,
            int jump,
            int replay) {
        static final Faults NONE =
                new Faults(Quality.GOOD, Quality.GOOD, 5, 5, 50, -1, 0, 0, 0, 0, 0, 0);

        /** Not everything goes wrong in every run: one fault may hide another. */
        static Faults of(SplittableRandom random) {
            return new Faults(
                    new Quality(random.nextInt(41), random.nextInt(31), 1 + random.nextInt(2_000)),
                    random.nextInt(4) == 0
                            ? Quality.GOOD
                            : new Quality(
                                    random.nextInt(21),
                                    random.nextInt(21),
                                    1 + random.nextInt(150)),
                    1 + random.nextInt(random.nextInt(3) == 0 ? 300 : 20),
                    1 + random.nextInt(random.nextInt(3) == 0 ? 500 : 20),
                    1 + random.nextInt(2_000),
                    random.nextInt(XTRS) - 1,
                    some(random, 15_000),
                    some(random, 60_000),
                    some(random, 10_000),
                    some(random, 30_000),
                    some(random, 20_000),
                    some(random, 1_000));
        }

        private static int some(SplittableRandom random, int most) {
            return random.nextInt(5) < 2 ? 0 : most / 5 + random.nextInt(most);
        }
    }

    /** A Map-Register that somebody has overheard. */
    private record Overheard(InetSocketAddress from, byte[] octets) {}

    private final SimTime time;
    private final SimNetwork network;
    private final Seams seams;

    /** One of each Raft group that EIDs are sharded to (ADR 13). */
    private final List<Ledger> ledgers;

    private final List<SimMember> members;
    private final List<SimXtr> xtrs = new ArrayList<>();
    private final Map<Ip, SimXtr> byAddress = new HashMap<>();
    private final List<Overheard> overheard = new ArrayList<>();
    private Faults faults;
    private long numbers;
    private long fingerprint;

    /**
     * @param seams where a mistake may have been planted
     * @param looked the invariants that are looked at
     */
    ClusterSim(long seed, Seams seams, Set<Invariant> looked) {
        this(seed, seams, looked, 1);
    }

    /**
     * @param groups one, or two: then half of the accelerators are in another segment, and an xTR
     *     says in one Map-Register what it has to say at a time
     */
    ClusterSim(long seed, Seams seams, Set<Invariant> looked, int groups) {
        this.time = new SimTime(seed);
        this.network = new SimNetwork(time);
        this.seams = seams;
        this.ledgers =
                Stream.generate(() -> new Ledger(this, seams, looked)).limit(groups).toList();
        this.faults = Faults.of(time.random());
        this.members =
                IntStream.range(0, MEMBERS).mapToObj(i -> new SimMember(this, i, groups)).toList();
        for (int i = 0; i < XTRS; i++) {
            xtrs.add(new SimXtr(this, i, SITE));
        }
        xtrs.add(new SimXtr(this, XTRS, OLD_SITE));
        xtrs.forEach(it -> byAddress.put(it.address(), it));
        members.forEach(SimMember::start);
        if (time.happens(50)) {
            members.forEach(this::setClock);
        }
        tick();
    }

    SimTime time() {
        return time;
    }

    Seams seams() {
        return seams;
    }

    List<Ledger> ledgers() {
        return ledgers;
    }

    Ledger ledger(int group) {
        return ledgers.get(group);
    }

    Ledger ledger(Eid eid) {
        return ledgers.get(Shards.of(eid.iid(), ledgers.size()));
    }

    /** Whether an xTR says in one Map-Register what it has to say at a time. */
    boolean together() {
        return ledgers.size() > 1;
    }

    Faults faults() {
        return faults;
    }

    SimMember member(int number) {
        return members.get(number);
    }

    /** Another one each time. */
    long nextNumber() {
        return numbers++;
    }

    /** Equal after equal runs. */
    long fingerprint() {
        return fingerprint;
    }

    /** Something happened that is the same in an equal run. */
    void happened(long what, Supplier<String> words) {
        fingerprint = (fingerprint * 31 + what) * 31 + time.millis();
        if (TRACE) {
            System.out.println(time.millis() % 1_000_000 / 1e3 + " " + words.get());
        }
    }

    /** A member sends this. */
    void sent(int member, Ip to, MapNotify notify) {
        happened(notify.nonce().value(), () -> "member " + member + " to " + to + ": " + notify);
        for (var record : notify.records()) {
            ledger(record.eid()).sent(member, to, notify.nonce(), record);
        }
    }

    /** Whether an xTR is there to be told, and knows of this subscription. */
    boolean listens(XtrIdentity xtr, Eid prefix) {
        return xtrs.stream().anyMatch(it -> it.ids().equals(xtr) && it.listens(prefix));
    }

    // The network

    void toMember(int from, int to, int group, Consumer<SimRaft> message) {
        network.send(
                from, to, faults.backbone(), () -> members.get(to).raft(group).ifPresent(message));
    }

    /** What an xTR says, to whichever member. */
    void toAnyMember(SimXtr from, byte[] octets) {
        toMember(from, time.random().nextInt(MEMBERS), octets);
    }

    void registerAtAny(SimXtr from, byte[] octets, boolean noncesGrow) {
        if (noncesGrow) {
            overheard.add(new Overheard(source(from), octets));
        }
        toAnyMember(from, octets);
    }

    void toMember(SimXtr from, int to, byte[] octets) {
        network.send(
                MEMBERS + from.number(),
                to,
                faults.access(),
                () -> members.get(to).receive(source(from), octets));
    }

    private static InetSocketAddress source(SimXtr from) {
        return new InetSocketAddress(from.address().toInetAddress(), ServerConfig.LISP_PORT);
    }

    void toXtr(int from, Ip to, byte[] octets) {
        var xtr = byAddress.get(to);
        if (xtr == null) {
            throw new IllegalStateException("member " + from + " sends to " + to);
        }
        int slowness = faults.slow() == xtr.number() ? 4_000 : 1;
        network.send(
                from,
                MEMBERS + xtr.number(),
                faults.access(),
                () -> time.after(time.upTo(slowness), () -> xtr.receive(from, octets)));
    }

    // What goes on, and what goes wrong

    private void tick() {
        members.forEach(SimMember::tick);
        xtrs.forEach(SimXtr::poll);
        for (int group = 0; group < ledgers.size(); group++) {
            lookAtLeader(group);
        }
        disturb();
        time.after(faults == Faults.NONE ? CALM_TICK_MILLIS : TICK_MILLIS, this::tick);
    }

    /** Of a leader that nobody is ahead of, which has applied all that it knows to be committed. */
    private void lookAtLeader(int group) {
        long newest = members.stream().mapToLong(it -> it.term(group)).max().orElseThrow();
        for (int i = 0; i < MEMBERS; i++) {
            var raft = members.get(i).raft(group);
            if (raft.isPresent() && raft.get().leads() && raft.get().term() == newest) {
                ledger(group)
                        .checkAcknowledged(
                                i, raft.get().applied(), members.get(i).state(group).orElseThrow());
            }
        }
    }

    private void disturb() {
        if (time.happens(TICK_MILLIS, faults.crash())) {
            crash(members.get(time.random().nextInt(MEMBERS)), time.upTo(6_000));
        }
        if (time.happens(TICK_MILLIS, faults.blackout())) {
            members.forEach(it -> crash(it, time.upTo(2_000)));
        }
        if (time.happens(TICK_MILLIS, faults.partition())) {
            int one = time.random().nextInt(MEMBERS);
            int other = time.random().nextInt(MEMBERS + XTRS);
            long millis = time.upTo(8_000);
            int directions = time.random().nextInt(3);
            if (directions != 0) {
                network.cut(one, other, millis);
            }
            if (directions != 1) {
                network.cut(other, one, millis);
            }
        }
        if (time.happens(TICK_MILLIS, faults.restart())) {
            xtrs.get(MAY_RESTART.get(time.random().nextInt(MAY_RESTART.size()))).restart();
        }
        if (time.happens(TICK_MILLIS, faults.jump())) {
            setClock(members.get(time.random().nextInt(MEMBERS)));
        }
        if (time.happens(TICK_MILLIS, faults.replay()) && !overheard.isEmpty()) {
            var old = overheard.get(time.random().nextInt(overheard.size()));
            members.get(time.random().nextInt(MEMBERS)).receive(old.from(), old.octets());
        }
    }

    private void setClock(SimMember member) {
        member.setClock(time.random().nextInt(2 * MOST_SKEW_MILLIS + 1) - MOST_SKEW_MILLIS);
    }

    private void crash(SimMember member, long forMillis) {
        member.crash();
        time.after(forMillis, member::start);
    }

    // The play

    /** Plays it to its end: {@link #SECONDS}, or a little more. */
    void play() {
        xtrs.getFirst().register(POD, 100);
        xtrs.get(4).subscribe(POD);
        xtrs.get(4).subscribe(OUTSIDE);
        xtrs.get(5).subscribe(OUTSIDE);
        xtrs.get(5).subscribe(accelerator(0));
        xtrs.get(5).subscribe(accelerator(1));
        xtrs.get(3).subscribe(accelerator(0));
        xtrs.get(3).subscribe(OLD);
        if (ledgers.size() > 1) {
            xtrs.getFirst().register(OTHER_POD, 100);
            xtrs.get(4).subscribe(OTHER_POD);
            xtrs.get(3).subscribe(accelerator(1));
        }
        moveFor(FAULTY_SECONDS);
        faults = Faults.NONE;
        network.heal();
        members.forEach(SimMember::start);
        time.run(1_000L * PATIENCE_SECONDS);
        comeRight();
        moveFor(CALM_SECONDS);
        time.run(1_000L * QUIET_SECONDS);
        comeRight();
        lookForTheSilent();
    }

    /** Who has failed, or begun anew, has not been heard for longer than anything lasts. */
    private void lookForTheSilent() {
        mappings()
                .forEach(mapping -> {
                    for (var it : mapping.registrations()) {
                        var ids = it.registrant().identity();
                        right(
                                xtrs.stream()
                                        .anyMatch(xtr ->
                                                ids.equals(Optional.of(xtr.ids()))
                                                        && xtr.claims(mapping.eid())),
                                it.registrant() + " still registers " + mapping.eid());
                    }
                });
    }

    private Stream<Mapping> mappings() {
        var all = new ArrayList<Mapping>();
        ledgers.forEach(it -> it.state().mappings().forEach((_, mapping) -> all.add(mapping)));
        return all.stream();
    }

    private void comeRight() {
        for (int i = 0; i < 1_000 * SETTLING_SECONDS / CALM_TICK_MILLIS && !isSettled(); i++) {
            time.run(CALM_TICK_MILLIS);
        }
        lookAtAll();
    }

    private void moveFor(int seconds) {
        for (int second = 0; second < seconds; second++) {
            move();
            time.run(1_000);
        }
    }

    /** Accelerators come, go and change their weight; seldom, an xTR fails. */
    private void move() {
        var random = time.random();
        var eid = accelerator(random.nextInt(ACCELERATORS));
        var xtr = xtrs.get(random.nextInt(XTRS));
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> xtr.register(eid, random.nextInt(100));
            case 4, 5 -> xtr.withdraw(eid);
            case 6 -> xtrs.getFirst().register(POD, random.nextInt(100));
            case 7 -> {
                // The two pETRs come and go.
                var petr = xtrs.get(3 * random.nextInt(2));
                if (random.nextInt(3) == 0) {
                    petr.withdraw(EVERYTHING);
                } else {
                    petr.register(EVERYTHING, random.nextInt(100));
                }
            }
            case 8 -> {
                xtrs.getLast().register(OLD, random.nextInt(100));
                time.after(time.upTo(500), () -> xtrs.getLast().register(OLD, random.nextInt(100)));
            }
            default -> {
                // What they leave must expire for the others.
                if (random.nextInt(4) == 0) {
                    xtrs.get(1 + random.nextInt(2)).crash();
                } else {
                    xtr.refreshLate();
                }
            }
        }
    }

    private boolean isSettled() {
        return members.stream().allMatch(this::isUpToDate)
                && xtrs.stream()
                        .allMatch(it ->
                                !it.alive() || it.wanted().stream().allMatch(it::isSubscribedTo));
    }

    private boolean isUpToDate(SimMember member) {
        return IntStream.range(0, ledgers.size())
                .allMatch(group ->
                        member.raft(group).orElseThrow().applied() == ledger(group).length() - 1);
    }

    private void lookAtAll() {
        for (int i = 0; i < MEMBERS; i++) {
            var member = members.get(i);
            int number = i;
            right(isUpToDate(member), "member " + number + " lags behind");
            for (int j = 0; j < ledgers.size(); j++) {
                int group = j;
                ledger(group)
                        .check(
                                REPLICAS_EQUAL,
                                () ->
                                        member.state(group)
                                                .orElseThrow()
                                                .equals(ledger(group).state()),
                                () -> "the state of member " + number + " is another in the end");
            }
        }
        var truth = new HashMap<Eid, MappingRecord>();
        mappings().forEach(mapping -> truth.put(mapping.eid(), mapping.record()));
        right(truth.containsKey(POD), "nobody registers " + POD);
        for (var xtr : xtrs) {
            if (xtr.alive()) {
                for (var eid : xtr.wanted()) {
                    right(xtr.isSubscribedTo(eid), xtr.address() + " is not subscribed to " + eid);
                }
                var expected = new HashMap<>(truth);
                expected.keySet().removeIf(eid -> !xtr.isSubscribedTo(eid));
                ledgers.forEach(it -> expected.putAll(outside(it.state(), xtr)));
                right("the map-cache", xtr, text(xtr.cache()), text(expected));
                expected.clear();
                expected.putAll(truth);
                expected.keySet().retainAll(xtr.group().keySet());
                right("the groups", xtr, text(xtr.group()), text(expected));
            }
        }
    }

    private void right(String what, SimXtr xtr, String found, String expected) {
        right(
                found.equals(expected),
                what + " of " + xtr.address() + " has\n" + found + "\nand not\n" + expected);
    }

    private void right(boolean holds, String otherwise) {
        ledger(0).check(RIGHT_AT_LAST, () -> holds, () -> otherwise);
    }

    /** What the pETRs say about what the xTR asked for and nobody has registered. */
    private static Map<Eid, MappingRecord> outside(MappingSystem state, SimXtr xtr) {
        var told = new HashMap<Eid, MappingRecord>();
        for (var listener : state.subscriptions()) {
            if (listener.id() instanceof ListenerId.Subscriber(var prefix, var who)
                    && who.equals(xtr.ids())
                    && xtr.listens(prefix)) {
                var record = state.record(listener.id(), prefix);
                if (!record.isNegative()) {
                    told.put(prefix, record);
                }
            }
        }
        return told;
    }

    private static String text(Map<Eid, MappingRecord> mappings) {
        return mappings.values().stream()
                .map(record ->
                        record.eid()
                                + record.locators().stream()
                                        .map(it -> " " + it.rloc() + " weight " + it.weight())
                                        .collect(Collectors.joining(",")))
                .sorted()
                .collect(Collectors.joining("\n"));
    }

    private Eid accelerator(int number) {
        var iid = ledgers.size() > 1 && number % 2 == 1 ? OTHER_IID : IID;
        return Eid.parse("40.0.0." + (number + 1) + "/32", iid);
    }

    private static Eid eid(String text) {
        return Eid.parse(text, IID);
    }
}
