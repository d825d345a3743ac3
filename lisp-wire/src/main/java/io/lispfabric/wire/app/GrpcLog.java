package io.lispfabric.wire.app;

import java.util.logging.Level;
import java.util.logging.Logger;

/** What gRPC says by itself, in a program that anybody may connect to. */
public final class GrpcLog {
    /** Kept, or it would be forgotten with its level. */
    private static final Logger TRANSPORT = Logger.getLogger("io.grpc.netty.NettyServerTransport");

    private GrpcLog() {}

    /** Without this, each connection that does not speak HTTP/2 is told of with a stack trace. */
    public static void quieten() {
        TRANSPORT.setLevel(Level.WARNING);
    }
}
