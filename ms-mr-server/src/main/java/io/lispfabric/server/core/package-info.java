/**
 * The mapping system as a value and a function: no sockets, clocks, threads or chance. Start at
 * {@link io.lispfabric.server.core.MappingSystem}.
 */
@NullMarked
package io.lispfabric.server.core;

import org.jspecify.annotations.NullMarked;
