package io.lispfabric.wire.udp;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * What arrived.
 *
 * @param payload a view of the receiver's buffer: whoever keeps it beyond the call must copy it
 */
public record Datagram(InetSocketAddress source, ByteBuffer payload) {}
