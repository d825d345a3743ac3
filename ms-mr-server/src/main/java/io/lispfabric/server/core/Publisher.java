package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
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
 * Sends every Map-Notify that nobody had asked for, and again until it is acknowledged (RFC 9301
 * §5.7, RFC 9437 §6). Only the leader has one that does anything. What is outstanding stands in the
 * replicated state; what is kept here is only when to send it next, so that a new leader can go on
 * where the old one stopped, with the same nonces.
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

    private record Key(ListenerId listener, Eid eid) {}

    /** What a Map-Notify-Ack says. */
    private record Receipt(Nonce nonce, Eid eid) {}

    /**
     * A Map-Notify on its way; {@code order} keeps those of one moment in the order in which they
     * were committed.
     */
    private record Job(Key key, Nonce nonce, int attempts, Instant due, long order)
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
    private long order;

    /** What is to be done now. */
    public sealed interface Due {
        /** Send this Map-Notify, for the first time or again. */
        record Send(
                Credentials credentials,
                Ip to,
                int port,
                Nonce nonce,
                MappingRecord record,
                boolean again)
                implements Due {}

        /** Nobody has acknowledged: let the mapping system know. */
        record Surrender(Command.GiveUp command) implements Due {}
    }

    /** Something is outstanding from now on. */
    public void onPublish(Effect.Publish publish, Instant now) {
        var key = new Key(publish.listener(), publish.outstanding().eid());
        schedule(new Job(key, publish.outstanding().nonce(), 0, now, order++));
    }

    private void schedule(Job job) {
        remove(job.key());
        jobs.put(job.key(), job);
        awaited.computeIfAbsent(job.receipt(), _ -> new LinkedHashSet<>())
                .add(job.key().listener());
        queue.add(job);
    }

    private void remove(Key key) {
        var job = jobs.remove(key);
        if (job != null) {
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
    }

    /** Somebody else leads. */
    public void onFollowing() {
        jobs.clear();
        awaited.clear();
        queue.clear();
    }

    /**
     * Who may have sent a Map-Notify-Ack with this nonce for this EID-Prefix. The Map-Notify stays
     * due until the state has learned of it: were that command lost, nothing else would say so.
     */
    public List<ListenerId> awaiting(Nonce nonce, Eid eid) {
        return List.copyOf(awaited.getOrDefault(new Receipt(nonce, eid), Set.of()));
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    public int outstanding() {
        return jobs.size();
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
            var current =
                    listener.flatMap(it -> it.outstanding().get(BitKey.of(job.key().eid())))
                            .filter(it -> it.nonce().equals(job.nonce()));
            if (current.isEmpty() || state.isHeld(job.key().listener(), job.key().eid())) {
                remove(job.key());
            } else if (job.attempts() == GAPS.size()) {
                // Until the state says so: this command may be lost as well.
                var giveUp = new Command.GiveUp(job.key().listener(), job.key().eid(), job.nonce());
                todo.put(job.key(), new Due.Surrender(giveUp));
                schedule(
                        new Job(
                                job.key(),
                                job.nonce(),
                                job.attempts(),
                                now.plus(GAPS.getFirst()),
                                order++));
            } else {
                todo.put(job.key(), send(job, listener.orElseThrow(), state));
                var next = now.plus(GAPS.get(job.attempts()));
                schedule(new Job(job.key(), job.nonce(), job.attempts() + 1, next, order++));
            }
        }
        return List.copyOf(todo.values());
    }

    private static Due.Send send(Job job, Listener listener, MappingSystem state) {
        // RFC 9437 §6: to one ITR-RLOC; when it does not answer, the next one may.
        var to = listener.addresses().get(job.attempts() % listener.addresses().size());
        return new Due.Send(
                listener.credentials(),
                to,
                listener.port(),
                job.nonce(),
                state.record(job.key().eid()),
                job.attempts() > 0);
    }
}
