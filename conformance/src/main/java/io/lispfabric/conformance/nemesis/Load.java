package io.lispfabric.conformance.nemesis;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * xTRs that register, move, refresh and withdraw EIDs, others that subscribe to them and
 * acknowledge, and somebody who asks all members: one thread with a socket for each of them. What
 * they say and hear goes to the {@link Judge}.
 *
 * <p>An EID is spoken of by one xTR at a time, and each xTR speaks of one EID at a time, until the
 * last Map-Register that it has sent is acknowledged: one that is not might still be lying in a
 * stopped member, and take effect at any later time.
 *
 * <p>It uses the product's codec, as the benchmarks do: what is judged here is what becomes of
 * messages, not how they are written. The black-box suite judges that.
 */
final class Load implements AutoCloseable {
    /** How many Instance IDs there are, from 1: several groups share them. */
    static final int IIDS = 8;

    /** xTRs that register. */
    private static final int ETRS = 16;

    /** xTRs that subscribe, each to a part of the EIDs. */
    private static final int SUBSCRIBERS = 8;

    /** EIDs; of four, one is registered by several xTRs together. */
    private static final int EIDS = 48;

    private static final int EIDS_OF_A_SUBSCRIBER = 16;

    /** Its addresses: one for each xTR, and one more for who only asks. */
    static final int ADDRESSES = ETRS + SUBSCRIBERS + 1;

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long FIRST_BACKOFF_NANOS = 250 * MILLI;
    private static final long LONGEST_BACKOFF_NANOS = 1_000 * MILLI;

    /** Between questions to all members, while they are compared. */
    private static final long AGAIN_NANOS = 200 * MILLI;

    private static final long PATIENCE_NANOS = 1_000 * MILLI;

    /** How often each member is asked the same before it counts as not answered. */
    private static final int ROUNDS_OF_QUESTIONS = 3;

    /** Map-Registers of each xTR that may be sent again much later. */
    private static final int OVERHEARD = 16;

    /** Publications never get as far as this from the nonce that a subscription began with. */
    private static final long NEXT_SUBSCRIPTION = 1L << 20;

    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    /** An EID, and who registers it with which RLOC. */
    private static final class Place {
        private final int number;
        private final Eid eid;
        private final String name;
        private final boolean together;
        private final Map<Integer, String> rlocs = new TreeMap<>();
        private boolean spokenOf;

        Place(int number, Eid eid, boolean together) {
            this.number = number;
            this.eid = eid;
            this.name = eid.toString();
            this.together = together;
        }

        String content() {
            return rlocs.values().stream().sorted().collect(Collectors.joining(" "));
        }
    }

    /** What has a socket. */
    private abstract class Peer {
        private final DatagramChannel channel;
        final String name;
        final Ip address;
        final XtrIdentity ids;

        Peer(String name, int number, InetAddress address) throws IOException {
            this.name = name;
            this.address = Ip.of(address);
            this.ids = new XtrIdentity(new XtrId(0x6e65_6d65_7369_7300L, number + 1), site);
            channel = DatagramChannel.open();
            channel.configureBlocking(false);
            channel.bind(new InetSocketAddress(address, 0));
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        /** Sends, or does not, as networks do. */
        final void send(SocketAddress to, byte[] octets) {
            try {
                channel.send(ByteBuffer.wrap(octets), to);
            } catch (IOException _) {
                // No way there, or nobody: it will be sent again.
            }
        }

        final void receive() {
            try {
                for (var from = channel.receive(buffer.clear());
                        from != null;
                        from = channel.receive(buffer.clear())) {
                    receive(from, buffer.flip());
                }
            } catch (IOException _) {
                // A member's port was closed for a moment.
            }
        }

        private void receive(SocketAddress from, ByteBuffer datagram) {
            switch (LispCodec.decode(datagram)) {
                case Decoded.Message(MapNotify notify)
                        when MessageAuthentication.verify(notify, datagram, key) ->
                        notify.records().forEach(it -> hear(from, notify.nonce(), it));
                case Decoded.Message(MapReply reply) -> hear(reply);
                case Decoded other ->
                        judge.violated(
                                Rule.NOTHING_INVENTED,
                                name,
                                "has received from " + from + " " + other);
            }
        }

        final void acknowledge(SocketAddress to, Nonce nonce, MappingRecord record) {
            send(
                    to,
                    MessageAuthentication.seal(
                            new MapNotifyAck(nonce, NONE, List.of(record), Optional.empty()), key));
        }

        abstract void hear(SocketAddress from, Nonce nonce, MappingRecord record);

        abstract void hear(MapReply reply);
    }

    /** Something that is repeated until it is answered, and whose EID nobody else speaks of. */
    private abstract static class Saying {
        final Place place;
        long dueNanos;
        long backoffNanos = FIRST_BACKOFF_NANOS;

        Saying(Place place, long now) {
            this.place = place;
            this.dueNanos = now;
            place.spokenOf = true;
        }

        /** It has waited long enough. */
        final void wasSent(long now) {
            dueNanos = now + backoffNanos;
            backoffNanos = Math.min(2 * backoffNanos, LONGEST_BACKOFF_NANOS);
        }
    }

    /** What an xTR says about an EID. */
    private static final class Claim extends Saying {
        private final Optional<String> rloc;
        private final Map<Integer, byte[]> sent = new HashMap<>();
        private boolean told;

        /**
         * @param rloc nothing to withdraw it
         */
        Claim(Place place, Optional<String> rloc, long now) {
            super(place, now);
            this.rloc = rloc;
        }
    }

    /** An xTR that registers. */
    private final class Etr extends Peer {
        private final int number;
        private int nonce;
        private Optional<Claim> claim = Optional.empty();
        private final Deque<byte[]> overheard = new ArrayDeque<>();

        Etr(int number, InetAddress address) throws IOException {
            super("etr-" + number, number, address);
            this.number = number;
        }

        void say(Place place, Optional<String> rloc, long now) {
            if (!place.together && rloc.isPresent()) {
                place.rlocs.clear(); // RFC 9301 §5.6: without the M-bit it replaces
            }
            rloc.ifPresentOrElse(
                    it -> place.rlocs.put(number, it), () -> place.rlocs.remove(number));
            judge.begins(name, place.name, place.content());
            var next = new Claim(place, rloc, now);
            claim = Optional.of(next);
            transmit(next, now);
        }

        void poll(long now) {
            claim.filter(it -> it.dueNanos - now <= 0).ifPresent(it -> transmit(it, now));
        }

        private void transmit(Claim what, long now) {
            nonce++; // RFC 9301 §5.6: every transmission takes the next nonce, a repeat too
            var record =
                    MappingRecord.of(
                            what.rloc.isPresent() ? RecordTtl.ONE_DAY : RecordTtl.REMOVE,
                            what.place.eid,
                            what.rloc.stream().map(it -> Locator.of(Rloc.of(it), 1, 100)).toList());
            var octets =
                    MessageAuthentication.seal(
                            new MapRegister(
                                    true,
                                    false,
                                    false,
                                    false,
                                    what.place.together,
                                    true,
                                    new Nonce(nonce),
                                    NONE,
                                    List.of(record),
                                    Optional.of(ids)),
                            key);
            what.sent.put(nonce, octets);
            what.wasSent(now);
            int member = random.nextInt(members.size());
            judge.sends(name, what.place.name, nonce, member);
            send(members.get(member), octets);
        }

        @Override
        void hear(SocketAddress from, Nonce answered, MappingRecord record) {
            if (answered.value() <= 0 || answered.value() > nonce) {
                // Not to us but to all that register it: how it goes on (draft-jain §5.5.3).
                acknowledge(from, answered, record);
                judge.publishes(
                        name, record.eid().toString(), answered.value(), content(record), false);
                return;
            }
            int of = (int) answered.value();
            var now = claim.filter(it -> it.sent.containsKey(of));
            judge.confirms(
                    name,
                    record.eid().toString(),
                    of,
                    now.isPresent(),
                    now.filter(it -> it.rloc.isEmpty()).isPresent(),
                    content(record));
            now.ifPresent(it -> confirmed(it, of));
        }

        private void confirmed(Claim what, int of) {
            if (!what.told) {
                what.told = true;
                gaps.acknowledged(System.nanoTime());
            }
            if (overheard.size() == OVERHEARD) {
                overheard.remove();
            }
            Optional.ofNullable(what.sent.get(of)).ifPresent(overheard::add);
            if (of == nonce) {
                what.place.spokenOf = false;
                claim = Optional.empty();
            }
        }

        @Override
        void hear(MapReply reply) {
            judge.violated(Rule.NOTHING_INVENTED, name, "has received " + reply);
        }

        /** Somebody sends an old Map-Register again, to every member. */
        int replay() {
            // What was overheard last may be what the claim is about: that is no old one yet.
            var old = List.copyOf(overheard);
            for (var octets : old) {
                members.forEach(member -> send(member, octets));
            }
            return old.size() * members.size();
        }
    }

    /** What a subscriber asks for, until it is confirmed. */
    private static final class Asking extends Saying {
        private long nonce;

        Asking(Place place, long now) {
            super(place, now);
        }
    }

    /** What a subscriber knows of an EID. */
    private static final class Subscription {
        private long last;
        private String content = Judge.NOTHING;
    }

    /** An xTR that subscribes to EIDs, one after the other. */
    private final class Subscriber extends Peer {
        private final Map<Place, Subscription> subscriptions = new HashMap<>();
        private final Map<String, Place> places = new HashMap<>();

        /** The nonces that it asked with: the answers to all of them may yet come. */
        private final Map<Place, Set<Long>> asked = new HashMap<>();

        private final Deque<Place> unasked;
        private Optional<Asking> asking = Optional.empty();

        Subscriber(int number, InetAddress address, Set<Place> wanted) throws IOException {
            super("subscriber-" + number, ETRS + number, address);
            unasked = new ArrayDeque<>(wanted);
        }

        void ask(Place place, long now) {
            var next = new Asking(place, now);
            places.put(place.name, place);
            long last =
                    Optional.ofNullable(subscriptions.get(place))
                            .map(it -> it.last)
                            .orElseGet(() -> Long.MIN_VALUE | random.nextLong() >>> 4);
            next.nonce = (last | NEXT_SUBSCRIPTION - 1) + 1;
            asking = Optional.of(next);
            transmit(next, now);
        }

        void poll(long now) {
            asking.filter(it -> it.dueNanos - now <= 0).ifPresent(it -> transmit(it, now));
        }

        private void transmit(Asking what, long now) {
            what.nonce++;
            asked.computeIfAbsent(what.place, _ -> new HashSet<>()).add(what.nonce);
            what.wasSent(now);
            send(
                    members.get(random.nextInt(members.size())),
                    LispCodec.encode(
                            MapRequest.subscription(
                                    new Nonce(what.nonce),
                                    Optional.empty(),
                                    List.<LispAddress>of(address),
                                    what.place.eid,
                                    ids)));
        }

        @Override
        void hear(SocketAddress from, Nonce nonce, MappingRecord record) {
            var place = places.get(record.eid().toString());
            if (place == null) {
                judge.violated(Rule.NOTHING_INVENTED, name, "is told " + record);
                return;
            }
            var subscription = subscriptions.computeIfAbsent(place, _ -> new Subscription());
            boolean confirms =
                    asked.getOrDefault(place, Set.of()).contains(nonce.value())
                            || asking.filter(it -> it.place == place && covers(it, nonce))
                                    .isPresent();
            judge.publishes(name, place.name, nonce.value(), content(record), confirms);
            // What is older than what it knows is not acknowledged (RFC 9437 §6), but for
            // repetitions.
            if (confirms || Long.compareUnsigned(nonce.value(), subscription.last) >= 0) {
                acknowledge(from, nonce, record);
            }
            if (confirms) {
                asking.filter(it -> it.place == place && it.nonce == nonce.value())
                        .ifPresent(_ -> {
                            place.spokenOf = false;
                            asking = Optional.empty();
                        });
            }
            if (Long.compareUnsigned(nonce.value(), subscription.last) > 0) {
                subscription.last = nonce.value();
                subscription.content = content(record);
            }
        }

        /** Whether that is one of the nonces that it was asked for with. */
        private static boolean covers(Asking asking, Nonce nonce) {
            return nonce.value() >>> 20 == asking.nonce >>> 20;
        }

        /** No subscription this time (RFC 9437 §5): it is asked for again. */
        @Override
        void hear(MapReply reply) {}

        List<Place> wrong() {
            return subscriptions.entrySet().stream()
                    .filter(it -> !it.getValue().content.equals(judge.expected(it.getKey().name)))
                    .map(Map.Entry::getKey)
                    .toList();
        }

        void judge() {
            subscriptions.forEach((place, it) -> judge.believes(name, place.name, it.content));
        }
    }

    private record Question(
            int member, int life, Place place, Optional<Inquiry> inquiry, long nanos) {}

    /** What one member is asked, and then the next until one answers. */
    private static final class Inquiry {
        private final Place place;
        private final long beginNanos;
        private int member;
        private int tries;
        private long dueNanos;

        Inquiry(Place place, int first, long now) {
            this.place = place;
            this.member = first;
            this.beginNanos = now;
            this.dueNanos = now;
        }
    }

    /**
     * How many questions were put to all members in turn and answered, and what the slowest took.
     */
    record Answered(long count, long longestNanos) {}

    /** Somebody who only asks. */
    private final class Asker extends Peer {
        private final Map<Long, Question> open = new HashMap<>();
        private final Set<Inquiry> inquiries = new LinkedHashSet<>();
        private Answered answered = new Answered(0, 0);
        private long nonce;

        Asker(InetAddress address) throws IOException {
            super("asker", ETRS + SUBSCRIBERS, address);
        }

        /** All members in turn, as an xTR does that has them all in its list. */
        void inquire(int first, Place place, long now) {
            if (!nobodyNeedsToAnswer) {
                inquiries.add(new Inquiry(place, first, now));
            }
        }

        void poll(long now) {
            for (var it : List.copyOf(inquiries)) {
                if (it.dueNanos - now > 0) {
                    continue;
                }
                if (it.tries == members.size() * ROUNDS_OF_QUESTIONS) {
                    inquiries.remove(it);
                    judge.unanswered(it.place.name, now - it.beginNanos);
                    continue;
                }
                ask(it.member, it.place, Optional.of(it), now);
                it.tries++;
                it.member = (it.member + 1) % members.size();
                it.dueNanos = now + PATIENCE_NANOS;
            }
        }

        void ask(int member, Place place, long now) {
            ask(member, place, Optional.empty(), now);
        }

        private void ask(int member, Place place, Optional<Inquiry> inquiry, long now) {
            nonce++;
            open.put(nonce, new Question(member, lives[member], place, inquiry, now));
            send(
                    members.get(member),
                    LispCodec.encode(
                            MapRequest.query(
                                    new Nonce(nonce),
                                    Optional.empty(),
                                    List.<LispAddress>of(address),
                                    place.eid)));
            open.values().removeIf(it -> now - it.nanos() > PATIENCE_NANOS);
        }

        @Override
        void hear(SocketAddress from, Nonce nonce, MappingRecord record) {
            judge.violated(Rule.NOTHING_INVENTED, name, "is told " + record);
        }

        @Override
        void hear(MapReply reply) {
            var question = open.remove(reply.nonce().value());
            if (question == null) {
                return; // late
            }
            question.inquiry().filter(inquiries::remove).ifPresent(this::isAnswered);
            var content =
                    reply.records().stream().map(Load::content).collect(Collectors.joining(" "));
            if (question.life() == lives[question.member()]) {
                judge.answers(question.member(), question.life(), question.place().name, content);
            }
            comparing.ifPresent(it -> it.found(question.place(), question.member(), content));
        }

        private void isAnswered(Inquiry it) {
            long took = System.nanoTime() - it.beginNanos;
            answered = new Answered(answered.count() + 1, Math.max(answered.longestNanos(), took));
        }
    }

    /**
     * How all came right, in nanoseconds from when nothing new was said any more.
     *
     * @param quiet when all that was said was acknowledged
     * @param equal when all members answered as they should
     * @param told when all subscribers knew
     */
    record Settled(boolean right, long quiet, long equal, long told) {}

    /** All members are asked about all EIDs until they answer as they should, or time is over. */
    private final class Comparing {
        private static final String SILENT = "(no answer)";

        private final CompletableFuture<Settled> done = new CompletableFuture<>();
        private final long start = System.nanoTime();
        private final long deadline;
        private final String[][] answers = new String[places.size()][members.size()];
        private long dueNanos;
        private long quiet = Gaps.NEVER;
        private long equal = Gaps.NEVER;
        private long told = Gaps.NEVER;

        Comparing(long deadline) {
            this.deadline = deadline;
            this.dueNanos = start;
            for (var row : answers) {
                Arrays.fill(row, SILENT);
            }
        }

        void found(Place place, int member, String content) {
            answers[place.number][member] = content;
        }

        void poll(long now) {
            boolean same = true;
            for (var place : places) {
                for (int member = 0; member < members.size(); member++) {
                    if (!answers[place.number][member].equals(judge.expected(place.name))) {
                        same = false;
                        if (dueNanos - now <= 0) {
                            asker.ask(member, place, now);
                        }
                    }
                }
            }
            if (dueNanos - now <= 0) {
                dueNanos = now + AGAIN_NANOS;
            }
            quiet = isQuiet() ? Math.min(quiet, now - start) : Gaps.NEVER;
            equal = same ? Math.min(equal, now - start) : Gaps.NEVER;
            told =
                    subscribers.stream().allMatch(it -> it.wrong().isEmpty())
                            ? Math.min(told, now - start)
                            : Gaps.NEVER;
            boolean right = Math.max(quiet, Math.max(equal, told)) != Gaps.NEVER;
            if (right || deadline - now <= 0) {
                comparing = Optional.empty();
                if (!right) {
                    say();
                }
                done.complete(new Settled(right, quiet, equal, told));
            }
        }

        private void say() {
            if (!isQuiet()) {
                judge.violated(
                        Rule.WRITES_RESUME,
                        "the members",
                        "not all that was sent is acknowledged after all this time");
                return;
            }
            places.forEach(it -> judge.settles(it.name, List.of(answers[it.number])));
            subscribers.forEach(Subscriber::judge);
        }
    }

    private final List<InetSocketAddress> members;
    private final SiteId site;
    private final SharedKey key;
    private final Judge judge;
    private final Random random;
    private final Gaps gaps = new Gaps();
    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocate(65_536);
    private final List<Place> places = new ArrayList<>();
    private final List<Etr> etrs = new ArrayList<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final Asker asker;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final int[] lives;
    private final long pauseNanos;
    private final Thread thread = new Thread(this::loop, "load");
    private Optional<Comparing> comparing = Optional.empty();
    private boolean running;
    private long dueNanos;
    private int contents;
    private int begun;
    private int replayed;
    private boolean nobodyNeedsToAnswer;
    private volatile boolean closed;
    private final CompletableFuture<Void> failed = new CompletableFuture<>();

    /** EIDs that are registered before anything else. */
    private final Deque<Place> unregistered = new ArrayDeque<>();

    /**
     * Opens the sockets and begins to say nothing.
     *
     * @param members where they listen
     * @param addresses as many as {@link #ADDRESSES}
     * @param perSecond how often something is said, and asked
     */
    Load(
            List<InetSocketAddress> members,
            List<InetAddress> addresses,
            SiteId site,
            SharedKey key,
            Judge judge,
            long seed,
            int perSecond)
            throws IOException {
        this.members = List.copyOf(members);
        this.site = site;
        this.key = key;
        this.judge = judge;
        this.random = new Random(seed);
        this.lives = new int[members.size()];
        this.pauseNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
        for (int i = 0; i < EIDS; i++) {
            places.add(
                    new Place(
                            i, Eid.of(1 + i / 4 % IIDS, "10.1.0." + (i + 1) + "/32"), i % 4 == 3));
        }
        for (int i = 0; i < ETRS; i++) {
            etrs.add(new Etr(i, addresses.get(i)));
        }
        unregistered.addAll(places);
        for (int i = 0; i < SUBSCRIBERS; i++) {
            var those = new LinkedHashSet<Place>();
            while (those.size() < EIDS_OF_A_SUBSCRIBER) {
                those.add(places.get(random.nextInt(EIDS)));
            }
            subscribers.add(new Subscriber(i, addresses.get(ETRS + i), those));
        }
        this.asker = new Asker(addresses.get(ETRS + SUBSCRIBERS));
        thread.setUncaughtExceptionHandler((_, e) -> failed.completeExceptionally(e));
        thread.start();
    }

    static String content(MappingRecord record) {
        return record.locators().stream()
                .map(it -> it.rloc().toString())
                .sorted()
                .collect(Collectors.joining(" "));
    }

    // For other threads

    /** Runs it between two steps of the load, and waits for what it returns. */
    <R> R between(Callable<R> task) throws InterruptedException {
        var done = new CompletableFuture<R>();
        tasks.add(() -> {
            try {
                done.complete(task.call());
            } catch (Exception e) {
                done.completeExceptionally(e);
            }
        });
        selector.wakeup();
        return waitFor(done);
    }

    /** What went wrong in the loop is ours to hear of. */
    private <R> R waitFor(CompletableFuture<R> done) throws InterruptedException {
        try {
            CompletableFuture.anyOf(done, failed).get();
            return done.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the load has failed", e.getCause());
        }
    }

    /** Goes on, or stops to say anything new. */
    void run(boolean on) throws InterruptedException {
        between(() -> {
            dueNanos = System.nanoTime();
            return running = on;
        });
    }

    /** A member's process begins anew: it may know less than the last one has answered. */
    void begins(int member) throws InterruptedException {
        between(() -> lives[member] = ++begun);
    }

    /**
     * A member may open its log anew at any time from now on, until {@link #begins}: what it
     * answers may go back then.
     */
    void mayForget(int member) throws InterruptedException {
        between(() -> lives[member] = Judge.FORGETFUL);
    }

    /** Whether no member can be expected to answer, since the processes of all are gone. */
    void nobodyNeedsToAnswer(boolean so) throws InterruptedException {
        between(() -> {
            if (so) {
                asker.inquiries.clear();
            }
            return nobodyNeedsToAnswer = so;
        });
    }

    /** What became of the questions that were put to all members in turn. */
    Answered answered() throws InterruptedException {
        return between(() -> asker.answered);
    }

    /**
     * Stops to say anything new, and waits until all members and subscribers know all that was
     * said.
     *
     * @return whether they do; if not, the judge knows what is wrong
     */
    Settled settles(long nanos) throws InterruptedException {
        run(false);
        var comparison =
                between(() -> {
                    var it = new Comparing(System.nanoTime() + nanos);
                    comparing = Optional.of(it);
                    return it;
                });
        return waitFor(comparison.done);
    }

    /** Old Map-Registers of all xTRs are sent again to all members. */
    void replay() throws InterruptedException {
        between(() -> {
            for (var etr : etrs) {
                replayed += etr.replay();
            }
            return replayed;
        });
    }

    /** How many were sent again. */
    int replayed() throws InterruptedException {
        return between(() -> replayed);
    }

    /** Asks the gaps something. */
    <R> R gaps(Function<Gaps, R> question) throws InterruptedException {
        return between(() -> question.apply(gaps));
    }

    /** Whether all EIDs were registered once, and are subscribed to or about to be. */
    boolean isPopulated() throws InterruptedException {
        return between(() ->
                unregistered.isEmpty()
                        && subscribers.stream().allMatch(it -> it.unasked.isEmpty()));
    }

    // The loop

    private void loop() {
        while (!closed) {
            try {
                selector.select(2);
            } catch (IOException e) {
                throw new IllegalStateException("cannot wait for datagrams", e);
            }
            for (var ready : selector.selectedKeys()) {
                ((Peer) ready.attachment()).receive();
            }
            selector.selectedKeys().clear();
            for (var task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
            long now = System.nanoTime();
            etrs.forEach(it -> it.poll(now));
            subscribers.forEach(it -> it.poll(now));
            asker.poll(now);
            comparing.ifPresent(it -> it.poll(now));
            if (running) {
                go(now);
            }
        }
    }

    private boolean isQuiet() {
        return etrs.stream().allMatch(it -> it.claim.isEmpty())
                && subscribers.stream().allMatch(it -> it.asking.isEmpty());
    }

    private void go(long now) {
        if (now - dueNanos > PATIENCE_NANOS) {
            dueNanos = now; // there was nobody left to say anything
        }
        while (dueNanos - now <= 0) {
            dueNanos += pauseNanos;
            say(now);
            asker.inquire(random.nextInt(members.size()), any(places), now);
        }
    }

    private <T> T any(List<T> those) {
        return those.get(random.nextInt(those.size()));
    }

    private void say(long now) {
        if (!unregistered.isEmpty()) {
            idle().ifPresent(etr -> etr.say(unregistered.remove(), Optional.of(rloc()), now));
            return;
        }
        for (var subscriber : subscribers) {
            if (!subscriber.unasked.isEmpty()
                    && subscriber.asking.isEmpty()
                    && !subscriber.unasked.getFirst().spokenOf) {
                subscriber.ask(subscriber.unasked.remove(), now);
                return;
            }
        }
        if (!subscribers.stream().allMatch(it -> it.unasked.isEmpty())) {
            return;
        }
        var place = any(places);
        if (place.spokenOf) {
            return;
        }
        if (random.nextInt(20) == 0) {
            askAgain(place, now);
            return;
        }
        idle(place)
                .ifPresent(etr -> {
                    var mine = Optional.ofNullable(place.rlocs.get(etr.number));
                    int what = random.nextInt(10);
                    if (mine.isPresent() && what < 2) {
                        etr.say(place, mine, now); // a refresh
                    } else if (mine.isPresent() && what < 5) {
                        etr.say(place, Optional.empty(), now);
                    } else {
                        etr.say(place, Optional.of(rloc()), now);
                    }
                });
    }

    /** One that subscribes already does so anew: to what is registered, and nothing else. */
    private void askAgain(Place place, long now) {
        var subscriber = any(subscribers);
        if (subscriber.asking.isEmpty()
                && !place.rlocs.isEmpty()
                && subscriber.subscriptions.containsKey(place)) {
            subscriber.ask(place, now);
        }
    }

    /** An xTR that has nothing to say. */
    private Optional<Etr> idle() {
        var idle = etrs.stream().filter(it -> it.claim.isEmpty()).toList();
        return idle.isEmpty() ? Optional.empty() : Optional.of(any(idle));
    }

    /** Who registers the EID, or as often anybody else. */
    private Optional<Etr> idle(Place place) {
        var those =
                etrs.stream()
                        .filter(it -> it.claim.isEmpty() && place.rlocs.containsKey(it.number))
                        .toList();
        return those.isEmpty() || random.nextBoolean() ? idle() : Optional.of(any(those));
    }

    /** An RLOC that no other Map-Register has. */
    private String rloc() {
        contents++;
        return Stream.of(11, contents >>> 16 & 0xFF, contents >>> 8 & 0xFF, contents & 0xFF)
                .map(String::valueOf)
                .collect(Collectors.joining("."));
    }

    /** Ends it; what it knows of is left as it is. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        selector.wakeup();
        try {
            thread.join();
            for (var ready : selector.keys()) {
                ready.channel().close();
            }
            selector.close();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (IOException _) {
            // Nothing is lost with them.
        }
    }
}
