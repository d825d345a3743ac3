package io.lispfabric.wire;

import io.lispfabric.lcaf.WireWriter;

/** What LISP devices say to each other on UDP port 4342 (RFC 9301 §5). */
public sealed interface LispMessage {
    /** The 4-bit message type. */
    int type();

    /** Writes the message, type included. */
    void write(WireWriter out);

    /**
     * A message that is not somebody's answer to the question, but says by MAC who said it (RFC
     * 9301 §5.6, §5.7). Its {@link Authentication} is always at the same place.
     */
    sealed interface Authenticated extends LispMessage
            permits MapRegister, MapNotify, MapNotifyAck, InfoRequest, InfoReply {
        Nonce nonce();

        Authentication authentication();

        /** The same message with other authentication data. */
        Authenticated with(Authentication authentication);
    }

    /** A message that is carried by others or by nobody. */
    sealed interface Plain extends LispMessage
            permits MapRequest,
                    MapReply,
                    MapReferral,
                    EncapsulatedControlMessage,
                    SharedExtension {}
}
