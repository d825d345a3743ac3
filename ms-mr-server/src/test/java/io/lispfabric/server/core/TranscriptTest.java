package io.lispfabric.server.core;

import io.lispfabric.lcaf.Rfc;
import org.junit.jupiter.api.Test;

/**
 * The behaviour of the mapping system as conversations: see the files under {@code transcripts}.
 */
class TranscriptTest {
    @Rfc("9301 §5.6")
    @Rfc("9301 §5.7")
    @Rfc("9301 §8.2")
    @Test
    void anEtrRegistersRefreshesMovesAndWithdraws() {
        Transcript.replay("registration");
    }

    @Rfc("9301 §5.7")
    @Rfc("9437 §6")
    @Test
    void whatChangesTogetherIsToldTogether() {
        Transcript.replay("several-records");
    }

    @Rfc("9301 §5.6")
    @Test
    void twoKeysAreInForceEachWithNoncesOfItsOwn() {
        Transcript.replay("keys");
    }

    @Rfc("9302 §5")
    @Rfc("9302 §6")
    @Test
    void anOldMapVersionIsDropped() {
        Transcript.replay("versions");
    }

    @Rfc("R-077")
    @Rfc("R-078")
    @Rfc("R-079")
    @Rfc("R-092")
    @Rfc("R-093")
    @Rfc("R-094")
    @Rfc("R-095")
    @Rfc("R-096")
    @Rfc("R-089")
    @Rfc("R-090")
    @Test
    void xtrsOfOneSiteAreMergedAndAllAreToldWhoeverJoinsOrLeaves() {
        Transcript.replay("multihoming");
    }

    @Rfc("R-022")
    @Rfc("R-065")
    @Rfc("R-086")
    @Rfc("R-104")
    @Test
    void aRegistrationThatDoesNotMergeReplacesThoseOfItsSiteAndNoOthers() {
        Transcript.replay("replacement");
    }

    @Rfc("9301 §5.6")
    @Rfc("9301 §8.2")
    @Rfc("R-095")
    @Test
    void whoFallsSilentIsForgotten() {
        Transcript.replay("expiry");
    }

    @Rfc("9303 §6.3")
    @Rfc("9303 §6.7")
    @Rfc("9303 §6.7.1")
    @Rfc("9303 §6.7.2")
    @Test
    void aProtectedQuestionIsAnsweredByTheFirstRuleThatFits() {
        Transcript.replay("protected");
    }

    @Rfc("9437 §7.1")
    @Rfc("9437 §6")
    @Rfc("9437 §5")
    @Test
    void aOneTimeKeyMakesOneSecurityAssociation() {
        Transcript.replay("associations");
    }

    @Rfc("9437 §5")
    @Rfc("9437 §7.1")
    @Test
    void oneKeyMakesTheAssociationOfAllThatOneMapRequestAsksFor() {
        Transcript.replay("one-key");
    }

    @Rfc("9437 §7.1")
    @Test
    void eachSecretHasItsShareOfTheOneTimeKeysThatAreRemembered() {
        Transcript.replay("key-shares");
    }

    @Rfc("9437 §5")
    @Rfc("9437 §6")
    @Test
    void aSubscriptionFromItsRequestToItsEnd() {
        Transcript.replay("subscription");
    }

    @Rfc("9437 §6")
    @Rfc("9301 §5.5")
    @Rfc("R-031")
    @Test
    void aSubscriberOfAPrefixIsToldOfAllInsideIt() {
        Transcript.replay("more-specifics");
    }

    @Rfc("9437 §5")
    @Test
    void anAnswerThatIsAcknowledgedLateDoesNotEndWhatALaterQuestionHasBegun() {
        Transcript.replay("asked-meanwhile");
    }

    @Rfc("9437 §5")
    @Rfc("9437 §7")
    @Rfc("R-068")
    @Test
    void nobodyIsSubscribedOrUnsubscribedByAStranger() {
        Transcript.replay("strangers");
    }

    @Rfc("9437 §5")
    @Test
    void severalEidsWithOneAnswerAreAnsweredOnceAndAllConfirmed() {
        Transcript.replay("one-answer");
    }

    @Rfc("9437 §6")
    @Test
    void newsNeverTakesANonceThatMayHaveAnsweredARequest() {
        Transcript.replay("asked-again");
    }

    @Rfc("9437 §4")
    @Rfc("9437 §6")
    @Test
    void anXtrThatAsksForManyEidsAtOnceHearsNewsAboveAllItsNonces() {
        Transcript.replay("many-eids");
    }

    @Rfc("9437 §5")
    @Test
    void aSubscriptionThatTheOperatorHasSetUp() {
        Transcript.replay("explicit");
    }

    @Rfc("9437 §5")
    @Rfc("9437 §6")
    @Test
    void noXtrHasMoreSubscriptionsThanThereIsRoomFor() {
        Transcript.replay("room");
    }

    @Rfc("9437 §5")
    @Test
    void aPartOfASubscriptionCanBeLeftOut() {
        Transcript.replay("exclusion");
    }

    @Rfc("9437 §6")
    @Test
    void aCrowdOfStrangersLeavesRoomForWhoHasRegistered() {
        Transcript.replay("crowd");
    }

    @Rfc("9437 §5")
    @Test
    void whoAsksAgainFromElsewhereIsToldThere() {
        Transcript.replay("moved");
    }

    @Rfc("9437 §5")
    @Test
    void aSubscriptionToNothingLastsForAWhile() {
        Transcript.replay("temporary");
    }

    @Rfc("9437 §5")
    @Rfc("9437 §7")
    @Rfc("9301 §8.3")
    @Rfc("R-037")
    @Rfc("R-038")
    @Rfc("R-071")
    @Test
    void whereThereIsNothingThereIsNoSubscription() {
        Transcript.replay("unknown");
    }

    @Rfc("9301 §5.7")
    @Rfc("9437 §5")
    @Rfc("9437 §6")
    @Test
    void whatNobodyAcknowledgesIsRepeatedAndThenGivenUp() {
        Transcript.replay("surrender");
    }

    @Rfc("9437 §6")
    @Rfc("9301 §5.6")
    @Rfc("R-063")
    @Test
    void aNewLeaderGoesOnWhereTheLastOneStopped() {
        Transcript.replay("failover");
    }

    @Rfc("R-044")
    @Rfc("R-045")
    @Rfc("R-059")
    @Rfc("R-062")
    @Test
    void gatewaysStandForAllThatIsOutsideOfTheirPod() {
        Transcript.replay("petr");
    }

    @Rfc("R-044")
    @Rfc("9437 §5")
    @Test
    void whoAsksAgainForMoreThatIsOutsideIsToldThatTheLessIsGone() {
        Transcript.replay("outside-again");
    }

    @Rfc("R-064")
    @Rfc("R-065")
    @Rfc("R-086")
    @Test
    void thePxtrsOfAPodAreToldOfEveryChangeInIt() {
        Transcript.replay("gateways");
    }

    @Rfc("R-098")
    @Rfc("R-101")
    @Rfc("R-102")
    @Test
    void onlyTheDesignatedXtrOfASiteIsInAReplicationListAndAnotherOneTakesOver() {
        Transcript.replay("designated");
    }

    @Rfc("R-098")
    @Test
    void theReceiversOfAGroupAreMergedIntoAReplicationListThatItsSenderIsTold() {
        Transcript.replay("replication");
    }
}
