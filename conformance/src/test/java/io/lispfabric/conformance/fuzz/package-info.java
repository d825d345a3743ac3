/**
 * Whatever octets come, decoders read them or say why not. Each {@link
 * io.lispfabric.conformance.fuzz.FuzzTarget} is searched by {@code conformance/fuzz/fuzz.sh} for as
 * long as one likes, and tried on its seeds in every build.
 */
@NullMarked
package io.lispfabric.conformance.fuzz;

import org.jspecify.annotations.NullMarked;
