package io.lispfabric.store.rocks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateHash;
import io.lispfabric.store.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreTest {
    @TempDir Path directory;

    @Test
    void rowsAndPositionAreThereAgainAfterACloseAndTheStoresOwnRowIsNotShown() throws IOException {
        try (var store = RocksStore.open(directory.resolve("rows"))) {
            assertThat(store.position()).isEqualTo(LogPosition.NONE);
            store.commit(at(0), List.of(put("a", "1"), put("b", "2")));
            store.commit(at(1), List.of(delete("a"), put("c", "3"), put("c", "4")));
            store.commit(at(2), List.of());
        }
        try (var store = RocksStore.open(directory.resolve("rows"))) {
            assertThat(rows(store)).isEqualTo(Map.of("b", "2", "c", "4"));
            assertThat(store.get("b".getBytes(UTF_8))).hasValue("2".getBytes(UTF_8));
            assertThat(store.get("a".getBytes(UTF_8))).isEmpty();
            assertThat(store.position()).isEqualTo(at(2));
        }
    }

    /** A process that is killed could not remove it any more. */
    @Test
    void theUnpackedLibraryIsGoneOnceItIsLoaded() throws IOException {
        try (var _ = RocksStore.open(directory.resolve("rows"));
                var mapped = Files.lines(Path.of("/proc/self/maps"))) {
            assertThat(mapped.filter(it -> it.contains("librocksdb")))
                    .isNotEmpty()
                    .allMatch(it -> it.endsWith(" (deleted)"));
        }
    }

    /** Whoever reads all rows sees those of one entry, and holds nobody up. */
    @Test
    void aViewShowsTheRowsAsTheyWereWhenItWasTakenUntilItIsCancelled() throws IOException {
        try (var store = RocksStore.open(directory.resolve("rows"))) {
            store.commit(at(0), List.of(put("a", "1"), put("b", "2")));
            var expected = StateHash.of(0, store);
            var view = store.view();
            store.commit(at(1), List.of(delete("a"), put("b", "3"), put("c", "4")));
            var seen = new TreeMap<String, String>();
            view.forEach((key, value) -> {
                seen.put(new String(key, UTF_8), new String(value, UTF_8));
                commit(store, at(1 + seen.size()), put("d" + seen.size(), "5"));
            });
            assertThat(seen).isEqualTo(Map.of("a", "1", "b", "2"));
            assertThat(StateHash.of(0, view)).isEqualTo(expected);
            view.cancel();
            assertThatThrownBy(() -> StateHash.of(0, view))
                    .isInstanceOf(RocksStore.CancelledException.class);
            view.close();
            view.close();
        }
    }

    private static void commit(RocksStore store, LogPosition at, Write write) {
        try {
            store.commit(at, List.of(write));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What RocksDB lends must not be taken away from who reads it. */
    @Test
    void aStoreIsClosedOnceNobodyReadsAViewAnyMore() throws Exception {
        var store = RocksStore.open(directory.resolve("rows"));
        store.commit(at(0), numbered(1));
        var begun = new CountDownLatch(1);
        var view = store.view();
        var reader =
                CompletableFuture.runAsync(() -> {
                    try (view) {
                        while (true) {
                            view.forEach((_, _) -> begun.countDown());
                        }
                    }
                });
        begun.await();
        store.close();
        assertThatThrownBy(reader::join).cause().isInstanceOf(RocksStore.CancelledException.class);
    }

    /** The files of an open store, copied, are what a crash leaves: what is in memory is gone. */
    @Test
    void afterACrashTheRowsAreExactlyThoseOfTheirPosition() throws IOException {
        var crashed = directory.resolve("crashed");
        int attempts = 0;
        try (var store = RocksStore.open(directory.resolve("rows"))) {
            for (int i = 0; i < 40; i++) {
                // Each entry writes its number to many rows, and some must have reached the disk.
                store.commit(at(i), numbered(i));
            }
            store.checkpoint(directory.resolve("flushes"));
            for (int i = 40; i < 60; i++) {
                store.commit(at(i), numbered(i));
            }
            // Of one moment: a compaction in the background may take files away and bring others.
            while (!copied(directory.resolve("rows"), crashed)) {
                assertThat(attempts++).isLessThan(1_000);
            }
        }
        try (var store = RocksStore.open(crashed)) {
            assertThat(store.position()).isGreaterThanOrEqualTo(at(39));
            var number = String.valueOf(store.position().index());
            assertThat(rows(store))
                    .hasSize(1000)
                    .allSatisfy((_, value) -> assertThat(value).startsWith(number + " "));
        }
    }

    @Test
    void aCheckpointReplacesTheRowsAndStaysAsItIs() throws IOException {
        var checkpoint = directory.resolve("checkpoint");
        try (var store = RocksStore.open(directory.resolve("leader"))) {
            store.commit(at(7), List.of(put("a", "1")));
            store.checkpoint(checkpoint);
            store.commit(at(8), List.of(put("a", "2")));
        }
        Files.writeString(checkpoint.resolve("CURRENT.md5"), "as Ratis leaves it");

        var live = directory.resolve("follower");
        try (var store = RocksStore.open(live)) {
            store.commit(at(1), List.of(put("old", "row")));
        }
        for (int i = 0; i < 2; i++) {
            RocksStore.restore(checkpoint, live);
            try (var store = RocksStore.open(live)) {
                assertThat(rows(store)).isEqualTo(Map.of("a", "1"));
                assertThat(store.position()).isEqualTo(at(7));
                store.commit(at(9 + i), List.of(put("a", "3")));
            }
        }
        assertThat(live.resolve("CURRENT.md5")).doesNotExist();
    }

    @Test
    void aPositionOnlyGrows() throws IOException {
        try (var store = RocksStore.open(directory.resolve("rows"))) {
            store.commit(at(3), List.of(put("a", "1")));
            assertThatThrownBy(() -> store.commit(at(3), List.of(put("a", "2"))))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(rows(store)).isEqualTo(Map.of("a", "1"));
        }
    }

    @Test
    void whatCannotBeOpenedIsNamed() throws IOException {
        var rows = directory.resolve("rows");
        try (var _ = RocksStore.open(rows)) {
            assertThatThrownBy(() -> RocksStore.open(rows))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(rows.toString());
        }
        Files.writeString(rows.resolve("CURRENT"), "damaged\n");
        assertThatThrownBy(() -> RocksStore.open(rows))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(rows.toString());
    }

    @Test
    void aClosedStoreRefusesRatherThanCrashes() throws IOException {
        var store = RocksStore.open(directory.resolve("rows"));
        store.close();
        store.close();
        assertThatThrownBy(() -> store.commit(at(0), List.of()))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> store.forEach((_, _) -> {}))
                .isInstanceOf(IllegalStateException.class);
    }

    private static List<Write> numbered(int entry) {
        return IntStream.range(0, 1000)
                .mapToObj(row -> put("row" + row, entry + " " + "x".repeat(200)))
                .toList();
    }

    private static LogPosition at(long index) {
        return new LogPosition(1, index);
    }

    private static Write put(String key, String value) {
        return new Write.Put(key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    private static Write delete(String key) {
        return new Write.Delete(key.getBytes(UTF_8));
    }

    private static Map<String, String> rows(RocksStore store) {
        var rows = new TreeMap<String, String>();
        store.forEach((key, value) -> rows.put(new String(key, UTF_8), new String(value, UTF_8)));
        return rows;
    }

    /** Whether the files stayed the same ones while they were copied. */
    private static boolean copied(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (var old : files(to)) {
            Files.delete(to.resolve(old));
        }
        var before = files(from);
        try {
            for (var file : before) {
                Files.copy(from.resolve(file), to.resolve(file));
            }
        } catch (NoSuchFileException _) {
            return false;
        }
        return files(from).equals(before);
    }

    private static Set<Path> files(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(Path::getFileName).collect(Collectors.toSet());
        }
    }
}
