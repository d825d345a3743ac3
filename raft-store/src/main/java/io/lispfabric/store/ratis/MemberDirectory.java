package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.apache.ratis.protocol.RaftGroupId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of one member: whose it is, and that no one else is in it. The log of one member
 * under the name of another could make a group forget what it has promised, so a directory is
 * marked when it is first used and refused ever after to others.
 */
final class MemberDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MemberDirectory.class);
    private static final String LOCK = "lock";
    private static final String MEMBER = "member";
    private static final String MEMBERS = "members";
    private static final String GROUPS = "groups";
    private static final String INCOMING = ".incoming";

    /** Where Ratis keeps its term and its vote, as properties. */
    private static final String VOTE = "raft-meta";

    /** Where Ratis keeps who the members are, as an entry of the log. */
    private static final String MEMBERSHIP = "raft-meta.conf";

    /** Where Ratis puts the snapshots that it receives. */
    private static final String SNAPSHOTS = "sm";

    /** The name of the note in the rows that has the same. */
    static final String CONFIGURATION = "configuration";

    /** Where the greatest term is promised that there may be before the next promise. */
    private static final String TERMS = "terms";

    private static final int TERM_DIGITS = 19;

    /** How far ahead terms are promised. */
    private static final long TERMS_AHEAD = 100_000;

    /** With a new one every millisecond, there are fewer in 30 years. */
    private static final long MOST_TERMS = 1_000_000_000_000L;

    /** Marks the directory of who gives all members their log, until all have one. */
    static final String FOUNDING = "founding";

    /** With a group's id, marks the directory of who has founded it, for good. */
    private static final String FOUNDER = "founder-";

    /** Marks the directory of a member whose rows are not those of the majority. */
    static final String DIFFERS = "differs";

    /** Marks the directory of a member that others let in: it votes once its log says so. */
    static final String LET_IN = "let-in";

    /**
     * What may be in a new directory: a lock from an attempt that failed, and what a file system
     * puts into its root.
     */
    private static final Set<String> IGNORED =
            Set.of(
                    LOCK,
                    MEMBERS,
                    MEMBERS + INCOMING,
                    GROUPS,
                    GROUPS + INCOMING,
                    MEMBER + INCOMING,
                    "lost+found");

    private final Path base;
    private final Path directory;
    private final RaftGroupId group;
    private final Set<RaftGroupId> groups;
    private final FileChannel lock;

    /** What this process has promised last: no term above it. */
    private volatile long promised;

    /**
     * @param base where the member is at home
     * @param directory where what belongs to the group is
     * @param groups all that are at home there
     */
    private MemberDirectory(
            Path base,
            Path directory,
            RaftGroupId group,
            Set<RaftGroupId> groups,
            FileChannel lock) {
        this.base = base;
        this.directory = directory;
        this.group = group;
        this.groups = groups;
        this.lock = lock;
    }

    private static RaftGroupId id(String name) {
        return RaftGroupId.valueOf(UUID.nameUUIDFromBytes(name.getBytes(UTF_8)));
    }

    /**
     * Takes the directory for a member, until it is closed.
     *
     * @param members whom the settings name
     * @param groups how many Raft groups it is for
     * @throws IOException in one sentence: it cannot be written, is in use, belongs to someone
     *     else, or is for another number of groups
     */
    static MemberDirectory claim(
            Path directory, String group, String member, Collection<String> members, int groups)
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
                    String.join("\n", members),
                    groups);
            return new MemberDirectory(directory, directory, id(group), Set.of(id(group)), lock);
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
            Path directory, String owner, String member, String group, String members, int groups)
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
            checkGroups(directory, groups);
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
        Files.deleteIfExists(directory.resolve(GROUPS)); // of an attempt that failed
        if (groups > 1) {
            write(directory, GROUPS, groups + "\n");
        }
        write(directory, MEMBER, owner);
    }

    /** Where an Instance ID's EIDs are follows from the number of groups. */
    private static void checkGroups(Path directory, int groups) throws IOException {
        var file = directory.resolve(GROUPS);
        var founded = Files.exists(file) ? Files.readString(file, UTF_8).strip() : "1";
        if (!founded.equals(Integer.toString(groups))) {
            throw new IOException(
                    "the data directory "
                            + directory
                            + " was founded with "
                            + founded
                            + (founded.equals("1") ? " group" : " groups")
                            + " and cannot be used with "
                            + groups
                            + " (cluster.groups): what is in it cannot be moved between groups yet");
        }
    }

    /**
     * The home of one of several groups.
     *
     * @param number from 1
     * @param groups how many there are; a member with another number has nothing to do with these
     */
    MemberDirectory group(String name, int number, int groups) throws IOException {
        var own = base.resolve("group-" + number);
        if (!Files.exists(own)) {
            Files.createDirectories(own);
            sync(base);
        }
        var ids =
                IntStream.rangeClosed(1, groups)
                        .mapToObj(it -> id(name + "/" + groups + "/" + it))
                        .toList();
        return new MemberDirectory(base, own, ids.get(number - 1), Set.copyOf(ids), lock);
    }

    /** By which the members of the group know it. */
    RaftGroupId group() {
        return group;
    }

    /** Those of all groups of the member. */
    Set<RaftGroupId> groups() {
        return groups;
    }

    /** Before it founds the group; a single group needs no such mark. */
    void markFounder() throws IOException {
        if (groups.size() > 1) {
            write(base, FOUNDER + group.getUuid(), "");
        }
    }

    /** Those of the member's groups that it has founded itself and has the log of. */
    Set<RaftGroupId> founded() {
        return groups.stream()
                .filter(it -> Files.exists(base.resolve(FOUNDER + it.getUuid())))
                .filter(it -> Files.isDirectory(raft().resolve(it.getUuid().toString())))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The whole file or nothing of it, and durably. */
    private static void write(Path directory, String name, String text) throws IOException {
        write(directory, name, ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    private static void write(Path directory, String name, ByteBuffer octets) throws IOException {
        var incoming = directory.resolve(name + INCOMING);
        try (var out =
                FileChannel.open(
                        incoming,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
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
        var file = base.resolve(MEMBERS);
        return Files.exists(file) ? Set.copyOf(Files.readAllLines(file, UTF_8)) : Set.of();
    }

    /** Whether a log was ever begun here. */
    boolean hasLog() throws IOException {
        return !logs().isEmpty();
    }

    /** Where Ratis keeps the log of the group, if it was ever begun. */
    List<Path> logs() throws IOException {
        if (groups.size() > 1) {
            var log = raft().resolve(group.getUuid().toString());
            return Files.isDirectory(log) ? List.of(log) : List.of();
        }
        if (!Files.exists(raft())) {
            return List.of();
        }
        var found = new ArrayList<Path>();
        try (var logs = Files.newDirectoryStream(raft(), Files::isDirectory)) {
            logs.forEach(found::add);
        }
        return found;
    }

    /**
     * The messages of {@link FileSystemException} are paths; what happened is its reason, or its
     * class.
     */
    private static String why(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "it cannot be made there";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException it -> it.getFile() + " is a file";
            case FileSystemException it when it.getReason() != null -> it.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    /**
     * Whether a full disk has taken what Ratis keeps beside its log: Ratis then replaces a small
     * file by an empty one, and does not start again without a vote, or with the members that the
     * settings name.
     */
    boolean isRobbed() throws IOException {
        for (var log : logs()) {
            var current = log.resolve("current");
            if (isEmpty(current.resolve(VOTE)) || isEmpty(current.resolve(MEMBERSHIP))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isEmpty(Path file) throws IOException {
        try {
            return Files.size(file) == 0;
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    /**
     * Puts a term and a vote in the place of those that a full disk has taken, and who the members
     * are in the place of that.
     *
     * @param term no smaller than any that this member has voted in; without it the vote stays gone
     * @param self for whom it then has voted in that term: so it votes for nobody else
     */
    void mend(OptionalLong term, String self) throws IOException {
        for (var log : logs()) {
            var current = log.resolve("current");
            if (isEmpty(current.resolve(VOTE)) && term.isPresent()) {
                write(current, VOTE, "term=" + term.getAsLong() + "\nvotedFor=" + self + "\n");
                LOG.warn(
                        "the vote of {} is gone, as after a full disk: it votes for nobody in term {}",
                        self,
                        term.getAsLong());
            }
            if (isEmpty(current.resolve(MEMBERSHIP))) {
                mendMembership(current);
            }
        }
    }

    /**
     * The rows, or a snapshot that has arrived and is newer, know it as of the last entry in them,
     * and the log has what comes after.
     */
    private void mendMembership(Path current) throws IOException {
        Optional<byte[]> noted;
        try (var store = Checkpoints.in(current.resolveSibling(SNAPSHOTS)).open(rows())) {
            noted = store.noted(CONFIGURATION);
        }
        LOG.warn(
                "{} is empty, as after a full disk: {} knows who the members are",
                current.resolve(MEMBERSHIP),
                noted.isPresent() ? "what is in the rows" : "the log");
        if (noted.isPresent()) {
            write(current, MEMBERSHIP, ByteBuffer.wrap(noted.get()));
        } else { // so the log has it
            Files.delete(current.resolve(MEMBERSHIP));
        }
    }

    /**
     * Promises, durably, a term that is far above this one, unless that was done: should a full
     * disk take the vote, and the process end then, this is all that is known of the terms in which
     * it may have voted. An election takes some tens of milliseconds at least, so that half of what
     * is promised lasts for an hour of nothing else.
     */
    void promiseTerms(long now) throws IOException {
        if (now + TERMS_AHEAD / 2 > promised) {
            keepMostTerm(now + TERMS_AHEAD);
        }
    }

    /** The greatest term that Ratis has written; 0 if it has written none that can be read. */
    long writtenTerm() throws IOException {
        long most = 0;
        for (var log : logs()) {
            var vote = log.resolve("current").resolve(VOTE);
            most = Math.max(most, Files.exists(vote) ? term(vote) : 0);
        }
        return most;
    }

    /** Promises no term above this one: in place, so that it needs no room but the first time. */
    void keepMostTerm(long term) throws IOException {
        var digits = String.format(Locale.ROOT, "%0" + TERM_DIGITS + "d", term);
        var text = digits + " " + checksum(digits) + "\n";
        var file = directory.resolve(TERMS);
        if (!Files.exists(file)) {
            write(directory, TERMS, text);
        } else {
            try (var out = FileChannel.open(file, StandardOpenOption.WRITE)) {
                var octets = ByteBuffer.wrap(text.getBytes(UTF_8));
                while (octets.hasRemaining()) {
                    out.write(octets, octets.position());
                }
                out.force(false);
            }
        }
        promised = term;
    }

    /** What was promised last, if that can be read. */
    OptionalLong mostTerm() throws IOException {
        var file = directory.resolve(TERMS);
        if (!Files.exists(file)) {
            return OptionalLong.empty();
        }
        var text = new String(Files.readAllBytes(file), UTF_8);
        var digits = text.substring(0, Math.min(text.length(), TERM_DIGITS));
        return text.equals(digits + " " + checksum(digits) + "\n")
                ? OptionalLong.of(Long.parseLong(digits))
                : OptionalLong.empty();
    }

    private static String checksum(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(UTF_8));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    /**
     * Looks at the terms that Ratis has written: it knows them by no checksum, and one that is far
     * too great would be taken over by all members, who then cannot go on counting.
     *
     * @throws IOException in one sentence that names the file
     */
    void checkTerms() throws IOException {
        for (var log : logs()) {
            var vote = log.resolve("current").resolve(VOTE);
            if (!Files.exists(vote)) {
                continue; // there is none yet
            }
            if (Files.size(vote) == 0) {
                throw new IOException(
                        vote
                                + " is empty: whom it has voted for is lost, so the member is to be"
                                + " removed and added under a new name");
            }
            long term = term(vote);
            if (term < 0 || term > MOST_TERMS) {
                throw new IOException(vote + " is damaged: it has no term that a group can be in");
            }
        }
    }

    private static long term(Path vote) throws IOException {
        var properties = new Properties();
        try (var in = Files.newBufferedReader(vote)) {
            properties.load(in);
            return Long.parseLong(properties.getProperty("term", "").strip());
        } catch (IllegalArgumentException | CharacterCodingException e) {
            return -1;
        }
    }

    /** Where Ratis keeps its log and the snapshots. */
    Path raft() {
        return base.resolve("raft");
    }

    /** Where nothing ever is. */
    Path nothing() {
        return raft().resolve("nothing");
    }

    /** Where Ratis would put the log of a group that was removed. */
    Path removed() {
        return base.resolve("removed");
    }

    /**
     * The live rows: outside of what Ratis replaces when it installs a snapshot, on the same file
     * system.
     */
    Path rows() {
        return directory.resolve("rows");
    }

    /** Of a group that shares it with others, only theirs does. */
    @Override
    public void close() throws IOException {
        if (directory.equals(base)) {
            lock.close();
        }
    }
}
