/**
 * A replicated log and what it leaves behind, seen as octets: commands go in, committed rows come
 * out. Start at {@link io.lispfabric.store.ReplicatedLog} for who submits and at {@link
 * io.lispfabric.store.StateMachine} for who applies.
 */
@NullMarked
package io.lispfabric.store;

import org.jspecify.annotations.NullMarked;
