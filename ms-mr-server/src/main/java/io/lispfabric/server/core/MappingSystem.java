package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everything the cluster agrees on, as one immutable value; {@link #apply} is its only way forward.
 * Every replica applies the same commands in the same order and so comes to an equal value.
 *
 * @param mappings by EID-Prefix
 * @param nonces the last one of each xTR under each key
 * @param subscribers by EID-Prefix, and then by xTR
 * @param members the xTRs that register, to be told of their group
 */
public record MappingSystem(
        PrefixMap<Mapping> mappings,
        PrefixMap<Nonce> nonces,
        PrefixMap<PrefixMap<Listener>> subscribers,
        PrefixMap<Listener> members) {
    public static final MappingSystem EMPTY =
            new MappingSystem(
                    PrefixMap.empty(), PrefixMap.empty(), PrefixMap.empty(), PrefixMap.empty());

    /**
     * A subscriber to a short prefix is first told so many mappings inside it, and no more: a
     * bound, not a goal.
     */
    static final int MOST_AT_ONCE = 65_536;

    /** The mapping of exactly this EID-Prefix. */
    public Optional<Mapping> at(Eid eid) {
        return mappings.get(BitKey.of(eid));
    }

    /** The mapping of the longest registered EID-Prefix that holds all of {@code eid}. */
    public Optional<Mapping> longestMatch(Eid eid) {
        return mappings.longestMatch(BitKey.of(eid));
    }

    /** What is to be told about an EID-Prefix: its mapping, or that there is none. */
    public MappingRecord record(Eid eid) {
        return at(eid).map(Mapping::record).orElseGet(() -> Mapping.goneRecord(eid));
    }

    public Optional<Listener> listener(ListenerId id) {
        return switch (id) {
            case ListenerId.Subscriber(var prefix, var xtr) ->
                    subscribers.get(BitKey.of(prefix)).flatMap(those -> those.get(key(xtr)));
            case ListenerId.Member(var registrant) -> members.get(registrant.key());
        };
    }

    /** Every subscription that is in force. */
    public List<Listener> subscriptions() {
        var all = new ArrayList<Listener>();
        subscribers.forEach((_, those) -> those.forEach((_, listener) -> all.add(listener)));
        all.removeIf(listener -> !listener.active());
        return all;
    }

    /** Every Map-Notify that waits for its acknowledgement: what a new leader goes on with. */
    public List<Effect.Publish> outstanding() {
        var all = new ArrayList<Effect.Publish>();
        subscribers.forEach(
                (_, those) -> those.forEach((_, listener) -> outstanding(listener, all)));
        members.forEach((_, listener) -> outstanding(listener, all));
        return all;
    }

    /** Whether what confirms a subscription to this EID-Prefix is still outstanding. */
    private boolean isUnconfirmed(ListenerId id, Eid prefix) {
        return listener(id)
                .flatMap(it -> it.outstanding().get(BitKey.of(prefix)))
                .filter(Outstanding::confirms)
                .isPresent();
    }

    /**
     * Whether the subscriber will be told of this EID-Prefix once it has confirmed the one around
     * it, and not before.
     */
    boolean isHeld(ListenerId id, Eid eid) {
        return id instanceof ListenerId.Subscriber(var prefix, _)
                && !prefix.equals(eid)
                && isUnconfirmed(id, prefix);
    }

    private static void outstanding(Listener listener, List<Effect.Publish> all) {
        listener.outstanding().forEach((_, it) -> all.add(new Effect.Publish(listener.id(), it)));
    }

    /**
     * The EID-Prefixes, at most {@code most}, with a registration that ends at or before this time.
     */
    public List<Eid> due(long nowMillis, int most) {
        return mappings.expiring(nowMillis, most).stream().map(Mapping::eid).toList();
    }

    /** The state with one row set or gone. */
    public MappingSystem with(Change change) {
        return switch (change) {
            case Change.MappingSet(var mapping) ->
                    new MappingSystem(
                            mappings.with(mapping.key(), mapping), nonces, subscribers, members);
            case Change.MappingGone(var eid) ->
                    new MappingSystem(
                            mappings.without(BitKey.of(eid)), nonces, subscribers, members);
            case Change.NonceSet(var key, var nonce) ->
                    new MappingSystem(mappings, nonces.with(key, nonce), subscribers, members);
            case Change.ListenerSet(var listener) -> {
                var outstanding =
                        listener(listener.id())
                                .map(Listener::outstanding)
                                .orElse(PrefixMap.empty());
                yield with(listener.with(outstanding));
            }
            case Change.OutstandingSet(var id, var outstanding) ->
                    listener(id)
                            .map(it ->
                                    with(
                                            it.with(
                                                    it.outstanding()
                                                            .with(
                                                                    BitKey.of(outstanding.eid()),
                                                                    outstanding))))
                            .orElse(this);
            case Change.OutstandingGone(var id, var eid) ->
                    listener(id)
                            .map(it -> with(it.with(it.outstanding().without(BitKey.of(eid)))))
                            .orElse(this);
        };
    }

    private MappingSystem with(Listener listener) {
        return switch (listener.id()) {
            case ListenerId.Subscriber(var prefix, var xtr) -> {
                var key = BitKey.of(prefix);
                var those = subscribers.get(key).orElse(PrefixMap.empty()).with(key(xtr), listener);
                yield new MappingSystem(mappings, nonces, subscribers.with(key, those), members);
            }
            case ListenerId.Member(var registrant) ->
                    new MappingSystem(
                            mappings,
                            nonces,
                            subscribers,
                            members.with(registrant.key(), listener));
        };
    }

    private static BitKey key(XtrIdentity xtr) {
        var out = new WireWriter();
        xtr.write(out);
        return BitKey.of(out.toBytes());
    }

    /** What a command leads to. Deterministic: it depends on this state and the command alone. */
    public Outcome apply(Command command) {
        var step = new Step(this);
        switch (command) {
            case Command.Register register -> step.register(register);
            case Command.Subscribe subscribe -> step.subscribe(subscribe);
            case Command.Unsubscribe unsubscribe -> step.unsubscribe(unsubscribe);
            case Command.Acknowledge(var listener, var eid, var nonce) ->
                    step.acknowledge(listener, eid, nonce);
            case Command.GiveUp(var listener, var eid, var nonce) ->
                    step.giveUp(listener, eid, nonce);
            case Command.Expire(var atMillis, var eids) ->
                    eids.forEach(eid -> step.expire(eid, atMillis));
        }
        return new Outcome(step.state, step.changes, step.effects);
    }

    /** One command on its way through the state. */
    private static final class Step {
        private final List<Change> changes = new ArrayList<>();
        private final List<Effect> effects = new ArrayList<>();
        private MappingSystem state;

        Step(MappingSystem state) {
            this.state = state;
        }

        private void change(Change change) {
            changes.add(change);
            state = state.with(change);
        }

        void register(Command.Register command) {
            var credentials = command.credentials();
            var registrant = registrant(command);
            var nonceKey = registrant.nonceKey(credentials.keyId());
            // RFC 9301 §5.6: an ETR's nonce only grows, so one that is not greater is an old packet
            // played again.
            if (command.noncesGrow()
                    && state.nonces
                            .get(nonceKey)
                            .filter(last -> !command.nonce().isGreaterThan(last))
                            .isPresent()) {
                effects.add(new Effect.Replayed(command.origin()));
                return;
            }
            if (command.noncesGrow()) {
                change(new Change.NonceSet(nonceKey, command.nonce()));
            }
            // RFC 9302 §5: a message with an older Map-Version than the ETR's last MUST be dropped
            // silently.
            if (command.records().stream().anyMatch(it -> isOutdated(it, registrant))) {
                effects.add(new Effect.Outdated(command.origin()));
                return;
            }
            var told = new ArrayList<MappingRecord>();
            for (var record : command.records()) {
                var before = state.at(record.eid());
                if (before.isPresent() && !before.get().admits(registrant)) {
                    effects.add(new Effect.Conflicting(command.origin()));
                } else if (record.ttl().removes()) {
                    before.ifPresent(mapping ->
                            replace(
                                    record.eid(),
                                    before,
                                    mapping.without(registrant),
                                    Optional.of(command)));
                    // The ETR is told that its own part is gone, whoever still registers the rest
                    // (draft-jain §5.4).
                    told.add(Mapping.goneRecord(record.eid()));
                } else {
                    told.add(register(command, registrant, before, record).record());
                }
            }
            meet(command, registrant);
            if (command.wantMapNotify() && !told.isEmpty()) {
                effects.add(
                        new Effect.Answer(
                                command.origin(),
                                credentials,
                                command.source(),
                                command.port(),
                                command.nonce(),
                                told));
            }
        }

        private static Registrant registrant(Command.Register command) {
            var credentials = command.credentials();
            return Registrant.of(credentials.site(), credentials.keyId(), command.identity());
        }

        private boolean isOutdated(MappingRecord record, Registrant registrant) {
            return state.at(record.eid())
                    .flatMap(mapping -> mapping.by(registrant))
                    .filter(last -> last.outdates(record.mapVersion()))
                    .isPresent();
        }

        private Mapping register(
                Command.Register command,
                Registrant registrant,
                Optional<Mapping> before,
                MappingRecord record) {
            // A Record TTL of all ones leaves the time to us.
            long lifetime =
                    command.ttlForTimeout() && !record.ttl().equals(RecordTtl.RECEIVER_DECIDES)
                            ? Integer.toUnsignedLong(record.ttl().minutes()) * 60_000
                            : command.lifetimeMillis();
            var fresh =
                    new Registration(
                            registrant,
                            command.mergeRequest(),
                            command.proxyReply(),
                            record.ttl(),
                            record.mapVersion(),
                            record.locators(),
                            command.atMillis(),
                            command.atMillis() + lifetime);
            var last = before.flatMap(mapping -> mapping.by(registrant));
            var registration =
                    last.filter(fresh::saysTheSame)
                            .map(it -> fresh.since(it.sinceMillis()))
                            .orElse(fresh);
            var after = Mapping.register(before, record.eid(), registration);
            replace(record.eid(), before, Optional.of(after), Optional.of(command));
            return after;
        }

        /**
         * Puts a mapping, or nothing, in the place of another, and tells whom it concerns if they
         * are told otherwise now.
         *
         * @param cause what it came with, if with a message
         */
        private void replace(
                Eid eid,
                Optional<Mapping> before,
                Optional<Mapping> after,
                Optional<Command.Register> cause) {
            change(
                    after.<Change>map(Change.MappingSet::new)
                            .orElseGet(() -> new Change.MappingGone(eid)));
            if (after.map(Mapping::record).equals(before.map(Mapping::record))) {
                return;
            }
            // draft-jain §5.5.3: the entire RLOC-set that last registered the EID is told, and all
            // that do now.
            Set<Registrant> group = new LinkedHashSet<>();
            before.ifPresent(mapping -> group.addAll(mapping.registrants()));
            after.ifPresent(mapping -> group.addAll(mapping.registrants()));
            // Who has not acknowledged the last news needs a new nonce with these, member or not:
            // no nonce is ever used twice with another content.
            var waiting = membersAwaiting(eid);
            group.addAll(waiting);
            cause.filter(it -> it.wantMapNotify() || !waiting.contains(registrant(it)))
                    .map(Step::registrant)
                    .ifPresent(author -> {
                        // It has said so itself, and hears the rest in the answer.
                        group.remove(author);
                        if (waiting.contains(author)) {
                            change(new Change.OutstandingGone(new ListenerId.Member(author), eid));
                        }
                    });
            for (var registrant : group) {
                state.listener(new ListenerId.Member(registrant))
                        .ifPresent(member -> tell(member, eid, false));
            }
            publish(eid);
        }

        private Set<Registrant> membersAwaiting(Eid eid) {
            var key = BitKey.of(eid);
            var those = new LinkedHashSet<Registrant>();
            state.members.forEach((_, member) -> {
                if (member.outstanding().get(key).isPresent()
                        && member.id() instanceof ListenerId.Member(var registrant)) {
                    those.add(registrant);
                }
            });
            return those;
        }

        /**
         * RFC 9437 §6: a changed mapping is told to every subscriber of it or of an EID-Prefix
         * around it.
         */
        private void publish(Eid eid) {
            for (var those : state.subscribers.covering(BitKey.of(eid))) {
                those.forEach((_, subscriber) -> {
                    if (subscriber.active() && state.isHeld(subscriber.id(), eid)) {
                        hold(subscriber, eid);
                    } else if (subscriber.active()) {
                        tell(subscriber, eid, false);
                    }
                });
            }
        }

        /**
         * Remembers that a mapping went while the subscription was not confirmed: those that are
         * there will be told anyhow, but this one a subscriber of old would keep for ever.
         */
        private void hold(Listener subscriber, Eid eid) {
            if (state.at(eid).isEmpty()) {
                change(
                        new Change.OutstandingSet(
                                subscriber.id(), new Outstanding(eid, subscriber.nonce(), false)));
            }
        }

        /** Takes the listener's next nonce for a Map-Notify about this EID-Prefix. */
        private void tell(Listener listener, Eid eid, boolean confirms) {
            var nonce = confirms ? listener.nonce() : listener.nonce().next();
            change(new Change.ListenerSet(listener.with(nonce)));
            // News that takes the place of a confirmation confirms in its stead.
            var outstanding =
                    new Outstanding(
                            eid, nonce, confirms || state.isUnconfirmed(listener.id(), eid));
            change(new Change.OutstandingSet(listener.id(), outstanding));
            effects.add(new Effect.Publish(listener.id(), outstanding));
        }

        /**
         * Remembers where an xTR with ids can be told of its group. One without ids could not tell
         * such news from a replay.
         */
        private void meet(Command.Register command, Registrant registrant) {
            if (command.identity().isEmpty()) {
                return;
            }
            var id = new ListenerId.Member(registrant);
            var known = state.listener(id);
            var member =
                    new Listener(
                            id,
                            command.credentials(),
                            List.of(command.source()),
                            command.port(),
                            true,
                            // A new counter starts above any that a mapping system that lost its
                            // disks may have used.
                            known.map(Listener::nonce).orElse(new Nonce(command.atMillis() << 20)),
                            known.map(Listener::sinceMillis).orElse(command.atMillis()),
                            known.map(Listener::outstanding).orElse(PrefixMap.empty()));
            if (known.isEmpty() || !known.get().equals(member)) {
                change(new Change.ListenerSet(member));
            }
        }

        void subscribe(Command.Subscribe command) {
            var match =
                    state.longestMatch(command.asked())
                            .filter(mapping ->
                                    mapping.eid().prefix().length() >= command.leastLength())
                            .filter(Mapping::proxyReply);
            if (match.isEmpty()) {
                effects.add(new Effect.NotSubscribed(command));
                return;
            }
            var prefix = match.get().eid();
            var id = new ListenerId.Subscriber(prefix, command.xtr());
            if (isReplay(id, command.nonce(), command.origin())) {
                return;
            }
            // What was not acknowledged before is held, and told again after the confirmation.
            var subscriber =
                    new Listener(
                            id,
                            command.credentials(),
                            command.itrRlocs(),
                            command.port(),
                            true,
                            command.nonce(),
                            command.atMillis(),
                            PrefixMap.empty());
            change(new Change.ListenerSet(subscriber));
            tell(subscriber, prefix, true);
        }

        /**
         * A Map-Notify has arrived. If it confirmed a subscription, all that lies inside the
         * EID-Prefix follows, one by one, and what went from there: whoever caches a prefix must
         * know the more specific ones (RFC 9301 §5.5). Not earlier, since only the acknowledgement
         * shows that it was the xTR that asked, and not a stranger who wants all of this sent to
         * it.
         */
        void acknowledge(ListenerId id, Eid eid, Nonce nonce) {
            boolean confirms = state.isUnconfirmed(id, eid);
            if (settle(id, eid, nonce) && confirms) {
                var news = new LinkedHashSet<Eid>();
                state.listener(id)
                        .orElseThrow()
                        .outstanding()
                        .forEach((_, held) -> news.add(held.eid()));
                state.mappings
                        .below(BitKey.of(eid), MOST_AT_ONCE)
                        .forEach(inside -> news.add(inside.eid()));
                for (var inside : news) {
                    tell(state.listener(id).orElseThrow(), inside, false);
                }
            }
        }

        void unsubscribe(Command.Unsubscribe command) {
            // RFC 9437 §5: of the EID-Prefix itself, or of the registered one that a subscription
            // to it was kept under.
            var exact = new ListenerId.Subscriber(command.asked(), command.xtr());
            var id =
                    state.listener(exact).isPresent()
                            ? exact
                            : state.longestMatch(command.asked())
                                    .map(it -> new ListenerId.Subscriber(it.eid(), command.xtr()))
                                    .orElse(exact);
            if (isReplay(id, command.nonce(), command.origin())) {
                return;
            }
            forget(id);
            state.listener(id)
                    .ifPresent(it -> change(new Change.ListenerSet(it.ended(command.nonce()))));
            // It is confirmed even if there was nothing to end, so that an xTR that starts can
            // clear what it forgot.
            effects.add(
                    new Effect.Answer(
                            command.origin(),
                            command.credentials(),
                            command.source(),
                            command.port(),
                            command.nonce(),
                            List.of(state.record(id.prefix()))));
        }

        private boolean isReplay(ListenerId id, Nonce nonce, long origin) {
            boolean replay =
                    state.listener(id).filter(it -> !nonce.isGreaterThan(it.nonce())).isPresent();
            if (replay) {
                effects.add(new Effect.Replayed(origin));
            }
            return replay;
        }

        /** Nothing is outstanding for this listener any more. */
        private void forget(ListenerId id) {
            var stale = new ArrayList<Eid>();
            state.listener(id)
                    .ifPresent(it -> it.outstanding().forEach((_, out) -> stale.add(out.eid())));
            stale.forEach(eid -> change(new Change.OutstandingGone(id, eid)));
        }

        /** Whether a Map-Notify with just this nonce was outstanding; it is no longer. */
        boolean settle(ListenerId id, Eid eid, Nonce nonce) {
            var waiting = state.listener(id).flatMap(it -> it.outstanding().get(BitKey.of(eid)));
            if (waiting.filter(it -> it.nonce().equals(nonce)).isEmpty()) {
                return false;
            }
            change(new Change.OutstandingGone(id, eid));
            return true;
        }

        void giveUp(ListenerId id, Eid eid, Nonce nonce) {
            boolean confirms = state.isUnconfirmed(id, eid);
            if (!settle(id, eid, nonce) || !confirms) {
                return;
            }
            // RFC 9437 §5: a subscription that was never confirmed may go, and the xTR is told so
            // once.
            var subscriber = state.listener(id).orElseThrow();
            forget(id);
            change(new Change.ListenerSet(subscriber.ended(subscriber.nonce())));
            effects.add(
                    new Effect.Dismiss(
                            subscriber.credentials(),
                            subscriber.addresses().getFirst(),
                            subscriber.port(),
                            nonce,
                            MappingRecord.negative(
                                    RecordTtl.REMOVE, Action.DROP_AUTH_FAILURE, eid)));
        }

        void expire(Eid eid, long atMillis) {
            state.at(eid)
                    .ifPresent(mapping -> {
                        var kept =
                                mapping.registrations().stream()
                                        .filter(it -> it.expiresMillis() > atMillis)
                                        .toList();
                        if (kept.size() < mapping.registrations().size()) {
                            var after =
                                    kept.isEmpty()
                                            ? Optional.<Mapping>empty()
                                            : Optional.of(new Mapping(eid, kept));
                            replace(eid, Optional.of(mapping), after, Optional.empty());
                        }
                    });
        }
    }
}
