package io.lispfabric.xtr.core;

import static io.lispfabric.xtr.core.Conversation.eid;
import static io.lispfabric.xtr.core.Conversation.gone;
import static io.lispfabric.xtr.core.Conversation.mapping;
import static io.lispfabric.xtr.core.Conversation.negative;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.MapRequest;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SubscriptionTest {
    private static final String ACC_8 = "[1]40.0.0.8/32";
    private static final String POD_D = "[1]40.0.0.0/16";

    @Test
    @Rfc("R-032")
    @Rfc("R-073")
    @Rfc("9437 §5")
    void aMissBecomesASubscriptionThatIsConfirmedInstalledAndAcknowledged() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.notify("10000", mapping(ACC_8, "192.0.2.13", "192.0.2.14"));

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 ECM subscribe 10000 [1]40.0.0.8/32
                           0.0   < ms1 Map-Notify 10000 [1]40.0.0.8/32 1440m {.13 .14}
                           0.0   > ms1 Map-Notify-Ack 10000 [1]40.0.0.8/32 1440m {.13 .14}
                           0.0   * subscribed [1]40.0.0.8/32
                           0.0   * confirmation [1]40.0.0.8/32 1440m {.13 .14}
                           0.0   * acked 10000
                        """);
        assertThat(talk.domain().isSubscribed(eid(ACC_8))).isTrue();
    }

    @Test
    @Rfc("9301 §5.2")
    @Rfc("9301 §5.3")
    @Rfc("9301 §5.8")
    @Rfc("9437 §4")
    @Rfc("9437 §5")
    void theQuestionTravelsInAnEcmAddressedToTheEid() {
        var talk = new Conversation();
        talk.domain().resolve(eid(ACC_8), Optional.of(eid("[1]40.0.0.7")), talk.now());
        var sent = talk.domain().poll(talk.now()).send().getFirst();
        var ecm = (EncapsulatedControlMessage) sent.message();
        var request = (MapRequest) ecm.message();

        assertThat(sent.fromControlPort()).isFalse();
        assertThat(ecm.source()).isEqualTo(Conversation.RLOC);
        assertThat(ecm.destination()).isEqualTo(Ip.parse("40.0.0.8"));
        assertThat(ecm.sourcePort()).isEqualTo(4342);
        assertThat(ecm.destinationPort()).isEqualTo(4342);
        assertThat(request.subscribes()).isTrue();
        assertThat(request.identity()).contains(Conversation.IDENTITY);
        assertThat(request.itrRlocs()).isEqualTo(List.of(Conversation.RLOC));
        assertThat(request.records()).as("a sender asks for one").hasSize(1);
        assertThat(request.sourceEid()).contains(eid("[1]40.0.0.7"));
    }

    @Test
    @Rfc("9301 §5.8")
    @Rfc("R-070")
    void anAccIdIsAskedForAtTheMapResolversOwnAddress() {
        var talk = new Conversation();
        talk.domain().resolve(eid("[100]name:POD-D-AccID-8"), Optional.empty(), talk.now());
        var ecm =
                (EncapsulatedControlMessage)
                        talk.domain().poll(talk.now()).send().getFirst().message();

        assertThat(ecm.destination()).isEqualTo(Ip.parse("192.0.2.251"));
    }

    @Test
    @Rfc("9301 §5.3")
    @Rfc("9437 §4")
    @Rfc("9301 §7")
    @Rfc("9437 §5")
    void anUnansweredQuestionIsRepeatedOnceASecondTenTimesAndThenEveryThirtySecondsIfWanted() {
        var talk = new Conversation(2);
        talk.resolve(ACC_8);
        for (double second = 0.2; second < 70; second += 0.2) {
            talk.until(second);
            talk.resolve(ACC_8); // packets go on coming
        }

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 ECM subscribe 10000 [1]40.0.0.8/32
                           1.0   > ms2 ECM subscribe 10001 [1]40.0.0.8/32
                           2.0   > ms1 ECM subscribe 10002 [1]40.0.0.8/32
                           3.0   > ms2 ECM subscribe 10003 [1]40.0.0.8/32
                           4.0   > ms1 ECM subscribe 10004 [1]40.0.0.8/32
                           5.0   > ms2 ECM subscribe 10005 [1]40.0.0.8/32
                           6.0   > ms1 ECM subscribe 10006 [1]40.0.0.8/32
                           7.0   > ms2 ECM subscribe 10007 [1]40.0.0.8/32
                           8.0   > ms1 ECM subscribe 10008 [1]40.0.0.8/32
                           9.0   > ms2 ECM subscribe 10009 [1]40.0.0.8/32
                          39.0   > ms1 ECM subscribe 1000a [1]40.0.0.8/32
                          69.0   > ms2 ECM subscribe 1000b [1]40.0.0.8/32
                        """);
    }

    @Test
    void aQuestionThatNobodyWantsAnyMoreIsForgotten() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.until(100);

        assertThat(talk.text().lines().filter(it -> it.contains("subscribe"))).hasSize(10);
    }

    @Test
    @Rfc("R-050")
    @Rfc("R-079")
    @Rfc("9437 §7")
    @Rfc("9437 §6")
    void aPublicationReplacesTheLocatorSetAndAReplayDoesNot() {
        var talk = subscribedTo(ACC_8, "192.0.2.13", "192.0.2.14");
        talk.notify("10001", mapping(ACC_8, "192.0.2.13"));
        talk.notify("10000", mapping(ACC_8, "192.0.2.13", "192.0.2.14"));
        talk.notify("10001", mapping(ACC_8, "192.0.2.13"));
        talk.notify("fff", mapping(ACC_8, "192.0.2.66"));

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   < ms1 Map-Notify 10001 [1]40.0.0.8/32 1440m {.13}
                           0.0   > ms1 Map-Notify-Ack 10001 [1]40.0.0.8/32 1440m {.13}
                           0.0   * publication [1]40.0.0.8/32 1440m {.13}
                           0.0   * acked 10001
                           0.0   < ms1 Map-Notify 10000 [1]40.0.0.8/32 1440m {.13 .14}
                           0.0   > ms1 Map-Notify-Ack 10000 [1]40.0.0.8/32 1440m {.13 .14}
                           0.0   * acked 10000
                           0.0   < ms1 Map-Notify 10001 [1]40.0.0.8/32 1440m {.13}
                           0.0   > ms1 Map-Notify-Ack 10001 [1]40.0.0.8/32 1440m {.13}
                           0.0   * acked 10001
                           0.0   < ms1 Map-Notify fff [1]40.0.0.8/32 1440m {.66}
                           0.0   * replay fff
                           0.0   dropped replay
                        """);
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.13");
    }

    @Test
    @Rfc("9437 §6")
    @Rfc("R-029")
    @Rfc("R-031")
    void aShorterSubscriptionBringsNewsOfWhatIsInsideIt() {
        var talk = new Conversation();
        talk.subscribe(POD_D);
        talk.notify("10000", mapping(POD_D, "192.0.2.15"));
        talk.notify("10001", mapping("[1]40.0.0.7/32", "192.0.2.14"));
        talk.notify("10002", mapping(ACC_8, "192.0.2.14"));
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.14");
        assertThat(rlocs(talk, "[1]40.0.0.7/32")).containsExactly("192.0.2.14");

        talk.notify("10003", gone(ACC_8));
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.15");
    }

    @Test
    @Rfc("9437 §7")
    @Rfc("9437 §6")
    void newsThatOvertakeEachOtherAreBothTakenAndOlderNewsOfOneEidAreNot() {
        var talk = new Conversation();
        talk.subscribe(POD_D);
        talk.notify("10000", mapping(POD_D, "192.0.2.15"));
        talk.notify("10003", gone(ACC_8));
        talk.notify("10002", mapping("[1]40.0.0.7/32", "192.0.2.14"));
        talk.notify("10001", mapping(ACC_8, "192.0.2.14")); // from before it went

        assertThat(rlocs(talk, "[1]40.0.0.7/32")).containsExactly("192.0.2.14");
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.15");
        assertThat(talk.text()).contains("dropped replay");
    }

    @Test
    @Rfc("9437 §7")
    void twoSubscriptionsAroundOneEidKeepTheirCountersApart() {
        var talk = new Conversation();
        talk.subscribe(POD_D);
        talk.subscribe(ACC_8);
        talk.notify("10000", mapping(POD_D, "192.0.2.15"));
        talk.notify("20000", mapping(ACC_8, "192.0.2.13", "192.0.2.14"));
        talk.text();

        // Both tell the same, each with its own next nonce, and then once more.
        talk.notify("20001", mapping(ACC_8, "192.0.2.13"));
        talk.notify("10001", mapping(ACC_8, "192.0.2.13"));
        talk.notify("10002", mapping(ACC_8, "192.0.2.14"));
        talk.notify("20002", mapping(ACC_8, "192.0.2.14"));
        assertThat(talk.text()).doesNotContain("replay");
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.14");
    }

    @Test
    @Rfc("R-037")
    @Rfc("R-038")
    void anUnknownAcceleratorIsRememberedAsLongAsTheReplySays() {
        var talk = new Conversation();
        talk.resolve("[1]40.0.0.99/32");
        talk.reply("10000", negative(1, Action.DROP, "[1]40.0.0.96/28"));
        assertThat(decision(talk, "40.0.0.97"))
                .isEqualTo(new Forwarding.Decision.Discard(Drop.NEGATIVE_DROP, false));
        talk.until(60);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 ECM subscribe 10000 [1]40.0.0.99/32
                           0.0   < ms1 Map-Reply 10000 [1]40.0.0.96/28 1m drop
                           0.0   * map-reply [1]40.0.0.96/28 1m drop
                          60.0   * expiry [1]40.0.0.96/28 0m {}
                        """);
        assertThat(decision(talk, "40.0.0.97")).isEqualTo(Forwarding.UNRESOLVED);
    }

    @Test
    @Rfc("9437 §5")
    @Rfc("R-039")
    void aTemporarySubscriptionDropsUntilSomethingIsPublished() {
        var talk = new Conversation();
        talk.resolve("[1]40.0.0.99/32");
        talk.notify("10000", mapping(15, "[1]40.0.0.96/28"));
        assertThat(decision(talk, "40.0.0.99"))
                .isEqualTo(new Forwarding.Decision.Discard(Drop.NEGATIVE_DROP, false));

        talk.until(60);
        talk.notify("10001", mapping("[1]40.0.0.99/32", "192.0.2.14"));
        assertThat(rlocs(talk, "[1]40.0.0.99/32")).containsExactly("192.0.2.14");

        talk.until(15 * 60);
        assertThat(talk.domain().isSubscribed(eid("[1]40.0.0.98/32"))).isFalse();
    }

    @Test
    @Rfc("R-074")
    @Rfc("9437 §5")
    void aPreparedSubscriptionIsAskedForUntilThereIsOne() {
        var talk = new Conversation();
        talk.subscribe(POD_D);
        talk.reply("10000", negative(1, Action.DROP, POD_D));
        talk.until(1);
        talk.reply("20000", negative(1, Action.DROP, POD_D));
        talk.until(3);
        talk.notify("30000", mapping(POD_D, "192.0.2.15"));
        talk.until(500);

        assertThat(talk.text().lines().filter(it -> it.contains("> ms1")))
                .containsExactly(
                        "   0.0   > ms1 ECM subscribe 10000 [1]40.0.0.0/16",
                        "   1.0   > ms1 ECM subscribe 20000 [1]40.0.0.0/16",
                        "   3.0   > ms1 ECM subscribe 30000 [1]40.0.0.0/16",
                        "   3.0   > ms1 Map-Notify-Ack 30000 [1]40.0.0.0/16 1440m {.15}");
    }

    @Test
    @Rfc("9437 §5")
    void aSubscriptionThatTheMapServerGaveUpIsMadeAgain() {
        var talk = subscribedTo(ACC_8, "192.0.2.14");
        talk.notify("10001", mapping(ACC_8, "192.0.2.13"));
        talk.until(5);
        talk.text();

        talk.notify("10000", negative(0, Action.DROP_AUTH_FAILURE, ACC_8));
        talk.until(5.2);
        assertThat(talk.text())
                .isEqualTo(
                        """
                           5.0   < ms1 Map-Notify 10000 [1]40.0.0.8/32 0m drop-auth-failure
                           5.1   > ms1 ECM subscribe 20001 [1]40.0.0.8/32
                        """);
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.13");

        // Once it is made, the old news ends it no more.
        talk.notify("20001", mapping(ACC_8, "192.0.2.13"));
        talk.text();
        talk.notify("10000", negative(0, Action.DROP_AUTH_FAILURE, ACC_8));
        talk.until(8);
        assertThat(talk.text()).contains("dropped replay").doesNotContain("subscribe");
    }

    @Test
    @Rfc("9437 §4")
    void aSubscribedMappingIsUsedBeyondItsTtlWhileItIsAskedForAgain() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.notify("10000", mapping(10, ACC_8, "192.0.2.14"));
        talk.until(601);
        assertThat(talk.text()).contains("600.0   > ms1 ECM subscribe 20000 [1]40.0.0.8/32");
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.14");

        talk.notify("20000", mapping(10, ACC_8, "192.0.2.13"));
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.13");
        assertThat(talk.domain().cache().entries()).noneMatch(MapCache.Entry::stale);
    }

    @Test
    @Rfc("9301 §5.4")
    void aMappingWithoutSubscriptionEndsWithItsTtl() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.reply("10000", mapping(1, ACC_8, "192.0.2.14"));
        talk.until(59.9);
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.14");
        talk.until(61);
        assertThat(decision(talk, "40.0.0.8")).isEqualTo(Forwarding.UNRESOLVED);
    }

    @Test
    @Rfc("9301 §5.3")
    void aReplyToNoQuestionChangesNothing() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.reply("10001", mapping(ACC_8, "192.0.2.66"));

        assertThat(talk.text()).contains("dropped unknown-nonce");
        assertThat(talk.domain().cache().size()).isZero();
    }

    /** It need not be authoritative, nor are we waiting for one: agents send no probes. */
    @Test
    @Rfc("9301 §5.4")
    void aReplyToAProbeIsNoAnswer() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.text();
        talk.probeReply("10000", mapping(ACC_8, "192.0.2.66"));

        assertThat(talk.text()).contains("dropped unknown-nonce");
        assertThat(talk.domain().cache().size()).isZero();
    }

    @Test
    @Rfc("9301 §5.3")
    void whatAReplyTellsOfOtherEidsIsNotTaken() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.reply(
                "10000",
                mapping(POD_D, "192.0.2.15"),
                mapping(ACC_8, "192.0.2.14"),
                mapping("[1]10.0.0.0/16", "192.0.2.66"),
                mapping("[2]40.0.0.8/32", "192.0.2.66"));

        assertThat(talk.domain().cache().entries())
                .extracting(it -> it.eid().toString())
                .containsExactlyInAnyOrder(POD_D, ACC_8);
    }

    @Test
    void newsThatNobodyAskedForIsAcknowledgedButNotTaken() {
        var talk = new Conversation();
        talk.notify("10001", mapping(ACC_8, "192.0.2.66"));

        assertThat(talk.text()).contains("Map-Notify-Ack 10001").contains("dropped unasked");
        assertThat(talk.domain().cache().size()).isZero();
    }

    @Test
    @Rfc("R-043")
    void aPxtrResolvesInsideItsOwnSubnetWithoutSubscribingOnceMore() {
        var talk = new Conversation();
        talk.subscribe(POD_D);
        talk.notify("10000", mapping(POD_D, "192.0.2.13", "192.0.2.16"));
        talk.text();

        assertThat(decision(talk, "40.0.0.99"))
                .isEqualTo(new Forwarding.Decision.Discard(Drop.OWN_RLOC, true));
        talk.resolve("[1]40.0.0.99/32");
        talk.reply("f001", mapping(POD_D, "192.0.2.13", "192.0.2.16"));
        for (double second = 0.2; second < 15.9; second += 0.2) {
            talk.until(second);
            talk.resolve("[1]40.0.0.99/32");
        }
        assertThat(talk.text().lines().filter(it -> it.contains("> ms1")))
                .containsExactly(
                        "   0.0   > ms1 ECM Map-Request f001 [1]40.0.0.99/32",
                        "  15.0   > ms1 ECM Map-Request f002 [1]40.0.0.99/32");
    }

    @Test
    @Rfc("9301 §5.5")
    void whatIsNotToldAgainAfterANewSubscriptionGoesAfterAWhile() {
        var talk = new Conversation();
        talk.subscribe(POD_D);
        talk.notify("10000", mapping(10, POD_D, "192.0.2.15"));
        talk.notify("10001", mapping("[1]40.0.0.7/32", "192.0.2.14"));
        talk.notify("10002", mapping(ACC_8, "192.0.2.14"));
        talk.until(600);
        talk.notify("20002", mapping(10, POD_D, "192.0.2.15"));
        talk.notify("20003", mapping(ACC_8, "192.0.2.14"));
        assertThat(rlocs(talk, "[1]40.0.0.7/32")).containsExactly("192.0.2.14");

        talk.until(662);
        assertThat(rlocs(talk, "[1]40.0.0.7/32")).containsExactly("192.0.2.15");
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.14");
    }

    @Test
    @Rfc("R-096")
    void aMemberOfAGroupThatIsSubscribedToItKeepsBothCountersApart() {
        var talk = new Conversation();
        talk.register(ACC_8);
        talk.notify("101", mapping(ACC_8, "192.0.2.13"));
        talk.subscribe(POD_D);
        talk.notify("10000", mapping(POD_D, "192.0.2.15"));
        talk.text();

        talk.notify("70000001", mapping(ACC_8, "192.0.2.13", "192.0.2.14"));
        talk.notify("10001", mapping(ACC_8, "192.0.2.13", "192.0.2.14"));
        talk.notify("70000002", mapping(ACC_8, "192.0.2.13"));
        talk.notify("10002", mapping(ACC_8, "192.0.2.13"));
        var text = talk.text();
        assertThat(text).doesNotContain("replay");
        assertThat(text.lines().filter(it -> it.contains("* group"))).hasSize(2);
    }

    @Test
    @Rfc("R-064")
    @Rfc("R-086")
    void aPxtrTakesTheNewsOfWhatIsInsideTheSubnetThatItRegisters() {
        var talk = new Conversation();
        talk.register(POD_D);
        talk.register("[100]name:pETR");
        talk.notify("101", mapping(POD_D, "192.0.2.13"));
        talk.notify("102", mapping("[100]name:pETR", "192.0.2.13"));
        talk.text();

        talk.notify("70000001", mapping(ACC_8, "192.0.2.14"));
        talk.notify("70000002", mapping(ACC_8, "192.0.2.15"));
        talk.notify("70000001", mapping(ACC_8, "192.0.2.14"));
        talk.notify("70000003", mapping("[100]name:POD-D-AccID-8", "192.0.2.15"));
        talk.notify("70000004", mapping("[1]50.0.0.1/32", "192.0.2.16"));

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   < ms1 Map-Notify 70000001 [1]40.0.0.8/32 1440m {.14}
                           0.0   > ms1 Map-Notify-Ack 70000001 [1]40.0.0.8/32 1440m {.14}
                           0.0   * publication [1]40.0.0.8/32 1440m {.14}
                           0.0   * acked 70000001
                           0.0   < ms1 Map-Notify 70000002 [1]40.0.0.8/32 1440m {.15}
                           0.0   > ms1 Map-Notify-Ack 70000002 [1]40.0.0.8/32 1440m {.15}
                           0.0   * publication [1]40.0.0.8/32 1440m {.15}
                           0.0   * acked 70000002
                           0.0   < ms1 Map-Notify 70000001 [1]40.0.0.8/32 1440m {.14}
                           0.0   * replay 70000001
                           0.0   dropped replay
                           0.0   < ms1 Map-Notify 70000003 [100]name:POD-D-AccID-8 1440m {.15}
                           0.0   > ms1 Map-Notify-Ack 70000003 [100]name:POD-D-AccID-8 1440m {.15}
                           0.0   * publication [100]name:POD-D-AccID-8 1440m {.15}
                           0.0   * acked 70000003
                           0.0   < ms1 Map-Notify 70000004 [1]50.0.0.1/32 1440m {.16}
                           0.0   > ms1 Map-Notify-Ack 70000004 [1]50.0.0.1/32 1440m {.16}
                           0.0   * acked 70000004
                           0.0   dropped unasked
                        """);
    }

    @Test
    @Rfc("8378 §5.2")
    void whoRegistersTheSourceOfAGroupTakesTheNewsOfItsReceivers() {
        var talk = new Conversation();
        talk.register(POD_D);
        talk.notify("101", mapping(POD_D, "192.0.2.13"));
        talk.text();

        talk.notify("70000001", mapping("[1](40.0.0.7,239.1.1.1)", "192.0.2.23"));
        talk.notify("70000002", mapping("[1](50.0.0.7,239.1.1.1)", "192.0.2.23"));

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   < ms1 Map-Notify 70000001 [1](40.0.0.7/32,239.1.1.1) 1440m {.23}
                           0.0   > ms1 Map-Notify-Ack 70000001 [1](40.0.0.7/32,239.1.1.1) 1440m {.23}
                           0.0   * publication [1](40.0.0.7/32,239.1.1.1) 1440m {.23}
                           0.0   * acked 70000001
                           0.0   < ms1 Map-Notify 70000002 [1](50.0.0.7/32,239.1.1.1) 1440m {.23}
                           0.0   > ms1 Map-Notify-Ack 70000002 [1](50.0.0.7/32,239.1.1.1) 1440m {.23}
                           0.0   * acked 70000002
                           0.0   dropped unasked
                        """);
    }

    @Test
    @Rfc("8378 §5.2.2")
    @Rfc("8378 §8")
    void whatIsToldOfOneSourceComesToWhoSubscribedToTheGroup() {
        var talk = new Conversation();
        talk.resolve("[1](*,239.1.1.1)");
        talk.notify("10000", mapping("[1](*,239.1.1.1)", "192.0.2.23"));
        talk.notify("10001", mapping("[1](40.0.0.7,239.1.1.1)", "192.0.2.24"));

        assertThat(talk.domain().cache().lookup(eid("[1](40.0.0.7,239.1.1.1)")))
                .map(it -> it.record().locators().getFirst().rloc().toString())
                .contains("192.0.2.24");
        assertThat(talk.domain().cache().lookup(eid("[1](40.0.0.8,239.1.1.1)")))
                .map(it -> it.record().locators().getFirst().rloc().toString())
                .contains("192.0.2.23");
        assertThat(talk.domain().cache().lookup(eid("[1](40.0.0.7,239.1.1.2)"))).isEmpty();
    }

    /** The last thing that it has heard was the repetition. */
    @Test
    @Rfc("9437 §5")
    void aSubscriptionThatTheMapServerGaveUpUnderTheNonceOfARepetitionIsMadeAgain() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        talk.until(2);
        talk.notify("10000", mapping(ACC_8, "192.0.2.13"));
        talk.notify("10003", mapping(ACC_8, "192.0.2.15"));
        talk.text();
        talk.notify("10001", mapping(ACC_8, "192.0.2.13"));
        assertThat(talk.text()).contains("* replay 10001").doesNotContain("Ack");

        talk.until(99);
        talk.notify("10001", negative(0, Action.DROP_AUTH_FAILURE, ACC_8));
        talk.until(100);
        assertThat(talk.text()).contains("> ms1 ECM subscribe");
        assertThat(rlocs(talk, ACC_8)).containsExactly("192.0.2.15");
    }

    @Test
    @Rfc("9301 §5.2")
    @Rfc("9306 §4")
    @Rfc("R-034")
    void aMapRequestSaysOfWhichKindTheAcceleratorIsThatAsks() {
        var talk = new Conversation();
        talk.resolve(ACC_8);
        assertThat(request(talk).mapData()).isEmpty();

        var kind = new LispAddress.Vendor(0x02005E, Bytes.ofHex("475055"));
        talk.domain().register(eid("[1]40.0.0.7"), kind, talk.now());
        talk.resolve("[1]50.0.0.1");

        var said = request(talk).mapData().orElseThrow();
        assertThat(said.eid()).isEqualTo(eid("[1]40.0.0.7"));
        assertThat(said.locators())
                .extracting(it -> it.rloc().toString())
                .containsExactly("{192.0.2.13,vendor:02005e:475055}");
    }

    private static MapRequest request(Conversation talk) {
        return (MapRequest) ((EncapsulatedControlMessage) talk.last().message()).message();
    }

    private static Conversation subscribedTo(String eid, String... rlocs) {
        var talk = new Conversation();
        talk.resolve(eid);
        talk.notify("10000", mapping(eid, rlocs));
        talk.text();
        return talk;
    }

    private static List<String> rlocs(Conversation talk, String eid) {
        return talk.domain().cache().lookup(EidKey.of(eid(eid))).stream()
                .flatMap(it -> it.record().locators().stream())
                .map(it -> it.rloc().toString())
                .toList();
    }

    private static Forwarding.Decision decision(Conversation talk, String address) {
        return new Forwarding().decide(talk.domain(), EidKey.of(eid("[1]" + address)), 0);
    }
}
