package io.lispfabric.conformance.nemesis;

import io.lispfabric.conformance.nemesis.Fault.Family;
import io.lispfabric.conformance.nemesis.Fault.Kind;
import io.lispfabric.conformance.nemesis.Fault.Whom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Which faults come after each other, from a seed: first each once, in any order, and then again,
 * now and then two at a time.
 */
final class Plan {
    private static final int SHORTEST_MILLIS = 500;

    /** Of so many rounds after the first ones, one has two faults. */
    private static final int TOGETHER = 3;

    private final Random random;
    private final List<Fault> all;
    private final int longestMillis;
    private final Deque<Fault> next = new ArrayDeque<>();
    private boolean first = true;

    /**
     * @param families at least one
     * @param longestMillis of a fault
     */
    Plan(long seed, Set<Family> families, int longestMillis) {
        this.random = new Random(seed);
        this.longestMillis = longestMillis;
        this.all =
                List.of(Kind.values()).stream()
                        .filter(it -> families.contains(it.family()))
                        .flatMap(kind ->
                                whom(kind).stream()
                                        .map(whom -> new Fault(kind, whom, longestMillis)))
                        .toList();
        if (all.isEmpty()) {
            throw new IllegalArgumentException("no faults");
        }
    }

    private static List<Whom> whom(Kind kind) {
        return switch (kind) {
            case KILL, DISK_LOW, DISK_FULL, SLOW -> List.of(Whom.LEADER, Whom.FOLLOWER, Whom.ALL);
            case STOP, CUT_OFF, CUT_OFF_WHOLLY, CUT_ONE_LINK, DUMB, DEAF, RESTART, LOST, REMOVED ->
                    List.of(Whom.LEADER, Whom.FOLLOWER);
            case TRANSFER -> List.of(Whom.FOLLOWER); // who is to lead then
        };
    }

    /** All that there is, each once. */
    List<Fault> all() {
        return all;
    }

    /** What happens next: one fault, or two, one soon after the other. */
    List<Fault> round() {
        if (!first && random.nextInt(TOGETHER) == 0) {
            var one = take();
            for (int tries = 0; tries < all.size(); tries++) {
                var other = take();
                if (one.goesWith(other)) {
                    return List.of(one, other);
                }
            }
            return List.of(one); // nothing goes with it
        }
        return List.of(take());
    }

    private Fault take() {
        if (next.isEmpty()) {
            var shuffled = new ArrayList<>(all);
            Collections.shuffle(shuffled, random);
            next.addAll(shuffled);
        }
        var fault = next.remove();
        first &= !next.isEmpty();
        int most = Math.max(1, longestMillis - SHORTEST_MILLIS);
        return new Fault(fault.kind(), fault.whom(), SHORTEST_MILLIS + random.nextInt(most));
    }
}
