package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** When the leader of one of several groups makes way. */
class SpreadingTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final int QUIET = 10;

    private final Spreading second = new Spreading(1, Duration.ofSeconds(1));

    /** What m1, the leader, sees. */
    private static Status status(long lag, long heardMillis, List<String> drained) {
        return new Status(
                "m1",
                Status.Role.LEADER,
                Optional.of("m1"),
                1,
                1,
                1,
                true,
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.of(0),
                IntStream.rangeClosed(1, 3)
                        .mapToObj(it ->
                                new Status.Member(
                                        "m" + it,
                                        "127.0.0.1:" + it,
                                        true,
                                        Optional.empty(),
                                        OptionalLong.empty(),
                                        OptionalLong.empty(),
                                        OptionalLong.of(lag),
                                        it == 1
                                                ? OptionalLong.empty()
                                                : OptionalLong.of(heardMillis),
                                        drained.contains("m" + it)))
                        .toList());
    }

    private static final Status WELL = status(0, 10, List.of());

    private Optional<String> look(Status now, int at) {
        return second.look(now, true, at * SECOND);
    }

    @Test
    void afterAQuietWhileItMakesWayForThePreferredMember() {
        assertThat(look(WELL, 0)).isEmpty();
        assertThat(look(WELL, QUIET - 1)).isEmpty();
        assertThat(look(WELL, QUIET)).hasValue("m2");
    }

    @Test
    void whoIsBehindOrNotHeardOrDoesNotLeadBeginsTheWhileAnew() {
        assertThat(look(WELL, 0)).isEmpty();
        assertThat(look(status(1_000, 10, List.of()), 5)).isEmpty();
        assertThat(look(WELL, 6)).isEmpty();
        assertThat(look(WELL, QUIET)).isEmpty();
        assertThat(look(status(0, 5_000, List.of()), QUIET + 1)).isEmpty();
        assertThat(look(WELL, QUIET + 2)).isEmpty();
        assertThat(second.look(WELL, false, (QUIET + 3) * SECOND)).isEmpty();
        assertThat(look(WELL, QUIET + 4)).isEmpty();
        assertThat(look(WELL, 2 * QUIET + 3)).isEmpty();
        assertThat(look(WELL, 2 * QUIET + 4)).hasValue("m2");
    }

    @Test
    void aMemberThatLosesTheLeadAtOnceIsTriedEverMoreSeldom() {
        int tries = 0;
        for (int now = 0; now <= 24 * 3_600; now++) {
            tries += look(WELL, now).isPresent() ? 1 : 0;
        }
        // Four times an hour in the end.
        assertThat(tries).isBetween(90, 110);
    }

    @Test
    void whoIsDrainedIsNotPreferred() {
        var drained = status(0, 10, List.of("m2"));
        assertThat(look(drained, 0)).isEmpty();
        assertThat(look(drained, QUIET)).hasValue("m3");
        var both = status(0, 10, List.of("m2", "m3"));
        assertThat(Spreading.preferred(both, 1).map(Status.Member::id)).hasValue("m1");
    }
}
