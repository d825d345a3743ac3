package io.lispfabric.conformance.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * A UDP socket of Linux on a machine of 64 bits, for IPv4, that sends and receives many datagrams
 * by one system call, so that who asks is faster than who answers. Used by one thread.
 */
final class BatchSocket implements AutoCloseable {
    /** Datagrams of one system call. */
    static final int BATCH = 32;

    /** What an answer may take. */
    private static final int ROOM = 2048;

    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUF = 8;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int BUFFER = 8 << 20;
    private static final int NAME = 16;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfShort NETWORK_SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    private static final ValueLayout.OfInt NETWORK_INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    // struct mmsghdr: struct msghdr of 56 octets, then the length as an int, filled up to 64.
    private static final long MESSAGE = 64;
    private static final long IOV = 16;
    private static final long IOV_COUNT = 24;
    private static final long LENGTH = 56;

    // struct iovec
    private static final long PART = 16;
    private static final long PART_LENGTH = 8;

    private static final MethodHandle SOCKET = function("socket", INT, INT, INT);
    private static final MethodHandle BIND = function("bind", INT, ValueLayout.ADDRESS, INT);
    private static final MethodHandle CONNECT = function("connect", INT, ValueLayout.ADDRESS, INT);
    private static final MethodHandle NAME_OF =
            function("getsockname", INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS);
    private static final MethodHandle OPTION =
            function("setsockopt", INT, INT, INT, ValueLayout.ADDRESS, INT);
    private static final MethodHandle CLOSE = function("close", INT);
    private static final MethodHandle SEND =
            function("sendmmsg", INT, ValueLayout.ADDRESS, INT, INT);
    private static final MethodHandle RECEIVE =
            function("recvmmsg", INT, ValueLayout.ADDRESS, INT, INT, ValueLayout.ADDRESS);

    @SuppressWarnings("restricted") // the signatures are those of the C library
    private static MethodHandle function(String name, MemoryLayout... parameters) {
        var linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().find(name).orElseThrow(),
                FunctionDescriptor.of(INT, parameters));
    }

    private final Arena arena = Arena.ofConfined();
    private final int socket;
    private final MemorySegment out = messages();
    private final MemorySegment outParts = arena.allocate(BATCH * PART, 8);
    private final MemorySegment in = messages();
    private final MemorySegment inParts = arena.allocate(BATCH * PART, 8);
    private final MemorySegment answers = arena.allocate((long) BATCH * ROOM, 64);

    private MemorySegment messages() {
        return arena.allocate(BATCH * MESSAGE, 8);
    }

    /**
     * @param from where it sends from, if that matters
     * @throws IOException when the kernel refuses
     */
    BatchSocket(Optional<InetSocketAddress> from, InetSocketAddress to) throws IOException {
        socket = call(() -> (int) SOCKET.invokeExact(AF_INET, SOCK_DGRAM, 0));
        check(socket, "open a UDP socket");
        var size = arena.allocate(INT);
        size.set(INT, 0, BUFFER);
        // More than ordinary processes may have, if we are none; else as much as is given.
        if (option(SO_RCVBUFFORCE, size) != 0) {
            option(SO_RCVBUF, size);
        }
        if (from.isPresent()) {
            var name = name(from.get());
            check(call(() -> (int) BIND.invokeExact(socket, name, NAME)), "bind " + from.get());
        }
        var name = name(to);
        check(call(() -> (int) CONNECT.invokeExact(socket, name, NAME)), "connect to " + to);
        point(out, outParts);
        point(in, inParts);
        for (int i = 0; i < BATCH; i++) {
            inParts.set(LONG, i * PART, answers.address() + (long) i * ROOM);
            inParts.set(LONG, i * PART + PART_LENGTH, ROOM);
        }
    }

    private int option(int option, MemorySegment value) {
        return call(() -> (int) OPTION.invokeExact(socket, SOL_SOCKET, option, value, 4));
    }

    private static void point(MemorySegment messages, MemorySegment parts) {
        for (int i = 0; i < BATCH; i++) {
            messages.set(LONG, i * MESSAGE + IOV, parts.address() + i * PART);
            messages.set(LONG, i * MESSAGE + IOV_COUNT, 1);
        }
    }

    private MemorySegment name(InetSocketAddress address) {
        if (!(address.getAddress() instanceof Inet4Address ip)) {
            throw new IllegalArgumentException("not an IPv4 address: " + address);
        }
        var name = arena.allocate(NAME, 8);
        name.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET);
        name.set(NETWORK_SHORT, 2, (short) address.getPort());
        MemorySegment.copy(ip.getAddress(), 0, name, ValueLayout.JAVA_BYTE, 4, 4);
        return name;
    }

    /** Where it sends from. */
    InetSocketAddress localAddress() throws IOException {
        var name = arena.allocate(NAME, 8);
        var size = arena.allocate(INT);
        size.set(INT, 0, NAME);
        check(call(() -> (int) NAME_OF.invokeExact(socket, name, size)), "name a UDP socket");
        return new InetSocketAddress(
                InetAddress.getByAddress(name.asSlice(4, 4).toArray(ValueLayout.JAVA_BYTE)),
                name.get(NETWORK_SHORT, 2) & 0xFFFF);
    }

    /** Datagrams in memory that the kernel can read. */
    static final class Store implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment octets;
        private final int stride;
        private final int[] lengths;

        /** Room for so many, each of no more than {@code most} octets. */
        Store(int count, int most) {
            this.stride = most;
            this.lengths = new int[count];
            this.octets = arena.allocate((long) count * most, 64);
        }

        void put(int index, byte[] datagram) {
            MemorySegment.copy(
                    datagram,
                    0,
                    octets,
                    ValueLayout.JAVA_BYTE,
                    (long) index * stride,
                    datagram.length);
            lengths[index] = datagram.length;
        }

        int size() {
            return lengths.length;
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /**
     * Sends datagrams of the store, from number {@code first} on, beginning anew at its end; no
     * more than {@link #BATCH}.
     *
     * @return how many the kernel took
     */
    int send(Store store, long first, int count) {
        for (int i = 0; i < count; i++) {
            int index = (int) ((first + i) % store.size());
            outParts.set(LONG, i * PART, store.octets.address() + (long) index * store.stride);
            outParts.set(LONG, i * PART + PART_LENGTH, store.lengths[index]);
        }
        return Math.max(0, call(() -> (int) SEND.invokeExact(socket, out, count, MSG_DONTWAIT)));
    }

    /**
     * Fetches what has come.
     *
     * @return how many, no more than {@link #BATCH}; they stay until the next call
     */
    int receive() {
        return Math.max(
                0,
                call(() ->
                        (int)
                                RECEIVE.invokeExact(
                                        socket, in, BATCH, MSG_DONTWAIT, MemorySegment.NULL)));
    }

    /** Four octets of a datagram that was received, or -1 when it is too short. */
    int u32(int index, int offset) {
        return in.get(INT, index * MESSAGE + LENGTH) < offset + 4
                ? -1
                : answers.get(NETWORK_INT, (long) index * ROOM + offset);
    }

    /** A datagram that was received, copied. */
    ByteBuffer datagram(int index) {
        var octets = new byte[in.get(INT, index * MESSAGE + LENGTH)];
        MemorySegment.copy(
                answers, ValueLayout.JAVA_BYTE, (long) index * ROOM, octets, 0, octets.length);
        return ByteBuffer.wrap(octets);
    }

    /** A C function: it throws nothing. */
    @FunctionalInterface
    private interface Call {
        int run() throws Throwable;
    }

    private static int call(Call call) {
        try {
            return call.run();
        } catch (Throwable e) {
            throw new IllegalStateException("a system call cannot be made", e);
        }
    }

    private static void check(int result, String what) throws IOException {
        if (result < 0) {
            throw new IOException("cannot " + what);
        }
    }

    @Override
    public void close() {
        var unused = call(() -> (int) CLOSE.invokeExact(socket));
        arena.close();
    }
}
