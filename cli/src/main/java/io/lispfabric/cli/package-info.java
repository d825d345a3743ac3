/**
 * {@code lispctl}: one command that starts the programs and talks to any of them. What needs only
 * UDP loads neither gRPC nor Netty, so that it starts quickly. Start at {@link
 * io.lispfabric.cli.Lispctl}.
 */
@NullMarked
package io.lispfabric.cli;

import org.jspecify.annotations.NullMarked;
