package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.EncapsulatedControlMessage;
import java.util.Optional;

/**
 * Where a message came from.
 *
 * @param relayed the ECM that it came in, if it did
 * @param protection what LISP-SEC gives for its answer, if it has been checked
 */
record From(
        Ip address,
        int port,
        Optional<EncapsulatedControlMessage> relayed,
        Optional<Protection> protection) {
    /** What came in a datagram of its own. */
    static From direct(Ip address, int port) {
        return new From(address, port, Optional.empty(), Optional.empty());
    }

    From in(EncapsulatedControlMessage ecm) {
        return new From(address, port, Optional.of(ecm), protection);
    }

    From with(Protection checked) {
        return new From(address, port, relayed, Optional.of(checked));
    }

    /** Whether the sender wants a Map-Referral (RFC 8111 §5). */
    boolean isDdt() {
        return relayed.filter(EncapsulatedControlMessage::ddtOriginated).isPresent();
    }

    /**
     * The port that a Map-Reply goes to: for a message in an ECM, the inner one (RFC 9301 §5.8).
     */
    int replyPort() {
        return relayed.map(EncapsulatedControlMessage::sourcePort).orElse(port);
    }
}
