package io.lispfabric.server.app;

import static io.lispfabric.server.app.Invariant.ACKNOWLEDGED_STAYS;
import static io.lispfabric.server.app.Invariant.COMMITTED_STAYS;
import static io.lispfabric.server.app.Invariant.NEVER_OLDER;
import static io.lispfabric.server.app.Invariant.NONCES_GROW;
import static io.lispfabric.server.app.Invariant.NO_GAPS;
import static io.lispfabric.server.app.Invariant.REPLAYS_REFUSED;
import static io.lispfabric.server.app.Invariant.REPLICAS_EQUAL;
import static io.lispfabric.server.app.Invariant.SENT_ONLY_WHEN_COMMITTED;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.NonceCheck;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.server.core.Outstanding;
import io.lispfabric.server.core.Registration;
import io.lispfabric.store.LogPosition;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * Everything that has happened in a {@link ClusterSim}, as nobody in it can see it; and whether it
 * should have. It has a model of the cluster that applies each entry the moment it is committed,
 * and never crashes.
 */
final class Ledger {
    /** The states of all members are compared with the model's at every so many indices. */
    private static final int COMPARED = 8;

    /** How far apart the nonces of what is told together may be. */
    private static final long TOGETHER = 1 << 16;

    /** A Map-Notify that a committed command has promised to an xTR. */
    private record Promise(Ip to, Eid eid, Nonce nonce) {}

    /**
     * @param record empty for what confirms a request: it tells the newest mapping
     */
    private record Told(long index, Optional<MappingRecord> record) {}

    /** What nonces grow for. */
    private record Counted(Object xtr, Eid eid) {}

    /** What is at an EID-Prefix from an index on. */
    private record Version(long index, MappingRecord record) {
        boolean says(MappingRecord other) {
            return record.isNegative() ? other.isNegative() : record.equals(other);
        }
    }

    private record Taken(long index, XtrIdentity xtr, Nonce nonce) {}

    /** At an xTR, an EID-Prefix. */
    private record At(XtrIdentity xtr, Eid eid) {}

    /**
     * @param weight of the locator, or -1 when it is gone
     * @param untilMillis before which nothing may have expired
     */
    private record Acknowledged(int weight, long untilMillis) {}

    private final ClusterSim sim;
    private final Seams seams;
    private final Set<Invariant> looked;

    private final List<SimDisk.Entry> entries = new ArrayList<>();
    private final List<MappingSystem> states = new ArrayList<>();
    private final List<Long> hashes = new ArrayList<>();
    private final SimRows rows = new SimRows();
    private MappingSystem model = MappingSystem.EMPTY;

    private final Map<Promise, List<Told>> promised = new HashMap<>();

    /** The nonces of what was promised. */
    private final Map<Ip, Map<Eid, TreeMap<Long, Promise>>> nonces = new HashMap<>();

    private final Map<Promise, MappingRecord> said = new HashMap<>();
    private final Map<Counted, Nonce> lastNonces = new HashMap<>();
    private final Map<Eid, List<Version>> versions = new HashMap<>();

    /** When a subscription was confirmed last: since then its xTR knows what it was told then. */
    private final Map<ListenerId, Long> confirmed = new HashMap<>();

    /** What each xTR has said under which nonce. */
    private final Map<XtrIdentity, TreeMap<Long, Set<Eid>>> spoken = new HashMap<>();

    private final Map<XtrIdentity, Nonce> lastTaken = new HashMap<>();
    private final Set<Taken> taken = new HashSet<>();

    private final Map<At, Acknowledged> acknowledged = new LinkedHashMap<>();
    private final Map<At, Long> acknowledgedIndex = new HashMap<>();

    /** Of each member, up to where it was compared with what is acknowledged by now. */
    private final long[] checkedAt = new long[ClusterSim.MEMBERS];

    private final Map<At, Long> seen = new HashMap<>();

    /**
     * @param looked the invariants that are looked at
     */
    Ledger(ClusterSim sim, Seams seams, Set<Invariant> looked) {
        this.sim = sim;
        this.seams = seams;
        this.looked = looked;
    }

    void check(Invariant invariant, BooleanSupplier holds, Supplier<String> otherwise) {
        if (looked.contains(invariant) && !holds.getAsBoolean()) {
            throw new Violation(invariant, otherwise.get());
        }
    }

    /** What the cluster has agreed on. */
    MappingSystem state() {
        return model;
    }

    /** The EID-Prefixes that anybody may be subscribed to. */
    private List<Eid> prefixes() {
        return model.subscriptions().stream()
                .map(it -> ((ListenerId.Subscriber) it.id()).prefix())
                .distinct()
                .toList();
    }

    /** How many entries are committed. */
    long length() {
        return entries.size();
    }

    // The log

    /** A leader has found this entry committed, and told nobody yet. */
    void committed(SimDisk.Entry entry) {
        if (entry.index() < entries.size()) {
            check(
                    COMMITTED_STAYS,
                    () -> entries.get((int) entry.index()).equals(entry),
                    () -> "another entry takes the place of the committed one at " + entry.index());
            return;
        }
        entries.add(entry);
        for (var submitted : entry.commands()) {
            step(entry.position(), StateCodec.decode(ByteBuffer.wrap(submitted.octets())));
        }
        states.add(model);
        hashes.add(rows.hash());
    }

    private void step(LogPosition at, Command command) {
        var before = model;
        var outcome = seams.step(Seams.MODEL, at, before, command);
        model = outcome.next();
        rows.write(outcome.changes().stream().map(StateCodec::row).toList());
        sim.happened(rows.hash(), () -> at + " " + command + " → " + outcome.effects());
        if (command instanceof Command.Register register && isCounted(register)) {
            var xtr = register.identity().orElseThrow();
            var last = lastTaken.get(xtr);
            if (last == null || register.nonce().isGreaterThan(last)) {
                lastTaken.put(xtr, register.nonce());
                taken.add(new Taken(at.index(), xtr, register.nonce()));
            }
        }
        if (command instanceof Command.Refresh mark && isTaken(outcome)) {
            var xtr = mark.who().identity().orElseThrow();
            var last = lastTaken.getOrDefault(xtr, new Nonce(0));
            if (mark.nonce().isGreaterThan(last)) {
                lastTaken.put(xtr, mark.nonce());
                taken.add(new Taken(at.index(), xtr, mark.nonce()));
                promise(at.index(), mark, last);
            }
        }
        for (var effect : outcome.effects()) {
            switch (effect) {
                case Effect.Publish(var listener, var outstanding) -> {
                    promise(at.index(), listener, outstanding);
                    checkNonce(command, listener, outstanding);
                }
                case Effect.Answer answer ->
                        answer.records()
                                .forEach(
                                        it -> promise(at.index(), answer.to(), answer.nonce(), it));
                case Effect.Dismiss(_, _, var to, _, var nonce, var record) ->
                        promise(at.index(), to, nonce, record);
                case Effect _ -> {}
            }
        }
        follow(at.index(), command, before, outcome);
    }

    /** An xTR sends a Map-Register. */
    void says(XtrIdentity xtr, Nonce nonce, Eid eid) {
        spoken.computeIfAbsent(xtr, _ -> new TreeMap<>(Long::compareUnsigned))
                .computeIfAbsent(nonce.value(), _ -> new LinkedHashSet<>())
                .add(eid);
    }

    private static boolean isTaken(Outcome outcome) {
        return outcome.effects().stream().anyMatch(it -> it instanceof Effect.Refreshed);
    }

    /**
     * The Map-Registers that a mark may stand for are answered to where the xTR registers from:
     * those after the last that was taken, of what came with one of its leases.
     */
    private void promise(long index, Command.Refresh mark, Nonce last) {
        var to =
                model.listener(new ListenerId.Member(mark.who()))
                        .orElseThrow()
                        .addresses()
                        .getFirst();
        spoken.getOrDefault(mark.who().identity().orElseThrow(), new TreeMap<>())
                .subMap(last.value(), false, mark.nonce().value(), true)
                .forEach((nonce, those) ->
                        those.stream()
                                .flatMap(eid -> model.at(eid).stream())
                                .filter(mapping ->
                                        mapping.by(mark.who())
                                                .filter(it -> mark.leases().contains(it.lease()))
                                                .isPresent())
                                .forEach(mapping ->
                                        promise(index, to, new Nonce(nonce), mapping.record())));
    }

    private static boolean isCounted(Command.Register register) {
        return register.nonceCheck() == NonceCheck.PER_XTR && register.identity().isPresent();
    }

    private void promise(long index, Ip to, Nonce nonce, MappingRecord record) {
        promise(to, record.eid(), nonce).add(new Told(index, Optional.of(record)));
    }

    private List<Told> promise(Ip to, Eid eid, Nonce nonce) {
        var key = new Promise(to, eid, nonce);
        nonces.computeIfAbsent(to, _ -> new HashMap<>())
                .computeIfAbsent(eid, _ -> new TreeMap<>(Long::compareUnsigned))
                .put(nonce.value(), key);
        return promised.computeIfAbsent(key, _ -> new ArrayList<>(1));
    }

    /**
     * Which promise a record in a Map-Notify keeps. Of several that are told together the greatest
     * nonce stands for all; an answer is told alone.
     */
    private Promise promiseOf(Ip to, Eid eid, Nonce nonce) {
        var exact = new Promise(to, eid, nonce);
        var all = nonces.getOrDefault(to, Map.of());
        if (promised.containsKey(exact)
                || all.values().stream().noneMatch(it -> it.containsKey(nonce.value()))) {
            return exact;
        }
        return all
                .getOrDefault(eid, new TreeMap<>())
                .headMap(nonce.value())
                .reversed()
                .entrySet()
                .stream()
                .takeWhile(it -> nonce.value() - it.getKey() < TOGETHER)
                .map(Map.Entry::getValue)
                .filter(this::isNews)
                .findFirst()
                .orElse(exact);
    }

    private boolean isNews(Promise it) {
        return promised.getOrDefault(it, List.of()).stream()
                .anyMatch(told -> told.record().isPresent());
    }

    private void promise(long index, ListenerId id, Outstanding told) {
        var listener = model.listener(id).orElseThrow();
        var contact = told.confirms() ? listener.contact(told.nonce()) : listener.contact();
        var to = contact.addresses().getFirst();
        if (told.confirms()) {
            promise(to, told.eid(), told.nonce()).add(new Told(index, Optional.empty()));
        } else {
            promise(index, to, told.nonce(), model.record(id, told.eid()));
        }
    }

    /**
     * RFC 9437 §6: for an xTR every Map-Notify about an EID-Prefix but a repeated one has a nonce
     * above all before it, except for what answers its own request.
     */
    private void checkNonce(Command command, ListenerId listener, Outstanding told) {
        if (told.confirms()) {
            return;
        }
        var counted =
                new Counted(
                        listener instanceof ListenerId.Subscriber(_, var xtr) ? xtr : listener,
                        told.eid());
        var last = lastNonces.put(counted, told.nonce());
        check(
                NONCES_GROW,
                () -> last == null || told.nonce().isGreaterThan(last),
                () -> command + " tells " + listener + " with " + told.nonce() + " after " + last);
    }

    /** Keeps account of what is at which EID-Prefix, and who listens. */
    private void follow(long index, Command command, MappingSystem before, Outcome outcome) {
        if (command instanceof Command.Acknowledge(var receipts)) {
            for (var it : receipts) {
                if (before.listener(it.listener()).stream()
                        .flatMap(listener -> listener.candidates().stream())
                        .anyMatch(asked -> asked.nonce().equals(it.nonce()))) {
                    confirmed.put(it.listener(), index);
                }
            }
        }
        var touched = new LinkedHashSet<Eid>();
        for (var change : outcome.changes()) {
            switch (change) {
                case Change.MappingSet(var mapping) -> touched.add(mapping.eid());
                case Change.MappingGone(var eid) -> touched.add(eid);
                case Change.OutstandingGone(_, var eid) -> touched.add(eid);
                case Change _ -> {}
            }
        }
        for (var eid : touched) {
            var record = model.record(eid);
            var those = versions.computeIfAbsent(eid, _ -> new ArrayList<>());
            boolean news = those.isEmpty() ? !record.isNegative() : !those.getLast().says(record);
            if (news) {
                those.add(new Version(index, record));
            }
            checkGaps(eid, those);
        }
    }

    private void checkGaps(Eid eid, List<Version> those) {
        if (those.isEmpty() || !looked.contains(NO_GAPS)) {
            return;
        }
        long changed = those.getLast().index();
        for (var listener : model.subscriptions()) {
            if (listener.id() instanceof ListenerId.Subscriber(var prefix, var xtr)
                    && prefix.covers(eid)
                    && sim.listens(xtr, prefix)
                    && changed > confirmed.getOrDefault(listener.id(), -1L)
                    && tells(listener, eid, xtr)) {
                check(
                        NO_GAPS,
                        () ->
                                isOutstanding(xtr, eid)
                                        || acknowledgedIndex.getOrDefault(new At(xtr, eid), -1L)
                                                >= changed,
                        () ->
                                listener.id()
                                        + " has not acknowledged what "
                                        + eid
                                        + " is since "
                                        + changed
                                        + ", and nothing is outstanding");
            }
        }
    }

    /** Whether the xTR hears of an EID-Prefix by this subscription and not by a longer one. */
    private boolean tells(Listener listener, Eid eid, XtrIdentity xtr) {
        var longest = new TreeSet<Integer>();
        for (var those : prefixes()) {
            if (those.covers(eid)) {
                model.listener(new ListenerId.Subscriber(those, xtr))
                        .filter(it -> it.active() || it.standing() == Listener.Standing.EXCLUDED)
                        .ifPresent(_ -> longest.add(those.prefix().length()));
            }
        }
        return listener.id() instanceof ListenerId.Subscriber(var prefix, _)
                && longest.headSet(prefix.prefix().length() + 1).size() == longest.size();
    }

    /** By whichever of its subscriptions: one that was just confirmed tells all inside it. */
    private boolean isOutstanding(XtrIdentity xtr, Eid eid) {
        var found = new boolean[1];
        for (var prefix : prefixes()) {
            model.listener(new ListenerId.Subscriber(prefix, xtr))
                    .ifPresent(listener ->
                            listener.outstanding()
                                    .forEach((_, it) -> found[0] |= it.eid().equals(eid)));
        }
        return found[0];
    }

    // The members

    /** A member has this, from its disk or from a leader's snapshot. */
    void loaded(int member, long index, long hash, MappingSystem state) {
        sim.happened(index, () -> "member " + member + " begins at " + index);
        compare(member, index, hash, state, true);
    }

    /** A member has applied this entry. */
    void applied(int member, SimDisk.Entry entry, long hash, MappingSystem state) {
        check(
                COMMITTED_STAYS,
                () ->
                        entry.index() >= entries.size()
                                || entries.get((int) entry.index()).equals(entry),
                () -> "member " + member + " applies another entry at " + entry.index());
        compare(member, entry.index(), hash, state, entry.index() % COMPARED == 0);
    }

    private void compare(int member, long index, long hash, MappingSystem state, boolean whole) {
        if (index >= entries.size()) {
            check(
                    REPLICAS_EQUAL,
                    () -> false,
                    () -> "member " + member + " has " + index + ", which is not committed");
            return;
        }
        check(
                REPLICAS_EQUAL,
                () -> hash == (index < 0 ? 0 : hashes.get((int) index)),
                () -> "the rows of member " + member + " are others at " + index);
        if (whole) {
            var expected = index < 0 ? MappingSystem.EMPTY : states.get((int) index);
            check(
                    REPLICAS_EQUAL,
                    () -> state.equals(expected),
                    () -> "the state of member " + member + " is another at " + index);
        }
    }

    /** A member has applied a command. */
    void stepped(int member, LogPosition at, Command command, Outcome outcome) {
        if (command instanceof Command.Register register
                && isCounted(register)
                && outcome.effects().stream().noneMatch(it -> it instanceof Effect.Replayed)) {
            checkTaken(member, at, register.identity().orElseThrow(), register.nonce());
        } else if (command instanceof Command.Refresh mark && isTaken(outcome)) {
            checkTaken(member, at, mark.who().identity().orElseThrow(), mark.nonce());
        }
    }

    private void checkTaken(int member, LogPosition at, XtrIdentity xtr, Nonce nonce) {
        check(
                REPLAYS_REFUSED,
                () -> taken.contains(new Taken(at.index(), xtr, nonce)),
                () -> "member " + member + " takes " + nonce + " of " + xtr + " at " + at);
    }

    /** A member that nobody is ahead of leads: what does it know of what xTRs were told? */
    void checkAcknowledged(int member, long applied, MappingSystem state) {
        if (applied == checkedAt[member] || !looked.contains(ACKNOWLEDGED_STAYS)) {
            return;
        }
        Arrays.fill(checkedAt, -1);
        checkedAt[member] = applied;
        long now = sim.time().millis();
        acknowledged.values().removeIf(it -> it.untilMillis() <= now);
        acknowledged.forEach((at, what) -> {
            var weight =
                    state.at(at.eid()).stream()
                            .flatMap(it -> it.registrations().stream())
                            .filter(it -> it.registrant().identity().equals(Optional.of(at.xtr())))
                            .mapToInt(Ledger::weight)
                            .findFirst()
                            .orElse(-1);
            check(
                    ACKNOWLEDGED_STAYS,
                    () -> weight == what.weight(),
                    () ->
                            at.xtr()
                                    + " was told that "
                                    + at.eid()
                                    + " has weight "
                                    + what.weight()
                                    + ", but at leader "
                                    + member
                                    + " it has "
                                    + weight);
        });
    }

    private static int weight(Registration registration) {
        return registration.locators().getFirst().weight();
    }

    /** A member sends this in a Map-Notify. */
    void sent(int member, Ip to, Nonce nonce, MappingRecord record) {
        var key = promiseOf(to, record.eid(), nonce);
        var those = promised.getOrDefault(key, List.of());
        check(
                SENT_ONLY_WHEN_COMMITTED,
                () -> those.stream().anyMatch(it -> it.record().map(record::equals).orElse(true)),
                () ->
                        "member "
                                + member
                                + " tells "
                                + to
                                + " under "
                                + nonce
                                + " "
                                + record
                                + ", and was to tell "
                                + those);
        if (those.stream().noneMatch(it -> it.record().isEmpty())) {
            var before = said.putIfAbsent(key, record);
            check(
                    NONCES_GROW,
                    () -> before == null || before.equals(record),
                    () ->
                            to
                                    + " is told under "
                                    + nonce
                                    + " once "
                                    + before
                                    + " and once "
                                    + record);
        }
    }

    // The xTRs

    /** From now on an xTR says something else about an EID, or nothing. */
    void claims(XtrIdentity xtr, Eid eid) {
        acknowledged.remove(new At(xtr, eid));
    }

    /**
     * An xTR was told that what it says is registered.
     *
     * @param weight -1 for what is gone
     */
    void registered(XtrIdentity xtr, Eid eid, int weight, long untilMillis) {
        acknowledged.put(new At(xtr, eid), new Acknowledged(weight, untilMillis));
        Arrays.fill(checkedAt, -1);
    }

    /** An xTR begins anew and knows nothing; what it has registered stays so for its time. */
    void restarts(XtrIdentity xtr) {
        sim.happened(0, () -> xtr + " begins anew");
        seen.keySet().removeIf(it -> it.xtr().equals(xtr));
    }

    /**
     * An xTR takes in the answer to a request of its own. Of several under way the older one may
     * arrive last; then what it says is told again, and from there on it counts.
     */
    void starts(XtrIdentity xtr, Ip address, Nonce nonce, MappingRecord record) {
        var at = new At(xtr, record.eid());
        long first = versions(record, -1).findFirst().orElse(-1);
        // What has never been there is gone as well, and no version says so.
        long exact = acknowledges(at, address, nonce, record).orElse(first);
        seen.put(at, Math.min(first, exact));
    }

    /** An xTR takes in what was published, and acknowledges it. */
    void takes(XtrIdentity xtr, Ip address, Nonce nonce, MappingRecord record) {
        var at = new At(xtr, record.eid());
        var exact = acknowledges(at, address, nonce, record);
        long least = seen.getOrDefault(at, -1L);
        long newest = exact.orElseGet(() -> versions(record, -1).max().orElse(least));
        check(
                NEVER_OLDER,
                () -> newest >= least,
                () ->
                        "%s takes in %s of %d after it has acknowledged what is since %d"
                                .formatted(xtr, record, newest, least));
        seen.put(
                at,
                Math.max(
                        least,
                        exact.orElseGet(() -> versions(record, least).findFirst().orElse(least))));
    }

    /** Since when that was so, if it is just what was promised to be told under the nonce. */
    private OptionalLong acknowledges(At at, Ip address, Nonce nonce, MappingRecord record) {
        sim.happened(nonce.value(), () -> address + " takes in " + nonce + ": " + record);
        var exact = exact(address, nonce, record);
        exact.ifPresent(it -> acknowledgedIndex.merge(at, it, Math::max));
        return exact;
    }

    /** Since when just this was so that was promised under just this nonce. */
    private OptionalLong exact(Ip to, Nonce nonce, MappingRecord record) {
        return promised.getOrDefault(promiseOf(to, record.eid(), nonce), List.of()).stream()
                .filter(it -> it.record().equals(Optional.of(record)))
                .mapToLong(it -> since(record.eid(), it.index()))
                .max();
    }

    /** Since when there is at an EID-Prefix what is there at an index. */
    private long since(Eid eid, long index) {
        return versions.getOrDefault(eid, List.of()).stream()
                .mapToLong(Version::index)
                .filter(it -> it <= index)
                .max()
                .orElse(-1);
    }

    /** Since when a record is so, from some index on. */
    private LongStream versions(MappingRecord record, long from) {
        return versions.getOrDefault(record.eid(), List.of()).stream()
                .filter(it -> it.index() >= from && it.says(record))
                .mapToLong(Version::index);
    }
}
