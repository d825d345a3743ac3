package io.lispfabric.xtr.app;

import io.lispfabric.wire.udp.Datagram;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.forward.DataPlane;
import io.lispfabric.xtr.forward.Encapsulation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The four UDP sockets of an xTR: control port, a random port to register and ask from (RFC 9301
 * §5.6), LISP and VXLAN-GPE. No privilege is needed for any of them.
 */
final class UdpSockets implements DataPlane, AutoCloseable {
    private final List<UdpEndpoint> opened = new ArrayList<>();
    private final Map<Encapsulation, UdpEndpoint> data = new EnumMap<>(Encapsulation.class);
    private final Map<Encapsulation, Integer> ports = new EnumMap<>(Encapsulation.class);
    private volatile Receiver receiver = Receiver.NOBODY;

    /** Who takes what arrives, on the loop. */
    interface Receiver {
        Receiver NOBODY =
                new Receiver() {
                    @Override
                    public void onControl(Datagram datagram) {}

                    @Override
                    public void onData(Encapsulation encapsulation, Datagram datagram) {}
                };

        void onControl(Datagram datagram);

        void onData(Encapsulation encapsulation, Datagram datagram);
    }

    private UdpSockets() {}

    /** Opens all four, or none. */
    static UdpSockets open(AgentConfig config, UdpEndpoint.Loop loop) throws IOException {
        var sockets = new UdpSockets();
        var own = config.rloc().toInetAddress();
        try {
            sockets.bind(loop, own, config.controlPort());
            sockets.bind(loop, own, 0);
            sockets.bind(loop, own, config.lispPort(), Encapsulation.LISP);
            sockets.bind(loop, own, config.vxlanGpePort(), Encapsulation.VXLAN_GPE);
            return sockets;
        } catch (IOException e) {
            sockets.close();
            throw e;
        }
    }

    private void bind(UdpEndpoint.Loop loop, InetAddress own, int port) throws IOException {
        opened.add(
                UdpEndpoint.bind(
                        loop, new InetSocketAddress(own, port), it -> receiver.onControl(it)));
    }

    private void bind(UdpEndpoint.Loop loop, InetAddress own, int port, Encapsulation encapsulation)
            throws IOException {
        var endpoint =
                UdpEndpoint.bind(
                        loop,
                        new InetSocketAddress(own, port),
                        it -> receiver.onData(encapsulation, it));
        opened.add(endpoint);
        data.put(encapsulation, endpoint);
        ports.put(encapsulation, port);
    }

    void receiveWith(Receiver other) {
        receiver = other;
    }

    void sendControl(boolean fromControlPort, InetSocketAddress to, byte[] message) {
        opened.get(fromControlPort ? 0 : 1).send(to, message);
    }

    @Override
    public void send(Encapsulation encapsulation, InetAddress rloc, ByteBuffer packet) {
        var endpoint = data.get(encapsulation);
        var port = ports.get(encapsulation);
        if (endpoint != null && port != null) {
            endpoint.send(new InetSocketAddress(rloc, port), packet);
        }
    }

    /** What the kernel refused to send. */
    long unsent() {
        return opened.stream().mapToLong(UdpEndpoint::unsent).sum();
    }

    @Override
    public void close() {
        receiver = Receiver.NOBODY;
        opened.forEach(UdpEndpoint::close);
    }
}
