/** The benchmarks measure what they say. */
@NullMarked
package io.lispfabric.conformance.bench;

import org.jspecify.annotations.NullMarked;
