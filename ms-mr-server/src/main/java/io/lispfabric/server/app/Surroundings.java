package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.store.LogUnavailableException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every part of the control plane works with, for one of the groups that EIDs are sharded to:
 * its log and its state; all else is the same for all of them.
 *
 * @param steadyMillis a clock that only goes forward, and shows no time of day
 * @param loop runs what it is given on this thread, once all that was read together is handled
 * @param origin a number that no other run of any server has
 * @param knowsAll whether all is applied here that was in the log when this member was started
 */
record Surroundings(
        ServerConfig config,
        MappingLog mappings,
        Submission log,
        Outbox outbox,
        ServerMetrics metrics,
        Incidents incidents,
        LocalAddresses local,
        InstantSource clock,
        LongSupplier steadyMillis,
        Executor loop,
        long origin,
        BooleanSupplier knowsAll) {
    private static final Logger LOG = LoggerFactory.getLogger(Surroundings.class);

    /** Where commands go. */
    interface Submission {
        /** Asks for a command to be committed; never blocks. */
        CompletableFuture<?> submit(ByteBuffer command);
    }

    /** Something is not acted on: counted, and told if the operator should know. */
    void drop(Drop reason, Object who, Object what) {
        incidents.drop(reason, who, what);
    }

    /**
     * The origin of commands that are parts of one message: of itself, none of them is answered.
     * Like {@code origin}, no other run of any server has it.
     */
    long originOfParts() {
        return ~origin;
    }

    /** Whether a command came from this run of this server. */
    boolean isOurs(long from) {
        return from == origin || from == originOfParts();
    }

    /** What this member has applied. */
    MappingSystem state() {
        return mappings.current();
    }

    Instant now() {
        return clock.instant();
    }

    /** The time for commands: milliseconds of Unix time. */
    long millis() {
        return clock.millis();
    }

    /** Where Map-Notifies for an xTR go. */
    int notifyPort(Ip address, int sourcePort) {
        return switch (config.replyTo()) {
            case PORT_4342 -> ServerConfig.LISP_PORT;
            case SOURCE_PORT -> sourcePort;
            case AUTO -> local.contains(address) ? sourcePort : ServerConfig.LISP_PORT;
        };
    }

    /** A reply is a promise that a failover must not break, so it waits for the log. */
    void submit(Command command) {
        submit(command, _ -> {});
    }

    /** What is done when it is known what has become of a command. */
    interface Over {
        /** On any thread; {@code committed} is false of what nobody knows the end of as well. */
        void run(boolean committed);
    }

    /** The same, and then {@code over}, once whatever happens. */
    void submit(Command command, Over over) {
        var asked = clock.instant();
        CompletableFuture<?> answer;
        try {
            answer = log.submit(StateCodec.encode(command));
        } catch (RuntimeException e) {
            over.run(false);
            throw e;
        }
        var _ =
                answer.whenComplete((_, failure) -> {
                    over.run(failure == null);
                    if (failure == null) {
                        metrics.committed(Duration.between(asked, clock.instant()).toNanos() / 1e9);
                    } else {
                        metrics.dropped(isFull(failure) ? Drop.DISK_FULL : Drop.LOG_UNAVAILABLE);
                        LOG.debug("not committed: {}", failure.getMessage());
                    }
                });
    }

    private static boolean isFull(Throwable failure) {
        return failure instanceof LogUnavailableException refusal
                && refusal.reason() == LogUnavailableException.Reason.DISK_FULL;
    }
}
