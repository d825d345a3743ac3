package io.lispfabric.server.core;

/** What ends by itself: a {@link PrefixMap} finds such values without looking at all others. */
interface Expiring {
    /** When the first part of it ends, in milliseconds of Unix time. */
    long expiresMillis();
}
