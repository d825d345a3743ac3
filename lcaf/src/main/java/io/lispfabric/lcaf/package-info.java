/**
 * LISP addresses: AFIs, LCAFs (RFC 8060), distinguished names (RFC 9735) and the cursor over octets
 * that reads and writes them. Start at {@code EidPrefix}.
 */
@org.jspecify.annotations.NullMarked
package io.lispfabric.lcaf;
