package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Asks a server at a given rate, whatever it answers: an open loop. The time to an answer counts
 * from the moment at which the question was due, so that a slow server cannot slow the clock down.
 */
public final class ResolveBench {
    /** How many EIDs there may be. */
    public static final int MOST_EIDS = 1 << 20;

    /** The first EID asked for; the others follow it. They are those of no real network. */
    private static final int FIRST_EID = 172 << 24 | 16 << 16;

    /** Where a question's number stands in an answer of LISP: the last half of the nonce. */
    private static final int NUMBER_AT = 8;

    private static final int MAP_REPLY = 2;
    private static final int MAP_NOTIFY = 4;

    /** In the first record of a Map-Reply (RFC 9301 §5.4). */
    private static final int LOCATOR_COUNT_AT = 16;

    private static final long NONCE = 0x5EED_0000_0000_0000L;

    /** Questions that can be told from each other; a name server's have numbers of 16 bits. */
    private static final int QUESTIONS = 1 << 16;

    private static final long GRACE_NANOS = 500_000_000;
    private static final long PAUSE_NANOS = 20_000;
    private static final int RECORDS_IN_ONE = 20;

    /** Map-Registers under way at once, while a table is filled. */
    private static final int WINDOW = 64;

    private static final long TICK_NANOS = 10_000_000;

    private ResolveBench() {}

    /** What a server speaks. */
    public enum Kind {
        /** Map-Requests in ECMs. */
        LISP,
        /** Names for IPv4 addresses. */
        DNS,
        /** Whatever comes, sent back. */
        ECHO
    }

    /**
     * Who is asked.
     *
     * @param pid the process whose time counts, with its children
     * @param eids how many it has, and is asked for
     */
    public record Target(String name, Kind kind, InetSocketAddress address, long pid, int eids) {}

    /**
     * One measurement.
     *
     * @param rate questions in a second, as wanted
     * @param sent and {@code answered}, counted
     * @param late whether they could not all be sent at their time
     * @param serverMicros processor time of the server for each answer
     * @param askerMicros processor time of the asking thread for each question
     * @param times from due to answered, in nanoseconds
     */
    public record Asked(
            Target target,
            int rate,
            long sent,
            long answered,
            boolean late,
            double serverMicros,
            double askerMicros,
            Histogram times) {
        /** Questions without an answer. */
        public long lost() {
            return sent - answered;
        }
    }

    /**
     * The most that a server answers without losing any.
     *
     * @param limitedByAsker whether more could not be asked
     */
    public record Most(Target target, int rate, boolean limitedByAsker) {}

    static Eid eid(int number) {
        return new Eid(InstanceId.DEFAULT, EidPrefix.of(new LispAddress.Ipv4(FIRST_EID + number)));
    }

    /** How Map-Registers are made. */
    public record Registering(SharedKey key, Optional<InetSocketAddress> from, boolean legacy) {
        /**
         * @param legacy whether the server knows one record in a message alone, and MACs of full
         *     length
         */
        public Registering {}

        private byte[] message(long nonce, int first, int count, boolean confirmed) {
            var records = new ArrayList<MappingRecord>();
            for (int i = first; i < first + count; i++) {
                records.add(MappingRecord.of(RecordTtl.ONE_DAY, eid(i), LOCATORS));
            }
            return message(nonce, records, confirmed);
        }

        byte[] message(long nonce, List<MappingRecord> records, boolean confirmed) {
            return message(nonce, records, confirmed, Optional.empty());
        }

        /** The same of an xTR that says who it is. */
        byte[] message(
                long nonce,
                List<MappingRecord> records,
                boolean confirmed,
                Optional<XtrIdentity> who) {
            return MessageAuthentication.seal(
                    new MapRegister(
                            true,
                            false,
                            false,
                            !legacy, // for as long as the TTL says
                            false,
                            confirmed,
                            new Nonce(nonce),
                            new Authentication(0, 0, Bytes.EMPTY),
                            records,
                            who),
                    key,
                    key.preferred(),
                    legacy ? key.preferred().fullLength() : key.preferred().length());
        }
    }

    private static final List<Locator> LOCATORS =
            List.of(
                    Locator.of(Rloc.of("192.0.2.1"), 1, 50),
                    Locator.of(Rloc.of("192.0.2.2"), 1, 50));

    private static long lastNonces;

    /** The first of 2³² nonces that are greater than all before, also those of an earlier run. */
    static synchronized long freshNonces() {
        lastNonces =
                Math.max(
                        lastNonces + 1,
                        TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis()));
        return lastNonces << 32;
    }

    /**
     * Registers all EIDs of a server, each with two RLOCs. A legacy server confirms only what comes
     * from port 4342, so it is not asked to.
     *
     * @throws IOException when another server does not confirm them
     */
    public static void fill(Target target, Registering how) throws IOException {
        int inOne = how.legacy() ? 1 : RECORDS_IN_ONE;
        int messages = (target.eids() + inOne - 1) / inOne;
        var open = new ArrayDeque<Integer>();
        for (int i = 0; i < messages; i++) {
            open.add(i);
        }
        // Which message went out under the first nonce, the second, and so on.
        var sent = new ArrayList<Integer>();
        var confirmed = new BitSet();
        int underWay = 0;
        int tries = 0;
        long nonce = freshNonces();
        try (var socket = new BatchSocket(how.from(), target.address());
                var store = new BatchSocket.Store(1, 2048)) {
            long heard = System.nanoTime();
            while (how.legacy() ? !open.isEmpty() : confirmed.cardinality() < messages) {
                if (!open.isEmpty() && underWay < WINDOW) {
                    int i = open.remove();
                    int count = Math.min(inOne, target.eids() - i * inOne);
                    store.put(0, how.message(nonce + sent.size(), i * inOne, count, !how.legacy()));
                    socket.send(store, 0, 1);
                    sent.add(i);
                    if (how.legacy()) {
                        LockSupport.parkNanos(5 * PAUSE_NANOS);
                    } else {
                        underWay++;
                    }
                    continue;
                }
                int count = socket.receive();
                for (int i = 0; i < count; i++) {
                    int number = socket.u32(i, NUMBER_AT);
                    if (number >= 0 && number < sent.size()) {
                        confirmed.set(sent.get(number));
                        underWay--;
                        heard = System.nanoTime();
                        tries = 0;
                    }
                }
                if (System.nanoTime() - heard > TimeUnit.SECONDS.toNanos(1)) {
                    if (++tries > 20) {
                        throw new IOException(
                                target.name()
                                        + " has confirmed "
                                        + confirmed.cardinality()
                                        + " of "
                                        + messages
                                        + " Map-Registers, and then no more; its site must have this"
                                        + " secret"
                                        + " as Key ID "
                                        + how.key().keyId()
                                        + ", and may register "
                                        + eid(0)
                                        + " to "
                                        + eid(target.eids() - 1)
                                        + " with RLOCs of 192.0.2.0/24 (no Site-ID is given)");
                    }
                    sent.stream().distinct().filter(i -> !confirmed.get(i)).forEach(open::add);
                    underWay = 0;
                    heard = System.nanoTime();
                } else if (count == 0) {
                    LockSupport.parkNanos(5 * PAUSE_NANOS);
                }
            }
        }
    }

    /** Asks for the EIDs of a server in random order, again and again. */
    public static Asked ask(Target target, int rate, double seconds) throws IOException {
        try (var socket = new BatchSocket(Optional.empty(), target.address());
                var questions = questions(target, socket.localAddress())) {
            return ask(target, socket, questions, rate, seconds);
        }
    }

    /**
     * The same while another asks for EIDs that nobody has, each of them once.
     *
     * @param stranger from where the other asks
     * @param flood how many it wants to ask in a second
     */
    public static Flooded askInFlood(
            Target target, int rate, double seconds, InetSocketAddress stranger, int flood)
            throws IOException {
        var before = ask(target, rate, seconds);
        var underWay = new AtomicBoolean();
        var stop = new AtomicBoolean();
        var others =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return flood(stranger, target.address(), flood, underWay, stop);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
        while (!underWay.get() && !others.isDone()) {
            LockSupport.parkNanos(PAUSE_NANOS); // its questions are made first
        }
        var during = ask(target, rate, seconds);
        stop.set(true);
        double perSecond = others.join();
        return new Flooded(before, during, flood, perSecond);
    }

    /**
     * What a flood does to others.
     *
     * @param wanted how many questions of the flood in a second, and {@code asked}, how many it was
     */
    public record Flooded(Asked before, Asked during, int wanted, double asked) {
        /** How much of what is answered without the flood is answered in it. */
        public double served() {
            return (double) during.answered() / Math.max(1, before.answered());
        }
    }

    /** Registers EIDs of a server one by one, and waits for the Map-Notifies. */
    public static Asked register(Target target, Registering how, int rate, double seconds)
            throws IOException {
        int count = (int) (rate * seconds);
        try (var socket = new BatchSocket(how.from(), target.address());
                var questions = new BatchSocket.Store(count, 160)) {
            long nonce = freshNonces();
            for (int i = 0; i < count; i++) {
                questions.put(i, how.message(nonce + i, i % target.eids(), 1, true));
            }
            return ask(target, socket, questions, rate, seconds);
        }
    }

    private static Asked ask(
            Target target,
            BatchSocket socket,
            BatchSocket.Store questions,
            int rate,
            double seconds)
            throws IOException {
        var due = new long[questions.size()];
        var times = new Histogram(TimeUnit.SECONDS.toNanos(10), 3);
        var threads = ManagementFactory.getThreadMXBean();
        long server = cpuNanos(target.pid());
        long asker = threads.getCurrentThreadCpuTime();
        double gap = 1e9 / rate;
        long total = (long) (rate * seconds);
        long start = System.nanoTime() + 1_000_000;
        long sent = 0;
        long answered = 0;
        while (sent < total) {
            long now = System.nanoTime();
            long owed = now < start ? 0 : Math.min(total, (long) ((now - start) / gap) + 1) - sent;
            int count = (int) Math.min(owed, BatchSocket.BATCH);
            if (count > 0) {
                for (long i = sent; i < sent + count; i++) {
                    due[(int) (i % due.length)] = start + (long) (i * gap);
                }
                sent += socket.send(questions, sent, count);
            }
            int heard = hear(socket, target.kind(), due, times);
            answered += heard;
            if (count == 0 && heard == 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        // Whoever cannot keep the time does not ask at the rate that is wanted.
        boolean late = System.nanoTime() - start > 1.01 * total * gap + 5_000_000;
        long end = System.nanoTime() + GRACE_NANOS;
        while (answered < sent && System.nanoTime() < end) {
            int heard = hear(socket, target.kind(), due, times);
            answered += heard;
            if (heard == 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        double asked = (threads.getCurrentThreadCpuTime() - asker) / 1e3;
        double served = (cpuNanos(target.pid()) - server) / 1e3;
        return new Asked(
                target,
                rate,
                sent,
                answered,
                late,
                answered == 0 ? Double.NaN : served / answered,
                asked / sent,
                times);
    }

    /** Whether an answer has what it was asked for: a negative one costs less. */
    private static boolean isFound(BatchSocket socket, int answer, Kind kind) {
        int first = socket.u32(answer, 0);
        return switch (kind) {
            case ECHO -> true;
            case DNS -> (socket.u32(answer, 4) & 0xFFFF) > 0; // ANCOUNT, RFC 1035 §4.1.1
            case LISP ->
                    first >>> 28 == MAP_NOTIFY
                            || first >>> 28 == MAP_REPLY
                                    && socket.u32(answer, LOCATOR_COUNT_AT) >>> 24 > 0;
        };
    }

    private static int hear(BatchSocket socket, Kind kind, long[] due, Histogram times) {
        int heard = 0;
        int count = socket.receive();
        long now = System.nanoTime();
        for (int i = 0; i < count; i++) {
            int number = kind == Kind.DNS ? socket.u32(i, 0) >>> 16 : socket.u32(i, NUMBER_AT);
            // What was asked again before the answer came, is none of ours, or has found nothing,
            // does not count.
            if (isFound(socket, i, kind)
                    && number >= 0
                    && number < due.length
                    && due[number] != 0) {
                times.recordValue(Math.clamp(now - due[number], 0, 9_999_999_999L));
                due[number] = 0;
                heard++;
            }
        }
        return heard;
    }

    /**
     * Looks for the highest rate at which nothing is lost, twice in three tries, from a rate that
     * is certainly too low; to a tenth of it.
     */
    public static Most most(Target target, double seconds) throws IOException {
        double kept = 0;
        double lost = Double.MAX_VALUE;
        double rate = 10_000;
        boolean limited = false;
        while (lost > 1.05 * kept) {
            var outcome = keeps(target, (int) rate, seconds);
            if (outcome.kept) {
                kept = rate;
                limited = false;
            } else {
                lost = rate;
                limited = outcome.late;
            }
            if (kept == 0 && rate < 100) {
                break;
            }
            rate = kept == 0 ? rate / 2 : lost == Double.MAX_VALUE ? 1.5 * kept : (kept + lost) / 2;
        }
        return new Most(target, (int) kept, limited);
    }

    /**
     * @param late whether it is the asker who fails
     */
    private record Outcome(boolean kept, boolean late) {}

    private static Outcome keeps(Target target, int rate, double seconds) throws IOException {
        int good = 0;
        int late = 0;
        for (int i = 1; i <= 3; i++) {
            var asked = ask(target, rate, seconds);
            good += asked.lost() == 0 && !asked.late() ? 1 : 0;
            late += asked.late() ? 1 : 0;
            if (good == 2 || i - good == 2) {
                break;
            }
        }
        return new Outcome(good == 2, late > 0);
    }

    private static BatchSocket.Store questions(Target target, InetSocketAddress local) {
        int eids = target.kind() == Kind.DNS ? Math.min(target.eids(), QUESTIONS) : target.eids();
        var store =
                new BatchSocket.Store(
                        target.kind() == Kind.DNS ? QUESTIONS : Math.max(QUESTIONS, eids), 96);
        var random = new Random(42);
        for (int i = 0; i < store.size(); i++) {
            int number = random.nextInt(eids);
            store.put(
                    i,
                    switch (target.kind()) {
                        case LISP -> mapRequest(i, eid(number), local);
                        // As long as the others', with the number where a Map-Reply has it.
                        case ECHO -> numbered(mapRequest(i, eid(number), local), i);
                        case DNS -> name(i, number);
                    });
        }
        return store;
    }

    private static byte[] numbered(byte[] octets, int number) {
        ByteBuffer.wrap(octets).putInt(NUMBER_AT, number);
        return octets;
    }

    private static byte[] mapRequest(int number, Eid eid, InetSocketAddress local) {
        var here = Ip.of(local.getAddress());
        var request =
                MapRequest.query(new Nonce(NONCE | number), Optional.empty(), List.of(here), eid);
        var to = eid.prefix().address() instanceof Ip ip && ip.afi() == here.afi() ? ip : here;
        return LispCodec.encode(
                EncapsulatedControlMessage.of(here, to, local.getPort(), 4342, request));
    }

    /** A question for the address of {@code eN.bench.example} (RFC 1035 §4). */
    private static byte[] name(int id, int number) {
        var label = ("e" + number).getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(12 + 1 + label.length + 15 + 4)
                .putShort((short) id)
                .putShort((short) 0)
                .putShort((short) 1)
                .putShort((short) 0)
                .putInt(0)
                .put((byte) label.length)
                .put(label)
                .put((byte) 5)
                .put("bench".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 7)
                .put("example".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 0)
                .putShort((short) 1)
                .putShort((short) 1)
                .array();
    }

    /**
     * Asks at a rate for EIDs that nobody has, each of them once, and hears no answer, until told
     * to stop.
     *
     * @return how many in a second
     */
    private static double flood(
            InetSocketAddress from,
            InetSocketAddress to,
            int rate,
            AtomicBoolean underWay,
            AtomicBoolean stop)
            throws IOException {
        int most = MOST_EIDS;
        try (var socket = new BatchSocket(Optional.of(from), to);
                var questions = new BatchSocket.Store(most, 96)) {
            var local = socket.localAddress();
            for (int i = 0; i < most; i++) {
                questions.put(i, mapRequest(i, eid(MOST_EIDS - 1 - i), local));
            }
            underWay.set(true);
            double gap = 1e9 / rate;
            long start = System.nanoTime();
            long sent = 0;
            while (!stop.get()) {
                long owed = (long) ((System.nanoTime() - start) / gap) - sent;
                if (owed > 0) {
                    sent += socket.send(questions, sent, (int) Math.min(owed, BatchSocket.BATCH));
                } else {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                while (socket.receive() > 0) {
                    // What it is told is of no use to it, but would fill memory of the kernel's.
                }
            }
            return sent * 1e9 / (System.nanoTime() - start);
        }
    }

    /** The processor time of a process and of those that it has started, to a hundredth second. */
    static long cpuNanos(long pid) throws IOException {
        long ticks = 0;
        var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // Its name may have any characters in it; what is behind counts: user and system time.
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        long nanos = ticks * TICK_NANOS;
        for (var child :
                ProcessHandle.of(pid).map(it -> it.children().toList()).orElse(List.of())) {
            nanos += cpuNanos(child.pid());
        }
        return nanos;
    }
}
