package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.AddressPrefix;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.RecordTtl;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;

/**
 * {@link Directory} and the state beside it against a list of EID-Prefixes that is looked through.
 */
@PropertyDefaults(tries = 300, edgeCases = EdgeCasesMode.NONE)
class DirectoryTest {
    /** One step; without a version, the EID-Prefix goes. */
    record Edit(Eid eid, Optional<Integer> version) {}

    /** So few of each family that they cover and meet one another. */
    @Provide
    Arbitrary<Eid> eids() {
        var few = Arbitraries.integers().between(0, 7);
        var ipv4 =
                Combinators.combine(few, Arbitraries.of(32, 32, 32, 31, 30, 24, 8, 0))
                        .as((n, length) ->
                                new EidPrefix(new LispAddress.Ipv4(10 << 24 | n), length));
        var ipv6 =
                Combinators.combine(few, few, Arbitraries.of(128, 128, 127, 97, 96, 65, 64, 63, 8))
                        .as((n, m, length) ->
                                new EidPrefix(
                                        new LispAddress.Ipv6(0xFD00_0000_0000_0000L | m, n),
                                        length));
        var mac =
                Combinators.combine(few, Arbitraries.of(48, 48, 47, 24))
                        .as((n, length) ->
                                new EidPrefix(new LispAddress.Mac(0x0200_0000_0000L | n), length));
        var name =
                Arbitraries.of(
                                "a",
                                "ab",
                                "POD-D-AccID-7",
                                "POD-D-AccelerATor-7",
                                "POD-D-AccelerATor-77",
                                "POD-D-AccelerATor-777777777777")
                        .map(text -> EidPrefix.of(new LispAddress.Name(text)));
        var group =
                Combinators.combine(
                                Arbitraries.oneOf(
                                        ipv4.filter(it -> it.length() != 31),
                                        ipv6.filter(it -> it.length() > 64),
                                        mac),
                                Arbitraries.integers().between(1, 2))
                        .as((source, n) -> EidPrefix.group(source(source), group(source, n)));
        return Combinators.combine(
                        Arbitraries.of(0, 1, 0xFF_FFFF),
                        Arbitraries.oneOf(ipv4, ipv6, mac, name, group))
                .as((iid, prefix) -> new Eid(new InstanceId(iid), prefix));
    }

    private static AddressPrefix source(EidPrefix prefix) {
        return new AddressPrefix(prefix.address(), prefix.length() % 2 == 0 ? prefix.length() : 0);
    }

    private static LispAddress group(EidPrefix source, int n) {
        return switch (source.family()) {
            case IPV4 -> new LispAddress.Ipv4(239 << 24 | n);
            case IPV6 -> new LispAddress.Ipv6(0xFF0E_0000_0000_0000L, n);
            case MAC -> new LispAddress.Mac(0x0100_5E00_0000L | n);
            case NAME, GROUP -> throw new IllegalArgumentException("no group: " + source);
        };
    }

    @Provide
    Arbitrary<List<Edit>> edits() {
        return Combinators.combine(eids(), Arbitraries.integers().between(1, 9).optional(0.7))
                .as(Edit::new)
                .list()
                .ofMaxSize(60);
    }

    private static Mapping mapping(Eid eid, int version) {
        return new Mapping(
                eid,
                List.of(
                        new Registration(
                                new Registrant("pod", Optional.empty(), 1),
                                false,
                                true,
                                false,
                                RecordTtl.ONE_DAY,
                                version,
                                List.of(Locator.of(Rloc.of("192.0.2.1"), 1, 1)),
                                0,
                                180,
                                1,
                                1)));
    }

    private static Change change(Edit edit) {
        return edit.version()
                .<Change>map(it -> new Change.MappingSet(mapping(edit.eid(), it)))
                .orElseGet(() -> new Change.MappingGone(edit.eid()));
    }

    @Rfc("9301 §8.3")
    @Property
    void theLongestEidPrefixThatHoldsTheEidIsFound(
            @ForAll("edits") List<Edit> edits, @ForAll("eids") Eid asked) {
        var directory = new Directory();
        var model = new HashMap<Eid, Integer>();
        for (var edit : edits) {
            var changes = List.of(change(edit));
            directory.advance(directory.current().with(changes.getFirst()), changes);
            edit.version()
                    .ifPresentOrElse(
                            it -> model.put(edit.eid(), it), () -> model.remove(edit.eid()));
        }
        var again = new Directory();
        again.start(directory.current());
        var expected =
                model.entrySet().stream()
                        .filter(it -> it.getKey().covers(asked))
                        .max(Comparator.comparingInt(it -> it.getKey().prefix().length()))
                        .map(it -> mapping(it.getKey(), it.getValue()));

        assertThat(directory.longestMatch(asked)).isEqualTo(expected);
        assertThat(again.longestMatch(asked)).isEqualTo(expected);
        assertThat(directory.current().mappings().longestMatch(BitKey.of(asked)))
                .isEqualTo(expected);
        assertThat(directory.current().at(asked))
                .isEqualTo(Optional.ofNullable(model.get(asked)).map(it -> mapping(asked, it)));
    }

    @Property
    void aMappingSaysWhichEidPrefixItIsOf(@ForAll("eids") Eid eid) {
        assertThat(mapping(eid, 1).eid()).isEqualTo(eid);
        assertThat(mapping(eid, 1).record().eid()).isEqualTo(eid);
    }

    @Property
    void bitsAreEqualAndPrefixesJustWhenTheEidPrefixesAre(
            @ForAll("eids") Eid one, @ForAll("eids") Eid other) {
        assertThat(BitKey.of(one).equals(BitKey.of(other))).isEqualTo(one.equals(other));
        assertThat(BitKey.of(one).isPrefixOf(BitKey.of(other))).isEqualTo(one.covers(other));
        assertThat(new BitKey(BitKey.of(one).octets(), BitKey.of(one).length()))
                .isEqualTo(BitKey.of(one))
                .hasSameHashCodeAs(BitKey.of(one));
    }

    @Example
    void manyComeAndGo() {
        var directory = new Directory();
        for (int i = 0; i < 40_000; i++) {
            var eid = Eid.of(1 + i % 300, "10.0." + (i >> 8 & 255) + "." + (i & 255) + "/32");
            var set = List.<Change>of(new Change.MappingSet(mapping(eid, 1)));
            directory.advance(directory.current().with(set.getFirst()), set);
            if (i % 4 != 0) {
                var gone = List.<Change>of(new Change.MappingGone(eid));
                directory.advance(directory.current().with(gone.getFirst()), gone);
                assertThat(directory.longestMatch(eid)).isEmpty();
            }
        }
        assertThat(directory.current().mappings().size()).isEqualTo(10_000);
        directory
                .current()
                .mappings()
                .forEach((_, it) -> assertThat(directory.longestMatch(it.eid())).contains(it));
    }

    /** A host moves between its own mapping and that of the block around it, which never goes. */
    @Example
    void aReaderNeverFindsNothingWhereSomethingAlwaysIs() throws Exception {
        var directory = new Directory();
        var host = Eid.of(7, "10.0.0.1/32");
        var block = Eid.of(7, "10.0.0.0/24");
        var start = List.<Change>of(new Change.MappingSet(mapping(block, 1)));
        directory.advance(directory.current().with(start.getFirst()), start);
        var done = new AtomicBoolean();
        Callable<Map<Integer, Long>> reader =
                () -> {
                    var lengths = new HashMap<Integer, Long>();
                    do {
                        var found = directory.longestMatch(host).map(it -> it.prefixLength());
                        lengths.merge(found.orElse(-1), 1L, Long::sum);
                    } while (!done.get());
                    return lengths;
                };
        try (var threads = Executors.newFixedThreadPool(1)) {
            var seen = threads.submit(reader);
            for (int i = 0; i < 100_000; i++) {
                // The longer one takes the place of the shorter one and back, in one command each.
                var set = new Change.MappingSet(mapping(i % 2 == 0 ? host : block, 1));
                var gone = new Change.MappingGone(i % 2 == 0 ? block : host);
                var changes = new ArrayList<Change>(List.of(set, gone));
                directory.advance(directory.current().with(set).with(gone), changes);
            }
            done.set(true);
            assertThat(seen.get().keySet()).isSubsetOf(24, 32);
        }
    }
}
