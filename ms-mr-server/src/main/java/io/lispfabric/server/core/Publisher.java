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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
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

    /** What a Map-Notify-Ack says. */
    private record Receipt(Nonce nonce, Eid eid) implements Comparable<Receipt> {
        /**
         * Nonces that xTRs count from may be as near to each other as EIDs are: this parts them.
         */
        private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

        @Override
        public int hashCode() {
            return (int) (nonce.value() * GOLDEN >>> Integer.SIZE) + eid.hashCode();
        }

        @Override
        public int compareTo(Receipt other) {
            int byNonce = Long.compareUnsigned(nonce.value(), other.nonce.value());
            return byNonce != 0 ? byNonce : BitKey.of(eid).compareTo(BitKey.of(other.eid));
        }
    }

    /** What is kept of a listener while anything waits for its acknowledgement. */
    private static final class Waiting {
        private final ListenerId listener;
        private final MappingSystem.Place place;
        private final Map<Subject, Job> jobs = new HashMap<>(2);

        /** The greatest nonce that it has acknowledged since. */
        private @Nullable Nonce acknowledged;

        Waiting(ListenerId listener) {
            this.listener = listener;
            this.place = MappingSystem.Place.of(listener);
        }
    }

    /** A Map-Notify on its way; {@code order} keeps those of one moment as they were committed. */
    private static final class Job {
        private final Subject subject;
        private final Receipt receipt;
        private final Waiting waiting;
        private int attempts;
        private boolean renewed;
        private Instant due;
        private long order;

        /** Settled, or overtaken by a newer one: it may still stand in a line. */
        private boolean over;

        Job(Subject subject, Nonce nonce, Waiting waiting, int attempts, Instant due) {
            this.subject = subject;
            this.receipt = new Receipt(nonce, subject.eid());
            this.waiting = waiting;
            this.attempts = attempts;
            this.due = due;
        }

        ListenerId listener() {
            return waiting.listener;
        }

        Nonce nonce() {
            return receipt.nonce();
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

    /** What was told last: a changed mapping is told to one listener after another. */
    private record Told(Mapping mapping, MappingRecord record) {}

    private final Map<ListenerId, Waiting> waiting = new HashMap<>();
    private final Map<Receipt, Set<ListenerId>> awaited = new HashMap<>();

    /** One for what has not been sent yet, and one for each gap. */
    private final List<Line> lines =
            Stream.concat(Stream.of(Duration.ZERO), GAPS.stream())
                    .distinct()
                    .map(Line::new)
                    .toList();

    private int outstanding;
    private Instant latest = Instant.MIN;
    private Optional<Told> last = Optional.empty();
    private long order;

    /** What is to be done now. */
    public sealed interface Due {
        /**
         * Send this Map-Notify, for the first time or {@code again}. One that {@code confirms} what
         * its xTR asked for tells the newest mapping, whatever it has told before.
         */
        record Send(
                Credentials credentials,
                Optional<XtrIdentity> recipient,
                Ip to,
                int port,
                Nonce nonce,
                MappingRecord record,
                boolean confirms,
                boolean again)
                implements Due {}

        /** Nobody has acknowledged: let the mapping system know. */
        record Surrender(Command.GiveUp command) implements Due {}

        /** It needs another nonce before it can be sent again. */
        record Renew(Command.Renew command) implements Due {}
    }

    /** Something is outstanding from now on. */
    public void onPublish(Effect.Publish publish, Instant now) {
        look(now);
        var subject = Subject.of(publish.outstanding());
        var its = waiting.computeIfAbsent(publish.listener(), Waiting::new);
        var before = its.jobs.get(subject);
        // What has got another nonce is not news: its patience goes on.
        int attempts = before != null && before.renewed ? before.attempts : 0;
        var job = new Job(subject, publish.outstanding().nonce(), its, attempts, now);
        its.jobs.put(subject, job);
        if (before == null) {
            outstanding++;
        } else {
            before.over = true;
            forget(before);
        }
        await(job);
        queue(job, Duration.ZERO, now);
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

    /** Of most there is only one. */
    private void await(Job job) {
        var those = awaited.get(job.receipt);
        if (those == null) {
            awaited.put(job.receipt, Set.of(job.listener()));
        } else if (those.size() > 1) {
            those.add(job.listener());
        } else if (!those.contains(job.listener())) {
            var more = new LinkedHashSet<>(those);
            more.add(job.listener());
            awaited.put(job.receipt, more);
        }
    }

    /** It is settled. */
    private void unschedule(Job job) {
        job.over = true;
        forget(job);
        outstanding--;
        job.waiting.jobs.remove(job.subject);
        // What nothing waits for any more need not be remembered.
        if (job.waiting.jobs.isEmpty()) {
            waiting.remove(job.listener());
        }
    }

    /** Nobody awaits its acknowledgement any more. */
    private void forget(Job job) {
        var those = awaited.get(job.receipt);
        if (those != null && those.contains(job.listener())) {
            if (those.size() == 1) {
                awaited.remove(job.receipt);
            } else {
                those.remove(job.listener());
            }
        }
    }

    /** This replica leads from now on, and goes on with what the last leader left. */
    public void onLeading(MappingSystem state, Instant now) {
        onFollowing();
        var left = new ArrayList<>(state.outstanding());
        // Nonces grow from one Map-Notify to the next, so their order is that of the changes.
        left.sort((a, b) ->
                Long.compareUnsigned(
                        a.outstanding().nonce().value(), b.outstanding().nonce().value()));
        left.forEach(publish -> onPublish(publish, now));
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
        outstanding = 0;
        last = Optional.empty();
    }

    /**
     * Who may have sent a Map-Notify-Ack with this nonce for this EID-Prefix. The Map-Notify stays
     * due until the state has learned of it: were that command lost, nothing else would say so.
     */
    public List<ListenerId> awaiting(Nonce nonce, Eid eid) {
        return List.copyOf(awaited.getOrDefault(new Receipt(nonce, eid), Set.of()));
    }

    /** A Map-Notify-Ack of this listener was right. */
    public void onAcknowledged(ListenerId listener, Nonce nonce) {
        var its = waiting.get(listener);
        if (its != null && (its.acknowledged == null || nonce.isGreaterThan(its.acknowledged))) {
            its.acknowledged = nonce;
        }
    }

    /**
     * The same for one that begins a new counter, so that what was acknowledged before does not
     * count any more (RFC 9437 §7.1).
     */
    public void onRestarted(ListenerId listener, Nonce nonce) {
        var its = waiting.get(listener);
        if (its != null) {
            its.acknowledged = nonce;
        }
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
        return next().map(it -> it.jobs.element().due);
    }

    /**
     * What is to be done at this time, the oldest first.
     *
     * @param state the newest one: what has been settled or overtaken there is not sent
     * @param most how much at once; the rest stays due
     */
    public List<Due> poll(Instant now, MappingSystem state, int most) {
        look(now);
        var todo = new ArrayList<Due>();
        while (todo.size() < most) {
            var line = next();
            if (line.isEmpty() || line.get().jobs.element().due.isAfter(now)) {
                break;
            }
            var job = line.get().jobs.remove();
            if (job.over) {
                continue;
            }
            var listener = state.listener(job.waiting.place);
            if (listener.isEmpty() || !isOutstanding(listener.get(), job)) {
                unschedule(job);
                continue;
            }
            var eid = job.subject.eid();
            if (job.attempts == GAPS.size()) {
                // Until the state says so: this command may be lost as well.
                todo.add(new Due.Surrender(new Command.GiveUp(job.listener(), eid, job.nonce())));
                queue(job, GAPS.getFirst(), now);
            } else if (isOvertaken(job, listener.get())) {
                todo.add(new Due.Renew(new Command.Renew(job.listener(), eid, job.nonce())));
                job.renewed = true;
                queue(job, GAPS.getFirst(), now);
            } else {
                todo.add(send(job, listener.get(), state));
                job.renewed = false;
                queue(job, GAPS.get(job.attempts++), now);
            }
        }
        return todo;
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
        return !job.subject.confirms()
                && job.attempts > 0
                && newest != null
                && newest.isGreaterThan(job.nonce());
    }

    private static boolean isOutstanding(Listener listener, Job job) {
        return job.subject.confirms()
                ? listener.answers().stream().anyMatch(it -> it.nonce().equals(job.nonce()))
                : listener.outstanding()
                        .get(BitKey.of(job.subject.eid()))
                        .filter(it -> it.nonce().equals(job.nonce()))
                        .isPresent();
    }

    private Due.Send send(Job job, Listener listener, MappingSystem state) {
        var asked =
                job.subject.confirms()
                        ? listener.candidate(job.nonce())
                        : Optional.<Candidate>empty();
        var contact = asked.map(Candidate::contact).orElseGet(listener::contact);
        // RFC 9437 §6: to one ITR-RLOC; when it does not answer, the next one may.
        var to = contact.addresses().get(job.attempts % contact.addresses().size());
        var id = job.listener();
        return new Due.Send(
                contact.credentials(),
                id.xtrIdentity(),
                to,
                contact.port(),
                job.nonce(),
                asked.isPresent() && id instanceof ListenerId.Subscriber subscriber
                        ? asked.get().answer(state, subscriber)
                        : record(id, job.subject.eid(), state),
                job.subject.confirms(),
                job.attempts > 0);
    }

    private MappingRecord record(ListenerId id, Eid eid, MappingSystem state) {
        var mapping = state.at(eid);
        if (mapping.isEmpty()) {
            return state.record(id, eid);
        }
        return last.filter(it -> it.mapping() == mapping.get())
                .orElseGet(() -> {
                    var told = new Told(mapping.get(), mapping.get().record());
                    last = Optional.of(told);
                    return told;
                })
                .record();
    }
}
