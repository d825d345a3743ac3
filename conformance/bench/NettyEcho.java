import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.DatagramPacket;

/** The yardstick for a server on Netty: sends back what comes, in batches, and does nothing else. */
public final class NettyEcho {
    private static final int BATCH = 32;
    private static final int ROOM = 2048;

    private NettyEcho() {}

    /** NettyEcho ADDRESS PORT */
    public static void main(String[] args) throws InterruptedException {
        new Bootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()))
                .channel(EpollDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, 4 << 20)
                .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, ROOM)
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(BATCH * ROOM).maxMessagesPerRead(BATCH))
                .handler(
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelRead(ChannelHandlerContext context, Object message) {
                                var packet = (DatagramPacket) message;
                                context.write(
                                        new DatagramPacket(packet.content(), packet.sender()),
                                        context.voidPromise());
                            }

                            @Override
                            public void channelReadComplete(ChannelHandlerContext context) {
                                context.flush();
                            }
                        })
                .bind(args[0], Integer.parseInt(args[1]))
                .sync()
                .channel()
                .closeFuture()
                .sync();
    }
}
