package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.RecordTtl;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistrationTest {
    private static Registration version(int version) {
        var registrant = new Registrant("POD-D", Optional.empty(), 1);
        return new Registration(
                registrant, false, true, false, RecordTtl.ONE_DAY, version, List.of(), 0, 1);
    }

    /** The example of RFC 9302 §6, and the same half a turn further. */
    @ParameterizedTest(name = "{0} is older than {1}: {2}")
    @CsvSource({
        "69, 69, false",
        "70, 69, false",
        "2117, 69, false",
        "2118, 69, true",
        "4095, 69, true",
        "1, 69, true",
        "68, 69, true",
        "3000, 3000, false",
        "3001, 3000, false",
        "4095, 3000, false",
        "951, 3000, false",
        "952, 3000, true",
        "2999, 3000, true"
    })
    @Rfc("9302 §6")
    void theOrderOfVersionsIsCircular(int told, int known, boolean old) {
        assertThat(version(known).outdates(told)).isEqualTo(old);
    }

    @Test
    @Rfc("9302 §6.1")
    void noVersionIsNeitherOldNorNew() {
        assertThat(version(69).outdates(0)).isFalse();
        assertThat(version(0).outdates(69)).isFalse();
    }
}
