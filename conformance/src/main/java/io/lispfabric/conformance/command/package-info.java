/**
 * What this module adds to {@code lispctl}. Start at {@link
 * io.lispfabric.conformance.command.ConformCommand}.
 */
@NullMarked
package io.lispfabric.conformance.command;

import org.jspecify.annotations.NullMarked;
