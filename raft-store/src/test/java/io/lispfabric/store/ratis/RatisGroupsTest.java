package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.AlreadyMemberException;
import io.lispfabric.store.NoSuchMemberException;
import io.lispfabric.store.Recorder;
import io.lispfabric.store.StateCheck;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three members that are in three groups each, over real Ratis, each at one port. */
class RatisGroupsTest {
    private static final int GROUPS = 3;

    @TempDir Path directory;

    private final Map<String, RatisGroups> members = new TreeMap<>();
    private final Map<String, List<Recorder>> machines = new TreeMap<>();
    private List<Peer> peers = List.of();

    @BeforeEach
    void openAll() throws IOException {
        peers = Trial.peers("m1", "m2", "m3");
        for (var peer : peers) {
            open(peer.id(), GROUPS);
        }
        for (int g = 0; g < GROUPS; g++) {
            awaitLeader(g);
        }
    }

    @AfterEach
    void closeAll() {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            members.values().forEach(member -> threads.execute(member::close));
        }
    }

    private void open(String id, int groups) throws IOException {
        var own = IntStream.range(0, groups).mapToObj(_ -> new Recorder()).toList();
        members.put(id, RatisGroups.open(config(id, peers), own, () -> Members.PLENTY));
        machines.put(id, own);
    }

    private RatisLogConfig config(String id, List<Peer> named) {
        return RatisLogConfig.of("trial", id, named, directory.resolve(id))
                .withElectionTimeout(Duration.ofMillis(300), Duration.ofMillis(600));
    }

    private RatisGroups member(String id) {
        return Objects.requireNonNull(members.get(id));
    }

    private void close(String id) {
        member(id).close();
        members.remove(id);
        machines.remove(id);
    }

    private List<String> leading(int group) {
        return members.keySet().stream().filter(id -> member(id).group(group).leads()).toList();
    }

    private void awaitLeader(int group) {
        await("group " + (group + 1) + " is led", () -> leading(group).size() == 1);
    }

    private void awaitRows(int group, Map<String, String> rows) {
        machines.forEach((id, own) ->
                await(
                        id + " has all rows of group " + (group + 1),
                        () -> own.get(group).rows().equals(rows)));
    }

    @Test
    void eachGroupHasItsOwnLogAndLeadersSpreadOverTheMembers() throws IOException {
        for (int g = 0; g < GROUPS; g++) {
            for (var id : members.keySet()) {
                acknowledged(member(id).group(g), "same=of group " + g);
            }
        }
        for (int g = 0; g < GROUPS; g++) {
            awaitRows(g, Map.of("same", "of group " + g));
        }
        await(
                "leaders spread",
                () ->
                        leading(0).equals(List.of("m1"))
                                && leading(1).equals(List.of("m2"))
                                && leading(2).equals(List.of("m3")));
        assertThat(member("m1").status().leader()).isPresent();
        assertThat(member("m2").status().role()).isEqualTo(Status.Role.LEADER);
        var check = member("m3").check(Duration.ofSeconds(20));
        assertThat(check.decided()).isTrue();
        assertThat(check.count(StateCheck.State.EQUAL)).isEqualTo(3);
    }

    @Test
    void whatWasAcknowledgedInAnyGroupOutlivesAMemberAndAllMembers() throws IOException {
        acknowledged(member("m1").group(0), "a=1");
        acknowledged(member("m2").group(1), "b=2");
        acknowledged(member("m3").group(2), "c=3");
        close("m3");
        for (int g = 0; g < GROUPS; g++) {
            awaitLeader(g);
            acknowledged(member("m1").group(g), "then=" + g);
        }
        close("m1");
        close("m2");
        for (var peer : peers) {
            open(peer.id(), GROUPS);
        }
        awaitRows(0, Map.of("a", "1", "then", "0"));
        awaitRows(1, Map.of("b", "2", "then", "1"));
        awaitRows(2, Map.of("c", "3", "then", "2"));
        for (int g = 0; g < GROUPS; g++) {
            awaitLeader(g);
            acknowledged(member("m3").group(g), "last=" + g);
        }
    }

    @Test
    void anotherNumberOfGroupsThanTheDirectoryWasFoundedWithIsRefusedAndNothingIsLeftRunning()
            throws IOException {
        close("m2");
        assertThatThrownBy(() -> open("m2", 2))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was founded with 3 groups and cannot be used with 2");
        assertThatThrownBy(() -> open("m2", 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was founded with 3 groups and cannot be used with 1");
        open("m2", GROUPS);
        acknowledged(member("m2").group(1), "b=2");
    }

    @Test
    void aNewMemberWithAnotherNumberOfGroupsHasNoneInCommonWithTheOthersAndSaysSo()
            throws IOException {
        closeAll();
        members.clear();
        directory = directory.resolve("anew");
        open("m1", GROUPS);
        open("m2", GROUPS);
        open("m3", 2);
        for (int g = 0; g < GROUPS; g++) {
            int group = g;
            await(
                    "two of three agree",
                    () ->
                            List.of("m1", "m2").stream()
                                            .filter(id -> member(id).group(group).leads())
                                            .count()
                                    == 1);
        }
        await(
                "it says so",
                () ->
                        member("m3")
                                .status()
                                .refuses()
                                .filter(it -> it.contains("than 2 (cluster.groups)"))
                                .isPresent());
        acknowledged(member("m1").group(2), "c=3");
    }

    @Test
    void aDirectoryOfOneGroupIsWhatItWasAndNotUsedWithMore() throws IOException {
        var alone =
                RatisLogConfig.alone("alone", "m0", directory.resolve("m0"))
                        .withElectionTimeout(Duration.ofMillis(300), Duration.ofMillis(600));
        try (var log = RatisLog.open(alone, new Recorder())) {
            acknowledged(log, "a=1");
        }
        var machine = new Recorder();
        try (var groups = RatisGroups.open(alone, List.of(machine))) {
            await("it leads", () -> groups.group(0).leads());
            assertThat(machine.rows()).isEqualTo(Map.of("a", "1"));
        }
        assertThatThrownBy(() -> RatisGroups.open(alone, List.of(new Recorder(), new Recorder())))
                .hasMessageContaining("was founded with 1 group and cannot be used with 2");
    }

    @Test
    void aLoneMemberMayHaveSeveralGroups() throws IOException {
        var alone =
                RatisLogConfig.alone("alone", "m0", directory.resolve("m0"))
                        .withElectionTimeout(Duration.ofMillis(300), Duration.ofMillis(600));
        for (int run = 0; run < 2; run++) {
            var own = List.of(new Recorder(), new Recorder());
            try (var groups = RatisGroups.open(alone, own)) {
                for (int g = 0; g < 2; g++) {
                    acknowledgedSoon(groups, g, "run" + run + "=" + g);
                    assertThat(own.get(g).rows()).hasSize(run + 1);
                }
            }
        }
    }

    private static void acknowledgedSoon(RatisGroups groups, int group, String command) {
        await("it leads", () -> groups.group(group).leads());
        acknowledged(groups.group(group), command);
    }

    @Test
    void aGroupThatHasStoppedAtAFaultLeavesTheOthersAlone() {
        await("leaders spread", () -> leading(1).equals(List.of("m2")));
        // The replicas of the group come to the same mistake, and none of another group. Once two
        // have stopped the third may never learn that it was committed.
        var _ = member("m1").group(2).submit(Trial.octets(Recorder.POISON));
        await("it is seen", () -> stopped(2).size() >= 2);
        for (var id : stopped(2)) {
            assertThat(member(id).status().reason()).startsWith("group 3: ");
        }
        for (var id : members.keySet()) {
            acknowledged(member(id).group(0), id + "=0");
            acknowledged(member(id).group(1), id + "=1");
        }
    }

    private List<String> stopped(int group) {
        return members.keySet().stream()
                .filter(id -> !member(id).statuses().get(group).healthy())
                .toList();
    }

    private void loseDisk(String id) throws IOException {
        close(id);
        LostDiskTest.empty(directory.resolve(id));
    }

    private void awaitWaiting(String id, int group, String why) {
        await(
                id + " waits in group " + (group + 1) + " as " + why,
                () ->
                        member(id)
                                .statuses()
                                .get(group)
                                .refuses()
                                .filter(it -> it.contains(why))
                                .isPresent());
    }

    private void assertOutside(String id) {
        assertThat(member(id).statuses())
                .allSatisfy(it -> assertThat(it.role()).isEqualTo(Status.Role.NONE));
    }

    @Test
    void anEmptyDiskFoundsNoGroupThatTheOthersHaveButNotOpen() throws IOException {
        awaitLeader(1);
        member("m2").group(1).close();
        member("m3").group(1).close();
        loseDisk("m1"); // which would found it
        open("m1", GROUPS);
        awaitWaiting("m1", 1, "which m1 did not found");
        awaitWaiting("m1", 0, "is empty");
        awaitWaiting("m1", 2, "is empty");
        assertOutside("m1");
        acknowledged(member("m2").group(0), "a=1"); // two of three go on
    }

    @Test
    void aMemberWithLogsNoneOfWhichIsOpenDoesNotAnswerAsIfItWereNew() throws IOException {
        var own = Trial.peers("m0");
        var alone =
                RatisLogConfig.of("alone", "m0", own, directory.resolve("m0"))
                        .withElectionTimeout(Duration.ofMillis(300), Duration.ofMillis(600));
        try (var groups = RatisGroups.open(alone, List.of(new Recorder(), new Recorder()))) {
            acknowledgedSoon(groups, 0, "a=1");
            acknowledgedSoon(groups, 1, "b=2");
            assertThat(listens(own.getFirst().port())).isTrue();
            var _ = groups.group(0).submit(Trial.octets(Recorder.POISON));
            await("it is closed", () -> !groups.statuses().getFirst().healthy());
            acknowledged(groups.group(1), "c=3");
            assertThat(listens(own.getFirst().port())).isTrue();
            var _ = groups.group(1).submit(Trial.octets(Recorder.POISON));
            await("the last one is closed", () -> !listens(own.getFirst().port()));
        }
    }

    private static boolean listens(int port) {
        try (var socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void anEmptyDiskFoundsNothingWhileTheOthersLoad() throws Exception {
        acknowledged(member("m2").group(1), "b=2");
        loseDisk("m1");
        close("m2");
        close("m3");
        var loading = new CountDownLatch(2);
        var loaded = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var opening = new ArrayList<Future<RatisGroups>>();
            for (var id : List.of("m2", "m3")) {
                var slow = new Recorder();
                slow.onLoad(() -> {
                    loading.countDown();
                    await("it may go on", () -> loaded.getCount() == 0);
                });
                opening.add(
                        threads.submit(() ->
                                RatisGroups.open(
                                        config(id, peers),
                                        List.of(new Recorder(), slow, new Recorder()),
                                        () -> Members.PLENTY)));
            }
            loading.await();
            open("m1", GROUPS);
            for (int g = 0; g < GROUPS; g++) {
                awaitWaiting("m1", g, "once m2 and m3 have answered");
            }
            loaded.countDown();
            members.put("m2", opening.getFirst().get());
            members.put("m3", opening.getLast().get());
        }
        for (int g = 0; g < GROUPS; g++) {
            awaitWaiting("m1", g, "is empty");
            awaitLeader(g);
            acknowledged(member("m2").group(g), "then=" + g);
        }
        assertOutside("m1");
    }

    /** It answers nobody, as one answer may be of several groups. */
    @Test
    void aMemberThatWasRemovedFromOneGroupLeadsNoOther() throws IOException {
        member("m1").transferLeadership("m2");
        member("m1").group(0).removeMember("m2");

        await(
                "others lead the rest",
                () ->
                        IntStream.range(1, GROUPS)
                                .allMatch(
                                        g -> leading(g).size() == 1 && !leading(g).contains("m2")));
        await(
                "it is drained there",
                () ->
                        member("m1").statuses().stream()
                                .skip(1)
                                .flatMap(it -> it.members().stream())
                                .filter(it -> it.id().equals("m2"))
                                .allMatch(Status.Member::drained));
        for (int g = 0; g < GROUPS; g++) {
            acknowledged(member("m3").group(g), "a=" + g);
        }
    }

    @Test
    void aMemberIsDrainedAddedAndRemovedInAllGroups() throws IOException {
        acknowledged(member("m1").group(1), "b=2");
        member("m2").drain("m1", true);
        assertThat(member("m2").statuses())
                .allSatisfy(it -> assertThat(it.members().getFirst().drained()).isTrue());
        await(
                "others lead all groups",
                () ->
                        IntStream.range(0, GROUPS)
                                .allMatch(
                                        g -> leading(g).size() == 1 && !leading(g).contains("m1")));

        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        var named = new ArrayList<>(peers);
        named.add(new Peer("m4", "127.0.0.1", port));
        var own = IntStream.range(0, GROUPS).mapToObj(_ -> new Recorder()).toList();
        machines.put("m4", own);
        members.put("m4", RatisGroups.open(config("m4", named), own, () -> Members.PLENTY));
        member("m2").group(0).addMember("m4", "127.0.0.1", port); // and then it was broken off
        member("m2").addMember("m4", "127.0.0.1", port);
        assertThatThrownBy(() -> member("m2").addMember("m4", "127.0.0.1", port))
                .isInstanceOf(AlreadyMemberException.class)
                .hasMessage("there is already a member m4");
        assertThat(member("m2").status().members())
                .extracting(Status.Member::id)
                .containsExactly("m1", "m2", "m3", "m4");
        await("it has the rows", () -> own.get(1).rows().equals(Map.of("b", "2")));

        member("m2").group(1).removeMember("m1"); // and then it was broken off
        member("m2").removeMember("m1");
        assertThatThrownBy(() -> member("m2").removeMember("m1"))
                .isInstanceOf(NoSuchMemberException.class);
        assertThat(member("m2").statuses())
                .allSatisfy(it ->
                        assertThat(it.members())
                                .extracting(Status.Member::id)
                                .containsExactly("m2", "m3", "m4"));
        await("it takes commands", () -> member("m4").status().refuses().isEmpty());
        acknowledged(member("m4").group(2), "c=3");
    }
}
