package io.lispfabric.wire.udp;

import java.util.OptionalLong;

/** Says something that may happen often only so often, and how often it was not said. */
final class Seldom {
    private final long pauseNanos;
    private boolean said;
    private long lastNanos;
    private long unsaid;

    /**
     * @param pauseNanos between two times that it is said
     */
    Seldom(long pauseNanos) {
        this.pauseNanos = pauseNanos;
    }

    /**
     * It has happened.
     *
     * @param now in {@link System#nanoTime()}
     * @return if it is to be said: how often it has happened unsaid before
     */
    OptionalLong happens(long now) {
        if (said && now - lastNanos < pauseNanos) {
            unsaid++;
            return OptionalLong.empty();
        }
        long before = unsaid;
        said = true;
        lastNanos = now;
        unsaid = 0;
        return OptionalLong.of(before);
    }
}
