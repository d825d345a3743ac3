package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.Rfc;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    private static final Ip PEER = Ip.parse("192.0.2.1");

    private static Instant at(int millis) {
        return START.plusMillis(millis);
    }

    @Rfc("9301 §5.4")
    @Test
    void anAddressGetsItsBurstAndThenItsRate() {
        var limit = new RateLimit(10, 20);
        int allowed = 0;
        for (int millis = 0; millis < 10_000; millis++) {
            allowed += limit.allows(PEER, at(millis)) ? 1 : 0;
        }
        assertThat(allowed).isBetween(119, 120);
        assertThat(limit.allows(Ip.parse("192.0.2.2"), at(10_000))).isTrue();
    }

    @Rfc("9301 §9")
    @Test
    void aFloodOfOtherAddressesNeitherStarvesOneThatIsInUseNorFillsItsBucketAgain() {
        var limit = new RateLimit(10, 20, 1_000);
        int served = 0;
        int others = 0;
        int next = 0;
        for (int millis = 0; millis < 20_000; millis++) {
            for (int i = 0; i < 10; i++) {
                others += limit.allows(new Ipv4(0x0A00_0000 + next++), at(millis)) ? 1 : 0;
            }
            // Twice what it may have.
            if (millis % 50 == 0 && limit.allows(PEER, at(millis))) {
                served++;
            }
        }
        assertThat(served).isBetween(218, 221); // 20 and 10 a second
        // Those that found no place had a share of their own.
        assertThat(others).isBetween(20_000, 33_000);
    }

    @Rfc("9301 §5.4")
    @Test
    void theSameIsToldToTheSameAddressSeldom() {
        var limit = new RepeatLimit(2, 4711);
        var eid = Eid.of(1, "40.0.0.7");
        long start = START.toEpochMilli() / 3_000 * 3_000;
        int allowed = 0;
        for (int millis = 0; millis < 30_000; millis += 10) {
            allowed += limit.allows(PEER, eid, start + millis) ? 1 : 0;
        }
        assertThat(allowed).isEqualTo(60);
        assertThat(limit.allows(PEER, eid, start + 29_999)).isFalse();
        assertThat(limit.allows(PEER, Eid.of(1, "40.0.0.8"), start + 29_999)).isTrue();
        assertThat(limit.allows(PEER, Eid.of(2, "40.0.0.7"), start + 29_999)).isTrue();
        assertThat(limit.allows(Ip.parse("192.0.2.2"), eid, start + 29_999)).isTrue();
    }

    @Rfc("9301 §9")
    @Test
    void aMillionQuestionsTakeNoMoreRoomThanOneAndAreHardlyEverMistakenForEachOther() {
        var limit = new RepeatLimit(1, 4711);
        int refused = 0;
        for (int i = 0; i < 1_000_000; i++) {
            var eid = Eid.of(1, "40." + (i >>> 16) + "." + (i >>> 8 & 255) + "." + (i & 255));
            refused += limit.allows(PEER, eid, START.toEpochMilli()) ? 0 : 1;
        }
        assertThat(refused).isLessThan(10);
    }
}
