package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.server.core.Candidate.Wish;
import io.lispfabric.server.core.Listener.Standing;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** One command on its way through the state. */
final class Step {
    /** How long the nonce of an ended one is kept. */
    private static final long ENDED_MILLIS = 24 * 3_600_000;

    /** How many that need not be remembered any longer make room for one. */
    private static final int KEYS_FORGOTTEN = 4;

    private final List<Change> changes = new ArrayList<>();
    private final List<Effect> effects = new ArrayList<>();

    /** Of whom something that was registered has changed or gone. */
    private final Set<Registrant> altered = new LinkedHashSet<>();

    private final MappingSystem before;
    private MappingSystem state;

    Step(MappingSystem state) {
        this.before = state;
        this.state = state;
    }

    Outcome outcome() {
        // Once for each xTR, however much of it has changed.
        for (var registrant : altered) {
            for (var voice : state.voices(registrant)) {
                change(
                        new Change.NonceSet(
                                BitKey.of(voice),
                                voice.last(),
                                voice.changes() + 1,
                                voice.pulse()));
            }
        }
        return new Outcome(state, changes, effects);
    }

    private void change(Change change) {
        changes.add(change);
        state = state.with(change);
    }

    void register(Command.Register command) {
        var credentials = command.credentials();
        var registrant = command.registrant();
        boolean grows = command.nonceCheck() != NonceCheck.NONE;
        var nonceKey =
                command.nonceCheck()
                        .keptAt(credentials.site(), credentials.keyId(), command.identity());
        // RFC 9301 §5.6: an ETR's nonce only grows, so one that is not greater is an old packet
        // played again.
        var voice = state.nonces().get(nonceKey);
        if (grows && voice.filter(it -> !command.nonce().isGreaterThan(it.last())).isPresent()) {
            effects.add(new Effect.Replayed(command.origin(), registrant, command.nonce()));
            return;
        }
        if (grows) {
            int count = voice.map(Voice::changes).orElse(0);
            change(new Change.NonceSet(nonceKey, command.nonce(), count, state.pulse()));
        }
        // RFC 9302 §5: a message with an older Map-Version than the ETR's last MUST be dropped
        // silently.
        for (var record : command.records()) {
            if (isOutdated(record, registrant)) {
                effects.add(new Effect.Outdated(command.origin(), registrant, record.eid()));
                heard(command, Set.of());
                answer(command, List.of());
                return;
            }
        }
        var told = new ArrayList<MappingRecord>();
        var together = together(command);
        var lifetimes = new TreeSet<Integer>();
        for (var record : command.records()) {
            var before = state.at(record.eid());
            if (before.isPresent() && !before.get().admits(registrant)
                    || !mayJoin(command, registrant, record)) {
                effects.add(new Effect.Conflicting(command.origin(), registrant, record.eid()));
            } else if (!record.ttl().removes()
                    && before.filter(it -> it.isFullFor(registrant, command.mergeRequest()))
                            .isPresent()) {
                effects.add(new Effect.Crowded(command.origin(), registrant, record.eid()));
            } else if (record.ttl().removes()) {
                before.ifPresent(mapping ->
                        replace(
                                record.eid(),
                                before,
                                mapping.without(registrant),
                                Optional.of(command),
                                command.atMillis() + command.bereavedMillis()));
                // The ETR is told that its own part is gone, whoever still registers the rest
                // (draft-jain §5.4).
                told.add(Mapping.goneRecord(record.eid()));
            } else {
                int count = together.getOrDefault(command.lifetimeSeconds(record), 0);
                var said = Registration.of(command, registrant, record, count);
                told.add(register(command, before, record.eid(), said).record());
                lifetimes.add(said.lifetimeSeconds());
            }
        }
        meet(command, registrant);
        heard(command, lifetimes);
        answer(command, told);
    }

    /**
     * @param told what was taken. If nothing was, no Map-Notify goes out, but parts of the message
     *     in other groups do not wait for it.
     */
    private void answer(Command.Register command, List<MappingRecord> told) {
        if (command.wantMapNotify()) {
            effects.add(
                    new Effect.Answer(
                            command.origin(),
                            command.credentials(),
                            command.identity(),
                            command.source(),
                            command.port(),
                            command.nonce(),
                            told));
        }
    }

    /** Also of what only withdraws: from now on the xTR has said that as well. */
    private void heard(Command.Register command, Set<Integer> lifetimes) {
        var leases = new ArrayList<Effect.Heard.Lease>(lifetimes.size());
        for (int lifetime : lifetimes) {
            leases.add(new Effect.Heard.Lease(command.lease(lifetime), lifetime));
        }
        var who = command.registrant();
        effects.add(new Effect.Heard(who, leases, state.said(who)));
    }

    /**
     * How many EID-Prefixes there are of each lifetime: more than one only when the xTR says it
     * itself, in the Record TTL.
     */
    private static Map<Integer, Integer> together(Command.Register command) {
        var eids = new HashSet<Eid>();
        var together = new TreeMap<Integer, Integer>();
        for (var record : command.records()) {
            if (!record.ttl().removes() && eids.add(record.eid())) {
                together.merge(command.lifetimeSeconds(record), 1, Integer::sum);
            }
        }
        return together;
    }

    /**
     * A leader has led for a while more, unless another has said so since: a command that came late
     * or twice counts once.
     */
    void pulse(int last) {
        if (last == state.pulse()) {
            change(new Change.PulseSet(last + 1));
        }
    }

    /**
     * The xTR says what it has said before. If one of the messages that the mark stands for was
     * overtaken on its way here, they do not fit under one mark: each is judged by its own nonce.
     */
    void refresh(Command.Refresh command) {
        var key = command.who().nonceKey(command.keyId());
        var voice = state.nonces().get(key);
        if (voice.filter(it -> !command.nonce().isGreaterThan(it.last())).isPresent()) {
            effects.add(new Effect.Replayed(command.origin(), command.who(), command.nonce()));
        } else if (voice.filter(
                        it ->
                                command.first().isGreaterThan(it.last())
                                        && it.changes() == command.changes())
                .isEmpty()) {
            effects.add(new Effect.Unfit(command.origin(), command.who(), command.nonce()));
        } else {
            change(new Change.NonceSet(key, command.nonce(), command.changes(), state.pulse()));
            effects.add(
                    new Effect.Refreshed(
                            command.origin(),
                            command.who(),
                            command.leases(),
                            command.nonce(),
                            state.said(command.who()),
                            state));
        }
    }

    /**
     * draft-jain §6.3: only the designated xTR of a site joins a group, and says which xTR it is.
     * Who leaves may always do so.
     */
    private boolean mayJoin(Command.Register command, Registrant registrant, MappingRecord record) {
        return record.eid().prefix().family() != EidPrefix.Family.GROUP
                || record.ttl().removes()
                || command.mergeRequest()
                        && registrant
                                .identity()
                                .filter(it -> Membership.isDesignated(state, record.eid(), it))
                                .isPresent();
    }

    private boolean isOutdated(MappingRecord record, Registrant registrant) {
        if (record.mapVersion() == 0) {
            return false;
        }
        var last = registered(record.eid(), registrant);
        return last.isPresent() && last.get().outdates(record.mapVersion());
    }

    private Optional<Registration> registered(Eid eid, Registrant registrant) {
        var mapping = state.at(eid);
        return mapping.isPresent() ? mapping.get().by(registrant) : Optional.empty();
    }

    private Mapping register(
            Command.Register command, Optional<Mapping> before, Eid eid, Registration fresh) {
        var last = registered(eid, fresh.registrant());
        var registration =
                last.isPresent() && fresh.saysTheSame(last.get())
                        ? fresh.since(last.get().sinceMillis())
                        : fresh;
        var after = Mapping.register(before, eid, registration);
        replace(
                eid,
                before,
                Optional.of(after),
                Optional.of(command),
                command.atMillis() + command.bereavedMillis());
        return after;
    }

    /**
     * Puts a mapping, or nothing, in the place of another, and tells whom it concerns if they are
     * told otherwise now.
     *
     * @param cause what it came with, if with a message
     * @param bereavedUntil when subscriptions to it, or around it, end if nothing is left in them
     */
    private void replace(
            Eid eid,
            Optional<Mapping> before,
            Optional<Mapping> after,
            Optional<Command.Register> cause,
            long bereavedUntil) {
        change(
                after.<Change>map(Change.MappingSet::new)
                        .orElseGet(() -> new Change.MappingGone(eid)));
        before.ifPresent(mapping -> alter(mapping, after));
        if (before.isPresent() != after.isPresent()) {
            limit(eid, after.isPresent() ? Long.MAX_VALUE : bereavedUntil);
        }
        if (after.map(Mapping::record).equals(before.map(Mapping::record))) {
            return;
        }
        // draft-jain §5.5.3: the entire RLOC-set that last registered the EID is told, and all
        // that do now.
        Set<Registrant> group = new LinkedHashSet<>();
        if (eid.prefix().address() instanceof MulticastInfo info) {
            group.addAll(sources(eid.iid(), info));
        } else {
            before.ifPresent(mapping -> group.addAll(mapping.registrants()));
            after.ifPresent(mapping -> group.addAll(mapping.registrants()));
            group.addAll(gateways(eid, after.or(() -> before).orElseThrow().site()));
        }
        // Who has not acknowledged the last news needs a new nonce with these, member or not:
        // no nonce of ours is ever used twice with another content.
        var waiting = stillAwaiting(eid, group);
        group.addAll(waiting);
        // Who has said so itself hears the rest in the answer. But that is not counted with the
        // news: if some is on its way, only later news makes sure that it does not go by that.
        // Who leaves has nothing left to go by, and may not be there any more.
        cause.ifPresent(register -> {
            var author = register.registrant();
            boolean leaves =
                    register.wantMapNotify()
                            && after.filter(it -> it.registrants().contains(author)).isEmpty();
            if (leaves || !waiting.contains(author)) {
                group.remove(author);
            }
            if (leaves && waiting.contains(author)) {
                change(new Change.OutstandingGone(new ListenerId.Member(author), eid));
            }
        });
        for (var registrant : group) {
            var id = new ListenerId.Member(registrant);
            if (state.listener(id).isPresent()) {
                tell(id, eid);
            }
        }
        publish(eid);
        if (DefaultEid.is(eid.prefix())) {
            long until = after.isPresent() ? Long.MAX_VALUE : bereavedUntil;
            for (var part : DefaultEid.standsFor(eid)) {
                publishOutside(part, until);
            }
        } else if (before.isPresent() != after.isPresent()) {
            publishOutside(BitKey.of(eid), Long.MAX_VALUE);
        }
    }

    /** Notes whose part is not what it was. */
    private void alter(Mapping before, Optional<Mapping> after) {
        // What stays is the same object, and there may be thousands.
        Set<Registration> kept = Collections.newSetFromMap(new IdentityHashMap<>());
        after.ifPresent(mapping -> kept.addAll(mapping.registrations()));
        for (var registration : before.registrations()) {
            if (!kept.contains(registration)) {
                altered.add(registration.registrant());
            }
        }
    }

    /**
     * Who asked for something that only the pETRs stand for is told when these change, or when
     * somebody else stands for it (site-external-connectivity; draft-jain §4.3).
     *
     * @param around where that something is
     * @param until when these subscriptions end; if never, then only those that a pETR stands for
     */
    private void publishOutside(BitKey around, long until) {
        for (var those : state.subscribers().below(around, MappingSystem.MOST_AT_ONCE)) {
            those.forEach((_, subscriber) -> {
                if (subscriber.id() instanceof ListenerId.Subscriber(var prefix, _)
                        && state.at(prefix).isEmpty()) {
                    overtake(subscriber, prefix);
                    if (subscriber.standing() == Standing.OUTSIDE) {
                        var id = subscriber.id();
                        var listener = state.listener(id).orElseThrow();
                        boolean answered = isAnswered(prefix, true);
                        boolean keeps = until == Long.MAX_VALUE && !answered;
                        long end = answered ? Long.MAX_VALUE : until;
                        change(new Change.ListenerSet(keeps ? listener : listener.until(end)));
                        tell(id, prefix);
                    }
                }
            });
        }
    }

    /**
     * RFC 8378 §5.2: those who have registered the source of a group learn who receives it, each
     * once; the receivers do not.
     */
    private List<Registrant> sources(InstanceId segment, MulticastInfo info) {
        if (info.anySource()) {
            return List.of();
        }
        var source =
                new Eid(
                        segment,
                        new EidPrefix(info.source().address(), info.source().maskLength()));
        var group = new Eid(segment, EidPrefix.of(info));
        return state.longestMatch(source).stream()
                .flatMap(it -> it.registrants().stream())
                .filter(it -> it.identity().filter(xtr -> !hears(xtr, group)).isPresent())
                .toList();
    }

    /**
     * draft-jain §4.5.3: all pxTRs of the PoD, which are those that have registered what is around
     * the EID-Prefix, or stand for all that is outside. Subscribers among them are told anyway.
     */
    private Set<Registrant> gateways(Eid eid, String site) {
        var key = BitKey.of(eid);
        var around = new ArrayList<>(state.mappings().covering(key));
        DefaultEid.of(eid)
                .flatMap(state::at)
                .filter(it -> !around.contains(it))
                .ifPresent(around::addFirst);
        // The nearest ones: whoever registers prefix inside prefix would have one message told to
        // thousands.
        var gateways = new LinkedHashSet<Registrant>();
        for (var mapping : around.reversed()) {
            if (mapping.site().equals(site) && !mapping.sameBits(key)) {
                for (var it : mapping.registrations()) {
                    var xtr = it.registrant().identity();
                    if (gateways.size() < Mapping.MOST_XTRS
                            && it.merges()
                            && xtr.isPresent()
                            && !hears(xtr.get(), eid)) {
                        gateways.add(it.registrant());
                    }
                }
            }
        }
        return gateways;
    }

    /**
     * The members that have not acknowledged what they were told about an EID-Prefix. Of those that
     * have nothing to do with it any more only so many hear how it goes on, or whoever registers
     * under ever new names would have all of them told each time.
     */
    private List<Registrant> stillAwaiting(Eid eid, Set<Registrant> group) {
        var kept = new ArrayList<Registrant>();
        int others = 0;
        for (var registrant : state.membersAwaiting(eid)) {
            if (group.contains(registrant) || ++others <= Mapping.MOST_XTRS) {
                kept.add(registrant);
            } else {
                change(new Change.OutstandingGone(new ListenerId.Member(registrant), eid));
            }
        }
        return kept;
    }

    /** Whether an xTR hears of an EID-Prefix as a subscriber, or does not want to. */
    private boolean hears(XtrIdentity xtr, Eid eid) {
        for (var it : state.around(eid, xtr)) {
            if (it.active() || it.standing() == Standing.EXCLUDED) {
                return true;
            }
        }
        return false;
    }

    /**
     * RFC 9437 §6: a changed mapping is told to every subscriber of it or of an EID-Prefix around
     * it, and once to each: by the longest one that it has subscribed to.
     */
    private void publish(Eid eid) {
        var around = state.subscribers().covering(BitKey.of(eid));
        if (around.size() == 1) {
            publish(eid, around.getFirst());
            return;
        }
        var served = new HashSet<BitKey>();
        for (var those : around.reversed()) {
            those.forEach((xtr, subscriber) -> {
                overtake(subscriber, eid);
                boolean counts = subscriber.active() || subscriber.standing() == Standing.EXCLUDED;
                if (counts && served.add(xtr) && subscriber.active()) {
                    tell(subscriber.id(), eid);
                }
            });
        }
    }

    /**
     * The same when all who hear of it have subscribed to one EID-Prefix, so that none has another
     * subscription to be looked at: then they are told in one pass over them. Each change is that
     * which {@link #tell} makes.
     */
    private void publish(Eid eid, PrefixMap<Listener> those) {
        var key = BitKey.of(eid);
        var prefix = new BitKey[1];
        var told =
                those.map(subscriber -> {
                    if (prefix[0] == null
                            && subscriber.id() instanceof ListenerId.Subscriber(var its, _)) {
                        prefix[0] = BitKey.of(its);
                    }
                    var it = subscriber;
                    if (isAnswered(it, eid)) {
                        it = overtaken(it);
                        changes.add(new Change.ListenerSet(it));
                    }
                    return it.active() ? told(it, eid, key) : it;
                });
        if (told != those) {
            state = state.withSubscribers(prefix[0], told);
        }
    }

    private Listener told(Listener listener, Eid eid, BitKey key) {
        var nonce = next(listener.nonce(), List.of(listener));
        var outstanding = new Outstanding(eid, nonce, false);
        var next = listener.with(nonce, listener.outstanding().with(key, outstanding));
        changes.add(new Change.ListenerSet(next));
        changes.add(new Change.OutstandingSet(listener.id(), outstanding));
        effects.add(new Effect.Publish(listener.id(), outstanding));
        return next;
    }

    /** What answers a request is not true any more, and keeps its nonce all the same. */
    private void overtake(Listener subscriber, Eid eid) {
        if (isAnswered(subscriber, eid)) {
            change(new Change.ListenerSet(overtaken(subscriber)));
        }
    }

    /** Whether an answer about the EID-Prefix is on its way. */
    private static boolean isAnswered(Listener subscriber, Eid eid) {
        return !subscriber.candidates().isEmpty()
                && subscriber.answers().stream().anyMatch(it -> it.eid().equals(eid));
    }

    private static Listener overtaken(Listener subscriber) {
        return subscriber.asking(
                subscriber.candidates().stream().map(Candidate::overtakenNow).toList());
    }

    /** Takes the listener's next nonce for a Map-Notify about this EID-Prefix. */
    private void tell(ListenerId id, Eid eid) {
        var listener = state.listener(id).orElseThrow();
        var nonce = next(listener, eid);
        if (id instanceof ListenerId.Subscriber(_, var xtr)) {
            // What another subscription of the same xTR had to say about it is overtaken.
            for (var other : state.around(eid, xtr)) {
                if (!other.id().equals(id)) {
                    forgetOutstanding(other.id(), eid);
                }
            }
        }
        change(new Change.ListenerSet(listener.with(nonce)));
        var outstanding = new Outstanding(eid, nonce, false);
        change(new Change.OutstandingSet(id, outstanding));
        effects.add(new Effect.Publish(id, outstanding));
    }

    /**
     * RFC 9437 §6: for an xTR the nonces of one EID-Prefix grow, whichever of its subscriptions a
     * Map-Notify is for.
     */
    private Nonce next(Listener listener, Eid eid) {
        return next(
                listener.nonce(),
                listener.id() instanceof ListenerId.Subscriber(_, var xtr)
                        ? state.around(eid, xtr)
                        : List.of());
    }

    /**
     * @param around the xTR's subscriptions that an EID-Prefix lies in
     */
    private static Nonce next(Nonce own, List<Listener> around) {
        var last = own;
        for (var other : around) {
            last = other.nonce().isGreaterThan(last) ? other.nonce() : last;
        }
        var next = last.next();
        for (var used = asked(around, next); used.isPresent(); used = asked(around, next)) {
            next = used.get().nonce().next();
        }
        return next;
    }

    /**
     * What the xTR has asked for that a Map-Notify with that nonce answers, or has answered before
     * it was asked for again: its acknowledgement may still come, and must settle nothing else.
     */
    private static Optional<Candidate> asked(List<Listener> around, Nonce nonce) {
        for (var listener : around) {
            for (var candidate : listener.candidates()) {
                if (candidate.hasUsed(nonce)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Before the first Map-Notify that tells an xTR news of its groups: a new counter starts above
     * any that a mapping system that lost its disks may have used. And half a millisecond further
     * on, as xTRs may count their Map-Registers by the same clock, and a Map-Notify that answers
     * one of them must not look like news.
     */
    static Nonce firstNonce(long atMillis) {
        return new Nonce((atMillis << 20) + (1 << 19));
    }

    /**
     * Remembers where an xTR with ids can be told of its group. One without ids could not tell such
     * news from a replay.
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
                        new Contact(
                                command.credentials(), List.of(command.source()), command.port()),
                        Standing.ACTIVE,
                        known.map(Listener::nonce).orElse(firstNonce(command.atMillis())),
                        known.map(Listener::sinceMillis).orElse(command.atMillis()),
                        Long.MAX_VALUE,
                        0,
                        List.of(),
                        known.map(Listener::outstanding).orElse(PrefixMap.empty()));
        if (known.isEmpty() || !known.get().equals(member)) {
            change(new Change.ListenerSet(member));
        }
    }

    /**
     * RFC 9437 §7.1: a one-time key makes one security association and no second one; and none when
     * nobody can tell whether it has made one, since more have been used than are remembered.
     */
    void associate(Command.Associate command) {
        var key = command.proof();
        long atMillis = command.asking().getFirst().atMillis();
        state.usedKeys()
                .over(atMillis, KEYS_FORGOTTEN)
                .forEach(it -> change(new Change.KeyForgotten(it.fingerprint())));
        if (state.usedKeys().contains(key)
                || state.usedKeys().of(key.secretId()) >= command.mostKeys()) {
            command.asking().forEach(it -> effects.add(new Effect.NotAuthenticated(it)));
            return;
        }
        change(new Change.KeyUsed(key));
        for (var asking : command.asking()) {
            switch (asking) {
                case Command.Subscribe subscribe -> subscribe(subscribe);
                case Command.Unsubscribe unsubscribe -> unsubscribe(unsubscribe);
            }
        }
    }

    void subscribe(Command.Subscribe command) {
        var asked = command.asked();
        var match =
                state.longestMatch(asked)
                        .filter(mapping -> mapping.prefixLength() >= command.leastLength());
        var prefix =
                match.isPresent()
                        ? match.filter(Mapping::proxyReply).map(Mapping::eid)
                        : hole(command);
        if (prefix.isEmpty()) {
            effects.add(new Effect.NotSubscribed(command));
            return;
        }
        var id = new ListenerId.Subscriber(prefix.get(), command.xtr());
        if (isReplay(id, command)) {
            return;
        }
        var candidate =
                new Candidate(
                        Wish.SUBSCRIBE,
                        asked,
                        new Contact(command.credentials(), command.itrRlocs(), command.port()),
                        command.nonce(),
                        command.nonce(),
                        command.atMillis(),
                        command.atMillis() + command.temporaryMillis(),
                        command.hole().map(MappingRecord::action).orElse(Action.NO_ACTION),
                        match.isEmpty() && command.outside(),
                        false);
        boolean room =
                state.listener(id)
                        .map(it -> it.admits(candidate))
                        .orElseGet(() -> hasRoom(candidate, command.xtr(), command.room()));
        if (room) {
            ask(id, candidate);
        } else {
            effects.add(new Effect.NotSubscribed(command));
        }
    }

    /** Whoever holds a secret must not be kept out by all those who hold none. */
    private boolean hasRoom(Candidate candidate, XtrIdentity xtr, Room room) {
        return state.hasRoom(candidate.contact().credentials(), xtr, room);
    }

    /**
     * RFC 9437 §5: where nothing is, a subscription to the nothing around the EID, so that what
     * comes there is told. What the server that heard the request took for empty may not be so any
     * more; then only the EID itself is sure to be.
     */
    private Optional<Eid> hole(Command.Subscribe command) {
        return command.hole()
                .map(MappingRecord::eid)
                .map(it ->
                        state.mappings().below(BitKey.of(it), 1).isEmpty() ? it : command.asked());
    }

    private void ask(ListenerId id, Candidate candidate) {
        var known = state.listener(id);
        var listener =
                known.map(it -> it.asking(candidate))
                        .orElseGet(() ->
                                new Listener(
                                        id,
                                        candidate.contact(),
                                        Standing.ASKED,
                                        // A stranger's nonce must not count for anything.
                                        new Nonce(0),
                                        candidate.atMillis(),
                                        Long.MAX_VALUE,
                                        0,
                                        List.of(candidate),
                                        PrefixMap.empty()));
        change(new Change.ListenerSet(listener));
        var answer = listener.answers().getLast();
        // Several EIDs of one request with one answer are answered once.
        if (known.filter(it -> it.answers().contains(answer)).isEmpty()) {
            effects.add(new Effect.Publish(id, answer));
        }
    }

    void unsubscribe(Command.Unsubscribe command) {
        var id = new ListenerId.Subscriber(command.asked(), command.xtr());
        if (isReplay(id, command)) {
            return;
        }
        var known = state.listener(id);
        // RFC 9437 §5: of the EID-Prefix itself, or of this part of a shorter one.
        boolean own =
                known.filter(it -> it.active() || it.standing() == Standing.ASKED).isPresent();
        boolean part =
                state.around(command.asked(), command.xtr()).stream().anyMatch(Listener::active);
        if (own || part) {
            var candidate =
                    new Candidate(
                            own ? Wish.UNSUBSCRIBE : Wish.EXCLUDE,
                            command.asked(),
                            new Contact(
                                    command.credentials(),
                                    List.of(command.source()),
                                    command.port()),
                            command.nonce(),
                            command.nonce(),
                            command.atMillis(),
                            command.atMillis() + ENDED_MILLIS,
                            Action.NO_ACTION,
                            false,
                            false);
            boolean room =
                    known.map(it -> it.admits(candidate))
                            .orElseGet(() -> hasRoom(candidate, command.xtr(), command.room()));
            if (room) {
                ask(id, candidate);
            }
            return; // if there is no room now, it will ask again
        }
        // It is confirmed even if there was nothing to end, so that an xTR that starts can
        // clear what it forgot.
        effects.add(
                new Effect.Answer(
                        command.origin(),
                        command.credentials(),
                        Optional.of(command.xtr()),
                        command.source(),
                        command.port(),
                        command.nonce(),
                        List.of(state.record(command.asked()))));
    }

    /**
     * RFC 9437 §5: whether the nonce is not greater than the last one for the EID-Prefix. An EID
     * that is answered with a shorter one has its own nonces; of those only what is not yet
     * confirmed is known. A new security association starts a new counter (RFC 9437 §7.1): there it
     * is the key that must not have been used before, and one that was in use before this command
     * has been, however long ago.
     */
    private boolean isReplay(ListenerId.Subscriber id, Command.Asking command) {
        var credentials = command.credentials();
        if (credentials.association().isPresent()) {
            boolean inUse =
                    before.listener(id)
                            .filter(it -> it.uses(credentials.association()))
                            .isPresent();
            if (inUse) {
                effects.add(new Effect.NotAuthenticated(command));
            }
            return inUse;
        }
        var asked = command.asked();
        var nonce = command.nonce();
        // Whatever it was answered with: a copy that comes when there is something else is a copy.
        boolean replay =
                state.isReplay(asked, id.xtr(), nonce)
                        || state.listener(id).filter(it -> it.isReplay(asked, nonce)).isPresent();
        if (replay) {
            var who = Registrant.of(credentials.site(), credentials.keyId(), Optional.of(id.xtr()));
            effects.add(new Effect.Replayed(command.origin(), who, nonce));
        }
        return replay;
    }

    /** Map-Notifies have arrived. Those of one subscription come one after another. */
    void acknowledge(List<Command.Receipt> receipts) {
        for (int begin = 0; begin < receipts.size(); ) {
            var id = receipts.get(begin).listener();
            int end = begin + 1;
            while (end < receipts.size() && receipts.get(end).listener().equals(id)) {
                end++;
            }
            var those = receipts.subList(begin, end);
            boolean news = state.listener(id).filter(it -> it.candidates().isEmpty()).isPresent();
            if (news && id instanceof ListenerId.Subscriber subscriber) {
                settleAll(subscriber, those);
            } else {
                those.forEach(this::acknowledge);
            }
            begin = end;
        }
    }

    /** As {@link #settle}, of a subscription that waits for nothing else: its row is made once. */
    private void settleAll(ListenerId.Subscriber id, List<Command.Receipt> receipts) {
        var listener = state.listener(id).orElseThrow();
        var left = listener.outstanding();
        for (var it : receipts) {
            var eid = BitKey.of(it.eid());
            if (left.get(eid).filter(told -> told.nonce().equals(it.nonce())).isPresent()) {
                left = left.without(eid);
                changes.add(new Change.OutstandingGone(id, it.eid()));
            }
        }
        var key = BitKey.of(id.prefix());
        var those = state.subscribers().get(key).orElseThrow();
        state =
                state.withSubscribers(
                        key, those.with(MappingSystem.key(id.xtr()), listener.with(left)));
    }

    private void acknowledge(Command.Receipt receipt) {
        var id = receipt.listener();
        var eid = receipt.eid();
        var nonce = receipt.nonce();
        answered(id, eid, nonce)
                .ifPresentOrElse(
                        candidate -> confirm(state.listener(id).orElseThrow(), candidate),
                        () -> settle(id, eid, nonce));
    }

    /** What the xTR asked for that this Map-Notify answers. */
    private Optional<Candidate> answered(ListenerId id, Eid eid, Nonce nonce) {
        return state.listener(id)
                .filter(it -> it.answers().contains(new Outstanding(eid, nonce, true)))
                .flatMap(it -> it.candidate(nonce));
    }

    /** The xTR has shown that it was itself who asked. */
    private void confirm(Listener listener, Candidate candidate) {
        switch (candidate.wish()) {
            case SUBSCRIBE -> start(listener, candidate);
            case UNSUBSCRIBE -> {
                var left = forgetOutstanding(listener.id());
                end(
                        state.listener(listener.id())
                                .orElseThrow()
                                .as(Standing.ENDED, candidate, candidate.untilMillis()),
                        left,
                        candidate.atMillis());
            }
            case EXCLUDE -> exclude(listener, candidate);
        }
    }

    private void exclude(Listener listener, Candidate candidate) {
        forgetOutstanding(listener.id());
        var left = state.listener(listener.id()).orElseThrow();
        change(
                new Change.ListenerSet(
                        isPart(left.id())
                                ? left.as(Standing.EXCLUDED, candidate, Long.MAX_VALUE)
                                : left.as(Standing.ENDED, candidate, candidate.untilMillis())));
    }

    /** Whether the xTR is subscribed to an EID-Prefix around this one. */
    private boolean isPart(ListenerId id) {
        return id instanceof ListenerId.Subscriber(var prefix, var xtr)
                && state.around(prefix, xtr).stream()
                        .anyMatch(it -> it.active() && !it.id().equals(id));
    }

    /**
     * All that lies inside the EID-Prefix is told, one by one, and what was not acknowledged
     * before, also if it is gone: whoever caches a prefix must know the more specific ones (RFC
     * 9301 §5.5). Not earlier, since a stranger could want all of this sent to somebody else.
     */
    private void start(Listener asked, Candidate candidate) {
        var id = asked.id();
        if (id instanceof ListenerId.Subscriber(var prefix, var xtr)) {
            var listener =
                    asked.as(
                            candidate.outside() ? Standing.OUTSIDE : Standing.ACTIVE,
                            candidate,
                            isAnswered(prefix, candidate.outside())
                                    ? Long.MAX_VALUE
                                    : candidate.untilMillis());
            change(new Change.ListenerSet(listener));
            // One request may ask for several EIDs that one EID-Prefix answers.
            for (var other : asked.candidates()) {
                if (other.nonce().equals(candidate.nonce()) && other.wish() == Wish.SUBSCRIBE) {
                    includeAround(other.asked(), prefix, xtr, candidate.atMillis());
                    replace(other, prefix, xtr);
                }
            }
            var news = new LinkedHashSet<Eid>();
            // The nonce that the xTR has chosen may be that of other news about the same, which it
            // then takes for a repetition, or of older news that it takes for the answer.
            boolean uncertain =
                    candidate.overtaken()
                            || state.around(prefix, xtr).stream()
                                    .filter(it -> !it.id().equals(id))
                                    .anyMatch(it ->
                                            !candidate.nonce().isGreaterThan(it.nonce())
                                                    || it.outstanding()
                                                            .get(BitKey.of(prefix))
                                                            .isPresent());
            if (uncertain) {
                news.add(prefix);
            }
            listener.outstanding().forEach((_, it) -> news.add(it.eid()));
            tellInside(new ListenerId.Subscriber(prefix, xtr), news);
        }
    }

    /**
     * Tells these, and all that lies inside the subscription: what a longer one tells otherwise as
     * well, since an xTR that has begun anew knows nothing of that one, nor of what it was told.
     */
    private void tellInside(ListenerId.Subscriber id, Set<Eid> news) {
        state.mappings()
                .below(BitKey.of(id.prefix()), MappingSystem.MOST_AT_ONCE)
                .forEach(inside -> news.add(inside.eid()));
        var key = BitKey.of(id.prefix());
        if (state.subscribers().covering(key).size() == 1
                && state.subscribers().below(key, 1).isEmpty()) {
            tellAll(id, news);
            return;
        }
        for (var eid : news) {
            if (teller(eid, id.xtr()).isPresent()) {
                tell(id, eid);
            }
        }
    }

    /**
     * The same when no other subscription, of whomever, is around or inside: an xTR that subscribes
     * to a PoD is told a thousand mappings, and its row is written once.
     */
    private void tellAll(ListenerId.Subscriber id, Set<Eid> news) {
        var listener = state.listener(id).orElseThrow();
        if (!listener.active() || news.isEmpty()) {
            return;
        }
        var nonce = listener.nonce();
        var outstanding = listener.outstanding();
        for (var eid : news) {
            nonce = next(nonce, List.of(listener));
            var told = new Outstanding(eid, nonce, false);
            outstanding = outstanding.with(BitKey.of(eid), told);
            changes.add(new Change.OutstandingSet(id, told));
            effects.add(new Effect.Publish(id, told));
        }
        var next = listener.with(nonce, outstanding);
        changes.add(new Change.ListenerSet(next));
        var key = BitKey.of(id.prefix());
        var those = state.subscribers().get(key).orElseThrow();
        state = state.withSubscribers(key, those.with(MappingSystem.key(id.xtr()), next));
    }

    /** By which of its subscriptions an xTR hears of an EID-Prefix. */
    private Optional<ListenerId> teller(Eid eid, XtrIdentity xtr) {
        return state.around(eid, xtr).stream()
                .filter(it -> it.active() || it.standing() == Standing.EXCLUDED)
                .findFirst()
                .filter(Listener::active)
                .map(Listener::id);
    }

    /**
     * A subscription is over, and with it what was excluded from it.
     *
     * @param untold what it had to tell and nobody has acknowledged: what is around it does
     */
    private void end(Listener ended, List<Eid> untold, long atMillis) {
        change(new Change.ListenerSet(ended));
        if (ended.id() instanceof ListenerId.Subscriber(var prefix, var xtr)) {
            var key = MappingSystem.key(xtr);
            for (var those :
                    state.subscribers().below(BitKey.of(prefix), MappingSystem.MOST_AT_ONCE)) {
                those.get(key)
                        .filter(it -> it.standing() == Standing.EXCLUDED && !isPart(it.id()))
                        .ifPresent(it -> include(it, atMillis));
            }
            for (var eid : untold) {
                teller(eid, xtr).ifPresent(id -> tell(id, eid));
            }
        }
    }

    /**
     * The xTR wants to hear of what it did not want to hear of: of the EID, and so of all that it
     * has left out around it.
     */
    private void includeAround(Eid eid, Eid prefix, XtrIdentity xtr, long atMillis) {
        for (var it : state.around(eid, xtr)) {
            if (it.standing() == Standing.EXCLUDED
                    && it.id() instanceof ListenerId.Subscriber(var part, _)
                    && prefix.covers(part)
                    && !prefix.equals(part)) {
                include(it, atMillis);
            }
        }
    }

    /**
     * The xTR has asked again, perhaps from elsewhere, for what it had subscribed to more closely.
     * What it then hears of by the new subscription, the old ones must not keep for themselves: one
     * around what it asks for ends, as there is nothing there any more, and those inside follow it
     * to where it is now. But what has come of a later question stays: something is there again.
     */
    private void replace(Candidate asked, Eid prefix, XtrIdentity xtr) {
        for (var it : state.around(asked.asked(), xtr)) {
            boolean later =
                    it.nonce().isGreaterThan(asked.nonce()) && it.contact().equals(asked.contact());
            if (it.id() instanceof ListenerId.Subscriber(var part, _)
                    && isPartOf(prefix, it)
                    && asked.mayReplace(it)
                    && !later) {
                var untold = forgetOutstanding(it.id());
                if (it.standing() == Standing.OUTSIDE
                        && state.at(part).isEmpty()
                        && !untold.contains(part)) {
                    // Nobody would say that the pETRs it was told do not stand for it any more.
                    untold.add(part);
                }
                var left = state.listener(it.id()).orElseThrow();
                end(
                        left.as(Standing.ENDED).until(asked.atMillis() + ENDED_MILLIS),
                        untold,
                        asked.atMillis());
            }
        }
        var key = MappingSystem.key(xtr);
        for (var those :
                state.subscribers().below(BitKey.of(asked.asked()), MappingSystem.MOST_AT_ONCE)) {
            those.get(key)
                    .filter(it ->
                            isPartOf(prefix, it)
                                    && asked.mayReplace(it)
                                    && !it.contact().equals(asked.contact()))
                    .ifPresent(it -> change(new Change.ListenerSet(it.at(asked.contact()))));
        }
    }

    /** Whether it is a longer subscription, in force and made by the xTR itself. */
    private static boolean isPartOf(Eid prefix, Listener it) {
        return it.active()
                && it.configured() == 0
                && it.id() instanceof ListenerId.Subscriber(var part, _)
                && prefix.covers(part)
                && !prefix.equals(part);
    }

    /** An exclusion is over; its nonce is kept like that of any other. */
    private void include(Listener excluded, long atMillis) {
        change(new Change.ListenerSet(excluded.as(Standing.ENDED).until(atMillis + ENDED_MILLIS)));
    }

    private void forgetOutstanding(ListenerId id, Eid eid) {
        if (state.listener(id).flatMap(it -> it.outstanding().get(BitKey.of(eid))).isPresent()) {
            change(new Change.OutstandingGone(id, eid));
        }
    }

    /** The operator wants just these subscriptions besides what xTRs have asked for themselves. */
    void configure(List<Explicit> explicit, long atMillis) {
        var wanted = new LinkedHashMap<ListenerId, Explicit>();
        explicit.forEach(it -> wanted.put(it.id(), it));
        for (var id : state.configured()) {
            if (!wanted.containsKey(id)) {
                var untold = forgetOutstanding(id);
                var left = state.listener(id).orElseThrow().notConfigured();
                end(left.as(Standing.ENDED).until(atMillis + ENDED_MILLIS), untold, atMillis);
            }
        }
        for (var it : wanted.values()) {
            var known = state.listener(it.id());
            // What the xTR has changed since, if it may, stays so until the setting changes.
            if (known.filter(last -> last.configured() == it.fingerprint()).isEmpty()) {
                var before =
                        known.orElseGet(() ->
                                new Listener(
                                        it.id(),
                                        it.contact(),
                                        Standing.ASKED,
                                        it.nonce(),
                                        atMillis,
                                        Long.MAX_VALUE,
                                        0,
                                        List.of(),
                                        PrefixMap.empty()));
                change(new Change.ListenerSet(before.as(it, atMillis)));
                var news = new LinkedHashSet<Eid>();
                state.at(it.id().prefix()).ifPresent(mapping -> news.add(mapping.eid()));
                before.outstanding().forEach((_, out) -> news.add(out.eid()));
                tellInside(it.id(), news);
            }
        }
    }

    /** Nothing is outstanding for this listener any more; returns what was. */
    private List<Eid> forgetOutstanding(ListenerId id) {
        var stale = new ArrayList<Eid>();
        state.listener(id)
                .ifPresent(it -> it.outstanding().forEach((_, out) -> stale.add(out.eid())));
        stale.forEach(eid -> change(new Change.OutstandingGone(id, eid)));
        return stale;
    }

    /** Whether a Map-Notify with just this nonce was outstanding; it is no longer. */
    private boolean settle(ListenerId id, Eid eid, Nonce nonce) {
        if (!isOutstanding(id, eid, nonce)) {
            return false;
        }
        change(new Change.OutstandingGone(id, eid));
        return true;
    }

    private boolean isOutstanding(ListenerId id, Eid eid, Nonce nonce) {
        return state.listener(id)
                .flatMap(it -> it.outstanding().get(BitKey.of(eid)))
                .filter(it -> it.nonce().equals(nonce))
                .isPresent();
    }

    void renew(ListenerId id, Eid eid, Nonce nonce) {
        if (isOutstanding(id, eid, nonce)) {
            tell(id, eid);
        }
    }

    void giveUp(ListenerId id, Eid eid, Nonce nonce) {
        answered(id, eid, nonce)
                .ifPresentOrElse(
                        candidate -> giveUp(state.listener(id).orElseThrow(), eid, candidate),
                        () -> settle(id, eid, nonce));
    }

    private void giveUp(Listener listener, Eid eid, Candidate candidate) {
        var left = listener.without(candidate);
        boolean gone = left.candidates().isEmpty() && left.standing() == Standing.ASKED;
        change(gone ? new Change.ListenerGone(left.id()) : new Change.ListenerSet(left));
        if (gone && candidate.wish() == Wish.SUBSCRIBE) {
            // RFC 9437 §5: a subscription that was never confirmed may go, and the xTR is told so
            // once.
            effects.add(
                    new Effect.Dismiss(
                            candidate.contact().credentials(),
                            left.id().xtrIdentity(),
                            candidate.contact().addresses().getFirst(),
                            candidate.contact().port(),
                            candidate.nonce(),
                            MappingRecord.negative(
                                    RecordTtl.REMOVE, Action.DROP_AUTH_FAILURE, eid)));
        }
    }

    /** The time of a subscription, or of what is left of it, is over. */
    void forget(ListenerId id, long atMillis) {
        var listener = state.listener(id).filter(it -> it.untilMillis() <= atMillis);
        if (listener.isEmpty()) {
            return;
        }
        var untold = forgetOutstanding(id);
        var left = state.listener(id).orElseThrow();
        if (left.active()) {
            end(left.as(Standing.ENDED).until(atMillis + ENDED_MILLIS), untold, atMillis);
        } else if (left.candidates().isEmpty()) {
            change(new Change.ListenerGone(id));
        } else {
            // It is just asking for another.
            change(new Change.ListenerSet(left.as(Standing.ASKED).until(Long.MAX_VALUE)));
        }
    }

    /**
     * Something has come or gone: the subscriptions to it, or to what is around it, may last longer
     * or not as long.
     *
     * @param until when those end in which nothing is left; never if it has come
     */
    private void limit(Eid eid, long until) {
        for (var those : state.subscribers().covering(BitKey.of(eid))) {
            those.forEach((_, subscriber) -> {
                if (subscriber.active()
                        && subscriber.untilMillis() != until
                        && subscriber.id() instanceof ListenerId.Subscriber(var prefix, _)
                        && (until == Long.MAX_VALUE
                                || !isAnswered(
                                        prefix, subscriber.standing() == Standing.OUTSIDE))) {
                    change(new Change.ListenerSet(subscriber.until(until)));
                }
            });
        }
    }

    /**
     * RFC 9437 §5: a subscription to something that is not registered lasts for a while only; to
     * something that is, it has no end. Nor has it as long as something in it is registered: its
     * xTR was told, and would go by that for a day.
     *
     * @param outside whether what the pETRs stand for is an answer as well
     */
    private boolean isAnswered(Eid prefix, boolean outside) {
        return state.at(prefix).isPresent()
                || !state.mappings().below(BitKey.of(prefix), 1).isEmpty()
                || outside && state.outside(prefix).isPresent();
    }

    /** These were not heard for as long as they last, unless they were since. */
    void expire(List<Command.Expire.Silent> those, long bereavedUntil) {
        var gone = new LinkedHashMap<Eid, Set<Registrant>>();
        for (var it : those) {
            var registered = registered(it.eid(), it.who());
            if (registered.isPresent()
                    && registered.get().lease() == it.lease()
                    && state.said(it.who()) == it.said()) {
                gone.computeIfAbsent(it.eid(), _ -> new HashSet<>()).add(it.who());
            }
        }
        gone.forEach((eid, silent) -> {
            var mapping = state.at(eid).orElseThrow();
            var kept = new ArrayList<Registration>();
            for (var it : mapping.registrations()) {
                if (!silent.contains(it.registrant())) {
                    kept.add(it);
                }
            }
            var after =
                    kept.isEmpty()
                            ? Optional.<Mapping>empty()
                            : Optional.of(new Mapping(eid, kept));
            replace(eid, Optional.of(mapping), after, Optional.empty(), bereavedUntil);
        });
    }
}
