package io.lispfabric.store;

/**
 * Why a command was not acknowledged. The futures of {@link ReplicatedLog#submit} fail with this
 * and nothing else. No stack trace: under load there can be many, and the reason says it all.
 */
public final class LogUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What is in the way. The names are stable: they are metric labels. */
    public enum Reason {
        /**
         * No leader could be reached in time, or the leader lost its majority. The command may have
         * been committed or may yet be.
         */
        NO_LEADER,
        /** More commands are waiting than the log takes. The command was not taken. */
        OVERLOADED,
        /**
         * The disk of this member, or of the leader, is nearly full. It takes commands again by
         * itself once there is room. The command may have been committed if it was under way when
         * the disk became full.
         */
        DISK_FULL,
        /**
         * This member was closed, or has stopped because of a fault. The command may have been
         * committed.
         */
        STOPPED,
        /**
         * A leader took the command and did not acknowledge it in time. It may have been committed
         * or may yet be.
         */
        TIMED_OUT,
        /** The command is longer than an entry may be. It was not taken, and never will be. */
        TOO_LONG
    }

    private final Reason reason;

    public LogUnavailableException(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
