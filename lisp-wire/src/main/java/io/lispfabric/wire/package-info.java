/**
 * LISP control messages as records, and the codec between them and octets. Start at {@link
 * io.lispfabric.wire.LispMessage}.
 */
@NullMarked
package io.lispfabric.wire;

import org.jspecify.annotations.NullMarked;
