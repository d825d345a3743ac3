package io.lispfabric.server.app;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what another thread is about to do, but not for ever. */
final class Awaiting {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private Awaiting() {}

    static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("did not happen in time");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Until a server knows all that is in its log. */
    static MapServer ready(MapServer server) {
        until(() -> server.unreadiness().isEmpty());
        return server;
    }
}
