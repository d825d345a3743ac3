package io.lispfabric.server.app;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/** Time that passes as fast as there is nothing to do, and chance that is the same every time. */
final class SimTime {
    private record Event(long millis, long order, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(millis, other.millis);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final SplittableRandom random;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long millis = 1_800_000_000_000L;
    private long order;

    SimTime(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** Unix time, as a clock without fault shows it. */
    long millis() {
        return millis;
    }

    void after(long delayMillis, Runnable what) {
        events.add(new Event(millis + delayMillis, order++, what));
    }

    void run(long forMillis) {
        long until = millis + forMillis;
        while (!events.isEmpty() && events.peek().millis() <= until) {
            var event = events.remove();
            millis = event.millis();
            event.what().run();
        }
        millis = until;
    }

    SplittableRandom random() {
        return random;
    }

    /** From 1 to {@code most}. */
    long upTo(long most) {
        return 1 + random.nextLong(most);
    }

    boolean happens(int percent) {
        return random.nextInt(100) < percent;
    }

    /** Whether something that happens once in that many milliseconds does so in these. */
    boolean happens(long inMillis, long everyMillis) {
        return everyMillis != 0 && random.nextLong(everyMillis) < inMillis;
    }
}
