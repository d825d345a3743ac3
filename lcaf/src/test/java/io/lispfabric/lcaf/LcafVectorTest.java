package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import io.lispfabric.lcaf.LispAddress.Vendor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Addresses written by hand from the diagrams, read and written again. */
class LcafVectorTest {
    /** The octets of {@code vectors/NAME.hex}, where {@code #} begins a remark. */
    static Bytes vector(String name) {
        try (var in = LcafVectorTest.class.getResourceAsStream("/vectors/" + name + ".hex")) {
            assertThat(in).as("vectors/%s.hex", name).isNotNull();
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Bytes.ofHex(text.replaceAll("#.*", ""));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static LispAddress read(Bytes octets, Vendors vendors) {
        var in = new WireReader(octets.buffer(), vendors);
        var address = LispAddress.read(in);
        in.expectEnd();
        return address;
    }

    private static LispAddress read(String name) {
        return read(vector(name), Vendors.NONE);
    }

    private static Bytes written(LispAddress address) {
        var out = new WireWriter();
        address.write(out);
        return out.toBytes();
    }

    private static Eid eid(String name, int maskLength) {
        return Eid.read(new WireReader(vector(name).buffer()), maskLength);
    }

    @Test
    @Rfc("8060 §4.1")
    @Rfc("R-053")
    void instanceIdAroundAnIpv4Address() {
        var address = new Instance(new InstanceId(1), 0, new Ipv4(0x28000007));
        assertThat(read("instance-id-ipv4")).isEqualTo(address);
        assertThat(written(address)).isEqualTo(vector("instance-id-ipv4"));
        assertThat(eid("instance-id-ipv4", 32)).isEqualTo(Eid.of(1, "40.0.0.7/32"));
        assertThat(written(Eid.of(1, "40.0.0.7/32").address()))
                .isEqualTo(vector("instance-id-ipv4"));
    }

    @Test
    @Rfc("9735 §3")
    @Rfc("8060 §4.1")
    @Rfc("R-067")
    void instanceIdAroundADistinguishedName() {
        var address = new Instance(new InstanceId(100), 0, new Name("POD-D-AccID-7"));
        assertThat(read("instance-id-name")).isEqualTo(address);
        assertThat(written(address)).isEqualTo(vector("instance-id-name"));
        assertThat(eid("instance-id-name", 112)).isEqualTo(Eid.of(100, "name:POD-D-AccID-7"));
        assertThat(Eid.of(100, "name:POD-D-AccID-7").prefix().length())
                .as("8 bits for each of 13 characters and the NUL")
                .isEqualTo(112);
    }

    @Test
    @Rfc("8060 §4.1")
    void instanceIdAroundAMacAddress() {
        var address = new Instance(new InstanceId(7), 0, new Mac(0x0200_0000_0008L));
        assertThat(read("instance-id-mac")).isEqualTo(address);
        assertThat(written(address)).isEqualTo(vector("instance-id-mac"));
        assertThat(eid("instance-id-mac", 48)).isEqualTo(Eid.of(7, "mac:02:00:00:00:00:08"));
    }

    @Test
    @Rfc("8060 §4.1")
    void theIidMaskLengthOfARealAddressIsIgnoredAndSentAsZero() {
        var address = read("oor-instance-id");
        assertThat(address).isEqualTo(new Instance(new InstanceId(100), 0, new Ipv4(0xAC100100)));
        assertThat(eid("oor-instance-id", 24)).isEqualTo(Eid.of(100, "172.16.1.0/24"));
        var octets = written(address).toArray();
        assertThat(octets[5]).isZero();
        octets[5] = 0x20;
        assertThat(Bytes.of(octets)).isEqualTo(vector("oor-instance-id"));
    }

    @Test
    @Rfc("9306 §3")
    void typesThatAreNotReadYetAreKeptAsOctets() {
        for (var name : new String[] {"multicast-info", "replication-list"}) {
            var octets = vector(name);
            var address = read(octets, Vendors.NONE);
            assertThat(address)
                    .as(name)
                    .isEqualTo(
                            new Unrecognised(
                                    octets.at(4),
                                    0,
                                    Bytes.of(octets.buffer().slice(8, octets.length() - 8))));
            assertThat(written(address)).as(name).isEqualTo(octets);
            assertThat(new Rloc(address).isIgnored()).as(name).isTrue();
        }
        var receiver = vector("replication-list-receiver");
        assertThat(written(read(receiver, Vendors.NONE))).isEqualTo(receiver);
    }

    @Test
    @Rfc("9306 §4")
    void aVendorsLcafPassesOnlyWhereTheVendorIsKnown() {
        var address = new Vendor(0x02005E, Bytes.ofHex("deadbeef"));
        assertThat(read(vector("vendor"), Vendors.of(Set.of(0x02005E)))).isEqualTo(address);
        assertThat(written(address)).isEqualTo(vector("vendor"));
        for (var others : new Vendors[] {Vendors.NONE, Vendors.of(Set.of(0x02005F))}) {
            var refused =
                    catchThrowableOfType(
                            MalformedException.class, () -> read(vector("vendor"), others));
            assertThat(refused.flaw()).isEqualTo(Flaw.UNKNOWN_VENDOR);
        }
    }

    @Test
    @Rfc("8060 §3")
    void everyPrefixOfAnAddressIsTruncated() {
        for (var name :
                new String[] {
                    "instance-id-ipv4",
                    "instance-id-name",
                    "instance-id-mac",
                    "multicast-info",
                    "replication-list",
                    "replication-list-receiver",
                    "vendor",
                    "oor-instance-id"
                }) {
            var whole = vector(name);
            for (int length = 0; length < whole.length(); length++) {
                var cut = Bytes.of(whole.buffer().slice(0, length));
                var refused =
                        catchThrowableOfType(
                                MalformedException.class, () -> read(cut, Vendors.ANY));
                assertThat(refused).as("%s cut to %d octets", name, length).isNotNull();
                assertThat(refused.flaw())
                        .as("%s cut to %d octets", name, length)
                        .isEqualTo(Flaw.TRUNCATED);
                assertThat(refused.offset()).isEqualTo(length);
            }
        }
    }
}
