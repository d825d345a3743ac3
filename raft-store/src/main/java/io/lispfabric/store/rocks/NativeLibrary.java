package io.lispfabric.store.rocks;

import java.io.IOException;
import java.nio.file.Files;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * RocksDB's own code, which is unpacked to be loaded. RocksDB leaves that file, 17 MB, until the
 * JVM ends in peace, so that every {@code kill -9} would leave one for good.
 */
final class NativeLibrary {
    private static boolean loaded;

    private NativeLibrary() {}

    /**
     * Loads it, once.
     *
     * @throws IOException if there is no room for it among temporary files, or it may not be run
     *     from there ({@code java.io.tmpdir} names another place)
     */
    static synchronized void load() throws IOException {
        if (loaded) {
            return;
        }
        var folder = Files.createTempDirectory("lisp-rocksdb");
        try {
            NativeLibraryLoader.getInstance().loadLibrary(folder.toString());
            RocksDB.loadLibrary(); // which finds it there
            loaded = true;
        } catch (IOException | UnsatisfiedLinkError | RuntimeException e) {
            throw new IOException(
                    "cannot load RocksDB from "
                            + folder.getParent()
                            + ", which -Djava.io.tmpdir changes: "
                            + e.getMessage(),
                    e);
        } finally {
            // What is loaded is mapped, and needs no name any more.
            try (var files = Files.list(folder)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }
}
