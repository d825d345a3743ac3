package io.lispfabric.lcaf;

import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import io.lispfabric.lcaf.LispAddress.Vendor;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Any address, prefix or octets, for properties. */
final class Addresses {
    private Addresses() {}

    static Arbitrary<Bytes> octets(int most) {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(most).map(Bytes::of);
    }

    static Arbitrary<LispAddress> ips() {
        // Zero groups are common in real addresses and rare in random ones.
        var group =
                Arbitraries.oneOf(Arbitraries.just(0), Arbitraries.integers().between(0, 0xFFFF));
        var half =
                Combinators.combine(group, group, group, group)
                        .as((a, b, c, d) -> (long) a << 48 | (long) b << 32 | (long) c << 16 | d);
        return Arbitraries.oneOf(
                Arbitraries.integers().map(Ipv4::new),
                Combinators.combine(half, half).as(Ipv6::new),
                Arbitraries.integers().map(v -> new Ipv6(0, 0xFFFF_0000_0000L | v & 0xFFFF_FFFFL)));
    }

    /** Addresses that can be EIDs. */
    static Arbitrary<LispAddress> plain() {
        return Arbitraries.oneOf(
                ips(),
                Arbitraries.longs().between(0, (1L << 48) - 1).map(Mac::new),
                Arbitraries.strings()
                        .withCharRange(' ', '~')
                        .ofMinLength(1)
                        .ofMaxLength(EidPrefix.MAX_NAME_LENGTH)
                        .map(Name::new));
    }

    static Arbitrary<InstanceId> instanceIds() {
        return Arbitraries.integers().between(0, (1 << 24) - 1).map(InstanceId::new);
    }

    /** Any address in the form that we write it. */
    static Arbitrary<LispAddress> any() {
        return any(LispAddress.MAX_NESTING);
    }

    private static Arbitrary<LispAddress> any(int depth) {
        Arbitrary<LispAddress> leaves = Arbitraries.oneOf(plain(), Arbitraries.just(None.NONE));
        if (depth == 0) {
            return leaves;
        }
        var inner = Arbitraries.lazy(() -> any(depth - 1));
        return Arbitraries.frequencyOf(
                Tuple.of(6, leaves),
                Tuple.of(1, inner.list().ofMaxSize(3).map(AfiList::new)),
                Tuple.of(
                        2,
                        Combinators.combine(
                                        instanceIds(),
                                        Arbitraries.integers().between(0, 32),
                                        inner.filter(it -> !(it instanceof Instance)))
                                .as((iid, maskLength, address) ->
                                        new Instance(
                                                iid,
                                                address == None.NONE ? maskLength : 0,
                                                address))),
                Tuple.of(
                        1,
                        Combinators.combine(Arbitraries.integers().between(0, 0xFFFFFF), octets(20))
                                .as(Vendor::new)),
                Tuple.of(
                        1,
                        Combinators.combine(
                                        Arbitraries.integers().between(3, 254),
                                        Arbitraries.integers().between(0, 255),
                                        octets(20))
                                .as(Unrecognised::new)));
    }

    static Arbitrary<EidPrefix> prefixes() {
        return plain().flatMap(Addresses::prefixesOf);
    }

    static Arbitrary<EidPrefix> prefixesOf(LispAddress address) {
        var host = EidPrefix.of(address);
        return address instanceof Name
                ? Arbitraries.just(host)
                : Arbitraries.integers()
                        .between(0, host.length())
                        .map(length -> new EidPrefix(address, length));
    }
}
