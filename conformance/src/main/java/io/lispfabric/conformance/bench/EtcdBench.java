package io.lispfabric.conformance.bench;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.lispfabric.conformance.bench.RaftBench.Measured;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * Puts to a cluster of etcd, at its leader, by its gRPC API: the two messages of it that are needed
 * are written by hand.
 */
public final class EtcdBench implements AutoCloseable {
    private static final MethodDescriptor.Marshaller<byte[]> OCTETS =
            new MethodDescriptor.Marshaller<>() {
                @Override
                public InputStream stream(byte[] value) {
                    return new ByteArrayInputStream(value);
                }

                @Override
                public byte[] parse(InputStream stream) {
                    try {
                        return stream.readAllBytes();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            };

    private static final MethodDescriptor<byte[], byte[]> PUT = method("etcdserverpb.KV/Put");
    private static final MethodDescriptor<byte[], byte[]> STATUS =
            method("etcdserverpb.Maintenance/Status");

    /** As long as a Map-Register's EID with its locator, its flags and its nonce. */
    private static final int VALUE_OCTETS = 64;

    private static final int PATIENCE_SECONDS = 5;

    private static MethodDescriptor<byte[], byte[]> method(String name) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .setRequestMarshaller(OCTETS)
                .setResponseMarshaller(OCTETS)
                .build();
    }

    private final ManagedChannel leader;

    private EtcdBench(ManagedChannel leader) {
        this.leader = leader;
    }

    /**
     * Finds the leader among the members.
     *
     * @throws IOException when none of them leads
     */
    public static EtcdBench open(List<InetSocketAddress> members) throws IOException {
        for (var member : members) {
            var channel = NettyChannelBuilder.forAddress(member).usePlaintext().build();
            try {
                if (leads(
                        ClientCalls.blockingUnaryCall(
                                channel,
                                STATUS,
                                CallOptions.DEFAULT.withDeadlineAfter(
                                        PATIENCE_SECONDS, TimeUnit.SECONDS),
                                new byte[0]))) {
                    return new EtcdBench(channel);
                }
            } catch (StatusRuntimeException _) {
                // The next one may lead.
            }
            channel.shutdownNow();
        }
        throw new IOException("none of the members of etcd leads");
    }

    /** StatusResponse: header 1 { member_id 2 }, leader 4. */
    private static boolean leads(byte[] status) throws IOException {
        var in = CodedInputStream.newInstance(status);
        long member = 0;
        long leader = -1;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag >>> 3) {
                case 1 -> member = field(in.readByteArray(), 2).orElse(0L);
                case 4 -> leader = in.readUInt64();
                default -> in.skipField(tag);
            }
        }
        return member == leader;
    }

    private static Optional<Long> field(byte[] message, int number) throws IOException {
        var in = CodedInputStream.newInstance(message);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag >>> 3 == number) {
                return Optional.of(in.readUInt64());
            }
            in.skipField(tag);
        }
        return Optional.empty();
    }

    /** PutRequest: key 1, value 2. */
    private static byte[] put(int key, long number) throws IOException {
        var octets = new ByteArrayOutputStream();
        var out = CodedOutputStream.newInstance(octets);
        out.writeByteArray(1, ("/eid/" + key).getBytes(StandardCharsets.US_ASCII));
        var value = new byte[VALUE_OCTETS];
        for (int i = 0; i < Long.BYTES; i++) {
            value[i] = (byte) (number >>> 8 * i);
        }
        out.writeByteArray(2, value);
        out.flush();
        return octets.toByteArray();
    }

    /** Puts under way, as many as wanted at any time, for so long, over so many keys. */
    public Measured closed(int outstanding, double seconds, int keys)
            throws IOException, InterruptedException {
        var times = new ConcurrentHistogram(TimeUnit.SECONDS.toNanos(60), 3);
        var done = new AtomicLong();
        var may = new Semaphore(outstanding);
        long start = System.nanoTime();
        long sent = 0;
        while (System.nanoTime() - start < seconds * 1e9) {
            if (!may.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("etcd answers no more");
            }
            long begin = System.nanoTime();
            ClientCalls.asyncUnaryCall(
                    leader.newCall(
                            PUT,
                            CallOptions.DEFAULT.withDeadlineAfter(
                                    PATIENCE_SECONDS, TimeUnit.SECONDS)),
                    put((int) (sent % keys), sent),
                    new StreamObserver<>() {
                        @Override
                        public void onNext(byte[] answer) {
                            times.recordValue(System.nanoTime() - begin);
                            done.incrementAndGet();
                        }

                        @Override
                        public void onError(Throwable problem) {
                            may.release(); // it counts as lost
                        }

                        @Override
                        public void onCompleted() {
                            may.release();
                        }
                    });
            sent++;
        }
        if (!may.tryAcquire(outstanding, 2 * PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("etcd answers no more");
        }
        return new Measured(done.get(), sent - done.get(), System.nanoTime() - start, times);
    }

    @Override
    public void close() {
        leader.shutdownNow();
    }
}
