/**
 * Packets as capture programs write them to files, taken apart down to what LISP has to say about
 * them. Start at {@link io.lispfabric.wire.capture.CaptureFile}.
 */
@NullMarked
package io.lispfabric.wire.capture;

import org.jspecify.annotations.NullMarked;
