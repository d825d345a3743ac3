package io.lispfabric.lcaf;

import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.As;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Mac64;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Oui;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import io.lispfabric.lcaf.LispAddress.Vendor;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
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
        return any(LispAddress.MAX_NESTING).withoutEdgeCases();
    }

    private static Arbitrary<LispAddress> any(int depth) {
        Arbitrary<LispAddress> leaves =
                Arbitraries.oneOf(
                        plain(),
                        Arbitraries.just(None.NONE),
                        Arbitraries.longs().map(Mac64::new),
                        Arbitraries.integers().between(0, 0xFFFFFF).map(Oui::new),
                        Arbitraries.integers().map(As::new));
        return depth == 0
                ? leaves
                : Arbitraries.frequencyOf(
                        Tuple.of(1, leaves),
                        Tuple.of(1, lcafs(Arbitraries.lazy(() -> any(depth - 1)))));
    }

    /** LCAFs of every type, around such addresses. */
    private static Arbitrary<LispAddress> lcafs(Arbitrary<LispAddress> inner) {
        var u8 = Arbitraries.integers().between(0, 0xFF);
        var u16 = Arbitraries.integers().between(0, 0xFFFF);
        var u24 = Arbitraries.integers().between(0, 0xFFFFFF);
        var bit = Arbitraries.of(true, false);
        return Arbitraries.oneOf(
                List.of(
                        Arbitraries.just(NullBody.NULL_BODY),
                        inner.list().ofMaxSize(3).map(AfiList::new),
                        instances(inner),
                        Combinators.combine(Arbitraries.integers(), inner).as(AsNumber::new),
                        Combinators.combine(u24, u8, portRanges(), portRanges(), inner)
                                .as(ApplicationData::new),
                        Combinators.combine(bit, angles(90), bit, angles(180), altitudes(), inner)
                                .as(GeoCoordinates::new),
                        opaqueKeys(),
                        Combinators.combine(
                                        u16, u16, inner, inner, inner, inner.list().ofMaxSize(2))
                                .as(NatTraversal::new),
                        Combinators.combine(u24, inner).as(NonceLocator::new),
                        Combinators.combine(
                                        instanceIds(),
                                        addressPrefixes(inner),
                                        addressPrefixes(inner))
                                .as(MulticastInfo::new),
                        Combinators.combine(bit, bit, bit, inner)
                                .as(ExplicitLocatorPath.Hop::new)
                                .list()
                                .ofMaxSize(3)
                                .map(ExplicitLocatorPath::new),
                        Combinators.combine(u8, bit, octets(20).list().ofMaxSize(3), inner)
                                .as(SecurityKey::new),
                        Combinators.combine(addressPrefixes(inner), addressPrefixes(inner))
                                .as(SourceDestKey::new),
                        Combinators.combine(u8, inner)
                                .as(ReplicationListEntry.Entry::new)
                                .list()
                                .ofMaxSize(3)
                                .map(ReplicationListEntry::new),
                        Combinators.combine(bit, octets(20), inner).as(JsonDataModel::new),
                        Combinators.combine(inner, inner).as(KeyValueAddressPair::new),
                        Combinators.combine(
                                        Arbitraries.of(EncapsulationFormat.Encapsulation.class)
                                                .set(),
                                        inner)
                                .as(EncapsulationFormat::new),
                        Combinators.combine(u24, octets(20)).as(Vendor::new),
                        Combinators.combine(
                                        Arbitraries.integers()
                                                .between(EncapsulationFormat.TYPE + 1, 254),
                                        u8,
                                        octets(20))
                                .as(Unrecognised::new)));
    }

    private static Arbitrary<LispAddress> instances(Arbitrary<LispAddress> inner) {
        return Combinators.combine(
                        instanceIds(),
                        Arbitraries.integers().between(0, 32),
                        inner.filter(it -> !Nesting.holdsInstance(it)))
                .as((iid, maskLength, address) ->
                        new Instance(iid, address == None.NONE ? maskLength : 0, address));
    }

    private static Arbitrary<ApplicationData.PortRange> portRanges() {
        var port = Arbitraries.integers().between(0, 0xFFFF);
        return Combinators.combine(port, port)
                .as((a, b) -> new ApplicationData.PortRange(Math.min(a, b), Math.max(a, b)));
    }

    private static Arbitrary<GeoCoordinates.Angle> angles(int most) {
        var sixty = Arbitraries.integers().between(0, 59);
        return Arbitraries.oneOf(
                Arbitraries.just(new GeoCoordinates.Angle(most, 0, 0)),
                Combinators.combine(Arbitraries.integers().between(0, most - 1), sixty, sixty)
                        .as(GeoCoordinates.Angle::new));
    }

    private static Arbitrary<OptionalInt> altitudes() {
        return Arbitraries.integers()
                .map(a -> a == Integer.MAX_VALUE ? OptionalInt.empty() : OptionalInt.of(a));
    }

    private static Arbitrary<OpaqueKey> opaqueKeys() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 15),
                        Arbitraries.integers().between(0, 3),
                        Arbitraries.integers().between(0, 0xFFFF),
                        Arbitraries.bytes().array(byte[].class).ofSize(16 * 3))
                .as((fields, width, wildcards, octets) ->
                        new OpaqueKey(
                                fields,
                                wildcards,
                                Bytes.of(Arrays.copyOf(octets, (fields + 1) * width))));
    }

    private static Arbitrary<AddressPrefix> addressPrefixes(Arbitrary<LispAddress> inner) {
        return inner.flatMap(address ->
                Arbitraries.integers()
                        .between(0, AddressPrefix.width(address))
                        .map(length -> new AddressPrefix(address, length)));
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
