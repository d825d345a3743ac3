package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;

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
     * What only one Map-Notify at a time is for: news about an EID-Prefix, or a request, which is
     * known by its nonce. Strangers choose all of it, so that it has an order as well: see {@link
     * ListenerId.Subscriber}.
     */
    private record Key(ListenerId listener, Eid eid, Optional<Nonce> request)
            implements Comparable<Key> {
        static Key of(Effect.Publish publish) {
            var it = publish.outstanding();
            return new Key(
                    publish.listener(),
                    it.eid(),
                    it.confirms() ? Optional.of(it.nonce()) : Optional.empty());
        }

        boolean confirms() {
            return request.isPresent();
        }

        @Override
        public int compareTo(Key other) {
            int byListener = ListenerId.compare(listener, other.listener);
            int byEid =
                    byListener != 0 ? byListener : BitKey.of(eid).compareTo(BitKey.of(other.eid));
            return byEid != 0
                    ? byEid
                    : Long.compareUnsigned(
                            request.map(Nonce::value).orElse(0L),
                            other.request.map(Nonce::value).orElse(0L));
        }
    }

    /** What a Map-Notify-Ack says. */
    private record Receipt(Nonce nonce, Eid eid) implements Comparable<Receipt> {
        @Override
        public int compareTo(Receipt other) {
            int byNonce = Long.compareUnsigned(nonce.value(), other.nonce.value());
            return byNonce != 0 ? byNonce : BitKey.of(eid).compareTo(BitKey.of(other.eid));
        }
    }

    /**
     * A Map-Notify on its way; {@code order} keeps those of one moment in the order in which they
     * were committed.
     */
    private record Job(Key key, Nonce nonce, int attempts, boolean renewed, Instant due, long order)
            implements Comparable<Job> {
        Receipt receipt() {
            return new Receipt(nonce, key.eid());
        }

        @Override
        public int compareTo(Job other) {
            int byTime = due.compareTo(other.due);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final Map<Key, Job> jobs = new HashMap<>();
    private final Map<Receipt, Set<ListenerId>> awaited = new HashMap<>();
    private final PriorityQueue<Job> queue = new PriorityQueue<>();
    private final Map<ListenerId, Nonce> acknowledged = new HashMap<>();

    /** How many jobs a listener has. */
    private final Map<ListenerId, Integer> pending = new HashMap<>();

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
        var key = Key.of(publish);
        // What has got another nonce is not news: its patience goes on.
        int attempts =
                Optional.ofNullable(jobs.get(key))
                        .filter(Job::renewed)
                        .map(Job::attempts)
                        .orElse(0);
        schedule(new Job(key, publish.outstanding().nonce(), attempts, false, now, order++));
    }

    private void schedule(Job job) {
        unschedule(job.key());
        pending.merge(job.key().listener(), 1, Integer::sum);
        jobs.put(job.key(), job);
        awaited.computeIfAbsent(job.receipt(), _ -> new LinkedHashSet<>())
                .add(job.key().listener());
        queue.add(job);
    }

    /** It is settled; what nothing waits for any more need not be remembered. */
    private void remove(Key key) {
        unschedule(key);
        if (!pending.containsKey(key.listener())) {
            acknowledged.remove(key.listener());
        }
    }

    private void unschedule(Key key) {
        var job = jobs.remove(key);
        if (job != null) {
            pending.computeIfPresent(key.listener(), (_, count) -> count == 1 ? null : count - 1);
            awaited.computeIfPresent(
                    job.receipt(),
                    (_, those) -> those.remove(key.listener()) && those.isEmpty() ? null : those);
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
        jobs.clear();
        awaited.clear();
        queue.clear();
        acknowledged.clear();
        pending.clear();
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
        if (pending.containsKey(listener)) {
            acknowledged.merge(listener, nonce, (a, b) -> b.isGreaterThan(a) ? b : a);
        }
    }

    /**
     * The same for one that begins a new counter, so that what was acknowledged before does not
     * count any more (RFC 9437 §7.1).
     */
    public void onRestarted(ListenerId listener, Nonce nonce) {
        if (pending.containsKey(listener)) {
            acknowledged.put(listener, nonce);
        }
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    public int outstanding() {
        return jobs.size();
    }

    /** Of how many listeners something is remembered. */
    int remembered() {
        return acknowledged.size();
    }

    /** When there is something to do next. */
    public Optional<Instant> due() {
        return Optional.ofNullable(queue.peek()).map(Job::due);
    }

    /**
     * What is to be done at this time, the oldest first.
     *
     * @param state the newest one: what has been settled or overtaken there is not sent
     * @param most how much at once; the rest stays due
     */
    public List<Due> poll(Instant now, MappingSystem state, int most) {
        var todo = new LinkedHashMap<Key, Due>();
        while (todo.size() < most && !queue.isEmpty() && !queue.peek().due().isAfter(now)) {
            var job = queue.remove();
            if (jobs.get(job.key()) != job) {
                continue; // acknowledged, or overtaken by a newer one
            }
            var listener = state.listener(job.key().listener());
            var current = listener.flatMap(it -> outstanding(it, job));
            if (current.isEmpty()) {
                remove(job.key());
                continue;
            }
            var id = job.key().listener();
            if (job.attempts() == GAPS.size()) {
                // Until the state says so: this command may be lost as well.
                todo.put(
                        job.key(),
                        new Due.Surrender(new Command.GiveUp(id, job.key().eid(), job.nonce())));
                again(job, job.attempts(), job.renewed(), now.plus(GAPS.getFirst()));
            } else if (isOvertaken(job, listener.orElseThrow())) {
                todo.put(
                        job.key(),
                        new Due.Renew(new Command.Renew(id, job.key().eid(), job.nonce())));
                again(job, job.attempts(), true, now.plus(GAPS.getFirst()));
            } else {
                todo.put(job.key(), send(job, listener.orElseThrow(), state));
                again(job, job.attempts() + 1, false, now.plus(GAPS.get(job.attempts())));
            }
        }
        return List.copyOf(todo.values());
    }

    private void again(Job job, int attempts, boolean renewed, Instant due) {
        schedule(new Job(job.key(), job.nonce(), attempts, renewed, due, order++));
    }

    /**
     * RFC 9437 §6: an xTR drops what has no greater nonce than the last one it took, and it may
     * count for all of a subscription. What was acknowledged above the listener's own counter was
     * so under one that is over (RFC 9437 §7.1).
     */
    private boolean isOvertaken(Job job, Listener listener) {
        var last = acknowledged.get(listener.id());
        if (last != null && last.isGreaterThan(listener.nonce())) {
            acknowledged.remove(listener.id());
            return false;
        }
        return !job.key().confirms()
                && job.attempts() > 0
                && last != null
                && last.isGreaterThan(job.nonce());
    }

    private static Optional<Outstanding> outstanding(Listener listener, Job job) {
        return job.key().confirms()
                ? listener.answers().stream()
                        .filter(it -> it.nonce().equals(job.nonce()))
                        .findFirst()
                : listener.outstanding()
                        .get(BitKey.of(job.key().eid()))
                        .filter(it -> it.nonce().equals(job.nonce()));
    }

    private static Due.Send send(Job job, Listener listener, MappingSystem state) {
        var asked = listener.candidate(job.nonce()).filter(_ -> job.key().confirms());
        var eid = job.key().eid();
        var contact = asked.map(Candidate::contact).orElseGet(listener::contact);
        // RFC 9437 §6: to one ITR-RLOC; when it does not answer, the next one may.
        var to = contact.addresses().get(job.attempts() % contact.addresses().size());
        return new Due.Send(
                contact.credentials(),
                listener.id().xtrIdentity(),
                to,
                contact.port(),
                job.nonce(),
                listener.id() instanceof ListenerId.Subscriber id && asked.isPresent()
                        ? asked.get().answer(state, id)
                        : state.record(listener.id(), eid),
                job.key().confirms(),
                job.attempts() > 0);
    }
}
