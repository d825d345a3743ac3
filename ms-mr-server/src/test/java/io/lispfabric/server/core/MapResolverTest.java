package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.accelerators;
import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.ip;
import static io.lispfabric.server.core.Fixture.plain;
import static io.lispfabric.server.core.Fixture.record;
import static io.lispfabric.server.core.Fixture.register;
import static io.lispfabric.server.core.Fixture.registered;
import static io.lispfabric.server.core.Fixture.sites;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MapResolverTest {
    private static final int ROOM = 536;
    private static final Sites NO_SITES = new Sites(List.of(), false);

    private static List<MappingRecord> reply(MappingSystem state, Sites sites, String asked) {
        return reply(state, sites, asked, ROOM);
    }

    private static List<MappingRecord> reply(
            MappingSystem state, Sites sites, String asked, int room) {
        return switch (MapResolver.answer(state, sites, eid(asked), room)) {
            case MapResolver.Answer.Reply(var records) -> records;
            case MapResolver.Answer.Forward _, MapResolver.Answer.Relay _ ->
                    throw new AssertionError("not answered here");
        };
    }

    private static MappingRecord negative(MappingSystem state, Sites sites, String asked) {
        var records = reply(state, sites, asked);
        assertThat(records).hasSize(1);
        assertThat(records.getFirst().isNegative()).isTrue();
        return records.getFirst();
    }

    private static List<Eid> eids(List<MappingRecord> records) {
        return records.stream().map(MappingRecord::eid).toList();
    }

    // Positive answers

    @Rfc("9301 §5.4")
    @Rfc("9301 §8.3")
    @Rfc("9301 §8.2")
    @Test
    void aProxyReplyIsNotAuthoritativeAndHasNoLocalLocators() {
        var state = registered("40.0.0.7/32");

        var record = reply(state, NO_SITES, "40.0.0.7").getFirst();

        assertThat(record.eid()).isEqualTo(eid("40.0.0.7/32"));
        assertThat(record.authoritative()).isFalse();
        assertThat(record.ttl()).isEqualTo(RecordTtl.ONE_DAY);
        assertThat(record.locators()).hasSize(1);
        assertThat(record.locators().getFirst().local()).isFalse();
        assertThat(record.locators().getFirst().probed()).isFalse();
        assertThat(record.locators().getFirst().reachable()).isTrue();
    }

    @Rfc("9301 §5.5")
    @Test
    void theBestMatchComesWithItsMoreSpecificsAndNothingElse() {
        var state =
                registered(
                        "2001:db8::/32",
                        "2001:db8:1::/48",
                        "2001:db8:1:1::/64",
                        "2001:db8:1:2::/64");

        assertThat(eids(reply(state, NO_SITES, "2001:db8:1:1::1")))
                .containsExactly(eid("2001:db8:1:1::/64"));
        assertThat(eids(reply(state, NO_SITES, "2001:db8:1:5::5")))
                .containsExactly(
                        eid("2001:db8:1::/48"), eid("2001:db8:1:1::/64"), eid("2001:db8:1:2::/64"));
    }

    @Rfc("9301 §5.5")
    @Test
    void recordsOfOneReplyShareTheShortestOfTheirTtls() {
        var state =
                MappingSystem.EMPTY
                        .apply(
                                register(
                                        1,
                                        1,
                                        0,
                                        List.of(
                                                record("40.0.0.0/16", 1440, "192.0.2.1"),
                                                record("40.0.0.7/32", 5, "192.0.2.1"))))
                        .next();

        assertThat(reply(state, NO_SITES, "40.0.0.9"))
                .extracting(MappingRecord::ttl)
                .containsOnly(new RecordTtl(5));
        assertThat(reply(state, NO_SITES, "40.0.0.7"))
                .extracting(MappingRecord::ttl)
                .containsOnly(new RecordTtl(5));
    }

    @Rfc("9301 §5.5")
    @Test
    void whenTheyDoNotFitASmallerBlockWithoutMoreSpecificsIsTheAnswer() {
        var state = registered("40.0.0.0/16", "40.0.0.7/32", "40.0.128.0/17", "40.0.64.1/32");
        int room = 2 * reply(state, NO_SITES, "40.0.0.7").getFirst().encodedLength();

        var records = reply(state, NO_SITES, "40.0.0.9", room);

        assertThat(eids(records)).containsExactly(eid("40.0.0.8/29"));
        assertThat(records.getFirst().locators())
                .isEqualTo(state.at(eid("40.0.0.0/16")).orElseThrow().record().locators());
        // Where all fit, all are told.
        assertThat(reply(state, NO_SITES, "40.0.0.9", 2 * room)).hasSize(4);
    }

    @Rfc("9301 §5.4")
    @Test
    void aReplyHasAtMost255Records() {
        var eids = new ArrayList<>(List.of("40.0.0.0/16"));
        for (int i = 0; i < 254; i++) {
            eids.add("40.0.1." + i + "/32");
        }
        var full = registered(eids.toArray(String[]::new));
        eids.add("40.0.2.0/32");
        var over = registered(eids.toArray(String[]::new));

        assertThat(reply(full, NO_SITES, "40.0.0.1", 1 << 20)).hasSize(255);
        assertThat(eids(reply(over, NO_SITES, "40.0.0.1", 1 << 20)))
                .containsExactly(eid("40.0.0.0/24"));
    }

    @Rfc("9301 §8.3")
    @Test
    void whoDidNotAskForProxyRepliesIsAskedItself() {
        var locators =
                List.of(
                        Locator.of(Rloc.of("192.0.2.1"), 2, 100),
                        Locator.of(Rloc.of("192.0.2.2"), 1, 100),
                        Locator.of(Rloc.of("192.0.2.3"), Locator.UNUSABLE, 0),
                        new Locator(0, 0, 0, 0, false, false, false, Rloc.of("192.0.2.4")));
        var mapping = MappingRecord.of(RecordTtl.ONE_DAY, eid("40.0.0.7/32"), locators);
        var state = MappingSystem.EMPTY.apply(register(1, 1, 0, false, List.of(mapping))).next();

        assertThat(MapResolver.answer(state, NO_SITES, eid("40.0.0.7"), ROOM))
                .isEqualTo(
                        new MapResolver.Answer.Forward(List.of(ip("192.0.2.2"), ip("192.0.2.1"))));
    }

    @Rfc("9301 §8.3")
    @Test
    void oneXtrThatAsksForProxyRepliesIsEnough() {
        var records = List.of(record("40.0.0.7/32", 1440, "192.0.2.1"));
        var state =
                MappingSystem.EMPTY
                        .apply(register(1, 1, 0, false, records))
                        .next()
                        .apply(register(2, 1, 0, true, records))
                        .next();

        assertThat(reply(state, NO_SITES, "40.0.0.7")).hasSize(1);
    }

    @Rfc("9301 §8.3")
    @Test
    void withoutAnEtrToAskTheAnswerIsNegativeForJustThatMapping() {
        var state =
                MappingSystem.EMPTY
                        .apply(register(1, 1, 0, false, List.of(record("10.1.0.0/16", 1440))))
                        .next();

        var record = negative(state, sites(plain("10.0.0.0/8")), "10.1.2.3");

        assertThat(record.eid()).isEqualTo(eid("10.1.0.0/16"));
        assertThat(record.ttl()).isEqualTo(RecordTtl.ONE_MINUTE);
    }

    // Negative answers

    @Rfc("9301 §8.4")
    @ParameterizedTest(name = "{1} among {0}")
    @CsvSource({
        "'', 9.1.1.1, 0.0.0.0/0",
        "10.0.0.0/8, 9.1.1.1, 8.0.0.0/7",
        "10.0.0.0/8, 192.168.1.1, 128.0.0.0/1",
        "10.0.0.0/16 20.0.0.0/16, 10.1.0.5, 10.1.0.0/16",
        "10.0.0.0/16, 10.128.0.1, 10.128.0.0/9",
        "10.0.0.0/16 20.0.0.0/16 30.0.0.0/16 40.0.0.0/16, 50.1.2.3, 48.0.0.0/4",
        "10.0.0.0/16 20.0.0.0/16 30.0.0.0/16 40.0.0.0/16, 40.1.2.3, 40.1.0.0/16",
        "2001:db8::/32, 2001:db9::1, 2001:db9::/32",
    })
    @Rfc("9301 §8.4")
    void theHoleIsTheLargestBlockAroundTheEidThatIsClearOfAllThatIsKnown(
            String known, String asked, String hole) {
        var prefixes = known.isEmpty() ? new String[0] : known.split(" ");
        var configured =
                sites(List.of(prefixes).stream().map(Fixture::plain).toArray(SitePrefix[]::new));

        // It makes no difference whether they are registered or configured or both.
        for (var record :
                List.of(
                        negative(registered(prefixes), NO_SITES, asked),
                        negative(MappingSystem.EMPTY, configured, asked),
                        negative(registered(prefixes), configured, asked))) {
            assertThat(record.eid()).isEqualTo(eid(hole));
            assertThat(record.ttl()).isEqualTo(RecordTtl.FIFTEEN_MINUTES);
            assertThat(record.action()).isEqualTo(Action.NATIVELY_FORWARD);
        }
    }

    @Rfc("9301 §8.1")
    @Rfc("9301 §8.3")
    @Test
    void whatIsConfiguredButNotRegisteredIsAskedForAgainAfterAMinute() {
        var state = registered("10.0.0.0/24");

        var record = negative(state, sites(plain("10.0.0.0/8")), "10.0.1.1");

        assertThat(record.ttl()).isEqualTo(RecordTtl.ONE_MINUTE);
        assertThat(record.action()).isEqualTo(Action.NATIVELY_FORWARD);
        assertThat(record.eid()).isEqualTo(eid("10.0.1.0/24"));
    }

    @Rfc("9301 §8.3")
    @Test
    void theHoleStaysWithinWhatIsConfigured() {
        assertThat(negative(MappingSystem.EMPTY, sites(plain("10.0.0.0/16")), "10.0.1.1").eid())
                .isEqualTo(eid("10.0.0.0/16"));
    }

    @Rfc("R-038")
    @Rfc("R-071")
    @Test
    void anUnknownAcceleratorIsDropped() {
        var sites = sites(accelerators("40.0.0.0/16"));

        var record = negative(registered("40.0.0.7/32"), sites, "40.0.0.9");

        assertThat(record.action()).isEqualTo(Action.DROP);
        assertThat(record.ttl()).isEqualTo(RecordTtl.ONE_MINUTE);
        assertThat(record.eid()).isEqualTo(eid("40.0.0.8/29"));
    }

    @Rfc("R-038")
    @Test
    void theSubnetAroundAnUnknownAcceleratorIsNeitherItsAnswerNorOverwrittenByIt() {
        var sites = sites(accelerators("40.0.0.0/16"));
        var state = registered("40.0.0.0/16");

        assertThat(negative(state, sites, "40.0.0.9").eid()).isEqualTo(eid("40.0.0.0/17"));
        assertThat(eids(reply(state, sites, "40.0.0.0/16"))).containsExactly(eid("40.0.0.0/16"));
    }

    @Rfc("R-038")
    @Test
    void aHoleBesideASpaceOfAcceleratorsDoesNotReachIntoIt() {
        var sites = sites(plain("40.0.0.0/8"), accelerators("40.0.0.0/16"));

        var record = negative(MappingSystem.EMPTY, sites, "40.1.0.1");

        assertThat(record.action()).isEqualTo(Action.NATIVELY_FORWARD);
        assertThat(record.eid()).isEqualTo(eid("40.1.0.0/16"));
    }

    @Rfc("R-038")
    @Test
    void whereAllUnknownIsToBeDroppedItIs() {
        var sites = new Sites(List.of(), true);

        assertThat(negative(MappingSystem.EMPTY, sites, "9.1.1.1").action()).isEqualTo(Action.DROP);
    }

    @Rfc("9301 §8.3")
    @Test
    void aBlockThatHoldsSomethingConfiguredIsNotEmptyForAQuarterOfAnHour() {
        var record = negative(MappingSystem.EMPTY, sites(plain("40.0.0.0/16")), "40.0.0.0/8");

        assertThat(record.ttl()).isEqualTo(RecordTtl.ONE_MINUTE);
    }

    @Rfc("R-067")
    @Test
    void aNameIsMatchedWholeAndMissedAlone() {
        var sites = sites(accelerators("name:POD-D-*"));
        var state = registered("name:POD-D-AccID-7");

        assertThat(eids(reply(state, sites, "name:POD-D-AccID-7")))
                .containsExactly(eid("name:POD-D-AccID-7"));
        for (var unknown : List.of("name:POD-D-AccID-70", "name:POD-D-AccID-", "name:POD-D-")) {
            assertThat(negative(state, sites, unknown).eid()).isEqualTo(eid(unknown));
            assertThat(negative(state, sites, unknown).action()).isEqualTo(Action.DROP);
        }
        assertThat(negative(state, sites, "name:POD-E-AccID-1").action())
                .isEqualTo(Action.NATIVELY_FORWARD);
    }

    @Rfc("R-016")
    @Test
    void aMacAddressIsMatchedWholeAndMissedAlone() {
        var state = registered("mac:02:00:00:00:00:08");

        assertThat(eids(reply(state, NO_SITES, "mac:02:00:00:00:00:08")))
                .containsExactly(eid("mac:02:00:00:00:00:08"));
        assertThat(negative(state, NO_SITES, "mac:02:00:00:00:00:09").eid())
                .isEqualTo(eid("mac:02:00:00:00:00:09"));
    }

    @Rfc("R-010")
    @Rfc("R-053")
    @Test
    void oneSegmentKnowsNothingOfAnother() {
        var state = registered("[2]10.0.0.0/8", "[1]10.0.0.0/9");
        var sites = sites(SitePrefix.parse(new InstanceId(2), "128.0.0.0/1", true, true));

        assertThat(negative(state, sites, "[3]10.0.0.1").eid()).isEqualTo(eid("[3]0.0.0.0/0"));
        assertThat(negative(state, sites, "[1]10.128.0.1").eid()).isEqualTo(eid("[1]10.128.0.0/9"));
        assertThat(negative(state, sites, "[1]200.0.0.1").eid()).isEqualTo(eid("[1]128.0.0.0/1"));
        assertThat(eids(reply(state, sites, "[2]10.128.0.1")))
                .containsExactly(eid("[2]10.0.0.0/8"));
    }

    private static Elsewhere elsewhere(String prefix, String server) {
        return new Elsewhere(
                plain(prefix), List.of(new Elsewhere.Server(Fixture.ip(server), 4342)));
    }

    @Rfc("9301 §8.4")
    @Test
    void whatOtherMapServersKnowIsAskedOfThem() {
        var sites =
                new Sites(
                        List.of(Fixture.site("POD-D", 4, plain("40.1.0.0/16"))),
                        false,
                        List.of(
                                elsewhere("40.0.0.0/8", "192.0.2.201"),
                                elsewhere("40.2.0.0/16", "192.0.2.202"),
                                elsewhere("40.1.7.0/24", "192.0.2.203")));
        var state = registered("40.1.0.0/16");

        assertThat(server(state, sites, "40.3.0.1")).contains("192.0.2.201");
        assertThat(server(state, sites, "40.2.0.1")).as("the longest").contains("192.0.2.202");
        assertThat(server(state, sites, "40.1.7.1")).as("inside ours").contains("192.0.2.203");
        assertThat(server(state, sites, "40.1.8.1")).as("ours").isEmpty();
        assertThat(server(state, sites, "[2]40.3.0.1")).as("another segment").isEmpty();
    }

    private static Optional<String> server(MappingSystem state, Sites sites, String asked) {
        return MapResolver.answer(state, sites, eid(asked), ROOM)
                        instanceof MapResolver.Answer.Relay(var servers)
                ? Optional.of(servers.getFirst().address().toString())
                : Optional.empty();
    }

    @Rfc("9301 §8.4")
    @Test
    void noAnswerHidesWhatOtherMapServersKnow() {
        var sites =
                new Sites(
                        List.of(Fixture.site("POD-D", 4, plain("40.1.0.0/16"))),
                        false,
                        List.of(
                                elsewhere("40.1.7.0/24", "192.0.2.203"),
                                elsewhere("41.0.0.0/8", "192.0.2.201")));

        // What nobody knows: the largest block beside all that somebody may.
        var nothing = negative(MappingSystem.EMPTY, sites, "9.1.1.1");
        assertThat(nothing.eid()).isEqualTo(eid("0.0.0.0/3"));
        assertThat(nothing.ttl()).isEqualTo(RecordTtl.FIFTEEN_MINUTES);
        assertThat(nothing.action()).isEqualTo(Action.NATIVELY_FORWARD);
        assertThat(negative(MappingSystem.EMPTY, sites, "42.0.0.1").eid())
                .isEqualTo(eid("42.0.0.0/7"));
        // What is ours and empty, or registered around what is not ours: only the part beside it.
        assertThat(negative(MappingSystem.EMPTY, sites, "40.1.8.1").eid())
                .isEqualTo(eid("40.1.8.0/21"));
        assertThat(eids(reply(registered("40.1.0.0/16"), sites, "40.1.8.1")))
                .containsExactly(eid("40.1.8.0/21"));
    }

    @Rfc("9301 §8.4")
    @Property(tries = 200)
    void noHoleOverlapsWhatIsKnown(
            @ForAll @Size(max = 12) List<@IntRange(max = 255) Integer> registered,
            @ForAll @Size(max = 4) List<@IntRange(max = 15) Integer> configured,
            @ForAll @IntRange(max = 255) int asked) {
        // EIDs are 10.0.0.x, so that they meet; /29 to /32 for what is registered.
        var state =
                registered(
                        registered.stream()
                                .map(x -> "10.0.0." + x + "/" + (29 + x % 4))
                                .toArray(String[]::new));
        var sites =
                sites(
                        configured.stream()
                                .map(x -> plain("10.0.0." + 16 * x + "/28"))
                                .toArray(SitePrefix[]::new));
        var eid = eid("10.0.0." + asked);
        if (state.longestMatch(eid).isPresent()) {
            return;
        }
        var hole = negative(state, sites, "10.0.0." + asked).eid();

        assertThat(hole.covers(eid)).isTrue();
        state.mappings()
                .forEach((_, mapping) -> {
                    assertThat(hole.covers(mapping.eid())).isFalse();
                    assertThat(mapping.eid().covers(hole)).isFalse();
                });
        for (var site : sites.sites()) {
            for (var prefix : site.prefixes()) {
                var known = new Eid(eid.iid(), prefix.prefix().orElseThrow());
                assertThat(hole.covers(known) && !known.covers(hole)).isFalse();
            }
        }
        // And it is the largest such block: one bit less would overlap something.
        if (hole.prefix().length() > 0) {
            var larger =
                    new Eid(
                            eid.iid(),
                            new EidPrefix(
                                    (LispAddress.Ip) eid.prefix().address(),
                                    hole.prefix().length() - 1));
            boolean overlaps = sites.configured(eid).isPresent() && larger.prefix().length() < 28;
            for (var site : sites.sites()) {
                for (var prefix : site.prefixes()) {
                    overlaps |= larger.prefix().covers(prefix.prefix().orElseThrow());
                }
            }
            var known = new ArrayList<Eid>();
            state.mappings().forEach((_, mapping) -> known.add(mapping.eid()));
            overlaps |= known.stream().anyMatch(larger::covers);
            assertThat(overlaps).isTrue();
        }
    }

    /**
     * Whoever is told of a prefix believes it of every EID in it: each must be told what it would
     * be told alone, or nothing.
     */
    @Rfc("9301 §5.5")
    @Rfc("9301 §8.4")
    @Property(tries = 500)
    void theAnswerForAPrefixIsTrueForEveryEidInIt(
            @ForAll @Size(max = 12) List<@IntRange(max = 255) Integer> registered,
            @ForAll @Size(max = 3) List<@IntRange(max = 15) Integer> others,
            @ForAll boolean gateway,
            @ForAll @IntRange(max = 255) int asked,
            @ForAll @IntRange(min = 20, max = 32) int length,
            @ForAll @IntRange(min = 20, max = 300) int room) {
        var state =
                registered(
                        registered.stream()
                                .map(x -> "10.0.0." + x + "/" + (25 + x % 8))
                                .toArray(String[]::new));
        if (gateway) {
            state =
                    state.apply(register(9, 1, 0, List.of(record("0.0.0.0/0", 5, "192.0.2.99"))))
                            .next();
        }
        var elsewhere =
                others.stream()
                        .distinct()
                        .map(x -> elsewhere("10.0.0." + 16 * x + "/29", "192.0.2.50"))
                        .toList();
        var sites = new Sites(List.of(), false, elsewhere);
        var prefix =
                new Eid(
                        new InstanceId(1),
                        new EidPrefix(eid("10.0.0." + asked).prefix().address(), length));
        // With LISP-SEC there is an answer as well, whatever lies inside.
        assertThat(ProtectedAnswer.of(state, sites, prefix, room, Optional.empty(), _ -> true))
                .isNotNull();
        if (!(MapResolver.answer(state, sites, prefix, room)
                instanceof MapResolver.Answer.Reply(var told))) {
            return; // somebody else answers
        }
        for (int x = 0; x < 256; x++) {
            var eid = eid("10.0.0." + x);
            var best =
                    told.stream()
                            .filter(it -> it.eid().covers(eid))
                            .max(Comparator.comparingInt(it -> it.eid().prefix().length()));
            if (best.isPresent()) {
                assertThat(MapResolver.answer(state, sites, eid, 10_000))
                        .isInstanceOfSatisfying(
                                MapResolver.Answer.Reply.class,
                                alone -> {
                                    var record = alone.records().getFirst();
                                    assertThat(best.get().locators()).isEqualTo(record.locators());
                                    assertThat(best.get().isNegative())
                                            .isEqualTo(record.isNegative());
                                });
            }
        }
    }

    @Rfc("9301 §5.5")
    @Test
    void whatLiesInsideAPrefixComesWithItOrIsLeftOut() {
        var state = registered("40.0.0.0/24", "40.0.0.1/32", "40.9.9.0/24");

        assertThat(eids(reply(state, NO_SITES, "40.0.0.0/8")))
                .containsExactly(
                        eid("40.0.0.0/8"),
                        eid("40.0.0.0/24"),
                        eid("40.0.0.1/32"),
                        eid("40.9.9.0/24"));
        assertThat(eids(reply(state, NO_SITES, "40.0.0.0/8", 80)))
                .containsExactly(eid("40.0.0.0/24"), eid("40.0.0.1/32"));
        assertThat(eids(reply(state, NO_SITES, "40.1.0.0/16"))).containsExactly(eid("40.1.0.0/16"));
    }

    @Rfc("R-044")
    @Test
    void aReplyThatLeadsToPetrsHasAction6OnlyIfItIsWished() {
        var state = registered("0.0.0.0/0", "10.0.0.0/16");
        var site = Fixture.site("POD-D", 4, plain("10.0.0.0/16"));
        var plain = new Sites(List.of(site), false);
        var wishing = new Sites(List.of(site), false, true, Segments.ANY);

        var told = reply(state, plain, "40.0.0.7").getFirst();
        assertThat(told.action()).isEqualTo(Action.NO_ACTION);
        assertThat(told.authoritative()).isFalse();
        assertThat(told.eid()).isEqualTo(eid("32.0.0.0/3"));
        assertThat(told.ttl()).isEqualTo(RecordTtl.FIFTEEN_MINUTES);
        assertThat(told.locators()).hasSize(1);
        assertThat(reply(state, wishing, "40.0.0.7").getFirst().action())
                .isEqualTo(Action.UNASSIGNED_6);
        // The mapping of a subnet stays what it is, and so does that of everything.
        assertThat(reply(state, wishing, "10.0.0.7").getFirst().eid())
                .isEqualTo(eid("10.0.0.0/16"));
        assertThat(reply(state, plain, "0.0.0.0/0").getFirst().eid()).isEqualTo(eid("0.0.0.0/0"));
        assertThat(reply(state, plain, "[2]40.0.0.7").getFirst().isNegative()).isTrue();
    }
}
