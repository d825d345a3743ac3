package io.lispfabric.store.ratis;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import org.apache.ratis.util.ExitUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A member of a Raft group: the log and the votes by Apache Ratis over gRPC, the rows in RocksDB. A
 * command is acknowledged when a majority has it on disk, so killing all members at once loses
 * nothing that was acknowledged.
 *
 * <p>{@link #open} returns as soon as the member takes part; who leads is decided after that.
 * Several members, of one group or of several, may live in one process.
 */
public final class RatisLog implements ReplicatedLog {
    private static final Logger LOG = LoggerFactory.getLogger(RatisLog.class);

    /** Kept, or it would be forgotten with its level. */
    private static final java.util.logging.Logger GRPC =
            java.util.logging.Logger.getLogger("org.apache.ratis.thirdparty.io.grpc");

    static {
        GRPC.setLevel(
                Level.SEVERE); // else a stack trace for each attempt to find a member whose name
        // does not resolve
        // Ratis ends the process when it cannot bind its port, and on every exception that any
        // thread of ours does not catch.
        var handler = Thread.getDefaultUncaughtExceptionHandler();
        ExitUtils.disableSystemExit();
        ExitUtils.setTerminateOnUncaughtException(false);
        Thread.setDefaultUncaughtExceptionHandler(handler);
    }

    private static final Duration LOOK = Duration.ofMillis(200);

    /** How long it waits until it opens a log again that could not be opened. */
    private static final Duration OPEN_AGAIN = Duration.ofSeconds(5);

    /** How long a leader without room waits until it tries to hand over again. */
    private static final Duration HAND_OVER_AGAIN = Duration.ofSeconds(30);

    private final RatisLogConfig config;
    private final MemberDirectory home;
    private final StateMachine machine;
    private final DiskRoom room;
    private final Thread keeper;
    private volatile RaftMember member;
    private volatile boolean closed;
    private long openAgain = System.nanoTime(); // these are the keeper's alone
    private long handOverAgain = System.nanoTime();
    private boolean told;

    private RatisLog(
            RatisLogConfig config, MemberDirectory home, StateMachine machine, DiskRoom room)
            throws IOException {
        this.config = config;
        this.home = home;
        this.machine = machine;
        this.room = room;
        this.member = start();
        this.keeper =
                Thread.ofPlatform()
                        .daemon()
                        .name("raft-keeper-" + config.self())
                        .unstarted(this::keep);
    }

    /**
     * Starts the member. The state machine is loaded before this returns.
     *
     * @throws IOException in one sentence that names the thing: the directory cannot be written, is
     *     in use or belongs to another member; the port is busy; what is stored is damaged, or the
     *     state machine refuses it. Nothing is left running then
     */
    public static RatisLog open(RatisLogConfig config, StateMachine machine) throws IOException {
        return open(config, machine, DiskRoom.Usable.of(config.directory()));
    }

    /** With another opinion of how much room the disk has. */
    static RatisLog open(RatisLogConfig config, StateMachine machine, DiskRoom.Usable usable)
            throws IOException {
        var home = MemberDirectory.claim(config.directory(), config.group(), config.self());
        try {
            var room = new DiskRoom(config.directory(), config.reserveOctets(), usable);
            var log = new RatisLog(config, home, machine, room);
            log.keeper.start();
            return log;
        } catch (IOException | RuntimeException e) {
            home.close();
            throw e;
        }
    }

    private RaftMember start() throws IOException {
        return new RaftMember(config, room, RaftHost.start(config, home, machine, room));
    }

    // What it does by itself

    /** Says in the log what it refuses, and that it does so no longer. */
    private void tell() {
        var refuses = status().refuses();
        if (refuses.isPresent() != told) {
            told = refuses.isPresent();
            if (told) {
                LOG.warn("member {} takes no commands: {}", config.self(), refuses.get());
            } else {
                LOG.info("member {} takes commands again", config.self());
            }
        }
    }

    private void keep() {
        while (!closed) {
            try {
                tell();
                if (member.lacksRoom()) {
                    reopen();
                } else {
                    handOver();
                }
            } catch (RuntimeException e) {
                LOG.error("member {} has met a mistake of its own", config.self(), e);
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    /**
     * A log that could not be written has failed for good, and what it has in memory may differ
     * from what is on disk. So once there is room it is opened again, as after a crash.
     */
    private void reopen() {
        var why = member.status().refuses().orElse("the disk is full");
        member.stop(new LogUnavailableException(Reason.DISK_FULL, why));
        long now = System.nanoTime();
        if (room.shortage().isPresent() || now - openAgain < 0) {
            return;
        }
        try {
            member = start();
        } catch (IOException e) {
            openAgain = now + OPEN_AGAIN.toNanos();
            LOG.warn("there is room again, but {}", e.getMessage());
        }
    }

    /** While another member may have room, a leader without any is in the way. */
    private void handOver() {
        long now = System.nanoTime();
        if (room.shortage().isEmpty() || !leads() || now - handOverAgain < 0) {
            return;
        }
        handOverAgain = now + HAND_OVER_AGAIN.toNanos();
        for (var other : status().members()) {
            if (other.voter() && !other.id().equals(config.self())) {
                try {
                    member.transferLeadership(other.id());
                    LOG.info("without room, {} made way for {}", config.self(), other.id());
                    return;
                } catch (IOException e) {
                    LOG.info("{} does not take the lead: {}", other.id(), e.getMessage());
                }
            }
        }
    }

    // What others ask of it

    @Override
    public CompletableFuture<LogPosition> submit(ByteBuffer command) {
        return member.submit(command);
    }

    @Override
    public boolean leads() {
        return member.leads();
    }

    @Override
    public Status status() {
        return member.status();
    }

    @Override
    public void transferLeadership(String memberId) throws IOException {
        if (config.peers().stream().noneMatch(peer -> peer.id().equals(memberId))) {
            throw new IOException("there is no member " + memberId + " in group " + config.group());
        }
        member.transferLeadership(memberId);
    }

    @Override
    public void snapshot() throws IOException {
        member.snapshot();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        keeper.interrupt();
        awaitEnd(keeper);
        member.stop(new LogUnavailableException(Reason.STOPPED, "the log was closed"));
        try {
            home.close();
        } catch (IOException e) {
            LOG.warn("the lock of {} was not released", config.directory(), e);
        }
    }

    /** Waits without end, but keeps in mind that it should not have. */
    static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
