package io.lispfabric.conformance.nemesis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.conformance.nemesis.Gaps.Gap;
import io.lispfabric.conformance.nemesis.Gaps.Summary;
import org.junit.jupiter.api.Test;

class GapsTest {
    private static Gaps acknowledgedAt(long... times) {
        var gaps = new Gaps();
        for (long time : times) {
            gaps.acknowledged(time);
        }
        return gaps;
    }

    @Test
    void measuresTheLongestSilenceFromTheBeginOfAFaultToTheFirstAcknowledgementAfterIt() {
        var gaps = acknowledgedAt(0, 9, 12, 40, 45, 300);
        assertThat(gaps.around(10, 42)).isEqualTo(new Gap(28, 3));
    }

    @Test
    void countsTheSilenceThatLastsBeyondTheFault() {
        var gaps = acknowledgedAt(0, 9, 12, 90, 91);
        assertThat(gaps.around(10, 42)).isEqualTo(new Gap(78, 48));
    }

    @Test
    void saysWhenNothingWasAcknowledgedEver() {
        assertThat(acknowledgedAt(0, 9).around(10, 42)).isEqualTo(new Gap(Gaps.NEVER, Gaps.NEVER));
        assertThat(acknowledgedAt(0, 9).hasAfter(10)).isFalse();
        assertThat(acknowledgedAt(0, 10).hasAfter(10)).isTrue();
    }

    @Test
    void sumsUpByFault() {
        var gaps = new Gaps();
        for (int i = 1; i <= 100; i++) {
            gaps.keep("kill leader", new Gap(i, 1_000 + i));
        }
        gaps.keep("stop leader", new Gap(7, 8));
        assertThat(gaps.summaries())
                .containsExactly(
                        new Summary("kill leader", 100, 50, 99, 1_050, 1_099),
                        new Summary("stop leader", 1, 7, 7, 8, 8));
    }
}
