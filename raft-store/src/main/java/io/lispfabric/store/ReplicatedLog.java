package io.lispfabric.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * One member's end of a log that all members of its group agree on. What was acknowledged stays,
 * whichever members are killed, so long as a majority of the disks is kept. Safe for use by many
 * threads.
 */
public interface ReplicatedLog extends AutoCloseable {
    /** The longest command. */
    int MAX_COMMAND_OCTETS = 1 << 20;

    /**
     * Asks for a command to be applied by all members. Never blocks, so it may be called on an
     * event loop. The octets between position and limit are copied before it returns; the buffer is
     * left as it was. An empty command is the log's own (see {@link #audit}) and is refused with an
     * {@link IllegalArgumentException}.
     *
     * <p>The future completes when the entry with the command is on the disks of a majority
     * <em>and</em> has been applied at the leader <em>and</em> at this member, its release
     * included. It completes on a thread of the log: what depends on it should be short, or go
     * elsewhere. It fails with {@link LogUnavailableException} alone and always ends within a
     * bounded time. Unless the reason is OVERLOADED or TOO_LONG, a command that failed may
     * nevertheless have been, or yet be, applied.
     *
     * <p>A command is applied at most once per call, also if it had to be sent again to a new
     * leader, except where the new leader has itself been restarted within that time and has
     * forgotten what it was sent: commands should bear being applied twice. Commands of one member
     * are normally applied in the order of the calls; around a change of leaders they may overtake
     * each other.
     */
    CompletableFuture<LogPosition> submit(ByteBuffer command);

    /**
     * Whether this member is the leader and has applied everything that earlier leaders committed.
     */
    boolean leads();

    /** How things stand. Cheap enough to be asked every second. */
    Status status();

    /**
     * Makes another member the leader. Blocks until that is so.
     *
     * @throws NoSuchMemberException if there is no such member
     * @throws IOException if it does not answer, its disk has no room, it is too far behind, or it
     *     does not take over in time
     */
    void transferLeadership(String memberId) throws IOException;

    /**
     * Makes any other member the leader that can be. Blocks until that is so.
     *
     * @throws IOException if there is none
     */
    void handOver() throws IOException;

    /**
     * Makes a member one that leads only if nobody else can, or no longer; a leader hands over.
     * Blocks until that is so. It votes and has the log as before. It is in the log, so it outlives
     * restarts.
     *
     * @throws IOException if it is no voter, all others are drained already, or no majority agrees
     */
    void drain(String memberId, boolean drained) throws IOException;

    /**
     * Makes a running server a member: it gets the log first, and votes once it has caught up. It
     * was started with a new name, an empty directory and itself among the members of its settings.
     * Blocks until it votes.
     *
     * @throws AlreadyMemberException if there is such a member already
     * @throws FormerMemberException if there was one
     * @throws IOException if another change is under way, or the server cannot be reached or does
     *     not catch up in time; if it has not become a member then it may be tried again
     */
    void addMember(String memberId, String host, int port) throws IOException;

    /**
     * Takes a member out of the group; a leader hands over first. Blocks until it is out. It should
     * be stopped then: its name is not used again.
     *
     * @throws NoSuchMemberException if there is no such member
     * @throws IOException if it is the last one, or no majority agrees
     */
    void removeMember(String memberId) throws IOException;

    /**
     * Has every member hash its rows as they are after one entry: this future's. Each does it when
     * it applies the entry, in the background, and compares with the others; what it has found is
     * in its {@link Status}. The future fails as one of {@link #submit} does.
     */
    CompletableFuture<LogPosition> audit();

    /**
     * Audits, and says what all members have found. Blocks until they have, or for the given time:
     * then some are missing.
     *
     * @throws IOException if there is no audit, since no majority takes the command
     */
    StateCheck check(Duration timeout) throws IOException;

    /**
     * Takes a snapshot of this member's rows now, so that the log before it can be dropped. The log
     * does so by itself from time to time. Blocks until it is taken.
     *
     * @throws IOException if it cannot be written
     */
    void snapshot() throws IOException;

    /**
     * Leaves the group until the next start. Commands under way fail with STOPPED. Returns when no
     * thread, port or file is held any more. The second call does nothing.
     */
    @Override
    void close();
}
