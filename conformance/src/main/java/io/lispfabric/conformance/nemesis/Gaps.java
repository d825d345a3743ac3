package io.lispfabric.conformance.nemesis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** For how long nothing was acknowledged around faults. Used by one thread. */
final class Gaps {
    /** What has not come. */
    static final long NEVER = Long.MAX_VALUE;

    /**
     * What a fault did to writes, in nanoseconds.
     *
     * @param longest the longest time without an acknowledgement that it has to do with
     * @param after from its end to the next acknowledgement
     */
    record Gap(long longest, long after) {}

    private final List<Long> acknowledged = new ArrayList<>();
    private final Map<String, List<Gap>> byFault = new LinkedHashMap<>();

    /** Something was acknowledged; times only grow. */
    void acknowledged(long nanos) {
        acknowledged.add(nanos);
    }

    int count() {
        return acknowledged.size();
    }

    /** Whether something was acknowledged at that time or later. */
    boolean hasAfter(long nanos) {
        return !acknowledged.isEmpty() && acknowledged.getLast() - nanos >= 0;
    }

    /** What a fault did that began and ended then. */
    Gap around(long begin, long end) {
        long longest = 0;
        long after = NEVER;
        long last = begin;
        for (int i = firstFrom(begin); i < acknowledged.size(); i++) {
            long at = acknowledged.get(i);
            longest = Math.max(longest, at - last);
            last = at;
            if (at - end >= 0) {
                after = at - end;
                break;
            }
        }
        return new Gap(after == NEVER ? NEVER : longest, after);
    }

    private int firstFrom(long nanos) {
        int at = Collections.binarySearch(acknowledged, nanos);
        return at < 0 ? -at - 1 : at;
    }

    /** Keeps it for the summary. */
    void keep(String fault, Gap gap) {
        byFault.computeIfAbsent(fault, _ -> new ArrayList<>()).add(gap);
    }

    /**
     * All of one kind of fault, in nanoseconds.
     *
     * @param p50 of the longest gap of each
     * @param after99 of the times from the end of each to the next acknowledgement
     */
    record Summary(String fault, int count, long p50, long p99, long after50, long after99) {}

    List<Summary> summaries() {
        var summaries = new ArrayList<Summary>();
        byFault.forEach((fault, gaps) -> {
            var longest = gaps.stream().map(Gap::longest).sorted().toList();
            var after = gaps.stream().map(Gap::after).sorted().toList();
            summaries.add(
                    new Summary(
                            fault,
                            gaps.size(),
                            at(longest, 50),
                            at(longest, 99),
                            at(after, 50),
                            at(after, 99)));
        });
        return summaries;
    }

    private static long at(List<Long> sorted, int percent) {
        return sorted.get((sorted.size() * percent + 99) / 100 - 1);
    }
}
