package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.Rfc;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class IncidentsTest {
    private final ServerMetrics metrics = new ServerMetrics();
    private final List<String> told = new ArrayList<>();
    private long millis = 1_800_000_000_000L;
    private final InstantSource clock =
            new InstantSource() {
                @Override
                public Instant instant() {
                    return Instant.ofEpochMilli(millis);
                }

                @Override
                public long millis() {
                    return millis;
                }
            };
    private final Incidents incidents = new Incidents(metrics, clock, told::add);

    @Rfc("9301 §5.6")
    @Rfc("9302 §5")
    @Test
    void eachReasonIsToldAtOnceAndThenOnceInAWhileWithTheNumberOfTheOthers() {
        for (int i = 0; i < 1_000; i++) {
            incidents.drop(Drop.REPLAYED, "pod-d", i);
        }
        incidents.drop(Drop.OUTDATED, "pod-d", "[1]40.0.0.7/32");
        assertThat(told)
                .containsExactly(
                        "pod-d may be a replay, or late after a change of leaders: the nonce is not"
                                + " greater than the last one: 0",
                        "pod-d has sent an older Map-Version than its last one for [1]40.0.0.7/32");

        told.clear();
        millis += Incidents.WHILE_MILLIS;
        incidents.drop(Drop.REPLAYED, "pod-e", 7);
        assertThat(told)
                .containsExactly(
                        "pod-e may be a replay, or late after a change of leaders: the nonce is not"
                                + " greater than the last one: 7 (and 999 others like it since 2027-01-15T08:00:00Z)");
        assertThat(metrics.drops(Drop.REPLAYED)).isEqualTo(1_001);
    }

    @Test
    void theLastOneThatWasNotToldIsToldAfterAWhileThoughNothingLikeItComesAgain() {
        incidents.drop(Drop.NO_SUCH_KEY, "pod-d", "192.0.2.7");
        incidents.drop(Drop.NO_SUCH_KEY, "pod-e", "192.0.2.8");
        incidents.drop(Drop.NO_SUCH_KEY, "pod-f", "192.0.2.9");
        incidents.drop(Drop.MAP_REPLY, "192.0.2.7", 1); // of which some are tolerated
        told.clear();

        millis += Incidents.WHILE_MILLIS - 1;
        incidents.tellRest();
        assertThat(told).isEmpty();
        millis++;
        incidents.tellRest();
        incidents.tellRest();
        assertThat(told)
                .containsExactly(
                        "there is no key of that Key ID at pod-f: 192.0.2.9 (and 1 other like it"
                                + " since 2027-01-15T08:00:00Z)");

        told.clear();
        millis += Incidents.WHILE_MILLIS;
        incidents.tellRest();
        assertThat(told).isEmpty();
    }

    @Rfc("9303 §6.4")
    @Rfc("9303 §6.5")
    @Test
    void aOneTimeKeyThatIsNotTakenIsTold() {
        for (var reason :
                List.of(
                        Drop.KEY_NOT_WRAPPED,
                        Drop.UNKNOWN_ITR_KEY,
                        Drop.BAD_KEY_WRAP,
                        Drop.KEY_USED_AGAIN)) {
            told.clear();
            incidents.drop(reason, "192.0.2.7", "0000000000000001");
            assertThat(told).singleElement().asString().contains("192.0.2.7", "one-time key");
        }
    }

    @Test
    void aSiteThatIsRefusedMayHaveTooMuchOnItsWayOrPauseAfterWhatManyHear() {
        incidents.drop(Drop.SITE_BUSY, "pod-d", "192.0.2.7");
        assertThat(told)
                .containsExactly(
                        "pod-d registers more than the log takes of one site, at once or so soon"
                                + " after what many had to be told; now from 192.0.2.7");
    }

    @Rfc("9301 §5")
    @Test
    void aMessageThatIsLongerThanPathsCarryIsToldOfWithWhatToDo() {
        incidents.tooLong("192.0.2.7", 3_000, 548);
        incidents.tooLong("192.0.2.8", 3_000, 548);
        assertThat(told)
                .singleElement()
                .asString()
                .contains("3000 octets to 192.0.2.7", "the 548", "lisp.path-mtu");
        assertThat(metrics.sentTooLong()).isEqualTo(2);
    }

    @Rfc("9301 §5.1")
    @Rfc("9306 §3")
    @Rfc("9306 §4")
    @Rfc("9437 §4")
    @Test
    void whatCannotBeReadIsToldByItsFlaw() {
        incidents.malformed(Flaw.UNKNOWN_AFI, 12, "192.0.2.1");
        incidents.malformed(Flaw.TRUNCATED, 40, "192.0.2.2");
        incidents.malformed(Flaw.TRUNCATED, 41, "192.0.2.3");
        assertThat(told)
                .containsExactly(
                        "a datagram from 192.0.2.1 cannot be read: unknown_afi at octet 12",
                        "a datagram from 192.0.2.2 cannot be read: truncated at octet 40");
    }

    @Rfc("9301 §8.3")
    @Test
    void aMapReplyMayGoAstrayButNotAHundredOfThem() {
        for (int i = 0; i < 10_000; i++) {
            incidents.drop(Drop.MAP_REPLY, "192.0.2.1", i);
            millis += 1_000; // ten in a while
        }
        assertThat(told).isEmpty();
        millis += Incidents.WHILE_MILLIS;
        for (int i = 0; i < 500; i++) {
            incidents.drop(Drop.MAP_REPLY, "192.0.2.1", i);
        }
        assertThat(told)
                .singleElement()
                .asString()
                .startsWith("Map-Replies come to this server")
                .contains("(and 99 others like it since 2027-01-15T");
    }

    @Test
    void whatIsNotToldAllocatesNothing() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long self = Thread.currentThread().threadId();
        Object who = "192.0.2.1";
        flood(who, 20_000); // whatever is made once is made
        long before = threads.getThreadAllocatedBytes(self);
        flood(who, 100_000);
        long each = (threads.getThreadAllocatedBytes(self) - before) / 100_000;
        assertThat(each).isZero();
        assertThat(told).hasSize(2);
    }

    private void flood(Object who, int times) {
        for (int i = 0; i < times; i++) {
            incidents.drop(Drop.BAD_AUTHENTICATION, who, who);
            incidents.malformed(Flaw.TRUNCATED, 7, who);
        }
    }
}
