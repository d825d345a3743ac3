package io.lispfabric.conformance.blackbox;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Nonces that grow from one message to the next, and from one run to the next, since a server
 * remembers the last (RFC 9301 §5.6).
 */
final class Nonces {
    /**
     * Publications count on from the nonce of their subscription (RFC 9437 §6), and have room to.
     */
    private static final int STRIDE = 256;

    private final SecureRandom random = new SecureRandom();
    private final AtomicLong last;

    Nonces(InstantSource clock) {
        last = new AtomicLong(clock.millis() << 20);
    }

    long next() {
        return last.addAndGet(STRIDE);
    }

    long random() {
        return random.nextLong();
    }
}
