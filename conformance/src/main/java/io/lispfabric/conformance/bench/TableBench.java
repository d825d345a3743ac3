package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Directory;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * What a table of many EIDs takes of the heap, and what it costs to look one up while others are
 * registered. It runs in the process that calls it, which should do nothing else.
 */
public final class TableBench {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Population population;
    private final MappingSystem state;
    private final double heap;
    private final double indexed;
    private final Directory directory = new Directory();
    private final Mapping[] all;

    /** Fills the table. */
    public TableBench(int size) {
        this.population = Population.of(size);
        this.state = population.state(); // once for what it leaves behind besides
        long before = used();
        directory.start(state);
        long withIndex = used();
        this.indexed = (double) (withIndex - before) / size;
        long start = used();
        var again = population.state();
        this.heap = (double) (used() - start) / size;
        if (!again.equals(state)) {
            throw new IllegalStateException("the same registrations made another state");
        }
        all = new Mapping[size];
        for (int i = 0; i < size; i++) {
            all[i] = state.at(population.eid(i)).orElseThrow();
        }
    }

    /** Octets of heap for each registration: the state, and the index beside it. */
    public record Size(double state, double index) {}

    /**
     * @param name what is asked
     * @param cpuNanos processor time of the reading thread for each look-up
     * @param wallNanos time on the clock for each
     * @param bytes what the reading thread allocated for each
     * @param updates applied in a second meanwhile
     * @param updateNanos processor time of the writing thread for each of those
     * @param hits of a hundred
     */
    public record Reading(
            String name,
            double cpuNanos,
            double wallNanos,
            double bytes,
            double updates,
            double updateNanos,
            double hits) {}

    /** What was measured when it was filled. */
    public Size size() {
        return new Size(heap, indexed);
    }

    private static long used() {
        var memory = ManagementFactory.getMemoryMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, memory.getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    /** How an EID is looked up. */
    public enum Way {
        /** By the index beside the newest state. */
        INDEX,
        /** By the trie of the state itself. */
        TRIE,
        /**
         * The yardstick: a random place of an array, and a number in the object that stands there.
         */
        BARE
    }

    /**
     * Looks up EIDs in random order.
     *
     * @param registered of a hundred that are asked for, how many have just this EID-Prefix
     * @param updatesPerSecond refreshes applied meanwhile by another thread
     */
    public Reading read(Way way, int registered, int updatesPerSecond, double seconds) {
        var questions = population.questions(1 << 20, registered);
        run(way, questions, seconds / 2);
        var stop = new AtomicBoolean();
        var writer = new Writer(stop, updatesPerSecond);
        var thread = new Thread(writer, "writer");
        if (updatesPerSecond > 0) {
            thread.start();
        }
        try {
            run(way, questions, seconds / 2);
            long done = writer.done;
            long writing = writer.cpuNanos();
            long cpu = THREADS.getCurrentThreadCpuTime();
            long octets = THREADS.getCurrentThreadAllocatedBytes();
            long wall = System.nanoTime();
            long[] asked = run(way, questions, seconds);
            double count = asked[0];
            double took = System.nanoTime() - wall;
            double updates = writer.done - done;
            return new Reading(
                    way.name().toLowerCase(Locale.ROOT) + " " + registered + " % registered",
                    (THREADS.getCurrentThreadCpuTime() - cpu) / count,
                    took / count,
                    (THREADS.getCurrentThreadAllocatedBytes() - octets) / count,
                    updates / took * 1e9,
                    updates == 0 ? 0 : (writer.cpuNanos() - writing) / updates,
                    100.0 * asked[1] / count);
        } finally {
            stop.set(true);
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long[] run(Way way, Eid[] questions, double seconds) {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        long asked = 0;
        long hits = 0;
        int at = 0;
        do {
            hits +=
                    switch (way) {
                        case INDEX -> byIndex(questions, at);
                        case TRIE -> byTrie(questions, at);
                        case BARE -> bare(questions, at);
                    };
            asked += CHUNK;
            at = at + CHUNK & questions.length - 1;
        } while (System.nanoTime() < end);
        return new long[] {asked, hits};
    }

    private static final int CHUNK = 1 << 14;

    private int byIndex(Eid[] questions, int from) {
        int hits = 0;
        for (int i = from; i < from + CHUNK; i++) {
            hits += directory.find(questions[i]) != null ? 1 : 0;
        }
        return hits;
    }

    private int bare(Eid[] questions, int from) {
        int hits = 0;
        for (int i = from; i < from + CHUNK; i++) {
            int place = (questions[i].prefix().length() + i) * 0x9E37_79B9 >>> 8;
            hits += all[place % all.length].length() > 0 ? 1 : 0;
        }
        return hits;
    }

    private int byTrie(Eid[] questions, int from) {
        int hits = 0;
        for (int i = from; i < from + CHUNK; i++) {
            var found = directory.current().longestMatch(questions[i]);
            hits += found.isPresent() ? 1 : 0;
        }
        return hits;
    }

    /** Refreshes registrations; one in sixteen goes and comes back. */
    private final class Writer implements Runnable {
        private static final int BURST = 64;

        private final AtomicBoolean stop;
        private final int perSecond;
        private volatile long done;
        private volatile long thread = -1;

        Writer(AtomicBoolean stop, int perSecond) {
            this.stop = stop;
            this.perSecond = perSecond;
        }

        long cpuNanos() {
            return thread < 0 ? 0 : THREADS.getThreadCpuTime(thread);
        }

        @Override
        public void run() {
            thread = Thread.currentThread().threadId();
            var now = state;
            long start = System.nanoTime();
            int number = 0;
            while (!stop.get()) {
                long due = (long) ((System.nanoTime() - start) / 1e9 * perSecond);
                if (due - done < BURST) {
                    LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(100));
                    continue;
                }
                for (int i = 0; i < BURST; i++) {
                    number = (int) ((number + 611_953L) % population.size());
                    var changes = new ArrayList<Change>(2);
                    if ((i & 15) == 0) {
                        changes.add(new Change.MappingGone(population.eid(number)));
                    }
                    changes.add(new Change.MappingSet(population.mapping(number, done)));
                    for (var change : changes) {
                        now = now.with(change);
                    }
                    directory.advance(now, changes);
                }
                done = done + BURST;
            }
        }
    }
}
