package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lispfabric.lcaf.LispAddress.Ip;
import java.util.List;
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
        var begins =
                Arbitraries.of(
                        "0001",
                        "0002",
                        "0006",
                        "0011",
                        "4005",
                        "40030000",
                        "4003000001000010",
                        "400300000200000c00000001",
                        "40030000ff000008");
        var noise =
                Arbitraries.oneOf(Addresses.octets(80), Arbitraries.of(Bytes.ofHex("00010002")));
        return Combinators.combine(begins, noise)
                .as((begin, rest) -> Bytes.ofHex(begin + rest.hex()));
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
        var in = new WireReader(octets.buffer(), Vendors.ANY);
        LispAddress address;
        try {
            address = LispAddress.read(in);
        } catch (MalformedException e) {
            assertThat(e.offset()).isBetween(0, octets.length());
            return;
        }
        // What is read is written again in our form, and that form is read as the same.
        assertThat(LispAddress.read(new WireReader(written(address).buffer(), Vendors.ANY)))
                .isEqualTo(address);
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
