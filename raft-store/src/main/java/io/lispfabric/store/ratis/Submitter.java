package io.lispfabric.store.ratis;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.LogUnavailableException.Reason;
import io.lispfabric.store.ReplicatedLog;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Packs commands into entries and sees each entry through: sends it to the leader, again if need
 * be, until it is acknowledged or its time is over. A lone command goes at once; while entries are
 * under way, commands gather for up to a millisecond.
 */
final class Submitter {
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** More would only wait in the log instead of here, where they gather. */
    private static final int ENTRIES_UNDER_WAY = 16;

    /** Commands that are not answered hold no more memory than this, whatever their number. */
    private static final long OCTETS_UNANSWERED = 64 << 20;

    private static final long PAUSE_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long PAUSE_MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private record Command(byte[] octets, CompletableFuture<LogPosition> answer, long since) {}

    /** An entry under way. */
    private static final class Parcel {
        final List<Command> commands;
        final ByteBuffer entry;
        final long call;
        LogUnavailableException problem =
                new LogUnavailableException(
                        Reason.TIMED_OUT, "the leader did not acknowledge in time");

        Parcel(List<Command> commands, long call) {
            this.commands = commands;
            this.entry = Entry.pack(commands.stream().map(Command::octets).toList());
            this.call = call;
        }

        long since() {
            return commands.getFirst().since();
        }
    }

    private final LeaderRoute route;
    private final Replica replica;
    private final long timeoutNanos;
    private final int maxUnanswered;
    private final Thread thread;
    private final ScheduledThreadPoolExecutor timer;

    private final ReentrantLock lock =
            new ReentrantLock(); // guards all below; held for moments only
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Command> waiting = new ArrayDeque<>();

    /**
     * What failed goes before what is new and in the order it had, after a pause in which others
     * may come back as well.
     */
    private final PriorityQueue<Parcel> again =
            new PriorityQueue<>(Comparator.comparingLong(parcel -> parcel.call));

    private final Set<Parcel> underWay = new HashSet<>();
    private int unanswered;
    private long octetsUnanswered;
    private long pause = PAUSE_MIN_NANOS;
    private long pauseEnd = System.nanoTime();
    private boolean sweeping;
    private boolean closed;
    private LogUnavailableException stopped =
            new LogUnavailableException(Reason.STOPPED, "the log was closed");

    Submitter(
            String name, LeaderRoute route, Replica replica, Duration timeout, int maxUnanswered) {
        this.route = route;
        this.replica = replica;
        this.timeoutNanos = timeout.toNanos();
        this.maxUnanswered = maxUnanswered;
        this.thread = Thread.ofPlatform().daemon().name("raft-submit-" + name).unstarted(this::run);
        this.timer =
                new ScheduledThreadPoolExecutor(
                        1,
                        Thread.ofPlatform().daemon().name("raft-timer-" + name).factory(),
                        new ThreadPoolExecutor
                                .DiscardPolicy()); // what comes after the close finds its parcel
        // gone
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    void start() {
        thread.start();
    }

    CompletableFuture<LogPosition> submit(ByteBuffer command) {
        int length = command.remaining();
        if (length > ReplicatedLog.MAX_COMMAND_OCTETS) {
            return refused(
                    Reason.TOO_LONG,
                    "a command has at most " + ReplicatedLog.MAX_COMMAND_OCTETS + " octets");
        }
        var octets = new byte[length];
        command.duplicate().get(octets);
        var answer = new CompletableFuture<LogPosition>();
        lock.lock();
        try {
            if (closed) {
                return refused(stopped.reason(), String.valueOf(stopped.getMessage()));
            }
            if (replica.fault().isPresent()) {
                return CompletableFuture.failedFuture(replicaStopped());
            }
            if (unanswered >= maxUnanswered || octetsUnanswered + length > OCTETS_UNANSWERED) {
                return refused(Reason.OVERLOADED, unanswered + " commands are waiting already");
            }
            unanswered++;
            octetsUnanswered += length;
            waiting.add(new Command(octets, answer, System.nanoTime()));
            if (waiting.size() == 1 || waiting.size() == Entry.COMMANDS) {
                changed.signal();
            }
            if (!sweeping) {
                sweeping = true;
                timer.schedule(this::sweep, timeoutNanos, TimeUnit.NANOSECONDS);
            }
        } finally {
            lock.unlock();
        }
        return answer;
    }

    private LogUnavailableException replicaStopped() {
        return new LogUnavailableException(
                replica.lacksRoom() ? Reason.DISK_FULL : Reason.STOPPED,
                replica.fault().orElseThrow());
    }

    static CompletableFuture<LogPosition> refused(Reason reason, String message) {
        return CompletableFuture.failedFuture(new LogUnavailableException(reason, message));
    }

    private void run() {
        for (var parcel = next(); parcel.isPresent(); parcel = next()) {
            attempt(parcel.get());
        }
    }

    /** Waits for something to send; empty when closed. */
    private Optional<Parcel> next() {
        lock.lock();
        try {
            while (!closed) {
                long now = System.nanoTime();
                boolean sendable = !waiting.isEmpty() && underWay.size() < ENTRIES_UNDER_WAY;
                if (again.isEmpty() && !sendable) {
                    changed.awaitUninterruptibly();
                } else if (now - pauseEnd < 0) {
                    changed.awaitNanos(pauseEnd - now);
                } else if (!again.isEmpty()) {
                    return Optional.of(again.remove());
                } else if (underWay.isEmpty()
                        || waiting.size() >= Entry.COMMANDS
                        || now - waiting.getFirst().since() >= LINGER_NANOS) {
                    return Optional.of(fill());
                } else {
                    changed.awaitNanos(waiting.getFirst().since() + LINGER_NANOS - now);
                }
            }
            return Optional.empty();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        } finally {
            lock.unlock();
        }
    }

    private Parcel fill() {
        var commands = new ArrayList<Command>();
        long octets = 0;
        while (!waiting.isEmpty()
                && commands.size() < Entry.COMMANDS
                && (commands.isEmpty()
                        || octets + waiting.getFirst().octets().length <= Entry.OCTETS)) {
            var command = waiting.removeFirst();
            octets += command.octets().length;
            commands.add(command);
        }
        var parcel = new Parcel(commands, route.newCall());
        underWay.add(parcel);
        return parcel;
    }

    private void attempt(Parcel parcel) {
        if (replica.fault().isPresent()) {
            finish(parcel, replicaStopped());
            return;
        }
        route.send(parcel.call, parcel.entry)
                .whenComplete((position, failure) -> {
                    if (failure == null) {
                        replica.whenApplied(position.index())
                                .thenRun(() -> finish(parcel, position));
                    } else {
                        retry(parcel, failure);
                    }
                });
    }

    private void retry(Parcel parcel, Throwable failure) {
        var cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        lock.lock();
        try {
            if (cause instanceof LogUnavailableException problem) {
                parcel.problem = problem;
            }
            if (!underWay.contains(parcel)) {
                return;
            }
            again.add(parcel);
            long now = System.nanoTime();
            if (now - pauseEnd >= 0) {
                pauseEnd = now + pause;
                pause = Math.min(2 * pause, PAUSE_MAX_NANOS);
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Fails what is overdue. Not on the sending thread: that may be held up by a disk. */
    private void sweep() {
        var overdue = new ArrayList<Parcel>();
        var late = new ArrayList<Command>();
        lock.lock();
        try {
            long limit = System.nanoTime() - timeoutNanos;
            long oldest = Long.MAX_VALUE;
            for (var parcel : underWay) {
                if (parcel.since() - limit <= 0) {
                    overdue.add(parcel);
                } else {
                    oldest = Math.min(oldest, parcel.since() - limit);
                }
            }
            while (!waiting.isEmpty() && waiting.getFirst().since() - limit <= 0) {
                late.add(waiting.removeFirst());
            }
            if (!waiting.isEmpty()) {
                oldest = Math.min(oldest, waiting.getFirst().since() - limit);
            }
            forget(late);
            sweeping = oldest != Long.MAX_VALUE;
            if (sweeping) {
                timer.schedule(this::sweep, oldest, TimeUnit.NANOSECONDS);
            }
        } finally {
            lock.unlock();
        }
        var problem =
                overdue.isEmpty() ? Optional.<Parcel>empty() : Optional.of(overdue.getFirst());
        overdue.forEach(parcel -> finish(parcel, parcel.problem));
        fail(
                late,
                problem.map(parcel -> parcel.problem)
                        .orElseGet(() ->
                                new LogUnavailableException(
                                        Reason.TIMED_OUT, "the log did not take it in time")));
    }

    private void finish(Parcel parcel, LogPosition position) {
        if (end(parcel, true)) {
            parcel.commands.forEach(command -> command.answer().complete(position));
        }
    }

    private void finish(Parcel parcel, LogUnavailableException problem) {
        if (end(parcel, false)) {
            fail(parcel.commands, problem);
        }
    }

    private static void fail(List<Command> commands, LogUnavailableException problem) {
        commands.forEach(command -> command.answer().completeExceptionally(problem));
    }

    /** Whether it was still under way. */
    private boolean end(Parcel parcel, boolean acknowledged) {
        lock.lock();
        try {
            if (!underWay.remove(parcel)) {
                return false;
            }
            again.remove(parcel);
            forget(parcel.commands);
            if (acknowledged) {
                pause = PAUSE_MIN_NANOS;
            }
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void forget(List<Command> commands) {
        unanswered -= commands.size();
        for (var command : commands) {
            octetsUnanswered -= command.octets().length;
        }
    }

    /** Fails all that is unanswered and takes nothing more. */
    void stop(LogUnavailableException why) {
        var left = new ArrayList<Command>();
        lock.lock();
        try {
            closed = true;
            stopped = why;
            left.addAll(waiting);
            underWay.forEach(parcel -> left.addAll(parcel.commands));
            waiting.clear();
            underWay.clear();
            again.clear();
            forget(left);
            changed.signal();
        } finally {
            lock.unlock();
        }
        timer.shutdownNow();
        fail(left, why);
    }

    /**
     * Waits until its threads are gone; after {@link #stop}, and after the server is closed that
     * they might be waiting for.
     */
    void awaitEnd() {
        RatisLog.awaitEnd(thread);
    }
}
