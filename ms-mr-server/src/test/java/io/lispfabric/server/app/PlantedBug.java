package io.lispfabric.server.app;

import static io.lispfabric.server.app.Invariant.ACKNOWLEDGED_STAYS;
import static io.lispfabric.server.app.Invariant.COMMITTED_STAYS;
import static io.lispfabric.server.app.Invariant.NEVER_OLDER;
import static io.lispfabric.server.app.Invariant.NONCES_GROW;
import static io.lispfabric.server.app.Invariant.NO_GAPS;
import static io.lispfabric.server.app.Invariant.REPLAYS_REFUSED;
import static io.lispfabric.server.app.Invariant.REPLICAS_EQUAL;
import static io.lispfabric.server.app.Invariant.RIGHT_AT_LAST;
import static io.lispfabric.server.app.Invariant.SENT_ONLY_WHEN_COMMITTED;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.NonceCheck;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.server.core.Outstanding;
import io.lispfabric.server.core.Registration;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Write;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Mistakes that somebody could make, and the invariant that has to find each of them. */
enum PlantedBug {
    /** A member says that it has an entry before its disk does. */
    ACKNOWLEDGES_BEFORE_SYNC(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        long syncedLateMillis() {
                            return 2_000;
                        }
                    }),

    /** A member elects a leader that lacks what it has itself. */
    VOTES_FOR_ANYBODY(
            COMMITTED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        boolean votesForAnybody() {
                            return true;
                        }
                    }),

    /** A member applies what is in its log, committed or not. */
    APPLIES_UNCOMMITTED(
            REPLICAS_EQUAL,
            () ->
                    new Seams() {
                        @Override
                        boolean appliesUncommitted() {
                            return true;
                        }
                    }),

    /** The Map-Notify goes out when the Map-Register goes to the log, and not when it is back. */
    SENDS_BEFORE_COMMIT(
            SENT_ONLY_WHEN_COMMITTED,
            () ->
                    new Seams() {
                        @Override
                        List<Effect> submitted(MappingSystem state, Command command) {
                            return command instanceof Command.Register
                                    ? state.apply(command).effects()
                                    : List.of();
                        }
                    }),

    /** Of some changes the publication never gets to those who send it. */
    DROPS_A_PUBLICATION(
            RIGHT_AT_LAST,
            () ->
                    new Seams() {
                        private int count;

                        @Override
                        List<List<Effect>> released(int member, List<Effect> effects) {
                            return List.of(
                                    effects.stream()
                                            .filter(it ->
                                                    !(it instanceof Effect.Publish)
                                                            || ++count % 8 != 0)
                                            .toList());
                        }
                    }),

    /** News takes the nonce of the unacknowledged news that it replaces. */
    REUSES_A_NONCE(
            NONCES_GROW,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            var outcome = state.apply(command);
                            var changes =
                                    outcome.changes().stream()
                                            .map(it ->
                                                    it
                                                                    instanceof
                                                                    Change.OutstandingSet(
                                                                            var id,
                                                                            var told)
                                                            ? new Change.OutstandingSet(
                                                                    id, again(state, id, told))
                                                            : it)
                                            .toList();
                            var effects =
                                    outcome.effects().stream()
                                            .map(it ->
                                                    it instanceof Effect.Publish(var id, var told)
                                                            ? new Effect.Publish(
                                                                    id, again(state, id, told))
                                                            : it)
                                            .toList();
                            return outcome(state, changes, effects);
                        }

                        private Outstanding again(
                                MappingSystem state, ListenerId id, Outstanding told) {
                            return outstanding(state, id, told.eid())
                                    .filter(_ -> !told.confirms())
                                    .orElse(told);
                        }
                    }),

    /** The nonces of registering xTRs are not read again after a restart. */
    FORGETS_NONCES(
            REPLAYS_REFUSED,
            () ->
                    new Seams() {
                        @Override
                        StateMachine.Rows rows(SimRows rows) {
                            return each ->
                                    rows.forEach((key, value) -> {
                                        if (!(StateCodec.change(key, value)
                                                instanceof Change.NonceSet)) {
                                            each.accept(key, value);
                                        }
                                    });
                        }
                    }),

    /** In a new leader's term an xTR may begin with any nonce. */
    TAKES_A_REPLAY_AFTER_FAILOVER(
            REPLAYS_REFUSED,
            () ->
                    new Seams() {
                        private final Map<Object, Long> terms = new HashMap<>();
                        private final Set<Object> taken = new HashSet<>();

                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            if (!(command instanceof Command.Register register)
                                    || register.identity().isEmpty()) {
                                return state.apply(command);
                            }
                            var xtr = register.identity().get();
                            var place = List.of(at, xtr, register.nonce());
                            if (member == MODEL
                                    && terms.getOrDefault(xtr, -1L) < at.term()
                                    && isReplay(state, register)) {
                                taken.add(place);
                            }
                            if (member == MODEL) {
                                terms.put(xtr, at.term());
                            }
                            return state.apply(
                                    taken.contains(place) ? unchecked(register) : register);
                        }
                    }),

    /** A snapshot arrives without one of its rows. */
    LOSES_A_ROW_OF_A_SNAPSHOT(
            REPLICAS_EQUAL,
            () ->
                    new Seams() {
                        @Override
                        SimRows snapshot(SimRows rows) {
                            var keys = new ArrayList<byte[]>();
                            rows.forEach((key, _) -> keys.add(key));
                            var less = rows.copy();
                            if (!keys.isEmpty()) {
                                less.write(List.of(new Write.Delete(keys.get(keys.size() / 2))));
                            }
                            return less;
                        }
                    }),

    /** A member that starts takes its rows for older than they are. */
    APPLIES_TWICE_AFTER_RESTART(
            REPLICAS_EQUAL,
            () ->
                    new Seams() {
                        @Override
                        long restartAt(long index, long least) {
                            return Math.max(least, index - 6);
                        }
                    }),

    /** Rows are written one by one, and after them how far they came. */
    TEARS_A_BATCH(
            REPLICAS_EQUAL,
            () ->
                    new Seams() {
                        @Override
                        int torn() {
                            return 1;
                        }
                    }),

    /** When a row is written, a part of the value is left out. */
    LOSES_A_FIELD(
            REPLICAS_EQUAL,
            () ->
                    new Seams() {
                        @Override
                        StateMachine.Rows rows(SimRows rows) {
                            return each ->
                                    rows.forEach((key, value) -> {
                                        var change = StateCodec.change(key, value);
                                        var row =
                                                (Write.Put)
                                                        StateCodec.row(
                                                                change
                                                                                instanceof
                                                                                Change.MappingSet(
                                                                                        var mapping)
                                                                        ? new Change.MappingSet(
                                                                                justSaid(mapping))
                                                                        : change);
                                        each.accept(row.key(), row.value());
                                    });
                        }

                        private Mapping justSaid(Mapping mapping) {
                            return new Mapping(
                                    mapping.eid(),
                                    mapping.registrations().stream()
                                            .map(it ->
                                                    new Registration(
                                                            it.registrant(),
                                                            it.merges(),
                                                            it.proxyReply(),
                                                            it.securityCapable(),
                                                            it.ttl(),
                                                            it.mapVersion(),
                                                            it.locators(),
                                                            0,
                                                            it.lifetimeSeconds(),
                                                            it.lease(),
                                                            it.together()))
                                            .toList());
                        }
                    }),

    /** What expires is gone, but nobody is told. */
    EXPIRES_IN_SILENCE(
            NO_GAPS,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            var outcome = state.apply(command);
                            return command instanceof Command.Expire
                                    ? without(
                                            state,
                                            outcome,
                                            it -> it instanceof Change.OutstandingSet)
                                    : outcome;
                        }
                    }),

    /** A Map-Notify-Ack settles whatever is outstanding by then for the same EID-Prefix. */
    SETTLES_ANY_NONCE(
            NO_GAPS,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            return state.apply(
                                    command instanceof Command.Acknowledge(var receipts)
                                            ? new Command.Acknowledge(
                                                    receipts.stream()
                                                            .map(it -> any(state, it))
                                                            .toList())
                                            : command);
                        }

                        private Command.Receipt any(MappingSystem state, Command.Receipt it) {
                            return outstanding(state, it.listener(), it.eid())
                                    .map(last ->
                                            new Command.Receipt(
                                                    it.listener(), it.eid(), last.nonce()))
                                    .orElse(it);
                        }
                    }),

    /** One member does not let go of what an xTR withdraws. */
    KEEPS_WHAT_IS_WITHDRAWN(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            var outcome = state.apply(command);
                            return member == 1 && command instanceof Command.Register
                                    ? without(
                                            state, outcome, it -> it instanceof Change.MappingGone)
                                    : outcome;
                        }
                    }),

    /** A refresh that changes nothing does not prolong the registration. */
    FORGETS_A_LEASE(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        List<List<Effect>> released(int member, List<Effect> effects) {
                            return List.of(effects.stream().map(it -> ofNothing(it)).toList());
                        }

                        private Effect ofNothing(Effect effect) {
                            return effect instanceof Effect.Refreshed it
                                    ? new Effect.Refreshed(
                                            it.origin(),
                                            it.who(),
                                            List.of(),
                                            it.nonce(),
                                            it.said(),
                                            it.state())
                                    : effect;
                        }
                    }),

    /** A mark is taken whatever its nonce is. */
    TAKES_A_MARK_AGAIN(
            REPLAYS_REFUSED,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            var outcome = state.apply(command);
                            return command instanceof Command.Refresh mark
                                            && outcome.effects().stream()
                                                    .anyMatch(it -> it instanceof Effect.Replayed)
                                    ? new Outcome(state, List.of(), List.of(refreshed(state, mark)))
                                    : outcome;
                        }
                    }),

    /** A mark is taken although something that it stood for is gone. */
    TAKES_AN_UNFIT_MARK(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            var outcome = state.apply(command);
                            return command instanceof Command.Refresh mark
                                            && outcome.effects().stream()
                                                    .anyMatch(it -> it instanceof Effect.Unfit)
                                    ? new Outcome(state, List.of(), List.of(refreshed(state, mark)))
                                    : outcome;
                        }
                    }),

    /** What the leader took for silent expires, whatever the log has brought in between. */
    EXPIRES_WHAT_IS_REFRESHED(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            return state.apply(
                                    command instanceof Command.Expire it
                                            ? new Command.Expire(
                                                    it.atMillis(),
                                                    it.bereavedMillis(),
                                                    it.silent().stream()
                                                            .map(each -> now(state, each))
                                                            .toList())
                                            : command);
                        }

                        private Command.Expire.Silent now(
                                MappingSystem state, Command.Expire.Silent it) {
                            return new Command.Expire.Silent(
                                    it.eid(), it.who(), it.lease(), state.said(it.who()));
                        }
                    }),

    /** A new leader takes for silent whom it has not heard itself. */
    A_NEW_LEADER_GRANTS_NOTHING(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        Optional<Command> leads(int member, MappingSystem state) {
                            var all = new ArrayList<Command.Expire.Silent>();
                            state.mappings()
                                    .forEach((_, mapping) ->
                                            mapping.registrations()
                                                    .forEach(it ->
                                                            all.add(silent(state, mapping, it))));
                            return Optional.of(new Command.Expire(0, Long.MAX_VALUE, all));
                        }

                        private Command.Expire.Silent silent(
                                MappingSystem state, Mapping mapping, Registration it) {
                            var who = it.registrant();
                            return new Command.Expire.Silent(
                                    mapping.eid(), who, it.lease(), state.said(who));
                        }
                    }),

    /** Leases are counted by a clock that people and other machines set. */
    COUNTS_BY_THE_TIME_OF_DAY(
            ACKNOWLEDGED_STAYS,
            () ->
                    new Seams() {
                        @Override
                        long clock(long steadyMillis, long millis) {
                            return millis;
                        }
                    }),

    /** What nobody refreshes stays. */
    EXPIRES_NOTHING(
            RIGHT_AT_LAST,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            return command instanceof Command.Expire
                                    ? new Outcome(state, List.of(), List.of())
                                    : state.apply(command);
                        }
                    }),

    /** A new leader does not go on with what the old one has not brought home. */
    FORGETS_WHAT_IS_OUTSTANDING(
            RIGHT_AT_LAST,
            () ->
                    new Seams() {
                        private final Set<Object> forgotten = new HashSet<>();

                        @Override
                        Optional<Command> leads(int member, MappingSystem state) {
                            state.outstanding().stream()
                                    .map(Effect.Publish::outstanding)
                                    .filter(it -> !it.confirms())
                                    .forEach(it -> forgotten.add(List.of(it.eid(), it.nonce())));
                            return Optional.empty();
                        }

                        @Override
                        Optional<MapNotify> sends(Object to, MapNotify notify) {
                            return Optional.of(notify)
                                    .filter(it ->
                                            !forgotten.contains(
                                                    List.of(
                                                            it.records().getFirst().eid(),
                                                            it.nonce())));
                        }
                    }),

    /** What a command has to publish overtakes what the one before it has. */
    RELEASES_OUT_OF_ORDER(
            RIGHT_AT_LAST,
            () ->
                    new Seams() {
                        private final Map<Integer, List<Effect>> held = new HashMap<>();

                        @Override
                        List<List<Effect>> released(int member, List<Effect> effects) {
                            if (effects.stream().noneMatch(it -> it instanceof Effect.Publish)) {
                                return List.of(effects);
                            }
                            var late = held.remove(member);
                            if (late == null) {
                                held.put(member, effects);
                                return List.of();
                            }
                            return List.of(effects, late);
                        }
                    }),

    /** A new nonce, and with it what the xTR has been told before. */
    TELLS_WHAT_WAS(
            NEVER_OLDER,
            () ->
                    new Seams() {
                        /** By address and EID-Prefix: what was told last, and before that. */
                        private final Map<Object, List<MappingRecord>> told = new HashMap<>();

                        private int count;

                        @Override
                        Optional<MapNotify> sends(Object to, MapNotify notify) {
                            var now = notify.records().getFirst();
                            var those =
                                    told.computeIfAbsent(
                                            List.of(to, now.eid()), _ -> new ArrayList<>());
                            if (those.isEmpty() || !those.getLast().equals(now)) {
                                those.add(now);
                                if (those.size() > 2 && ++count % 8 == 0) {
                                    var was = those.get(those.size() - 3);
                                    return Optional.of(
                                            new MapNotify(
                                                    notify.nonce(),
                                                    notify.authentication(),
                                                    List.of(was),
                                                    notify.recipient()));
                                }
                            }
                            return Optional.of(notify);
                        }
                    }),

    /** One member goes by its own clock when it applies a command. */
    ASKS_ITS_OWN_CLOCK(
            REPLICAS_EQUAL,
            () ->
                    new Seams() {
                        @Override
                        Outcome step(
                                int member, LogPosition at, MappingSystem state, Command command) {
                            return state.apply(
                                    member == 2 && command instanceof Command.Register register
                                            ? later(register)
                                            : command);
                        }
                    });

    private final Invariant finder;
    private final Supplier<Seams> seams;

    PlantedBug(Invariant finder, Supplier<Seams> seams) {
        this.finder = finder;
        this.seams = seams;
    }

    /** The invariant that must find it, were it the only one that is looked at. */
    Invariant finder() {
        return finder;
    }

    /** It is planted anew for each run. */
    Seams plant() {
        return seams.get();
    }

    private static Outcome outcome(
            MappingSystem state, List<Change> changes, List<Effect> effects) {
        var next = state;
        for (var change : changes) {
            next = next.with(change);
        }
        return new Outcome(next, changes, effects);
    }

    /** Without some changes, and what is outstanding no more is not published either. */
    private static Outcome without(
            MappingSystem state, Outcome outcome, Predicate<Change> unwanted) {
        var changes = outcome.changes().stream().filter(unwanted.negate()).toList();
        var effects =
                outcome.effects().stream()
                        .filter(it ->
                                !(it instanceof Effect.Publish(var id, var told))
                                        || told.confirms()
                                        || changes.contains(new Change.OutstandingSet(id, told)))
                        .toList();
        return outcome(state, changes, effects);
    }

    private static Optional<Outstanding> outstanding(MappingSystem state, ListenerId id, Eid eid) {
        var found = new ArrayList<Outstanding>();
        state.listener(id)
                .map(Listener::outstanding)
                .ifPresent(those ->
                        those.forEach((_, it) -> {
                            if (it.eid().equals(eid)) {
                                found.add(it);
                            }
                        }));
        return found.stream().findFirst();
    }

    private static Effect refreshed(MappingSystem state, Command.Refresh it) {
        return new Effect.Refreshed(
                it.origin(), it.who(), it.leases(), it.nonce(), state.said(it.who()), state);
    }

    private static boolean isReplay(MappingSystem state, Command.Register register) {
        return state.apply(register).effects().stream()
                .anyMatch(it -> it instanceof Effect.Replayed);
    }

    private static Command.Register unchecked(Command.Register it) {
        return with(it, it.atMillis(), NonceCheck.NONE);
    }

    private static Command.Register later(Command.Register it) {
        return with(it, it.atMillis() + 1, it.nonceCheck());
    }

    private static Command.Register with(Command.Register it, long atMillis, NonceCheck check) {
        return new Command.Register(
                it.origin(),
                atMillis,
                it.credentials(),
                check,
                it.identity(),
                it.nonce(),
                it.proxyReply(),
                it.securityCapable(),
                it.mergeRequest(),
                it.wantMapNotify(),
                it.ttlForTimeout(),
                it.lifetimeMillis(),
                it.source(),
                it.port(),
                it.bereavedMillis(),
                it.records());
    }
}
