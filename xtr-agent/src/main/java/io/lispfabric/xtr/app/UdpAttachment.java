package io.lispfabric.xtr.app;

import io.lispfabric.wire.udp.Datagram;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.forward.AttachedEids;
import io.lispfabric.xtr.forward.AttachmentCircuit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * An accelerator behind a UDP socket. Where its datagrams go is configured, or learnt from the last
 * one that it sent.
 */
final class UdpAttachment implements AttachmentCircuit, AutoCloseable {
    /** As long as the longest datagram that is received. */
    private static final int LONGEST = 9216;

    private final String name;
    private final UdpEndpoint endpoint;
    private final ByteBuffer scratch = ByteBuffer.allocate(LONGEST + 1);
    private final boolean learns;
    private AttachedEids eids;
    private Optional<InetSocketAddress> accelerator;

    private UdpAttachment(
            AgentConfig.Attachment config,
            UdpEndpoint.Loop loop,
            BiConsumer<UdpAttachment, ByteBuffer> receiver)
            throws IOException {
        name = config.name();
        learns = config.deliver().isEmpty();
        eids = new AttachedEids(config.eids());
        accelerator = config.deliver();
        endpoint = UdpEndpoint.bind(loop, config.listen(), it -> receive(it, receiver));
    }

    /**
     * Opens the socket.
     *
     * @param receiver takes frames, on the loop
     */
    static UdpAttachment open(
            AgentConfig.Attachment config,
            UdpEndpoint.Loop loop,
            BiConsumer<UdpAttachment, ByteBuffer> receiver)
            throws IOException {
        return new UdpAttachment(config, loop, receiver);
    }

    private void receive(Datagram datagram, BiConsumer<UdpAttachment, ByteBuffer> receiver) {
        if (learns) {
            accelerator = Optional.of(datagram.source());
        }
        receiver.accept(this, datagram.payload());
    }

    @Override
    public String name() {
        return name;
    }

    AttachedEids eids() {
        return eids;
    }

    void restrictTo(AttachedEids remaining) {
        eids = remaining;
    }

    InetSocketAddress localAddress() {
        return endpoint.localAddress();
    }

    @Override
    public boolean deliver(int nextProtocol, ByteBuffer packet) {
        if (accelerator.isEmpty() || packet.remaining() > LONGEST) {
            return false;
        }
        int length = packet.remaining();
        scratch.clear().put(0, (byte) nextProtocol).put(1, packet, packet.position(), length);
        endpoint.send(accelerator.get(), scratch.limit(1 + length));
        return true;
    }

    @Override
    public void close() {
        endpoint.close();
    }
}
