package io.lispfabric.server.app;

import java.util.function.Consumer;

/** What is done for many, each on its own. */
final class Mistakes {
    private Mistakes() {}

    /**
     * Does something with each, whatever happens to the others.
     *
     * @throws RuntimeException the first one that was met, after all
     */
    static <T> void afterAll(Iterable<T> those, Consumer<T> what) {
        RuntimeException first = null;
        for (var each : those) {
            try {
                what.accept(each);
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
