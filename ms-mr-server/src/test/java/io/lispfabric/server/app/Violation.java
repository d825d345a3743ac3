package io.lispfabric.server.app;

import java.io.Serial;

/** Something does not hold in a {@link ClusterSim}. */
final class Violation extends AssertionError {
    @Serial private static final long serialVersionUID = 1;

    private final Invariant invariant;
    private final String what;

    Violation(Invariant invariant, String what) {
        super(invariant + ": " + what);
        this.invariant = invariant;
        this.what = what;
    }

    /** In a line. */
    String inShort() {
        return invariant + ": " + what.lines().findFirst().orElseThrow();
    }

    Invariant invariant() {
        return invariant;
    }
}
