/**
 * The shell around the mapping system: sockets, log, clock, admin. Start at {@link
 * io.lispfabric.server.app.MapServer}.
 */
@NullMarked
package io.lispfabric.server.app;

import org.jspecify.annotations.NullMarked;
