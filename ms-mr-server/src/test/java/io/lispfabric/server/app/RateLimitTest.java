package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.Rfc;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    private static final SecretHash HASH = new SecretHash(4711);
    private static final Ip PEER = Ip.parse("192.0.2.1");

    private static Instant at(int millis) {
        return START.plusMillis(millis);
    }

    @Rfc("9301 §5.4")
    @Test
    void anAddressGetsItsBurstAndThenItsRate() {
        var limit = new RateLimit(10, 20, HASH);
        int allowed = 0;
        for (int millis = 0; millis < 10_000; millis++) {
            allowed += limit.allows(PEER, at(millis)) ? 1 : 0;
        }
        assertThat(allowed).isBetween(119, 120);
        assertThat(limit.allows(Ip.parse("192.0.2.2"), at(10_000))).isTrue();
    }

    /** Else a short question about a long mapping would be worth asking in another's name. */
    @Rfc("9301 §9")
    @Test
    void whatIsManyTimesAsLongCountsManyTimes() {
        var limit = new RateLimit(10, 20, HASH);
        int allowed = 0;
        for (int millis = 0; millis < 10_000; millis++) {
            if (limit.allows(PEER, at(millis))) {
                allowed++;
                limit.charge(PEER, 4);
            }
        }
        assertThat(allowed).isBetween(24, 28); // 120, and a debt at the end, of five each
    }

    @Rfc("9301 §9")
    @Test
    void aFloodOfOtherAddressesNeitherStarvesOneThatIsInUseNorFillsItsBucketAgain() {
        var limit = new RateLimit(10, 20, 1_000, HASH);
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

    /** Who has had all it may have is not worth the work for an answer. */
    @Rfc("9301 §5.4")
    @Test
    void whetherAnAnswerWouldBeAllowedIsKnownBeforehandAndCostsNothing() {
        var limit = new RateLimit(10, 20, HASH);
        for (int i = 0; i < 20; i++) {
            assertThat(limit.wouldAllow(PEER, at(0))).isTrue();
            assertThat(limit.wouldAllow(PEER, at(0))).isTrue();
            assertThat(limit.allows(PEER, at(0))).isTrue();
        }
        assertThat(limit.wouldAllow(PEER, at(0))).isFalse();
        assertThat(limit.wouldAllow(Ip.parse("192.0.2.2"), at(0))).isTrue();
        assertThat(limit.wouldAllow(PEER, at(100))).isTrue();
        assertThat(limit.allows(PEER, at(100))).isTrue();
    }

    @Rfc("9301 §5.4")
    @Test
    void theSameIsToldToTheSameAddressSeldom() {
        var limit = new RepeatLimit(2, HASH);
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
        var limit = new RepeatLimit(1, HASH);
        int refused = 0;
        for (int i = 0; i < 1_000_000; i++) {
            var eid = Eid.of(1, "40." + (i >>> 16) + "." + (i >>> 8 & 255) + "." + (i & 255));
            refused += limit.allows(PEER, eid, START.toEpochMilli()) ? 0 : 1;
        }
        assertThat(refused).isLessThan(10);
    }

    /**
     * With numbers that anybody can compute, one address would take the place of another's
     * questions; with numbers made of the secret only afterwards, for every secret.
     */
    @Rfc("9301 §9")
    @Test
    void whatMeetsUnderOneSecretDoesNotUnderAnother() {
        var meet = new ArrayList<Eid>();
        var places = new HashMap<Long, Eid>();
        for (int i = 0; i < 20_000; i++) {
            var eid = Eid.of(1, "40.0." + (i >>> 8) + "." + (i & 255));
            var other = places.putIfAbsent(HASH.of(PEER, eid) >>> 48, eid);
            if (other != null) {
                meet.add(other);
                meet.add(eid);
            }
        }
        assertThat(meet).hasSizeGreaterThan(2_000);
        var another = new SecretHash(4712);
        int again = 0;
        for (int i = 0; i < meet.size(); i += 2) {
            boolean same =
                    another.of(PEER, meet.get(i)) >>> 48
                            == another.of(PEER, meet.get(i + 1)) >>> 48;
            again += same ? 1 : 0;
        }
        assertThat(again).isLessThan(5);
    }

    /** These have one hash code in Java, whoever runs it. */
    @Rfc("9301 §9")
    @Test
    void addressesWithOneHashCodeHaveManyNumbers() {
        var numbers = new HashSet<Integer>();
        for (int i = 0; i < 1_000; i++) {
            long high = 0x2001_0DB8_0000_0000L + i;
            Ip address = new Ipv6(high, -31 * Long.hashCode(high) & 0xFFFF_FFFFL);
            assertThat(address.hashCode()).isZero();
            numbers.add(Long.hashCode(HASH.of(address)));
        }
        assertThat(numbers).hasSizeGreaterThan(990);
    }
}
