package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.InstanceId;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsTest {
    /** MurmurHash3's fmix32 of 1 is 0x514E28B7, and 0x30F4C306 of 2, as published. */
    @Test
    void anInstanceIdIsInTheGroupThatItsMixedValueSays() {
        assertThat(Shards.of(new InstanceId(1), 16)).isEqualTo(7);
        assertThat(Shards.of(new InstanceId(2), 16)).isEqualTo(6);
        assertThat(Shards.of(InstanceId.DEFAULT, 16)).isZero();
        assertThat(Shards.of(new InstanceId(1), 1)).isZero();
    }

    /** Tenants may well have every hundredth number. */
    @ParameterizedTest
    @CsvSource({"2, 1", "3, 1", "3, 100", "16, 256"})
    void instanceIdsSpreadWhateverTheirPattern(int groups, int step) {
        var found = new int[groups];
        IntStream.range(0, 16_000)
                .forEach(i -> found[Shards.of(new InstanceId(i * step), groups)]++);
        assertThat(found)
                .matches(it ->
                        IntStream.of(it).allMatch(n -> n > 14_000 / groups && n < 18_000 / groups));
    }
}
