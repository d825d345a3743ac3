package io.lispfabric.server.app;

import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.Leases;
import io.lispfabric.server.core.Registration;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a member does in one group while it leads there: it tells, configures and lets go. */
final class Duties {
    /** Listeners at their end that one command names. */
    private static final int FORGET_BATCH = 512;

    /** When a command that has not come back is submitted again. */
    private static final Duration CONFIGURE_AGAIN = Duration.ofSeconds(5);

    private final Surroundings around;
    private final Publications publications;
    private final List<Explicit> explicit;
    private final Leases leases = new Leases();
    private boolean configured;
    private Instant configureNext = Instant.MIN;

    /**
     * @param explicit the configured subscriptions that belong to the group
     */
    Duties(Surroundings around, Publications publications, List<Explicit> explicit) {
        this.around = around;
        this.publications = publications;
        this.explicit = explicit;
    }

    Publications publications() {
        return publications;
    }

    /** Whether this member leads the group. */
    boolean lead() {
        return publications.leads();
    }

    void lead(boolean leading) {
        if (leading) {
            leases.onLeading();
        } else {
            leases.onFollowing();
        }
        configured = false;
        configureNext = Instant.MIN;
        publications.lead(leading);
    }

    void onHeard(Effect.Heard heard) {
        leases.onHeard(heard, steadyMillis());
    }

    void onRefreshed(Effect.Refreshed refreshed) {
        leases.onRefreshed(refreshed, steadyMillis());
    }

    /** Sends at most so many of what is due; how many. */
    int publish(int most) {
        return publications.publish(most);
    }

    /**
     * A new leader brings the subscriptions that it is configured with into the state, and ends
     * those that the last one was; its settings count, should they differ (RFC 9437 §5).
     */
    private void configure() {
        if (configured || around.now().isBefore(configureNext)) {
            return;
        }
        configured = around.state().isConfigured(explicit);
        if (!configured) {
            around.submit(new Command.Configure(around.millis(), explicit));
            configureNext = around.now().plus(CONFIGURE_AGAIN);
        }
    }

    /** Lets go of what was not refreshed, or has an end. Called every second or so. */
    void expire() {
        if (publications.leads()) {
            configure();
            long now = around.millis();
            var over = around.state().dueListeners(now, FORGET_BATCH);
            if (!over.isEmpty()) {
                around.submit(new Command.Forget(now, over));
            }
            lookAtLeases();
        }
    }

    /** Goes on with what takes long, a part at a time. */
    void goOn() {
        if (leases.looks()) {
            lookAtLeases();
        }
    }

    private void lookAtLeases() {
        long bereaved = around.config().subscriptions().bereaved().toMillis();
        leases.poll(around.state(), steadyMillis(), around.millis(), bereaved)
                .forEach(around::submit);
    }

    private long steadyMillis() {
        return around.steadyMillis().getAsLong();
    }

    /** How long a registration will last unless it is refreshed, if this member knows. */
    Optional<Duration> left(Registration it) {
        var left = leases.leftMillis(it, steadyMillis());
        return left.isPresent()
                ? Optional.of(Duration.ofMillis(left.getAsLong()))
                : Optional.empty();
    }

    int leases() {
        return leases.remembered();
    }
}
