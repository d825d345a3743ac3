package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.ReplicationListEntry.Entry;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps the EIDs of this xTR registered with one mapping system (RFC 9301 §5.6, §8.2), and knows
 * who else has registered them (draft-jain §6.2).
 *
 * <p>A retransmission has the next nonce, since a Map-Server that has the first one would drop its
 * copy as played again; a Map-Notify with any nonce of the series confirms.
 */
final class Registrar {
    /** RFC 9301 §8.2: one Map-Register a minute. */
    static final Duration REFRESH = Duration.ofMinutes(1);

    /** RFC 9301 §5.7: the first retransmission after one second, then doubling up to a minute. */
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

    private static final Duration LAST_RETRY = Duration.ofMinutes(1);

    /** How often more it is said at once that this xTR receives a group. */
    private static final int JOINS = 2;

    /** Refreshes that are nearly due go along, so that they share messages from then on. */
    private static final Duration TOGETHER = Duration.ofSeconds(5);

    /** Header, nonce, key and algorithm, MAC; then xTR-ID and Site-ID at the end. */
    private static final int OVERHEAD = Authentication.DATA_OFFSET + 16 + XtrIdentity.LENGTH;

    /** So many a message can count (RFC 9301 §5.4). */
    private static final int MOST_RECORDS = 255;

    /** Of how many EIDs inside of what is registered here the last nonce is kept. */
    private static final int INSIDE = 16_384;

    private static final EidPrefix PETR = EidPrefix.parse("name:pETR");

    private static final Authentication BLANK = new Authentication(0, 0, Bytes.EMPTY);

    private final String domain;
    private final XtrIdentity identity;
    private final Locator own;
    private final ReplicationListEntry receiver;
    private final RecordTtl ttl;
    private final int budget;
    private final NonceCounter nonces;
    private final Servers servers;
    private final boolean proxyReply;
    private final Map<Eid, Registration> registrations = new LinkedHashMap<>();
    private final PrefixTable<Registration> table = new PrefixTable<>();

    /** The last nonces of unsolicited Map-Notifies about EIDs inside of what is registered here. */
    private final Map<Eid, Nonce> inside =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Eid, Nonce> eldest) {
                    if (size() <= INSIDE) {
                        return false;
                    }
                    if (floor.isEmpty() || eldest.getValue().isGreaterThan(floor.get())) {
                        floor = Optional.of(eldest.getValue());
                    }
                    return true;
                }
            };

    /**
     * The greatest of those nonces that is not kept any more: no EID may come with an older one. A
     * Map-Server with several Raft groups has a counter in each, so with more EIDs than are kept,
     * news from one that is behind may be taken for old.
     */
    private Optional<Nonce> floor = Optional.empty();

    /** Nothing is due before this. */
    private Instant nextDue = Instant.MAX;

    /** The greatest nonce of an unsolicited Map-Notify to this xTR as a member of groups. */
    private Optional<Nonce> groupNonce = Optional.empty();

    /** The last nonce before any that this process sends. */
    private final Nonce before;

    private static final class Registration {
        final Eid eid;
        boolean withdrawn;
        boolean confirmed;
        int tries;
        Instant due;
        Optional<Nonce> first = Optional.empty();
        Nonce last = new Nonce(0);
        List<Locator> merged = List.of();

        /** How often it was said that this xTR receives a group; nobody confirms that. */
        int said;

        /** What is to be said about the EID beside where it is (RFC 8060 §4.10). */
        Optional<LispAddress> beside = Optional.empty();

        /** The nonce of the last unsolicited Map-Notify about this EID. */
        Optional<Nonce> group = Optional.empty();

        /** How many answers in a row may have been older than news. */
        int doubts;

        /** What had gone out last when the last news of this EID came. */
        Optional<Nonce> beforeNews = Optional.empty();

        Registration(Eid eid, Instant due) {
            this.eid = eid;
            this.due = due;
        }

        /** Whether it says that this xTR receives a group (RFC 8378 §5.1.2). */
        boolean joins() {
            return eid.prefix().family() == EidPrefix.Family.GROUP && !withdrawn;
        }

        /** Whether a Map-Notify with this nonce answers what was last said about the EID. */
        boolean awaits(Nonce nonce) {
            return first.isPresent()
                    && !first.get().isGreaterThan(nonce)
                    && !nonce.isGreaterThan(last);
        }

        void begin(boolean withdraws, Instant now) {
            withdrawn = withdraws;
            tries = 0;
            said = 0;
            first = Optional.empty();
            due = now;
        }
    }

    /** How far a registration is. */
    record State(Eid eid, boolean withdrawn, boolean confirmed, List<Locator> merged) {}

    /**
     * A registrar without registrations.
     *
     * @param budget the most octets of a UDP payload (RFC 9301 §5: 576 or 1280 with headers)
     * @param proxyReply whether the Map-Server is to answer Map-Requests for us (RFC 9301 §5.6)
     */
    Registrar(
            String domain,
            XtrIdentity identity,
            Locator own,
            RecordTtl ttl,
            int budget,
            NonceCounter nonces,
            Servers servers,
            boolean proxyReply) {
        this.domain = domain;
        this.identity = identity;
        this.own = own;
        var entry = new Entry(Entry.RECEIVER, own.rloc().address());
        receiver = new ReplicationListEntry(List.of(entry));
        this.ttl = ttl;
        this.budget = budget;
        this.nonces = nonces;
        before = nonces.last();
        this.servers = servers;
        this.proxyReply = proxyReply;
    }

    /** Registers an EID from now on, also when it is just being withdrawn. */
    void register(Eid eid, Instant now) {
        var known =
                registrations.computeIfAbsent(
                        eid,
                        it -> {
                            var added = new Registration(it, now);
                            table.put(it, added);
                            return added;
                        });
        nextDue = earlier(nextDue, known.due);
        if (known.withdrawn) {
            known.confirmed = false;
            known.begin(false, now);
            nextDue = earlier(nextDue, now);
        }
    }

    /**
     * Says something about an EID that is registered, or nothing any more: it goes out with the
     * locator, as one more address of it (RFC 8060 §4.10).
     */
    void describe(Eid eid, Optional<? extends LispAddress> beside, Instant now) {
        var known = registrations.get(eid);
        if (known != null && !known.beside.equals(beside)) {
            known.beside = beside.map(it -> it);
            if (!known.withdrawn) {
                known.begin(false, now);
                nextDue = earlier(nextDue, now);
            }
        }
    }

    /**
     * What a Map-Request may say of the EID whose packet asks, if there is more to say of it than
     * where it is (draft-jain §4.2).
     */
    Optional<MappingRecord> description(Eid source) {
        return Optional.ofNullable(registrations.get(source))
                .filter(it -> it.beside.isPresent() && !it.withdrawn)
                .map(this::record);
    }

    /** Withdraws an EID; it is forgotten when the mapping system has confirmed that. */
    void withdraw(Eid eid, Instant now) {
        var known = registrations.get(eid);
        if (known != null && !known.withdrawn) {
            known.begin(true, now);
            nextDue = earlier(nextDue, now);
        }
    }

    /** Whether an EID is registered, or about to be. */
    boolean holds(Eid eid) {
        var known = registrations.get(eid);
        return known != null && !known.withdrawn;
    }

    /**
     * What this xTR says itself about an EID-Prefix: of what it has registered the longest match,
     * and all that is more specific than that (RFC 9301 §5.5). Empty when nothing here is around
     * it.
     */
    List<MappingRecord> answer(Eid asked) {
        var around = new ArrayList<Registration>();
        table.covering(asked, around::add);
        around.removeIf(it -> it.withdrawn);
        var match = around.stream().max(Comparator.comparingInt(it -> it.eid.prefix().length()));
        if (match.isEmpty()) {
            return List.of();
        }
        var whole = answer(match.get(), match.get().eid);
        // What does not fit is told for just what was asked for, where it is as true.
        return fits(whole)
                ? whole
                : answer(match.get(), asked).stream().limit(MOST_RECORDS).toList();
    }

    private boolean fits(List<MappingRecord> records) {
        return records.size() <= MOST_RECORDS
                && records.stream().mapToInt(MappingRecord::encodedLength).sum()
                        <= budget - OVERHEAD;
    }

    /** A registration, or the part of it that is {@code eid}, and what is inside that. */
    private List<MappingRecord> answer(Registration match, Eid eid) {
        var records = new ArrayList<MappingRecord>();
        records.add(authoritative(match, eid));
        table.within(
                eid,
                it -> {
                    if (!it.withdrawn && it != match) {
                        records.add(authoritative(it, it.eid));
                    }
                });
        return records;
    }

    /** All locators of the group; only our own are local to us (RFC 9301 §5.4). */
    private MappingRecord authoritative(Registration it, Eid eid) {
        var said = own(it);
        var group =
                it.merged.isEmpty()
                        ? List.of(said)
                        : it.merged.stream()
                                .map(rloc -> rloc.rloc().equals(said.rloc()) ? said : rloc)
                                .toList();
        return new MappingRecord(ttl, Action.NO_ACTION, true, 0, eid, group);
    }

    /** Whether something that is registered, and not on its way out, is around an EID-Prefix. */
    boolean covers(Eid eid) {
        var around = new ArrayList<Registration>();
        table.covering(eid, around::add);
        return around.stream().anyMatch(it -> !it.withdrawn);
    }

    /**
     * Whether news of an EID are for this xTR: it registers the EID, or what is around it, or what
     * stands for all names of the segment, or who sends to that group (RFC 8378 §5.2).
     */
    boolean concerns(Eid eid) {
        return covers(eid)
                || standsForNames(eid)
                || eid.prefix().address() instanceof MulticastInfo info
                        && !info.anySource()
                        && covers(
                                new Eid(
                                        eid.iid(),
                                        new EidPrefix(
                                                info.source().address(),
                                                info.source().maskLength())));
    }

    /** All locators of an EID, once the mapping system has confirmed that it is registered. */
    List<Locator> merged(Eid eid) {
        var known = registrations.get(eid);
        return known == null || known.withdrawn || !known.confirmed ? List.of() : known.merged;
    }

    /** The name that a pETR registers stands for all names and MAC addresses of the segment. */
    private boolean standsForNames(Eid eid) {
        var family = eid.prefix().family();
        return (family == EidPrefix.Family.NAME || family == EidPrefix.Family.MAC)
                && holds(new Eid(eid.iid(), PETR));
    }

    boolean isIdle() {
        return registrations.isEmpty();
    }

    /** Whether every EID that is not withdrawn has been confirmed. */
    boolean isSettled() {
        return registrations.values().stream().allMatch(it -> it.withdrawn || it.confirmed);
    }

    List<State> states() {
        return registrations.values().stream()
                .map(it -> new State(it.eid, it.withdrawn, it.confirmed, it.merged))
                .toList();
    }

    /** The Map-Registers that are due. */
    List<Transmission> poll(Instant now) {
        if (nextDue.isAfter(now)) {
            return List.of();
        }
        var sent = transmit(now);
        nextDue =
                registrations.values().stream()
                        .map(it -> it.due)
                        .reduce(Instant.MAX, Registrar::earlier);
        return sent;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private List<Transmission> transmit(Instant now) {
        if (registrations.values().stream().allMatch(it -> it.due.isAfter(now))) {
            return List.of();
        }
        var soon = now.plus(TOGETHER);
        var due = new ArrayList<Registration>();
        for (var it : registrations.values()) {
            if (!it.due.isAfter(now) || it.tries == 0 && !it.due.isAfter(soon)) {
                due.add(it);
            }
        }
        if (due.stream().anyMatch(it -> it.tries > 0)) {
            servers.rotate();
        }
        var sent = new ArrayList<Transmission>();
        var joins = due.stream().filter(Registration::joins).toList();
        due.removeAll(joins);
        transmit(due, now, sent);
        transmit(joins, now, sent);
        return sent;
    }

    /** In as few messages as hold them. */
    private void transmit(List<Registration> due, Instant now, List<Transmission> sent) {
        var batch = new ArrayList<Registration>();
        int size = OVERHEAD;
        for (var it : due) {
            int length = record(it).encodedLength();
            if (!batch.isEmpty() && (size + length > budget || batch.size() == MOST_RECORDS)) {
                sent.add(send(batch, now));
                batch.clear();
                size = OVERHEAD;
            }
            batch.add(it);
            size += length;
        }
        if (!batch.isEmpty()) {
            sent.add(send(batch, now));
        }
    }

    private Transmission send(List<Registration> batch, Instant now) {
        var nonce = nonces.next(); // RFC 9301 §5.6: incremented each time a Map-Register is sent
        boolean joins = batch.getFirst().joins();
        for (var it : batch) {
            if (joins) {
                // RFC 8378 §5.1.2: M is 0, so that nobody confirms it. What is lost is said again.
                it.confirmed = true;
                it.due = now.plus(it.said < JOINS ? FIRST_RETRY : REFRESH);
                it.said++;
                continue;
            }
            if (it.first.isEmpty()) {
                it.first = Optional.of(nonce);
            }
            it.last = nonce;
            it.due = now.plus(backoff(it.tries));
            it.tries++;
        }
        // P unless told otherwise: the Map-Server answers for us (RFC 9437 §2). S always: we could
        // sign (RFC 9303 §6.3). It merges what the xTRs of the PoD register, and tells us the
        // result (draft-jain §6.2). I: draft-jain §6.1.
        return new Transmission(
                servers.current(),
                false,
                new MapRegister(
                        proxyReply || joins,
                        true,
                        false,
                        false,
                        true,
                        !joins,
                        nonce,
                        BLANK,
                        batch.stream().map(this::record).toList(),
                        Optional.of(identity)));
    }

    private MappingRecord record(Registration it) {
        return MappingRecord.of(it.withdrawn ? RecordTtl.REMOVE : ttl, it.eid, List.of(own(it)));
    }

    private Locator own(Registration it) {
        if (it.joins()) {
            return own.at(new Rloc(receiver));
        }
        return it.beside.map(this::own).orElse(own);
    }

    private Locator own(LispAddress beside) {
        return own.at(new Rloc(new LispAddress.AfiList(List.of(own.rloc().address(), beside))));
    }

    /** 1 s, 2 s, 4 s … 60 s after the first, second, third transmission. */
    static Duration backoff(int earlierTries) {
        var doubled = FIRST_RETRY.multipliedBy(1L << Math.min(earlierTries, 6));
        return doubled.compareTo(LAST_RETRY) < 0 ? doubled : LAST_RETRY;
    }

    /** Whether a Map-Notify answers a Map-Register of ours, and so wants no acknowledgment. */
    boolean awaits(MapNotify notify) {
        return notify.records().stream()
                .map(it -> registrations.get(it.eid()))
                .anyMatch(it -> it != null && it.awaits(notify.nonce()));
    }

    /** Takes the answer to a Map-Register. What it does not list, the Map-Server has refused. */
    List<XtrEvent> confirm(MapNotify notify, Instant now) {
        var events = new ArrayList<XtrEvent>();
        for (var record : notify.records()) {
            var it = registrations.get(record.eid());
            if (it == null || !it.awaits(notify.nonce())) {
                continue;
            }
            it.tries = 0;
            it.first = Optional.empty();
            it.due = now.plus(REFRESH);
            if (it.withdrawn) {
                registrations.remove(it.eid);
                table.remove(it.eid);
                events.add(new XtrEvent.Deregistered(now, domain, it.eid));
                continue;
            }
            boolean doubtful = isDoubtful(it, notify.nonce(), record.locators());
            if (doubtful) {
                // What is registered is sure, but not with whom: the answer to the next will tell.
                it.due = now.plus(backoff(it.doubts++));
                nextDue = earlier(nextDue, it.due);
            } else {
                it.doubts = 0;
            }
            var told = doubtful ? it.merged : record.locators();
            if (it.confirmed) {
                regroup(it, told, now).ifPresent(events::add);
            } else {
                it.confirmed = true;
                it.merged = told;
                events.add(new XtrEvent.Registered(now, domain, it.eid, it.merged));
            }
        }
        return events;
    }

    /**
     * Whether an answer may be older than the news that has come: they are counted apart, so that
     * only what was asked for after the news is surely newer, and news that does not list what this
     * xTR says is surely older. Where both say the same, it does not matter.
     */
    private boolean isDoubtful(Registration it, Nonce nonce, List<Locator> told) {
        return it.beforeNews.filter(last -> !nonce.isGreaterThan(last)).isPresent()
                && it.merged.stream().anyMatch(rloc -> rloc.rloc().equals(own(it).rloc()))
                && !it.merged.equals(told);
    }

    /** Takes the news of an EID that this xTR has registered (draft-jain §6.2). */
    Optional<XtrEvent> onNews(MappingRecord record, Instant now) {
        var it = registrations.get(record.eid());
        if (it == null || it.withdrawn) {
            return Optional.empty();
        }
        it.beforeNews = Optional.of(it.last);
        return regroup(it, record.locators(), now);
    }

    private Optional<XtrEvent> regroup(Registration it, List<Locator> told, Instant now) {
        if (it.merged.equals(told)) {
            return Optional.empty();
        }
        var before = it.merged;
        it.merged = told;
        return Optional.of(new XtrEvent.GroupChanged(now, domain, it.eid, before, it.merged));
    }

    /**
     * How far a nonce is from those of the Map-Notifies that this xTR gets as a member of groups.
     * They have one counter for each xTR and Raft group at the Map-Server, so that this tells the
     * distance from the greatest of any; before the first of them one may start anywhere, from what
     * we registered with for example.
     */
    long groupDistance(Nonce nonce) {
        return groupNonce
                .map(it -> Subscriber.distance(it, nonce))
                .orElseGet(
                        () -> Math.min(Subscriber.NEAR, Subscriber.distance(nonces.last(), nonce)));
    }

    /**
     * Whether a Map-Notify answers an earlier Map-Register of ours, one that was answered already:
     * it comes late, or again because we had asked again. Its nonce is ours, and none of the
     * group's.
     */
    boolean hasSent(Nonce nonce) {
        return nonce.isGreaterThan(before) && !nonce.isGreaterThan(nonces.last());
    }

    /**
     * Where the nonce of a group's Map-Notify stands. Those about the EIDs of one Instance ID share
     * a counter, but one Map-Notify may overtake another, and then only that about the same EID is
     * out of date.
     */
    Subscriber.Verdict judgeGroup(Eid eid, Nonce nonce) {
        var it = registrations.get(eid);
        var last = it == null ? Optional.ofNullable(inside.get(eid)).or(() -> floor) : it.group;
        if (last.isEmpty() || nonce.isGreaterThan(last.get())) {
            if (it == null) {
                inside.put(eid, nonce);
            } else {
                it.group = Optional.of(nonce);
            }
            groupNonce =
                    groupNonce
                            .filter(greatest -> greatest.isGreaterThan(nonce))
                            .or(() -> Optional.of(nonce));
            return Subscriber.Verdict.NEW;
        }
        return nonce.equals(last.get()) ? Subscriber.Verdict.DUPLICATE : Subscriber.Verdict.REPLAY;
    }
}
