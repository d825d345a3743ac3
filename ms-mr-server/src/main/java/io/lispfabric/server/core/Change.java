package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Nonce;

/**
 * One row of the state, as it is now. The state is the sum of its changes, in the store as in
 * memory.
 */
public sealed interface Change {
    /** An EID-Prefix is registered so. */
    record MappingSet(Mapping mapping) implements Change {}

    /** An EID-Prefix is not registered any more. */
    record MappingGone(Eid eid) implements Change {}

    /**
     * The last nonce of an xTR under a key (RFC 9301 §5.6).
     *
     * @param changes how often anything that it has registered was changed or lost
     * @param pulse {@link MappingSystem#pulse} when it came
     */
    record NonceSet(BitKey key, Nonce nonce, int changes, int pulse) implements Change {}

    /** So many times a leader has led for {@link Leases#PULSE_MILLIS} more. */
    record PulseSet(int pulse) implements Change {}

    /** A one-time key is not to be used again (RFC 9437 §7.1). */
    record KeyUsed(UsedKey used) implements Change {}

    /** A one-time key is no longer remembered. */
    record KeyForgotten(Bytes fingerprint) implements Change {}

    /** Who is told; what is outstanding for it stays as it was. */
    record ListenerSet(Listener listener) implements Change {}

    /** Nobody of that name is told any more; nothing is outstanding for it. */
    record ListenerGone(ListenerId id) implements Change {}

    /** A Map-Notify waits for its acknowledgement. */
    record OutstandingSet(ListenerId listener, Outstanding outstanding) implements Change {}

    /** No Map-Notify for this EID-Prefix waits any more. */
    record OutstandingGone(ListenerId listener, Eid eid) implements Change {}
}
