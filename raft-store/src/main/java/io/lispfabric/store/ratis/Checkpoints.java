package io.lispfabric.store.ratis;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.rocks.RocksStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.impl.FileListSnapshotInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots of one replica: RocksDB checkpoints, each a directory {@code ckpt.TERM_INDEX} in
 * the folder that Ratis keeps for the state machine and swaps as a whole when a snapshot comes from
 * the leader.
 */
final class Checkpoints implements StateMachineStorage {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final Pattern NAME = Pattern.compile("ckpt\\.(\\d{1,18})_(\\d{1,18})");
    private static final String UNFINISHED = "unfinished";

    private record Stored(Path directory, LogPosition position) {}

    private volatile @Nullable Path folder;
    private volatile @Nullable SnapshotInfo
            latest; // asked for with every entry that a leader sends

    @Override
    public void init(RaftStorage storage) throws IOException {
        folder = storage.getStorageDir().getStateMachineDir().toPath();
        Files.createDirectories(folder());
        delete(folder().resolve(UNFINISHED));
        refresh();
    }

    private Path folder() {
        var known = folder;
        if (known == null) {
            throw new IllegalStateException("the snapshots were not initialised");
        }
        return known;
    }

    /** Looks again at what is there: Ratis may have swapped the folder. */
    void refresh() throws IOException {
        var newest = newest();
        if (newest.isEmpty()) {
            latest = null;
            return;
        }
        var files = new ArrayList<FileInfo>();
        try (var content = Files.newDirectoryStream(newest.get().directory())) {
            for (var file : content) {
                if (!file.getFileName()
                        .toString()
                        .endsWith(".md5")) { // beside each file that Ratis received
                    files.add(new FileInfo(file, null)); // the digest is taken while it is sent
                }
            }
        }
        var position = newest.get().position();
        latest = new FileListSnapshotInfo(files, position.term(), position.index());
    }

    private List<Stored> stored() throws IOException {
        var found = new ArrayList<Stored>();
        if (!Files.exists(folder())) {
            return found;
        }
        try (var content = Files.newDirectoryStream(folder())) {
            for (var path : content) {
                var name = NAME.matcher(path.getFileName().toString());
                if (name.matches()) {
                    var position =
                            new LogPosition(
                                    Long.parseLong(name.group(1)), Long.parseLong(name.group(2)));
                    found.add(new Stored(path, position));
                }
            }
        }
        found.sort(Comparator.comparing(Stored::position));
        return found;
    }

    private Optional<Stored> newest() throws IOException {
        var found = stored();
        return found.isEmpty() ? Optional.empty() : Optional.of(found.getLast());
    }

    /** The position of the newest snapshot; {@link LogPosition#NONE} if there is none. */
    LogPosition position() throws IOException {
        return newest().map(Stored::position).orElse(LogPosition.NONE);
    }

    /** Keeps the rows as they are. */
    void take(RocksStore rows) throws IOException {
        var position = rows.position();
        var target = folder().resolve("ckpt." + position.term() + "_" + position.index());
        if (Files.exists(target)) {
            return;
        }
        var unfinished = folder().resolve(UNFINISHED);
        delete(unfinished);
        rows.checkpoint(unfinished);
        Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        try (var channel = FileChannel.open(folder(), StandardOpenOption.READ)) {
            channel.force(true); // the log before the snapshot is about to be dropped
        }
        refresh();
    }

    /** Those in a folder, while no Raft server looks after it. */
    static Checkpoints in(Path folder) {
        var those = new Checkpoints();
        those.folder = folder;
        return those;
    }

    /**
     * Opens the rows, after putting those of the newest snapshot in their place if they are behind
     * it. So they are only if a crash came between the arrival of a snapshot and its installation:
     * to take one flushes the rows.
     */
    RocksStore open(Path rows) throws IOException {
        var opened = RocksStore.open(rows);
        try {
            if (position().index() <= opened.position().index()) {
                return opened;
            }
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
        opened.close();
        restoreTo(rows);
        return RocksStore.open(rows);
    }

    /** Makes the rows in {@code live}, which are closed, those of the newest snapshot. */
    void restoreTo(Path live) throws IOException {
        var newest =
                newest().orElseThrow(() -> new IOException("there is no snapshot in " + folder()));
        RocksStore.restore(newest.directory(), live);
    }

    @Override
    public @Nullable SnapshotInfo getLatestSnapshot() {
        return latest;
    }

    @Override
    public void cleanupOldSnapshots(SnapshotRetentionPolicy policy) throws IOException {
        int kept = Math.max(1, policy.getNumSnapshotsRetained());
        var found = stored();
        for (var old : found.subList(0, Math.max(0, found.size() - kept))) {
            LOG.debug("dropping the snapshot at {}", old.position());
            delete(old.directory());
        }
    }

    /** Nothing to do: an empty folder is one without snapshots. */
    @Override
    public void format() {}

    private static void delete(Path directory) throws IOException {
        try (var tree = Files.walk(directory)) {
            for (var path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // as wanted
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    static TermIndex termIndex(LogPosition position) {
        return TermIndex.valueOf(position.term(), position.index());
    }
}
