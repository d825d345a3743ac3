package io.lispfabric.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.Vendors;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * What arrives from anybody costs little memory, before it is known whether it is to be believed.
 */
class LispCodecMemoryTest {
    /** A message's own objects: head, nonce, authentication data, xTR-ID and Site-ID, lists. */
    private static final int FIXED = 256;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static final List<String> VECTORS = Vectors.NAMES;

    @ParameterizedTest
    @CsvSource({
        "10.0.0.7, 1", "10.0.0.7, 100", "10.0.0.7, 255",
        "2001:db8::7, 100", "mac:02:00:00:00:00:08, 100", "name:POD-D-AccID-7, 100"
    })
    @Rfc("9301 §5.6")
    void aMapRegisterCostsAtMostTwiceItsOctets(String eid, int records) {
        for (var segment : List.of(InstanceId.DEFAULT, new InstanceId(100))) {
            var register = register(Eid.parse(eid, segment), records);
            var octets = ByteBuffer.wrap(LispCodec.encode(register));
            assertThat(LispCodec.decode(octets)).isEqualTo(new Decoded.Message(register));
            assertThat(allocatedByDecoding(octets))
                    .isLessThanOrEqualTo(FIXED + 2L * octets.remaining());
        }
    }

    @ParameterizedTest
    @FieldSource("VECTORS")
    @Rfc("9301 §5")
    void noMessageCostsMoreThanSoManyTimesItsOctets(String name) {
        var octets = ByteBuffer.wrap(Vectors.read(name).toArray());
        assertThat(allocatedByDecoding(octets))
                .isLessThanOrEqualTo(FIXED + 16L * octets.remaining());
    }

    private static MapRegister register(Eid eid, int records) {
        return new MapRegister(
                true,
                false,
                false,
                false,
                true,
                true,
                new Nonce(1),
                new Authentication(1, 3, Bytes.of(new byte[16])),
                IntStream.range(0, records)
                        .mapToObj(i ->
                                MappingRecord.of(
                                        RecordTtl.ONE_DAY,
                                        eid,
                                        List.of(
                                                Locator.of(Rloc.of("192.0.2.1"), 1, i),
                                                Locator.of(Rloc.of("2001:db8::1"), 2, i))))
                        .toList(),
                Optional.of(new XtrIdentity(new XtrId(1, 2), new SiteId(3))));
    }

    /** The least of several times, as the first ones also load classes and compile. */
    private static long allocatedByDecoding(ByteBuffer octets) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            LispCodec.decode(octets, Vendors.ANY);
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
