package io.lispfabric.wire;

import io.lispfabric.lcaf.Flaw;

/** What became of a datagram: a message, or the reason why it is none. Bad packets are ordinary. */
public sealed interface Decoded {
    /** The octets were a LISP message, whole. */
    record Message(LispMessage message) implements Decoded {}

    /** They were not; {@code offset} octets were good. */
    record Malformed(Flaw flaw, int offset) implements Decoded {}
}
