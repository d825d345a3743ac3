package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.store.Status;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    /** A follower that has been told little of its own log yet, and a leader that knows more. */
    private static Status status(long applied, long commit, long leaders) {
        return new Status(
                "ms-1",
                Status.Role.FOLLOWER,
                Optional.of("ms-0"),
                7,
                commit,
                applied,
                true,
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                List.of(member("ms-0", leaders), member("ms-1", commit)));
    }

    private static Status.Member member(String id, long commit) {
        return new Status.Member(
                id,
                id + ":24500",
                true,
                Optional.empty(),
                OptionalLong.of(commit),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                false);
    }

    @Test
    void aMemberThatHasStartedIsNotReadyBeforeItHasWhatTheLeaderHas() {
        assertThat(Readiness.behind(status(100, 100, 5_000), false))
                .contains("catching up: 4900 log entries to go");
        assertThat(Readiness.behind(status(4_000, 5_000, 5_000), false)).isPresent();
        assertThat(Readiness.behind(status(4_990, 5_000, 5_000), false)).isEmpty();
        assertThat(Readiness.behind(status(-1, -1, -1), false)).isEmpty();
    }

    /** What it does not know of it would deny, and an ITR would believe that for a minute. */
    @Rfc("9301 §8.4")
    @Test
    void aFollowerKnowsAllOnlyWhenItHasAllThatItsLeaderHas() {
        assertThat(Readiness.knowsAll(status(5_000, 5_000, 5_000))).isTrue();
        assertThat(Readiness.knowsAll(status(4_999, 5_000, 5_000))).isFalse();
        assertThat(Readiness.knowsAll(status(4_999, 4_999, 5_000))).isFalse();
        assertThat(Readiness.knowsAll(status(-1, -1, -1))).isFalse();
    }

    @Test
    void oneThatHadEverythingStaysReadyUnlessItFallsFarBehind() {
        assertThat(Readiness.behind(status(100, 100, 5_000), true)).isEmpty();
        assertThat(Readiness.behind(status(100, 100, 50_000), true)).isPresent();
    }
}
