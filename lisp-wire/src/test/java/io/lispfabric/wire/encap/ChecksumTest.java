package io.lispfabric.wire.encap;

import static io.lispfabric.wire.encap.Packets.AT;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The sums of RFC 1071 and RFC 1624, theirs and those of a slower way to add. */
class ChecksumTest {
    @Test
    @Rfc("1071 §3")
    void theExampleOfTheRfc() {
        assertThat(Checksum.sum(Packets.of("0001f203f4f5f6f7"), AT, 8, 0)).isEqualTo(0xddf2);
    }

    @Test
    @Rfc("1071 §4.1")
    void anOddLastOctetIsTheHighHalfOfAWord() {
        assertThat(Checksum.sum(Packets.of("0001f2"), AT, 3, 0)).isEqualTo(0xf201);
    }

    @Test
    @Rfc("1624 §4")
    void theExampleOfTheUpdateThatEarlierEquationsGotWrong() {
        assertThat(Checksum.update(0xdd2f, 0x5555, 0x3285)).isEqualTo(0x0000);
    }

    @Property(tries = 500)
    @Rfc("1071 §1")
    void theSumIsThatOfWordsAddedOneByOne(
            @ForAll @Size(max = 70) byte[] octets, @ForAll @IntRange(max = 0xFFFF) int initial) {
        var packet = Packets.of(Bytes.of(octets));
        assertThat(Checksum.sum(packet, AT, octets.length, initial))
                .isEqualTo(slowSum(octets, initial));
    }

    @Property(tries = 500)
    @Rfc("1624 §3")
    void anUpdateIsWhatAWholeSumWouldBe(
            @ForAll @Size(20) byte[] octets,
            @ForAll @IntRange(max = 9) int word,
            @ForAll short after) {
        var packet = Packets.of(Bytes.of(octets));
        packet.putShort(AT, (short) 0x4500); // a header is never all zeros
        int checksum = Checksum.of(Checksum.sum(packet, AT, 20, 0));
        int before = packet.getShort(AT + 2 * word);
        packet.putShort(AT + 2 * word, after);
        int whole = Checksum.of(Checksum.sum(packet, AT, 20, 0));
        // 0 and 0xFFFF are one number in ones' complement, and all zeros has only the latter.
        assertThat(Checksum.update(checksum, before, after) % 0xFFFF).isEqualTo(whole % 0xFFFF);
    }

    private static int slowSum(byte[] octets, int initial) {
        int sum = initial;
        for (int i = 0; i < octets.length; i++) {
            sum += (octets[i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
            if (sum > 0xFFFF) {
                sum -= 0xFFFF;
            }
        }
        return sum;
    }
}
