package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A mapping system of three replicas and the xTRs around it, in one thread, in virtual time, from
 * one seed. The log is only as good as Raft promises: what is committed is applied everywhere in
 * one order, at different times; what is submitted may be lost; leaders change, and an old one may
 * not know for a while. The network loses, repeats and reorders until {@link #heal}.
 *
 * <p>What must hold at any time is checked as it happens.
 */
final class ClusterSim {
    /**
     * What goes wrong before the cluster is healed.
     *
     * @param lossPercent of the messages, on the network and to the leader
     * @param repeatPercent of the messages, which arrive twice
     * @param delayMillis how long a message takes at most
     * @param leadMillis how long a leader leads, about
     */
    record Faults(int lossPercent, int repeatPercent, int delayMillis, int leadMillis) {}

    private record Event(long millis, long order, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(millis, other.millis);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    /** A Map-Notify that was promised to an xTR by a committed command. */
    private record Promise(Ip to, Eid eid, Nonce nonce, boolean confirms) {}

    /** What nonces grow for. */
    private record Counted(Object xtr, Eid eid) {}

    private static final int REPLICAS = 3;
    private static final int TICK_MILLIS = 250;
    private static final Faults NONE = new Faults(0, 0, 20, Integer.MAX_VALUE);

    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<Replica> replicas;
    private final List<SimXtr> xtrs;
    private Faults faults;
    private long nowMillis = 1_800_000_000_000L;
    private long order;

    // What the log holds, and what follows from it
    private final List<Command> log = new ArrayList<>();
    private final List<MappingSystem> history = new ArrayList<>(List.of(MappingSystem.EMPTY));
    private final Map<Promise, MappingRecord> promised = new HashMap<>();
    private final Map<Counted, Nonce> lastNonces = new HashMap<>();
    private int leader;
    private int term;

    private ClusterSim(long seed, int xtrs, Faults faults) {
        this.random = new Random(seed);
        this.faults = faults;
        this.replicas = IntStream.range(0, REPLICAS).mapToObj(Replica::new).toList();
        this.xtrs = IntStream.range(0, xtrs).mapToObj(i -> new SimXtr(this, i)).toList();
        changeLeader();
        tick();
    }

    static ClusterSim of(long seed, int xtrs, Faults faults) {
        return new ClusterSim(seed, xtrs, faults);
    }

    List<SimXtr> xtrs() {
        return xtrs;
    }

    Random random() {
        return random;
    }

    long nowMillis() {
        return nowMillis;
    }

    /** What the cluster has agreed on. */
    MappingSystem committed() {
        return history.getLast();
    }

    /** From now on nothing is lost and the leader stays. */
    void heal() {
        faults = NONE;
    }

    void run(int seconds) {
        long until = nowMillis + 1000L * seconds;
        while (!events.isEmpty() && events.peek().millis() <= until) {
            var event = events.remove();
            nowMillis = event.millis();
            event.what().run();
        }
        nowMillis = until;
    }

    /** Everybody has applied all that is committed. */
    void allCaughtUp() {
        for (var replica : replicas) {
            assertThat(replica.applied).isEqualTo(log.size());
        }
    }

    private void after(long millis, Runnable what) {
        events.add(new Event(nowMillis + millis, order++, what));
    }

    private boolean happens(int percent) {
        return random.nextInt(100) < percent;
    }

    private long delay() {
        return 1 + random.nextInt(faults.delayMillis());
    }

    private void tick() {
        replicas.forEach(Replica::poll);
        xtrs.forEach(SimXtr::poll);
        if (random.nextInt(faults.leadMillis()) < TICK_MILLIS) {
            changeLeader();
        }
        after(TICK_MILLIS, this::tick);
    }

    // The network

    /** What an xTR says, to whichever replica; a message may get lost, come twice, come late. */
    void toServer(Function<Long, Command> message) {
        transmit(() -> {
            var replica = replicas.get(random.nextInt(REPLICAS));
            replica.submit(message.apply((long) replica.number));
        });
    }

    /** A Map-Notify-Ack: only the leader knows what it is for. */
    void acknowledge(Ip from, Eid eid, Nonce nonce) {
        transmit(() -> replicas.forEach(replica -> replica.onAck(from, eid, nonce)));
    }

    private void toXtr(Ip to, Consumer<SimXtr> message) {
        xtrs.stream()
                .filter(xtr -> xtr.address().equals(to))
                .forEach(xtr -> transmit(() -> message.accept(xtr)));
    }

    private void transmit(Runnable arrival) {
        int copies = happens(faults.lossPercent()) ? 0 : happens(faults.repeatPercent()) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            after(delay(), arrival);
        }
    }

    // The log

    private void changeLeader() {
        replicas.get(leader).loseLead();
        leader = random.nextInt(REPLICAS);
        term++;
        replicas.get(leader).lead();
    }

    private void commit(Command command) {
        var before = committed();
        var outcome = before.apply(command);
        log.add(command);
        history.add(outcome.next());
        for (var effect : outcome.effects()) {
            switch (effect) {
                case Effect.Publish(var listener, var outstanding) -> {
                    promise(outcome.next(), listener, outstanding);
                    checkNonce(command, listener, outstanding);
                }
                case Effect.Answer answer ->
                        answer.records()
                                .forEach(it ->
                                        promised.put(
                                                new Promise(
                                                        answer.to(),
                                                        it.eid(),
                                                        answer.nonce(),
                                                        false),
                                                it));
                case Effect.Dismiss(_, _, var to, _, var nonce, var record) ->
                        promised.put(new Promise(to, record.eid(), nonce, false), record);
                case Effect _ -> {}
            }
        }
        int index = log.size();
        replicas.forEach(replica -> after(delay(), () -> replica.applyUpTo(index)));
    }

    private void promise(MappingSystem state, ListenerId id, Outstanding outstanding) {
        var listener = state.listener(id).orElseThrow();
        var to =
                (outstanding.confirms()
                                ? listener.candidate(outstanding.nonce()).orElseThrow().contact()
                                : listener.contact())
                        .addresses()
                        .getFirst();
        promised.put(
                new Promise(to, outstanding.eid(), outstanding.nonce(), outstanding.confirms()),
                state.record(id, outstanding.eid()));
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
        var last = Optional.ofNullable(lastNonces.put(counted, told.nonce()));
        assertThat(last.filter(it -> !told.nonce().isGreaterThan(it)))
                .as("%s tells %s with a nonce not above the last", command, listener)
                .isEmpty();
    }

    private void checkSent(Ip to, Nonce nonce, MappingRecord record, boolean confirms) {
        var promise =
                Optional.ofNullable(promised.get(new Promise(to, record.eid(), nonce, confirms)));
        var what =
                assertThat(promise)
                        .as("what a committed command promised %s under nonce %s", to, nonce);
        if (confirms) {
            // It may tell a newer mapping, which is then told once more.
            what.isPresent();
        } else {
            what.contains(record);
        }
    }

    /** One server: its copy of the state, and what it does if it leads. */
    private final class Replica {
        private final int number;
        private final Publisher publisher = new Publisher();
        private MappingSystem state = MappingSystem.EMPTY;
        private int applied;
        private boolean leads;

        Replica(int number) {
            this.number = number;
        }

        void lead() {
            leads = true;
            publisher.onLeading(state, now());
        }

        /** It has been voted out, and hears of it sometime. */
        void loseLead() {
            after(
                    delay(),
                    () -> {
                        if (leader != number) {
                            leads = false;
                            publisher.onFollowing();
                        }
                    });
        }

        private Instant now() {
            return Instant.ofEpochMilli(nowMillis);
        }

        /** It may get lost on its way to the leader, or with the leader. */
        void submit(Command command) {
            if (happens(faults.lossPercent())) {
                return;
            }
            int then = term;
            after(
                    delay(),
                    () -> {
                        if (term == then) {
                            commit(command);
                        }
                    });
        }

        void applyUpTo(int index) {
            while (applied < index) {
                var outcome = state.apply(log.get(applied));
                state = outcome.next();
                applied++;
                assertThat(state)
                        .as("replica %s after %s", number, log.get(applied - 1))
                        .isEqualTo(history.get(applied));
                outcome.effects().forEach(this::release);
            }
        }

        private void release(Effect effect) {
            switch (effect) {
                case Effect.Answer answer when answer.origin() == number ->
                        answer.records()
                                .forEach(it -> notify(answer.to(), answer.nonce(), it, false));
                case Effect.NotSubscribed(var asked) when asked.origin() == number ->
                        toXtr(asked.itrRlocs().getFirst(), it -> it.onNegative(asked.asked()));
                case Effect.Publish publish when leads -> publisher.onPublish(publish, now());
                case Effect.Dismiss(_, _, var to, _, var nonce, var record) when leads ->
                        notify(to, nonce, record, false);
                case Effect _ -> {}
            }
        }

        private void notify(Ip to, Nonce nonce, MappingRecord record, boolean confirms) {
            checkSent(to, nonce, record, confirms);
            toXtr(to, xtr -> xtr.onNotify(nonce, record));
        }

        void onAck(Ip from, Eid eid, Nonce nonce) {
            for (var listener : publisher.awaiting(nonce, eid)) {
                var waiting = state.listener(listener);
                if (waiting.filter(it -> knows(it, from)).isPresent()) {
                    publisher.onAcknowledged(listener, nonce);
                    submit(new Command.Acknowledge(listener, eid, nonce));
                }
            }
        }

        private boolean knows(Listener listener, Ip address) {
            return listener.addresses().contains(address)
                    || listener.candidates().stream()
                            .anyMatch(it -> it.contact().addresses().contains(address));
        }

        void poll() {
            if (!leads) {
                return;
            }
            for (var due : publisher.poll(now(), state, 64)) {
                switch (due) {
                    case Publisher.Due.Send send ->
                            notify(send.to(), send.nonce(), send.record(), send.confirms());
                    case Publisher.Due.Surrender(var command) -> submit(command);
                    case Publisher.Due.Renew(var command) -> submit(command);
                }
            }
            var over = state.dueListeners(nowMillis, 100);
            if (!over.isEmpty()) {
                submit(new Command.Forget(nowMillis, over));
            }
            var expired = state.due(nowMillis, 100);
            if (!expired.isEmpty()) {
                submit(new Command.Expire(nowMillis, Fixture.TEMPORARY_MILLIS, expired));
            }
        }
    }
}
