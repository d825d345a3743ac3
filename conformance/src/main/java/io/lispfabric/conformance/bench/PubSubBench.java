package io.lispfabric.conformance.bench;

import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * One mapping or several, many subscribers: from a change of all to the last of them that has
 * learnt the last. To several mappings they subscribe by one EID-Prefix around them. Or a PoD that
 * starts: each of its xTRs registers an EID and subscribes to all.
 */
public final class PubSubBench implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int LONGEST = 256;

    /** Longer than a server waits before it repeats a Map-Notify, so that a lost Ack shows. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(3_500);

    /** Map-Registers of a PoD that starts before what has come is looked at. */
    private static final int BURST = 32;

    /**
     * When a Map-Register that is not confirmed is sent again (RFC 9301 §8.2 has it at leisure).
     */
    private static final long REPEAT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Records of one Map-Register: what fits a datagram. */
    private static final int RECORDS = 32;

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

    private static final Rloc RLOC = Rloc.of("192.0.2.1");

    private final Target target;
    private final Registering how;
    private final Subscribers xtrs;
    private final int eids;
    private int changes;

    /** Nonces of Map-Registers; those of subscriptions have the subscriber in their first half. */
    private long nonce = ResolveBench.freshNonces();

    private PubSubBench(Target target, Registering how, SiteId site, int subscribers, int eids)
            throws IOException {
        this.target = target;
        this.how = how;
        this.eids = eids;
        this.xtrs =
                new Subscribers(
                        target,
                        how,
                        site,
                        subscribers,
                        eids == 1 ? ResolveBench.eid(0) : Subscribers.AROUND_ALL);
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
            bench.register(List.of(bench.xtrs.subscribed()));
            bench.xtrs.subscribe(_ -> {});
            return bench;
        } catch (IOException | RuntimeException e) {
            bench.close();
            throw e;
        }
    }

    private List<Locator> locators() {
        return List.of(Locator.of(RLOC, 1, weight()));
    }

    /** By which one change is told from the last. */
    private int weight() {
        return 1 + changes % 100;
    }

    private void register(List<Eid> those) throws IOException {
        changes++;
        var records =
                those.stream()
                        .map(it -> MappingRecord.of(RecordTtl.ONE_DAY, it, locators()))
                        .toList();
        for (int from = 0; from < records.size(); from += RECORDS) {
            int to = Math.min(records.size(), from + RECORDS);
            xtrs.send(how.message(++nonce, records.subList(from, to), true));
        }
    }

    /** Changes all mappings once, and waits until everybody knows and all is quiet. */
    public Published change() throws IOException {
        var round = new Round();
        register(IntStream.range(0, eids).mapToObj(ResolveBench::eid).toList());
        return round.published();
    }

    /**
     * A PoD starts: each xTR registers one EID in a Map-Register of its own, and subscribes to the
     * EID-Prefix around them all, which is registered first. From then until everybody knows all.
     *
     * @param site whose xTRs they are; its key is that of {@code how}
     * @param xtrs how many there are, and so EIDs
     * @throws IOException when the server does not confirm all of it
     */
    public static Published boot(Target target, Registering how, SiteId site, int xtrs)
            throws IOException {
        try (var bench = new PubSubBench(target, how, site, xtrs, xtrs)) {
            return bench.boot();
        }
    }

    private Published boot() throws IOException {
        var round = bootRound();
        long again = System.nanoTime();
        long end = again + PATIENCE_NANOS;
        var confirmed = new BitSet();
        var sent = new HashMap<Long, Integer>();
        while (confirmed.cardinality() < eids) {
            if (System.nanoTime() >= end) {
                throw new IOException(
                        target.name() + " has confirmed " + confirmed.cardinality() + " EIDs");
            }
            if (System.nanoTime() >= again) {
                for (int i = confirmed.nextClearBit(0);
                        i < eids;
                        i = confirmed.nextClearBit(i + 1)) {
                    sent.put(++nonce, i);
                    var record =
                            MappingRecord.of(RecordTtl.ONE_DAY, ResolveBench.eid(i), locators());
                    xtrs.send(how.message(nonce, List.of(record), true, Optional.of(xtrs.xtr(i))));
                    if (i % BURST == 0) {
                        hear(round, sent, confirmed);
                    }
                }
                again = System.nanoTime() + REPEAT_NANOS;
            }
            hear(round, sent, confirmed);
        }
        round.registered = System.nanoTime() - round.start;
        xtrs.subscribe(round::hear);
        return round.published();
    }

    private Round bootRound() throws IOException {
        changes++;
        var round = new Round();
        var around = MappingRecord.of(RecordTtl.ONE_DAY, xtrs.subscribed(), locators());
        xtrs.send(how.message(++nonce, List.of(around), true));
        return round;
    }

    private void hear(Round round, Map<Long, Integer> sent, BitSet confirmed) {
        for (var notify : xtrs.hear()) {
            var eid = sent.get(notify.nonce().value());
            if (eid != null) {
                confirmed.set(eid);
            } else {
                round.hear(notify);
            }
        }
    }

    /** What is heard of all mappings as they are after one change. */
    private final class Round {
        private final long cpu;
        private final Histogram times = new Histogram(TimeUnit.SECONDS.toNanos(600), 3);
        private final BitSet knows = new BitSet();
        private final long start;
        private long quiet;
        private long registered;
        private int repeated;
        private int length;
        private int datagrams;

        Round() throws IOException {
            this.cpu = ResolveBench.cpuNanos(target.pid());
            this.start = System.nanoTime();
            this.quiet = start + PATIENCE_NANOS;
        }

        void hear(MapNotify notify) {
            long now = System.nanoTime();
            int i = xtrs.which(notify);
            if (notify.nonce().value() == nonce) {
                registered = now - start;
            } else if (i >= 0) {
                notify.records().forEach(it -> hear(i, it, now));
                datagrams++;
                length = length == 0 ? LispCodec.encode(notify).length : length;
            }
        }

        private void hear(int i, MappingRecord record, long now) {
            int which = Subscribers.number(record);
            if (which < 0 || which >= eids) {
                return;
            }
            boolean news = record.locators().getFirst().weight() == weight();
            if (!news || knows.get(i * eids + which)) {
                repeated++;
            } else {
                knows.set(i * eids + which);
                times.recordValue(now - start);
                quiet = now + PATIENCE_NANOS;
            }
        }

        /** Waits until everybody knows and all is quiet. */
        Published published() throws IOException {
            int all = xtrs.count() * eids;
            long acknowledged = 0;
            while (System.nanoTime() < quiet) {
                xtrs.hear().forEach(this::hear);
                if (acknowledged == 0 && xtrs.haveAcknowledged() && times.getTotalCount() == all) {
                    acknowledged = System.nanoTime() - start;
                    quiet = System.nanoTime() + QUIET_NANOS;
                }
            }
            int told = (int) times.getTotalCount();
            double served = (ResolveBench.cpuNanos(target.pid()) - cpu) / 1e3;
            return new Published(
                    target,
                    xtrs.count(),
                    eids,
                    told,
                    registered,
                    times,
                    acknowledged,
                    repeated,
                    sendNanos(length, datagrams),
                    told == 0 ? Double.NaN : served / told);
        }
    }

    /** How long it takes to send as many datagrams to one who takes them. */
    private long sendNanos(int length, int count) throws IOException {
        try (var sink = DatagramChannel.open();
                var store = new BatchSocket.Store(1, Math.max(1, length))) {
            sink.bind(new InetSocketAddress(xtrs.address(), 0));
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
        xtrs.close();
    }
}
