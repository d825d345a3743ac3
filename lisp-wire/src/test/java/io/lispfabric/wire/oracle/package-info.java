/**
 * Our messages as somebody else reads them: tshark's dissectors against our decoder, field by
 * field. Start at {@link io.lispfabric.wire.oracle.TsharkTest}.
 */
@NullMarked
package io.lispfabric.wire.oracle;

import org.jspecify.annotations.NullMarked;
