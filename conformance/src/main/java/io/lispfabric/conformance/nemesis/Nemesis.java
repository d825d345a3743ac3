package io.lispfabric.conformance.nemesis;

import io.lispfabric.conformance.nemesis.Fault.Family;
import io.lispfabric.conformance.nemesis.Fault.Whom;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Three real members, xTRs that keep them busy, and one fault after the other. After each the load
 * rests until all members and subscribers know all that was said; what the {@link Judge} finds
 * wrong ends the run.
 */
public final class Nemesis {
    /** What stands for what a member did not say. */
    private static final String UNSAID = "?";

    private static final int MEMBERS = 3;
    private static final SiteId SITE = new SiteId(4);
    private static final String SECRET = "nemesis-secret-of-32-octets-long";

    /** What is left of a disk that is low: less than the reserve of 64 MiB. */
    private static final long LOW_OCTETS = 40L << 20;

    /**
     * What a process may take to get ready: nothing of what is judged, and long on a busy machine.
     */
    private static final Duration START = Duration.ofMinutes(3);

    /** How long a member may take to write what its threads do. */
    private static final int THREADS_MILLIS = 1_000;

    private static final Duration LONGEST_FAULT = Duration.ofSeconds(12);
    private static final Duration SHORTEST_LONGEST = Duration.ofSeconds(3);

    /** A run has time for so many of the longest faults. */
    private static final int FAULTS_OF_A_RUN = 12;

    /** For how long a Map-Notify that must not come is waited for. */
    private static final int SILENCE_MILLIS = 500;

    /** With what {@code lispctl} ends when what it was asked about does not exist. */
    private static final int IS_NOT_THERE = 3;

    private static final int CALM_MILLIS = 300;

    /** Two faults of one round begin within that. */
    private static final int APART_MILLIS = 1_500;

    private static final int LOOK_MILLIS = 50;

    /** What all members must have the same of, when all is quiet. */
    private static final List<String> COMPARED =
            List.of("lisp_mappings", "lisp_subscriptions", "lisp_log_applied_index");

    /**
     * What a run is to be.
     *
     * @param length without what it takes to start and to end
     * @param bound for how long after a fault members and subscribers may be wrong, and writes stop
     * @param perSecond how often something is registered, and asked
     * @param lispctl how {@code lispctl} is started in a process of its own
     * @param work an empty folder for settings, logs and data
     */
    public record Setting(
            long seed,
            Duration length,
            Duration bound,
            int perSecond,
            int groups,
            Set<String> faults,
            List<String> lispctl,
            Path work) {
        public Setting {
            faults = Set.copyOf(faults);
            lispctl = List.copyOf(lispctl);
        }
    }

    /**
     * What one kind of fault has done to writes.
     *
     * @param gap50 the longest time without an acknowledgement around each, in nanoseconds: half of
     *     them were shorter
     * @param after50 from the end of each to the next acknowledgement
     */
    public record Effect(
            String fault, int count, long gap50, long gap99, long after50, long after99) {}

    /**
     * How it went.
     *
     * @param registrations Map-Registers acknowledged for the first time
     * @param answers Map-Replies that were judged
     * @param publications Map-Notifies that were to be acknowledged
     * @param replays old Map-Registers sent again
     * @param questions that were put to all members in turn, and answered
     * @param longestAnswer what the slowest of them took, in nanoseconds
     * @param violations what does not hold, with what is wrong; empty for a clean run
     */
    public record Report(
            List<Effect> effects,
            int rounds,
            int registrations,
            long answers,
            long publications,
            int replays,
            long questions,
            long longestAnswer,
            List<String> violations) {}

    private final Setting setting;
    private final Consumer<String> log;
    private final Random random;
    private final Judge judge = new Judge(System::nanoTime);
    private final Lab lab;
    private final List<Member> members = new ArrayList<>();
    private final Plan plan;
    private final long start = System.nanoTime();
    private int rounds;

    private Nemesis(Setting setting, Consumer<String> log) {
        this.setting = setting;
        this.log = log;
        this.random = new Random(setting.seed());
        var families = EnumSet.noneOf(Family.class);
        setting.faults().forEach(it -> families.add(Family.of(it).orElseThrow()));
        this.lab = new Lab(setting.work(), MEMBERS, Load.ADDRESSES, families.contains(Family.DISK));
        this.plan = new Plan(setting.seed(), families, (int) longestFault(setting).toMillis());
    }

    private static Duration longestFault(Setting setting) {
        var share = setting.length().dividedBy(FAULTS_OF_A_RUN);
        if (share.compareTo(LONGEST_FAULT) > 0) {
            return LONGEST_FAULT;
        }
        return share.compareTo(SHORTEST_LONGEST) > 0 ? share : SHORTEST_LONGEST;
    }

    /** The faults that there are, as {@link Setting#faults} names them. */
    public static Set<String> faults() {
        var names = new TreeSet<String>();
        for (var family : Family.values()) {
            names.add(family.toString());
        }
        return names;
    }

    /** The programs that are missing here. */
    public static List<String> missing() {
        return List.of("ip", "tc", "unshare", "nsenter", "mount", "kill", "sleep").stream()
                .filter(it -> !Shell.has(it))
                .toList();
    }

    /**
     * Runs it, in namespaces of this process' own.
     *
     * @param log is told what happens, line by line
     * @throws IOException when the members cannot be started as they should
     */
    public static Report run(Setting setting, Consumer<String> log)
            throws IOException, InterruptedException {
        var nemesis = new Nemesis(setting, log);
        var hook = new Thread(nemesis::kill);
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return nemesis.run();
        } finally {
            nemesis.kill();
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }

    private void kill() {
        for (var member : List.copyOf(members)) {
            try {
                member.kill();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
        lab.close();
    }

    private Report run() throws IOException, InterruptedException {
        lab.open();
        if (!lab.canDelay() && setting.faults().contains(Family.SLOW.toString())) {
            log.accept("this kernel has no queue that delays: nothing is made slow");
        }
        var common =
                new Member.Setting(
                        setting.lispctl(), SITE.value(), SECRET, MEMBERS, setting.groups());
        for (int i = 0; i < MEMBERS; i++) {
            members.add(new Member(i, common, lab, setting.work()));
            members.get(i).start();
        }
        awaitReady(START, "in the beginning");
        if (!judge.violations().isEmpty()) {
            throw new IOException(judge.violations().getFirst().toString());
        }
        try (var load =
                new Load(
                        IntStream.range(0, MEMBERS).mapToObj(Member::lisp).toList(),
                        lab.xtrAddresses(),
                        SITE,
                        SharedKey.of(1, Bytes.of(SECRET.getBytes(StandardCharsets.US_ASCII))),
                        judge,
                        setting.seed(),
                        setting.perSecond())) {
            return run(load);
        }
    }

    private Report run(Load load) throws IOException, InterruptedException {
        load.run(true);
        if (!await(START, () -> populated(load))) {
            throw new IOException("not all EIDs are registered and subscribed to in the beginning");
        }
        log.accept(
                seconds(System.nanoTime() - start)
                        + " s  three members run, all EIDs are registered and subscribed to");
        settle(load);
        long end = System.nanoTime() + setting.length().toNanos();
        while (System.nanoTime() - end < 0 && judge.violations().isEmpty()) {
            load.run(true);
            pause(CALM_MILLIS);
            round(load, plan.round());
        }
        if (judge.violations().isEmpty()) {
            finish(load);
        }
        var effects =
                load.gaps(Gaps::summaries).stream()
                        .map(it ->
                                new Effect(
                                        it.fault(),
                                        it.count(),
                                        it.p50(),
                                        it.p99(),
                                        it.after50(),
                                        it.after99()))
                        .toList();
        int registrations = load.gaps(Gaps::count);
        int replays = load.replayed();
        var answered = load.answered();
        load.close();
        keep();
        return new Report(
                effects,
                rounds,
                registrations,
                judge.answers(),
                judge.publications(),
                replays,
                answered.count(),
                answered.longestNanos(),
                judge.violations().stream().map(Judge.Violation::toString).toList());
    }

    private static boolean populated(Load load) {
        try {
            return load.isPopulated();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    // One round

    /** A fault of the plan, and the members that it was done to. */
    private record Done(Fault fault, List<Integer> whom) {}

    private void round(Load load, List<Fault> faults) throws IOException, InterruptedException {
        rounds++;
        var done = new ArrayList<Done>();
        int leader = leader();
        long begin = System.nanoTime();
        for (var fault : faults) {
            var whom = whom(fault.whom(), leader);
            if (fault.kind().ends() && whom.size() == MEMBERS) {
                load.nobodyNeedsToAnswer(true);
            }
            if (!done.isEmpty()) {
                pause(random.nextInt(APART_MILLIS));
            }
            done.add(new Done(fault, whom));
            begin(load, fault, whom);
        }
        pause(faults.stream().mapToInt(Fault::millis).max().orElseThrow());
        // Nothing starts on a full disk, and who is to vote on its members has to be a majority.
        for (var it :
                done.reversed().stream()
                        .sorted(Comparator.comparing(one -> one.fault().kind().endsAs()))
                        .toList()) {
            end(load, it.fault(), it.whom());
        }
        long end = System.nanoTime();
        var name = String.join(" + ", faults.stream().map(Fault::name).toList());
        awaitReady(START, "after " + name);
        load.nobodyNeedsToAnswer(false);
        // Where a majority lives on, nobody has to wait for a process that gets ready.
        boolean starts =
                done.stream()
                                .filter(it -> it.fault().kind().ends())
                                .flatMap(it -> it.whom().stream())
                                .distinct()
                                .count()
                        > 1;
        var bound = starts ? setting.bound().plus(START) : setting.bound();
        await(bound, () -> hasAcknowledged(load, end));
        var gap = load.gaps(it -> it.around(begin, end));
        judge.resumes(name, gap.after(), bound.toNanos());
        if (gap.after() != Gaps.NEVER) {
            load.gaps(gaps -> {
                gaps.keep(name, gap);
                return true;
            });
        }
        if (random.nextBoolean()) {
            load.replay();
            pause(SILENCE_MILLIS);
        }
        var settled = settle(load);
        for (var it : done) {
            if (it.fault().kind() == Fault.Kind.DISK_FULL) {
                for (int number : it.whom()) {
                    load.begins(number);
                }
            }
        }
        log.accept(
                String.format(
                        Locale.ROOT,
                        "%s s  %-42s for %5s s: nothing acknowledged for %s s, again %s s after its"
                                + " end; then all answered after %s s, members equal after %s s,"
                                + " subscribers right after %s s",
                        seconds(begin - start),
                        name + " (" + concerned(done) + ")",
                        seconds(end - begin),
                        seconds(gap.longest()),
                        seconds(gap.after()),
                        seconds(settled.quiet()),
                        seconds(settled.equal()),
                        seconds(settled.told())));
    }

    private static boolean hasAcknowledged(Load load, long since) {
        try {
            return load.gaps(it -> it.hasAfter(since));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String concerned(List<Done> done) {
        return String.join(
                ", ",
                done.stream()
                        .map(it ->
                                String.join(
                                        " ",
                                        it.whom().stream().map(number -> "ms-" + number).toList()))
                        .toList());
    }

    /** Who leads, one of several groups at least, or anybody. */
    private int leader() {
        return IntStream.range(0, MEMBERS)
                .filter(it -> members.get(it).leads())
                .findFirst()
                .orElseGet(() -> random.nextInt(MEMBERS));
    }

    private List<Integer> whom(Whom whom, int leader) {
        return switch (whom) {
            case LEADER -> List.of(leader);
            case FOLLOWER -> List.of((leader + 1 + random.nextInt(MEMBERS - 1)) % MEMBERS);
            case ALL -> IntStream.range(0, MEMBERS).boxed().toList();
        };
    }

    private List<Integer> others(int member) {
        return IntStream.range(0, MEMBERS).filter(it -> it != member).boxed().toList();
    }

    private void begin(Load load, Fault fault, List<Integer> whom)
            throws IOException, InterruptedException {
        for (int it : whom) {
            var member = members.get(it);
            switch (fault.kind()) {
                case KILL -> member.kill();
                case STOP -> member.stop();
                case CUT_OFF -> isolate(it);
                case CUT_OFF_WHOLLY -> {
                    isolate(it);
                    lab.cutXtrs(it);
                }
                case CUT_ONE_LINK -> {
                    int other = others(it).get(random.nextInt(MEMBERS - 1));
                    lab.cut(it, other);
                    lab.cut(other, it);
                }
                case DUMB -> {
                    for (int other : others(it)) {
                        lab.cut(it, other);
                    }
                }
                case DEAF -> {
                    for (int other : others(it)) {
                        lab.cut(other, it);
                    }
                }
                case DISK_LOW -> lab.fill(it, LOW_OCTETS);
                case DISK_FULL -> {
                    load.mayForget(it);
                    lab.fill(it, 0);
                }
                case SLOW -> {
                    if (lab.canDelay()) {
                        lab.slow(it);
                    }
                }
                case TRANSFER -> tell("transfer-leader", member.name());
                case LOST -> member.kill();
                case REMOVED -> tell("remove", member.name());
                case RESTART -> {
                    if (!member.end()) {
                        judge.fails(member.name(), "does not end when it is told to");
                        member.kill();
                    }
                }
            }
        }
    }

    private void isolate(int member) throws IOException, InterruptedException {
        for (int other : others(member)) {
            lab.cut(member, other);
            lab.cut(other, member);
        }
    }

    /**
     * {@code lispctl member …}, told to all members.
     *
     * @return whether it was done, or had been done already; so busy may a cluster be that it is
     *     refused, which is logged
     */
    private boolean tell(String... what) throws InterruptedException {
        var command = new ArrayList<>(setting.lispctl());
        command.add("member");
        command.addAll(List.of(what));
        command.addAll(List.of("--timeout", "10s", "--endpoints"));
        command.add(String.join(",", members.stream().map(Member::admin).toList()));
        var name = "lispctl member " + String.join(" ", what);
        try {
            var ended = Shell.ended(name, command);
            // As after an answer that came too late.
            boolean wasDone =
                    switch (what[0]) {
                        case "remove" -> ended.code() == IS_NOT_THERE;
                        case "add" -> ended.said().contains("there is already a member");
                        default -> false;
                    };
            if (ended.code() == 0 || wasDone) {
                return true;
            }
            log.accept(name + " was not done, as may be amid faults: " + ended.said());
        } catch (IOException e) {
            log.accept(String.valueOf(e.getMessage()));
        }
        return false;
    }

    /** As docs/durability.md has it for a lost disk; each command is given until it is done. */
    private void replace(Load load, int number) throws IOException, InterruptedException {
        var member = members.get(number);
        member.kill();
        load.begins(number);
        long end = System.nanoTime() + START.toNanos();
        tellUntil(end, "remove", member.name());
        member.succeed(members.stream().map(Member::name).toList());
        member.start();
        tellUntil(end, "add", member.name(), member.raft());
    }

    private void tellUntil(long end, String... what) throws InterruptedException {
        while (!tell(what) && System.nanoTime() - end < 0) {
            pause(CALM_MILLIS);
        }
    }

    private void end(Load load, Fault fault, List<Integer> whom)
            throws IOException, InterruptedException {
        for (int it : whom) {
            var member = members.get(it);
            switch (fault.kind()) {
                case KILL, RESTART -> {
                    load.begins(it);
                    member.kill(); // if it was started by the end of another fault
                    member.start();
                }
                case STOP -> member.goOn();
                case CUT_OFF, CUT_OFF_WHOLLY, CUT_ONE_LINK, DUMB, DEAF -> lab.mend(it);
                case DISK_LOW, DISK_FULL -> lab.empty(it);
                case SLOW -> {
                    if (lab.canDelay()) {
                        lab.fast(it);
                    }
                }
                case LOST, REMOVED -> replace(load, it);
                case TRANSFER -> {}
            }
        }
    }

    // What must be so in the end

    /** Waits until all members and subscribers know all that was said. */
    private Load.Settled settle(Load load) throws InterruptedException {
        var settled = load.settles(setting.bound().toNanos());
        for (var member : members) {
            member.failure().ifPresent(it -> judge.fails(member.name(), it));
        }
        return settled;
    }

    /** All of it once more: replays to everybody, then all compared. */
    private void finish(Load load) throws InterruptedException {
        load.replay();
        pause(SILENCE_MILLIS);
        settle(load);
        boolean equal =
                await(
                        setting.bound(),
                        () ->
                                states().stream().distinct().count() == 1
                                        && !states().getFirst().contains(UNSAID));
        var states = states();
        if (!equal) {
            judge.states(states);
        }
        log.accept(
                seconds(System.nanoTime() - start)
                        + " s  at the end every member says: "
                        + states.getFirst());
    }

    private List<String> states() {
        return members.stream()
                .map(member ->
                        member.metrics()
                                .map(text ->
                                        String.join(
                                                ", ",
                                                COMPARED.stream()
                                                        .map(it ->
                                                                it
                                                                        + " "
                                                                        + Member.value(text, it)
                                                                                .map(Nemesis::whole)
                                                                                .orElse(UNSAID))
                                                        .toList()))
                                .orElse(UNSAID))
                .toList();
    }

    /** A gauge as a count: {@code 46.0} is 46. */
    private static String whole(String value) {
        return value.endsWith(".0") ? value.substring(0, value.length() - 2) : value;
    }

    private void awaitReady(Duration most, String when) throws InterruptedException {
        boolean ready =
                await(
                        most,
                        () ->
                                members.stream()
                                        .allMatch(it -> it.failure().isPresent() || it.isReady()));
        for (var member : members) {
            var failure = member.failure();
            if (failure.isPresent() || !ready && !member.isReady()) {
                judge.fails(
                        member.name(),
                        failure.orElse("is not ready after " + most.toSeconds() + " s")
                                + ", "
                                + when);
            }
        }
    }

    /**
     * What is needed to find out what was wrong; data on file systems of ours would go with them.
     */
    private void keep() throws IOException, InterruptedException {
        if (judge.violations().isEmpty()) {
            return;
        }
        for (var member : members) {
            member.tellAll();
        }
        pause(THREADS_MILLIS);
        for (int i = 0; i < MEMBERS; i++) {
            members.get(i).kill();
            lab.empty(i);
            var kept = lab.disk(i).resolveSibling("kept");
            try {
                Shell.run("cp", "-a", lab.disk(i).toString(), kept.toString());
            } catch (IOException e) {
                log.accept("the data of ms-" + i + " cannot be kept: " + e.getMessage());
            }
        }
        for (var eid : judge.concerned()) {
            var name = eid.replaceAll("[^0-9.]+", "_") + ".history";
            Files.write(setting.work().resolve(name), judge.history(eid));
        }
    }

    // Time

    private static boolean await(Duration most, BooleanSupplier what) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (!what.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            pause(LOOK_MILLIS);
        }
        return true;
    }

    private static void pause(int millis) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(millis);
    }

    private static String seconds(long nanos) {
        return nanos == Gaps.NEVER ? "-" : String.format(Locale.ROOT, "%.2f", nanos / 1e9);
    }
}
