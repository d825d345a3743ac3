package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);

    @Rfc("9437 §6")
    @Test
    void noMoreGoesThanThePaceAllowsHoweverMuchThereIsToSend() {
        var pace = new Pace(1_000);
        int sent = 0;
        for (int millis = 0; millis <= 10_000; millis += 20) {
            int now = pace.allows(64, START.plusMillis(millis));
            pace.spend(now);
            sent += now;
        }
        assertThat(sent).isBetween(9_900, 10_100);
    }

    @Test
    void whatIsNotUsedIsNotLostAndDoesNotPileUp() {
        var pace = new Pace(1_000);
        assertThat(pace.allows(64, START)).isEqualTo(64);
        assertThat(pace.allows(64, START)).isEqualTo(64);
        pace.spend(60);
        assertThat(pace.allows(64, START)).isEqualTo(40);
        assertThat(pace.allows(1_000, START.plusSeconds(60))).isEqualTo(100);
    }
}
