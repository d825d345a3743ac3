package io.lispfabric.server.core;

import org.jspecify.annotations.Nullable;

/**
 * Equal values made one: the locator-set of an xTR is the same in all its registrations, and then
 * need not be kept a million times. It remembers the last value of each hash and so forgets some
 * that come again; that costs space, never a different answer.
 */
final class Shared {
    private static final int SLOTS = 1 << 16;

    /** Several threads may use it: what they put there has final fields only. */
    private static final @Nullable Object[] KNOWN = new Object[SLOTS];

    private Shared() {}

    /** An equal value, perhaps an older one. It must never change. */
    static <T> T of(T value) {
        int hash = value.hashCode() * 0x9E37_79B9;
        int slot = hash >>> 16 & SLOTS - 1;
        var known = KNOWN[slot];
        if (known != null && known != value && value.equals(known)) {
            @SuppressWarnings("unchecked") // what is equal to a record or list is one
            var same = (T) known;
            return same;
        }
        KNOWN[slot] = value;
        return value;
    }
}
