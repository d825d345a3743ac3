package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
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

    /** Found by the nemesis: Ratis had emptied the file, and never started again. */
    @Test
    void aVoteThatAFullDiskHasTakenIsGivenToNobodyElse() throws Exception {
        try (var home = MemberDirectory.claim(folder, "group", "ms-0", Set.of("ms-0", "ms-1"), 1)) {
            Files.createFile(vote());
            assertThat(home.mendVote(7, "ms-0")).isTrue();
            var properties = new Properties();
            try (var in = Files.newInputStream(vote())) {
                properties.load(in);
            }
            assertThat(properties).containsEntry("term", "7").containsEntry("votedFor", "ms-0");
        }
    }

    @Test
    void aVoteThatIsThereStays() throws Exception {
        try (var home = MemberDirectory.claim(folder, "group", "ms-0", Set.of("ms-0", "ms-1"), 1)) {
            assertThat(home.mendVote(7, "ms-0")).isFalse();
            Files.writeString(vote(), "term=9\nvotedFor=ms-1\n");
            assertThat(home.mendVote(7, "ms-0")).isFalse();
            assertThat(vote()).hasContent("term=9\nvotedFor=ms-1");
        }
    }
}
