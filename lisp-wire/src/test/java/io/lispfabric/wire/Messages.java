package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import io.lispfabric.lcaf.LispAddress.Vendor;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.Rloc;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/**
 * Any message, in the form that we write it. Drawn from a seed: shrinking such a message tells less
 * than its octets do.
 */
public final class Messages {
    private final RandomGenerator random;

    private Messages(long seed) {
        this.random = new java.util.Random(seed);
    }

    /** Messages of every type. */
    public static Arbitrary<LispMessage> any() {
        return Arbitraries.longs().map(Messages::of);
    }

    /** The message that belongs to this seed. */
    public static LispMessage of(long seed) {
        return new Messages(seed).message();
    }

    private LispMessage message() {
        return random.nextInt(8) == 0 ? ecm() : inner();
    }

    private LispMessage inner() {
        return switch (random.nextInt(9)) {
            case 0 -> mapRequest();
            case 1 ->
                    new MapReply(
                            bit(),
                            bit(),
                            nonce(),
                            records(),
                            bit()
                                    ? Optional.of(
                                            new MapReplyAd(eidAd(), new PktAd(u16(), octets(40))))
                                    : Optional.empty());
            case 2 ->
                    new MapRegister(
                            bit(),
                            bit(),
                            bit(),
                            bit(),
                            bit(),
                            bit(),
                            nonce(),
                            authentication(),
                            records(),
                            identity());
            case 3 -> new MapNotify(nonce(), authentication(), records(), identity());
            case 4 -> new MapNotifyAck(nonce(), authentication(), records(), identity());
            case 5 -> new MapReferral(nonce(), some(0, 3, this::referral));
            case 6 -> new InfoRequest(nonce(), authentication(), ttl(), eid());
            case 7 ->
                    new InfoReply(
                            nonce(),
                            authentication(),
                            ttl(),
                            eid(),
                            new NatTraversal(
                                    u16(),
                                    u16(),
                                    itrRloc(),
                                    itrRloc(),
                                    bit() ? None.NONE : itrRloc(),
                                    some(0, 3, this::itrRloc)));
            default -> new SharedExtension(random.nextInt(1 << 12), octets(40));
        };
    }

    private ReferralRecord referral() {
        return new ReferralRecord(
                ttl(),
                ReferralAction.of(random.nextInt(8)),
                bit(),
                bit(),
                random.nextInt(1 << 12),
                eid(),
                some(0, random.nextInt(20) == 0 ? 255 : 4, this::locator),
                some(
                        0,
                        random.nextInt(10) == 0 ? 15 : 2,
                        () ->
                                new ReferralRecord.Signature(
                                        ttl(),
                                        random.nextInt(),
                                        random.nextInt(),
                                        u16(),
                                        u8(),
                                        octets(300))));
    }

    private EidAd eidAd() {
        return random.nextInt(3) == 0
                ? EidAd.request(u16())
                : EidAd.of(u16(), bit(), u16(), some(0, 3, this::eid), octets(40));
    }

    private EcmAd ecmAd() {
        var key = new byte[16];
        random.nextBytes(key);
        return new EcmAd(u16(), new OtkAd(u8(), u8(), random.nextLong(), Bytes.of(key)), eidAd());
    }

    private EncapsulatedControlMessage ecm() {
        boolean v4 = bit();
        return EncapsulatedControlMessage.of(
                        v4 ? ipv4() : ipv6(), v4 ? ipv4() : ipv6(), u16(), u16(), inner())
                .withDdtOriginated(bit())
                .with(bit() ? Optional.of(ecmAd()) : Optional.empty());
    }

    private MapRequest mapRequest() {
        var rlocs =
                random.nextInt(5) == 0
                        ? List.<LispAddress>of(None.NONE)
                        : some(1, random.nextInt(10) == 0 ? 32 : 4, this::itrRloc);
        return new MapRequest(
                bit(),
                bit(),
                bit(),
                bit(),
                bit(),
                bit(),
                bit(),
                nonce(),
                bit() ? Optional.of(new Eid(iid(), EidPrefix.of(plain()))) : Optional.empty(),
                rlocs,
                some(0, 3, () -> new MapRequest.Asked(bit(), eid())),
                bit() ? Optional.of(record(255)) : Optional.empty(),
                identity());
    }

    private LispAddress itrRloc() {
        return switch (random.nextInt(4)) {
            case 0 -> new Instance(iid(), 0, ip());
            case 1 -> new AfiList(List.of(new Name("itr"), ip()));
            default -> ip();
        };
    }

    private List<MappingRecord> records() {
        return some(0, random.nextInt(20) == 0 ? 255 : 3, () -> record(4));
    }

    private MappingRecord record(int mostLocators) {
        return new MappingRecord(
                ttl(),
                Action.of(random.nextInt(8)),
                bit(),
                random.nextInt(1 << 12),
                eid(),
                some(0, random.nextInt(20) == 0 ? mostLocators : 4, this::locator));
    }

    private Locator locator() {
        return new Locator(
                u8(), u8(), u8(), u8(), bit(), bit(), bit(), new Rloc(locatorAddress(2)));
    }

    /** Anything that a receiver keeps. */
    private LispAddress locatorAddress(int depth) {
        return switch (random.nextInt(depth == 0 ? 3 : 5)) {
            case 0, 1 -> ip();
            case 2 -> bit() ? plain() : None.NONE;
            case 3 -> new Instance(iid(), 0, ip());
            default ->
                    new AfiList(
                            Stream.concat(
                                            Stream.of(
                                                    new Vendor(random.nextInt(1 << 24), octets(9)),
                                                    new Unrecognised(
                                                            17 + random.nextInt(238),
                                                            u8(),
                                                            octets(9))),
                                            Stream.of(locatorAddress(depth - 1)))
                                    .toList());
        };
    }

    private Eid eid() {
        var address = plain();
        int length = EidPrefix.of(address).length();
        return new Eid(
                iid(),
                address instanceof Name
                        ? EidPrefix.of(address)
                        : new EidPrefix(address, random.nextInt(length + 1)));
    }

    private LispAddress plain() {
        return switch (random.nextInt(4)) {
            case 0 -> new Mac(random.nextLong(1L << 48));
            case 1 ->
                    new Name(
                            "POD-D-AccID-7 and more characters"
                                    .substring(0, 1 + random.nextInt(EidPrefix.MAX_NAME_LENGTH)));
            default -> ip();
        };
    }

    private Ip ip() {
        return bit() ? ipv4() : ipv6();
    }

    private Ip ipv4() {
        return new Ipv4(random.nextInt());
    }

    private Ip ipv6() {
        return new Ipv6(random.nextLong(), random.nextLong());
    }

    private InstanceId iid() {
        return new InstanceId(bit() ? 0 : random.nextInt(1 << 24));
    }

    private Nonce nonce() {
        return new Nonce(random.nextLong());
    }

    private RecordTtl ttl() {
        return new RecordTtl(random.nextInt());
    }

    private Authentication authentication() {
        return new Authentication(u8(), u8(), octets(40));
    }

    private Optional<XtrIdentity> identity() {
        return bit()
                ? Optional.of(
                        new XtrIdentity(
                                new XtrId(random.nextLong(), random.nextLong()),
                                new SiteId(random.nextLong())))
                : Optional.empty();
    }

    private Bytes octets(int most) {
        var octets = new byte[random.nextInt(most + 1)];
        random.nextBytes(octets);
        return Bytes.of(octets);
    }

    private boolean bit() {
        return random.nextBoolean();
    }

    private int u8() {
        return random.nextInt(1 << 8);
    }

    private int u16() {
        return random.nextInt(1 << 16);
    }

    private <T> List<T> some(int least, int most, java.util.function.Supplier<T> what) {
        return IntStream.range(0, least + random.nextInt(most - least + 1))
                .mapToObj(_ -> what.get())
                .toList();
    }
}
