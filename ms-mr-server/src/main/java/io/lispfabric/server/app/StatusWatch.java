package io.lispfabric.server.app;

import io.lispfabric.store.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
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

    /** For a look that is under way when it is closed; what it waits for may not come any more. */
    private static final Duration CLOSING = Duration.ofSeconds(2);

    private final Supplier<List<Status>> groups;
    private final LongSupplier nanos;
    private final Thread thread;
    private volatile List<Status> newest;
    private volatile long seenNanos;
    private volatile boolean closed;
    private long begun; // guarded by this
    private long done; // guarded by this

    /** Looks once before it returns. */
    StatusWatch(String member, Supplier<List<Status>> groups) {
        this(member, groups, System::nanoTime);
    }

    /**
     * @param nanos a clock that only goes forward
     */
    StatusWatch(String member, Supplier<List<Status>> groups, LongSupplier nanos) {
        this.groups = groups;
        this.nanos = nanos;
        this.newest = groups.get();
        this.seenNanos = nanos.getAsLong();
        this.thread = Thread.ofPlatform().daemon().name("status-" + member).start(this::watch);
    }

    private void watch() {
        while (!closed) {
            long look = begin();
            try {
                newest = groups.get();
                seenNanos = nanos.getAsLong();
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
        long since = nanos.getAsLong() - seenNanos;
        return since < BLIND.toNanos() || closed
                ? Optional.empty()
                : Optional.of(
                        "for "
                                + TimeUnit.NANOSECONDS.toSeconds(since)
                                + " s the log has not said how it stands");
    }

    /** Why what is seen, or that nothing is, means that a restart is wanted. */
    Optional<String> illness() {
        return blindness()
                .or(() ->
                        Optional.of(Status.ofAll(newest))
                                .filter(it -> !it.healthy())
                                .map(Status::reason));
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
        try {
            if (!thread.join(CLOSING)) {
                LOG.warn("how the log stands is still being looked at");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
