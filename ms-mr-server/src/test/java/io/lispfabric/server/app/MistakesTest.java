package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MistakesTest {
    /** What one xTR's message leads to must not keep others from theirs. */
    @Test
    void oneThatFailsIsToldOfAfterAllOthersWereDone() {
        var done = new ArrayList<Integer>();
        assertThatThrownBy(() ->
                        Mistakes.afterAll(
                                List.of(1, 2, 3, 4),
                                it -> {
                                    if (it % 2 == 0) {
                                        throw new IllegalStateException("" + it);
                                    }
                                    done.add(it);
                                }))
                .hasMessage("2")
                .satisfies(it -> assertThat(it.getSuppressed()).hasSize(1));
        assertThat(done).containsExactly(1, 3);
    }
}
