package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static io.lispfabric.store.ratis.Trial.octets;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThreeMembersTest {
    @TempDir Path directory;

    private @Nullable Members opened;

    @BeforeEach
    void open() throws IOException {
        opened = new Members(directory, "m1", "m2", "m3");
        opened.openAll();
    }

    @AfterEach
    void close() {
        members().close();
    }

    private Members members() {
        return Objects.requireNonNull(opened);
    }

    @Test
    void whatAnyMemberTakesIsAppliedByAllAndWasAppliedHereWhenItIsAcknowledged() {
        var expected = new TreeMap<String, String>();
        for (var id : members().ids()) {
            var answers = new ArrayList<CompletableFuture<LogPosition>>();
            for (int i = 0; i < 300; i++) {
                expected.put(id + "." + i, "" + i);
                answers.add(members().log(id).submit(octets(id + "." + i + "=" + i)));
            }
            answers.forEach(CompletableFuture::join);
            acknowledged(members().log(id), id + "=last");
            expected.put(id, "last");
            assertThat(members().machine(id).rows()).isEqualTo(expected);
            assertThat(members().machine(id).released()).hasSize(expected.size());
        }
        members().awaitSameRows(expected);

        var leader = members().leading().getFirst();
        await("all have caught up", () -> lags(leader).stream().allMatch(lag -> lag == 0));
        var seen = members().log(leader).status();
        assertThat(seen.members()).extracting(Status.Member::id).containsExactly("m1", "m2", "m3");
        assertThat(seen.members())
                .allSatisfy(member -> assertThat(member.matchIndex()).isPresent());
        var follower = members().log(members().following().getFirst()).status();
        assertThat(follower.role()).isEqualTo(Status.Role.FOLLOWER);
        assertThat(follower.leader()).hasValue(leader);
        assertThat(members().machine(leader).leads()).isTrue();
        assertThat(members().following()).hasSize(2).noneMatch(id -> members().machine(id).leads());
    }

    private List<Long> lags(String id) {
        return members().log(id).status().members().stream()
                .map(member -> member.lag().orElse(Long.MAX_VALUE))
                .toList();
    }

    @Test
    void whenTheLeaderGoesAnotherLeadsAndNothingAcknowledgedIsLostNorAppliedTwice()
            throws IOException {
        var leader = members().leading().getFirst();
        var follower = members().following().getFirst();
        var promised = new TreeMap<String, String>();
        var answers = new ArrayList<CompletableFuture<LogPosition>>();
        for (int i = 0; i < 200; i++) {
            if (i == 100) {
                answers.get(50).join();
                members().close(leader); // in the midst
            }
            promised.put("k" + i, "" + i);
            answers.add(members().log(follower).submit(octets("k" + i + "=" + i)));
        }
        answers.forEach(CompletableFuture::join); // all are: the follower found the new leader
        await("a new leader", () -> members().leading().size() == 1);
        assertThat(members().machine(members().leading().getFirst()).leads()).isTrue();
        members().awaitSameRows(promised);
        assertThat(members().machine(follower).applied()).hasSize(200).doesNotHaveDuplicates();

        members().open(leader);
        acknowledged(members().log(leader), "back=again");
        promised.put("back", "again");
        members().awaitSameRows(promised);
    }

    /** With timeouts of a minute, no election begins by itself. */
    @Test
    void whenTheLeadersPortIsClosedNobodyWaitsForATimeout(@TempDir Path other) throws IOException {
        try (var patient = new Members(other, "a", "b", "c")) {
            patient.with(it ->
                            it.withElectionTimeout(Duration.ofSeconds(60), Duration.ofSeconds(61)))
                    .openAll();
            var leader = patient.leading().getFirst();
            acknowledged(patient.log(patient.following().getFirst()), "a=1");
            patient.close(leader);
            await("another leads", () -> patient.leading().size() == 1);
            acknowledged(patient.log(patient.following().getFirst()), "b=2");
        }
    }

    @Test
    void leadershipIsHandedOverAndBothAreTold() throws IOException {
        var before = members().leading().getFirst();
        var after = members().following().getFirst();
        acknowledged(members().log(before), "a=1");
        members()
                .log(members().following().getLast())
                .transferLeadership(after); // asked of a member that is neither

        await("handed over", () -> members().leading().equals(List.of(after)));
        await("told", () -> members().machine(after).leads() && !members().machine(before).leads());
        acknowledged(members().log(before), "b=2");
        members().awaitSameRows(Map.of("a", "1", "b", "2"));
    }

    /** Ratis would go on trying, and meanwhile refuse all others. */
    @Test
    void whoDoesNotRunIsNotMadeTheLeaderAndIsInNobodysWay() throws IOException {
        var leader = members().leading().getFirst();
        var gone = members().following().getFirst();
        var there = members().following().getLast();
        members().close(gone);
        assertThatThrownBy(() -> members().log(leader).transferLeadership(gone))
                .isInstanceOf(IOException.class)
                .hasMessage("member " + gone + " does not answer, or its disk has no room to lead");
        members().log(leader).transferLeadership(there);
        await("handed over", () -> members().leading().equals(List.of(there)));
    }

    @Test
    void whoeverCanTakesTheLeadFromOneThatEnds() throws IOException {
        var leader = members().leading().getFirst();
        var there = members().following().getLast();
        members().close(members().following().getFirst());
        members().log(leader).handOver();
        await("handed over", () -> members().leading().equals(List.of(there)));
        members().close(leader);
        assertThatThrownBy(() -> members().log(there).handOver())
                .hasMessage("nobody answers whose disk has room to lead");
    }

    @Test
    void aDrainedMemberHandsOverAndIsNotElectedWhileAnotherCanBeAlsoAfterARestart()
            throws IOException {
        var drained = members().leading().getFirst();
        var other = members().following().getFirst();
        acknowledged(members().log(other), "a=1");
        members().log(other).drain(drained, true);

        assertThat(members().leading()).doesNotContain(drained);
        for (var log : members().logs()) {
            await("all know", () -> isDrained(log.status(), drained));
        }
        assertThatThrownBy(() -> members().log(other).transferLeadership(drained))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is drained");
        acknowledged(members().log(drained), "b=2"); // it has the log and takes commands as before

        members().close(drained);
        members().open(drained);
        await("it still is", () -> isDrained(members().log(drained).status(), drained));

        // Of the two that are left only one may lead.
        var leader = members().leading().getFirst();
        members().close(leader);
        await("another leads", () -> !members().leading().isEmpty());
        await(
                "not the drained one",
                () -> members().leading().size() == 1 && !members().leading().contains(drained));

        members().open(leader);
        await("it is back", () -> members().log(leader).status().leader().isPresent());
        members().log(leader).drain(drained, false);
        await("no longer", () -> !isDrained(members().log(drained).status(), drained));
        members().log(leader).transferLeadership(drained);
        await("it may lead", () -> members().leading().equals(List.of(drained)));
        members().awaitSameRows(Map.of("a", "1", "b", "2"));
    }

    private static boolean isDrained(Status status, String id) {
        return status.members().stream().anyMatch(it -> it.id().equals(id) && it.drained());
    }

    @Test
    void somebodyHasToLead() throws IOException {
        var log = members().logs().getFirst();
        log.drain("m1", true);
        log.drain("m2", true);
        assertThatThrownBy(() -> log.drain("m3", true))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("somebody has to lead");
        await("the last one leads", () -> members().leading().equals(List.of("m3")));
        acknowledged(log, "a=1");
        members().awaitSameRows(Map.of("a", "1"));
    }

    @Test
    void membersThatAppliedTheSameHaveTheSameHashAtTheSameEntry() throws IOException {
        for (int i = 0; i < 100; i++) {
            acknowledged(members().log("m" + (i % 3 + 1)), "k" + i + "=" + i);
        }
        var check = members().log(members().following().getFirst()).check(Duration.ofSeconds(20));
        assertThat(check.members().keySet()).containsExactly("m1", "m2", "m3");
        assertThat(check.count(StateCheck.State.EQUAL)).isEqualTo(3);
        assertThat(check.members().values())
                .allSatisfy(it -> assertThat(it.hash().orElseThrow().rows()).isEqualTo(100));
        for (var log : members().logs()) {
            assertThat(log.status().hash().orElseThrow().index()).isEqualTo(check.index());
            assertThat(log.status().differs()).isEmpty();
        }
    }

    @Test
    void aMemberWithOtherRowsThanTheMajorityKnowsItDoesNotLeadAndRemembersIt() throws IOException {
        var wrong = members().leading().getFirst();
        var right = members().following().getFirst();
        members().machine(wrong).mistake(true);
        acknowledged(members().log(right), "a=1");
        members().machine(wrong).mistake(false);

        var check = members().log(right).check(Duration.ofSeconds(20));
        assertThat(check.of(wrong)).isEqualTo(StateCheck.State.DIFFERS);
        assertThat(check.count(StateCheck.State.EQUAL)).isEqualTo(2);
        await("it knows", () -> members().log(wrong).status().differs().isPresent());
        assertThat(members().log(right).status().differs()).isEmpty();
        await(
                "it does not lead",
                () -> members().leading().size() == 1 && !members().leading().contains(wrong));

        members().close(wrong);
        members().open(wrong);
        await("it has begun", () -> members().log(wrong).status().leader().isPresent());
        assertThat(members().log(wrong).status().differs()).isPresent();

        acknowledged(members().log(right), "a=2"); // which makes the rows equal again
        members().log(right).check(Duration.ofSeconds(20));
        await("it is right", () -> members().log(wrong).status().differs().isEmpty());
    }

    @Test
    void whoIsAwayIsMissing() throws IOException {
        var away = members().following().getFirst();
        members().close(away);
        var check = members().logs().getFirst().check(Duration.ofMillis(300));
        assertThat(check.of(away)).isEqualTo(StateCheck.State.MISSING);
        assertThat(check.decided()).isTrue();
    }

    @Test
    void aMemberSaysHowOldItsRowsMayBe() {
        acknowledged(members().log("m1"), "a=1");
        for (var log : members().logs()) {
            await("it is fresh", () -> log.status().staleMillis().orElse(Long.MAX_VALUE) < 1_000);
        }
        var alone = members().following().getFirst();
        members().ids().stream().filter(id -> !id.equals(alone)).forEach(members()::close);
        await(
                "it has heard nobody for a second",
                () -> members().log(alone).status().staleMillis().orElse(0) > 1_000);
    }

    @Test
    void aMemberThatWasAwayForLongIsFilledFromASnapshot() throws IOException {
        var away = members().following().getFirst();
        acknowledged(members().log(away), "before=1");
        members().close(away);

        var leader = members().log(members().leading().getFirst());
        var expected = new TreeMap<>(Map.of("before", "1"));
        var filling = "x".repeat(200_000);
        for (int i = 0; i < 40; i++) { // several segments of the log
            acknowledged(leader, "k" + i % 5 + "=" + i + filling);
            expected.put("k" + i % 5, i + filling);
        }
        for (var log : members().logs()) {
            log.snapshot();
        }
        acknowledged(leader, "after=2");
        expected.put("after", "2");

        members().open(away);
        members().awaitSameRows(expected);
        assertThat(members().machine(away).loads())
                .isEqualTo(2); // when it opened, and when the snapshot came
        acknowledged(members().log(away), "again=3");
        expected.put("again", "3");
        members().awaitSameRows(expected);

        members().close(away); // what came with a snapshot is kept like anything else
        members().open(away);
        members().awaitSameRows(expected);
    }
}
