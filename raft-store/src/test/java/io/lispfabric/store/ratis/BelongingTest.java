package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftPeerId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BelongingTest {
    /** Member m; what a to e say who the members are, or nothing. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "a=ab b=ab, true",
        "a=ab b=, false",
        "a=ab b=abm, false",
        "a=abm b=abm, false",
        "a=, false",
        // Of two, the one that is left has agreed by itself.
        "a=a, true",
        // Two of three are no majority of the four that they were.
        "a=abc b=abc c=abcm, false",
        "a=abc b=abc c=abc, true",
        "a=abcd b=abcd c=abcd d=, true",
        "a=abcd b=abcd c=abcdm d=abcdm, false",
        // Who was removed before says what was so then.
        "a=ab b=ab c=abcm, true",
        "a=abe b=abe e=abe c=abcm, true"
    })
    void itIsOutsideWhenAMajorityWithAndWithoutItSaysSo(String said, boolean outside) {
        assertThat(Belonging.isOutside(id("m"), read(said))).isEqualTo(outside);
    }

    private static Map<RaftPeerId, Set<RaftPeerId>> read(String said) {
        return Set.of(said.split(" ")).stream()
                .map(it -> it.split("=", -1))
                .collect(Collectors.toMap(it -> id(it[0]), it -> ids(it[1])));
    }

    private static Set<RaftPeerId> ids(String letters) {
        return letters.chars()
                .mapToObj(it -> id(Character.toString(it)))
                .collect(Collectors.toSet());
    }

    private static RaftPeerId id(String name) {
        return RaftPeerId.valueOf(name);
    }
}
