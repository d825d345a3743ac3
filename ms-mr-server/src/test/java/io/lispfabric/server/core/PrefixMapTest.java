package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** {@link PrefixMap} against the plainest model of it: a sorted map of strings of 0 and 1. */
@PropertyDefaults(tries = 300, edgeCases = EdgeCasesMode.NONE)
class PrefixMapTest {
    /** One step in the life of a map; without a value, the key goes. */
    record Edit(String key, Optional<Integer> value) {}

    /** A map and its model after the same edits. */
    private record Both(PrefixMap<Integer> map, TreeMap<String, Integer> model) {
        static Both after(List<Edit> edits) {
            var map = PrefixMap.<Integer>empty();
            var model = new TreeMap<String, Integer>();
            for (var edit : edits) {
                var key = key(edit.key());
                if (edit.value().isPresent()) {
                    map = map.with(key, edit.value().get());
                    model.put(edit.key(), edit.value().get());
                } else {
                    map = map.without(key);
                    model.remove(edit.key());
                }
            }
            return new Both(map, model);
        }

        /** The values of the keys that pass, in the order of the keys. */
        List<Integer> where(Predicate<String> passes) {
            return model.entrySet().stream()
                    .filter(entry -> passes.test(entry.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
        }
    }

    private static BitKey key(String bits) {
        var octets = new byte[(bits.length() + 7) / 8];
        for (int i = 0; i < bits.length(); i++) {
            if (bits.charAt(i) == '1') {
                octets[i / 8] |= (byte) (0x80 >>> i % 8);
            }
        }
        return new BitKey(Bytes.of(octets), bits.length());
    }

    /**
     * Many short keys, so that they cover and meet one another, and some that end beyond an octet,
     * or beyond the words that a key is kept in.
     */
    @Provide
    Arbitrary<String> bits() {
        var few = Arbitraries.strings().withChars('0', '1').ofMaxLength(6);
        var many = Arbitraries.strings().withChars('0', '1').ofMaxLength(20);
        var start =
                Arbitraries.of("", "", "0000000", "00000000", "1111111111", "10".repeat(31))
                        .flatMap(head ->
                                Arbitraries.of(
                                        head, head, head + "1".repeat(128), "10".repeat(95)));
        return Combinators.combine(start, Arbitraries.oneOf(few, few, few, many))
                .as((head, tail) -> head + tail);
    }

    @Provide
    Arbitrary<List<Edit>> edits() {
        var value = Arbitraries.integers().between(0, 3).optional(0.7);
        return Combinators.combine(bits(), value).as(Edit::new).list().ofMaxSize(40);
    }

    @Property
    void allValuesAreReplacedAtOnceInTheOrderOfTheirKeys(@ForAll("edits") List<Edit> edits) {
        var both = Both.after(edits);
        var seen = new ArrayList<Integer>();
        var all =
                both.map()
                        .map(it -> {
                            seen.add(it);
                            return it == 0 ? it : 10 * it;
                        });
        assertThat(seen).isEqualTo(both.where(_ -> true));
        var oneByOne = PrefixMap.<Integer>empty();
        for (var entry : both.model().entrySet()) {
            oneByOne = oneByOne.with(key(entry.getKey()), Math.max(0, 10 * entry.getValue()));
        }
        assertThat(all).isEqualTo(oneByOne);
        assertThat(both.map().map(it -> it)).isSameAs(both.map());
    }

    @Property
    void aKeyHasTheValueItWasLastGiven(
            @ForAll("edits") List<Edit> edits, @ForAll("bits") String asked) {
        var both = Both.after(edits);

        assertThat(both.map().get(key(asked)))
                .isEqualTo(Optional.ofNullable(both.model().get(asked)));
        both.model().forEach((key, value) -> assertThat(both.map().get(key(key))).contains(value));
        assertThat(both.map().size()).isEqualTo(both.model().size());
        assertThat(both.map().isEmpty()).isEqualTo(both.model().isEmpty());
    }

    @Property
    void entriesAreShownOnceAndInOrder(@ForAll("edits") List<Edit> edits) {
        var both = Both.after(edits);
        var keys = new ArrayList<BitKey>();
        var values = new ArrayList<Integer>();
        both.map()
                .forEach((key, value) -> {
                    keys.add(key);
                    values.add(value);
                });

        assertThat(keys).isEqualTo(both.model().keySet().stream().map(PrefixMapTest::key).toList());
        assertThat(values).isEqualTo(List.copyOf(both.model().values()));
    }

    @Rfc("9301 §8.3")
    @Property
    void theLongestMatchIsTheLastOfTheCoveringOnes(
            @ForAll("edits") List<Edit> edits, @ForAll("bits") String asked) {
        var both = Both.after(edits);
        var covering = both.where(asked::startsWith);

        assertThat(both.map().covering(key(asked))).isEqualTo(covering);
        assertThat(both.map().longestMatch(key(asked)))
                .isEqualTo(covering.isEmpty() ? Optional.empty() : Optional.of(covering.getLast()));
    }

    @Property
    void whatLiesWithinAKeyIsFound(
            @ForAll("edits") List<Edit> edits, @ForAll("bits") String asked) {
        var both = Both.after(edits);
        var within = new ArrayList<Integer>();
        both.map().within(key(asked), within::add);

        assertThat(within).isEqualTo(both.where(key -> key.startsWith(asked)));
    }

    @Property
    void belowAKeyAreThoseWithinItButItselfUpToALimit(
            @ForAll("edits") List<Edit> edits,
            @ForAll("bits") String asked,
            @ForAll @IntRange(max = 10) int limit) {
        var both = Both.after(edits);
        var below = both.where(key -> key.startsWith(asked) && !key.equals(asked));

        assertThat(both.map().below(key(asked), limit))
                .isEqualTo(below.subList(0, Math.min(limit, below.size())));
    }

    /** A value that ends. */
    private record Ends(long expiresMillis) implements Expiring {}

    @Rfc("9301 §8.2")
    @Property
    void whatEndsByATimeIsFoundUpToALimit(
            @ForAll("edits") List<Edit> edits,
            @ForAll @IntRange(max = 4) int atMillis,
            @ForAll @IntRange(max = 10) int limit) {
        var model = Both.after(edits);
        var map = PrefixMap.<Ends>empty();
        for (var edit : edits) {
            var key = key(edit.key());
            map =
                    edit.value().isPresent()
                            ? map.with(key, new Ends(edit.value().get()))
                            : map.without(key);
        }
        var due =
                model.model().values().stream()
                        .filter(value -> value <= atMillis)
                        .limit(limit)
                        .map(value -> new Ends(value))
                        .toList();

        assertThat(map.expiring(atMillis, limit)).isEqualTo(due);
        assertThat(model.map().expiring(Long.MAX_VALUE, limit)).isEmpty();
    }

    @Rfc("9301 §8.4")
    @Property
    void theHoleIsTheShortestPrefixThatOverlapsNothing(
            @ForAll("edits") List<Edit> edits, @ForAll("bits") String asked) {
        var both = Both.after(edits);
        var others = both.model().keySet().stream().filter(key -> !asked.startsWith(key)).toList();
        int expected = 0;
        while (expected < asked.length() && overlaps(others, asked.substring(0, expected))) {
            expected++;
        }

        assertThat(both.map().holeLength(key(asked))).isEqualTo(expected);
    }

    private static boolean overlaps(Collection<String> keys, String block) {
        return keys.stream().anyMatch(key -> key.startsWith(block) || block.startsWith(key));
    }

    @Property
    void theShapeDoesNotDependOnHistory(@ForAll("edits") List<Edit> edits, @ForAll Random shuffle) {
        var both = Both.after(edits);
        var order = new ArrayList<>(both.model().entrySet());
        Collections.shuffle(order, shuffle);
        var again = PrefixMap.<Integer>empty();
        for (var entry : order) {
            again = again.with(key(entry.getKey()), entry.getValue());
        }

        assertThat(again).isEqualTo(both.map()).hasSameHashCodeAs(both.map());
        assertThat(again.toString()).isEqualTo(both.map().toString());
    }

    @Property
    void mapsAreEqualJustWhenTheirEntriesAre(
            @ForAll("edits") List<Edit> one, @ForAll("edits") List<Edit> other) {
        var a = Both.after(one);
        var b = Both.after(other);

        assertThat(a.map().equals(b.map())).isEqualTo(a.model().equals(b.model()));
        // Unrelated maps seldom meet; one that differs by an edit is the harder case.
        if (!other.isEmpty()) {
            var c = Both.after(join(one, other.subList(0, 1)));
            assertThat(c.map().equals(a.map())).isEqualTo(c.model().equals(a.model()));
        }
    }

    private static List<Edit> join(List<Edit> one, List<Edit> other) {
        var all = new ArrayList<>(one);
        all.addAll(other);
        return all;
    }

    @Property
    void oldVersionsStayAsTheyWere(@ForAll("edits") List<Edit> edits) {
        var versions = new ArrayList<PrefixMap<Integer>>();
        var models = new ArrayList<Map<BitKey, Integer>>();
        var map = PrefixMap.<Integer>empty();
        var model = new HashMap<BitKey, Integer>();
        for (var edit : edits) {
            var key = key(edit.key());
            if (edit.value().isPresent()) {
                map = map.with(key, edit.value().get());
                model.put(key, edit.value().get());
            } else {
                map = map.without(key);
                model.remove(key);
            }
            versions.add(map);
            models.add(Map.copyOf(model));
        }
        for (int i = 0; i < versions.size(); i++) {
            var entries = new HashMap<BitKey, Integer>();
            versions.get(i).forEach(entries::put);
            assertThat(entries).isEqualTo(models.get(i));
        }
    }

    @Example
    void aLongChainOfPrefixesNeedsNoDeepStackToBeRead() {
        var map = PrefixMap.<Integer>empty();
        var bits = "10".repeat(2000);
        for (int i = 0; i <= bits.length(); i++) {
            map = map.with(key(bits.substring(0, i)), i);
        }

        assertThat(map.covering(key(bits))).hasSize(4001);
        assertThat(map.hashCode()).isEqualTo(map.with(key(bits), 4000).hashCode());
        assertThat(map.holeLength(key(bits + "1"))).isEqualTo(0);
    }
}
