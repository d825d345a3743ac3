package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.rocks.RocksStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a full disk leaves behind. */
class MemberDirectoryTest {
    @TempDir Path folder = Path.of("");

    private Path vote() throws Exception {
        var current = folder.resolve("raft/59606609-c6f2-30f4-ac81-167fe123c3f1/current");
        return Files.createDirectories(current).resolve("raft-meta");
    }

    private MemberDirectory claimed() throws Exception {
        return MemberDirectory.claim(folder, "group", "ms-0", Set.of("ms-0", "ms-1"), 1);
    }

    private Properties voted() throws Exception {
        var properties = new Properties();
        try (var in = Files.newInputStream(vote())) {
            properties.load(in);
        }
        return properties;
    }

    /** Found by the nemesis: Ratis had emptied the file, and never started again. */
    @Test
    void aVoteThatAFullDiskHasTakenIsGivenToNobodyElse() throws Exception {
        try (var home = claimed()) {
            assertThat(home.isRobbed()).isFalse();
            Files.createFile(vote());
            assertThat(home.isRobbed()).isTrue();
            home.mend(OptionalLong.of(7), "ms-0");
            assertThat(voted()).containsEntry("term", "7").containsEntry("votedFor", "ms-0");
            assertThat(home.isRobbed()).isFalse();
        }
    }

    /** It is killed while its disk is full: only what was promised before says in which terms. */
    @Test
    void whoseProcessEndsThenVotesForNobodyInTheGreatestTermThatWasPromised() throws Exception {
        try (var home = claimed()) {
            Files.createFile(vote());
            assertThat(home.mostTerm()).isEmpty();
            home.mend(home.mostTerm(), "ms-0");
            assertThat(home.isRobbed()).isTrue();

            home.keepMostTerm(100_003);
            home.keepMostTerm(200_003);
        }
        try (var home = claimed()) {
            home.mend(home.mostTerm(), "ms-0");
            assertThat(voted()).containsEntry("term", "200003");
        }
    }

    /** Before a member may vote, so that there is none whose term was not promised. */
    @Test
    void termsArePromisedFarAheadAndSeldom() throws Exception {
        try (var home = claimed()) {
            assertThat(home.writtenTerm()).isZero();
            Files.writeString(vote(), "term=9\nvotedFor=ms-1\n");
            home.promiseTerms(home.writtenTerm());
            assertThat(home.mostTerm()).hasValue(100_009);
            home.promiseTerms(50_009);
            assertThat(home.mostTerm()).hasValue(100_009);
            home.promiseTerms(50_010);
            assertThat(home.mostTerm()).hasValue(150_010);
        }
    }

    @Test
    void aPromiseThatIsDamagedIsNone() throws Exception {
        try (var home = claimed()) {
            home.keepMostTerm(100_003);
            var file = folder.resolve("terms");
            Files.writeString(file, Files.readString(file).replace("3 ", "2 "));
            assertThat(home.mostTerm()).isEmpty();
            Files.writeString(file, "");
            assertThat(home.mostTerm()).isEmpty();
        }
    }

    @Test
    void whoTheMembersAreIsTakenFromTheRowsWhereAFullDiskHasTakenIt() throws Exception {
        try (var home = claimed()) {
            var members = Files.createFile(vote().resolveSibling("raft-meta.conf"));
            try (var rows = RocksStore.open(home.rows())) {
                rows.note(
                        new LogPosition(1, 2),
                        Map.of(MemberDirectory.CONFIGURATION, new byte[] {1, 2, 3}));
            }
            assertThat(home.isRobbed()).isTrue();
            home.mend(OptionalLong.empty(), "ms-0");
            assertThat(members).hasBinaryContent(new byte[] {1, 2, 3});
        }
    }

    /** The log begins behind it, so has no entry that says what these rows do not. */
    @Test
    void whoTheMembersAreIsTakenFromASnapshotThatWasNotInstalledYet() throws Exception {
        try (var home = claimed()) {
            var members = Files.createFile(vote().resolveSibling("raft-meta.conf"));
            var snapshots = Files.createDirectories(vote().resolveSibling("../sm"));
            try (var rows = RocksStore.open(home.rows())) {
                rows.note(
                        new LogPosition(1, 2),
                        Map.of(MemberDirectory.CONFIGURATION, new byte[] {1, 2, 3}));
            }
            try (var leader = RocksStore.open(folder.resolve("leader"))) {
                leader.note(
                        new LogPosition(2, 9),
                        Map.of(MemberDirectory.CONFIGURATION, new byte[] {7, 8}));
                leader.checkpoint(snapshots.resolve("ckpt.2_9"));
            }
            home.mend(OptionalLong.empty(), "ms-0");
            assertThat(members).hasBinaryContent(new byte[] {7, 8});
        }
    }

    /** Rows without it are behind the first entry that says it. */
    @Test
    void whoTheMembersAreIsTakenFromTheLogWhereTheRowsDoNotSayIt() throws Exception {
        try (var home = claimed()) {
            var members = Files.createFile(vote().resolveSibling("raft-meta.conf"));
            home.mend(OptionalLong.empty(), "ms-0");
            assertThat(members).doesNotExist();
            assertThat(home.isRobbed()).isFalse();
        }
    }

    @Test
    void aVoteThatIsThereStays() throws Exception {
        try (var home = claimed()) {
            home.mend(OptionalLong.of(7), "ms-0");
            assertThat(vote()).doesNotExist();
            Files.writeString(vote(), "term=9\nvotedFor=ms-1\n");
            home.mend(OptionalLong.of(7), "ms-0");
            assertThat(vote()).hasContent("term=9\nvotedFor=ms-1");
        }
    }
}
