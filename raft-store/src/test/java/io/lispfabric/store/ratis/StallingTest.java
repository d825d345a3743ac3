package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StallingTest {
    private final Stalling stalling = new Stalling();

    private boolean told(long second, long committed, long match) {
        return stalling.look(committed, match, TimeUnit.SECONDS.toNanos(second));
    }

    @Test
    void whoTakesNothingForLongAlthoughThereIsMoreIsToldOfEveryMinute() {
        assertThat(told(0, 50, 39)).isFalse();
        assertThat(told(29, 51, 39)).isFalse();
        assertThat(told(30, 52, 39)).isTrue();
        assertThat(stalling.seconds(TimeUnit.SECONDS.toNanos(30))).isEqualTo(30);
        assertThat(told(89, 52, 39)).isFalse();
        assertThat(told(90, 52, 39)).isTrue();
    }

    @Test
    void whoHasNotAnsweredIsGivenTimeAnew() {
        assertThat(told(0, 50, 39)).isFalse();
        stalling.restart(39, TimeUnit.SECONDS.toNanos(29));
        assertThat(told(30, 50, 39)).isFalse();
        assertThat(told(59, 50, 39)).isFalse();
        assertThat(told(60, 50, 39)).isTrue();
    }

    @Test
    void whoGoesOnOrHasEverythingIsNot() {
        assertThat(told(0, 50, 39)).isFalse();
        assertThat(told(29, 60, 40)).isFalse(); // slow, but going on
        assertThat(told(58, 60, 40)).isFalse();
        assertThat(told(59, 60, 60)).isFalse();
        assertThat(told(200, 60, 60)).isFalse(); // nothing happens
        assertThat(told(201, 61, 60)).isFalse();
    }
}
