package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class BytesTest {
    /** The truth: what {@link Arrays} says of the same octets. */
    @Property
    void theStartOfOctetsIsKnown(
            @ForAll @Size(max = 40) byte[] octets, @ForAll @IntRange(max = 40) int length) {
        int most = Math.min(length, octets.length);
        assertThat(Bytes.of(Arrays.copyOf(octets, most)).isStartOf(octets)).isTrue();
        assertThat(Bytes.of(Arrays.copyOf(octets, octets.length + 1)).isStartOf(octets)).isFalse();
    }

    @Property
    void noBitMayDiffer(
            @ForAll @Size(min = 1, max = 40) byte[] octets, @ForAll @IntRange(max = 319) int bit) {
        var other = octets.clone();
        int at = bit % (8 * octets.length);
        other[at / 8] ^= (byte) (1 << at % 8);
        assertThat(Bytes.of(other).isStartOf(octets)).isFalse();
    }
}
