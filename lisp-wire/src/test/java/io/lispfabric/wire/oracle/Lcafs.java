package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.AddressPrefix;
import io.lispfabric.lcaf.ApplicationData;
import io.lispfabric.lcaf.AsNumber;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.EncapsulationFormat;
import io.lispfabric.lcaf.ExplicitLocatorPath;
import io.lispfabric.lcaf.GeoCoordinates;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.JsonDataModel;
import io.lispfabric.lcaf.KeyValueAddressPair;
import io.lispfabric.lcaf.LispAddress;
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
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.NonceLocator;
import io.lispfabric.lcaf.NullBody;
import io.lispfabric.lcaf.OpaqueKey;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.lcaf.SecurityKey;
import io.lispfabric.lcaf.SourceDestKey;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Supplier;

/** Locators of every type that there is, from a seed. */
final class Lcafs {
    /** How many types {@link #of} makes. */
    static final int KINDS = 19;

    private final Random random;

    private Lcafs(long seed) {
        random = new Random(seed);
    }

    /**
     * A locator that is kept by who reads it.
     *
     * @param kind of 0 to {@link #KINDS} - 1
     * @param depth how many more LCAFs may be in it
     */
    static LispAddress of(int kind, int depth, long seed) {
        return new Lcafs(seed).lcaf(kind, depth);
    }

    private LispAddress lcaf(int kind, int depth) {
        return switch (kind) {
            case 0 -> NullBody.NULL_BODY;
            case 1 -> {
                var list = some(3, () -> inner(depth));
                // So that it is kept, whatever else is in it.
                list.add(random.nextInt(list.size() + 1), ipv4());
                yield new AfiList(list);
            }
            case 2 -> {
                var address = inner(0);
                yield new Instance(
                        new InstanceId(u24()),
                        address == None.NONE ? random.nextInt(33) : 0,
                        address);
            }
            case 3 -> new AsNumber(random.nextInt(), inner(depth));
            case 4 -> new ApplicationData(u24(), u8(), ports(), ports(), inner(depth));
            case 5 ->
                    new GeoCoordinates(
                            random.nextBoolean(),
                            angle(90),
                            random.nextBoolean(),
                            angle(180),
                            random.nextInt(3) == 0
                                    ? OptionalInt.empty()
                                    : OptionalInt.of(random.nextInt(9000) - 400),
                            inner(depth));
            case 6 -> new OpaqueKey(3, random.nextInt(1 << 16), octets(8));
            case 7 ->
                    new NatTraversal(
                            random.nextInt(1 << 16),
                            random.nextInt(1 << 16),
                            inner(depth),
                            inner(depth),
                            inner(depth),
                            some(3, this::ip));
            case 8 -> new NonceLocator(u24(), inner(depth));
            case 9 -> new MulticastInfo(new InstanceId(u24()), prefix(depth), prefix(depth));
            case 10 ->
                    new ExplicitLocatorPath(
                            some(
                                    4,
                                    () ->
                                            new ExplicitLocatorPath.Hop(
                                                    random.nextBoolean(),
                                                    random.nextBoolean(),
                                                    random.nextBoolean(),
                                                    inner(depth))));
            case 11 ->
                    new SecurityKey(
                            u8(),
                            random.nextBoolean(),
                            some(3, () -> octets(random.nextInt(20))),
                            inner(depth));
            case 12 -> new SourceDestKey(prefix(depth), prefix(depth));
            case 13 ->
                    new ReplicationListEntry(
                            some(4, () -> new ReplicationListEntry.Entry(u8(), inner(depth))));
            case 14 ->
                    new JsonDataModel(
                            random.nextBoolean(), octets(random.nextInt(40)), inner(depth));
            case 15 -> new KeyValueAddressPair(ip(), inner(depth));
            case 16 -> {
                var accepts = EnumSet.noneOf(EncapsulationFormat.Encapsulation.class);
                for (var encapsulation : EncapsulationFormat.Encapsulation.values()) {
                    if (random.nextBoolean()) {
                        accepts.add(encapsulation);
                    }
                }
                yield new EncapsulationFormat(accepts, inner(depth));
            }
            case 17 ->
                    new AfiList(
                            List.of(
                                    new Unrecognised(
                                            17 + random.nextInt(238),
                                            u8(),
                                            octets(random.nextInt(9))),
                                    ip()));
            case 18 -> new Vendor(u24(), octets(random.nextInt(20)));
            default -> throw new IllegalArgumentException("no such kind: " + kind);
        };
    }

    private LispAddress inner(int depth) {
        return switch (random.nextInt(12)) {
            case 0 -> None.NONE;
            case 1 ->
                    switch (random.nextInt(3)) {
                        case 0 -> new As(random.nextInt());
                        case 1 -> new Mac64(random.nextLong());
                        default -> new Oui(u24());
                    };
            case 2 -> new Mac(random.nextLong(1L << 48));
            case 3 -> new Name("rack-" + random.nextInt(100));
            case 4, 5 -> depth == 0 ? ip() : lcaf(random.nextInt(KINDS), depth - 1);
            default -> ip();
        };
    }

    private AddressPrefix prefix(int depth) {
        var address = inner(depth);
        int most =
                switch (address) {
                    case None _ -> 0;
                    case Oui _ -> 24;
                    case Name _ -> 8;
                    default -> 32;
                };
        return new AddressPrefix(address, random.nextInt(most + 1));
    }

    private GeoCoordinates.Angle angle(int most) {
        return new GeoCoordinates.Angle(
                random.nextInt(most), random.nextInt(60), random.nextInt(60));
    }

    private ApplicationData.PortRange ports() {
        int lower = random.nextInt(1 << 16);
        return new ApplicationData.PortRange(lower, lower + random.nextInt((1 << 16) - lower));
    }

    private LispAddress ip() {
        return random.nextBoolean()
                ? ipv4()
                : new Ipv6(0x2001_0DB8_0000_0000L | u24(), random.nextLong());
    }

    private Ipv4 ipv4() {
        return new Ipv4(random.nextInt());
    }

    private Bytes octets(int length) {
        var octets = new byte[length];
        random.nextBytes(octets);
        return Bytes.of(octets);
    }

    private int u8() {
        return random.nextInt(1 << 8);
    }

    private int u24() {
        return random.nextInt(1 << 24);
    }

    private <T> List<T> some(int most, Supplier<T> what) {
        var list = new ArrayList<T>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            list.add(what.get());
        }
        return list;
    }
}
