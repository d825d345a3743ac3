package io.lispfabric.conformance.bench;

import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * One mapping or several, many subscribers: from a change of all to the last of them that has
 * learnt the last. Each verifies its Map-Notifies and acknowledges them (RFC 9437 §6). They are one
 * thread at one address, told apart by their nonces; to several mappings they subscribe by one
 * EID-Prefix around them.
 */
public final class PubSubBench implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long REPEAT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How many of them ask at once. */
    private static final int WINDOW = 64;

    private static final int LONGEST = 256;

    /** Longer than a server waits before it repeats a Map-Notify, so that a lost Ack shows. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(3_500);

    /** Records of one Map-Register: what fits a datagram. */
    private static final int RECORDS = 32;

    /** Acks that wait, at most, while there is something to read. */
    private static final int MOST_ACKS = 256;

    /** How many bits those EIDs have in common. */
    private static final int AROUND = 12;

    /**
     * What one change led to; times in nanoseconds from when its Map-Register was sent.
     *
     * @param told how many times a subscriber has learnt of a mapping
     * @param registered when the Map-Notify of the last Map-Register came, 0 for never
     * @param times when each learnt it
     * @param acknowledged when the last Ack of what was new was sent
     * @param repeated Map-Notifies that told what their subscriber had acknowledged
     * @param sendNanos what sending as many datagrams of that length takes, without anything else
     * @param serverMicros processor time of the server for each, until all was quiet
     */
    public record Published(
            Target target,
            int subscribers,
            int eids,
            int told,
            long registered,
            Histogram times,
            long acknowledged,
            int repeated,
            long sendNanos,
            double serverMicros) {
        /** When the last subscriber learnt it. */
        public long last() {
            return times.getMaxValue();
        }
    }

    private final Target target;
    private final Registering how;
    private final XtrIdentity[] xtrs;
    private final BatchSocket socket;
    private final BatchSocket.Store replies;
    private final int eids;
    private final Eid subscribed;
    private final Deque<MapNotify> unanswered = new ArrayDeque<>();
    private int replied;
    private int changes;

    /** Nonces of Map-Registers; those of subscriptions have the subscriber in their first half. */
    private long nonce = ResolveBench.freshNonces();

    private PubSubBench(Target target, Registering how, SiteId site, int subscribers, int eids)
            throws IOException {
        this.target = target;
        this.how = how;
        this.eids = eids;
        var first = ResolveBench.eid(0);
        this.subscribed =
                eids == 1
                        ? first
                        : new Eid(first.iid(), new EidPrefix(first.prefix().address(), AROUND));
        this.xtrs = new XtrIdentity[subscribers];
        var random = new Random();
        long high = random.nextLong();
        for (int i = 0; i < subscribers; i++) {
            xtrs[i] = new XtrIdentity(new XtrId(high, i), site);
        }
        this.socket = new BatchSocket(how.from(), target.address());
        this.replies = new BatchSocket.Store(BatchSocket.BATCH, LONGEST);
    }

    /**
     * Registers the mapping, or the EID-Prefix around several, and has everybody subscribe to it.
     *
     * @param site whose xTRs they are; its key is that of {@code how}
     * @param eids how many mappings change at once
     * @throws IOException when the server does not confirm a subscription
     */
    public static PubSubBench open(
            Target target, Registering how, SiteId site, int subscribers, int eids)
            throws IOException {
        var bench = new PubSubBench(target, how, site, subscribers, eids);
        try {
            bench.register(List.of(bench.subscribed));
            bench.subscribe();
            return bench;
        } catch (IOException | RuntimeException e) {
            bench.close();
            throw e;
        }
    }

    private List<Locator> locators() {
        return List.of(Locator.of(Rloc.of("192.0.2.1"), 1, 1 + changes % 100));
    }

    private void register(List<Eid> those) throws IOException {
        changes++;
        var records =
                those.stream()
                        .map(it -> MappingRecord.of(RecordTtl.ONE_DAY, it, locators()))
                        .toList();
        for (int from = 0; from < records.size(); from += RECORDS) {
            int to = Math.min(records.size(), from + RECORDS);
            send(how.message(++nonce, records.subList(from, to), true));
        }
    }

    /** Asks as well as it can: what is lost is asked again. */
    private void subscribe() throws IOException {
        var local = socket.localAddress();
        var here = Ip.of(local.getAddress());
        var confirmed = new boolean[xtrs.length];
        int done = 0;
        long end = System.nanoTime() + PATIENCE_NANOS;
        for (int from = 0; from < xtrs.length; from += WINDOW) {
            int to = Math.min(xtrs.length, from + WINDOW);
            while (done < to) {
                for (int i = from; i < to; i++) {
                    if (!confirmed[i]) {
                        var request =
                                MapRequest.subscription(
                                        first(i),
                                        Optional.empty(),
                                        List.of(here),
                                        subscribed,
                                        xtrs[i]);
                        send(
                                LispCodec.encode(
                                        EncapsulatedControlMessage.of(
                                                here, here, local.getPort(), 4342, request)));
                    }
                }
                long again = System.nanoTime() + REPEAT_NANOS;
                while (done < to && System.nanoTime() < again) {
                    for (var notify : hear()) {
                        int i = subscriber(notify);
                        if (i < xtrs.length && !confirmed[i]) {
                            confirmed[i] = true;
                            done++;
                            end = System.nanoTime() + PATIENCE_NANOS;
                        }
                    }
                }
                if (System.nanoTime() > end) {
                    throw new IOException(
                            target.name()
                                    + " has confirmed "
                                    + done
                                    + " of "
                                    + xtrs.length
                                    + " subscriptions, and then no more");
                }
            }
        }
        long quiet = System.nanoTime() + REPEAT_NANOS;
        while (System.nanoTime() < quiet) {
            hear(); // one is in force once its Ack is committed
        }
    }

    private static Nonce first(int subscriber) {
        return new Nonce((long) subscriber << 32 | 1);
    }

    private static int subscriber(MapNotify notify) {
        return (int) (notify.nonce().value() >>> 32);
    }

    private void send(byte[] message) throws IOException {
        try (var store = new BatchSocket.Store(1, Math.max(message.length, 1))) {
            store.put(0, message);
            while (socket.send(store, 0, 1) == 0) {
                LockSupport.parkNanos(10_000);
            }
        }
    }

    /**
     * The Map-Notifies that have come and are right. What is to be acknowledged, is when there is
     * nothing to read: xTRs of their own would not have to wait for each other.
     */
    private List<MapNotify> hear() {
        int count = socket.receive();
        if (count == 0 || unanswered.size() >= MOST_ACKS) {
            while (!unanswered.isEmpty()) {
                for (int i = 0; i < BatchSocket.BATCH && !unanswered.isEmpty(); i++) {
                    acknowledge(unanswered.remove());
                }
                flush();
            }
        }
        if (count == 0) {
            LockSupport.parkNanos(10_000);
            return List.of();
        }
        var heard = new MapNotify[count];
        int right = 0;
        for (int i = 0; i < count; i++) {
            var octets = socket.datagram(i);
            if (LispCodec.decode(octets) instanceof Decoded.Message(MapNotify notify)
                    && MessageAuthentication.verify(notify, octets, how.key())) {
                heard[right++] = notify;
                if (subscriber(notify) < xtrs.length) {
                    unanswered.add(notify);
                }
            }
        }
        return Arrays.asList(heard).subList(0, right);
    }

    private void acknowledge(MapNotify notify) {
        var authentication = notify.authentication();
        var ack =
                new MapNotifyAck(
                        notify.nonce(), authentication, notify.records(), notify.recipient());
        replies.put(
                replied++,
                MessageAuthentication.seal(
                        ack,
                        how.key(),
                        Algorithm.of(authentication.algorithmId()).orElseThrow(),
                        authentication.data().length()));
    }

    private void flush() {
        for (int sent = 0; sent < replied; ) {
            sent += socket.send(replies, sent, replied - sent);
        }
        replied = 0;
    }

    /** Changes all mappings once, and waits until everybody knows and all is quiet. */
    public Published change() throws IOException {
        long cpu = ResolveBench.cpuNanos(target.pid());
        var times = new Histogram(TimeUnit.SECONDS.toNanos(600), 3);
        var knows = new BitSet();
        int all = xtrs.length * eids;
        var eid = IntStream.range(0, eids).mapToObj(ResolveBench::eid).toList();
        long registered = 0;
        long acknowledged = 0;
        int repeated = 0;
        int length = 0;
        long start = System.nanoTime();
        register(eid);
        var wanted = locators();
        long quiet = start + PATIENCE_NANOS;
        while (System.nanoTime() < quiet) {
            for (var notify : hear()) {
                long now = System.nanoTime();
                int i = subscriber(notify);
                int which = number(notify);
                if (notify.nonce().value() == nonce) {
                    registered = now - start;
                } else if (i < xtrs.length && which >= 0 && which < eids) {
                    boolean news =
                            notify.records().getFirst().locators().getFirst().weight()
                                    == wanted.getFirst().weight();
                    if (!news || knows.get(i * eids + which)) {
                        repeated++;
                    } else {
                        knows.set(i * eids + which);
                        times.recordValue(now - start);
                        quiet = now + PATIENCE_NANOS;
                        if (length == 0) {
                            length = LispCodec.encode(notify).length;
                        }
                    }
                }
            }
            if (acknowledged == 0 && unanswered.isEmpty() && times.getTotalCount() == all) {
                acknowledged = System.nanoTime() - start;
                quiet = System.nanoTime() + QUIET_NANOS;
            }
        }
        int told = (int) times.getTotalCount();
        double served = (ResolveBench.cpuNanos(target.pid()) - cpu) / 1e3;
        return new Published(
                target,
                xtrs.length,
                eids,
                told,
                registered,
                times,
                acknowledged,
                repeated,
                sendNanos(length, told),
                told == 0 ? Double.NaN : served / told);
    }

    /** Which of the EIDs it is about. */
    private static int number(MapNotify notify) {
        var record = notify.records().getFirst();
        return record.eid().prefix().length() == Integer.SIZE
                        && record.eid().prefix().address() instanceof LispAddress.Ipv4(int value)
                        && ResolveBench.eid(0).prefix().address()
                                instanceof LispAddress.Ipv4(int first)
                ? value - first
                : -1;
    }

    /** How long it takes to send as many datagrams to one who takes them. */
    private long sendNanos(int length, int count) throws IOException {
        try (var sink = DatagramChannel.open();
                var store = new BatchSocket.Store(1, Math.max(1, length))) {
            sink.bind(new InetSocketAddress(socket.localAddress().getAddress(), 0));
            sink.configureBlocking(false);
            store.put(0, new byte[length]);
            var taken = ByteBuffer.allocateDirect(LONGEST);
            try (var bare =
                    new BatchSocket(Optional.empty(), (InetSocketAddress) sink.getLocalAddress())) {
                long nanos = 0;
                for (int sent = 0; sent < count; ) {
                    long start = System.nanoTime();
                    sent += bare.send(store, 0, Math.min(BatchSocket.BATCH, count - sent));
                    nanos += System.nanoTime() - start;
                    while (sink.receive(taken.clear()) != null) {
                        // so that its buffer is never full
                    }
                }
                return nanos;
            }
        }
    }

    @Override
    public void close() {
        replies.close();
        socket.close();
    }
}
