package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.server.core.Listener.Standing;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Everything the cluster agrees on, as one immutable value; {@link #apply} is its only way forward.
 * Every replica applies the same commands in the same order and so comes to an equal value.
 *
 * @param mappings by EID-Prefix
 * @param nonces the last one of each xTR under each key, and what goes with it
 * @param subscribers by EID-Prefix, and then by xTR
 * @param members the xTRs that register, to be told of their group
 * @param awaited which members have been told about an EID-Prefix and have not said that they know;
 *     follows from {@code members}
 * @param usedKeys the one-time keys that have made security associations
 * @param tally how many subscribers there are
 * @param pulse how many times a leader has led for {@link Leases#PULSE_MILLIS} more; between any
 *     two of them as much time has passed at least, whoever led
 */
public record MappingSystem(
        PrefixMap<Mapping> mappings,
        PrefixMap<Voice> nonces,
        PrefixMap<PrefixMap<Listener>> subscribers,
        PrefixMap<Listener> members,
        PrefixMap<PrefixMap<Registrant>> awaited,
        UsedKeys usedKeys,
        Tally tally,
        int pulse) {
    public static final MappingSystem EMPTY =
            new MappingSystem(
                    PrefixMap.empty(),
                    PrefixMap.empty(),
                    PrefixMap.empty(),
                    PrefixMap.empty(),
                    PrefixMap.empty(),
                    UsedKeys.EMPTY,
                    Tally.EMPTY,
                    0);

    /**
     * A subscriber to a short prefix is first told so many mappings inside it, and no more: a
     * bound, not a goal.
     */
    static final int MOST_AT_ONCE = 65_536;

    /** The mapping of exactly this EID-Prefix. */
    public Optional<Mapping> at(Eid eid) {
        return mappings.get(BitKey.of(eid));
    }

    /**
     * The mapping of the longest registered EID-Prefix that holds all of {@code eid}. A default EID
     * is none but for itself: see {@link #outside}.
     */
    public Optional<Mapping> longestMatch(Eid eid) {
        return mappings.longestMatch(BitKey.of(eid))
                .filter(it -> it.eid().equals(eid) || !DefaultEid.is(it.eid().prefix()));
    }

    /** What the pETRs of the segment have registered, when nothing else matches. */
    public Optional<Mapping> outside(Eid eid) {
        return longestMatch(eid).isPresent()
                ? Optional.empty()
                : DefaultEid.of(eid).flatMap(this::at);
    }

    /** What is to be told about an EID-Prefix: its mapping, or that there is none. */
    public MappingRecord record(Eid eid) {
        return at(eid).map(Mapping::record).orElseGet(() -> Mapping.goneRecord(eid));
    }

    /** What is to be told to a listener about an EID-Prefix. */
    public MappingRecord record(ListenerId id, Eid eid) {
        return at(eid).isEmpty()
                        && id instanceof ListenerId.Subscriber(var prefix, var xtr)
                        && prefix.equals(eid)
                        && listener(id)
                                .filter(it -> it.standing() == Listener.Standing.OUTSIDE)
                                .isPresent()
                ? outsideRecord(eid, xtr).orElseGet(() -> Mapping.goneRecord(eid))
                : record(eid);
    }

    /**
     * What the pETRs say about an EID-Prefix that nobody has registered; but not to one of them,
     * that would have packets go round among them.
     */
    Optional<MappingRecord> outsideRecord(Eid eid, XtrIdentity asker) {
        return outside(eid).filter(it -> !it.isBy(Optional.of(asker))).map(it -> it.recordFor(eid));
    }

    public Optional<Listener> listener(ListenerId id) {
        return listener(Place.of(id));
    }

    /**
     * Where a listener stands, for those who look for it again and again.
     *
     * @param prefix what it has subscribed to; {@link BitKey#ROOT} for members
     */
    record Place(BitKey prefix, BitKey key) {
        static Place of(ListenerId id) {
            return switch (id) {
                case ListenerId.Subscriber(var prefix, var xtr) ->
                        new Place(BitKey.of(prefix), MappingSystem.key(xtr));
                case ListenerId.Member(var registrant) -> new Place(BitKey.ROOT, registrant.key());
            };
        }
    }

    Optional<Listener> listener(Place place) {
        return place.prefix().length() == 0
                ? members.get(place.key())
                : subscribers.get(place.prefix()).flatMap(those -> those.get(place.key()));
    }

    /** An xTR that registers with its ids, to be told of its groups. */
    public Optional<Listener> member(String site, XtrIdentity xtr) {
        return members.get(Registrant.of(site, 0, Optional.of(xtr)).key());
    }

    /** Every subscription that is in force. */
    public List<Listener> subscriptions() {
        var all = new ArrayList<Listener>();
        subscribers.forEach((_, those) -> those.forEach((_, listener) -> all.add(listener)));
        all.removeIf(listener -> !listener.active());
        return all;
    }

    /** How many have subscribed to an EID, or around it. */
    public int toldOf(Eid eid) {
        return subscribers.covering(BitKey.of(eid)).stream().mapToInt(PrefixMap::size).sum();
    }

    /** Whether what is configured is just this (RFC 9437 §5). */
    public boolean isConfigured(List<Explicit> explicit) {
        var those = configured();
        return those.size() == explicit.size()
                && explicit.stream()
                        .allMatch(it ->
                                listener(it.id())
                                        .filter(last -> last.configured() == it.fingerprint())
                                        .isPresent());
    }

    /** The subscriptions that stand in a setting, or did when the leader said so last. */
    List<ListenerId> configured() {
        var all = new ArrayList<ListenerId>();
        subscribers.forEach((_, those) ->
                those.forEach((_, it) -> {
                    if (it.configured() != 0) {
                        all.add(it.id());
                    }
                }));
        return all;
    }

    /**
     * RFC 9437 §5: whether a subscriber's nonce for an EID-Prefix is not greater than the last one.
     * An EID that is answered with a shorter one has its own nonces; of those only what is not yet
     * confirmed is known.
     */
    public boolean isReplay(Eid asked, XtrIdentity xtr, Nonce nonce) {
        return around(asked, xtr).stream().anyMatch(it -> it.isReplay(asked, nonce));
    }

    /**
     * Under which key of its site an xTR was last answered that has asked for this EID-Prefix and
     * not acknowledged the answer.
     *
     * @param beforeMillis only if it has asked by then: what was just acknowledged may yet be on
     *     its way through the log
     */
    public Optional<Credentials> unacknowledged(Eid asked, XtrIdentity xtr, long beforeMillis) {
        return around(asked, xtr).stream()
                .flatMap(it -> it.candidates().reversed().stream())
                .filter(it -> it.asked().equals(asked) && !it.proven())
                .findFirst()
                .filter(it -> it.atMillis() <= beforeMillis)
                .map(it -> it.contact().credentials());
    }

    /** Under which key of its site an xTR has acknowledged a subscription that holds the EID. */
    public Optional<Credentials> agreed(Eid eid, XtrIdentity xtr) {
        return around(eid, xtr).stream()
                .filter(Listener::active)
                .map(it -> it.contact().credentials())
                .filter(it -> it.association().isEmpty())
                .findFirst();
    }

    /** Whether the nonce of a Map-Register is not greater than the last one (RFC 9301 §5.6). */
    public boolean isReplay(
            NonceCheck check, String site, int keyId, Optional<XtrIdentity> xtr, Nonce nonce) {
        return check != NonceCheck.NONE
                && nonces.get(check.keptAt(site, keyId, xtr))
                        .filter(voice -> !nonce.isGreaterThan(voice.last()))
                        .isPresent();
    }

    /**
     * Whether a Map-Register of this xTR, under this key, leaves behind nothing of an xTR that
     * there was not before: last nonces, and xTRs that are told of their groups.
     */
    public boolean knows(NonceCheck check, String site, int keyId, Optional<XtrIdentity> xtr) {
        return (check == NonceCheck.NONE || nonces.get(check.keptAt(site, keyId, xtr)).isPresent())
                && (xtr.isEmpty()
                        || members.get(Registrant.of(site, keyId, xtr).key()).isPresent());
    }

    /** What is left of a room for another part of the mapping system, for one xTR there. */
    public Room leaves(Room room, XtrIdentity xtr) {
        return tally.left(room, key(xtr));
    }

    /**
     * Whether there is room for a subscription to what an EID is answered with, unless the xTR is
     * subscribed to some of it already.
     */
    public boolean admits(Eid eid, Credentials credentials, XtrIdentity xtr, Room room) {
        return hasRoom(credentials, xtr, room)
                || around(eid, xtr).stream().anyMatch(it -> it.standing() != Standing.ASKED);
    }

    /** Whether there may be one subscriber more, of an xTR that has this to prove it. */
    boolean hasRoom(Credentials credentials, XtrIdentity xtr, Room room) {
        var proof =
                credentials.association().isPresent()
                        ? Tally.Proof.ASSOCIATION
                        : member(credentials.site(), xtr).isPresent()
                                ? Tally.Proof.REGISTRATION
                                : Tally.Proof.NONE;
        return tally.leaves(room, key(xtr), proof);
    }

    /** How many have only asked to subscribe, and not yet shown that it was themselves who did. */
    public int unconfirmed() {
        return tally.asking();
    }

    /** How many xTRs have registered, each counted once for each key. */
    public int xtrs() {
        return Math.max(nonces.size(), members.size());
    }

    /** How many xTRs of each site are told of their groups; takes as long as there are many. */
    public Iterator<String> sitesOfXtrs() {
        return each(members.values(), it -> ((ListenerId.Member) it.id()).registrant().site());
    }

    /** Whose each EID-Prefix is. */
    public Iterator<String> sitesOfMappings() {
        return each(mappings.values(), Mapping::site);
    }

    private static <T, R> Iterator<R> each(Iterator<T> those, Function<T, R> what) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return those.hasNext();
            }

            @Override
            public R next() {
                return what.apply(those.next());
            }
        };
    }

    /** Every Map-Notify that waits for its acknowledgement: what a new leader goes on with. */
    public List<Effect.Publish> outstanding() {
        var all = new ArrayList<Effect.Publish>();
        subscribers.forEach(
                (_, those) -> those.forEach((_, listener) -> outstanding(listener, all)));
        members.forEach((_, listener) -> outstanding(listener, all));
        return all;
    }

    private static void outstanding(Listener listener, List<Effect.Publish> all) {
        listener.answers().forEach(it -> all.add(new Effect.Publish(listener.id(), it)));
        listener.outstanding().forEach((_, it) -> all.add(new Effect.Publish(listener.id(), it)));
    }

    /**
     * The mark that says as much as a Map-Register, if that says nothing new: all that it names is
     * registered by the same xTR in just that form, all of it came together, and nothing else with
     * it. For xTRs without ids, for those whose nonces do not grow or are not their own, and for
     * groups, which not everybody may join at any time, there are no marks.
     */
    public Optional<Command.Refresh> mark(Command.Register it) {
        if (it.identity().isEmpty()
                || it.nonceCheck() != NonceCheck.PER_XTR
                || !it.wantMapNotify()) {
            return Optional.empty();
        }
        var who = it.registrant();
        var contact = new Contact(it.credentials(), List.of(it.source()), it.port());
        if (listener(new ListenerId.Member(who))
                .filter(known -> known.contact().equals(contact))
                .isEmpty()) {
            return Optional.empty();
        }
        var leases = new HashSet<Integer>();
        var eids = new HashSet<Eid>();
        int together = 0;
        for (var record : it.records()) {
            var registered = at(record.eid()).flatMap(mapping -> mapping.by(who));
            if (record.ttl().removes()
                    || record.eid().prefix().family() == EidPrefix.Family.GROUP
                    || registered.filter(last -> last.isRepeatedBy(it, record)).isEmpty()) {
                return Optional.empty();
            }
            leases.add(registered.get().lease());
            eids.add(record.eid());
            together = registered.get().together();
        }
        int keyId = it.credentials().keyId();
        return leases.size() == 1 && eids.size() == together
                ? nonces.get(who.nonceKey(keyId))
                        .filter(voice -> it.nonce().isGreaterThan(voice.last()))
                        .map(voice ->
                                new Command.Refresh(
                                        it.origin(),
                                        who,
                                        keyId,
                                        voice.changes(),
                                        List.copyOf(leases),
                                        it.nonce(),
                                        it.nonce()))
                : Optional.empty();
    }

    /** What is remembered of an xTR whose nonces grow, under all its keys. */
    List<Voice> voices(Registrant who) {
        var voices = new ArrayList<Voice>(1);
        nonces.within(who.key(), voices::add);
        return voices;
    }

    /**
     * A number that has another value after each Map-Register of an xTR whose nonces grow, and
     * after nothing else: the sum of its last nonces under all keys.
     */
    public long said(Registrant who) {
        return Voice.said(voices(who));
    }

    /** The listeners, at most {@code most}, that end at or before this time. */
    public List<ListenerId> dueListeners(long nowMillis, int most) {
        var due = new ArrayList<ListenerId>();
        for (var those : subscribers.expiring(nowMillis, most)) {
            those.expiring(nowMillis, most - due.size()).forEach(it -> due.add(it.id()));
        }
        return due;
    }

    /** The members that have not acknowledged what they were told about an EID-Prefix. */
    List<Registrant> membersAwaiting(Eid eid) {
        var all = new ArrayList<Registrant>();
        awaited.get(BitKey.of(eid)).ifPresent(those -> those.forEach((_, it) -> all.add(it)));
        return all;
    }

    /** What an xTR has said about this EID-Prefix and those around it, the longest first. */
    List<Listener> around(Eid eid, XtrIdentity xtr) {
        var key = key(xtr);
        var found = new ArrayList<Listener>();
        for (var those : subscribers.covering(BitKey.of(eid)).reversed()) {
            those.get(key).ifPresent(found::add);
        }
        return found;
    }

    /** The state with one row set or gone. */
    public MappingSystem with(Change change) {
        return switch (change) {
            case Change.MappingSet(var mapping) -> {
                var kept = mapping.shared();
                yield with(mappings.with(kept, kept));
            }
            case Change.MappingGone(var eid) -> with(mappings.without(BitKey.of(eid)));
            case Change.NonceSet(var key, var nonce, var count, var at) -> {
                var voice = new Voice(key, nonce, count, at);
                yield new MappingSystem(
                        mappings,
                        nonces.with(voice, voice),
                        subscribers,
                        members,
                        awaited,
                        usedKeys,
                        tally,
                        pulse);
            }
            case Change.PulseSet(var now) ->
                    new MappingSystem(
                            mappings, nonces, subscribers, members, awaited, usedKeys, tally, now);
            case Change.KeyUsed(var used) -> withKeys(usedKeys.with(used));
            case Change.KeyForgotten(var fingerprint) -> withKeys(usedKeys.without(fingerprint));
            case Change.ListenerSet(var listener) -> {
                var outstanding =
                        listener(listener.id())
                                .map(Listener::outstanding)
                                .orElse(PrefixMap.empty());
                yield with(listener.with(outstanding).shared());
            }
            case Change.ListenerGone(var id) -> without(id);
            case Change.OutstandingSet(var id, var outstanding) ->
                    listener(id)
                            .map(it ->
                                    withOutstanding(it, BitKey.of(outstanding.eid()), outstanding))
                            .orElse(this);
            case Change.OutstandingGone(var id, var eid) ->
                    listener(id).map(it -> withOutstanding(it, BitKey.of(eid), null)).orElse(this);
        };
    }

    private MappingSystem withOutstanding(Listener it, BitKey eid, @Nullable Outstanding what) {
        var left = what == null ? it.outstanding().without(eid) : it.outstanding().with(eid, what);
        var told = with(it.with(left));
        return it.id() instanceof ListenerId.Member(var registrant)
                ? told.with(told.members, told.awaiting(eid, registrant, what != null))
                : told;
    }

    private PrefixMap<PrefixMap<Registrant>> awaiting(
            BitKey eid, Registrant registrant, boolean now) {
        var those = awaited.get(eid).orElse(PrefixMap.empty());
        var left = now ? those.with(registrant.key(), registrant) : those.without(registrant.key());
        return left.isEmpty() ? awaited.without(eid) : awaited.with(eid, left);
    }

    private MappingSystem with(
            PrefixMap<Listener> otherMembers, PrefixMap<PrefixMap<Registrant>> otherAwaited) {
        return new MappingSystem(
                mappings, nonces, subscribers, otherMembers, otherAwaited, usedKeys, tally, pulse);
    }

    private MappingSystem with(PrefixMap<Mapping> other) {
        return new MappingSystem(
                other, nonces, subscribers, members, awaited, usedKeys, tally, pulse);
    }

    private MappingSystem with(PrefixMap<PrefixMap<Listener>> otherSubscribers, Tally otherTally) {
        return new MappingSystem(
                mappings, nonces, otherSubscribers, members, awaited, usedKeys, otherTally, pulse);
    }

    /** The state in which those who have subscribed to an EID-Prefix are these, as before. */
    MappingSystem withSubscribers(BitKey prefix, PrefixMap<Listener> those) {
        return with(subscribers.with(prefix, those), tally);
    }

    private MappingSystem withKeys(UsedKeys other) {
        return new MappingSystem(
                mappings, nonces, subscribers, members, awaited, other, tally, pulse);
    }

    private MappingSystem with(Listener listener) {
        return switch (listener.id()) {
            case ListenerId.Subscriber(var prefix, var xtr) -> {
                var key = BitKey.of(prefix);
                var those = subscribers.get(key).orElse(PrefixMap.empty());
                var its = key(xtr);
                var before = those.get(its);
                yield with(
                        subscribers.with(key, those.with(its, listener)),
                        before.filter(it -> it.standing() == listener.standing()).isPresent()
                                ? tally
                                : before.map(it -> tally.plus(it.standing(), its, -1))
                                        .orElse(tally)
                                        .plus(listener.standing(), its, 1));
            }
            case ListenerId.Member(var registrant) ->
                    with(members.with(registrant.key(), listener), awaited);
        };
    }

    private MappingSystem without(ListenerId id) {
        return switch (id) {
            case ListenerId.Subscriber(var prefix, var xtr) -> {
                var key = BitKey.of(prefix);
                var those = subscribers.get(key).orElse(PrefixMap.empty()).without(key(xtr));
                yield with(
                        those.isEmpty() ? subscribers.without(key) : subscribers.with(key, those),
                        listener(id)
                                .map(it -> tally.plus(it.standing(), key(xtr), -1))
                                .orElse(tally));
            }
            case ListenerId.Member(var registrant) -> {
                var left = this;
                for (var key : outstandingKeys(id)) {
                    left = left.with(left.members, left.awaiting(key, registrant, false));
                }
                yield left.with(left.members.without(registrant.key()), left.awaited);
            }
        };
    }

    private List<BitKey> outstandingKeys(ListenerId id) {
        var keys = new ArrayList<BitKey>();
        listener(id).ifPresent(it -> it.outstanding().forEach((key, _) -> keys.add(key)));
        return keys;
    }

    /** Where an xTR stands among the subscribers to an EID-Prefix. */
    static BitKey key(XtrIdentity xtr) {
        return BitKey.of(xtr);
    }

    /** What a command leads to. Deterministic: it depends on this state and the command alone. */
    public Outcome apply(Command command) {
        var step = new Step(this);
        switch (command) {
            case Command.Register register -> step.register(register);
            case Command.Refresh refresh -> step.refresh(refresh);
            case Command.Pulse(var last) -> step.pulse(last);
            case Command.Subscribe subscribe -> step.subscribe(subscribe);
            case Command.Unsubscribe unsubscribe -> step.unsubscribe(unsubscribe);
            case Command.Associate associate -> step.associate(associate);
            case Command.Acknowledge(var receipts) -> step.acknowledge(receipts);
            case Command.GiveUp(var listener, var eid, var nonce) ->
                    step.giveUp(listener, eid, nonce);
            case Command.Renew(var listener, var eid, var nonce) ->
                    step.renew(listener, eid, nonce);
            case Command.Configure(var atMillis, var explicit) ->
                    step.configure(explicit, atMillis);
            case Command.Forget(var atMillis, var listeners) ->
                    listeners.forEach(it -> step.forget(it, atMillis));
            case Command.Expire(var atMillis, var bereavedMillis, var silent) ->
                    step.expire(silent, atMillis + bereavedMillis);
        }
        return step.outcome();
    }
}
