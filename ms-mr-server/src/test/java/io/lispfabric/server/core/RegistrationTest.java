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
                registrant,
                false,
                true,
                false,
                RecordTtl.ONE_DAY,
                version,
                List.of(),
                0,
                180,
                1,
                1);
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

    private static Outcome registers(MappingSystem state, int xtr, long nonce, int minutes) {
        var record = Fixture.record("40.0.0.7/32", minutes, "192.0.2." + xtr);
        return state.apply(Fixture.register(xtr, nonce, 0, List.of(record)));
    }

    /** Each change of one is told to all others, so there is a bound to how many there are. */
    @Test
    @Rfc("R-104")
    void soManyXtrsRegisterAnEidTogetherAndNoMore() {
        var state = MappingSystem.EMPTY;
        for (int xtr = 1; xtr <= Mapping.MOST_XTRS; xtr++) {
            state = registers(state, xtr, 1, 1440).next();
        }
        int oneMore = Mapping.MOST_XTRS + 1;
        var refused = registers(state, oneMore, 1, 1440);
        assertThat(refused.effects())
                .hasAtLeastOneElementOfType(Effect.Crowded.class)
                .noneMatch(it -> it instanceof Effect.Answer answer && !answer.records().isEmpty());
        assertThat(refused.next().mappings()).isEqualTo(state.mappings());

        // Those that are there may go on, and where one goes another may come.
        assertThat(registers(state, 5, 2, 1440).effects())
                .hasAtLeastOneElementOfType(Effect.Answer.class);
        state = registers(state, 5, 2, 0).next();
        assertThat(registers(state, oneMore, 2, 1440).effects())
                .hasAtLeastOneElementOfType(Effect.Answer.class);
    }

    /**
     * Whoever registers prefix inside prefix, each by as many xTRs as may, is told of what lies in
     * all of them no more than of what lies in one: the nearest are.
     */
    @Rfc("R-086")
    @Test
    void gatewaysAreToldByTheNearestOnesAlone() {
        var state = MappingSystem.EMPTY;
        int xtr = 0;
        for (int length = 8; length < 11; length++) {
            for (int i = 0; i < Mapping.MOST_XTRS; i++) {
                var record = Fixture.record("40.0.0.0/" + length, 1440, "192.0.2." + (1 + i));
                state = state.apply(Fixture.register(++xtr, 1, 0, List.of(record))).next();
            }
        }
        state = acknowledged(state);
        var outcome =
                state.apply(
                        Fixture.register(
                                ++xtr,
                                1,
                                0,
                                List.of(Fixture.record("40.0.0.7/32", 1440, "192.0.2.1"))));
        assertThat(outcome.effects().stream().filter(Effect.Publish.class::isInstance))
                .hasSize(Mapping.MOST_XTRS);
        assertThat(outcome.next().membersAwaiting(Fixture.eid("40.0.0.7/32")))
                .contains(Registrant.of("POD-D", 1, Optional.of(Fixture.xtr(xtr - 1))));
    }

    private static MappingSystem acknowledged(MappingSystem state) {
        var receipts =
                state.outstanding().stream()
                        .map(it ->
                                new Command.Receipt(
                                        it.listener(),
                                        it.outstanding().eid(),
                                        it.outstanding().nonce()))
                        .toList();
        return state.apply(new Command.Acknowledge(receipts)).next();
    }

    @Test
    void whoHasBeenToldAndHasNotSaidSoIsKnownByTheEid() {
        var eid = Fixture.eid("40.0.0.7/32");
        var state = registers(registers(MappingSystem.EMPTY, 1, 1, 1440).next(), 2, 1, 1440).next();
        var first = Registrant.of("POD-D", 1, Optional.of(Fixture.xtr(1)));
        assertThat(state.membersAwaiting(eid)).containsExactly(first);
        var told = state.outstanding().getFirst();
        var settled =
                state.apply(
                                Command.Acknowledge.of(
                                        told.listener(), eid, told.outstanding().nonce()))
                        .next();
        assertThat(settled.membersAwaiting(eid)).isEmpty();
    }

    /**
     * Whoever registers under ever new names, each in the place of the last, is told little of it.
     */
    @Test
    void ofThoseThatWereReplacedOnlySoManyAreStillTold() {
        var eid = Fixture.eid("40.0.0.7/32");
        var state = MappingSystem.EMPTY;
        for (int xtr = 1; xtr <= 3 * Mapping.MOST_XTRS; xtr++) {
            var record = Fixture.record("40.0.0.7/32", 1440, "192.0.2." + (1 + xtr % 200));
            var outcome = state.apply(Fixture.alone(Fixture.register(xtr, 1, 0, List.of(record))));
            assertThat(outcome.effects()).hasSizeLessThan(2 * Mapping.MOST_XTRS);
            state = outcome.next();
        }
        assertThat(state.membersAwaiting(eid)).hasSizeLessThanOrEqualTo(Mapping.MOST_XTRS + 1);
        assertThat(state.outstanding()).hasSameSizeAs(state.membersAwaiting(eid));
    }
}
