package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.lispfabric.server.api.CheckStateRequest;
import io.lispfabric.server.api.CheckStateResponse;
import io.lispfabric.server.api.ClusterServiceGrpc;
import io.lispfabric.server.api.DrainMemberRequest;
import io.lispfabric.server.api.DrainMemberResponse;
import io.lispfabric.server.api.Member;
import io.lispfabric.server.api.MemberState;
import io.lispfabric.server.api.StatusRequest;
import io.lispfabric.server.api.StatusResponse;
import io.lispfabric.server.app.MapServer;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.server.core.Sites;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of a cluster whose part the test plays. */
class MemberCommandTest {
    private final List<String> drained = new CopyOnWriteArrayList<>();
    private volatile StatusResponse status = StatusResponse.getDefaultInstance();
    private volatile CheckStateResponse answer = CheckStateResponse.getDefaultInstance();
    private Server server;

    /** Who is to be added counts itself in, and knows nothing yet. */
    private static final class Newcomer extends ClusterServiceGrpc.ClusterServiceImplBase {
        @Override
        public void drainMember(
                DrainMemberRequest request, StreamObserver<DrainMemberResponse> observer) {
            observer.onError(
                    Status.UNAVAILABLE
                            .withDescription("member ms-3 hears of no leader")
                            .asRuntimeException());
        }
    }

    private final class Cluster extends ClusterServiceGrpc.ClusterServiceImplBase {
        @Override
        public void drainMember(
                DrainMemberRequest request, StreamObserver<DrainMemberResponse> observer) {
            if (request.getId().equals("ms-9")) {
                observer.onError(
                        Status.FAILED_PRECONDITION
                                .withDescription("ms-9 does not vote")
                                .asRuntimeException());
                return;
            }
            drained.add(request.getId() + (request.getUndo() ? " undone" : ""));
            observer.onNext(DrainMemberResponse.getDefaultInstance());
            observer.onCompleted();
        }

        @Override
        public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
            observer.onNext(status);
            observer.onCompleted();
        }

        @Override
        public void checkState(
                CheckStateRequest request, StreamObserver<CheckStateResponse> observer) {
            observer.onNext(answer);
            observer.onCompleted();
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = serving(new Cluster());
    }

    private static Server serving(BindableService service) throws IOException {
        return NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(service)
                .build()
                .start();
    }

    @AfterEach
    void stop() {
        server.shutdownNow();
    }

    private static String endpoint(Server server) {
        return "127.0.0.1:" + server.getPort();
    }

    private Run member(String... words) {
        return memberAt(endpoint(server), words);
    }

    private static Run memberAt(String endpoints, String... words) {
        var line = new ArrayList<>(List.of("member"));
        line.addAll(List.of(words));
        line.addAll(List.of("--endpoints", endpoints));
        return Run.lispctl(line.toArray(String[]::new));
    }

    /** Each as NAME=STATE. */
    private Run check(String... members) {
        var said = CheckStateResponse.newBuilder().setIndex(7);
        for (var member : members) {
            var parts = member.split("=");
            var state = MemberState.newBuilder().setId(parts[0]).setState(parts[1]);
            if (!parts[1].equals("missing")) {
                state.setRows(1_234).setSha256("0123456789abcdef".repeat(4));
            }
            said.addMembers(state);
        }
        answer = said.build();
        return member("check");
    }

    @Test
    void aMemberIsDrainedAndPutBack() {
        assertThat(member("drain", "ms-1").out()).isEqualTo("ms-1 is drained\n");
        assertThat(member("drain", "ms-1", "--undo").out()).isEqualTo("ms-1 is back in service\n");
        assertThat(drained).containsExactly("ms-1", "ms-1 undone");

        var json = member("drain", "ms-1", "-o", "json");
        assertThat(json.json().get("done").asText()).isEqualTo("is drained");
    }

    @Test
    void whyAMemberIsNotDrainedIsSaid() {
        var refused = member("drain", "ms-9");
        assertThat(refused.code()).isEqualTo(ExitCode.CONFLICT);
        assertThat(refused.err()).contains("ms-9 does not vote");
        assertThat(member("drain").code()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void whoHearsOfNoLeaderLeavesTheAnswerToTheNext() throws IOException {
        var newcomer = serving(new Newcomer());
        try {
            var alone = memberAt(endpoint(newcomer), "drain", "ms-1");
            assertThat(alone.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(alone.err())
                    .isEqualTo(
                            "lispctl: no answer from "
                                    + endpoint(newcomer)
                                    + " (member ms-3 hears of no leader)\n");

            var both = memberAt(endpoint(newcomer) + "," + endpoint(server), "drain", "ms-1");
            assertThat(both.out()).isEqualTo("ms-1 is drained\n");
        } finally {
            newcomer.shutdownNow();
        }
    }

    @Test
    void membersThatAreAllEqualAreGood() {
        var check = check("ms-0=equal", "ms-1=equal", "ms-2=equal");
        assertThat(check.code()).isEqualTo(ExitCode.OK);
        assertThat(check.out())
                .contains("ms-1", "1,234", "0123456789abcdef", "3 members are equal after entry 7");
    }

    @Test
    void whoDiffersOrHasNotAnsweredIsNamedAndShowsInTheExitCode() {
        var differs = check("ms-0=equal", "ms-1=differs", "ms-2=missing");
        assertThat(differs.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(differs.out())
                .contains("1 member is equal, ms-1 differs, ms-2 has not answered, after entry 7");

        var missing = check("ms-0=equal", "ms-1=equal", "ms-2=missing");
        assertThat(missing.code()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(missing.out()).contains("2 members are equal, ms-2 has not answered,");
    }

    @Test
    void withoutAMajorityNobodyIsRight() {
        var divided = check("ms-0=divided", "ms-1=divided", "ms-2=missing");
        assertThat(divided.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(divided.out()).contains("no majority says whose rows are right");
    }

    private static Member.Builder voter(String id) {
        return Member.newBuilder().setId(id).setAddress(id + ":24500").setVoter(true);
    }

    private Run shown() {
        return Run.lispctl("show", "members", "--endpoints", "127.0.0.1:" + server.getPort());
    }

    @Test
    void whoeverTheLeaderHasNotHeardForLongIsNotCountedOn() {
        status =
                StatusResponse.newBuilder()
                        .setMember("ms-0")
                        .setLeader("ms-0")
                        .setHealthy(true)
                        .addMembers(voter("ms-0").setRole("leader"))
                        .addMembers(voter("ms-1").setHeardMillis(40))
                        .addMembers(voter("ms-2").setHeardMillis(40))
                        .build();
        assertThat(shown().out()).contains("3 members, 3 voters, quorum 2, can lose 1");

        status = status.toBuilder().setMembers(2, voter("ms-2").setHeardMillis(60_000)).build();
        assertThat(shown().out())
                .contains("3 members, 3 voters of which 2 known to run, quorum 2, can lose 0");
    }

    /** It is cut off from the leader, say, and not from us. */
    @Test
    void whoeverAnswersUsButNotTheLeaderIsNotCountedOn() throws IOException {
        status =
                StatusResponse.newBuilder()
                        .setMember("ms-0")
                        .setLeader("ms-0")
                        .setHealthy(true)
                        .addMembers(voter("ms-0").setRole("leader"))
                        .addMembers(voter("ms-1").setHeardMillis(40))
                        .addMembers(voter("ms-2").setHeardMillis(60_000))
                        .build();
        var itself =
                StatusResponse.newBuilder().setMember("ms-2").setHealthy(true).setTerm(0).build();
        var cutOff =
                serving(
                        new ClusterServiceGrpc.ClusterServiceImplBase() {
                            @Override
                            public void status(
                                    StatusRequest request,
                                    StreamObserver<StatusResponse> observer) {
                                observer.onNext(itself);
                                observer.onCompleted();
                            }
                        });
        try {
            var both = endpoint(server) + "," + endpoint(cutOff);
            assertThat(Run.lispctl("show", "members", "--endpoints", both).out())
                    .contains("3 members, 3 voters of which 2 known to run, quorum 2, can lose 0");
        } finally {
            cutOff.shutdownNow();
        }
    }

    @Test
    void aFollowerKnowsOfItsLeader() {
        status =
                StatusResponse.newBuilder()
                        .setMember("ms-1")
                        .setLeader("ms-0")
                        .setHealthy(true)
                        .addMembers(voter("ms-0").setHeardMillis(40))
                        .addMembers(voter("ms-1").setRole("follower"))
                        .addMembers(voter("ms-2"))
                        .build();
        assertThat(shown().out())
                .contains("3 voters of which 2 known to run, quorum 2, can lose 0");
    }

    @Test
    void withoutALeaderOnlyThoseThatAnswerAreCountedOn() {
        status =
                StatusResponse.newBuilder()
                        .setMember("ms-1")
                        .setHealthy(true)
                        .setUnready("no leader")
                        .addMembers(voter("ms-0"))
                        .addMembers(voter("ms-1").setRole("candidate"))
                        .addMembers(voter("ms-2").setHeardMillis(0))
                        .build();
        var shown = shown();
        assertThat(shown.out())
                .contains(
                        "3 members, 3 voters of which 1 known to run, quorum 2: nothing can be"
                                + " registered, since too few are known to run");
        assertThat(shown.err()).contains("name all members in --endpoints");
    }

    @Test
    void thatTheLeaderRefusesIsSaid() {
        status =
                StatusResponse.newBuilder()
                        .setMember("ms-0")
                        .setLeader("ms-0")
                        .setHealthy(true)
                        .setRefuses("its disk is full")
                        .addMembers(voter("ms-0").setRole("leader"))
                        .build();
        assertThat(shown().out())
                .contains("quorum 1: nothing can be registered, since the leader ms-0 refuses it");
    }

    @Test
    void aMemberThatWasRemovedIsNoRowButIsNamed() {
        status =
                StatusResponse.newBuilder()
                        .setMember("ms-2")
                        .setReason("it was removed from the group")
                        .addMembers(voter("ms-0"))
                        .addMembers(voter("ms-1"))
                        .build();
        var shown = shown();
        assertThat(shown.out()).contains("2 members, 2 voters of which 0 known to run");
        assertThat(shown.err()).contains("ms-2: it was removed from the group");
    }

    /** By a real server. */
    @Test
    void whoLeadsWhichOfSeveralGroupsIsShown(@TempDir Path folder) throws IOException {
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var config =
                ServerConfig.alone("ms-0", folder, any, new Sites(List.of(), false))
                        .shardedTo(2)
                        .administeredAt(any, any);
        try (var own = MapServer.start(config, InstantSource.system())) {
            var at = "127.0.0.1:" + own.adminAddress().orElseThrow().getPort();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (own.unreadiness().isPresent() && System.nanoTime() - end < 0) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            var shown = Run.lispctl("show", "members", "--endpoints", at);
            assertThat(shown.code()).isEqualTo(ExitCode.OK);
            assertThat(shown.out()).contains("leaders by group: 1 ms-0, 2 ms-0");
            var json = Run.lispctl("show", "members", "--endpoints", at, "-o", "json").json();
            assertThat(json.get("groups").get(1).get("leader").asText()).isEqualTo("ms-0");
            var check = Run.lispctl("member", "check", "--endpoints", at);
            assertThat(check.code()).isEqualTo(ExitCode.OK);
        }
    }
}
