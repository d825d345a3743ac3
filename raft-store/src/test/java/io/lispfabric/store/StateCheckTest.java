package io.lispfabric.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.StateCheck.State;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StateCheckTest {
    private static final Set<String> VOTERS = Set.of("a", "b", "c");

    /** Each member's hash by its first letter; a dot has not answered. */
    private static StateCheck check(String hashes) {
        var members = new HashMap<String, Optional<StateHash>>();
        for (int i = 0; i < hashes.length(); i++) {
            var hash = hashes.substring(i, i + 1);
            members.put(
                    "abcd".substring(i, i + 1),
                    hash.equals(".")
                            ? Optional.empty()
                            : Optional.of(new StateHash(7, hash, 1, 0)));
        }
        return StateCheck.of(7, VOTERS, members);
    }

    @Test
    void aMajorityOfTheVotersSaysWhoseRowsAreWrong() {
        assertThat(check("xxx").count(State.EQUAL)).isEqualTo(3);
        assertThat(check("xxx").decided()).isTrue();
        assertThat(check("xyx").of("b")).isEqualTo(State.DIFFERS);
        assertThat(check("xyx").of("a")).isEqualTo(State.EQUAL);
        assertThat(check("xyz").count(State.DIVIDED)).isEqualTo(3);
    }

    @Test
    void beforeAMajorityHasAnsweredNobodyIsWrong() {
        assertThat(check("x..").of("a")).isEqualTo(State.EQUAL);
        assertThat(check("x..").decided()).isFalse();
        assertThat(check("x..").of("b")).isEqualTo(State.MISSING);
        assertThat(check("xy.").count(State.DIVIDED)).isEqualTo(2);
        assertThat(check("xx.").decided()).isTrue();
    }

    @Test
    void whoDoesNotVoteHasNoSay() {
        assertThat(check("xx.y").of("d")).isEqualTo(State.DIFFERS);
        assertThat(check("xy.y").count(State.DIVIDED)).isEqualTo(3);
    }

    /** By hand: {@code printf '\000\000\000\001a\000\000\000\00222' | sha256sum}. */
    @Test
    void theHashIsOfLengthsAndOctetsInTheOrderOfTheKeys() {
        StateMachine.Rows rows =
                row ->
                        Map.of("a", "22")
                                .forEach((key, value) ->
                                        row.accept(key.getBytes(UTF_8), value.getBytes(UTF_8)));
        assertThat(StateHash.of(3, rows))
                .isEqualTo(
                        new StateHash(
                                3,
                                "80740a01c2f8527743a850ec607798e951698ec095c0650a9f9de8aecbecb34c",
                                1,
                                0));
    }
}
