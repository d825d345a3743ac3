package io.lispfabric.wire.udp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeldomTest {
    /** Whoever has found a mistake of ours sends more of what brings it about. */
    @Test
    void whatHappensOftenIsSaidAtOnceAndAfterEachPauseWithHowOftenItWasNot() {
        var seldom = new Seldom(10);
        long start = Long.MAX_VALUE - 15; // such a clock may wrap

        assertThat(seldom.happens(start)).hasValue(0);
        assertThat(seldom.happens(start + 1)).isEmpty();
        assertThat(seldom.happens(start + 9)).isEmpty();
        assertThat(seldom.happens(start + 10)).hasValue(2);
        assertThat(seldom.happens(start + 19)).isEmpty();
        assertThat(seldom.happens(start + 40)).hasValue(1);
    }
}
