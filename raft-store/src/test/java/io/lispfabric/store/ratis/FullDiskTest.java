package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static io.lispfabric.store.ratis.Trial.refused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.Recorder;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.Status;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FullDiskTest {
    @TempDir Path directory;

    @Test
    void aMemberWithoutRoomRefusesWithASentenceAndTakesCommandsAgainByItself() throws IOException {
        var left = new AtomicLong(Members.PLENTY);
        var config =
                RatisLogConfig.alone("alone", "one", directory.resolve("one"))
                        .withReserve(64 << 20);
        var machine = new Recorder();
        try (var log = RatisLog.open(config, machine, left::get)) {
            acknowledged(log, "a=1");
            assertThat(log.status().refuses()).isEmpty();

            left.set(63 << 20);
            await("it refuses", () -> log.status().refuses().isPresent());
            var refusal = refused(log, "b=2");
            assertThat(refusal.reason()).isEqualTo(Reason.DISK_FULL);
            assertThat(refusal)
                    .hasMessage(
                            "the disk of "
                                    + config.directory()
                                    + " has 63 MiB left, less than the reserve of 64 MiB: make"
                                    + " room there");
            assertThat(log.status().refuses()).hasValue(refusal.getMessage());
            assertThat(log.status().healthy()).isTrue();
            assertThat(log.leads()).isTrue();
            assertThat(machine.rows()).isEqualTo(Map.of("a", "1"));

            left.set(64 << 20);
            await("it takes commands", () -> log.status().refuses().isEmpty());
            acknowledged(log, "c=3");
            assertThat(machine.applied()).containsExactly("a=1", "c=3");
        }
    }

    @Test
    void aLeaderWithoutRoomMakesWayForAMemberThatHasSome() throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3")) {
            members.openAll();
            var leader = members.leading().getFirst();
            var others = members.following();
            acknowledged(members.log(others.getFirst()), "a=1");

            members.leave(leader, 0);
            acknowledged(members.log(others.getFirst()), "b=2"); // by whoever leads then
            await("handed over", () -> !members.log(leader).leads());
            assertThat(refused(members.log(leader), "c=3").reason()).isEqualTo(Reason.DISK_FULL);
            acknowledged(members.log(others.getLast()), "d=4");

            others.forEach(id -> members.leave(id, 0));
            assertThat(refused(members.log(others.getFirst()), "e=5").reason())
                    .isEqualTo(Reason.DISK_FULL);
            others.forEach(id -> members.leave(id, Members.PLENTY));
            acknowledged(members.log(others.getFirst()), "f=6");
            members.awaitSameRows(Map.of("a", "1", "b", "2", "d", "4", "f", "6"));
        }
    }

    /** Ratis ends such an election for good: the group would be without a leader for ever. */
    @Test
    void aMemberThatCouldNotWriteTheTermOfItsElectionStandsAgain() throws IOException {
        var config =
                RatisLogConfig.alone("standing", "one", directory.resolve("one"))
                        .withElectionTimeout(Duration.ofMillis(1500), Duration.ofMillis(1600));
        try (var log = RatisLog.open(config, new Recorder())) {
            var termIsWrittenTo = "raft/" + groupOf("one") + "/current/raft-meta.tmp";
            Files.createDirectory(config.directory().resolve(termIsWrittenTo));
            await("it has given up", () -> log.status().refuses().isPresent());
            assertThat(log.status().refuses())
                    .hasValue(
                            "cannot stand for election: its term could not be written; it goes on"
                                    + " by itself once there is room");
            assertThat(log.status().healthy()).isTrue();
            await("it takes commands", () -> log.status().refuses().isEmpty());
            acknowledged(log, "a=1");
        }
    }

    /** Else every candidate would seem to have given up. */
    @Test
    void aCandidateThatWaitsForVotesIsSeenToStand() throws IOException {
        try (var members = new Members(directory, "m1", "m2");
                var silent = new ServerSocket()) {
            members.openAll();
            members.close("m1");
            members.close("m2");
            silent.bind(new InetSocketAddress("127.0.0.1", members.peers().getLast().port()));
            members.open("m1"); // without a connection that was refused: it would wait to try again
            var candidate =
                    RaftGroupMemberId.valueOf(
                            RaftPeerId.valueOf("m1"),
                            RaftGroupId.valueOf(UUID.fromString(groupOf("m1"))));
            var log = members.log("m1");
            await(
                    "it stands",
                    () ->
                            Standing.isSeenTo(candidate)
                                    && log.status().role() == Status.Role.CANDIDATE);
        }
    }

    /** As Ratis names the directory of the log. */
    private String groupOf(String member) throws IOException {
        try (var logs = Files.list(directory.resolve(member).resolve("raft"))) {
            return logs.findFirst().orElseThrow().getFileName().toString();
        }
    }

    /**
     * Fills a disk of 40 MiB without any reserve, so that the log meets its end; then makes room.
     */
    static final class Filler {
        private static final String FILLING = "x".repeat(100_000);

        private Filler() {}

        /** Marked, since what is logged comes the same way. */
        private static void say(String line) {
            System.out.println("> " + line);
        }

        public static void main(String[] arguments) throws IOException {
            var disk = Path.of(arguments[0]);
            var ballast = disk.resolve("ballast");
            Files.write(ballast, new byte[16 << 20]);
            var config =
                    RatisLogConfig.alone("full", "one", disk.resolve("one"))
                            .withSnapshots(1_000_000, 2 << 20)
                            .withReserve(0);
            int groups = Integer.parseInt(arguments[1]);
            var machines = machines(groups);
            var expected = machines(groups).stream().map(Recorder::rows).toList();
            try (var logs = RatisGroups.open(config, machines)) {
                IntStream.range(0, groups).forEach(g -> awaitLead(logs, g));
                for (int i = 0; ; i++) {
                    try {
                        logs.group(i % groups).submit(Trial.octets("k" + i + "=" + FILLING)).join();
                        expected.get(i % groups).put("k" + i, FILLING);
                    } catch (CompletionException e) {
                        say("refused " + e.getCause() + " after " + i);
                        break;
                    }
                }
                say("healthy " + logs.status().healthy());
                say("refuses " + logs.status().refuses().orElse("nothing"));
                say("serves " + haveAll(machines, expected));
                Files.delete(ballast);
                await("it takes commands again", () -> logs.status().refuses().isEmpty());
                IntStream.range(0, groups)
                        .forEach(g -> untilAcknowledged(logs.group(g), "again=1"));
                say("kept " + haveAll(machines, expected));
            }
            var reopened = machines(groups);
            try (var logs = RatisGroups.open(config, reopened)) {
                IntStream.range(0, groups).forEach(g -> awaitLead(logs, g));
                say(
                        "same "
                                + reopened.stream()
                                        .map(Recorder::rows)
                                        .toList()
                                        .equals(machines.stream().map(Recorder::rows).toList()));
                IntStream.range(0, groups).forEach(g -> acknowledged(logs.group(g), "last=1"));
            }
            say("done");
        }

        private static List<Recorder> machines(int groups) {
            return IntStream.range(0, groups).mapToObj(_ -> new Recorder()).toList();
        }

        /**
         * A group that nobody asked while the disk was full may meet the end of it only now: rows
         * that could not be flushed in the background. That is said once, and the log goes on by
         * itself.
         */
        private static void untilAcknowledged(ReplicatedLog log, String command) {
            await(
                    command + " is acknowledged",
                    () ->
                            log.submit(Trial.octets(command))
                                    .handle((_, refused) -> refused == null)
                                    .join());
        }

        private static void awaitLead(RatisGroups logs, int group) {
            await("it leads", () -> logs.group(group).leads());
        }

        private static boolean haveAll(
                List<Recorder> machines, List<? extends Map<String, String>> expected) {
            return IntStream.range(0, machines.size())
                    .allMatch(g ->
                            machines.get(g)
                                    .rows()
                                    .entrySet()
                                    .containsAll(expected.get(g).entrySet()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aLogThatMetTheEndOfItsDiskGoesOnByItselfOnceThereIsRoom(int groups) throws Exception {
        var disk = Files.createDirectory(directory.resolve("disk"));
        var command =
                List.of(
                        "unshare",
                        "--map-root-user",
                        "--mount",
                        "sh",
                        "-c",
                        "mount -t tmpfs -o size=40m tmpfs \"$1\" && shift && exec \"$@\"",
                        "sh",
                        disk.toString());
        var lines = new ArrayList<String>();
        var process = Trial.java(command, Filler.class, disk.toString(), "" + groups);
        try (var out = process.inputReader(UTF_8)) {
            out.lines()
                    .filter(line -> line.startsWith("> "))
                    .map(line -> line.substring(2))
                    .forEach(lines::add);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(lines)
                .as("needs unshare(1), and leave to mount in a namespace of one's own")
                .isNotEmpty();
        assertThat(lines.getFirst()).startsWith("refused").contains("its disk is full");
        assertThat(lines).contains("healthy true", "serves true", "kept true", "same true", "done");
        assertThat(lines.get(2))
                .matches("refuses (group \\d: )?cannot .*")
                .contains("its disk is full");
    }
}
