package io.lispfabric.store;

import java.io.IOException;

/** A member that hears of no leader was asked what only the leader knows; another one may. */
public final class NoLeaderException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoLeaderException(String message) {
        super(message);
    }
}
