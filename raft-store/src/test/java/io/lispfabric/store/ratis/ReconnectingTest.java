package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReconnectingTest {
    private final List<String> renewed = new ArrayList<>();
    private final Reconnecting<String> reconnecting = new Reconnecting<>(2_000, renewed::add);

    @Test
    void whoIsNotHeardGetsANewConnectionFromTimeToTime() {
        for (long now = 0; now <= 6_500; now += 100) {
            reconnecting.look(List.of("b"), now);
        }
        assertThat(renewed).containsExactly("b", "b", "b");
    }

    @Test
    void whoIsHeardMeanwhileKeepsTheConnection() {
        for (long now = 0; now <= 10_000; now += 100) {
            reconnecting.look(now % 1_900 == 0 ? List.of() : List.of("b"), now);
        }
        assertThat(renewed).isEmpty();
    }
}
