package io.lispfabric.xtr.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rfc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** The table against the simplest one that is right: a map that is searched from end to end. */
class PrefixTableTest {
    @Test
    @Rfc("9300 §3")
    void theLongestPrefixWins() {
        var table = new PrefixTable<String>();
        table.put(Eid.of(1, "0.0.0.0/0"), "default");
        table.put(Eid.of(1, "40.0.0.0/16"), "subnet");
        table.put(Eid.of(1, "40.0.0.7"), "host");

        assertThat(table.longest(key(1, "40.0.0.7"))).contains("host");
        assertThat(table.longest(key(1, "40.0.0.8"))).contains("subnet");
        assertThat(table.longest(key(1, "9.9.9.9"))).contains("default");
    }

    @Test
    @Rfc("9300 §8")
    void segmentsAndFamiliesNeverMix() {
        var table = new PrefixTable<String>();
        table.put(Eid.of(1, "0.0.0.0/0"), "default");

        assertThat(table.longest(key(2, "40.0.0.7"))).isEmpty();
        assertThat(table.longest(key(1, "2001:db8::1"))).isEmpty();
        assertThat(table.longest(key(1, "mac:00:00:00:00:00:00"))).isEmpty();
        assertThat(table.longest(key(1, "name:0.0.0.0"))).isEmpty();
    }

    @Test
    @Rfc("8378 §8")
    void ofAGroupTheLongestSourceWins() {
        var table = new PrefixTable<String>();
        table.put(Eid.of(1, "(*,239.1.1.1)"), "any");
        table.put(Eid.of(1, "(10.0.0.0/8,239.1.1.1)"), "ten");
        table.put(Eid.of(1, "239.1.1.1"), "no group, an address");
        assertThat(table.put(Eid.of(1, "(10.0.0.1,239.1.1.1)"), "first")).isEmpty();
        assertThat(table.put(Eid.of(1, "(10.0.0.1,239.1.1.1)"), "one")).contains("first");
        assertThat(table.size()).isEqualTo(4);

        var group = key(1, "239.1.1.1");
        assertThat(table.longest(key(1, "10.0.0.1"), group)).contains("one");
        assertThat(table.longest(key(1, "10.0.0.2"), group)).contains("ten");
        assertThat(table.longest(key(1, "11.0.0.1"), group)).contains("any");
        assertThat(table.longest(key(1, "10.0.0.1"), key(1, "239.1.1.2"))).isEmpty();
        assertThat(table.longest(key(2, "10.0.0.1"), key(2, "239.1.1.1"))).isEmpty();
        var around = new ArrayList<String>();
        table.covering(key(1, "10.0.0.1"), group, around::add);
        assertThat(around).containsExactly("any", "ten", "one");
        around.clear();
        table.covering(Eid.of(1, "(10.0.0.1,239.1.1.1)"), around::add);
        assertThat(around).containsExactly("any", "ten", "one");
        around.clear();
        table.within(Eid.of(1, "(10.0.0.0/8,239.1.1.1)"), around::add);
        assertThat(around).containsExactly("ten", "one");

        assertThat(table.get(Eid.of(1, "(*,239.1.1.1)"))).contains("any");
        for (var source : List.of("*", "10.0.0.0/8", "10.0.0.1")) {
            assertThat(table.remove(Eid.of(1, "(" + source + ",239.1.1.1)"))).isPresent();
        }
        assertThat(table.remove(Eid.of(1, "(*,239.1.1.1)"))).isEmpty();
        assertThat(table.longest(key(1, "10.0.0.1"), group)).isEmpty();
        assertThat(table.size()).isEqualTo(1);
    }

    @Test
    @Rfc("9735 §4")
    void aNameIsNeverAPrefixOfAnother() {
        var table = new PrefixTable<String>();
        table.put(Eid.of(100, "name:POD-D-AccID-7"), "seven");

        assertThat(table.longest(key(100, "name:POD-D-AccID-7"))).contains("seven");
        assertThat(table.longest(key(100, "name:POD-D-AccID-77"))).isEmpty();
        assertThat(table.longest(key(100, "name:POD-D-AccID-"))).isEmpty();
    }

    @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
    void itAnswersAsAPlainListWould(@ForAll("steps") List<Step> steps, @ForAll("eids") Eid asked) {
        var table = new PrefixTable<Integer>();
        var model = new HashMap<Eid, Integer>();
        for (int i = 0; i < steps.size(); i++) {
            var step = steps.get(i);
            if (step.removes()) {
                assertThat(table.remove(step.eid()))
                        .isEqualTo(Optional.ofNullable(model.remove(step.eid())));
            } else {
                assertThat(table.put(step.eid(), i))
                        .isEqualTo(Optional.ofNullable(model.put(step.eid(), i)));
            }
            assertThat(table.size()).isEqualTo(model.size());
        }

        var host = new Eid(asked.iid(), EidPrefix.of(asked.prefix().address()));
        assertThat(table.longest(EidKey.of(host))).isEqualTo(longest(model, host));
        assertThat(table.get(asked)).isEqualTo(Optional.ofNullable(model.get(asked)));

        var covering = new ArrayList<Integer>();
        table.covering(asked, covering::add);
        assertThat(covering)
                .containsExactlyInAnyOrderElementsOf(
                        model.keySet().stream()
                                .filter(it -> it.covers(asked))
                                .map(model::get)
                                .toList());

        var within = new ArrayList<Integer>();
        table.within(asked, within::add);
        assertThat(within)
                .containsExactlyInAnyOrderElementsOf(
                        model.keySet().stream().filter(asked::covers).map(model::get).toList());
    }

    private static Optional<Integer> longest(Map<Eid, Integer> model, Eid host) {
        return model.entrySet().stream()
                .filter(it -> it.getKey().covers(host))
                .max((one, other) ->
                        one.getKey().prefix().length() - other.getKey().prefix().length())
                .map(Map.Entry::getValue);
    }

    record Step(boolean removes, Eid eid) {}

    @Provide
    Arbitrary<List<Step>> steps() {
        return Combinators.combine(Arbitraries.integers().between(0, 2), eids())
                .as((kind, eid) -> new Step(kind == 0, eid))
                .list()
                .ofMaxSize(60);
    }

    /** Few different bits at both ends of each address, so that prefixes really nest. */
    @Provide
    Arbitrary<Eid> eids() {
        var bits = Arbitraries.integers().between(0, 15);
        var family = Arbitraries.integers().between(0, 3);
        var share = Arbitraries.integers().between(0, 128);
        var iid = Arbitraries.integers().between(0, 1);
        return Combinators.combine(iid, family, bits, bits, share)
                .as((segment, kind, high, low, length) ->
                        new Eid(new InstanceId(segment), prefix(kind, high, low, length)));
    }

    private static EidPrefix prefix(int family, int high, int low, int length) {
        return switch (family) {
            case 0 -> new EidPrefix(new LispAddress.Ipv4(high << 28 | low), length % 33);
            case 1 ->
                    new EidPrefix(
                            new LispAddress.Ipv6((long) high << 60, (long) low << 62 | low),
                            length);
            case 2 -> new EidPrefix(new LispAddress.Mac((long) high << 44 | low), length % 49);
            default -> EidPrefix.of(new LispAddress.Name("acc-" + high));
        };
    }

    private static EidKey key(int iid, String address) {
        return EidKey.of(Eid.of(iid, address));
    }
}
