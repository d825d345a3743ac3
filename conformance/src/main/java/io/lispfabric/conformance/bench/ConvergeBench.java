package io.lispfabric.conformance.bench;

import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * EIDs that move all the time, at a rate that does not wait for the server, and caches that
 * subscribe to all of them: how late each move is known, and what is stale after the last one. A
 * move is a Map-Register with another RLOC, whose last 24 bits are the number of the move.
 */
public final class ConvergeBench implements AutoCloseable {
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Longer than a server waits before it repeats a Map-Notify. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(3_500);

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** The first octet of RLOCs in every other run; in those between it is the next. */
    private static final int FIRST_OCTET = 10;

    /** As many as an RLOC can tell apart. */
    public static final int MOST_MOVES = (1 << 24) - 1;

    /**
     * What became of the moves.
     *
     * @param moves how many Map-Registers were sent
     * @param late whether they could not be sent at their times
     * @param confirmed how many got their Map-Notify
     * @param times from when a move was to be sent, in nanoseconds, until a cache had it; those
     *     that a newer one overtook are not among them
     * @param soon entries of caches that lacked the last confirmed move a second after the end
     * @param stale the same after all was quiet
     * @param serverMicros processor time of the server for each move
     */
    public record Converged(
            Target target,
            int subscribers,
            int moves,
            boolean late,
            int confirmed,
            Histogram times,
            int soon,
            int stale,
            double serverMicros) {}

    private final Target target;
    private final Registering how;
    private final Subscribers xtrs;

    /** By subscriber and EID: the move that its cache has, and the nonce it came with. */
    private final int[] cached;

    private final long[] nonces;

    /** Where the RLOCs of this run are, so that each of them is news. */
    private int rlocs = FIRST_OCTET << 24;

    private ConvergeBench(Target target, Registering how, SiteId site, int subscribers)
            throws IOException {
        this.target = target;
        this.how = how;
        this.cached = new int[subscribers * target.eids()];
        this.nonces = new long[cached.length];
        this.xtrs = new Subscribers(target, how, site, subscribers, Subscribers.AROUND_ALL);
    }

    /**
     * Registers the EIDs and an EID-Prefix around them, and has everybody subscribe to that.
     *
     * @param site whose xTRs they are; its key is that of {@code how}
     * @throws IOException when the server does not confirm all of it
     */
    public static ConvergeBench open(Target target, Registering how, SiteId site, int subscribers)
            throws IOException {
        ResolveBench.fill(target, how);
        var bench = new ConvergeBench(target, how, site, subscribers);
        try {
            var around =
                    MappingRecord.of(
                            RecordTtl.ONE_DAY, Subscribers.AROUND_ALL, List.of(bench.locator(0)));
            bench.xtrs.send(how.message(ResolveBench.freshNonces(), List.of(around), true));
            bench.xtrs.subscribe(bench::begin);
            bench.fill();
            return bench;
        } catch (IOException | RuntimeException e) {
            bench.close();
            throw e;
        }
    }

    /** Whoever subscribes is told first what there is, all of it or as much as a server tells. */
    private void fill() {
        long quiet = System.nanoTime() + QUIET_NANOS;
        while (System.nanoTime() < quiet) {
            var heard = xtrs.hear();
            heard.forEach(this::begin);
            if (!heard.isEmpty()) {
                quiet = System.nanoTime() + QUIET_NANOS;
            }
        }
    }

    private void begin(MapNotify notify) {
        for (var record : notify.records()) {
            int entry = entry(notify, record);
            if (entry >= 0) {
                nonces[entry] = Math.max(nonces[entry], notify.nonce().value());
            }
        }
    }

    private Locator locator(int move) {
        return Locator.of(new Rloc(new LispAddress.Ipv4(rlocs + move)), 1, 100);
    }

    /** Moves EIDs, and waits until all is quiet. */
    public Converged run(int rate, double seconds) throws IOException {
        int moves = (int) Math.min(MOST_MOVES, Math.round(rate * seconds));
        var moved = new int[moves];
        var random = new SplittableRandom(rate);
        Arrays.setAll(moved, _ -> random.nextInt(target.eids()));
        Arrays.fill(cached, 0);
        rlocs ^= 1 << 24;
        var times = new Histogram(TimeUnit.SECONDS.toNanos(600), 3);
        var confirmed = new BitSet();
        double gap = 1e9 / rate;
        long firstNonce = ResolveBench.freshNonces();
        long cpu = ResolveBench.cpuNanos(target.pid());
        long start = System.nanoTime();
        long lastSent = start;
        long quiet = start + PATIENCE_NANOS;
        int sent = 0;
        int soon = -1;
        boolean late = false;
        while (sent < moves || System.nanoTime() < quiet) {
            long now = System.nanoTime();
            for (; sent < moves && start + (long) (sent * gap) <= now; sent++) {
                late |= now - start - (long) (sent * gap) > TimeUnit.MILLISECONDS.toNanos(100);
                var record =
                        MappingRecord.of(
                                RecordTtl.ONE_DAY,
                                ResolveBench.eid(moved[sent]),
                                List.of(locator(sent + 1)));
                xtrs.send(how.message(firstNonce + sent, List.of(record), true));
                lastSent = System.nanoTime();
                quiet = lastSent + QUIET_NANOS;
            }
            for (var notify : xtrs.hear()) {
                long move = notify.nonce().value() - firstNonce;
                if (move >= 0 && move < moves) {
                    confirmed.set((int) move);
                    continue;
                }
                long heard = System.nanoTime();
                for (var record : notify.records()) {
                    if (learns(notify, record)) {
                        times.recordValue(heard - start - (long) ((move(record) - 1) * gap));
                        quiet = heard + QUIET_NANOS;
                    }
                }
            }
            if (soon < 0 && sent == moves && System.nanoTime() - lastSent >= SOON_NANOS) {
                soon = stale(moved, confirmed);
            }
        }
        return new Converged(
                target,
                xtrs.count(),
                moves,
                late,
                confirmed.cardinality(),
                times,
                soon,
                stale(moved, confirmed),
                (ResolveBench.cpuNanos(target.pid()) - cpu) / 1e3 / moves);
    }

    /** The move of this run that a record tells of; 0 for none. */
    private int move(MappingRecord record) {
        var locators = record.locators();
        return locators.size() == 1
                        && locators.getFirst().rloc().address()
                                instanceof LispAddress.Ipv4(int address)
                        && address >>> 24 == rlocs >>> 24
                ? address - rlocs
                : 0;
    }

    /** The place of what a subscriber is told in its cache, or -1. */
    private int entry(MapNotify notify, MappingRecord record) {
        int xtr = xtrs.which(notify);
        int eid = Subscribers.number(record);
        return xtr < 0 || eid < 0 || eid >= target.eids() ? -1 : xtr * target.eids() + eid;
    }

    /** Puts what a subscriber is told into its cache, unless that is as new already. */
    private boolean learns(MapNotify notify, MappingRecord record) {
        int entry = entry(notify, record);
        if (entry < 0) {
            return false;
        }
        int move = move(record);
        if (notify.nonce().value() <= nonces[entry] || move == 0) {
            return false;
        }
        nonces[entry] = notify.nonce().value();
        boolean news = cached[entry] != move;
        cached[entry] = move;
        return news;
    }

    /** Entries of caches that are neither the last confirmed move of their EID nor a later one. */
    private int stale(int[] moved, BitSet confirmed) {
        var last = new int[target.eids()];
        for (int move = confirmed.nextSetBit(0); move >= 0; move = confirmed.nextSetBit(move + 1)) {
            last[moved[move]] = move + 1;
        }
        int stale = 0;
        for (int entry = 0; entry < cached.length; entry++) {
            stale += cached[entry] < last[entry % target.eids()] ? 1 : 0;
        }
        return stale;
    }

    @Override
    public void close() {
        xtrs.close();
    }
}
