package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static io.lispfabric.store.ratis.Trial.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.FormerMemberException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.NoLeaderException;
import io.lispfabric.store.Status;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LostDiskTest {
    @TempDir Path directory;

    static void empty(Path home) throws IOException {
        try (var tree = Files.walk(home)) {
            tree.sorted(Comparator.reverseOrder())
                    .forEach(path -> {
                        try {
                            Files.delete(path);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        }
    }

    private static String refuses(Members members, String id) {
        return members.log(id).status().refuses().orElse("");
    }

    private static void awaitVoter(Members members, String id) {
        await(
                "it votes",
                () ->
                        members.log(id).status().members().stream()
                                .anyMatch(member -> member.id().equals(id) && member.voter()));
    }

    @Test
    void aVoterThatComesBackWithAnEmptyDiskNeitherVotesNorIsCountedAndComesBackUnderANewName()
            throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3", "m4")) {
            var three = members.peers().subList(0, 3);
            for (var peer : three) {
                members.open(members.config(peer.id(), three));
            }
            await("a leader", () -> members.leading().size() == 1);
            var leader = members.leading().getFirst();
            var kept = members.following().getFirst();
            var lost = members.following().getLast();
            acknowledged(members.log(leader), "a=1");

            members.close(lost);
            empty(directory.resolve(lost));
            members.open(members.config(lost, three));
            await("it knows", () -> refuses(members, lost).contains("is empty"));
            assertThat(refuses(members, lost))
                    .contains(directory.resolve(lost).toString())
                    .contains("lispctl member remove " + lost)
                    .contains("lispctl member add NAME 127.0.0.1:");
            assertThat(members.log(lost).status().healthy()).isTrue();
            assertThat(members.log(lost).status().role()).isEqualTo(Status.Role.NONE);
            assertThat(refused(members.log(lost), "x=1").reason()).isEqualTo(Reason.NO_LEADER);
            acknowledged(members.log(leader), "b=2"); // two of three go on

            // Were the empty one counted, the two would be a majority without what was promised.
            members.close(kept);
            var alone = members.log(leader);
            assertThat(refused(alone, "c=3").reason()).isNotEqualTo(Reason.OVERLOADED);
            await("nobody leads", () -> members.leading().isEmpty());
            assertThat(refuses(members, lost)).contains("is empty");
            members.open(members.config(kept, three));
            acknowledged(members.log(kept), "d=4");

            members.close(lost);
            var any = members.log(kept);
            any.removeMember(lost);
            var renamed = new ArrayList<Peer>(three);
            renamed.removeIf(peer -> peer.id().equals(lost));
            renamed.add(members.peers().getLast());
            members.open(members.config("m4", renamed));
            await("it waits", () -> refuses(members, "m4").contains("is no member of it: add it"));
            any.addMember("m4", "127.0.0.1", members.peers().getLast().port());
            awaitVoter(members, "m4");
            acknowledged(members.log("m4"), "e=5");
            var all = members.machine("m4").rows();
            assertThat(all).containsAllEntriesOf(Map.of("a", "1", "b", "2", "d", "4", "e", "5"));
            members.awaitSameRows(all);

            // The settings of the others still name the member that is gone.
            members.close(leader);
            members.open(members.config(leader, three));
            acknowledged(members.log(leader), "f=6");
            members.close("m4");
            members.open(members.config("m4", renamed));
            acknowledged(members.log("m4"), "g=7");

            assertNeverAddedAgain(members, "m4", lost);
        }
    }

    /** With what it had, or without: its name stands for what was promised under it. */
    private static void assertNeverAddedAgain(Members members, String at, String former) {
        int port =
                members.peers().stream()
                        .filter(peer -> peer.id().equals(former))
                        .findFirst()
                        .orElseThrow()
                        .port();
        assertThatThrownBy(() -> members.log(at).addMember(former, "127.0.0.1", port))
                .isInstanceOf(FormerMemberException.class)
                .hasMessageContaining("a member " + former + " was removed before");
    }

    /** Ratis leaves the first leader of a member that joins to say that it may stand and vote. */
    @Test
    void aMemberThatHasBeenAddedVotesOnceTheLeaderThatAddedItIsLost() throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3", "m4")) {
            var three = members.peers().subList(0, 3);
            for (var peer : three) {
                members.open(members.config(peer.id(), three));
            }
            await("a leader", () -> members.leading().size() == 1);
            acknowledged(members.log("m1"), "a=1");
            int port = members.peers().getLast().port();
            assertThatThrownBy(() -> members.log("m1").addMember("m4", "127.0.0.1", port))
                    .hasMessage(
                            "m4 does not answer at 127.0.0.1:"
                                    + port
                                    + ": it has to run, with itself among its peers");
            members.open("m4");
            assertThatThrownBy(() -> members.log("m1").addMember("m5", "127.0.0.1", port))
                    .hasMessage("127.0.0.1:" + port + " is where m4 runs, not m5");
            // It counts itself in; only who hears of a leader knows.
            assertThatThrownBy(() -> members.log("m4").addMember("m4", "127.0.0.1", port))
                    .isInstanceOf(NoLeaderException.class)
                    .hasMessage("member m4 hears of no leader");
            assertThatThrownBy(() -> members.log("m4").removeMember("m1"))
                    .isInstanceOf(NoLeaderException.class);
            var leader = members.leading().getFirst();
            members.log(leader).addMember("m4", "127.0.0.1", port);
            awaitVoter(members, "m4");

            members.close(leader); // three of four are a majority, none without the new one
            acknowledged(members.log("m4"), "b=2");
            members.awaitSameRows(Map.of("a", "1", "b", "2"));
        }
    }

    @Test
    void aLeaderIsRemovedWhileAnotherMemberDoesNotRun() throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3", "m4")) {
            members.openAll();
            var leader = members.leading().getFirst();
            var others = members.following();
            acknowledged(members.log(leader), "a=1");
            members.close(others.getFirst());

            members.log(others.getLast()).removeMember(leader);
            assertThat(members.log(others.getLast()).status().members())
                    .extracting(Status.Member::id)
                    .isEqualTo(others);
            acknowledged(members.log(others.getLast()), "b=2");
        }
    }

    @Test
    void aMemberThatWasRemovedSaysSo() throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3")) {
            members.openAll();
            var removed = members.following().getLast();
            acknowledged(members.log(removed), "a=1");
            members.log(removed).removeMember(removed);

            await("it knows", () -> members.log(removed).status().removed());
            var status = members.log(removed).status();
            assertThat(status.healthy()).isFalse();
            assertThat(status.reason()).startsWith("it was removed from the group");
            var others = members.ids().stream().filter(id -> !id.equals(removed)).toList();
            assertThat(status.members()).extracting(Status.Member::id).isEqualTo(others);
            assertThat(members.log(others.getFirst()).status().removed()).isFalse();
            acknowledged(members.log(others.getFirst()), "b=2");
            assertNeverAddedAgain(members, others.getFirst(), removed);

            // It is no less removed when it has been started again.
            members.close(removed);
            members.open(removed);
            await("it knows again", () -> members.log(removed).status().removed());
        }
    }

    /** It was not there when it was removed, and nobody calls it any more. */
    @Test
    void aMemberThatWasRemovedWhileItDidNotRunAsksTheOthers() throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3")) {
            members.openAll();
            var removed = members.following().getLast();
            acknowledged(members.log(removed), "a=1");
            members.close(removed);
            members.log(members.leading().getFirst()).removeMember(removed);

            members.open(removed);
            await("it knows", () -> members.log(removed).status().removed());
        }
    }

    @Test
    void aNewGroupBeginsOnlyWhenAllItsMembersHaveSaidThatTheyHaveNoLog() throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3")) {
            members.open("m1");
            members.open("m3");
            await("they wait", () -> refuses(members, "m1").contains("once m2 has answered"));
            assertThat(refused(members.log("m3"), "a=1").reason()).isEqualTo(Reason.NO_LEADER);
            assertThat(members.leading()).isEmpty();
            members.open("m2");
            await("it has begun", () -> refuses(members, "m2").isEmpty());
            acknowledged(members.log("m2"), "b=2");
            members.awaitSameRows(Map.of("b", "2"));
        }
    }
}
