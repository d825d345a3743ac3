package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static io.lispfabric.store.ratis.Trial.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.Recorder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a disk may do to a member that was killed: nothing of it is served, or lost, in silence. */
class DamageTest {
    private static final String LONG = "x".repeat(3000); // over several sectors

    @TempDir Path directory;

    private RatisLogConfig config(String name) {
        return RatisLogConfig.alone("damage", "one", directory.resolve(name));
    }

    /** The disk of a member as a power failure leaves it, with three entries of commands. */
    private RatisLogConfig crashed() throws IOException {
        var config = config("running");
        try (var log = RatisLog.open(config, new Recorder())) {
            acknowledged(log, "a=1");
            acknowledged(log, "b=2");
            acknowledged(log, "c=" + LONG);
            copy(config.directory(), config("crashed").directory());
        }
        return config("crashed");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var tree = Files.walk(from)) {
            for (var path : tree.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }

    private static List<Path> files(Path below, String pattern) throws IOException {
        try (var tree = Files.walk(below)) {
            return tree.filter(path -> path.getFileName().toString().matches(pattern)).toList();
        }
    }

    private static Path segment(RatisLogConfig config) throws IOException {
        return files(config.directory(), "log_inprogress_.*").getFirst();
    }

    /** Where the command ends that was acknowledged last; entries of Ratis itself may follow. */
    private static int end(Path segment) throws IOException {
        var octets = Files.readAllBytes(segment);
        int end = octets.length;
        while (octets[end - 1] != 'x') {
            end--;
        }
        return end;
    }

    private static void assertStartsWith(RatisLogConfig config, String... keys) throws IOException {
        var machine = new Recorder();
        try (var log = RatisLog.open(config, machine)) {
            acknowledged(log, "after=1");
            var expected = new TreeSet<>(List.of(keys));
            expected.add("after");
            assertThat(machine.rows().keySet()).isEqualTo(expected);
        }
        var again = new Recorder();
        try (var log = RatisLog.open(config, again)) {
            assertThat(again.rows()).isEqualTo(machine.rows());
            acknowledged(log, "later=1");
        }
    }

    @Test
    void whatACrashLeavesWholeIsAllThere() throws IOException {
        assertStartsWith(crashed(), "a", "b", "c");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 1500, 3000})
    void aLastEntryWhoseEndIsMissingIsCut(int missing) throws IOException {
        var config = crashed();
        var segment = segment(config);
        try (var file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.setLength(end(segment) - missing);
        }
        assertStartsWith(config, "a", "b");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aLastEntryOfWhichASectorWasNeverWrittenIsCut(int sector) throws IOException {
        var config = crashed();
        var segment = segment(config);
        int start = (end(segment) - 3000) / 512 * 512 + 512 * (1 + sector);
        try (var file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.seek(start);
            file.write(new byte[512]);
        }
        assertStartsWith(config, "a", "b");
    }

    @Test
    void aLastEntryThatWasChangedIsNoTornOneAndStopsTheStart() throws IOException {
        var config = crashed();
        var segment = segment(config);
        try (var file = new RandomAccessFile(segment.toFile(), "rw")) {
            file.seek(end(segment) - 1000);
            file.write('y');
        }
        assertThatThrownBy(() -> RatisLog.open(config, new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(config.directory().toString())
                .hasMessageContaining("corrupted");
    }

    /**
     * A member whose log is an old one, as if the disk had lied about what was written, while its
     * rows are not.
     *
     * @param since what the old log has come to hold since
     */
    private RatisLogConfig forgetful(String... since) throws IOException {
        var config = config("one");
        var old = config("old");
        try (var log = RatisLog.open(config, new Recorder())) {
            acknowledged(log, "a=1");
            copy(config.directory(), old.directory());
            acknowledged(log, "b=2");
            acknowledged(log, "c=3");
            acknowledged(log, "d=4");
        }
        if (since.length > 0) {
            try (var log = RatisLog.open(old, new Recorder())) {
                for (var command : since) {
                    acknowledged(log, command);
                }
                old = config("older");
                copy(config("old").directory(), old.directory());
            }
        }
        for (var lost : files(config.directory(), "log_.*")) {
            Files.delete(lost);
        }
        delete(config.directory().resolve("raft"), "ckpt.*");
        for (var kept : files(old.directory(), "log_.*")) {
            var at = old.directory().relativize(kept);
            Files.copy(kept, config.directory().resolve(at.toString()));
        }
        return config;
    }

    private static void delete(Path below, String pattern) throws IOException {
        for (var folder : files(below, pattern)) {
            for (var file : files(folder, ".*").reversed()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void rowsThatAreFurtherThanTheirLogStopTheStart() throws IOException {
        var config = forgetful();
        assertThatThrownBy(() -> RatisLog.open(config, new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot start from " + config.directory())
                .hasMessageContaining("but the log ends at")
                .hasMessageContaining("its disk has lost what was written to it");
    }

    @Test
    void rowsOfALogThatHasGoneOnWithoutThemStopTheMember() throws IOException {
        var config = forgetful("e=5", "f=6", "g=7", "h=8", "i=9");
        try (var log = RatisLog.open(config, new Recorder())) {
            await("it stops", () -> !log.status().healthy());
            assertThat(log.status().reason()).contains("the log has another entry at");
        }
    }

    @Test
    void aLogThatBeginsFurtherOnThanItsRowsStopsTheStart() throws IOException {
        var config = config("one");
        try (var log = RatisLog.open(config, new Recorder())) {
            acknowledged(log, "a=1");
        }
        try (var log = RatisLog.open(config, new Recorder())) {
            acknowledged(log, "b=2");
        }
        for (var closed : files(config.directory(), "log_\\d+-.*")) {
            Files.delete(closed);
        }
        delete(config.directory(), "ckpt.*");
        delete(config.directory(), "rows");

        assertThatThrownBy(() -> RatisLog.open(config, new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("but the log begins at");
    }

    @Test
    void aChangedOctetInTheRowsStopsTheStart() throws IOException {
        var config = config("one");
        try (var log = RatisLog.open(config, new Recorder())) {
            acknowledged(log, "a=" + LONG);
        }
        flipAll(config.directory().resolve("rows"));
        assertThatThrownBy(() -> RatisLog.open(config, new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the rows in " + config.directory())
                .hasMessageContaining("checksum mismatch");
    }

    @Test
    void aMissingFileOfTheRowsStopsTheStart() throws IOException {
        var config = config("one");
        try (var log = RatisLog.open(config, new Recorder())) {
            acknowledged(log, "a=" + LONG);
        }
        for (var file : files(config.directory().resolve("rows"), ".*\\.sst")) {
            Files.delete(file);
        }
        assertThatThrownBy(() -> RatisLog.open(config, new Recorder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot open the rows in " + config.directory());
    }

    private static void flipAll(Path below) throws IOException {
        for (var file : files(below, ".*\\.sst")) {
            flip(file);
        }
    }

    /** Where a member keeps them; beside it the log comes and goes. */
    private static Path snapshots(Path home) throws IOException {
        try (var group = Files.newDirectoryStream(home.resolve("raft"))) {
            return group.iterator().next().resolve("sm");
        }
    }

    /** In the first block of data: what lies further may be what nobody reads. */
    private static void flip(Path file) throws IOException {
        try (var octets = new RandomAccessFile(file.toFile(), "rw")) {
            octets.seek(20);
            int one = octets.read();
            octets.seek(20);
            octets.write(one ^ 1);
        }
    }

    @Test
    void aDamagedSnapshotOfTheLeaderStopsWhoeverInstallsItBeforeAnythingOfItIsServed()
            throws IOException {
        try (var members = new Members(directory, "m1", "m2", "m3")) {
            members.openAll();
            var leader = members.leading().getFirst();
            var away = members.following().getFirst();
            acknowledged(members.log(away), "before=1");
            members.close(away);
            var expected = new TreeMap<>(Map.of("before", "1"));
            var filling = "x".repeat(200_000);
            for (int i = 0; i < 40; i++) { // several segments of the log
                acknowledged(members.log(leader), "k" + i % 5 + "=" + i + filling);
                expected.put("k" + i % 5, i + filling);
            }
            for (var log : members.logs()) {
                log.snapshot();
            }
            for (var id : members.ids()) {
                flipAll(snapshots(directory.resolve(id)));
            }
            members.open(away);
            await("it stops", () -> !members.log(away).status().healthy());
            assertThat(members.log(away).status().reason())
                    .contains("cannot install the leader's snapshot")
                    .contains("checksum mismatch");
            acknowledged(members.log(leader), "after=2"); // the others go on
            expected.put("after", "2");
            assertThat(members.machine(leader).rows()).isEqualTo(expected);
        }
    }
}
