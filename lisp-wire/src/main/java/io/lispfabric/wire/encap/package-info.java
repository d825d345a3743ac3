/**
 * Data-plane headers, read where they lie: static accessors over a buffer and an offset, so that
 * nothing is copied or allocated per packet. Start at {@link
 * io.lispfabric.wire.encap.VxlanGpeHeader}.
 */
@NullMarked
package io.lispfabric.wire.encap;

import org.jspecify.annotations.NullMarked;
