package io.lispfabric.store.ratis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether the disk of a member has room for more. A log that meets its disk's end has failed for
 * good (Ratis writes nothing to it any more), so new commands stop well before: with the reserve
 * left, all that is under way, a flush and a compaction still fit.
 */
final class DiskRoom {
    /** How often the file system is asked at most: it takes microseconds, but for each entry. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long MIB = 1 << 20;

    /** Says how many octets a file system has left. */
    @FunctionalInterface
    interface Usable {
        long octets() throws IOException;

        /** What the file system of a directory says. */
        static Usable of(Path directory) {
            return () -> Files.getFileStore(directory).getUsableSpace();
        }
    }

    private final Path directory;
    private final long reserve;
    private final Usable usable;
    private final AtomicLong lookAgain = new AtomicLong(System.nanoTime());
    private volatile Optional<String> shortage = Optional.empty();

    /**
     * @param directory for what is said
     * @param reserve in octets; 0 for no reserve at all
     */
    DiskRoom(Path directory, long reserve, Usable usable) {
        this.directory = directory;
        this.reserve = reserve;
        this.usable = usable;
    }

    /** In a sentence, what is missing; empty while there is room. */
    Optional<String> shortage() {
        long now = System.nanoTime();
        long due = lookAgain.get();
        if (now - due >= 0 && lookAgain.compareAndSet(due, now + LOOK_NANOS)) {
            shortage = look();
        }
        return shortage;
    }

    private Optional<String> look() {
        try {
            long left = usable.octets();
            return left >= reserve
                    ? Optional.empty()
                    : Optional.of(
                            "the disk of "
                                    + directory
                                    + " has "
                                    + left / MIB
                                    + " MiB left, less than the reserve of "
                                    + reserve / MIB
                                    + " MiB: make room there");
        } catch (IOException e) {
            return Optional.of("cannot tell how much room " + directory + " has: " + e);
        }
    }

    /** Whether this is how a full disk looks, to Java and to RocksDB. */
    static boolean isCause(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            var message = String.valueOf(cause.getMessage());
            if (message.contains("No space left on device")
                    || message.contains("Disk quota exceeded")) {
                return true;
            }
        }
        return false;
    }
}
