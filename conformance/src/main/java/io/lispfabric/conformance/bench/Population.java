package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Registrant;
import io.lispfabric.server.core.Registration;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A large fabric's EIDs, the same ones every time: of ten, four are IPv4 hosts, three IPv6 hosts,
 * one a name, one a MAC address, and one a prefix that holds some of the hosts. They are spread
 * over segments and xTRs, each xTR with two locators of its own.
 *
 * @param size how many EIDs
 * @param segments how many Instance IDs they are in
 * @param xtrs how many xTRs register them
 */
public record Population(int size, int segments, int xtrs) {
    private static final long START = 1_700_000_000_000L;
    private static final int LIFETIME_SECONDS = 180;

    /** A million EIDs in 1009 segments, of 1000 xTRs. */
    public static Population of(int size) {
        return new Population(
                size, Math.clamp(size / 100, 1, 1009), Math.clamp(size / 100, 2, 1000));
    }

    /** The EID of this number. */
    public Eid eid(int number) {
        var iid = new InstanceId(1 + number % segments);
        int nth = number / segments;
        int host = nth / 10;
        return new Eid(
                iid,
                switch (nth % 10) {
                    case 0, 1, 2, 3 ->
                            EidPrefix.of(new LispAddress.Ipv4(10 << 24 | 4 * host + nth % 10));
                    case 4, 5, 6 ->
                            EidPrefix.of(new LispAddress.Ipv6(SUBNET, 4L * host + nth % 10));
                    case 7 ->
                            EidPrefix.of(
                                    new LispAddress.Name("POD-" + nth % 26 + "-AccID-" + host));
                    case 8 -> EidPrefix.of(new LispAddress.Mac(0x0200_0000_0000L + host));
                    default ->
                            host % 2 == 0
                                    ? new EidPrefix(
                                            new LispAddress.Ipv4(10 << 24 | 4 * host),
                                            30 - host % 4 * 2)
                                    : new EidPrefix(
                                            new LispAddress.Ipv6(SUBNET, 4L * host),
                                            126 - host % 8 * 4);
                });
    }

    private static final long SUBNET = 0x2001_0db8_0000_0000L;

    /** An EID that is not registered, in a segment that has others, inside a prefix or not. */
    public Eid stranger(int number) {
        var iid = new InstanceId(1 + number % segments);
        int nth = number / segments;
        return new Eid(
                iid,
                EidPrefix.of(
                        nth % 2 == 0
                                ? new LispAddress.Ipv4(10 << 24 | 1 << 23 | nth)
                                : new LispAddress.Ipv6(SUBNET, 1L << 40 | nth)));
    }

    /** What is registered for it. */
    public Mapping mapping(int number) {
        return mapping(number, 1);
    }

    /** The same, as it is after a whole Map-Register with that lease. */
    public Mapping mapping(int number, int lease) {
        int xtr = (int) (Integer.toUnsignedLong(number * 0x9E37_79B9) * xtrs >>> 32);
        // As decoding makes it: nothing here is shared with any other.
        var registrant =
                new Registrant(
                        "site-" + xtr % 10,
                        Optional.of(new XtrIdentity(new XtrId(7, xtr), new SiteId(xtr % 10))),
                        0);
        var locators =
                List.of(
                        Locator.of(new Rloc(new LispAddress.Ipv4(0xC000_0000 | 2 * xtr)), 1, 50),
                        Locator.of(new Rloc(new LispAddress.Ipv4(0xC000_0001 | 2 * xtr)), 1, 50));
        return new Mapping(
                eid(number),
                List.of(
                        new Registration(
                                registrant,
                                true,
                                true,
                                false,
                                new RecordTtl(1440),
                                0,
                                locators,
                                START,
                                LIFETIME_SECONDS,
                                lease,
                                1)));
    }

    /** The state in which all are registered. */
    public MappingSystem state() {
        var state = MappingSystem.EMPTY;
        for (int i = 0; i < size; i++) {
            state = state.with(new Change.MappingSet(mapping(i)));
        }
        return state;
    }

    /** EIDs that are asked for, in random order; of a hundred, so many are registered. */
    public Supplier<Eid> questions(int registered) {
        var random = new Random(42);
        return () -> {
            int number = random.nextInt(size);
            return random.nextInt(100) < registered ? eid(number) : stranger(number);
        };
    }
}
