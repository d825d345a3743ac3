package io.lispfabric.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Leaves out of the log what Ratis calls an error, stack trace and all, although it belongs to
 * every first start: a leader that was elected already speaks to a member that is still opening its
 * log. It repeats itself, and is heard. Named in {@code logback.xml}.
 */
public final class ExpectedOfRatis extends Filter<ILoggingEvent> {
    private static final String RATIS = "org.apache.ratis.";
    private static final String NOT_READY = RATIS + "protocol.exceptions.ServerNotReadyException";

    @Override
    public FilterReply decide(ILoggingEvent event) {
        var thrown = event.getThrowableProxy();
        return thrown != null
                        && thrown.getClassName().equals(NOT_READY)
                        && event.getLoggerName().startsWith(RATIS)
                        && isOpening(String.valueOf(thrown.getMessage()))
                ? FilterReply.DENY
                : FilterReply.NEUTRAL;
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
