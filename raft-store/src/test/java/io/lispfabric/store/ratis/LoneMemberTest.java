package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static io.lispfabric.store.ratis.Trial.octets;
import static io.lispfabric.store.ratis.Trial.refused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.Recorder;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.retry.RetryPolicies;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoneMemberTest {
    @TempDir Path directory;

    private RatisLogConfig config() {
        return RatisLogConfig.alone("alone", "one", directory.resolve("one"));
    }

    @Test
    void whatWasAcknowledgedIsThereAfterACloseAndPositionsGoOn() throws IOException {
        var machine = new Recorder();
        LogPosition last;
        var log = RatisLog.open(config(), machine);
        try (log) {
            await("leads", log::leads);
            acknowledged(log, "a=1");
            acknowledged(log, "a=2");
            last = acknowledged(log, "b=3");
            assertThat(machine.released()).containsExactly("a=1", "a=2", "b=3");
            assertThat(machine.leads()).isTrue();

            var status = log.status();
            assertThat(status.healthy()).isTrue();
            assertThat(status.role()).isEqualTo(Status.Role.LEADER);
            assertThat(status.leader()).hasValue("one");
            assertThat(status.appliedIndex()).isGreaterThanOrEqualTo(last.index());
            assertThat(status.members()).hasSize(1);
            await(
                    "all is applied, an entry of Ratis itself too",
                    () -> log.status().members().getFirst().lag().equals(OptionalLong.of(0)));
        }
        assertThat(machine.leads()).isFalse();
        log.close(); // twice does no harm
        assertThat(refused(log, "c=4").reason()).isEqualTo(Reason.STOPPED);
        assertThat(log.leads()).isFalse();
        assertThat(log.status().healthy()).isFalse();
        assertThat(log.status().reason()).isEqualTo("the log was closed");
        assertThatThrownBy(log::snapshot).isInstanceOf(IOException.class);

        var again = new Recorder();
        try (var reopened = RatisLog.open(config(), again)) {
            assertThat(again.rows())
                    .isEqualTo(Map.of("a", "2", "b", "3")); // loaded when open returns
            assertThat(acknowledged(reopened, "c=4")).isGreaterThan(last);
            assertThat(again.applied()).containsExactly("c=4"); // the rows held the rest
        }
    }

    @Test
    void commandsOfOneCallerAreAppliedInOrderManyToAnEntryAndEachOnce() throws IOException {
        var machine = new Recorder();
        try (var log = RatisLog.open(config(), machine)) {
            var commands = IntStream.range(0, 5000).mapToObj(i -> "k" + i % 100 + "=" + i).toList();
            var answers = new ArrayList<CompletableFuture<LogPosition>>();
            for (var command : commands) {
                answers.add(log.submit(octets(command)));
            }
            CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
            assertThat(machine.applied()).isEqualTo(commands);
            assertThat(machine.released()).isEqualTo(commands);
            assertThat(answers.stream().map(CompletableFuture::join).distinct().count())
                    .isLessThan(1000);
            assertThat(machine.rows()).containsEntry("k99", "4999");
        }
    }

    @Test
    void aFullQueueRefusesAtOnceAndWhatItTookIsStillApplied() throws Exception {
        var machine = new Recorder();
        var applying = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        machine.onRelease(() -> {
            applying.countDown();
            awaitLatch(go);
        });
        try (var log = RatisLog.open(config().withSubmit(Duration.ofSeconds(30), 10), machine)) {
            var answers = new ArrayList<CompletableFuture<LogPosition>>();
            answers.add(log.submit(octets("k0=0")));
            awaitLatch(applying);
            for (int i = 1; i < 10; i++) {
                answers.add(log.submit(octets("k" + i + "=" + i)));
            }
            var refused = log.submit(octets("k10=10"));
            assertThat(refused).isCompletedExceptionally(); // at once
            assertThat(refused(log, "k10=10").reason()).isEqualTo(Reason.OVERLOADED);
            assertThat(refused(log, "x".repeat(ReplicatedLog.MAX_COMMAND_OCTETS + 1)).reason())
                    .isEqualTo(Reason.TOO_LONG);

            go.countDown();
            CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
            assertThat(machine.rows()).hasSize(10).doesNotContainKey("k10");
            acknowledged(log, "k10=10");
            var longest = "k=" + "x".repeat(ReplicatedLog.MAX_COMMAND_OCTETS - 2);
            acknowledged(log, longest);
            assertThat(machine.applied()).endsWith(longest);
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCommandThatCannotBeAppliedStopsTheReplicaBeforeItsRowsChange() throws IOException {
        var machine = new Recorder();
        try (var log = RatisLog.open(config(), machine)) {
            acknowledged(log, "a=1");
            assertThat(refused(log, Recorder.POISON).reason()).isEqualTo(Reason.STOPPED);
            await("unhealthy", () -> !log.status().healthy());
            assertThat(log.status().reason())
                    .contains("cannot apply log entry")
                    .contains("poisoned");
            assertThat(log.status().role()).isEqualTo(Status.Role.NONE);
            assertThat(log.leads()).isFalse();
            assertThat(refused(log, "b=2").reason()).isEqualTo(Reason.STOPPED);
            assertThat(machine.applied()).containsExactly("a=1");
        }
        // It is in the log now, so it stops this version of the program again; a corrected one goes
        // on behind it.
        var corrected = new Corrected();
        try (var log = RatisLog.open(config(), corrected)) {
            acknowledged(log, "b=2");
            assertThat(corrected.rows()).isEqualTo(Map.of("a", "1", "b", "2"));
        }
    }

    /** Knows what to do with the command that stopped its predecessor. */
    private static final class Corrected implements StateMachine {
        private final Recorder recorder = new Recorder();

        @Override
        public void load(Rows rows) {
            recorder.load(rows);
        }

        @Override
        public Applied apply(LogPosition position, ByteBuffer command) {
            return command.equals(octets(Recorder.POISON))
                    ? Applied.NOTHING
                    : recorder.apply(position, command);
        }

        @Override
        public void leadership(boolean leads, long term) {}

        Map<String, String> rows() {
            return recorder.rows();
        }
    }

    @Test
    void whatAStrangerSendsToTheRaftPortIsRefusedBeforeItReachesTheLog() throws IOException {
        var peers = Trial.peers("one");
        var machine = new Recorder();
        try (var log =
                RatisLog.open(
                        RatisLogConfig.of("alone", "one", peers, directory.resolve("one")),
                        machine)) {
            acknowledged(log, "a=1");
            var group = RaftGroupId.valueOf(UUID.nameUUIDFromBytes("alone".getBytes(UTF_8)));
            var peer =
                    RaftPeer.newBuilder()
                            .setId("one")
                            .setAddress(peers.getFirst().address())
                            .build();
            try (var stranger =
                    RaftClient.newBuilder()
                            .setRaftGroup(RaftGroup.valueOf(group, peer))
                            .setProperties(new RaftProperties())
                            .setRetryPolicy(RetryPolicies.noRetry())
                            .build()) {
                assertThatThrownBy(() -> stranger.io().send(Message.valueOf("not an entry")))
                        .hasMessageContaining("the log entry has an unknown format");
            }
            acknowledged(log, "b=2");
            assertThat(machine.applied()).containsExactly("a=1", "b=2");
            assertThat(log.status().healthy()).isTrue();
        }
    }

    @Test
    void aBusyPortIsNamedAndNothingIsLeftRunning() throws IOException {
        try (var busy = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            var config =
                    RatisLogConfig.of(
                            "alone",
                            "one",
                            List.of(new Peer("one", "127.0.0.1", busy.getLocalPort())),
                            directory);
            assertThatThrownBy(() -> RatisLog.open(config, new Recorder()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1 port " + busy.getLocalPort())
                    .hasMessageContaining("in use");
        }
        assertNothingRuns();
        try (var log =
                RatisLog.open(RatisLogConfig.alone("alone", "one", directory), new Recorder())) {
            acknowledged(log, "a=1"); // nor is the directory held
        }
        assertNothingRuns();
    }

    @Test
    void aDirectoryInUseOrOfAnotherMemberOrOfSomethingElseIsRefused() throws IOException {
        var home = directory.resolve("one");
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "a=1");
            assertThatThrownBy(() -> RatisLog.open(config(), new Recorder()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(home.toString())
                    .hasMessageContaining("in use");
        }
        assertThatThrownBy(() ->
                        RatisLog.open(RatisLogConfig.alone("alone", "two", home), new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(home.toString())
                .hasMessageContaining("belongs to another member")
                .hasMessageContaining("member=one");
        assertThatThrownBy(() ->
                        RatisLog.open(RatisLogConfig.alone("other", "one", home), new Recorder()))
                .hasMessageContaining("group=alone");

        var more = List.of(new Peer("one", "127.0.0.1", 9001), new Peer("two", "127.0.0.1", 9002));
        assertThatThrownBy(() ->
                        RatisLog.open(
                                RatisLogConfig.of("alone", "one", more, home), new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("belong to a group of one, but the settings name one, two");

        var foreign = Files.createDirectory(directory.resolve("photos"));
        Files.writeString(foreign.resolve("holiday.jpg"), "…");
        assertThatThrownBy(() ->
                        RatisLog.open(
                                RatisLogConfig.alone("alone", "one", foreign), new Recorder()))
                .hasMessageContaining("holds something else: holiday.jpg");

        var file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() ->
                        RatisLog.open(RatisLogConfig.alone("alone", "one", file), new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot write to the data directory " + file);
        assertNothingRuns();
    }

    @Test
    void aDamagedLogStopsTheStartAndIsNamed() throws IOException {
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "a=1");
            acknowledged(log, "b=2");
        }
        try (var files = Files.walk(config().directory())) {
            var log =
                    files.filter(file -> file.getFileName().toString().startsWith("log_"))
                            .findFirst()
                            .orElseThrow();
            var octets = Files.readAllBytes(log);
            octets[octets.length / 2] ^= 1;
            Files.write(log, octets);
        }
        assertThatThrownBy(() -> RatisLog.open(config(), new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(config().directory().toString())
                .hasMessageContaining("corrupted");
        assertNothingRuns();
    }

    /** Where Ratis keeps the term and whom the member has voted for. */
    private Path vote() throws IOException {
        try (var files = Files.walk(config().directory())) {
            return files.filter(it -> it.endsWith("raft-meta")).findFirst().orElseThrow();
        }
    }

    /** All members would take over a term that is too great, and keep it: none could lead again. */
    @ParameterizedTest
    @ValueSource(
            strings = {"term=9223372036854775807", "term=-1", "term=1x", "trem=1", "\u0000\u0001"})
    void aDamagedTermStopsTheStartAndIsNamed(String damaged) throws IOException {
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "a=1");
        }
        var term = vote();
        var right = Files.readString(term);
        Files.writeString(term, damaged + "\nvotedFor=one\n");

        assertThatThrownBy(() -> RatisLog.open(config(), new Recorder()))
                .hasMessage(
                        "member one cannot start: "
                                + term
                                + " is damaged: it has no term that a group can be in");
        assertNothingRuns();
        Files.writeString(term, right);
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "b=2");
        }
    }

    /** A full disk empties it; in which terms it may have voted is promised beforehand. */
    @Test
    void withoutTheFileOfTheVoteItVotesForNobodyInTheTermsThatWerePromisedOrDoesNotStart()
            throws IOException {
        var terms = config().directory().resolve("terms");
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "a=1");
            await("it promises", () -> Files.exists(terms));
        }
        Files.writeString(vote(), "");
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "b=2");
            assertThat(log.status().term()).isGreaterThan(100_000);
        }

        Files.writeString(vote(), "");
        Files.delete(terms);
        assertThatThrownBy(() -> RatisLog.open(config(), new Recorder()))
                .hasMessageContaining(vote() + " is empty: whom it has voted for is lost");
        assertNothingRuns();
    }

    /** Others than it have filled the disk, and it had nothing else to write. */
    @Test
    void whoseVoteIsTakenWhileItRunsIsOpenedAgain() throws IOException {
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "a=1");
            var vote = vote();
            Files.writeString(vote, "");
            await("it has a vote again", () -> vote.toFile().length() > 0);
            await("it leads", log::leads);
            acknowledged(log, "b=2");
        }
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "c=3");
        }
    }

    @Test
    void rowsThatTheStateMachineRefusesStopTheStart() throws IOException {
        try (var log = RatisLog.open(config(), new Recorder())) {
            acknowledged(log, "a=1");
        }
        var picky =
                new StateMachine() {
                    @Override
                    public void load(Rows rows) throws IOException {
                        throw new IOException(
                                "the rows have format 7, which this version does not know");
                    }

                    @Override
                    public Applied apply(LogPosition position, ByteBuffer command) {
                        return Applied.NOTHING;
                    }

                    @Override
                    public void leadership(boolean leads, long term) {}
                };
        assertThatThrownBy(() -> RatisLog.open(config(), picky))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "member one cannot start from "
                                + config().directory()
                                + ": the rows have format 7, which this version does not know");
        assertNothingRuns();
        var machine = new Recorder();
        try (var log = RatisLog.open(config(), machine)) {
            acknowledged(log, "b=2");
            assertThat(machine.rows()).containsOnlyKeys("a", "b");
        }
    }

    @Test
    void peersThatDoNotResolveDoNotStopAStartAndWithoutAMajorityACommandFailsInTime()
            throws IOException {
        var peers =
                List.of(
                        Trial.peers("one").getFirst(),
                        new Peer("two", "two.lisp-fabric.invalid", 9000),
                        new Peer("three", "three.lisp-fabric.invalid", 9000));
        var config =
                RatisLogConfig.of("far", "one", peers, directory.resolve("far"))
                        .withElectionTimeout(Duration.ofMillis(200), Duration.ofMillis(400))
                        .withSubmit(Duration.ofSeconds(1), 100);
        try (var log = RatisLog.open(config, new Recorder())) {
            assertThat(refused(log, "a=1").reason()).isEqualTo(Reason.NO_LEADER);
            assertThat(log.leads()).isFalse();
            assertThat(log.status().healthy()).isTrue();
            assertThat(log.status().leader()).isEmpty();
            assertThatThrownBy(() -> log.transferLeadership("two")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> log.transferLeadership("four"))
                    .isInstanceOf(NoLeaderException.class); // who may know of it
        }
        assertNothingRuns();
    }

    /**
     * Threads of ours or of Ratis. Those that gRPC keeps for the whole process go by themselves.
     */
    private static void assertNothingRuns() {
        await("only the process' own threads: " + running(), () -> running().isEmpty());
    }

    private static List<String> running() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.matches("one[-@].*|raft-.*-one"))
                .toList();
    }
}
