/**
 * Data-plane headers, read where they lie: static accessors over a big-endian buffer and an offset,
 * so that nothing is copied or allocated per packet. A {@code check} comes first: it says in a
 * {@link io.lispfabric.wire.encap.HeaderCheck} whether the octets from {@code at} to before {@code
 * end}, which the buffer must have, are a header; after that no accessor leaves them. Start at
 * {@link io.lispfabric.wire.encap.VxlanGpeHeader}.
 */
@NullMarked
package io.lispfabric.wire.encap;

import org.jspecify.annotations.NullMarked;
