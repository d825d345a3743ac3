package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A mapping system in a test: a socket on loopback, and a function from what is said to answers.
 */
final class Peer implements AutoCloseable {
    /**
     * Something that came.
     *
     * @param outer the message as it came, an ECM perhaps
     * @param message the message, taken out of its ECM
     */
    record Heard(LispMessage outer, LispMessage message, byte[] payload, InetSocketAddress source) {
        boolean encapsulated() {
            return outer instanceof EncapsulatedControlMessage;
        }
    }

    interface Behaviour {
        /** The datagrams that answer, in their order. */
        List<byte[]> answer(Heard heard) throws IOException;
    }

    private final DatagramSocket socket;
    private final List<Heard> heard = new CopyOnWriteArrayList<>();
    private final Semaphore arrivals = new Semaphore(0);

    private Peer(DatagramSocket socket) {
        this.socket = socket;
    }

    static Peer that(Behaviour behaviour) throws IOException {
        var socket =
                new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        var peer = new Peer(socket);
        Thread.ofVirtual().start(() -> peer.serve(behaviour));
        return peer;
    }

    static Peer silent() throws IOException {
        return that(_ -> List.of());
    }

    /**
     * An address where nothing listens. A socket that was just closed is none: the kernel keeps it
     * until the thread that waited there has run, and a datagram meanwhile is lost unrefused.
     */
    static String nowhere() {
        return "127.0.0.1:1";
    }

    private void serve(Behaviour behaviour) {
        var packet = new DatagramPacket(new byte[65_535], 65_535);
        try {
            while (true) {
                packet.setLength(65_535);
                socket.receive(packet);
                var payload = Arrays.copyOf(packet.getData(), packet.getLength());
                var source = (InetSocketAddress) packet.getSocketAddress();
                if (LispCodec.decode(ByteBuffer.wrap(payload))
                        instanceof Decoded.Message(var outer)) {
                    var message =
                            outer instanceof EncapsulatedControlMessage ecm ? ecm.message() : outer;
                    var it = new Heard(outer, message, payload, source);
                    heard.add(it);
                    arrivals.release();
                    for (var answer : behaviour.answer(it)) {
                        socket.send(new DatagramPacket(answer, answer.length, source));
                    }
                }
            }
        } catch (SocketException _) {
            // Closed: the test is over.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code host:port}, for {@code -m}. */
    String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    List<Heard> heard() {
        return heard;
    }

    <T> List<T> heard(Class<T> type) {
        return heard.stream().map(Heard::message).filter(type::isInstance).map(type::cast).toList();
    }

    /** What was heard, once it is this many messages: the last ones may still be on their way. */
    List<Heard> heard(int count) throws InterruptedException {
        assertThat(arrivals.tryAcquire(count, 10, TimeUnit.SECONDS)).isTrue();
        return heard;
    }

    @Override
    public void close() {
        socket.close();
    }
}
