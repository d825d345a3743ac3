package io.lispfabric.server.app;

import io.lispfabric.store.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the groups stand, looked at by one thread many times a second. To look takes locks of the
 * log, which serve in turn: if everybody who asks a port for metrics stood in that queue, so would
 * the thread that answers Map-Requests.
 */
final class StatusWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StatusWatch.class);

    private static final Duration LOOK = Duration.ofMillis(20);

    /** After so long without a look, what is known is worth nothing. */
    private static final Duration BLIND = Duration.ofSeconds(20);

    private final Supplier<List<Status>> groups;
    private final Thread thread;
    private volatile List<Status> newest;
    private volatile long seenNanos = System.nanoTime();
    private volatile boolean closed;
    private long begun; // guarded by this
    private long done; // guarded by this

    /** Looks once before it returns. */
    StatusWatch(String member, Supplier<List<Status>> groups) {
        this.groups = groups;
        this.newest = groups.get();
        this.thread = Thread.ofPlatform().daemon().name("status-" + member).start(this::watch);
    }

    private void watch() {
        while (!closed) {
            long look = begin();
            try {
                newest = groups.get();
                seenNanos = System.nanoTime();
            } catch (Throwable e) { // whoever waits for a look must not wait for ever
                LOG.error("how the log stands could not be told", e);
            } finally {
                end(look);
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    private synchronized long begin() {
        return ++begun;
    }

    private synchronized void end(long look) {
        done = look;
        notifyAll();
    }

    /** As seen at the last look, one to a group; takes no time. */
    List<Status> newest() {
        return newest;
    }

    /** What is wrong if nothing has been seen for long. */
    Optional<String> blindness() {
        long nanos = System.nanoTime() - seenNanos;
        return nanos < BLIND.toNanos() || closed
                ? Optional.empty()
                : Optional.of(
                        "for "
                                + TimeUnit.NANOSECONDS.toSeconds(nanos)
                                + " s the log has not said how it stands");
    }

    /** As seen at a look that begins now; blocks until it ends. */
    List<Status> now() {
        LockSupport.unpark(thread);
        synchronized (this) {
            long look = begun + 1;
            while (done < look && !closed) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return newest;
                }
            }
        }
        return newest;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        synchronized (this) {
            notifyAll();
        }
    }
}
