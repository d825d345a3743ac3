package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.spi.FilterReply;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.apache.ratis.protocol.exceptions.ServerNotReadyException;
import org.junit.jupiter.api.Test;

/** What the programs say on standard error. */
class LoggingTest {
    private static final String DIVISION = "org.apache.ratis.server.RaftServer$Division";

    private final LoggerContext context = new LoggerContext();
    private final Appender<ILoggingEvent> stderr = configured();

    private Appender<ILoggingEvent> configured() {
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(
                    Objects.requireNonNull(Lispctl.class.getResource("/logback.xml")));
        } catch (ch.qos.logback.core.joran.spi.JoranException e) {
            throw new AssertionError(e);
        }
        return context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("STDERR");
    }

    private FilterReply decide(String logger, Throwable thrown) {
        var event =
                new LoggingEvent(
                        "", context.getLogger(logger), Level.ERROR, "it failed", thrown, null);
        return stderr.getFilterChainDecision(event);
    }

    @Test
    void aLeaderThatSpeaksToAMemberThatIsOpeningItsLogIsNoError() {
        for (var why :
                List.of(
                        "ms-2@group-1: The server role is not yet initialized.",
                        "ms-2@group-1 is not in [RUNNING]: current state is STARTING")) {
            assertThat(decide(DIVISION, new ServerNotReadyException(why)))
                    .isEqualTo(FilterReply.DENY);
        }
    }

    /** The member says it in a sentence. */
    @Test
    void thatADiskIsFullIsNotSaidWithTheStackTracesOfRatis() {
        var full = new IOException("No space left on device");
        assertThat(decide(DIVISION, full)).isEqualTo(FilterReply.DENY);
        assertThat(decide(DIVISION, new IOException("Log already failed", full)))
                .isEqualTo(FilterReply.DENY);
        assertThat(decide("io.lispfabric.store", full)).isEqualTo(FilterReply.NEUTRAL);
    }

    @Test
    void otherErrorsOfRatisAreSaid() {
        assertThat(decide(DIVISION, new IOException("no space left")))
                .isEqualTo(FilterReply.NEUTRAL);
        var opening = "ms-2@group-1: The server role is not yet initialized.";
        assertThat(decide("io.lispfabric.store", new ServerNotReadyException(opening)))
                .isEqualTo(FilterReply.NEUTRAL);
        var closed = "ms-2@group-1 is not in [RUNNING]: current state is CLOSED";
        assertThat(decide(DIVISION, new ServerNotReadyException(closed)))
                .isEqualTo(FilterReply.NEUTRAL);
    }
}
