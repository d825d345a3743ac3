/**
 * What the shells of both programs share: settings from a file, and counters. Start at {@link
 * io.lispfabric.wire.app.Settings}.
 */
@NullMarked
package io.lispfabric.wire.app;

import org.jspecify.annotations.NullMarked;
