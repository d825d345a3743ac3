package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static io.lispfabric.store.ratis.Trial.octets;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.Status;
import java.io.IOException;
import java.nio.file.Path;
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
