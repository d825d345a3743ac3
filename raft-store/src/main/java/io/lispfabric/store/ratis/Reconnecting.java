package io.lispfabric.store.ratis;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Makes new connections to members that are not heard. One that was cut off is not told so: what is
 * sent to it waits in the old connection, and TCP sends it again after twice the time each, so that
 * it would arrive up to as long after the cut as the cut was long, and speak of the past then. A
 * new connection is there at once. Times are those of {@link System#nanoTime}.
 */
final class Reconnecting<T> {
    private final long everyNanos;
    private final Consumer<T> connect;
    private final Map<T, Long> due = new HashMap<>();

    /**
     * @param everyNanos so long nobody is heard before a connection is made anew, and until the
     *     next
     * @param connect ends the connection to a member and makes another
     */
    Reconnecting(long everyNanos, Consumer<T> connect) {
        this.everyNanos = everyNanos;
        this.connect = connect;
    }

    /**
     * To be called several times in that time.
     *
     * @param silent who is not heard at present
     */
    void look(Collection<T> silent, long now) {
        due.keySet().retainAll(silent);
        for (var member : silent) {
            long at = due.computeIfAbsent(member, _ -> now + everyNanos);
            if (now - at >= 0) {
                due.put(member, now + everyNanos);
                connect.accept(member);
            }
        }
    }
}
