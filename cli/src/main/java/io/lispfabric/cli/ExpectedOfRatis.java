package io.lispfabric.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Leaves out of the log what Ratis calls an error, stack trace and all, although it is none. It
 * belongs to every first start that a leader that was elected already speaks to a member that is
 * still opening its log: it repeats itself, and is heard. And of a full disk the member itself says
 * in a sentence what that means. Named in {@code logback.xml}.
 */
public final class ExpectedOfRatis extends Filter<ILoggingEvent> {
    private static final String RATIS = "org.apache.ratis.";
    private static final String NOT_READY = RATIS + "protocol.exceptions.ServerNotReadyException";

    @Override
    public FilterReply decide(ILoggingEvent event) {
        var thrown = event.getThrowableProxy();
        return thrown != null
                        && event.getLoggerName().startsWith(RATIS)
                        && (isFull(thrown)
                                || thrown.getClassName().equals(NOT_READY)
                                        && isOpening(String.valueOf(thrown.getMessage())))
                ? FilterReply.DENY
                : FilterReply.NEUTRAL;
    }

    private static boolean isFull(IThrowableProxy thrown) {
        var message = String.valueOf(thrown.getMessage());
        return message.contains("No space left on device")
                || message.contains("Disk quota exceeded")
                || thrown.getCause() != null && isFull(thrown.getCause());
    }

    /**
     * Ratis says the same of a member that is closed or has failed, which is no part of a start.
     */
    private static boolean isOpening(String message) {
        return message.endsWith("current state is NEW")
                || message.endsWith("current state is STARTING")
                || message.endsWith("The server role is not yet initialized.");
    }
}
