/**
 * What an xTR knows and decides, without clock, socket, thread or chance: the map-cache, the local
 * database, registration and subscription. Start at {@link io.lispfabric.xtr.core.MappingDomain}.
 */
@NullMarked
package io.lispfabric.xtr.core;

import org.jspecify.annotations.NullMarked;
