package io.lispfabric.xtr.forward;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/** The way to other xTRs: UDP sockets today, a kernel device one day. */
@FunctionalInterface
public interface DataPlane {
    /**
     * Sends a packet to an xTR.
     *
     * @param encapsulation whose UDP port it goes to
     * @param packet header and inner packet, what remains in it; it is used again after the call
     */
    void send(Encapsulation encapsulation, InetAddress rloc, ByteBuffer packet);
}
