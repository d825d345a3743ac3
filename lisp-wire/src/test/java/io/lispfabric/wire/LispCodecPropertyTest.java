package io.lispfabric.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireReader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for every message, and for octets that are none. */
class LispCodecPropertyTest {
    @Provide
    Arbitrary<LispMessage> messages() {
        return Messages.any();
    }

    /** Octets whose first nibble is a type that we read, mostly. */
    @Provide
    Arbitrary<byte[]> noise() {
        var heads =
                Arbitraries.of(
                        0x10, 0x1f, 0x20, 0x22, 0x30, 0x32, 0x40, 0x50, 0x60, 0x70, 0x78, 0x80,
                        0x88, 0x00, 0xf0);
        return Combinators.combine(heads, Arbitraries.bytes().array(byte[].class).ofMaxSize(200))
                .as((head, octets) -> {
                    if (octets.length > 0) {
                        octets[0] = (byte) (int) head;
                    }
                    return octets;
                });
    }

    @Provide
    Arbitrary<String> vectors() {
        return Arbitraries.of(Vectors.NAMES);
    }

    private static Decoded decode(byte[] octets) {
        return LispCodec.decode(ByteBuffer.wrap(octets), Vendors.ANY);
    }

    private static void isOneThingOrTheOther(byte[] octets) {
        // Who is listened to reads each field at once, others look ahead and read records later.
        assertThat(LispCodec.decode(ByteBuffer.wrap(octets), Vendors.ANY, new Heard()))
                .isEqualTo(decode(octets));
        switch (decode(octets)) {
            case Decoded.Malformed(_, int offset) -> assertThat(offset).isBetween(0, octets.length);
            case Decoded.Message(var message) -> {
                // What is read is written in our form, and that form is read as the same.
                var again = LispCodec.encode(message);
                assertThat(decode(again)).isEqualTo(new Decoded.Message(message));
                assertThat(again.length).isLessThanOrEqualTo(octets.length + 24);
            }
        }
    }

    @Property
    @Rfc("9301 §5")
    void whatIsWrittenIsRead(@ForAll("messages") LispMessage message) {
        assertThat(decode(LispCodec.encode(message))).isEqualTo(new Decoded.Message(message));
    }

    /**
     * Locator-sets that come again are not read again; they must be told from those that only look
     * so, and a reader that is listened to reads all of them.
     */
    @Property
    @Rfc("9301 §5.4")
    void locatorSetsThatComeAgainAreTheSame(@ForAll long seed) {
        var random = new Random(seed);
        var sets = Stream.generate(() -> locators(random)).limit(3).toList();
        var records =
                IntStream.range(0, 8)
                        .mapToObj(i ->
                                MappingRecord.of(
                                        RecordTtl.ONE_DAY,
                                        Eid.of(i % 2, "10.0." + i + ".0/24"),
                                        sets.get(random.nextInt(sets.size()))))
                        .toList();
        var reply = new MapReply(false, false, new Nonce(seed), records);
        var octets = LispCodec.encode(reply);
        assertThat(decode(octets)).isEqualTo(new Decoded.Message(reply));
        var heard = new Heard();
        assertThat(LispCodec.decode(ByteBuffer.wrap(octets), Vendors.ANY, heard))
                .isEqualTo(new Decoded.Message(reply));
        assertThat(heard.octets).isEqualTo(octets.length);
        if (decode(octets) instanceof Decoded.Message(MapReply(_, _, _, var read, _))) {
            for (int i = 1; i < read.size(); i++) {
                var last = read.get(i - 1).locators();
                if (read.get(i).locators().equals(last)) {
                    assertThat(read.get(i).locators()).isSameAs(last);
                }
            }
        }
    }

    /** Sets that differ in one octet at most, or in how many there are. */
    private static List<Locator> locators(Random random) {
        int weight = random.nextInt(2);
        var last = Rloc.of(random.nextBoolean() ? "192.0.2.1" : "192.0.2.2");
        return random.nextInt(4) == 0
                ? List.of()
                : List.of(Locator.of(Rloc.of("2001:db8::1"), 1, weight), Locator.of(last, 1, 50));
    }

    /** Counts the octets of all fields. */
    private static final class Heard implements WireReader.Trace {
        private int octets;

        @Override
        public void begin(String part, int offset) {}

        @Override
        public void field(String name, int offset, int length) {
            octets += length;
        }

        @Override
        public void end(Object value, int offset) {}
    }

    @Property(tries = 300)
    @Rfc("9301 §5")
    void cuttingAGoodMessageShortIsAlwaysTruncated(@ForAll("messages") LispMessage message) {
        var octets = LispCodec.encode(message);
        // Every border between small fields, and some of the many inside a large message.
        int step = 1 + octets.length / 300;
        for (int length = 0; length < octets.length; length += step) {
            isTruncated(message, octets, length);
        }
        isTruncated(message, octets, octets.length - 1);
        isTruncated(message, octets, Math.max(0, octets.length - XtrIdentity.LENGTH));
    }

    private static void isTruncated(LispMessage message, byte[] octets, int length) {
        var cut = decode(Arrays.copyOf(octets, length));
        if (length == octets.length - XtrIdentity.LENGTH && recipientFollows(message)
                || length >= 2 && message instanceof SharedExtension) {
            // RFC 9301 §5.7 knows no trailer, so without it the message is whole. And what an
            // extension says has no length of its own (RFC 9304 §3).
            assertThat(cut).isInstanceOf(Decoded.Message.class);
        } else {
            assertThat(cut)
                    .as("%d of %d octets of %s", length, octets.length, message)
                    .isEqualTo(new Decoded.Malformed(Flaw.TRUNCATED, length));
        }
    }

    private static boolean recipientFollows(LispMessage message) {
        return message instanceof MapNotify notify && notify.recipient().isPresent()
                || message instanceof MapNotifyAck ack && ack.recipient().isPresent();
    }

    @Property
    @Rfc("9301 §5")
    void octetsAfterTheEndAreNoticed(@ForAll("messages") LispMessage message, @ForAll byte extra) {
        var octets = LispCodec.encode(message);
        var longer = Arrays.copyOf(octets, octets.length + 1);
        longer[octets.length] = extra;
        if (message instanceof SharedExtension) {
            assertThat(decode(longer)).isInstanceOf(Decoded.Message.class);
        } else {
            assertThat(decode(longer)).isInstanceOf(Decoded.Malformed.class);
        }
    }

    @Property
    void noOctetsBreakTheDecoder(@ForAll("noise") byte[] octets) {
        isOneThingOrTheOther(octets);
    }

    @Property(tries = 5000)
    void noMutationOfAGoodMessageBreaksTheDecoder(
            @ForAll("vectors") String name, @ForAll long seed) {
        isOneThingOrTheOther(mutated(Vectors.read(name).toArray(), new Random(seed)));
    }

    @Property
    void noMutationOfAnyMessageBreaksTheDecoder(
            @ForAll("messages") LispMessage message, @ForAll long seed) {
        isOneThingOrTheOther(mutated(LispCodec.encode(message), new Random(seed)));
    }

    private static byte[] mutated(byte[] octets, Random random) {
        var mutated = octets;
        for (int i = random.nextInt(1, 5); i > 0 && mutated.length > 0; i--) {
            int at = random.nextInt(mutated.length);
            switch (random.nextInt(4)) {
                case 0 -> mutated[at] = (byte) random.nextInt();
                case 1 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> mutated = Arrays.copyOf(mutated, at);
                default -> {
                    // Some octets are said twice.
                    var longer = new byte[mutated.length + mutated.length - at];
                    System.arraycopy(mutated, 0, longer, 0, mutated.length);
                    System.arraycopy(mutated, at, longer, mutated.length, mutated.length - at);
                    mutated = longer;
                }
            }
        }
        return mutated;
    }

    @Property
    @Rfc("9301 §5.6")
    void noncesAreComparedAsUnsigned(@ForAll long one, @ForAll long other) {
        var expected =
                Bytes.of(ByteBuffer.allocate(8).putLong(0, one))
                                .compareTo(Bytes.of(ByteBuffer.allocate(8).putLong(0, other)))
                        > 0;
        assertThat(new Nonce(one).isGreaterThan(new Nonce(other))).isEqualTo(expected);
    }
}
