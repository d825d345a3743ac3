package io.lispfabric.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a member says of several groups at once: the worst of each. */
class StatusTest {
    private static final OptionalLong UNKNOWN = OptionalLong.empty();

    private static Status group(String leader, long applied, Status.Member... members) {
        return new Status(
                "ms-0",
                leader.equals("ms-0") ? Status.Role.LEADER : Status.Role.FOLLOWER,
                Optional.of(leader),
                3,
                applied,
                applied,
                true,
                "",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.of(10),
                List.of(members));
    }

    private static Status.Member member(String id, OptionalLong heard) {
        return new Status.Member(
                id,
                "192.0.2.1:24500",
                true,
                Optional.of(Status.Role.FOLLOWER),
                UNKNOWN,
                UNKNOWN,
                OptionalLong.of(1),
                heard,
                false);
    }

    @Test
    void aMemberWasHeardAsLongAgoAsInTheWorstOfTheGroupsThatKnow() {
        var all =
                Status.ofAll(
                        List.of(
                                group("ms-0", 5, member("ms-2", OptionalLong.of(20))),
                                group("ms-1", 6, member("ms-2", UNKNOWN)),
                                group("ms-2", 7, member("ms-2", OptionalLong.of(9_000)))));
        assertThat(all.members().getFirst().heardMillis()).hasValue(9_000);
        assertThat(all.members().getFirst().lag()).hasValue(3);
        assertThat(all.appliedIndex()).isEqualTo(18);
    }

    @Test
    void whoIsOfOneGroupAloneDoesNotVoteAndIsNotHeardIfNobodySaysSo() {
        var all =
                Status.ofAll(List.of(group("ms-1", 5, member("ms-2", UNKNOWN)), group("ms-1", 6)));
        assertThat(all.members().getFirst().heardMillis()).isEmpty();
        assertThat(all.members().getFirst().voter()).isFalse();
    }
}
