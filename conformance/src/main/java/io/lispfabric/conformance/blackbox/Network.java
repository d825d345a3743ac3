package io.lispfabric.conformance.blackbox;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The addresses of this side. Port 4342, where RFC 9301 §5.7 sends Map-Notifies and §8.3
 * Map-Requests that are passed on, is one for all conversations; each has a port of its own too.
 */
final class Network implements AutoCloseable {
    static final int CONTROL = 4342;

    private static final Duration CLOSING = Duration.ofSeconds(2);

    private final InetSocketAddress peer;
    private final InetAddress local;
    private final Optional<DatagramSocket> control;
    private final Optional<Thread> hearing;
    private final List<Consumer<Heard>> listeners = new CopyOnWriteArrayList<>();

    private Network(InetSocketAddress peer, InetAddress local, Optional<DatagramSocket> control) {
        this.peer = peer;
        this.local = local;
        this.control = control;
        this.hearing =
                control.map(it -> listen(it, heard -> listeners.forEach(to -> to.accept(heard))));
    }

    static Network open(Setup setup) throws IOException {
        var local = local(setup);
        Optional<DatagramSocket> control;
        try {
            control = Optional.of(new DatagramSocket(CONTROL, local));
        } catch (SocketException _) {
            control = Optional.empty(); // somebody has it, or it is not ours to have
        }
        return new Network(setup.peer(), local, control);
    }

    /**
     * Towards a peer on the loopback interface an address of its own, so that both can have port
     * 4342.
     */
    private static InetAddress local(Setup setup) throws IOException {
        if (setup.local().isPresent()) {
            return InetAddress.getByName(setup.local().get());
        }
        var peer = setup.peer().getAddress();
        if (peer.isLoopbackAddress() && peer.getAddress().length == 4) {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, 2});
        }
        try (var probe = new DatagramSocket()) {
            probe.connect(setup.peer());
            return probe.getLocalAddress();
        }
    }

    InetAddress local() {
        return local;
    }

    /** Whether port 4342 of our address is ours. */
    boolean hasControlPort() {
        return control.isPresent();
    }

    /** A port of one's own. */
    DatagramSocket socket(InetAddress at, Consumer<Heard> to) throws SocketException {
        var socket = new DatagramSocket(0, at);
        listen(socket, to);
        return socket;
    }

    /** Hears what comes to port 4342, until the result is run. */
    Runnable hearControl(Consumer<Heard> to) {
        listeners.add(to);
        return () -> listeners.remove(to);
    }

    void send(DatagramSocket from, byte[] message) throws IOException {
        from.send(new DatagramPacket(message, message.length, peer));
    }

    private static Thread listen(DatagramSocket socket, Consumer<Heard> to) {
        return Thread.ofVirtual()
                .start(() -> {
                    var packet = new DatagramPacket(new byte[65_535], 65_535);
                    while (!socket.isClosed()) {
                        try {
                            packet.setLength(65_535);
                            socket.receive(packet);
                            var octets = new byte[packet.getLength()];
                            System.arraycopy(packet.getData(), 0, octets, 0, octets.length);
                            to.accept(
                                    Heard.of(
                                            octets,
                                            (InetSocketAddress) packet.getSocketAddress(),
                                            socket.getLocalPort(),
                                            System.nanoTime()));
                        } catch (IOException _) {
                            // Closed, or an ICMP error; the wait for an answer will tell.
                        }
                    }
                });
    }

    /** The port is free for the next one only when nobody listens any more. */
    @Override
    public void close() {
        control.ifPresent(DatagramSocket::close);
        try {
            if (hearing.isPresent()) {
                hearing.get().join(CLOSING);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
