package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SharesTest {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    private static final int MOST = 1_000;

    private final Shares shares = new Shares();
    private final Map<String, Integer> has = new HashMap<>();
    private Instant now = START;

    private boolean takes(String site) {
        int all = has.values().stream().mapToInt(it -> it).sum();
        boolean admitted = shares.admits(site, all, MOST, now, () -> new HashMap<>(has));
        if (admitted) {
            has.merge(site, 1, Integer::sum);
        }
        return admitted;
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

    @Test
    void thereAreNeverMoreThanThereMayBe() {
        for (int site = 0; site < 100; site++) {
            takesAll("site-" + site);
        }
        assertThat(has.values().stream().mapToInt(it -> it).sum()).isLessThanOrEqualTo(MOST);
    }
}
