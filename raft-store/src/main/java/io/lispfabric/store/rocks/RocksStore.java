package io.lispfabric.store.rocks;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Write;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Checkpoint;
import org.rocksdb.CompressionType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Snapshot;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * The rows that a replica has applied, and the position of the last entry in them: both change in
 * one batch or not at all. There is no write-ahead log, since the Raft log is one: after a crash
 * the store may have fallen back to an older position, and the log supplies the rest. A {@link
 * #checkpoint} is durable.
 *
 * <p>One thread writes; any may read. A closed store refuses with an {@link IllegalStateException}.
 */
public final class RocksStore implements StateMachine.Rows, AutoCloseable {
    private static final byte OWN = 0; // what the keys of its own rows begin with
    private static final byte[] POSITION = {OWN};
    private static final long MIB = 1 << 20;

    private final Path directory;
    private final List<AutoCloseable> owned; // natives, in the order they were made
    private final RocksDB db;
    private final WriteOptions unlogged;
    private final Set<View> views = new HashSet<>();
    private LogPosition position;
    private boolean closed;

    private RocksStore(
            Path directory, List<AutoCloseable> owned, RocksDB db, LogPosition position) {
        this.directory = directory;
        this.owned = owned;
        this.db = db;
        this.unlogged = new WriteOptions().setDisableWAL(true);
        this.position = position;
        owned.add(unlogged);
    }

    /**
     * Opens the store in {@code directory}, or makes an empty one.
     *
     * @throws IOException if the directory cannot be used, is open already or is damaged
     */
    public static RocksStore open(Path directory) throws IOException {
        Files.createDirectories(directory);
        NativeLibrary.load();
        var owned = new ArrayList<AutoCloseable>();
        try {
            var db = RocksDB.open(options(owned), directory.toString());
            owned.add(db);
            var stored = db.get(POSITION);
            return new RocksStore(
                    directory,
                    owned,
                    db,
                    stored == null ? LogPosition.NONE : LogPosition.decode(stored));
        } catch (RocksDBException | IllegalArgumentException e) {
            release(owned);
            throw new IOException(
                    "cannot open the rows in " + directory + ": " + e.getMessage(), e);
        }
    }

    /**
     * Modest: several members may live in one process, and what is hot is kept on the heap by the
     * state machine.
     */
    private static Options options(List<AutoCloseable> owned) {
        var cache = own(owned, new LRUCache(16 * MIB));
        var memtables =
                own(
                        owned,
                        new WriteBufferManager(
                                16 * MIB, cache, true)); // charged to the cache: one bound for both
        var filter = own(owned, new BloomFilter(10));
        return own(owned, new Options())
                .setCreateIfMissing(true)
                .setWriteBufferManager(memtables)
                .setWriteBufferSize(4 * MIB)
                .setMaxOpenFiles(256)
                .setMaxBackgroundJobs(2)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(MIB)
                .setKeepLogFileNum(2)
                .setTableFormatConfig(
                        new BlockBasedTableConfig()
                                .setBlockCache(cache)
                                .setFilterPolicy(filter)
                                .setCacheIndexAndFilterBlocks(true)
                                .setPinL0FilterAndIndexBlocksInCache(true));
    }

    private static <T extends AutoCloseable> T own(List<AutoCloseable> owned, T made) {
        owned.add(made);
        return made;
    }

    /**
     * The position of the last entry whose writes are in the rows; {@link LogPosition#NONE} in an
     * empty store.
     */
    public synchronized LogPosition position() {
        return position;
    }

    /**
     * Makes an entry's writes, all or none, together with its position.
     *
     * @throws IllegalArgumentException if the position is not greater than the store's
     * @throws IOException if RocksDB cannot take them; the store is then as it was
     */
    public void commit(LogPosition at, List<Write> writes) throws IOException {
        commit(
                at,
                batch -> {
                    for (var write : writes) {
                        switch (write) {
                            case Write.Put(var key, var value) -> batch.put(key, value);
                            case Write.Delete(var key) -> batch.delete(key);
                        }
                    }
                });
    }

    /** What is to be written at once. */
    private interface Contents {
        void putInto(WriteBatch batch) throws RocksDBException;
    }

    private synchronized void commit(LogPosition at, Contents contents) throws IOException {
        checkOpen();
        if (at.compareTo(position) <= 0) {
            throw new IllegalArgumentException(
                    "the rows are at " + position + " already, not before " + at);
        }
        try (var batch = new WriteBatch()) {
            contents.putInto(batch);
            batch.put(POSITION, at.encoded());
            db.write(unlogged, batch);
        } catch (RocksDBException e) {
            throw new IOException(
                    "cannot store log entry " + at + " in " + directory + ": " + e.getMessage(), e);
        }
        position = at;
    }

    /**
     * Notes something together with a position, as {@link #commit} does: a note is no row, but it
     * goes with every checkpoint.
     *
     * @param notes by their names, which are not empty
     */
    public void note(LogPosition at, Map<String, byte[]> notes) throws IOException {
        commit(
                at,
                batch -> {
                    for (var note : notes.entrySet()) {
                        batch.put(noteKey(note.getKey()), note.getValue());
                    }
                });
    }

    /**
     * What was noted last under a name.
     *
     * @throws IOException if it cannot be read
     */
    public Optional<byte[]> noted(String name) throws IOException {
        return get(noteKey(name));
    }

    private static byte[] noteKey(String name) {
        var text = name.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(1 + text.length).put(OWN).put(text).array();
    }

    /**
     * What the row holds.
     *
     * @throws IOException if it cannot be read
     */
    public synchronized Optional<byte[]> get(byte[] key) throws IOException {
        checkOpen();
        try {
            return Optional.ofNullable(db.get(key));
        } catch (RocksDBException e) {
            throw new IOException("cannot read a row in " + directory + ": " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized void forEach(BiConsumer<byte[], byte[]> row) {
        checkOpen();
        try (var rows = db.newIterator()) {
            show(rows, row, () -> {});
        } catch (RocksDBException e) {
            throw unreadable(e);
        }
    }

    private static void show(RocksIterator rows, BiConsumer<byte[], byte[]> row, Runnable before)
            throws RocksDBException {
        for (rows.seek(new byte[] {OWN + 1}); rows.isValid(); rows.next()) {
            before.run();
            row.accept(rows.key(), rows.value());
        }
        rows.status();
    }

    /** A view was cancelled, or its store closed, while it was read. */
    public static final class CancelledException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CancelledException() {
            super("the view of the rows was cancelled", null, false, false);
        }
    }

    /**
     * The rows as they were when it was taken, whatever is committed meanwhile. It costs nothing to
     * take; until it is closed, RocksDB keeps what it shows. Read by one thread.
     */
    public final class View implements StateMachine.Rows, AutoCloseable {
        private final Snapshot snapshot = db.getSnapshot();
        private volatile boolean cancelled;

        private View() {}

        /**
         * @throws CancelledException if it is cancelled before the end, or its store closed
         */
        @Override
        public void forEach(BiConsumer<byte[], byte[]> row) {
            // What is read once should not push out what is read often.
            try (var options = new ReadOptions().setSnapshot(snapshot).setFillCache(false);
                    var rows = db.newIterator(options)) {
                show(rows, row, this::checkGoesOn);
            } catch (RocksDBException e) {
                throw unreadable(e);
            }
        }

        private void checkGoesOn() {
            if (cancelled) {
                throw new CancelledException();
            }
        }

        /** Ends a reading; may be called by any thread. */
        public void cancel() {
            cancelled = true;
        }

        @Override
        public void close() {
            synchronized (RocksStore.this) {
                if (views.remove(this)) {
                    db.releaseSnapshot(snapshot);
                    snapshot.close();
                    RocksStore.this.notifyAll();
                }
            }
        }
    }

    /** The rows as they are now; to be closed. */
    public synchronized View view() {
        checkOpen();
        var view = new View();
        views.add(view);
        return view;
    }

    private UncheckedIOException unreadable(RocksDBException e) {
        return new UncheckedIOException(
                new IOException("cannot read the rows in " + directory + ": " + e.getMessage(), e));
    }

    /**
     * Writes the rows and their position, as they are now, to a new directory: at once, mostly by
     * hard links, and durably.
     *
     * @param target does not exist yet; its parent does, on the same file system
     * @throws IOException if it cannot be written; what is there then is to be deleted
     */
    public synchronized void checkpoint(Path target) throws IOException {
        checkOpen();
        try (var checkpoint = Checkpoint.create(db)) {
            checkpoint.createCheckpoint(target.toString());
        } catch (RocksDBException e) {
            throw new IOException(
                    "cannot write a checkpoint to " + target + ": " + e.getMessage(), e);
        }
        sync(parent(target));
    }

    /**
     * Makes the rows in {@code directory} those of a checkpoint. The store there is closed. If this
     * is interrupted, the rows are either the old ones or none at all, never a mixture.
     *
     * @param checkpoint stays as it is; on the same file system
     * @throws IOException if it cannot be done
     */
    public static void restore(Path checkpoint, Path directory) throws IOException {
        var incoming = directory.resolveSibling(directory.getFileName() + ".incoming");
        delete(incoming);
        Files.createDirectory(incoming);
        try (var files = Files.newDirectoryStream(checkpoint)) {
            for (var file : files) {
                var name = file.getFileName().toString();
                var copy = incoming.resolve(name);
                if (name.endsWith(".md5")) { // Ratis leaves one beside each file that it received
                    continue;
                }
                sync(file); // who received it did not necessarily do so
                if (name.endsWith(".sst")) {
                    Files.createLink(copy, file); // never written again by RocksDB
                } else {
                    Files.copy(file, copy);
                    sync(copy);
                }
            }
        }
        sync(incoming);
        delete(directory);
        Files.move(incoming, directory, StandardCopyOption.ATOMIC_MOVE);
        sync(parent(directory));
    }

    /** Deletes a directory of files, if it is there. */
    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (var tree = Files.walk(directory)) {
            for (var path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Path parent(Path path) {
        return Objects.requireNonNull(
                path.toAbsolutePath().getParent(), "a root is no place for rows");
    }

    private static void sync(Path path) throws IOException {
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the rows in " + directory + " are closed");
        }
    }

    /**
     * Releases the files and the native memory, once nobody reads a view any more: each is
     * cancelled. What was committed since the last checkpoint may or may not be on disk.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        views.forEach(View::cancel);
        boolean interrupted = false;
        while (!views.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        release(owned);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Natives go in the reverse order: the database before its options, the options before their
     * cache.
     */
    private static void release(List<AutoCloseable> owned) {
        for (var one : owned.reversed()) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException(
                        "cannot release " + one, e); // RocksDB's close methods throw nothing
            }
        }
    }
}
