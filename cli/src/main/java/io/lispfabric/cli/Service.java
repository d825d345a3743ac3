package io.lispfabric.cli;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A command that runs until the process is told to end, and then ends in good order. */
abstract class Service extends Subcommand {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long POLL_MILLIS = 20;
    private static final long SILENCE_MILLIS = 2_000;
    private static final long SAY_AGAIN_MILLIS = 60_000;

    private final CountDownLatch told = new CountDownLatch(1);

    /** What runs. */
    interface Running {
        /** Why it cannot be relied on yet; empty when it can. */
        Optional<String> unreadiness();

        /** Where it is, in one line for people, and as data. */
        String readyLine();

        Json.Obj readyJson();

        void stop();
    }

    /** Runs it until SIGTERM or Ctrl-C. */
    final int run(Running running) {
        var main = Thread.currentThread();
        var hook =
                Thread.ofPlatform()
                        .unstarted(() -> {
                            told.countDown();
                            try {
                                main.join(PATIENCE);
                            } catch (InterruptedException _) {
                                // Then the process ends as it is.
                            }
                        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            if (becomesReady(running::unreadiness)) {
                if (globals().json()) {
                    out().println(running.readyJson().put("event", "ready").line());
                } else {
                    out().println(running.readyLine());
                }
                out().flush();
                told.await();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            running.stop();
        }
        return ExitCode.OK;
    }

    /** Waits, and says for what: when that changes, and from time to time. */
    private boolean becomesReady(Supplier<Optional<String>> unreadiness)
            throws InterruptedException {
        long waited = 0;
        long saidAt = 0;
        var said = "";
        while (true) {
            var reason = unreadiness.get();
            if (reason.isEmpty()) {
                return true;
            }
            long silent = waited - saidAt;
            if (silent >= (reason.get().equals(said) ? SAY_AGAIN_MILLIS : SILENCE_MILLIS)) {
                said = reason.get();
                saidAt = waited;
                note("not ready yet: " + said);
            }
            if (told.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                return false;
            }
            waited += POLL_MILLIS;
        }
    }

    /** Before the first logger is made: {@code -v} lets the programs tell what they do. */
    final void configureLogging() {
        if (globals().verbose()) {
            System.setProperty("lispctl.log", "INFO");
        }
    }

    static String text(Optional<InetSocketAddress> address) {
        return address.map(Sockets::text).orElse("off");
    }
}
