package io.lispfabric.store.ratis;

import io.lispfabric.store.StateHash;
import io.lispfabric.store.rocks.RocksStore;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hashes the rows of a replica as they were after an entry, in the background. One hash is under
 * way at a time: the next one ends it.
 */
final class Auditor {
    private static final Logger LOG = LoggerFactory.getLogger(Auditor.class);

    /** So many are kept for members that come to the same entry later. */
    private static final int KEPT = 16;

    private record Done(StateHash hash, long atNanos) {
        StateHash now() {
            return hash.aged(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - atNanos));
        }
    }

    private final TreeMap<Long, Done> done = new TreeMap<>(); // guarded by this
    private RocksStore.@Nullable View underWay; // guarded by this

    /** Hashes the view and closes it. Returns at once. */
    synchronized void begin(long index, RocksStore.View view) {
        if (underWay != null) {
            underWay.cancel();
        }
        underWay = view;
        var thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("raft-audit-" + index)
                        .priority(Thread.MIN_PRIORITY)
                        .unstarted(() -> hash(index, view));
        thread.start();
    }

    private void hash(long index, RocksStore.View view) {
        try (view) {
            var hash = StateHash.of(index, view);
            synchronized (this) {
                done.put(index, new Done(hash, System.nanoTime()));
                if (done.size() > KEPT) {
                    done.pollFirstEntry();
                }
            }
        } catch (RocksStore.CancelledException e) {
            LOG.debug("the hash at {} was given up", index);
        } catch (UncheckedIOException e) {
            LOG.error("cannot hash the rows at {}: {}", index, e.getMessage());
        } finally {
            synchronized (this) {
                if (view == underWay) {
                    underWay = null;
                }
            }
        }
    }

    /** What the rows were after the entry at this index, if they were hashed then. */
    synchronized Optional<StateHash> at(long index) {
        return Optional.ofNullable(done.get(index)).map(Done::now);
    }

    synchronized Optional<StateHash> newest() {
        return done.isEmpty() ? Optional.empty() : Optional.of(done.lastEntry().getValue().now());
    }
}
