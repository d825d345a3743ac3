package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for every address, and for octets that are none. */
class AddressPropertyTest {
    @Provide
    Arbitrary<LispAddress> addresses() {
        return Addresses.any();
    }

    @Provide
    Arbitrary<LispAddress> ips() {
        return Addresses.ips();
    }

    @Provide
    Arbitrary<EidPrefix> prefixes() {
        return Addresses.prefixes();
    }

    @Provide
    Arbitrary<Eid> eids() {
        return Combinators.combine(Addresses.instanceIds(), Addresses.prefixes()).as(Eid::new);
    }

    /** Random octets hardly ever begin like an address: these do. */
    @Provide
    Arbitrary<Bytes> strange() {
        var afis = Arbitraries.of("0000", "0001", "0002", "0006", "0011", "0012", "4005", "4006");
        var noise =
                Arbitraries.oneOf(Addresses.octets(80), Arbitraries.of(Bytes.ofHex("00010002")));
        var plain =
                Combinators.combine(afis, noise)
                        .as((begin, rest) -> Bytes.ofHex(begin + rest.hex()));
        // Of a type that exists, and a length that may be right, with an address in it that may be.
        var type =
                Arbitraries.oneOf(
                        Arbitraries.integers().between(0, EncapsulationFormat.TYPE + 1),
                        Arbitraries.just(LispAddress.Vendor.TYPE));
        var body =
                Combinators.combine(Addresses.octets(12), Addresses.any(), Addresses.octets(4))
                        .as((before, address, after) ->
                                before.hex() + written(address).hex() + after.hex());
        var lcaf =
                Combinators.combine(type, body, Arbitraries.integers().between(-2, 2))
                        .as((number, rest, wrong) ->
                                Bytes.ofHex(
                                        String.format(
                                                        "40030000%02x00%04x",
                                                        number,
                                                        Math.max(0, rest.length() / 2 + wrong))
                                                + rest));
        return Arbitraries.oneOf(plain, lcaf);
    }

    private static Bytes written(LispAddress address) {
        var out = new WireWriter();
        address.write(out);
        return out.toBytes();
    }

    @Property
    @Rfc("8060 §3")
    void whatIsWrittenIsRead(@ForAll("addresses") LispAddress address) {
        var octets = written(address);
        var in = new WireReader(octets.buffer(), Vendors.ANY);
        assertThat(LispAddress.read(in)).isEqualTo(address);
        assertThat(in.remaining()).isZero();
        assertThat(in.offset()).isEqualTo(octets.length());
    }

    @Property
    @Rfc("8060 §3")
    void canonicalOctetsSurvive(@ForAll("addresses") LispAddress address) {
        var octets = written(address);
        var in = new WireReader(octets.buffer(), Vendors.ANY);
        assertThat(written(LispAddress.read(in))).isEqualTo(octets);
    }

    /** A tool that shows octets leaves none out. */
    @Property
    void everyOctetIsToldUnderAName(@ForAll("addresses") LispAddress address) {
        var octets = written(address);
        var told = new BitSet();
        var trace =
                new WireReader.Trace() {
                    private final ArrayDeque<Integer> begins = new ArrayDeque<>();

                    @Override
                    public void begin(String part, int offset) {
                        begins.push(offset);
                    }

                    @Override
                    public void field(String name, int offset, int length) {
                        told.set(offset, offset + length);
                    }

                    @Override
                    public void end(Object value, int offset) {
                        int begin = begins.pop();
                        // A name is one thing, and a part so that it can be shown as one.
                        if (value instanceof LispAddress.Name) {
                            told.set(begin, offset);
                        }
                    }
                };
        LispAddress.read(new WireReader(octets.buffer(), Vendors.ANY, trace));
        assertThat(told.cardinality()).isEqualTo(octets.length());
    }

    @Property
    @Rfc("8060 §3")
    void cuttingAnAddressShortIsAlwaysTruncated(@ForAll("addresses") LispAddress address) {
        var whole = written(address);
        for (int length = 0; length < whole.length(); length++) {
            var in = new WireReader(whole.buffer().slice(0, length), Vendors.ANY);
            var refused =
                    catchThrowableOfType(MalformedException.class, () -> LispAddress.read(in));
            assertThat(refused.flaw()).isEqualTo(Flaw.TRUNCATED);
        }
    }

    @Property
    void noOctetsBreakTheReader(@ForAll("strange") Bytes octets) {
        readOrRefuse(octets);
    }

    /** Near to what is right are the mistakes that a test of random octets does not find. */
    @Property
    void noChangedOctetsBreakTheReader(
            @ForAll("addresses") LispAddress address, @ForAll long seed) {
        var octets = written(address).toArray();
        var random = new Random(seed);
        for (int i = 0; i < 8; i++) {
            octets[random.nextInt(octets.length)] = (byte) random.nextInt(256);
            readOrRefuse(Bytes.of(octets));
        }
    }

    /** An inner length that says less than there is leaves octets over, or cuts an address. */
    @Property
    @Rfc("8060 §3")
    void anLcafIsAsLongAsItsLength(@ForAll("addresses") LispAddress address, @ForAll byte by) {
        var octets = written(address).toArray();
        if (!(address instanceof Lcaf) || by == 0) {
            return;
        }
        int length = (octets[6] & 0xFF) << 8 | octets[7] & 0xFF;
        int wrong = length + by;
        if (wrong < 0) {
            return;
        }
        octets[6] = (byte) (wrong >>> 8);
        octets[7] = (byte) wrong;
        if (wrong > length) {
            var refused =
                    catchThrowableOfType(
                            MalformedException.class,
                            () ->
                                    LispAddress.read(
                                            new WireReader(
                                                    Bytes.of(octets).buffer(), Vendors.ANY)));
            assertThat(refused.flaw()).isEqualTo(Flaw.TRUNCATED);
        } else {
            readOrRefuse(Bytes.of(octets));
        }
    }

    private static void readOrRefuse(Bytes octets) {
        var in = new WireReader(octets.buffer(), Vendors.ANY);
        LispAddress address;
        try {
            address = LispAddress.read(in);
        } catch (MalformedException e) {
            assertThat(e.offset()).isBetween(0, octets.length());
            return;
        }
        // What is read is written again in our form, and that form is read as the same.
        var canonical = written(address);
        var again = LispAddress.read(new WireReader(canonical.buffer(), Vendors.ANY));
        assertThat(again).isEqualTo(address);
        assertThat(written(again)).isEqualTo(canonical);
        assertThat(address.toString()).isNotEmpty();
    }

    @Property
    void aPrefixIsReadFromItsText(@ForAll("prefixes") EidPrefix prefix) {
        assertThat(EidPrefix.parse(prefix.toString())).isEqualTo(prefix);
    }

    @Property
    @Rfc("5952 §4")
    void anIpAddressIsReadFromItsText(@ForAll("ips") LispAddress ip) {
        assertThat(Ip.parse(ip.toString())).isEqualTo(ip);
    }

    @Property
    void anEidIsReadFromItsTextAndItsOctets(@ForAll("eids") Eid eid) {
        assertThat(Eid.parse(eid.toString(), InstanceId.DEFAULT)).isEqualTo(eid);
        var out = new WireWriter();
        eid.write(out);
        assertThat(Eid.read(new WireReader(out.toBuffer()), eid.prefix().length())).isEqualTo(eid);
    }

    /** The definition, bit by bit, against the arithmetic. */
    @Property
    void aPrefixCoversWhatBeginsWithItsBits(
            @ForAll("prefixes") EidPrefix one, @ForAll("prefixes") EidPrefix other) {
        for (var pair : List.of(List.of(one, other), List.of(one, one), List.of(other, one))) {
            var outer = pair.getFirst();
            var inner = pair.getLast();
            assertThat(outer.covers(inner))
                    .as("%s covers %s", outer, inner)
                    .isEqualTo(
                            outer.family() == inner.family() && begins(bits(inner), bits(outer)));
        }
    }

    @Property
    void everyShorterPrefixOfAnAddressCoversIt(
            @ForAll("prefixes") EidPrefix prefix, @ForAll int random) {
        if (prefix.family() == EidPrefix.Family.NAME) {
            return;
        }
        int length = Math.floorMod(random, prefix.length() + 1);
        var shorter = new EidPrefix(prefix.address(), length);
        assertThat(shorter.covers(prefix)).isTrue();
        assertThat(prefix.covers(shorter)).isEqualTo(length == prefix.length());
        assertThat(shorter.length()).isEqualTo(length);
    }

    @Property
    void theBitsOfAPrefixAreItsAddressCutAndPadded(@ForAll("prefixes") EidPrefix prefix) {
        var bits = prefix.bits();
        assertThat(bits.length()).isEqualTo((prefix.length() + 7) / 8);
        if (prefix.length() % 8 != 0) {
            assertThat(bits.at(bits.length() - 1) & 0xFF >>> prefix.length() % 8).isZero();
        }
    }

    @Property
    @Rfc("9301 §5.5")
    void theOrderOfLocatorsIsTotalAndThatOfTheirOctets(
            @ForAll("ips") LispAddress one, @ForAll("ips") LispAddress other) {
        int expected = Integer.signum(written(one).compareTo(written(other)));
        assertThat(Integer.signum(new Rloc(one).compareTo(new Rloc(other)))).isEqualTo(expected);
        assertThat(Integer.signum(new Rloc(other).compareTo(new Rloc(one)))).isEqualTo(-expected);
    }

    private static String bits(EidPrefix prefix) {
        var bits = new StringBuilder();
        var octets = prefix.bits();
        for (int i = 0; i < octets.length(); i++) {
            bits.append(Integer.toBinaryString(octets.at(i) | 0x100), 1, 9);
        }
        return bits.substring(0, prefix.length());
    }

    private static boolean begins(String whole, String part) {
        return whole.startsWith(part);
    }
}
