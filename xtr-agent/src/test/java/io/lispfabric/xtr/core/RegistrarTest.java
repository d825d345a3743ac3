package io.lispfabric.xtr.core;

import static io.lispfabric.xtr.core.Conversation.gone;
import static io.lispfabric.xtr.core.Conversation.mapping;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class RegistrarTest {
    private static final String ACC_7 = "[1]40.0.0.7/32";

    @Test
    @Rfc("9301 §8.2")
    @Rfc("R-093")
    void aRegistrationIsConfirmedAndThenRefreshedOnceAMinute() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(60);
        talk.notify("102", mapping(ACC_7, "192.0.2.13"));
        talk.until(119.9);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 Map-Register 101 [1]40.0.0.7/32 1440m {.13}
                           0.0   < ms1 Map-Notify 101 [1]40.0.0.7/32 1440m {.13}
                           0.0   * registered [1]40.0.0.7/32 {.13}
                          60.0   > ms1 Map-Register 102 [1]40.0.0.7/32 1440m {.13}
                          60.0   < ms1 Map-Notify 102 [1]40.0.0.7/32 1440m {.13}
                        """);
    }

    @Test
    @Rfc("9301 §5.7")
    @Rfc("9301 §5.6")
    void anUnansweredRegistrationIsRepeatedEverMoreSlowlyWithTheNextNonceAtTheNextMember() {
        var talk = new Conversation(3);
        talk.register(ACC_7);
        talk.until(200);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 Map-Register 101 [1]40.0.0.7/32 1440m {.13}
                           1.0   > ms2 Map-Register 102 [1]40.0.0.7/32 1440m {.13}
                           3.0   > ms3 Map-Register 103 [1]40.0.0.7/32 1440m {.13}
                           7.0   > ms1 Map-Register 104 [1]40.0.0.7/32 1440m {.13}
                          15.0   > ms2 Map-Register 105 [1]40.0.0.7/32 1440m {.13}
                          31.0   > ms3 Map-Register 106 [1]40.0.0.7/32 1440m {.13}
                          63.0   > ms1 Map-Register 107 [1]40.0.0.7/32 1440m {.13}
                         123.0   > ms2 Map-Register 108 [1]40.0.0.7/32 1440m {.13}
                         183.0   > ms3 Map-Register 109 [1]40.0.0.7/32 1440m {.13}
                        """);
    }

    @Test
    @Rfc("9301 §5.7")
    void anyNonceOfTheSeriesConfirmsAndTheMemberThatAnswersIsKept() {
        var talk = new Conversation(3);
        talk.register(ACC_7);
        talk.until(3);
        talk.text();

        // The answer to the first one took its time.
        talk.notify(2, "101", mapping(ACC_7, "192.0.2.13"));
        talk.until(63);
        assertThat(talk.text())
                .isEqualTo(
                        """
                           3.0   < ms2 Map-Notify 101 [1]40.0.0.7/32 1440m {.13}
                           3.0   * registered [1]40.0.0.7/32 {.13}
                          63.0   > ms2 Map-Register 104 [1]40.0.0.7/32 1440m {.13}
                        """);
    }

    @Test
    @Rfc("R-094")
    @Rfc("R-095")
    @Rfc("R-096")
    @Rfc("9301 §5.7")
    void theGroupIsKnownAndItsNewsAreAcknowledged() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(1);
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.until(2);
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.until(3);
        talk.notify("7000000000000002", mapping(ACC_7, "192.0.2.13"));
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 Map-Register 101 [1]40.0.0.7/32 1440m {.13}
                           0.0   < ms1 Map-Notify 101 [1]40.0.0.7/32 1440m {.13}
                           0.0   * registered [1]40.0.0.7/32 {.13}
                           1.0   < ms1 Map-Notify 7000000000000001 [1]40.0.0.7/32 1440m {.13 .14}
                           1.0   > ms1 Map-Notify-Ack 7000000000000001 [1]40.0.0.7/32 1440m {.13 .14}
                           1.0   * group of [1]40.0.0.7/32 {.13} -> {.13 .14}
                           1.0   * acked 7000000000000001
                           2.0   < ms1 Map-Notify 7000000000000001 [1]40.0.0.7/32 1440m {.13 .14}
                           2.0   > ms1 Map-Notify-Ack 7000000000000001 [1]40.0.0.7/32 1440m {.13 .14}
                           2.0   * acked 7000000000000001
                           3.0   < ms1 Map-Notify 7000000000000002 [1]40.0.0.7/32 1440m {.13}
                           3.0   > ms1 Map-Notify-Ack 7000000000000002 [1]40.0.0.7/32 1440m {.13}
                           3.0   * group of [1]40.0.0.7/32 {.13 .14} -> {.13}
                           3.0   * acked 7000000000000002
                           3.0   < ms1 Map-Notify 7000000000000001 [1]40.0.0.7/32 1440m {.13 .14}
                           3.0   * replay 7000000000000001
                           3.0   dropped replay
                        """);
    }

    @Test
    @Rfc("R-096")
    @Rfc("9301 §5.7")
    void aLateAnswerDoesNotUndoTheNewsThatHasOvertakenIt() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(60);
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.text();

        // What it says may have been so before the news, or after: the next answer tells.
        talk.notify("102", mapping(ACC_7, "192.0.2.13"));
        talk.until(61);
        talk.notify("103", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.until(121);
        assertThat(talk.text())
                .isEqualTo(
                        """
                          60.0   < ms1 Map-Notify 102 [1]40.0.0.7/32 1440m {.13}
                          61.0   > ms1 Map-Register 103 [1]40.0.0.7/32 1440m {.13}
                          61.0   < ms1 Map-Notify 103 [1]40.0.0.7/32 1440m {.13 .14}
                         121.0   > ms1 Map-Register 104 [1]40.0.0.7/32 1440m {.13}
                        """);
    }

    @Test
    @Rfc("R-096")
    void whatIsAskedForAfterTheNewsIsTaken() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(60.5);
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.until(63);
        talk.text();

        // 102 went out before the news, but 103 and 104 after it.
        talk.notify("104", mapping(ACC_7, "192.0.2.13", "192.0.2.15"));
        talk.notify("102", mapping(ACC_7, "192.0.2.13"));
        talk.until(122.9);
        assertThat(talk.text())
                .isEqualTo(
                        """
                          63.0   < ms1 Map-Notify 104 [1]40.0.0.7/32 1440m {.13 .15}
                          63.0   * group of [1]40.0.0.7/32 {.13 .14} -> {.13 .15}
                          63.0   < ms1 Map-Notify 102 [1]40.0.0.7/32 1440m {.13}
                        """);
    }

    @Test
    @Rfc("R-096")
    void newsBeforeTheFirstAnswerIsNotUndoneByIt() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.until(20);
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.text();

        // The question is repeated once a second and not after the half minute of its last pause.
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(21);
        assertThat(talk.text())
                .isEqualTo(
                        """
                          20.0   < ms1 Map-Notify 101 [1]40.0.0.7/32 1440m {.13}
                          20.0   * registered [1]40.0.0.7/32 {.13 .14}
                          21.0   > ms1 Map-Register 106 [1]40.0.0.7/32 1440m {.13}
                        """);
    }

    @Test
    @Rfc("R-096")
    void newsWithoutThisXtrIsOlderThanTheAnswerToIt() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("7000000000000001", mapping(ACC_7, "192.0.2.14"));
        talk.notify("101", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.until(59.9);
        assertThat(talk.text())
                .contains("* registered [1]40.0.0.7/32 {.13 .14}")
                .doesNotContain("102");
    }

    @Test
    @Rfc("R-096")
    @Rfc("9301 §5.7")
    void aCopyOfAnAnswerIsNoNews() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.register("[1]40.0.0.8/32");
        talk.notify("102", mapping("[1]40.0.0.8/32", "192.0.2.13"));
        talk.notify("1", mapping(ACC_7, "192.0.2.13", "192.0.2.14"));
        talk.text();

        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        // Nor do the nonces of the news, which is counted elsewhere, go on from its own.
        talk.notify("2", mapping(ACC_7, "192.0.2.13", "192.0.2.15"));
        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   < ms1 Map-Notify 101 [1]40.0.0.7/32 1440m {.13}
                           0.0   < ms1 Map-Notify 2 [1]40.0.0.7/32 1440m {.13 .15}
                           0.0   > ms1 Map-Notify-Ack 2 [1]40.0.0.7/32 1440m {.13 .15}
                           0.0   * group of [1]40.0.0.7/32 {.13 .14} -> {.13 .15}
                           0.0   * acked 2
                        """);
    }

    @Test
    @Rfc("R-077")
    @Rfc("R-078")
    @Rfc("R-049")
    void aWithdrawalIsRepeatedUntilItIsConfirmedAndThenForgotten() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(5);
        talk.text();

        talk.withdraw(ACC_7);
        assertThat(talk.domain().registered()).singleElement().matches(it -> it.withdrawn());
        talk.until(6.5);
        talk.notify("102", gone(ACC_7));
        talk.until(200);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           5.0   > ms1 Map-Register 102 [1]40.0.0.7/32 0m {.13}
                           6.0   > ms1 Map-Register 103 [1]40.0.0.7/32 0m {.13}
                           6.5   < ms1 Map-Notify 102 [1]40.0.0.7/32 0m {}
                           6.5   * deregistered [1]40.0.0.7/32
                        """);
        assertThat(talk.domain().registered()).isEmpty();
    }

    @Test
    @Rfc("R-047")
    void whoComesBackDuringAWithdrawalStays() {
        var talk = new Conversation();
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.until(5);
        talk.withdraw(ACC_7);
        talk.register(ACC_7);
        talk.text();

        // The confirmation of the withdrawal comes after all, and must not be taken for the other.
        talk.notify("102", gone(ACC_7));
        assertThat(talk.domain().isSettled()).isFalse();
        talk.notify("103", mapping(ACC_7, "192.0.2.13"));
        assertThat(talk.domain().isSettled()).isTrue();
        assertThat(talk.text())
                .contains("* registered [1]40.0.0.7/32 {.13}")
                .doesNotContain("deregistered");
    }

    @Test
    @Rfc("9301 §5")
    @Rfc("9301 §5.4")
    @Rfc("9301 §5.6")
    @Rfc("R-091")
    @Rfc("R-100")
    void manyEidsShareMessagesThatFitIn576Octets() {
        var talk = new Conversation();
        for (int i = 0; i < 100; i++) {
            talk.domain().register(Conversation.eid("[1]40.0.1." + i), talk.now());
        }
        var registered = new HashSet<>();
        var outcome = talk.domain().poll(talk.now());
        for (var it : outcome.send()) {
            var register = (MapRegister) it.message();
            assertThat(register.records()).isNotEmpty();
            register.records().forEach(record -> registered.add(record.eid()));
            // The MAC of 16 octets is put in on the way out.
            assertThat(LispCodec.encode(register).length + 16).isLessThanOrEqualTo(576 - 28);
            assertThat(register.identity()).contains(Conversation.IDENTITY);
            assertThat(register.proxyReply()).isTrue();
            assertThat(register.mergeRequest()).isTrue();
            assertThat(register.wantMapNotify()).isTrue();
            assertThat(it.fromControlPort()).isFalse();
            assertThat(register.records())
                    .flatExtracting(MappingRecord::locators)
                    .as("RFC 9301 §5.4: the p-bit is for Map-Replies")
                    .noneMatch(Locator::probed);
        }
        assertThat(registered).hasSize(100);
        assertThat(outcome.send()).hasSizeLessThan(12);
    }

    @Test
    @Rfc("8378 §5.1.2")
    @Rfc("R-098")
    void aReceiverRegistersItsGroupAsAReplicationListEntryThatNobodyConfirms() {
        var talk = new Conversation();
        var group = "[1](*,239.1.1.1)";
        talk.register(group);
        var join = (MapRegister) talk.last().message();
        assertThat(join.mergeRequest()).isTrue();
        assertThat(join.proxyReply()).isTrue();
        assertThat(join.wantMapNotify()).isFalse();
        assertThat(join.records().getFirst().locators().getFirst().rloc())
                .hasToString("replication(128 192.0.2.13)");
        assertThat(talk.domain().isSettled()).isTrue();

        // What may be lost is said three times; then once a minute as everything else.
        talk.until(70);
        talk.withdraw(group);
        var leave = (MapRegister) talk.last().message();
        assertThat(leave.wantMapNotify()).isTrue();
        talk.notify("105", gone(group));
        assertThat(talk.domain().isIdle()).isTrue();
        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 Map-Register 101 [1](*,239.1.1.1) 1440m {.13)}
                           1.0   > ms1 Map-Register 102 [1](*,239.1.1.1) 1440m {.13)}
                           2.0   > ms1 Map-Register 103 [1](*,239.1.1.1) 1440m {.13)}
                          62.0   > ms1 Map-Register 104 [1](*,239.1.1.1) 1440m {.13)}
                          70.0   > ms1 Map-Register 105 [1](*,239.1.1.1) 0m {.13}
                          70.0   < ms1 Map-Notify 105 [1](*,239.1.1.1) 0m {}
                          70.0   * deregistered [1](*,239.1.1.1)
                        """);
    }

    @Test
    @Rfc("9301 §5.5")
    void aRecordThatTheMapServerRefusesIsTriedAgainAlone() {
        var talk = new Conversation();
        talk.domain().register(Conversation.eid("[1]50.0.0.1"), talk.now());
        talk.register(ACC_7);
        talk.notify("101", mapping(ACC_7, "192.0.2.13"));
        talk.text();
        talk.until(3);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           1.0   > ms1 Map-Register 102 [1]50.0.0.1/32 1440m {.13}
                           3.0   > ms1 Map-Register 103 [1]50.0.0.1/32 1440m {.13}
                        """);
    }
}
