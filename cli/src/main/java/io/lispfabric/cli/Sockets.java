package io.lispfabric.cli;

import io.lispfabric.lcaf.LispAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;

/**
 * The UDP sockets of one command, and the wait for whatever arrives at any of them. They are opened
 * without privileges, and never in the way of an agent on the same host: no port is shared with it.
 */
final class Sockets implements AutoCloseable {
    /** The port of LISP control messages (RFC 9301 §12.1). */
    static final int LISP_CONTROL = 4342;

    private static final int MAX_DATAGRAM = 65_535;

    private final Selector selector;
    private final Map<InetSocketAddress, Path> paths = new HashMap<>();
    private final Queue<Arrived> arrived = new ArrayDeque<>();
    private final Map<InetSocketAddress, String> refusals = new HashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(MAX_DATAGRAM);
    private volatile boolean woken;

    private Sockets(Selector selector) {
        this.selector = selector;
    }

    static Sockets open() throws CommandFailure {
        try {
            return new Sockets(Selector.open());
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot open a socket: " + reason(e), e);
        }
    }

    /**
     * A socket to talk with a peer, open to whoever else answers: a Map-Reply may come from an ETR.
     *
     * @param local the address that the host uses towards the peer: where answers are to be sent
     * @param direct a second socket on the same port, connected to the peer: only such a one is
     *     told by the kernel what ICMP says of the peer
     */
    record Path(
            InetSocketAddress peer,
            LispAddress.Ip local,
            int port,
            DatagramChannel channel,
            Optional<DatagramChannel> direct) {
        void send(byte[] payload) throws CommandFailure {
            if (direct.isEmpty()) {
                send(peer, payload);
                return;
            }
            try {
                direct.get().write(ByteBuffer.wrap(payload));
            } catch (PortUnreachableException _) {
                // What became of an earlier datagram; this one has not been sent.
                send(peer, payload);
            } catch (IOException e) {
                throw cannotSend(peer, e);
            }
        }

        /** Sends from this socket to somebody else, such as whoever has to hear an Ack. */
        void send(InetSocketAddress destination, byte[] payload) throws CommandFailure {
            try {
                channel.send(ByteBuffer.wrap(payload), destination);
            } catch (IOException e) {
                throw cannotSend(destination, e);
            }
        }

        private static CommandFailure cannotSend(InetSocketAddress destination, IOException e) {
            return new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "cannot send to " + text(destination) + ": " + reason(e),
                    e);
        }
    }

    /**
     * What came in.
     *
     * @param at {@link System#nanoTime()} when it was read
     */
    record Arrived(InetSocketAddress source, byte[] payload, long at) {
        ByteBuffer buffer() {
            return ByteBuffer.wrap(payload);
        }
    }

    /**
     * The socket towards a peer; the kernel chooses its port, and its address as routes have it.
     */
    Path towards(InetSocketAddress peer) throws CommandFailure {
        var known = paths.get(peer);
        if (known != null) {
            return known;
        }
        try {
            var address = sourceAddressTowards(peer);
            var channel = listen(new InetSocketAddress(address, 0), true);
            var local = (InetSocketAddress) channel.getLocalAddress();
            var path =
                    new Path(
                            peer,
                            LispAddress.Ip.of(address),
                            local.getPort(),
                            channel,
                            direct(peer, local));
            // Nobody else gets what two of our own sockets share.
            shared(channel, false);
            paths.put(peer, path);
            return path;
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.UNREACHABLE, "cannot reach " + text(peer) + ": " + reason(e), e);
        }
    }

    /** A socket that shares the port of one of ours; without it, silence says what ICMP would. */
    private Optional<DatagramChannel> direct(InetSocketAddress peer, InetSocketAddress local)
            throws IOException {
        var channel = DatagramChannel.open();
        try {
            shared(channel, true);
            channel.bind(local).connect(peer).configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, peer);
            shared(channel, false);
            return Optional.of(channel);
        } catch (IOException _) {
            channel.close();
            return Optional.empty();
        }
    }

    private static void shared(DatagramChannel channel, boolean shared) throws IOException {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, shared);
    }

    /** The kernel answers this by connecting a socket, for which UDP sends nothing. */
    private static InetAddress sourceAddressTowards(InetSocketAddress peer) throws IOException {
        try (var probe = DatagramChannel.open()) {
            probe.connect(peer);
            return ((InetSocketAddress) probe.getLocalAddress()).getAddress();
        }
    }

    /**
     * Listens on port 4342 of the address too, where RFC 9301 §5.7 sends Map-Notifies whatever port
     * asked for them. When somebody else has that port, theirs it stays; where the peer should be
     * is no place for us, or we would hear ourselves.
     */
    void alsoListenOnControlPort(Path path) {
        var control = new InetSocketAddress(path.local().toInetAddress(), LISP_CONTROL);
        if (control.equals(path.peer())) {
            return;
        }
        try {
            listen(control, false);
        } catch (IOException _) {
            // An agent or a Map-Server has it. Servers that answer to the source port reach us.
        }
    }

    private DatagramChannel listen(InetSocketAddress local, boolean shared) throws IOException {
        var channel = DatagramChannel.open();
        try {
            shared(channel, shared);
            channel.bind(local).configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Waits for a datagram.
     *
     * @param deadline in {@link System#nanoTime()}
     * @return nothing when the deadline has passed, after a {@link #wakeup}, or when there is a
     *     {@link #refusal}
     */
    Optional<Arrived> receive(long deadline) throws CommandFailure {
        try {
            while (arrived.isEmpty() && !woken) {
                long nanos = deadline - System.nanoTime();
                if (nanos <= 0) {
                    selector.selectNow();
                } else {
                    selector.select((nanos + 999_999) / 1_000_000);
                }
                for (var key : selector.selectedKeys()) {
                    read(key);
                }
                selector.selectedKeys().clear();
                if (nanos <= 0) {
                    break;
                }
            }
            woken = false;
            return Optional.ofNullable(arrived.poll());
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot receive: " + reason(e), e);
        }
    }

    private void read(SelectionKey key) throws IOException {
        buffer.clear();
        InetSocketAddress source;
        try {
            source = (InetSocketAddress) ((DatagramChannel) key.channel()).receive(buffer);
        } catch (IOException e) {
            if (!(key.attachment() instanceof InetSocketAddress peer)) {
                throw e;
            }
            refusals.put(
                    peer,
                    e instanceof PortUnreachableException
                            ? "nothing listens at " + text(peer)
                            : "cannot reach " + text(peer) + ": " + reason(e));
            woken = true;
            return;
        }
        if (source != null) {
            var payload = new byte[buffer.flip().remaining()];
            buffer.get(payload);
            arrived.add(new Arrived(source, payload, System.nanoTime()));
        }
    }

    /** What ICMP has said of a peer: why there will be no answer from there. It is said once. */
    Optional<String> refusal(Path path) {
        return Optional.ofNullable(refusals.remove(path.peer()));
    }

    /** Ends a wait of another thread. */
    void wakeup() {
        woken = true;
        selector.wakeup();
    }

    /** {@code 127.0.0.1:4342} or {@code [2001:db8::1]:4342}. */
    static String text(InetSocketAddress address) {
        if (address.getAddress() == null) {
            return address.getHostString() + ":" + address.getPort();
        }
        var ip = LispAddress.Ip.of(address.getAddress());
        return (ip instanceof LispAddress.Ipv6 ? "[" + ip + "]" : ip) + ":" + address.getPort();
    }

    private static String reason(IOException e) {
        var message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    @Override
    public void close() {
        for (var key : selector.keys()) {
            try {
                key.channel().close();
            } catch (IOException _) {
                // The process ends with the command, and the socket with the process.
            }
        }
        try {
            selector.close();
        } catch (IOException _) {
            // As above.
        }
    }
}
