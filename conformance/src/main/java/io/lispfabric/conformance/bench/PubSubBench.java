package io.lispfabric.conformance.bench;

import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * One mapping or several, many subscribers: from a change of all to the last of them that has
 * learnt the last. To several mappings they subscribe by one EID-Prefix around them.
 */
public final class PubSubBench implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int LONGEST = 256;

    /** Longer than a server waits before it repeats a Map-Notify, so that a lost Ack shows. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(3_500);

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
            xtrs.send(how.message(++nonce, records.subList(from, to), true));
        }
    }

    /** Changes all mappings once, and waits until everybody knows and all is quiet. */
    public Published change() throws IOException {
        long cpu = ResolveBench.cpuNanos(target.pid());
        var times = new Histogram(TimeUnit.SECONDS.toNanos(600), 3);
        var knows = new BitSet();
        int all = xtrs.count() * eids;
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
            for (var notify : xtrs.hear()) {
                long now = System.nanoTime();
                int i = xtrs.which(notify);
                int which = Subscribers.number(notify);
                if (notify.nonce().value() == nonce) {
                    registered = now - start;
                } else if (i >= 0 && which >= 0 && which < eids) {
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
                sendNanos(length, told),
                told == 0 ? Double.NaN : served / told);
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
