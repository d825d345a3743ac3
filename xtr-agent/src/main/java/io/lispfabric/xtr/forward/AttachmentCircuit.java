package io.lispfabric.xtr.forward;

import java.nio.ByteBuffer;

/** The way to one accelerator: a UDP socket today, a TUN or TAP device one day. */
public interface AttachmentCircuit {
    /** What it is called where people read it. */
    String name();

    /**
     * Hands a packet to the accelerator.
     *
     * @param nextProtocol one of {@link io.lispfabric.wire.encap.NextProtocol}
     * @param packet what remains in it; it is used again after the call
     * @return false when the accelerator cannot be reached yet
     */
    boolean deliver(int nextProtocol, ByteBuffer packet);
}
