package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.Command.Expire.Silent;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Map-Registers that say nothing new (ADR 12). */
class RefreshTest {
    private static final MappingRecord SEVEN = Fixture.record("40.0.0.7/32", 1440, "192.0.2.1");
    private static final MappingRecord EIGHT = Fixture.record("40.0.0.8/32", 1440, "192.0.2.1");
    private static final Registrant ONE = Registrant.of("POD-D", 1, Optional.of(Fixture.xtr(1)));

    private static Command.Register says(long nonce, MappingRecord... records) {
        return Fixture.register(1, nonce, 0, List.of(records));
    }

    private static MappingSystem after(Command... commands) {
        return after(MappingSystem.EMPTY, commands);
    }

    private static MappingSystem after(MappingSystem state, Command... commands) {
        var now = state;
        for (var command : commands) {
            now = now.apply(command).next();
        }
        return now;
    }

    private static Silent silent(MappingSystem heard, MappingRecord record) {
        int lease = heard.at(record.eid()).orElseThrow().by(ONE).orElseThrow().lease();
        return new Silent(record.eid(), ONE, lease, heard.said(ONE));
    }

    private static Command expire(Silent... those) {
        return new Command.Expire(200_000, 0, List.of(those));
    }

    @Rfc("9301 §5.6")
    @Rfc("9301 §8.2")
    @Test
    void ofARefreshOnlyTheNonceIsKept() {
        var state = after(says(1, SEVEN, EIGHT));
        var mark = state.mark(says(2, SEVEN, EIGHT)).orElseThrow();
        var outcome = state.apply(mark);
        assertThat(outcome.changes())
                .containsExactly(
                        new Change.NonceSet(ONE.nonceKey(1), new Nonce(2), mark.changes(), 0));
        assertThat(outcome.effects()).singleElement().isInstanceOf(Effect.Refreshed.class);
        assertThat(outcome.next().mappings()).isEqualTo(state.mappings());
    }

    @Rfc("9301 §5.6")
    @Test
    void aMarkIsNotTakenTwiceNorAfterAnythingThatCameLater() {
        var state = after(says(1, SEVEN));
        var mark = state.mark(says(2, SEVEN)).orElseThrow();
        assertThat(after(state, mark).apply(mark).effects())
                .singleElement()
                .isInstanceOf(Effect.Replayed.class);
        assertThat(after(state, says(3, EIGHT)).apply(mark).effects())
                .singleElement()
                .isInstanceOf(Effect.Replayed.class);
        assertThat(after(state, mark).mark(says(2, SEVEN))).isEmpty();
    }

    @Test
    void whatSaysAnythingElseIsNoRefresh() {
        var state = after(says(1, SEVEN, EIGHT));
        var other = Fixture.record("40.0.0.7/32", 1440, "192.0.2.9");
        var shorter = Fixture.record("40.0.0.7/32", 60, "192.0.2.1");
        var gone = Fixture.record("40.0.0.7/32", 0);
        var nine = Fixture.record("40.0.0.9/32", 1440, "192.0.2.1");
        assertThat(state.mark(says(2, other, EIGHT))).isEmpty();
        assertThat(state.mark(says(2, shorter, EIGHT))).isEmpty();
        assertThat(state.mark(says(2, gone, EIGHT))).isEmpty();
        assertThat(state.mark(says(2, SEVEN, EIGHT, nine))).isEmpty();
        assertThat(state.mark(Fixture.alone(says(2, SEVEN, EIGHT)))).isEmpty();
        assertThat(state.mark(Fixture.register(2, 2, 0, List.of(SEVEN, EIGHT)))).isEmpty();
        assertThat(state.mark(Fixture.register(1, 2, 0, false, List.of(SEVEN, EIGHT)))).isEmpty();
    }

    /** Else a part that the xTR does not name any more would never end. */
    @Rfc("9301 §8.2")
    @Test
    void aPartOfWhatCameTogetherIsNoRefreshOfTheWhole() {
        var state = after(says(1, SEVEN, EIGHT));
        assertThat(state.mark(says(2, SEVEN))).isEmpty();
        assertThat(state.mark(says(2, SEVEN, SEVEN))).isEmpty();
        var apart = after(state, says(2, SEVEN));
        assertThat(apart.mark(says(3, SEVEN))).isPresent();
        assertThat(apart.mark(says(3, EIGHT))).isEmpty();
        assertThat(apart.mark(says(3, SEVEN, EIGHT))).isEmpty();
    }

    @Test
    void aMarkFitsNoMoreOnceAnythingOfItsXtrIsGoneOrAnother() {
        var state = after(says(1, SEVEN), says(2, EIGHT));
        var mark = state.mark(says(5, SEVEN)).orElseThrow();
        var displaced = after(state, Fixture.alone(Fixture.register(2, 1, 0, List.of(SEVEN))));
        var expired = after(state, expire(silent(state, SEVEN)));
        var changed = after(state, says(3, Fixture.record("40.0.0.7/32", 60, "192.0.2.1")));
        for (var other : List.of(displaced, expired, changed)) {
            var outcome = other.apply(mark);
            assertThat(outcome.effects()).singleElement().isInstanceOf(Effect.Unfit.class);
            assertThat(outcome.next()).isEqualTo(other);
        }
    }

    /** What was overtaken is a replay, also where a newer message beside it is none. */
    @Rfc("9301 §5.6")
    @Test
    void aMarkFitsNoMoreOnceAMessageThatItStandsForIsOvertaken() {
        var state = after(says(1, SEVEN), says(2, EIGHT));
        var third = state.mark(says(3, SEVEN)).orElseThrow();
        var fifth = state.mark(says(5, EIGHT)).orElseThrow();
        var both =
                new Command.Refresh(
                        fifth.origin(),
                        fifth.who(),
                        fifth.keyId(),
                        fifth.changes(),
                        List.of(third.leases().getFirst(), fifth.leases().getFirst()),
                        third.nonce(),
                        fifth.nonce());
        assertThat(state.apply(both).effects())
                .singleElement()
                .isInstanceOf(Effect.Refreshed.class);
        var overtaken = after(state, state.mark(says(4, EIGHT)).orElseThrow());
        var outcome = overtaken.apply(both);
        assertThat(outcome.effects()).singleElement().isInstanceOf(Effect.Unfit.class);
        assertThat(outcome.next()).isEqualTo(overtaken);
    }

    @Test
    void whatOthersDoBesideItDoesNotSpoilAMark() {
        var state = after(says(1, SEVEN));
        var mark = state.mark(says(2, SEVEN)).orElseThrow();
        var joined = after(state, Fixture.register(2, 1, 0, List.of(SEVEN)));
        var outcome = joined.apply(mark);
        assertThat(outcome.effects())
                .singleElement()
                .isInstanceOfSatisfying(
                        Effect.Refreshed.class,
                        it ->
                                assertThat(it.state().record(SEVEN.eid()))
                                        .isEqualTo(joined.record(SEVEN.eid())));
    }

    @Rfc("9301 §8.2")
    @Test
    void whatWasRefreshedMeanwhileDoesNotExpire() {
        var state = after(says(1, SEVEN));
        var expire = expire(silent(state, SEVEN));
        assertThat(after(state, expire).mappings().isEmpty()).isTrue();
        var refreshed = after(state, state.mark(says(2, SEVEN)).orElseThrow());
        assertThat(after(refreshed, expire)).isEqualTo(refreshed);
        var again = after(state, says(2, SEVEN));
        assertThat(after(again, expire)).isEqualTo(again);
    }

    @Rfc("9301 §5.6")
    @Test
    void whatLegacyPeersSayAgainUnderOneNonceIsAnotherLease() {
        var first = legacy(0);
        var state = after(first);
        var who = first.registrant();
        var lease = state.at(SEVEN.eid()).orElseThrow().by(who).orElseThrow().lease();
        var expire = expire(new Silent(SEVEN.eid(), who, lease, state.said(who)));
        var again = after(state, legacy(179_990));
        assertThat(after(again, expire)).isEqualTo(again);
        assertThat(after(state, expire).at(SEVEN.eid())).isEmpty();
    }

    /** One whose nonces are all alike. */
    private static Command.Register legacy(long atMillis) {
        return Fixture.unchecked(Fixture.register(1, 7, atMillis, List.of(SEVEN)));
    }

    /** A leader that looks every second and whose log takes what it submits. */
    private static final class Leader {
        private final Leases leases = new Leases();
        private MappingSystem state;
        private long millis;
        private boolean writes = true;

        Leader(MappingSystem state, long millis) {
            this.state = state;
            this.millis = millis;
            leases.onLeading();
        }

        /** Until then, and what went by then. */
        List<Silent> run(long untilMillis) {
            var all = new ArrayList<Silent>();
            for (; millis < untilMillis; millis += 1_000) {
                do {
                    for (var command : leases.poll(state, millis, millis, 0)) {
                        if (command instanceof Command.Expire expire) {
                            all.addAll(expire.silent());
                        }
                        if (writes) {
                            state = after(state, command);
                        }
                    }
                } while (leases.looks());
            }
            return all;
        }

        void hear(Command command) {
            var outcome = state.apply(command);
            state = outcome.next();
            for (var effect : outcome.effects()) {
                switch (effect) {
                    case Effect.Heard it -> leases.onHeard(it, millis);
                    case Effect.Refreshed it -> leases.onRefreshed(it, millis);
                    case Effect _ -> {}
                }
            }
        }
    }

    @Rfc("9301 §8.2")
    @Test
    void aNewLeaderGrantsAWholePeriodAndThenCountsFromEachRefresh() {
        var leader = new Leader(after(says(1, SEVEN), says(2, EIGHT)), 2_000_000);
        var eight = leader.state;
        assertThat(leader.run(2_100_000)).isEmpty();
        leader.hear(leader.state.mark(says(3, SEVEN)).orElseThrow());
        assertThat(leader.run(2_180_000)).isEmpty();
        assertThat(leader.run(2_181_000)).containsExactly(silent(leader.state, eight, EIGHT));
        assertThat(leader.state.at(EIGHT.eid())).isEmpty();
        var seven = leader.state;
        assertThat(leader.run(2_280_000)).isEmpty();
        assertThat(leader.run(2_281_000)).containsExactly(silent(seven, SEVEN));
        leader.run(2_300_000);
        assertThat(leader.leases.remembered()).isZero();
    }

    /** As it was registered then, and its xTR heard now. */
    private static Silent silent(MappingSystem now, MappingSystem then, MappingRecord record) {
        var it = silent(then, record);
        return new Silent(it.eid(), it.who(), it.lease(), now.said(ONE));
    }

    /** It has said something since, and is silent all the same. */
    @Rfc("9301 §8.2")
    @Test
    void whatIsLeftAfterALastWithdrawalEndsAsWell() {
        var leader = new Leader(after(says(1, SEVEN), says(2, EIGHT)), 2_000_000);
        leader.run(2_100_000);
        leader.hear(says(3, Fixture.record("40.0.0.7/32", 0)));
        leader.run(2_190_000);
        assertThat(leader.state.mappings().isEmpty()).isTrue();
    }

    @Test
    void whoDoesNotLeadSaysNothingAndKnowsNoEnd() {
        var state = after(says(1, SEVEN));
        var seven = state.at(SEVEN.eid()).orElseThrow().by(ONE).orElseThrow();
        var leases = new Leases();
        assertThat(leases.poll(state, 1_000_000, 0, 0)).isEmpty();
        assertThat(leases.leftMillis(seven, 1_000_000)).isEmpty();
        leases.onLeading();
        leases.poll(state, 1_000_000, 0, 0);
        assertThat(leases.leftMillis(seven, 1_050_000)).hasValue(130_000);
        leases.onFollowing();
        assertThat(leases.leftMillis(seven, 1_050_000)).isEmpty();
    }

    /** Nobody was heard while it stood still. */
    @Test
    void aLeaderThatHasNotLookedForLongGrantsAnotherPeriod() {
        var leader = new Leader(after(says(1, SEVEN)), 10_000_000);
        assertThat(leader.run(10_179_000)).isEmpty();
        leader.millis = 13_600_000;
        assertThat(leader.run(13_780_000)).isEmpty();
        assertThat(leader.run(13_781_000)).hasSize(1);
    }

    /** A full disk, or no majority: xTRs may have spoken, and nothing of it could be taken. */
    @Test
    void nothingEndsWhileTheLogTakesNothingNorForAPeriodAfter() {
        var leader = new Leader(after(says(1, SEVEN)), 10_000_000);
        assertThat(leader.run(10_100_000)).isEmpty();
        leader.writes = false;
        assertThat(leader.run(10_900_000)).isEmpty();
        leader.writes = true;
        assertThat(leader.run(11_080_000)).isEmpty();
        assertThat(leader.run(11_120_000)).hasSize(1);
    }

    /** Each of them grants a period; but who was silent for two under all together is gone. */
    @Rfc("9301 §8.2")
    @Test
    void leadersThatFollowEachOtherFastKeepNothingForEver() {
        var state = after(says(1, SEVEN));
        long millis = 10_000_000;
        while (state.at(SEVEN.eid()).isPresent() && millis < 11_000_000) {
            var leader = new Leader(state, millis);
            millis += 45_000;
            leader.run(millis);
            state = leader.state;
        }
        assertThat(millis).isBetween(10_360_000L, 10_600_000L);
    }

    @Test
    void whoIsHeardStaysHoweverOftenLeadersChange() {
        var state = after(says(1, SEVEN));
        long millis = 10_000_000;
        for (int nonce = 2; nonce < 100; nonce++) {
            var leader = new Leader(state, millis);
            millis += 45_000;
            assertThat(leader.run(millis)).isEmpty();
            leader.hear(leader.state.mark(says(nonce, SEVEN)).orElseThrow());
            state = leader.state;
        }
    }

    /** Whoever registers and withdraws under ever new leases must not fill the leader's memory. */
    @Test
    void leasesOfWhatIsGoneAreForgottenWhenThereAreManyAndNotOnlyWhenSomethingIsDue() {
        var leader = new Leader(after(says(1, SEVEN)), 2_000_000);
        leader.run(2_001_000);
        for (int number = 1; number <= 70_000; number++) {
            var lease = new Effect.Heard.Lease(1_000_000 + number, 180);
            leader.leases.onHeard(new Effect.Heard(ONE, List.of(lease), 1), leader.millis);
        }
        assertThat(leader.leases.remembered()).isEqualTo(70_001);
        leader.run(2_002_000);
        assertThat(leader.leases.remembered()).isEqualTo(1);
    }

    /** Else a leader that is none any more could make time pass twice as fast. */
    @Test
    void aPulseCountsOnce() {
        var state = after(new Command.Pulse(0), new Command.Pulse(0));
        assertThat(state.pulse()).isEqualTo(1);
    }
}
