package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Set;

/**
 * The directory of one member: whose it is, and that no one else is in it. The log of one member
 * under the name of another could make a group forget what it has promised, so a directory is
 * marked when it is first used and refused ever after to others.
 */
final class MemberDirectory implements AutoCloseable {
    private static final String LOCK = "lock";
    private static final String MEMBER = "member";
    private static final String MEMBERS = "members";
    private static final String INCOMING = ".incoming";

    /** Where Ratis keeps its term and its vote, as properties. */
    private static final String VOTE = "raft-meta";

    /** Marks the directory of who gives all members their log, until all have one. */
    static final String FOUNDING = "founding";

    /** Marks the directory of a member whose rows are not those of the majority. */
    static final String DIFFERS = "differs";

    /** Marks the directory of a member that others let in: it votes once its log says so. */
    static final String LET_IN = "let-in";

    /**
     * What may be in a new directory: a lock from an attempt that failed, and what a file system
     * puts into its root.
     */
    private static final Set<String> IGNORED =
            Set.of(LOCK, MEMBERS, MEMBERS + INCOMING, MEMBER + INCOMING, "lost+found");

    private final Path directory;
    private final FileChannel lock;

    private MemberDirectory(Path directory, FileChannel lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /**
     * Takes the directory for a member, until it is closed.
     *
     * @param members whom the settings name
     * @throws IOException in one sentence: it cannot be written, is in use, or belongs to someone
     *     else
     */
    static MemberDirectory claim(
            Path directory, String group, String member, Collection<String> members)
            throws IOException {
        FileChannel lock;
        try {
            Files.createDirectories(directory);
            lock =
                    FileChannel.open(
                            directory.resolve(LOCK),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the data directory " + directory + ": " + why(e), e);
        }
        try {
            if (!locked(lock)) {
                throw new IOException(
                        "the data directory " + directory + " is in use by another process");
            }
            checkOwner(
                    directory,
                    "format=1\ngroup=" + group + "\nmember=" + member + "\n",
                    member,
                    group,
                    String.join("\n", members));
            return new MemberDirectory(directory, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // held by this very process
        }
    }

    private static void checkOwner(
            Path directory, String owner, String member, String group, String members)
            throws IOException {
        var mark = directory.resolve(MEMBER);
        if (Files.exists(mark)) {
            var found = Files.readString(mark, UTF_8);
            if (!found.equals(owner)) {
                throw new IOException(
                        "the data directory "
                                + directory
                                + " belongs to another member ("
                                + found.strip().replace('\n', ' ')
                                + "), not to member "
                                + member
                                + " of group "
                                + group);
            }
            return;
        }
        try (var content = Files.newDirectoryStream(directory)) {
            for (var path : content) {
                if (!IGNORED.contains(path.getFileName().toString())) {
                    throw new IOException(
                            "the data directory "
                                    + directory
                                    + " holds something else: "
                                    + path.getFileName());
                }
            }
        }
        write(directory, MEMBERS, members);
        write(directory, MEMBER, owner);
    }

    /** The whole file or nothing of it, and durably. */
    private static void write(Path directory, String name, String text) throws IOException {
        var incoming = directory.resolve(name + INCOMING);
        try (var out =
                FileChannel.open(
                        incoming,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            var octets = ByteBuffer.wrap(text.getBytes(UTF_8));
            while (octets.hasRemaining()) {
                out.write(octets);
            }
            out.force(true);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the data directory " + directory + ": " + why(e), e);
        }
        Files.move(incoming, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        sync(directory);
    }

    private static void sync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    void mark(String name) throws IOException {
        write(directory, name, "");
    }

    boolean isMarked(String name) {
        return Files.exists(directory.resolve(name));
    }

    void unmark(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(name));
        sync(directory);
    }

    /** Whom the settings named when the directory was new. */
    Set<String> firstMembers() throws IOException {
        var file = directory.resolve(MEMBERS);
        return Files.exists(file) ? Set.copyOf(Files.readAllLines(file, UTF_8)) : Set.of();
    }

    /** Whether a log was ever begun here. */
    boolean hasLog() throws IOException {
        if (!Files.exists(raft())) {
            return false;
        }
        try (var logs = Files.newDirectoryStream(raft(), Files::isDirectory)) {
            return logs.iterator().hasNext();
        }
    }

    /**
     * The messages of {@link FileSystemException} are paths; what happened is its reason, or its
     * class.
     */
    private static String why(IOException e) {
        if (e instanceof FileSystemException problem) {
            return problem.getReason() == null
                    ? problem.getClass().getSimpleName()
                    : problem.getReason();
        }
        return String.valueOf(e.getMessage());
    }

    /**
     * Puts a term and a vote in the place of those that a full disk has taken: Ratis then replaces
     * the file that has them by an empty one, without which it does not start.
     *
     * @param term no smaller than any that this member has voted in
     * @param self for whom it then has voted in that term: so it votes for nobody else
     * @return whether they were gone
     */
    boolean mendVote(long term, String self) throws IOException {
        boolean gone = false;
        if (!Files.exists(raft())) {
            return false;
        }
        try (var logs = Files.newDirectoryStream(raft(), Files::isDirectory)) {
            for (var log : logs) {
                var current = log.resolve("current");
                var vote = current.resolve(VOTE);
                if (Files.exists(vote) && Files.size(vote) == 0) {
                    write(current, VOTE, "term=" + term + "\nvotedFor=" + self + "\n");
                    gone = true;
                }
            }
        }
        return gone;
    }

    /** Where Ratis keeps its log and the snapshots. */
    Path raft() {
        return directory.resolve("raft");
    }

    /** Where Ratis would put the log of a group that was removed. */
    Path removed() {
        return directory.resolve("removed");
    }

    /**
     * The live rows: outside of what Ratis replaces when it installs a snapshot, on the same file
     * system.
     */
    Path rows() {
        return directory.resolve("rows");
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
