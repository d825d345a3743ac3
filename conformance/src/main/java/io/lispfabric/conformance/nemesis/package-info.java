/**
 * A cluster of real processes under load while they are killed, stopped, cut off and run out of
 * disk: {@code ./lispctl nemesis}. Start at {@link io.lispfabric.conformance.nemesis.Nemesis}.
 */
@NullMarked
package io.lispfabric.conformance.nemesis;

import org.jspecify.annotations.NullMarked;
