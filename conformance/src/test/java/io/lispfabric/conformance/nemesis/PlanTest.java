package io.lispfabric.conformance.nemesis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.conformance.nemesis.Fault.Family;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final Set<Family> ALL = EnumSet.allOf(Family.class);

    private static List<List<Fault>> rounds(Plan plan, int count) {
        var rounds = new ArrayList<List<Fault>>();
        for (int i = 0; i < count; i++) {
            rounds.add(plan.round());
        }
        return rounds;
    }

    @Test
    void isTheSameFromTheSameSeed() {
        var once = rounds(new Plan(7, ALL, 5_000), 100);
        assertThat(rounds(new Plan(7, ALL, 5_000), 100)).isEqualTo(once);
        assertThat(rounds(new Plan(8, ALL, 5_000), 100)).isNotEqualTo(once);
    }

    @Test
    void beginsWithEachFaultOnceAndAlone() {
        var plan = new Plan(1, ALL, 5_000);
        var rounds = rounds(plan, plan.all().size());
        assertThat(rounds).allMatch(it -> it.size() == 1);
        assertThat(rounds)
                .extracting(it -> it.getFirst().name())
                .containsExactlyInAnyOrderElementsOf(plan.all().stream().map(Fault::name).toList());
        assertThat(rounds).extracting(it -> it.getFirst().kind().family()).containsAll(ALL);
    }

    @Test
    void hasTwoAtATimeLater() {
        var plan = new Plan(1, ALL, 5_000);
        rounds(plan, plan.all().size());
        assertThat(rounds(plan, 50)).anyMatch(it -> it.size() == 2);
    }

    @Test
    void killsAMemberWhoseDiskIsFullButTellsNoneToEndThatIsStopped() {
        assertThat(rounds(new Plan(2, EnumSet.of(Family.DISK, Family.KILL), 2_000), 100))
                .anyMatch(it -> it.size() == 2);
        assertThat(rounds(new Plan(2, EnumSet.of(Family.STOP, Family.RESTART), 2_000), 100))
                .allMatch(it -> it.size() == 1);
    }

    @Test
    void hasOnlyWhatItIsToHaveAndNotForLonger() {
        var faults =
                rounds(new Plan(3, EnumSet.of(Family.DISK, Family.STOP), 2_000), 100).stream()
                        .flatMap(List::stream)
                        .toList();
        assertThat(faults)
                .allMatch(it ->
                        it.kind().family() == Family.DISK || it.kind().family() == Family.STOP)
                .allMatch(it -> it.millis() >= 500 && it.millis() <= 2_000);
    }

    @Test
    void needsAFault() {
        assertThatThrownBy(() -> new Plan(1, Set.of(), 1_000))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
