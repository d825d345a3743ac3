package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SharesTest {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    private static final int MOST = 1_000;

    private final Shares shares = new Shares();
    private final Map<String, Integer> has = new HashMap<>();
    private Instant now = START;

    private boolean takes(String site) {
        int all = has.values().stream().mapToInt(it -> it).sum();
        boolean admitted = shares.admits(site, all, MOST, now, this::owners);
        if (admitted) {
            has.merge(site, 1, Integer::sum);
        }
        return admitted;
    }

    /** Whose each is. */
    private Iterator<String> owners() {
        return has.entrySet().stream()
                .flatMap(it -> Collections.nCopies(it.getValue(), it.getKey()).stream())
                .toList()
                .iterator();
    }

    private int takesAll(String site) {
        int taken = 0;
        while (takes(site)) {
            taken++;
        }
        return taken;
    }

    @Test
    void whoeverTakesAllItCanLeavesHalfToTheOthers() {
        assertThat(takesAll("greedy")).isEqualTo(MOST / 2);
        assertThat(takesAll("second")).isEqualTo(MOST / 4);
        assertThat(takesAll("third")).isEqualTo(MOST / 8);
        assertThat(takes("greedy")).isFalse();
        assertThat(takes("modest")).isTrue();
    }

    @Test
    void whatASiteGivesBackItMayTakeAgain() {
        takesAll("greedy");
        has.put("greedy", 10);
        assertThat(takesAll("other")).isBetween(MOST / 2 - 10, MOST / 2);
        now = now.plusSeconds(31);
        assertThat(takesAll("greedy")).isBetween(200, 300);
    }

    /** Millions are not counted while a socket waits. */
    @Test
    void noQuestionCountsMoreThanAPart() {
        int all = 10 * Shares.PART;
        var asked = new AtomicInteger();
        var owners = Collections.nCopies(all, "greedy").iterator();
        var counting =
                new Iterator<String>() {
                    @Override
                    public boolean hasNext() {
                        return owners.hasNext();
                    }

                    @Override
                    public String next() {
                        asked.incrementAndGet();
                        return owners.next();
                    }
                };
        assertThat(shares.admits("greedy", all, 2 * all, now, () -> counting)).isTrue();
        assertThat(asked).hasValue(Shares.PART);
        for (int i = 0; i < 10; i++) {
            shares.goOn(now);
        }
        assertThat(asked).hasValue(all);
        // What it was granted meanwhile is counted as well.
        assertThat(shares.admits("greedy", all + 1, 2 * all, now, () -> counting)).isFalse();
        assertThat(shares.admits("modest", all + 1, 2 * all, now, () -> counting)).isTrue();
    }

    @Test
    void thereAreNeverMoreThanThereMayBe() {
        for (int site = 0; site < 100; site++) {
            takesAll("site-" + site);
        }
        assertThat(has.values().stream().mapToInt(it -> it).sum()).isLessThanOrEqualTo(MOST);
    }
}
