package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A watch whose time is the test's, and whose log says nothing when the test wants it so. */
@Timeout(60)
class StatusWatchTest {
    private static final Supplier<List<Status>> WELL = () -> List.of(status(true, ""));

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000); // it may wrap around
    private final AtomicReference<Supplier<List<Status>>> log = new AtomicReference<>(WELL);

    private static Status status(boolean healthy, String reason) {
        return new Status(
                "ms-0",
                Status.Role.FOLLOWER,
                Optional.of("ms-1"),
                1,
                7,
                7,
                healthy,
                reason,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                List.of());
    }

    private StatusWatch watch() {
        return new StatusWatch("ms-0", () -> log.get().get(), nanos::get);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void aLogThatIsStuckIsIllAfterTwentySecondsAndWellOnceItSpeaks() throws Exception {
        var stuck = new Semaphore(0);
        var speaks = new Semaphore(0);
        try (var watch = watch()) {
            log.set(() -> {
                stuck.release();
                speaks.acquireUninterruptibly();
                return WELL.get();
            });
            stuck.acquire();

            pass(Duration.ofSeconds(20).minusNanos(1));
            assertThat(watch.illness()).isEmpty();
            pass(Duration.ofNanos(1));
            assertThat(watch.illness()).contains("for 20 s the log has not said how it stands");
            pass(Duration.ofSeconds(70));
            assertThat(watch.illness()).contains("for 90 s the log has not said how it stands");
            assertThat(watch.newest()).isEqualTo(WELL.get()); // and who asks does not wait

            log.set(WELL);
            speaks.release();
            assertThat(watch.now()).isEqualTo(WELL.get());
            assertThat(watch.illness()).isEmpty();
        }
    }

    @Test
    void aLogThatCannotBeLookedAtIsNoLogThatIsWell() {
        try (var watch = watch()) {
            log.set(() -> {
                throw new IllegalStateException("cannot be told");
            });
            // What is waited for comes to its end all the same, with what was known before.
            assertThat(watch.now()).isEqualTo(WELL.get());
            assertThat(watch.illness()).isEmpty();

            pass(Duration.ofSeconds(21));
            assertThat(watch.illness()).contains("for 21 s the log has not said how it stands");
        }
    }

    @Test
    void whatTheLogSaysOfItselfIsIllnessAtOnce() {
        try (var watch = watch()) {
            log.set(() -> List.of(status(true, ""), status(false, "its disk is gone")));
            watch.now();

            assertThat(watch.illness()).contains("group 2: its disk is gone");
        }
    }

    @Test
    void nobodyLooksAnyMoreOnceItIsClosed() {
        var looking = new AtomicReference<Thread>();
        log.set(() -> {
            looking.set(Thread.currentThread());
            return WELL.get();
        });
        var watch = watch();
        watch.now();

        watch.close();

        assertThat(looking.get().getName()).isEqualTo("status-ms-0");
        assertThat(looking.get().isAlive()).isFalse();
        pass(Duration.ofMinutes(5));
        assertThat(watch.illness()).isEmpty();
        assertThat(watch.now()).isEqualTo(WELL.get());
    }
}
