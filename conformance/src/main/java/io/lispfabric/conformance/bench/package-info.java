/**
 * How fast the codec is and what it allocates, measured by JMH: {@code ./lispctl bench codec}.
 * Start at {@link io.lispfabric.conformance.bench.MessageBench}.
 */
@NullMarked
package io.lispfabric.conformance.bench;

import org.jspecify.annotations.NullMarked;
