package io.lispfabric.wire.encap;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.Vectors;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Octets that stand behind others, and with nothing after them that a careless read could find. */
final class Packets {
    /** Where a packet begins in its buffer. */
    static final int AT = 3;

    private Packets() {}

    static ByteBuffer of(String hex) {
        return of(Bytes.ofHex(hex));
    }

    static ByteBuffer of(Bytes octets) {
        return ByteBuffer.allocate(AT + octets.length()).put(AT, octets.toArray());
    }

    static ByteBuffer blank(int octets) {
        return of(Bytes.ofHex("ff".repeat(octets)));
    }

    /** A packet that Linux sent. */
    static ByteBuffer linux(String name) {
        return of(Vectors.read("encap/linux-" + name));
    }

    /** The octets from {@link #AT} on. */
    static String hex(ByteBuffer packet) {
        return Bytes.of(packet.slice(AT, packet.limit() - AT)).hex();
    }

    /** The packet cut after each number of octets that is too small. */
    static void cuts(ByteBuffer packet, int whole, Consumer<ByteBuffer> each) {
        for (int length = 0; length < whole; length++) {
            each.accept(packet.duplicate().limit(AT + length));
        }
    }
}
