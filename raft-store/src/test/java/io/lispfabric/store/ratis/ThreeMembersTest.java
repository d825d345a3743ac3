package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static io.lispfabric.store.ratis.Trial.octets;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.Recorder;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThreeMembersTest {
    @TempDir Path directory;

    private final Map<String, RatisLog> logs = new TreeMap<>();
    private final Map<String, Recorder> machines = new TreeMap<>();
    private List<Peer> peers = List.of();

    @BeforeEach
    void open() throws IOException {
        peers = Trial.peers("m1", "m2", "m3");
        for (var peer : peers) {
            open(peer.id());
        }
        await("a leader", () -> leading().size() == 1);
    }

    @AfterEach
    void close() {
        logs.values().parallelStream().forEach(RatisLog::close); // each takes up to a second
    }

    private void open(String id) throws IOException {
        var config =
                RatisLogConfig.of("three", id, peers, directory.resolve(id))
                        .withElectionTimeout(Duration.ofMillis(400), Duration.ofMillis(800))
                        .withSnapshots(1_000_000, 2 << 20);
        var machine = new Recorder();
        machines.put(id, machine);
        logs.put(id, RatisLog.open(config, machine));
    }

    private void close(String id) {
        log(id).close();
        logs.remove(id);
        machines.remove(id);
    }

    private RatisLog log(String id) {
        return Objects.requireNonNull(logs.get(id));
    }

    private Recorder machine(String id) {
        return Objects.requireNonNull(machines.get(id));
    }

    private List<String> leading() {
        return logs.keySet().stream().filter(id -> log(id).leads()).toList();
    }

    private List<String> following() {
        return logs.keySet().stream().filter(id -> !log(id).leads()).toList();
    }

    private void awaitSameRows(Map<String, String> rows) {
        machines.forEach(
                (id, machine) -> await(id + " has all rows", () -> machine.rows().equals(rows)));
    }

    @Test
    void whatAnyMemberTakesIsAppliedByAllAndWasAppliedHereWhenItIsAcknowledged() {
        var expected = new TreeMap<String, String>();
        for (var id : logs.keySet()) {
            var answers = new ArrayList<CompletableFuture<LogPosition>>();
            for (int i = 0; i < 300; i++) {
                expected.put(id + "." + i, "" + i);
                answers.add(log(id).submit(octets(id + "." + i + "=" + i)));
            }
            answers.forEach(CompletableFuture::join);
            acknowledged(log(id), id + "=last");
            expected.put(id, "last");
            assertThat(machine(id).rows()).isEqualTo(expected);
            assertThat(machine(id).released()).hasSize(expected.size());
        }
        awaitSameRows(expected);

        var leader = leading().getFirst();
        await("all have caught up", () -> lags(leader).stream().allMatch(lag -> lag == 0));
        var seen = log(leader).status();
        assertThat(seen.members()).extracting(Status.Member::id).containsExactly("m1", "m2", "m3");
        assertThat(seen.members())
                .allSatisfy(member -> assertThat(member.matchIndex()).isPresent());
        var follower = log(following().getFirst()).status();
        assertThat(follower.role()).isEqualTo(Status.Role.FOLLOWER);
        assertThat(follower.leader()).hasValue(leader);
        assertThat(machine(leader).leads()).isTrue();
        assertThat(following()).hasSize(2).noneMatch(id -> machine(id).leads());
    }

    private List<Long> lags(String id) {
        return log(id).status().members().stream()
                .map(member -> member.lag().orElse(Long.MAX_VALUE))
                .toList();
    }

    @Test
    void whenTheLeaderGoesAnotherLeadsAndNothingAcknowledgedIsLostNorAppliedTwice()
            throws IOException {
        var leader = leading().getFirst();
        var follower = following().getFirst();
        var promised = new TreeMap<String, String>();
        var answers = new ArrayList<CompletableFuture<LogPosition>>();
        for (int i = 0; i < 200; i++) {
            if (i == 100) {
                answers.get(50).join();
                close(leader); // in the midst
            }
            promised.put("k" + i, "" + i);
            answers.add(log(follower).submit(octets("k" + i + "=" + i)));
        }
        answers.forEach(CompletableFuture::join); // all are: the follower found the new leader
        await("a new leader", () -> leading().size() == 1);
        assertThat(machine(leading().getFirst()).leads()).isTrue();
        awaitSameRows(promised);
        assertThat(machine(follower).applied()).hasSize(200).doesNotHaveDuplicates();

        open(leader);
        acknowledged(log(leader), "back=again");
        promised.put("back", "again");
        awaitSameRows(promised);
    }

    @Test
    void leadershipIsHandedOverAndBothAreTold() throws IOException {
        var before = leading().getFirst();
        var after = following().getFirst();
        acknowledged(log(before), "a=1");
        log(following().getLast()).transferLeadership(after); // asked of a member that is neither

        await("handed over", () -> leading().equals(List.of(after)));
        await("told", () -> machine(after).leads() && !machine(before).leads());
        acknowledged(log(before), "b=2");
        awaitSameRows(Map.of("a", "1", "b", "2"));
    }

    @Test
    void aMemberThatWasAwayForLongIsFilledFromASnapshot() throws IOException {
        var away = following().getFirst();
        acknowledged(log(away), "before=1");
        close(away);

        var leader = log(leading().getFirst());
        var expected = new TreeMap<>(Map.of("before", "1"));
        var filling = "x".repeat(200_000);
        for (int i = 0; i < 40; i++) { // several segments of the log
            acknowledged(leader, "k" + i % 5 + "=" + i + filling);
            expected.put("k" + i % 5, i + filling);
        }
        for (var log : logs.values()) {
            log.snapshot();
        }
        acknowledged(leader, "after=2");
        expected.put("after", "2");

        open(away);
        awaitSameRows(expected);
        assertThat(machine(away).loads())
                .isEqualTo(2); // when it opened, and when the snapshot came
        acknowledged(log(away), "again=3");
        expected.put("again", "3");
        awaitSameRows(expected);

        close(away); // what came with a snapshot is kept like anything else
        open(away);
        awaitSameRows(expected);
    }
}
