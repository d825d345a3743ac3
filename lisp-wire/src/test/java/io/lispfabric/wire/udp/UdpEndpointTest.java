package io.lispfabric.wire.udp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.wire.udp.UdpEndpoint.Loop;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UdpEndpointTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Loop loop = Loop.start("test");

    @AfterEach
    void stop() {
        loop.close();
    }

    /** 255 records with Instance IDs are longer than any frame; UDP carries them all the same. */
    @Test
    void whateverUdpCarriesArrives() throws Exception {
        BlockingQueue<byte[]> heard = new LinkedBlockingQueue<>();
        try (var endpoint = UdpEndpoint.bind(loop, ANY_PORT, it -> heard.add(copy(it.payload())));
                var peer = new DatagramSocket(ANY_PORT)) {
            peer.setSendBufferSize(1 << 20);
            var random = new Random(1);
            for (int length : new int[] {65_507, 1, 9_217, 65_507, 0, 30}) {
                var octets = new byte[length];
                random.nextBytes(octets);
                peer.send(new DatagramPacket(octets, length, endpoint.localAddress()));

                assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo(octets);
            }
        }
    }

    @Test
    void eachDatagramOfABatchIsAnsweredWithItsOwn() throws Exception {
        var self = new AtomicReference<UdpEndpoint>();
        var open = new CountDownLatch(1);
        try (var endpoint =
                        UdpEndpoint.bind(
                                loop,
                                ANY_PORT,
                                it -> {
                                    await(open);
                                    self.get().send(it.source(), it.payload());
                                    self.get().send(it.source(), copy(it.payload()));
                                });
                var peer = new DatagramSocket(ANY_PORT)) {
            self.set(endpoint);
            peer.setSoTimeout(10_000);
            for (int i = 0; i < 100; i++) {
                var octets = ByteBuffer.allocate(40).putInt(i).array();
                Arrays.fill(octets, 4, 40, (byte) i);
                peer.send(new DatagramPacket(octets, octets.length, endpoint.localAddress()));
            }
            open.countDown(); // so that there is more than one when it goes on

            var answers = new int[100];
            for (int i = 0; i < 200; i++) {
                var answer = new DatagramPacket(new byte[64], 64);
                peer.receive(answer);
                var octets = Arrays.copyOf(answer.getData(), answer.getLength());
                int number = ByteBuffer.wrap(octets).getInt();
                var values = new HashSet<Byte>();
                for (int k = 4; k < octets.length; k++) {
                    values.add(octets[k]);
                }
                assertThat(octets).hasSize(40);
                assertThat(values).containsExactly((byte) number);
                answers[number]++;
            }
            assertThat(answers).containsOnly(2);
        }
    }

    /** A loop serves several sockets, which share what they read into. */
    @Test
    void twoSocketsOfOneLoopDoNotMixWhatTheyHear() throws Exception {
        BlockingQueue<byte[]> left = new LinkedBlockingQueue<>();
        BlockingQueue<byte[]> right = new LinkedBlockingQueue<>();
        try (var one = UdpEndpoint.bind(loop, ANY_PORT, it -> left.add(copy(it.payload())));
                var other = UdpEndpoint.bind(loop, ANY_PORT, it -> right.add(copy(it.payload())));
                var peer = new DatagramSocket(ANY_PORT)) {
            for (byte i = 0; i < 50; i++) {
                peer.send(new DatagramPacket(new byte[] {i, 1}, 2, one.localAddress()));
                peer.send(new DatagramPacket(new byte[] {i, 2, 3}, 3, other.localAddress()));
            }
            for (byte i = 0; i < 50; i++) {
                assertThat(left.poll(10, TimeUnit.SECONDS)).containsExactly(i, 1);
                assertThat(right.poll(10, TimeUnit.SECONDS)).containsExactly(i, 2, 3);
            }
        }
    }

    @Test
    void whatTheKernelWillNotSendIsCountedAndTheRestGoesOn() throws Exception {
        try (var endpoint = UdpEndpoint.bind(loop, ANY_PORT, _ -> {});
                var peer = new DatagramSocket(ANY_PORT)) {
            peer.setSoTimeout(10_000);
            // Nobody has allowed this socket to broadcast.
            endpoint.send(new InetSocketAddress("255.255.255.255", 9), new byte[4]);
            endpoint.send((InetSocketAddress) peer.getLocalSocketAddress(), new byte[] {7});

            var heard = new DatagramPacket(new byte[8], 8);
            peer.receive(heard);
            assertThat(heard.getLength()).isEqualTo(1);
            assertThat(endpoint.unsent()).isEqualTo(1);
        }
    }

    /** Our own mistake with one datagram is not the next one's. */
    @Test
    void aReceiverThatFailsIsCalledAgain() throws Exception {
        BlockingQueue<byte[]> heard = new LinkedBlockingQueue<>();
        try (var endpoint =
                        UdpEndpoint.bind(
                                loop,
                                ANY_PORT,
                                it -> {
                                    if (it.payload().get(0) == 1) {
                                        throw new IllegalStateException("on purpose");
                                    }
                                    heard.add(copy(it.payload()));
                                });
                var peer = new DatagramSocket(ANY_PORT)) {
            for (byte i = 1; i <= 2; i++) {
                peer.send(new DatagramPacket(new byte[] {i}, 1, endpoint.localAddress()));
            }

            assertThat(heard.poll(10, TimeUnit.SECONDS)).containsExactly(2);
            assertThat(endpoint.unsent()).isZero();
        }
    }

    @Test
    void aBusyAddressIsNamed() throws Exception {
        try (var first = UdpEndpoint.bind(loop, ANY_PORT, _ -> {})) {
            var address = first.localAddress();

            assertThatThrownBy(() -> UdpEndpoint.bind(loop, address, _ -> {}).close())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + address.getPort());
        }
    }

    private static byte[] copy(ByteBuffer payload) {
        var octets = new byte[payload.remaining()];
        payload.get(payload.position(), octets);
        return octets;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
