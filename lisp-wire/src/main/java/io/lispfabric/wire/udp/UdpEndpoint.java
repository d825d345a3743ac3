package io.lispfabric.wire.udp;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One UDP socket. Datagrams are handed over one after another on the loop's thread, which the
 * receiver must not block; sending is allowed from any thread. What the kernel will not send is
 * counted and dropped, as the network might have done.
 */
public final class UdpEndpoint implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UdpEndpoint.class);

    /**
     * A control message may fill an unfragmented jumbo frame; what is longer is cut, and then
     * malformed.
     */
    private static final int MAX_DATAGRAM = 9216;

    private final Channel channel;
    private final LongAdder unsent = new LongAdder();

    private UdpEndpoint(Channel channel) {
        this.channel = channel;
    }

    /** The threads that sockets are served by. */
    public static final class Loop implements AutoCloseable {
        private final IoEventLoopGroup group;

        private Loop(IoEventLoopGroup group) {
            this.group = group;
        }

        /** One thread. Everything that runs on it, runs one after another. */
        public static Loop start(String name) {
            var threads = new DefaultThreadFactory(name, true);
            var handler =
                    Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
            return new Loop(new MultiThreadIoEventLoopGroup(1, threads, handler));
        }

        /** Runs things on the loop's thread. */
        public Executor executor() {
            return group;
        }

        /**
         * Runs something on the loop's thread again and again; whoever throws from it is not called
         * again.
         */
        public void every(long millis, Runnable what) {
            group.scheduleAtFixedRate(what, millis, millis, TimeUnit.MILLISECONDS);
        }

        @Override
        public void close() {
            group.shutdownGracefully(0, 2, TimeUnit.SECONDS)
                    .awaitUninterruptibly(3, TimeUnit.SECONDS);
        }
    }

    /**
     * Opens a socket; port 0 lets the kernel choose.
     *
     * @throws IOException when the address cannot be bound, naming it
     */
    public static UdpEndpoint bind(
            Loop loop, InetSocketAddress address, Consumer<Datagram> receiver) throws IOException {
        var bootstrap =
                new Bootstrap()
                        .group(loop.group)
                        .channel(
                                Epoll.isAvailable()
                                        ? EpollDatagramChannel.class
                                        : NioDatagramChannel.class)
                        .option(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator(MAX_DATAGRAM))
                        .option(ChannelOption.SO_RCVBUF, 4 << 20)
                        .handler(new Receiver(receiver));
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot bind UDP " + text(address) + ": " + reason(bound.cause()),
                    bound.cause());
        }
        return new UdpEndpoint(bound.channel());
    }

    private static String reason(Throwable cause) {
        var message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress() == null
                ? address.getHostString() + " (unknown host)"
                : address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    /** The address that was bound, its port as chosen. */
    public InetSocketAddress localAddress() {
        return ((DatagramChannel) channel).localAddress();
    }

    /** Sends a copy-free view of the octets; the caller must not change them afterwards. */
    public void send(InetSocketAddress destination, byte[] payload) {
        write(destination, Unpooled.wrappedBuffer(payload));
    }

    /**
     * Sends what remains in the buffer, which is copied, so that the caller may use it again at
     * once.
     */
    public void send(InetSocketAddress destination, ByteBuffer payload) {
        write(
                destination,
                channel.alloc().buffer(payload.remaining()).writeBytes(payload.duplicate()));
    }

    private void write(InetSocketAddress destination, ByteBuf payload) {
        channel.writeAndFlush(new DatagramPacket(payload, destination))
                .addListener(sent -> {
                    if (!sent.isSuccess()) {
                        unsent.increment();
                        LOG.debug("cannot send to {}", destination, sent.cause());
                    }
                });
    }

    /** Datagrams that the kernel refused to send. */
    public long unsent() {
        return unsent.sum();
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly(3, TimeUnit.SECONDS);
    }

    /**
     * Hands datagrams on. A receiver that throws has a bug of ours: it is logged, and the socket
     * goes on.
     */
    private static final class Receiver extends SimpleChannelInboundHandler<DatagramPacket> {
        private final Consumer<Datagram> receiver;

        /** Decoders are fastest with an array, and one datagram is done with before the next. */
        private final byte[] octets = new byte[65_535];

        Receiver(Consumer<Datagram> receiver) {
            this.receiver = receiver;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            var content = packet.content();
            int length = content.readableBytes();
            content.getBytes(content.readerIndex(), octets, 0, length);
            receiver.accept(new Datagram(packet.sender(), ByteBuffer.wrap(octets, 0, length)));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // An ICMP error for an earlier datagram surfaces here too: neither may stop the socket.
            if (cause instanceof IOException) {
                LOG.debug("socket error on {}", context.channel(), cause);
            } else {
                LOG.error("receiver failed on {}", context.channel(), cause);
            }
        }
    }
}
