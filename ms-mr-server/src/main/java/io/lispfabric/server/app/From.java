package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.EncapsulatedControlMessage;
import java.util.Optional;

/**
 * Where a message came from.
 *
 * @param relayed the ECM that it came in, if it did
 */
record From(Ip address, int port, Optional<EncapsulatedControlMessage> relayed) {
    /**
     * The port that a Map-Reply goes to: for a message in an ECM, the inner one (RFC 9301 §5.8).
     */
    int replyPort() {
        return relayed.map(EncapsulatedControlMessage::sourcePort).orElse(port);
    }
}
