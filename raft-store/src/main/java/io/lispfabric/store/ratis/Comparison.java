package io.lispfabric.store.ratis;

import io.lispfabric.store.StateCheck;
import io.lispfabric.store.StateCheck.State;
import io.lispfabric.store.StateHash;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What comes of an audit at one member: it asks the others what their rows were, and knows whether
 * its own are those of the majority. That they are not is kept in its directory, so that a restart
 * does not make it forget; only an audit that finds them equal ends it.
 */
final class Comparison {
    private static final Logger LOG = LoggerFactory.getLogger(Comparison.class);

    /** How long it waits for members that are late, and until it asks them again. */
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final String self;
    private final MemberDirectory home;
    private final BiFunction<String, Long, Optional<StateHash>> ask;
    private final Set<String> differing =
            new TreeSet<>(); // others that it told of; guarded by this
    private long compared = -1; // guarded by this
    private volatile Optional<String> differs;

    /**
     * @param ask another member what its rows were after an entry
     */
    Comparison(
            String self, MemberDirectory home, BiFunction<String, Long, Optional<StateHash>> ask) {
        this.self = self;
        this.home = home;
        this.ask = ask;
        this.differs =
                home.isMarked(MemberDirectory.DIFFERS) ? Optional.of(sentence()) : Optional.empty();
    }

    private String sentence() {
        return "its rows are not those of the other members, so it does not answer: remove it"
                + " (lispctl member remove "
                + self
                + "), and add it under a new name with an empty data directory";
    }

    /** That a majority has other rows than this member, and what to do. */
    Optional<String> differs() {
        return differs;
    }

    /** Whether a hash is newer than all before; then it is to be compared. */
    synchronized boolean isNew(StateHash own) {
        if (own.index() <= compared) {
            return false;
        }
        compared = own.index();
        return true;
    }

    /**
     * Asks all until they have answered, or for a minute.
     *
     * @param members with true for those that vote
     * @param goesOn false once there is no point in it any more
     */
    void compare(StateHash own, Map<String, Boolean> members, BooleanSupplier goesOn) {
        var voters = members.keySet().stream().filter(members::get).collect(Collectors.toSet());
        var hashes = new TreeMap<String, Optional<StateHash>>();
        members.keySet().forEach(id -> hashes.put(id, Optional.empty()));
        hashes.put(self, Optional.of(own));
        long end = System.nanoTime() + PATIENCE_NANOS;
        boolean all = false;
        while (!all && goesOn.getAsBoolean() && System.nanoTime() - end < 0) {
            hashes.replaceAll((id, hash) -> hash.or(() -> ask.apply(id, own.index())));
            judge(StateCheck.of(own.index(), voters, hashes));
            all = hashes.values().stream().allMatch(Optional::isPresent);
            if (!all) {
                LockSupport.parkNanos(AGAIN_NANOS);
            }
        }
    }

    private synchronized void judge(StateCheck check) {
        var own = check.hash(self);
        for (var id : check.members().keySet()) {
            var its = check.hash(id);
            if (its.isPresent() && !its.equals(own) && check.of(self) != State.DIFFERS) {
                if (differing.add(id)) {
                    LOG.error(
                            "{} has other rows than {} after entry {}: {}",
                            id,
                            self,
                            check.index(),
                            check.of(id) == State.DIFFERS
                                    ? "they are not those of the majority"
                                    : "no majority says whose are right");
                }
            } else if (its.isPresent() && its.equals(own)) {
                differing.remove(id);
            }
        }
        if (check.of(self) == State.DIFFERS && differs.isEmpty()) {
            differs = Optional.of(sentence());
            LOG.error("{} differs after entry {}: {}", self, check.index(), sentence());
            keep(true);
        } else if (check.of(self) == State.EQUAL && check.decided() && differs.isPresent()) {
            differs = Optional.empty();
            LOG.info("{} has the rows of the majority after entry {}", self, check.index());
            keep(false);
        }
    }

    private void keep(boolean mark) {
        try {
            if (mark) {
                home.mark(MemberDirectory.DIFFERS);
            } else {
                home.unmark(MemberDirectory.DIFFERS);
            }
        } catch (IOException e) {
            LOG.warn("a restart will forget what was found: {}", e.getMessage());
        }
    }
}
