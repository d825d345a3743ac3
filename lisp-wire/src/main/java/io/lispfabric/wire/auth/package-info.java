/**
 * Who said it: keys, algorithms and MACs of RFC 9301 §5.6. Start at {@link
 * io.lispfabric.wire.auth.MessageAuthentication}.
 */
@NullMarked
package io.lispfabric.wire.auth;

import org.jspecify.annotations.NullMarked;
