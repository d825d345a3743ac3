package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Sends every Map-Notify that has to be acknowledged, the answer to a subscription and the news
 * after it, and again until it is (RFC 9301 §5.7, RFC 9437 §5, §6). Only the leader has one that
 * does anything. What is outstanding stands in the replicated state; what is kept here is only when
 * to send it next, so that a new leader can go on where the old one stopped, with the same nonces.
 */
public final class Publisher {
    /**
     * Up to 3 retransmissions at 3 seconds, then 3 more at doubling intervals (RFC 9301 §5.7). The
     * last one is the patience after that.
     */
    private static final List<Duration> GAPS =
            List.of(
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(6),
                    Duration.ofSeconds(12),
                    Duration.ofSeconds(24),
                    Duration.ofSeconds(48));

    /** After so long, nobody is there who could acknowledge. */
    private static final Duration PATIENCE = GAPS.stream().reduce(Duration.ZERO, Duration::plus);

    /**
     * How many Map-Notifies with news an xTR is sent for one subscription before it acknowledges
     * any: the receive buffer that Linux gives a socket has room for 166 of the longest, and for
     * 256 that tell one mapping. One that acknowledges within two milliseconds is sent 64,000 a
     * second.
     */
    static final int WINDOW = 128;

    /**
     * How often a stranger is told what it asks for when half the places of those that wait are
     * taken: the first retransmissions, and then its place goes to another.
     */
    private static final int SENDINGS_IN_A_CROWD = 4;

    /** Of how many xTRs it is known that another ITR-RLOC than the first is the one to send to. */
    private static final int MOST_REACHED = 65_536;

    /** Of one Map-Notify: its Record Count has one octet (RFC 9301 §5.7). */
    private static final int MOST_RECORDS = 255;

    /** How far apart the nonces of what one Map-Notify tells may be. */
    private static final long NEAR = 1 << 16;

    /** Of so many mappings it is remembered how they are told. */
    private static final int MOST_TOLD = 256;

    /** So many that are overtaken may lie among those that wait for room, and not be taken out. */
    private static final int FEW = 64;

    /**
     * What only one Map-Notify to a listener at a time is for: news about an EID-Prefix, or a
     * request, which is known by its nonce. Strangers choose all of it, so that it has an order as
     * well: see {@link ListenerId.Subscriber}.
     */
    private record Subject(Eid eid, Optional<Nonce> request) implements Comparable<Subject> {
        static Subject of(Outstanding it) {
            return new Subject(
                    it.eid(), it.confirms() ? Optional.of(it.nonce()) : Optional.empty());
        }

        boolean confirms() {
            return request.isPresent();
        }

        @Override
        public int compareTo(Subject other) {
            int byEid = BitKey.of(eid).compareTo(BitKey.of(other.eid));
            return byEid != 0
                    ? byEid
                    : Long.compareUnsigned(
                            request.map(Nonce::value).orElse(0L),
                            other.request.map(Nonce::value).orElse(0L));
        }
    }

    /** What a Map-Notify-Ack says; its hash is computed once. */
    private static final class Receipt implements Comparable<Receipt> {
        /**
         * Nonces that xTRs count from may be as near to each other as EIDs are: this parts them.
         */
        private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

        private final Nonce nonce;
        private final Eid eid;
        private final int hash;

        Receipt(Nonce nonce, Eid eid) {
            this.nonce = nonce;
            this.eid = eid;
            this.hash = (int) (nonce.value() * GOLDEN >>> Integer.SIZE) + eid.hashCode();
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Receipt it
                    && hash == it.hash
                    && nonce.equals(it.nonce)
                    && eid.equals(it.eid);
        }

        @Override
        public int compareTo(Receipt other) {
            int byNonce = Long.compareUnsigned(nonce.value(), other.nonce.value());
            return byNonce != 0 ? byNonce : BitKey.of(eid).compareTo(BitKey.of(other.eid));
        }
    }

    /** What a Map-Notify tells, and waits for its acknowledgement. */
    public sealed interface Awaited {
        /** Whose acknowledgement. */
        ListenerId listener();

        /** What the acknowledgement is to the state, under whatever nonce it was told. */
        Command.Receipt receipt();
    }

    /** What is kept of a listener while anything waits for its acknowledgement. */
    private static final class Waiting {
        private final ListenerId listener;
        private final MappingSystem.Place place;
        private final Map<Subject, Item> items = new HashMap<>(2);
        private final Turn answers;
        private final Turn news;

        /** News that find no room in the window, in the order of their nonces. */
        private final ArrayDeque<Job> later = new ArrayDeque<>(0);

        /** How many of those are over. */
        private int laterOver;

        /** How many have room in the window. */
        private int inWindow;

        /** News that may be sent and was not yet, in the order of their nonces. */
        private final ArrayDeque<Job> fresh = new ArrayDeque<>(0);

        /** What has been sent, the oldest first, and how often something was. */
        private final ArrayDeque<Flight> flights = new ArrayDeque<>(0);

        private long sendings;

        /** The longest gap that has passed in silence, by its number. */
        private int silence;

        /** The greatest nonce that it has acknowledged. */
        private @Nullable Nonce acknowledged;

        /** When it has acknowledged something last. */
        private Instant heard = Instant.MIN;

        Waiting(ListenerId listener, Turn answers, Turn news) {
            this.listener = listener;
            this.place = MappingSystem.Place.of(listener);
            this.answers = answers;
            this.news = news;
        }

        boolean hasRoom() {
            return inWindow < WINDOW;
        }

        /**
         * With which gap what has waited for room begins. The longer the xTR has been silent, the
         * less often it is tried.
         */
        int begins(Job job) {
            return Math.max(job.gap, Math.min(silence, GAPS.size() - 1));
        }

        void addLater(Job job) {
            job.later = true;
            later.add(job);
            // Each that is taken out here has been looked at once before, or is over.
            if (laterOver > FEW && laterOver > later.size() / 2) {
                later.removeIf(it -> it.over);
                laterOver = 0;
            }
        }

        void fly(Job job) {
            job.takeRoom();
            job.flight = ++sendings;
            flights.add(new Flight(job, job.flight));
            if (flights.size() > 4 * WINDOW) {
                flights.removeIf(it -> !it.isLast());
            }
        }

        /**
         * It lives. What was sent before what it has acknowledged has arrived by now, or is lost,
         * and takes no room from what is new.
         */
        void heard(@Nullable Job acknowledgedJob, Instant now) {
            heard = now;
            silence = 0;
            long until = acknowledgedJob == null ? 0 : acknowledgedJob.flight;
            while (!flights.isEmpty() && flights.element().number <= until) {
                var flight = flights.remove();
                if (flight.isLast()) {
                    flight.job.leaveRoom();
                }
            }
        }
    }

    /** A sending of a Map-Notify. */
    private record Flight(Job job, long number) {
        /** Whether it has not been sent again since, and still has room. */
        boolean isLast() {
            return job.room && job.flight == number;
        }
    }

    /** What may be sent of one site, so that it waits for others of this site alone. */
    private static final class Turn {
        private final ArrayDeque<Job> ready = new ArrayDeque<>(0);
    }

    /**
     * Whose turn it is. Whoever asks names the site himself, so that answers take no time from
     * news.
     */
    private record Whose(String site, boolean answers) {}

    /** What one row of the state says is outstanding. */
    private static final class Item implements Awaited {
        private final Subject subject;
        private final BitKey key;

        /** Under which the state has it. */
        private final Nonce nonce;

        private final Waiting waiting;

        /** The Map-Notify that tells it. */
        private Job job;

        /** What acknowledges it. */
        private Receipt receipt;

        /** Others that the same acknowledgement may be of. */
        private @Nullable Item alike;

        private @Nullable Item alikeBefore;

        /** Settled, or something newer about the same has come. */
        private boolean over;

        /** Whether older news about the same may still be on its way. */
        private boolean overtakes;

        Item(Outstanding it, Waiting waiting, Instant now) {
            this.subject = Subject.of(it);
            this.key = BitKey.of(it.eid());
            this.nonce = it.nonce();
            this.waiting = waiting;
            this.receipt = new Receipt(nonce, it.eid());
            this.job = new Job(this, now);
        }

        @Override
        public ListenerId listener() {
            return waiting.listener;
        }

        @Override
        public Command.Receipt receipt() {
            return new Command.Receipt(waiting.listener, subject.eid(), nonce);
        }
    }

    /** A Map-Notify on its way; {@code order} keeps those of one moment as they were committed. */
    private static final class Job {
        private final Waiting waiting;

        /** All that it tells; what is over is told no more. */
        private List<Item> items;

        /** The greatest of theirs. */
        private Nonce nonce;

        /** Whether a leader before this one may have sent it. */
        private boolean old;

        /** From when on its patience counts. */
        private Instant since;

        /** Which gap is next. */
        private int gap;

        /** Whether it has begun with a longer gap than the first. */
        private boolean beganLate;

        /** Whether it waits for room. */
        private boolean later;

        private boolean sent;
        private boolean renewed;
        private Instant due;
        private long order;

        /** Which of its xTR's ITR-RLOCs it was sent to first; less than 0 if it was not yet. */
        private int first = -1;

        /** Whether it has room in the window of its xTR. */
        private boolean room;

        /** The number of its last sending. */
        private long flight;

        /** What it has told last, if it is an answer. */
        private @Nullable MappingRecord answer;

        /** It has nothing to tell any more: it may still stand in a line. */
        private boolean over;

        Job(Item item, Instant now) {
            this.waiting = item.waiting;
            this.items = List.of(item);
            this.nonce = item.nonce;
            this.since = now;
            this.due = now;
        }

        Subject subject() {
            return items.getFirst().subject;
        }

        /** It is the same news as before, under another nonce: its patience goes on. */
        void goOn(Job before) {
            gap = before.gap;
            beganLate = before.beganLate;
            since = before.since;
            first = before.first;
            sent = true;
        }

        boolean isNews() {
            return !subject().confirms();
        }

        /**
         * Whether others may be told with it: nobody has heard its nonce yet, so that it may still
         * take a greater one.
         */
        boolean isFresh() {
            return isNews()
                    && flight == 0
                    && !old
                    && !over
                    && waiting.listener instanceof ListenerId.Subscriber;
        }

        /**
         * Whether it may tell what another one was to tell: at the same times, and under one
         * counter, which goes far ahead where another of the xTR's has been (ADR 15).
         */
        boolean mayTellWith(Job other) {
            long ahead = other.nonce.value() - items.getFirst().nonce.value();
            return other.isFresh()
                    && (other.later ? waiting.begins(other) : other.gap) == gap
                    && ahead > 0
                    && ahead < NEAR;
        }

        /** Tells what another one was to tell. */
        void absorb(Job other) {
            if (items.size() == 1) {
                items = new ArrayList<>(items);
            }
            for (var item : other.items) {
                item.job = this;
                items.add(item);
            }
            nonce = other.nonce;
            since = other.since;
            other.over = true;
            other.leaveRoom();
        }

        void takeRoom() {
            if (isNews() && !room) {
                room = true;
                waiting.inWindow++;
            }
        }

        void leaveRoom() {
            if (room) {
                room = false;
                waiting.inWindow--;
            }
        }

        /** One of its items is over. */
        void lose() {
            if (!over && items.stream().allMatch(it -> it.over)) {
                over = true;
                if (later) {
                    waiting.laterOver++;
                }
            }
        }

        /** An overtaken one has come to its end: nothing has been heard of it, and nothing will. */
        void end() {
            if (room) {
                waiting.silence = Math.max(waiting.silence, gap);
                leaveRoom();
            }
        }

        /**
         * It has been sent as often as it may, or less often for as long as that takes; or it has
         * waited so long in vain behind what was.
         */
        boolean isHopeless(Instant now) {
            if (!isNews()) {
                return gap == GAPS.size();
            }
            var last = waiting.heard.isAfter(since) ? waiting.heard : since;
            return gap == GAPS.size() && !(beganLate && now.isBefore(since.plus(PATIENCE)))
                    || waiting.silence >= GAPS.size() - 1 && !now.isBefore(last.plus(PATIENCE));
        }

        /** For how long it waits once it has been sent. */
        Duration pause() {
            var pause = GAPS.get(Math.min(gap, GAPS.size() - 1));
            gap = Math.min(gap + 1, GAPS.size());
            return pause;
        }

        Turn turn() {
            return isNews() ? waiting.news : waiting.answers;
        }
    }

    /** Those that wait equally long, and so come to their end in the order in which they came. */
    private static final class Line {
        private final Duration gap;
        private final ArrayDeque<Job> jobs = new ArrayDeque<>();

        Line(Duration gap) {
            this.gap = gap;
        }
    }

    private final BooleanSupplier crowded;
    private final ToIntFunction<Ip> room;
    private final Map<ListenerId, Waiting> waiting = new HashMap<>();
    private final Map<Receipt, Item> awaited = new HashMap<>();

    /** One for each gap. */
    private final List<Line> lines = GAPS.stream().distinct().map(Line::new).toList();

    private final Map<Whose, Turn> turns = new HashMap<>();

    /** Those that have something to send; the first one is next. */
    private final ArrayDeque<Turn> round = new ArrayDeque<>();

    /**
     * Which ITR-RLOC has answered last where it is not the first: what is told next need not find
     * out again. Of too many, those go that nothing was heard of for longest.
     */
    private final Map<ListenerId, Ip> reached =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<ListenerId, Ip> eldest) {
                    return size() > MOST_REACHED;
                }
            };

    private int outstanding;
    private Instant latest = Instant.MIN;
    private boolean takesOver;
    private long order;

    /** What was told last: changed mappings are told to one listener after another. */
    private final Map<Mapping, MappingRecord> told = new IdentityHashMap<>();

    /**
     * @param crowded whether half of the places are taken for subscriptions that wait for their
     *     confirmation
     * @param room how many octets of records a Map-Notify to an address may have if it tells of
     *     several EID-Prefixes; 0 for one Map-Notify for each
     */
    public Publisher(BooleanSupplier crowded, ToIntFunction<Ip> room) {
        this.crowded = crowded;
        this.room = room;
    }

    /** What is to be done now. */
    public sealed interface Due {
        /**
         * Send this Map-Notify, for the first time or {@code again}. One that {@code confirms} what
         * its xTR asked for keeps its nonce: it tells the newest mapping, but once a subscription
         * of the xTR has used a greater nonce, what it has told last, as older news under that may
         * be on its way. Whoever acknowledges it is told what has changed since. What the last
         * leader has told last a new one does not know, and tells the newest.
         *
         * @param records all of them under one nonce, so that they belong into one datagram
         */
        record Send(
                Credentials credentials,
                Optional<XtrIdentity> recipient,
                Ip to,
                int port,
                Nonce nonce,
                List<MappingRecord> records,
                boolean confirms,
                boolean again)
                implements Due {}

        /** Nobody has acknowledged: let the mapping system know. */
        record Surrender(Command.GiveUp command) implements Due {}

        /** It needs another nonce before it can be sent again. */
        record Renew(Command.Renew command) implements Due {}
    }

    /**
     * Something is outstanding from now on.
     *
     * @param state says whose site the listener is of
     */
    public void onPublish(Effect.Publish publish, MappingSystem state, Instant now) {
        look(now);
        var its = waiting.computeIfAbsent(publish.listener(), id -> waiting(id, state));
        var item = new Item(publish.outstanding(), its, now);
        var job = item.job;
        job.old = takesOver;
        var before = its.items.put(item.subject, item);
        item.overtakes = takesOver || before != null && (before.overtakes || before.job.sent);
        if (before == null) {
            outstanding++;
        } else {
            before.over = true;
            before.job.lose();
            forget(before);
            if (before.job.renewed) {
                job.goOn(before.job);
            }
        }
        // In the order of their nonces: an xTR drops what comes after a greater one.
        if (job.isNews() && !(its.hasRoom() && its.later.isEmpty())) {
            its.addLater(job);
        } else {
            start(job);
        }
    }

    private Waiting waiting(ListenerId id, MappingSystem state) {
        var site = state.listener(id).map(it -> it.contact().credentials().site()).orElse("");
        return new Waiting(id, turn(new Whose(site, true)), turn(new Whose(site, false)));
    }

    private Turn turn(Whose whose) {
        return turns.computeIfAbsent(whose, _ -> new Turn());
    }

    /** There is room for it. */
    private void start(Job job) {
        job.takeRoom();
        if (job.isFresh()) {
            job.waiting.fresh.add(job);
        } else {
            // The acknowledgement of what the last leader has sent may come before we send it.
            job.items.forEach(this::await);
        }
        ready(job);
    }

    private void ready(Job job) {
        var turn = job.turn();
        if (turn.ready.isEmpty()) {
            round.add(turn);
        }
        turn.ready.add(job);
    }

    /** What waits for room, as far as there is some. */
    private void refill(Waiting its) {
        while (its.hasRoom() && !its.later.isEmpty()) {
            var job = its.later.remove();
            if (job.over) {
                its.laterOver--;
            } else {
                job.later = false;
                int gap = its.begins(job);
                job.beganLate |= gap > job.gap;
                job.gap = gap;
                job.due = latest;
                start(job);
            }
        }
    }

    /** A clock that was set back must not let anything wait longer than its gap. */
    private void look(Instant now) {
        if (now.isBefore(latest)) {
            for (var line : lines) {
                var end = now.plus(line.gap);
                for (var job : line.jobs) {
                    job.due = job.due.isAfter(end) ? end : job.due;
                }
            }
        }
        latest = now;
    }

    private void queue(Job job, Duration gap, Instant now) {
        job.due = now.plus(gap);
        job.order = order++;
        for (var line : lines) {
            if (line.gap.equals(gap)) {
                line.jobs.add(job);
                return;
            }
        }
        throw new IllegalArgumentException("nothing waits for " + gap);
    }

    /** The one that is due first, or has been for longest. */
    private Optional<Line> next() {
        Line first = null;
        for (var line : lines) {
            var job = line.jobs.peek();
            if (job != null && (first == null || isBefore(job, first.jobs.element()))) {
                first = line;
            }
        }
        return Optional.ofNullable(first);
    }

    private static boolean isBefore(Job job, Job other) {
        int byTime = job.due.compareTo(other.due);
        return byTime < 0 || byTime == 0 && job.order < other.order;
    }

    /** Of most there is only one; of xTRs that count alike, a chain of thousands. */
    private void await(Item item) {
        var first = awaited.putIfAbsent(item.receipt, item);
        if (first != null && first != item && item.alikeBefore == null) {
            var second = first.alike;
            item.alike = second;
            item.alikeBefore = first;
            first.alike = item;
            if (second != null) {
                second.alikeBefore = item;
            }
        }
    }

    /** It is settled. */
    private void settle(Item item) {
        item.over = true;
        item.job.lose();
        forget(item);
        outstanding--;
        item.waiting.items.remove(item.subject);
    }

    /** Of what it tells, nothing is left that waits. */
    private void unschedule(Job job) {
        var its = job.waiting;
        job.leaveRoom();
        // What nothing waits for any more need not be remembered.
        if (its.items.isEmpty()) {
            waiting.remove(its.listener);
        }
        refill(its);
    }

    /** Nobody awaits its acknowledgement any more. */
    private void forget(Item item) {
        var before = item.alikeBefore;
        var after = item.alike;
        if (before != null) {
            before.alike = after;
        } else if (after != null) {
            awaited.replace(item.receipt, item, after);
        } else {
            awaited.remove(item.receipt, item);
        }
        if (after != null) {
            after.alikeBefore = before;
        }
        item.alike = null;
        item.alikeBefore = null;
    }

    /** This replica leads from now on, and goes on with what the last leader left. */
    public void onLeading(MappingSystem state, Instant now) {
        onFollowing();
        var left = new ArrayList<>(state.outstanding());
        // Nonces grow from one Map-Notify to the next, so their order is that of the changes.
        left.sort((a, b) ->
                Long.compareUnsigned(
                        a.outstanding().nonce().value(), b.outstanding().nonce().value()));
        takesOver = true;
        left.forEach(publish -> onPublish(publish, state, now));
        takesOver = false;
        // Which of those that are not left have been acknowledged is not known: any may have been.
        left.forEach(publish ->
                state.listener(publish.listener())
                        .ifPresent(it -> onAcknowledged(it.id(), it.nonce())));
    }

    /** Somebody else leads. */
    public void onFollowing() {
        waiting.clear();
        awaited.clear();
        lines.forEach(it -> it.jobs.clear());
        turns.clear();
        round.clear();
        reached.clear();
        outstanding = 0;
        told.clear();
    }

    /**
     * What a Map-Notify-Ack with this nonce for this EID-Prefix may be of. The Map-Notify stays due
     * until the state has learned of it: were that command lost, nothing else would say so.
     */
    public List<Awaited> awaiting(Nonce nonce, Eid eid) {
        return awaiting(nonce, eid, Integer.MAX_VALUE);
    }

    /** The same, but no more than so many of them. */
    public List<Awaited> awaiting(Nonce nonce, Eid eid, int most) {
        var first = awaited.get(new Receipt(nonce, eid));
        if (first == null) {
            return List.of();
        }
        if (first.alike == null) {
            return List.of(first);
        }
        var some = new ArrayList<Awaited>();
        for (var it = first; it != null && some.size() < most; it = it.alike) {
            some.add(it);
        }
        return some;
    }

    /** The listener whose acknowledgement that is, as it is now. */
    public Optional<Listener> listener(Awaited it, MappingSystem state) {
        return switch (it) {
            case Item item -> state.listener(item.waiting.place);
        };
    }

    /**
     * Its Map-Notify-Ack has come, and was right: there is room for more. The Map-Notify itself is
     * settled once the state says so.
     *
     * @param listener whose it is, as it is now
     * @param from where it came from
     */
    public void onHeard(Awaited it, Listener listener, Ip from, Instant now) {
        switch (it) {
            case Item item -> {
                var job = item.job;
                var its = item.waiting;
                if (listener.restartsAt(job.nonce)) {
                    // What was acknowledged before does not count any more (RFC 9437 §7.1).
                    its.acknowledged = job.nonce;
                } else {
                    acknowledged(its, job.nonce);
                }
                if (job.isNews()) {
                    reached(listener, its.listener, from);
                }
                its.heard(job.isNews() ? job : null, now);
                refill(its);
            }
        }
    }

    private void reached(Listener listener, ListenerId id, Ip from) {
        int index = listener.addresses().indexOf(from);
        if (index > 0) {
            reached.put(id, from);
        } else if (index == 0 && !reached.isEmpty()) {
            reached.remove(id);
        }
    }

    /** The same, of a Map-Notify that is not known any more. */
    void onAcknowledged(ListenerId listener, Nonce nonce) {
        var its = waiting.get(listener);
        if (its != null) {
            acknowledged(its, nonce);
        }
    }

    private static void acknowledged(Waiting its, Nonce nonce) {
        if (its.acknowledged == null || nonce.isGreaterThan(its.acknowledged)) {
            its.acknowledged = nonce;
        }
    }

    /** Whether something may be sent now. */
    public boolean isReady() {
        return !round.isEmpty();
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    public int outstanding() {
        return outstanding;
    }

    /** Of how many listeners something is remembered. */
    int remembered() {
        return waiting.size();
    }

    /** When there is something to do next. */
    public Optional<Instant> due() {
        return isReady()
                ? Optional.of(round.element().ready.element().due)
                : next().map(it -> it.jobs.element().due);
    }

    /** What has waited for as long as it had to. */
    private void wake(Instant now) {
        for (var line = next(); line.isPresent(); line = next()) {
            var jobs = line.get().jobs;
            if (jobs.element().due.isAfter(now)) {
                return;
            }
            var job = jobs.remove();
            if (job.over) {
                job.end();
                refill(job.waiting);
            } else {
                ready(job);
            }
        }
    }

    /** One of each site in turn, and of each the oldest first. */
    private Job take() {
        var turn = round.remove();
        var job = turn.ready.remove();
        if (!turn.ready.isEmpty()) {
            round.add(turn);
        }
        return job;
    }

    /**
     * What is to be done at this time, of one site after the other.
     *
     * @param state the newest one: what has been settled or overtaken there is not sent
     * @param most how much at once; the rest stays due. What several records came to together is
     *     not taken apart, so it may be a few more
     */
    public List<Due> poll(Instant now, MappingSystem state, int most) {
        look(now);
        wake(now);
        var todo = new ArrayList<Due>();
        while (todo.size() < most && isReady()) {
            var job = take();
            if (job.over) {
                job.end();
                refill(job.waiting);
                continue;
            }
            var listener = state.listener(job.waiting.place);
            for (var item : job.items) {
                if (!item.over && (listener.isEmpty() || !isOutstanding(listener.get(), item))) {
                    settle(item);
                }
            }
            if (job.over) {
                unschedule(job);
            } else {
                poll(job, listener.orElseThrow(), state, now, todo);
            }
        }
        return todo;
    }

    /** Does what is to be done about one whose time has come. */
    private void poll(Job job, Listener listener, MappingSystem state, Instant now, List<Due> to) {
        var id = job.waiting.listener;
        if (job.isFresh()) {
            job.waiting.fresh.remove(job); // of those that are left it is the first
        }
        if (job.isHopeless(now) || makesWay(job, listener, state)) {
            // Until the state says so: this command may be lost as well.
            for (var item : job.items) {
                if (!item.over) {
                    to.add(
                            new Due.Surrender(
                                    new Command.GiveUp(id, item.subject.eid(), item.nonce)));
                }
            }
            queue(job, GAPS.getFirst(), now);
            job.leaveRoom();
            refill(job.waiting);
        } else if (isOvertaken(job, listener)) {
            for (var item : job.items) {
                if (!item.over) {
                    to.add(new Due.Renew(new Command.Renew(id, item.subject.eid(), item.nonce)));
                }
            }
            job.renewed = true;
            queue(job, GAPS.getFirst(), now);
        } else if (isBehindNews(job, listener, state)) {
            queue(job, GAPS.getFirst(), now); // it has still to be sent for the first time
        } else {
            to.add(send(job, listener, state));
            if (job.sent) {
                job.waiting.silence = Math.max(job.waiting.silence, job.gap);
            }
            job.sent = true;
            job.renewed = false;
            if (job.isNews()) {
                job.waiting.fly(job);
            }
            queue(job, job.pause(), now);
        }
    }

    /** Whether it has been told often enough for a stranger whose place many others want. */
    private boolean makesWay(Job job, Listener listener, MappingSystem state) {
        if (job.gap < SENDINGS_IN_A_CROWD
                || job.isNews()
                || listener.standing() != Listener.Standing.ASKED
                || !crowded.getAsBoolean()) {
            return false;
        }
        var site = listener.contact().credentials().site();
        boolean registered =
                job.waiting
                        .listener
                        .xtrIdentity()
                        .flatMap(it -> state.member(site, it))
                        .isPresent();
        return !registered && listener.candidate(job.nonce).filter(Candidate::proven).isEmpty();
    }

    /**
     * RFC 9437 §6: an xTR drops what has no greater nonce than the last one it took, and it may
     * count for all of a subscription. What was acknowledged above the listener's own counter was
     * so under one that is over (RFC 9437 §7.1).
     */
    private static boolean isOvertaken(Job job, Listener listener) {
        var newest = job.waiting.acknowledged;
        if (newest != null && newest.isGreaterThan(listener.nonce())) {
            job.waiting.acknowledged = null;
            return false;
        }
        return job.isNews() && job.sent && newest != null && newest.isGreaterThan(job.nonce);
    }

    /**
     * Whether it is a first answer that news about the same would undo, by whichever subscription:
     * older news, under a greater nonce than the question has, may still be on its way, and what
     * has overtaken it is not acknowledged yet.
     */
    private boolean isBehindNews(Job job, Listener listener, MappingSystem state) {
        if (job.isNews()
                || job.sent
                || !(listener.id() instanceof ListenerId.Subscriber(_, var xtr))) {
            return false;
        }
        var eid = job.subject().eid();
        var asked = listener.candidate(job.nonce).map(Candidate::contact);
        for (var teller : state.around(eid, xtr)) {
            var its = waiting.get(teller.id());
            var news = its == null ? null : its.items.get(new Subject(eid, Optional.empty()));
            if (news != null
                    && news.overtakes
                    && news.job.nonce.isGreaterThan(job.nonce)
                    && teller.active()
                    && isOutstanding(teller, news)
                    && asked.equals(Optional.of(teller.contact()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOutstanding(Listener listener, Item item) {
        return item.subject.confirms()
                ? listener.answers().stream().anyMatch(it -> it.nonce().equals(item.nonce))
                : listener.outstanding()
                        .get(item.key)
                        .filter(it -> it.nonce().equals(item.nonce))
                        .isPresent();
    }

    private Due.Send send(Job job, Listener listener, MappingSystem state) {
        var asked = job.isNews() ? Optional.<Candidate>empty() : listener.candidate(job.nonce);
        var contact = asked.map(Candidate::contact).orElseGet(listener::contact);
        var id = job.waiting.listener;
        // RFC 9437 §6: to one ITR-RLOC; when it does not answer, the next one may.
        if (job.first < 0) {
            var answering = job.isNews() ? reached.get(id) : null;
            job.first = answering == null ? 0 : Math.max(0, contact.addresses().indexOf(answering));
        }
        var to = contact.addresses().get((job.first + job.gap) % contact.addresses().size());
        var records =
                asked.isPresent()
                        ? List.of(answer(job, asked.get(), state))
                        : news(job, listener, state);
        return new Due.Send(
                contact.credentials(),
                id.xtrIdentity(),
                to,
                contact.port(),
                job.nonce,
                records,
                !job.isNews(),
                job.sent);
    }

    /** What it tells, and what else its xTR is to be told, as far as there is room. */
    private List<MappingRecord> news(Job job, Listener listener, MappingSystem state) {
        var its = job.waiting;
        if (job.isFresh()) {
            gather(job, listener, state);
        }
        return job.items.stream()
                .filter(it -> !it.over)
                .map(it -> record(its.listener, it.subject.eid(), state))
                .toList();
    }

    /**
     * All that goes into one Map-Notify takes the greatest of its nonces, which is greater than any
     * that the xTR has seen. It is sent again as it was, but for what has been overtaken.
     */
    private void gather(Job job, Listener listener, MappingSystem state) {
        var its = job.waiting;
        int left = Integer.MAX_VALUE;
        for (var address : listener.contact().addresses()) {
            left = Math.min(left, room.applyAsInt(address));
        }
        left -= record(its.listener, job.subject().eid(), state).encodedLength();
        int count = 1;
        for (var next = next(its);
                next != null && left > 0 && count < MOST_RECORDS;
                next = next(its)) {
            var item = next.items.getFirst();
            if (!isOutstanding(listener, item)) {
                settle(item);
                next.leaveRoom();
                continue;
            }
            left -= record(its.listener, item.subject.eid(), state).encodedLength();
            if (left < 0 || !job.mayTellWith(next)) {
                break;
            }
            if (next.later) {
                its.later.remove();
                next.later = false;
            } else {
                its.fresh.remove();
            }
            job.absorb(next);
            count++;
        }
        for (var item : job.items) {
            if (count > 1) {
                item.receipt = new Receipt(job.nonce, item.subject.eid());
            }
            await(item);
        }
    }

    /** The first that is to be told and was not yet, which stays where it is. */
    private static @Nullable Job next(Waiting its) {
        while (!its.fresh.isEmpty()) {
            var job = its.fresh.element();
            if (job.isFresh()) {
                return job;
            }
            its.fresh.remove();
        }
        while (!its.later.isEmpty()) {
            var job = its.later.element();
            if (!job.over) {
                return job;
            }
            its.later.remove();
            its.laterOver--;
        }
        return null;
    }

    private static MappingRecord answer(Job job, Candidate asked, MappingSystem state) {
        var id = (ListenerId.Subscriber) job.waiting.listener;
        var told = job.answer;
        if (told == null
                || state.around(id.prefix(), id.xtr()).stream()
                        .noneMatch(it -> it.active() && it.nonce().isGreaterThan(job.nonce))) {
            told = asked.answer(state, id);
            job.answer = told;
        }
        return told;
    }

    private MappingRecord record(ListenerId id, Eid eid, MappingSystem state) {
        var mapping = state.at(eid);
        if (mapping.isEmpty()) {
            return state.record(id, eid);
        }
        if (told.size() == MOST_TOLD) {
            told.clear();
        }
        return told.computeIfAbsent(mapping.get(), Mapping::record);
    }
}
