/**
 * Messages for people: which octets say what. Start at {@link io.lispfabric.wire.text.MessageTree}.
 */
@NullMarked
package io.lispfabric.wire.text;

import org.jspecify.annotations.NullMarked;
