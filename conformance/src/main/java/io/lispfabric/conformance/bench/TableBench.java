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
import java.util.function.Supplier;

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
        var questions = population.questions(registered);
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
            long start = System.nanoTime();
            var asked = run(way, questions, seconds);
            double took = System.nanoTime() - start;
            double updates = writer.done - done;
            double count = asked.count;
            return new Reading(
                    way.name().toLowerCase(Locale.ROOT) + " " + registered + " % registered",
                    asked.cpu / count,
                    asked.wall / count,
                    asked.octets / count,
                    updates / took * 1e9,
                    updates == 0 ? 0 : (writer.cpuNanos() - writing) / updates,
                    100.0 * asked.hits / count);
        } finally {
            stop.set(true);
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What some blocks of questions took together. */
    private static final class Asked {
        private long count;
        private long hits;
        private long cpu;
        private long wall;
        private long octets;
    }

    /**
     * Asks one block after another. What is asked for is made just before, as decoding makes it, so
     * that it is in the processor's caches and what is measured is the table.
     */
    private Asked run(Way way, Supplier<Eid> questions, double seconds) {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        var asked = new Asked();
        var block = new Eid[BLOCK];
        do {
            for (int i = 0; i < BLOCK; i++) {
                block[i] = questions.get();
            }
            long octets = THREADS.getCurrentThreadAllocatedBytes();
            long cpu = THREADS.getCurrentThreadCpuTime();
            long wall = System.nanoTime();
            asked.hits +=
                    switch (way) {
                        case INDEX -> byIndex(block);
                        case TRIE -> byTrie(block);
                        case BARE -> bare(block, (int) asked.count);
                    };
            asked.wall += System.nanoTime() - wall;
            asked.cpu += THREADS.getCurrentThreadCpuTime() - cpu;
            asked.octets += THREADS.getCurrentThreadAllocatedBytes() - octets;
            asked.count += BLOCK;
        } while (System.nanoTime() < end);
        return asked;
    }

    private static final int BLOCK = 1 << 8;

    private int byIndex(Eid[] questions) {
        int hits = 0;
        for (var question : questions) {
            hits += directory.find(question) != null ? 1 : 0;
        }
        return hits;
    }

    private int bare(Eid[] questions, int from) {
        int hits = 0;
        for (int i = 0; i < BLOCK; i++) {
            int place = (questions[i].prefix().length() + from + i) * 0x9E37_79B9 >>> 8;
            hits += all[place % all.length].length() > 0 ? 1 : 0;
        }
        return hits;
    }

    private int byTrie(Eid[] questions) {
        int hits = 0;
        for (var question : questions) {
            hits += directory.current().longestMatch(question).isPresent() ? 1 : 0;
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
                    changes.add(new Change.MappingSet(population.mapping(number, (int) done)));
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
