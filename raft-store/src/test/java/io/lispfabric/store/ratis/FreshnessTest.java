package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FreshnessTest {
    private final Freshness freshness = new Freshness();

    private static long ms(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    private void observe(long now, long heard, long newest, long applied) {
        freshness.observe(ms(now), ms(heard), newest, applied);
    }

    private long stale(long now) {
        return freshness.staleMillis(ms(now)).orElse(-1);
    }

    @Test
    void nothingIsKnownBeforeALeaderWasHeardAndItsEntriesApplied() {
        assertThat(freshness.staleMillis(ms(0))).isEmpty();
        observe(100, 0, 7, 3);
        assertThat(freshness.staleMillis(ms(100))).isEmpty();
    }

    @Test
    void whoHasAppliedAllIsAsNewAsTheLeadersLastWord() {
        observe(1_000, 200, 7, 7);
        assertThat(stale(1_000)).isEqualTo(200);
        assertThat(stale(1_500)).isEqualTo(700);
    }

    /** A leader may be heard while the entries that it speaks of do not come. */
    @Test
    void toHearOfEntriesThatDoNotComeMakesNobodyNewer() {
        observe(1_000, 0, 7, 7);
        for (int now = 1_100; now <= 9_000; now += 100) {
            observe(now, 0, 8, 7);
        }
        assertThat(stale(9_000)).isEqualTo(8_000);
        observe(9_100, 0, 8, 8);
        assertThat(stale(9_100)).isZero();
    }

    /** Under load there is always something on its way. */
    @Test
    void whoIsAlwaysALittleBehindIsAsOldAsWhatItHasCaughtUpWith() {
        for (int now = 0; now <= 5_000; now += 100) {
            observe(now, 0, now + 150, now);
        }
        assertThat(stale(5_000)).isLessThanOrEqualTo(500);
    }

    @Test
    void anOlderWordMakesNobodyOlder() {
        observe(1_000, 0, 7, 7);
        observe(1_100, 500, 7, 7);
        assertThat(stale(1_100)).isEqualTo(100);
    }
}
