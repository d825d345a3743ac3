package io.lispfabric.conformance.nemesis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A judge that never finds anything would be no judge: each rule has a history that breaks it. */
class JudgeTest {
    private static final String EID = "[1]10.1.0.1/32";
    private static final String ETR = "etr-0";
    private static final String OTHER = "etr-1";
    private static final String SUBSCRIBER = "subscriber-0";

    /** Lies, each of which breaks one rule and no other. */
    private static final Map<Rule, Consumer<Judge>> LIES =
            Map.ofEntries(
                    Map.entry(
                            Rule.ACKNOWLEDGED_STAYS,
                            it -> it.settles(EID, List.of("11.0.0.1", "11.0.0.1", "11.0.0.1"))),
                    Map.entry(
                            Rule.WITHDRAWN_STAYS_GONE,
                            it -> {
                                it.begins(OTHER, EID, Judge.NOTHING);
                                it.confirms(OTHER, EID, 2, true, true, Judge.NOTHING);
                                it.settles(EID, List.of("11.0.0.2", "11.0.0.2", "11.0.0.2"));
                            }),
                    Map.entry(
                            Rule.CONFIRMED_AS_SAID,
                            it -> {
                                it.begins(OTHER, EID, "11.0.0.3");
                                it.confirms(OTHER, EID, 2, true, false, "11.0.0.2");
                            }),
                    Map.entry(
                            Rule.REPLAYS_REFUSED,
                            it -> it.confirms(ETR, EID, 1, false, false, "11.0.0.1")),
                    Map.entry(
                            Rule.NOTHING_INVENTED,
                            it -> it.publishes(SUBSCRIBER, EID, 9, "11.0.0.9", false)),
                    Map.entry(
                            Rule.ANSWERS_GO_FORWARD,
                            it -> {
                                it.answers(0, 1, EID, "11.0.0.2");
                                it.answers(0, 1, EID, "11.0.0.1");
                            }),
                    Map.entry(
                            Rule.ONE_CONTENT_FOR_A_NONCE,
                            it -> it.publishes(SUBSCRIBER, EID, 8, "11.0.0.1", false)),
                    Map.entry(
                            Rule.NONCES_GROW,
                            it -> it.publishes(SUBSCRIBER, EID, 9, "11.0.0.1", false)),
                    Map.entry(
                            Rule.SUBSCRIBERS_RIGHT, it -> it.believes(SUBSCRIBER, EID, "11.0.0.1")),
                    Map.entry(
                            Rule.MEMBERS_EQUAL,
                            it -> it.settles(EID, List.of("11.0.0.2", "11.0.0.1", "11.0.0.2"))),
                    Map.entry(Rule.ALWAYS_ANSWERED, it -> it.unanswered(EID, 9 * second())),
                    Map.entry(
                            Rule.WRITES_RESUME,
                            it -> it.resumes("kill leader", Gaps.NEVER, second())),
                    Map.entry(Rule.MEMBERS_LIVE, it -> it.fails("ms-1", "has ended by itself")));

    private static long second() {
        return TimeUnit.SECONDS.toNanos(1);
    }

    /** Two xTRs register an EID one after the other; a subscriber and the members are told. */
    private static Judge honest() {
        var judge = new Judge(() -> 0);
        judge.begins(ETR, EID, "11.0.0.1");
        judge.sends(ETR, EID, 1, 0);
        judge.answers(0, 0, EID, Judge.NOTHING);
        judge.confirms(ETR, EID, 1, true, false, "11.0.0.1");
        judge.publishes(SUBSCRIBER, EID, 7, "11.0.0.1", true);
        judge.answers(0, 0, EID, "11.0.0.1");
        judge.begins(OTHER, EID, "11.0.0.2");
        judge.sends(OTHER, EID, 1, 2);
        judge.confirms(OTHER, EID, 1, true, false, "11.0.0.2");
        judge.publishes(SUBSCRIBER, EID, 8, "11.0.0.2", false);
        judge.publishes(SUBSCRIBER, EID, 8, "11.0.0.2", false);
        return judge;
    }

    @Test
    void findsNothingInAHistoryInWhichAllHolds() {
        var judge = honest();
        judge.answers(1, 0, EID, "11.0.0.2");
        judge.settles(EID, List.of("11.0.0.2", "11.0.0.2", "11.0.0.2"));
        judge.believes(SUBSCRIBER, EID, "11.0.0.2");
        judge.states(List.of("as much", "as much"));
        judge.resumes("kill leader", second(), second());
        assertThat(judge.violations()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void findsWhatBreaksARuleAndThatRuleAlone(Rule rule) {
        var judge = honest();
        LIES.getOrDefault(rule, _ -> {}).accept(judge);
        assertThat(judge.violations()).extracting(Judge.Violation::rule).containsExactly(rule);
    }

    @Test
    void knowsALieForEachRule() {
        assertThat(LIES.keySet()).isEqualTo(EnumSet.allOf(Rule.class));
    }

    /** A Map-Notify that confirms a subscription says the newest, whatever it has said before. */
    @Test
    void letsAConfirmationSaySomethingNewer() {
        var judge = honest();
        judge.publishes(SUBSCRIBER, EID, 7, "11.0.0.2", true);
        assertThat(judge.violations()).isEmpty();
    }

    /** What a stopped leader still had to say arrives after what the next one has said. */
    @Test
    void letsAnOlderNonceArriveLateAsLongAsItIsOlderNews() {
        var judge = honest();
        judge.begins(ETR, EID, "11.0.0.3");
        judge.begins(ETR, EID, "11.0.0.4");
        judge.publishes(SUBSCRIBER, EID, 10, "11.0.0.4", false);
        judge.publishes(SUBSCRIBER, EID, 9, "11.0.0.3", false);
        assertThat(judge.violations()).isEmpty();
        judge.begins(ETR, EID, "11.0.0.5");
        judge.publishes(SUBSCRIBER, EID, 12, "11.0.0.4", false);
        judge.publishes(SUBSCRIBER, EID, 11, "11.0.0.5", false);
        assertThat(judge.violations())
                .extracting(Judge.Violation::rule)
                .containsExactly(Rule.NONCES_GROW);
    }

    /** A member that was killed may know less than it has answered, for a moment. */
    @Test
    void letsAMemberAnswerOlderThingsInANewLife() {
        var judge = honest();
        judge.answers(0, 0, EID, "11.0.0.2");
        judge.answers(0, 1, EID, "11.0.0.1");
        assertThat(judge.violations()).isEmpty();
    }

    /** One whose disk is full opens its log anew some time after there is room. */
    @Test
    void letsAForgetfulMemberAnswerOlderThingsButNothingInvented() {
        var judge = honest();
        judge.answers(0, Judge.FORGETFUL, EID, "11.0.0.2");
        judge.answers(0, Judge.FORGETFUL, EID, "11.0.0.1");
        assertThat(judge.violations()).isEmpty();
        judge.answers(0, Judge.FORGETFUL, EID, "11.0.0.9");
        assertThat(judge.violations())
                .extracting(Judge.Violation::rule)
                .containsExactly(Rule.NOTHING_INVENTED);
    }

    @Test
    void distinguishesMembersThatSayDifferentThingsOfThemselves() {
        var judge = honest();
        judge.states(List.of("lisp_mappings 1", "lisp_mappings 2", "lisp_mappings 1"));
        assertThat(judge.violations())
                .extracting(Judge.Violation::rule)
                .containsExactly(Rule.MEMBERS_EQUAL);
    }

    @Test
    void tellsTheHistoryOfAnEidThatIsConcerned() {
        var judge = honest();
        judge.believes(SUBSCRIBER, EID, "11.0.0.1");
        assertThat(judge.concerned()).containsExactly(EID);
        assertThat(judge.history(EID))
                .anyMatch(it -> it.endsWith("etr-1 sends nonce 1 to member 2"))
                .last()
                .asString()
                .contains("!! subscribers-right");
    }
}
