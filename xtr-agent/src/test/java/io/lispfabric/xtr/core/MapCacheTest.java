package io.lispfabric.xtr.core;

import static io.lispfabric.xtr.core.Conversation.eid;
import static io.lispfabric.xtr.core.Conversation.mapping;
import static io.lispfabric.xtr.core.Conversation.negative;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.ReplicationListEntry.Entry;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class MapCacheTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final MapCache cache = new MapCache(Conversation.RLOC, 10);

    @Property(tries = 300)
    @Rfc("9300 §3")
    void theLongestMatchIsTheOneThatANaiveSearchFinds(
            @ForAll List<@IntRange(max = 0xFF) Integer> seeds,
            @ForAll @IntRange(max = 0xF) int asked) {
        var large = new MapCache(Conversation.RLOC, 1000);
        var model = new HashMap<Eid, MappingRecord>();
        for (int seed : seeds) {
            var address = new LispAddress.Ipv4((seed & 0xF) << 28);
            var record =
                    MappingRecord.of(
                            new RecordTtl(seed % 5),
                            new Eid(new InstanceId(1), new EidPrefix(address, seed >>> 5)),
                            List.of(locator("192.0.2.14", 1, seed)));
            large.install(record, NOW, Cause.PUBLICATION);
            if (record.ttl().removes()) {
                model.remove(record.eid());
            } else {
                model.put(record.eid(), record);
            }
        }
        var host = new Eid(new InstanceId(1), EidPrefix.of(new LispAddress.Ipv4(asked << 28)));
        var expected =
                model.keySet().stream()
                        .filter(it -> it.covers(host))
                        .max((one, other) -> one.prefix().length() - other.prefix().length())
                        .map(model::get);
        assertThat(large.lookup(EidKey.of(host)).map(MapCache.Entry::record)).isEqualTo(expected);
        assertThat(large.size()).isEqualTo(model.size());
        assertThat(large.entries()).hasSize(model.size());
    }

    @Test
    @Rfc("9301 §5.4")
    void aRecordTtlOfZeroRemovesAtOnce() {
        cache.install(mapping("[1]40.0.0.8/32", "192.0.2.14"), NOW, Cause.PUBLICATION);
        cache.install(mapping(0, "[1]40.0.0.8/32", "192.0.2.14"), NOW, Cause.PUBLICATION);
        assertThat(cache.entries()).isEmpty();
        assertThat(cache.size()).isZero();
    }

    @Test
    @Rfc("9301 §5.4")
    void anEntryLastsAsLongAsItsTtlAndADayWhenTheReceiverDecides() {
        cache.install(mapping(2, "[1]40.0.0.7/32", "192.0.2.14"), NOW, Cause.MAP_REPLY);
        cache.install(
                MappingRecord.of(
                        RecordTtl.RECEIVER_DECIDES,
                        eid("[1]40.0.0.8"),
                        List.of(locator("192.0.2.14", 1, 1))),
                NOW,
                Cause.MAP_REPLY);

        assertThat(cache.expired(NOW.plusSeconds(119))).isEmpty();
        assertThat(cache.expired(NOW.plusSeconds(120)))
                .extracting(it -> it.eid().toString())
                .containsExactly("[1]40.0.0.7/32");
        assertThat(cache.expired(NOW.plus(Duration.ofHours(24)))).hasSize(2);
    }

    @Test
    void whenItIsFullTheOldestNegativeEntryGoesFirst() {
        for (int i = 0; i < 5; i++) {
            cache.install(mapping("[1]40.0.0." + i, "192.0.2.14"), NOW, Cause.PUBLICATION);
            cache.install(negative(15, Action.DROP, "[1]50.0.0." + i), NOW, Cause.MAP_REPLY);
        }
        for (int i = 0; i < 4; i++) {
            cache.install(negative(15, Action.DROP, "[1]60.0.0." + i), NOW, Cause.MAP_REPLY);
        }
        assertThat(cache.entries())
                .extracting(it -> it.eid().toString())
                .containsExactlyInAnyOrder(
                        "[1]40.0.0.0/32",
                        "[1]40.0.0.1/32",
                        "[1]40.0.0.2/32",
                        "[1]40.0.0.3/32",
                        "[1]40.0.0.4/32",
                        "[1]50.0.0.4/32",
                        "[1]60.0.0.0/32",
                        "[1]60.0.0.1/32",
                        "[1]60.0.0.2/32",
                        "[1]60.0.0.3/32");
    }

    @Test
    @Rfc("9300 §9")
    @Rfc("9301 §5.4")
    void onlyReachableLocatorsOfTheBestPriorityAreUsed() {
        var unreachable = new Locator(0, 100, 255, 0, false, false, false, Rloc.of("192.0.2.1"));
        var choice =
                choice(
                        unreachable,
                        locator("192.0.2.2", 255, 100),
                        locator("192.0.2.3", 2, 100),
                        locator("192.0.2.4", 1, 1));
        assertThat(shares(choice)).containsOnlyKeys("192.0.2.4");

        assertThat(choice(unreachable).select(0))
                .isEqualTo(new Forwarding.Decision.Discard(Drop.NO_USABLE_LOCATOR, false));
    }

    @Test
    @Rfc("R-044")
    void locatorsAreUsedWhateverTheAction() {
        var record =
                new MappingRecord(
                        RecordTtl.FIFTEEN_MINUTES,
                        Action.UNASSIGNED_6,
                        false,
                        0,
                        eid("[1]32.0.0.0/3"),
                        List.of(locator("192.0.2.3", 1, 100)));
        var choice = LocatorChoice.of(record, LispAddress.Ip.parse("192.0.2.1"), Action.DROP);
        assertThat(shares(choice)).containsOnlyKeys("192.0.2.3");
    }

    @Test
    @Rfc("9300 §9")
    @Rfc("R-042")
    @Rfc("R-097")
    void flowsAreSharedByWeight() {
        var shares = shares(choice(locator("192.0.2.3", 1, 75), locator("192.0.2.4", 1, 25)));
        assertThat(shares.get("192.0.2.3")).isBetween(7_000, 8_000);

        var equal = shares(choice(locator("192.0.2.3", 1, 0), locator("192.0.2.4", 1, 0)));
        assertThat(equal.get("192.0.2.3")).isBetween(4_500, 5_500);
    }

    @Test
    @Rfc("9300 §12")
    void aFlowKeepsToItsLocator() {
        var choice = choice(locator("192.0.2.3", 1, 50), locator("192.0.2.4", 1, 50));
        for (int flow = 0; flow < 100; flow++) {
            assertThat(choice.select(flow)).isSameAs(choice.select(flow));
        }
    }

    @Test
    void aMappingThatNamesThisXtrLeadsNowhere() {
        var choice = choice(locator("192.0.2.14", 1, 50), locator("192.0.2.13", 1, 50));
        assertThat(choice.select(7))
                .isEqualTo(new Forwarding.Decision.Discard(Drop.OWN_RLOC, true));
    }

    private static Locator locator(String rloc, int priority, int weight) {
        return Locator.of(Rloc.of(rloc), priority, weight).asTold();
    }

    @Test
    @Rfc("8378 §5.2")
    @Rfc("8378 §9")
    void aGroupGoesToThoseOfTheLowestLevelAndNotToOurselves() {
        var list =
                new ReplicationListEntry(
                        List.of(
                                new Entry(128, Ip.parse("192.0.2.1")),
                                new Entry(128, Ip.parse("192.0.2.23")),
                                new Entry(200, Ip.parse("192.0.2.33")),
                                new Entry(128, Ip.parse("224.0.0.1")),
                                new Entry(128, new Name("somebody"))));
        var record =
                MappingRecord.of(
                        RecordTtl.ONE_DAY,
                        Eid.of(1, "(*,239.1.1.1)"),
                        List.of(Locator.of(new Rloc(list), 1, 50)));
        var choice = LocatorChoice.of(record, Ip.parse("192.0.2.1"), Action.DROP);

        var receiver = Ip.parse("192.0.2.23");
        assertThat(choice.select(1))
                .isEqualTo(
                        new Forwarding.Decision.Replicate(
                                List.of(
                                        new Forwarding.Decision.Encapsulate(
                                                receiver, receiver.toInetAddress()))));
    }

    private static LocatorChoice choice(Locator... locators) {
        return LocatorChoice.of(
                MappingRecord.of(RecordTtl.ONE_DAY, eid("[1]40.0.0.8"), List.of(locators)),
                Conversation.RLOC,
                Action.DROP);
    }

    private static Map<String, Integer> shares(LocatorChoice choice) {
        var shares = new HashMap<String, Integer>();
        for (int flow = 0; flow < 10_000; flow++) {
            if (choice.select(flow) instanceof Forwarding.Decision.Encapsulate(var rloc, _)) {
                shares.merge(rloc.toString(), 1, Integer::sum);
            }
        }
        return shares;
    }
}
