package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * From a Map-Register to its Map-Notify, which says that it is durable: as many at once as are let
 * under way, or at a rate; and what the disk does without any of it. Each Map-Register moves the
 * EID of its xTR to where it was never before in that run.
 */
public final class RaftBench {
    private static final int EIDS_FROM = 172 << 24 | 16 << 16;
    private static final int MAP_NOTIFY = 4;

    /** The low half of the nonce of a Map-Notify. */
    private static final int NUMBER_AT = 8;

    private static final int LONGEST = 160;
    private static final long PAUSE_NANOS = 20_000;

    /** What is not answered by then is lost. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** What is written before each sync of the bare disk, in octets. */
    private static final int BLOCK = 4096;

    private static final int FILE = 16 << 20;
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    private RaftBench() {}

    /**
     * Who registers where.
     *
     * @param legacy for a server that knows no xTR-ID, and MACs of full length
     * @param from where Map-Registers come from, if that matters
     * @param xtrs how many xTRs, each of which moves its own EID
     */
    public record Registering(
            InetSocketAddress server,
            SharedKey key,
            SiteId site,
            boolean legacy,
            Optional<InetSocketAddress> from,
            int xtrs) {}

    /**
     * What was measured.
     *
     * @param lost without an answer when nothing has been answered for ten seconds
     * @param nanos how long it took, to the last answer
     * @param times of each, in nanoseconds
     */
    public record Measured(long done, long lost, long nanos, Histogram times) {
        /** How many in a second. */
        public double rate() {
            return done * 1e9 / nanos;
        }
    }

    private static byte[] mapRegister(Registering how, long nonce, int number) {
        int xtr = number % how.xtrs();
        var eid = EidPrefix.of(new LispAddress.Ipv4(EIDS_FROM + xtr));
        int place = number / how.xtrs();
        var rloc = "10." + (place >> 16 & 0xFF) + "." + (place >> 8 & 0xFF) + "." + (place & 0xFF);
        var register =
                new MapRegister(
                        true,
                        false,
                        false,
                        false,
                        false,
                        true,
                        new Nonce(nonce + number),
                        NONE,
                        List.of(
                                MappingRecord.of(
                                        RecordTtl.ONE_DAY,
                                        new Eid(InstanceId.DEFAULT, eid),
                                        List.of(Locator.of(Rloc.of(rloc), 1, 100)))),
                        how.legacy()
                                ? Optional.empty()
                                : Optional.of(new XtrIdentity(new XtrId(1, xtr), how.site())));
        var algorithm = how.key().preferred();
        return MessageAuthentication.seal(
                register,
                how.key(),
                algorithm,
                how.legacy() ? algorithm.fullLength() : algorithm.length());
    }

    /**
     * Map-Registers under way, as many as wanted at any time, for so long.
     *
     * @param most that are made beforehand; when they are used up it ends earlier
     */
    public static Measured closed(Registering how, int outstanding, double seconds, int most)
            throws IOException {
        return run(how, most, (long) (seconds * 1e9), outstanding, 0);
    }

    /**
     * Map-Registers at a rate, whatever is answered; the time of each counts from when it is due.
     */
    public static Measured open(Registering how, int rate, double seconds) throws IOException {
        int count = Math.max(1, (int) (rate * seconds));
        return run(how, count, Long.MAX_VALUE / 2, Integer.MAX_VALUE, 1e9 / rate);
    }

    /**
     * @param gap nanoseconds from one to the next; 0 for as soon as they may
     */
    private static Measured run(Registering how, int count, long most, int outstanding, double gap)
            throws IOException {
        try (var socket = new BatchSocket(how.from(), how.server());
                var store = new BatchSocket.Store(count, LONGEST)) {
            long nonce = ResolveBench.freshNonces();
            for (int i = 0; i < count; i++) {
                store.put(i, mapRegister(how, nonce, i));
            }
            var due = new long[count];
            var times = new Histogram(TimeUnit.SECONDS.toNanos(60), 3);
            long start = System.nanoTime();
            long heard = start;
            long lastAnswer = start;
            long done = 0;
            int sent = 0;
            int underWay = 0;
            long now = start;
            // What is under way at the end is waited for, and counts with its time.
            while (sent < count && now - start < most || underWay > 0) {
                now = System.nanoTime();
                int may = now - start >= most ? 0 : Math.min(count - sent, outstanding - underWay);
                if (gap > 0) {
                    may = Math.min(may, (int) ((now - start) / gap) + 1 - sent);
                }
                int batch = Math.clamp(may, 0, BatchSocket.BATCH);
                if (batch > 0) {
                    for (int i = sent; i < sent + batch; i++) {
                        due[i] = gap > 0 ? start + (long) (i * gap) : now;
                    }
                    int taken = socket.send(store, sent, batch);
                    sent += taken;
                    underWay += taken;
                }
                int answers = socket.receive();
                long at = System.nanoTime();
                for (int i = 0; i < answers; i++) {
                    int number = socket.u32(i, NUMBER_AT);
                    if (socket.u32(i, 0) >>> 28 == MAP_NOTIFY
                            && number >= 0
                            && number < sent
                            && due[number] != 0) {
                        times.recordValue(Math.max(0, at - due[number]));
                        due[number] = 0;
                        done++;
                        underWay--;
                        heard = at;
                        lastAnswer = at;
                    }
                }
                if (underWay > 0 && at - heard > PATIENCE_NANOS) {
                    underWay = 0;
                    heard = at;
                }
                if (batch == 0 && answers == 0) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
            return new Measured(done, sent - done, Math.max(1, lastAnswer - start), times);
        }
    }

    /** One thread that writes a block of a file and makes it durable, again and again. */
    public static Measured disk(Path folder, double seconds) throws IOException {
        var file = Files.createTempFile(folder, "bench", ".sync");
        try (var out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            var block = ByteBuffer.allocateDirect(BLOCK);
            for (int at = 0; at < FILE; at += BLOCK) { // allocated before, as logs are
                out.write(block.clear(), at);
            }
            out.force(true);
            var times = new Histogram(TimeUnit.SECONDS.toNanos(60), 3);
            long start = System.nanoTime();
            long now = start;
            long done = 0;
            while (now - start < seconds * 1e9) {
                out.write(block.clear(), done * BLOCK % FILE);
                out.force(false); // fdatasync
                long at = System.nanoTime();
                times.recordValue(at - now);
                now = at;
                done++;
            }
            return new Measured(done, 0, now - start, times);
        } finally {
            Files.delete(file);
        }
    }
}
