package io.lispfabric.wire.udp;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
     * Datagrams that one system call fetches, at most. Netty prepares as many for each call, so
     * that more of them cost more than they save as long as most calls find a few.
     */
    public static final int BATCH = 16;

    /** Reads before something that waits for reading to be over has its turn. */
    private static final int MOST_READS = 4;

    /** What a burst may fill while the loop does something else, if net.core.rmem_max allows. */
    private static final int BUFFER = 4 << 20;

    /**
     * From one datagram of a batch to the next: the most that UDP carries, and three lines of cache
     * more, so that their beginnings do not all fall into the same places of it.
     */
    private static final int STRIDE = 65_536 + 3 * 64;

    /*
     * Every buffer here is released by the read or the write that it is for. To look for others that
     * are not, Netty takes a stack trace for one in a hundred, which costs more than the datagram.
     */
    static {
        if (System.getProperty("io.netty.leakDetection.level") == null) {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        }
    }

    private final Channel channel;
    private final Receiver handler;

    private UdpEndpoint(Channel channel, Receiver handler) {
        this.channel = channel;
        this.handler = handler;
    }

    /** The threads that sockets are served by. */
    public static final class Loop implements AutoCloseable {
        private final IoEventLoopGroup group;
        private final Memory memory;

        private Loop(IoEventLoopGroup group, Memory memory) {
            this.group = group;
            this.memory = memory;
        }

        /** One thread. Everything that runs on it, runs one after another. */
        public static Loop start(String name) {
            var threads = new DefaultThreadFactory(name, true);
            boolean epoll = Epoll.isAvailable();
            var group =
                    new MultiThreadIoEventLoopGroup(
                            1,
                            threads,
                            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
            var memory = new Memory(epoll ? BATCH * STRIDE : STRIDE, epoll);
            group.terminationFuture().addListener(_ -> memory.octets.release());
            return new Loop(group, memory);
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
     * What datagrams are read into: the same for every read of a thread, as what was read is done
     * with before the next. Pages of it that no datagram was long enough for are never touched.
     */
    private static final class Memory extends DefaultMaxMessagesRecvByteBufAllocator {
        private final ByteBuf octets;

        /**
         * @param batches whether one call fetches a batch. Then one is enough: a second that finds
         *     nothing would cost nearly as much, and if something has come by now, epoll says so
         */
        Memory(int size, boolean batches) {
            super(batches ? 1 : BATCH);
            this.octets = Unpooled.directBuffer(size, size);
        }

        @Override
        public ExtendedHandle newHandle() {
            return new MaxMessageHandle() {
                @Override
                public ByteBuf allocate(ByteBufAllocator otherwise) {
                    return octets.refCnt() == 1
                            ? octets.clear().retain()
                            : otherwise.ioBuffer(octets.capacity(), octets.capacity());
                }

                @Override
                public int guess() {
                    return octets.capacity();
                }
            };
        }
    }

    /**
     * Opens a socket; port 0 lets the kernel choose.
     *
     * @throws IOException when the address cannot be bound, naming it
     */
    public static UdpEndpoint bind(
            Loop loop, InetSocketAddress address, Consumer<Datagram> receiver) throws IOException {
        var handler = new Receiver(receiver);
        var bootstrap =
                new Bootstrap()
                        .group(loop.group)
                        .option(ChannelOption.SO_RCVBUF, BUFFER)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, loop.memory)
                        .handler(handler);
        if (Epoll.isAvailable()) {
            bootstrap
                    .channelFactory(() -> epoll(address.getAddress()))
                    .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, STRIDE);
        } else {
            bootstrap.channel(NioDatagramChannel.class);
        }
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot bind UDP " + text(address) + ": " + reason(bound.cause()),
                    bound.cause());
        }
        return new UdpEndpoint(bound.channel(), handler);
    }

    /** A socket for one family costs the kernel less for each datagram than one for both. */
    private static EpollDatagramChannel epoll(@Nullable InetAddress address) {
        return address instanceof Inet4Address && !address.isAnyLocalAddress()
                ? new EpollDatagramChannel(SocketProtocolFamily.INET)
                : new EpollDatagramChannel();
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

    /** Sends the octets. */
    public void send(InetSocketAddress destination, byte[] payload) {
        write(destination, channel.alloc().directBuffer(payload.length).writeBytes(payload));
    }

    /**
     * Sends what remains in the buffer, which is copied, so that the caller may use it again at
     * once.
     */
    public void send(InetSocketAddress destination, ByteBuffer payload) {
        write(
                destination,
                channel.alloc().directBuffer(payload.remaining()).writeBytes(payload.duplicate()));
    }

    /**
     * Runs something on the loop's thread; what it sends goes out in as few system calls as will
     * do.
     *
     * @throws IllegalStateException on any other thread
     */
    public void together(Runnable what) {
        if (!channel.eventLoop().inEventLoop()) {
            throw new IllegalStateException("not on the loop's thread");
        }
        boolean outermost = !handler.gathers;
        handler.gathers = true;
        try {
            what.run();
        } finally {
            if (outermost) {
                handler.gathers = false;
                channel.flush();
            }
        }
    }

    private void write(InetSocketAddress destination, ByteBuf payload) {
        var datagram = new DatagramPacket(payload, destination);
        // What answers a batch of datagrams goes out as one.
        if (handler.gathers && channel.eventLoop().inEventLoop()) {
            channel.write(datagram, channel.voidPromise());
        } else {
            channel.writeAndFlush(datagram, channel.voidPromise());
        }
    }

    /**
     * Runs something on the loop's thread once it has looked for datagrams again: what is given to
     * the executor may run before. As long as it finds as many as one read fetches it goes on to
     * read, a few times: what waits there may be what earlier sending has caused, and would be lost
     * if more came than finds room.
     */
    public void afterReading(Runnable what) {
        afterReading(what, MOST_READS);
    }

    private void afterReading(Runnable what, int reads) {
        channel.eventLoop()
                .schedule(
                        () -> {
                            boolean more = handler.lastRead == BATCH;
                            handler.lastRead = 0;
                            if (more && reads > 1) {
                                afterReading(what, reads - 1);
                            } else {
                                what.run();
                            }
                        },
                        0,
                        TimeUnit.NANOSECONDS);
    }

    /** Datagrams that the kernel refused to send. */
    public long unsent() {
        return handler.refused.sum();
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly(3, TimeUnit.SECONDS);
    }

    /**
     * Hands datagrams on. A receiver that throws has a bug of ours: it is logged, once in a while
     * as whoever has found it may send more of them, and the socket goes on.
     */
    private static final class Receiver extends SimpleChannelInboundHandler<DatagramPacket> {
        private final Consumer<Datagram> receiver;
        private final Seldom mistakes = new Seldom(TimeUnit.SECONDS.toNanos(10));
        private final LongAdder refused = new LongAdder();

        /**
         * Whether a batch is being handed on, or sent together, so that a flush follows. Only the
         * loop's thread can rely on it.
         */
        private volatile boolean gathers;

        /** Datagrams of the read that is under way; the loop's own, as the next. */
        private int read;

        /** Those of the last one, until somebody has asked. */
        private int lastRead;

        /** Decoders are fastest with an array, and one datagram is done with before the next. */
        private final byte[] octets = new byte[65_535];

        Receiver(Consumer<Datagram> receiver) {
            this.receiver = receiver;
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            gathers = false;
            lastRead = read;
            read = 0;
            context.flush();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            if (!gathers) {
                gathers = true;
            }
            read++;
            var content = packet.content();
            int length = content.readableBytes();
            content.getBytes(content.readerIndex(), octets, 0, length);
            receiver.accept(new Datagram(packet.sender(), ByteBuffer.wrap(octets, 0, length)));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // What a send fails with comes here, as a promise for each would cost too much; neither
            // that nor a mistake of ours may stop the socket.
            if (cause instanceof IOException) {
                refused.increment();
                LOG.debug("socket error on {}", context.channel(), cause);
            } else {
                mistakes.happens(System.nanoTime())
                        .ifPresent(unsaid ->
                                LOG.error(
                                        "receiver failed on {}, and {} times before that were not"
                                                + " logged",
                                        context.channel(),
                                        unsaid,
                                        cause));
            }
        }
    }
}
