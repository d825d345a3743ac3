package io.lispfabric.server.app;

import java.util.LinkedHashMap;
import java.util.Map;

/** Carries messages between numbered places: late, twice, out of order or not at all. */
final class SimNetwork {
    /**
     * How bad it is.
     *
     * @param lossPercent of the messages
     * @param repeatPercent of the messages, which arrive twice
     * @param delayMillis how long a message takes at most
     */
    record Quality(int lossPercent, int repeatPercent, int delayMillis) {
        static final Quality GOOD = new Quality(0, 0, 20);
    }

    private record Link(int from, int to) {}

    private final SimTime time;

    /** Until when nothing passes, in one direction. */
    private final Map<Link, Long> cut = new LinkedHashMap<>();

    SimNetwork(SimTime time) {
        this.time = time;
    }

    void send(int from, int to, Quality quality, Runnable arrival) {
        if (cut.getOrDefault(new Link(from, to), 0L) > time.millis()) {
            return;
        }
        int copies =
                time.happens(quality.lossPercent())
                        ? 0
                        : time.happens(quality.repeatPercent()) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            time.after(time.upTo(quality.delayMillis()), arrival);
        }
    }

    /** Nothing passes from the one to the other for a time. */
    void cut(int from, int to, long forMillis) {
        cut.merge(new Link(from, to), time.millis() + forMillis, Math::max);
    }

    void heal() {
        cut.clear();
    }
}
