package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lispfabric.lcaf.ApplicationData.PortRange;
import io.lispfabric.lcaf.EncapsulationFormat.Encapsulation;
import io.lispfabric.lcaf.ExplicitLocatorPath.Hop;
import io.lispfabric.lcaf.GeoCoordinates.Angle;
import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.As;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.Ipv4;
import io.lispfabric.lcaf.LispAddress.Ipv6;
import io.lispfabric.lcaf.LispAddress.Mac;
import io.lispfabric.lcaf.LispAddress.Mac64;
import io.lispfabric.lcaf.LispAddress.Name;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Oui;
import io.lispfabric.lcaf.LispAddress.Vendor;
import io.lispfabric.lcaf.ReplicationListEntry.Entry;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Addresses written by hand from the diagrams, read and written again. */
class LcafVectorTest {
    private static final Ip DOC = Ip.parse("192.0.2.1");

    /** Every file of {@code vectors}. */
    static final List<String> VECTORS =
            List.of(
                    "afi-list",
                    "afi-list-compatibility",
                    "afi-list-mac",
                    "application-data",
                    "as",
                    "as-number",
                    "encapsulation-format",
                    "explicit-locator-path",
                    "geo-coordinates",
                    "geo-edge",
                    "instance-id-ipv4",
                    "instance-id-mac",
                    "instance-id-name",
                    "instance-id-range",
                    "json",
                    "json-binary",
                    "key-value",
                    "mac64",
                    "multicast-info",
                    "multicast-info-any-source",
                    "nat-traversal",
                    "nat-traversal-no-rtr",
                    "nonce-locator",
                    "null-body",
                    "oor-instance-id",
                    "opaque-key",
                    "oui",
                    "replication-list",
                    "replication-list-receiver",
                    "security-key",
                    "source-dest-key",
                    "vendor");

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

    /** What stands in a vector is read as this value, which is written as that, and printed so. */
    private static void says(String name, LispAddress value, String text) {
        assertThat(read(name)).as(name).isEqualTo(value);
        assertThat(written(value)).as(name).isEqualTo(vector(name));
        assertThat(value).hasToString(text);
    }

    @Test
    @Rfc("9301 §5.1")
    void otherAddressFamilies() {
        says("as", new As((int) 4_200_000_001L), "as:4200000001");
        says("mac64", new Mac64(0x0200_00FF_FE00_0008L), "02:00:00:ff:fe:00:00:08");
        says("oui", new Oui(0x02005E), "oui:02005e");
    }

    @Test
    @Rfc("8060 §3")
    void nullBody() {
        says("null-body", NullBody.NULL_BODY, "null-body");
    }

    @Test
    @Rfc("8060 §4.10.1")
    void afiList() {
        says(
                "afi-list",
                new AfiList(List.of(DOC, new Ipv6(0x2001_0DB8_0000_0000L, 1))),
                "{192.0.2.1,2001:db8::1}");
    }

    @Test
    @Rfc("8060 §4.10.2")
    void afiListOfAMacAddressUnderAfi6() {
        var address = new AfiList(List.of(new Mac(0x0200_0000_0008L)));
        assertThat(read("afi-list-mac")).isEqualTo(address);
        var octets = written(address).toArray();
        assertThat(octets).as("we write the AFI of the registry").containsSequence(0x40, 0x05);
        octets[8] = 0;
        octets[9] = 6;
        assertThat(Bytes.of(octets)).isEqualTo(vector("afi-list-mac"));
    }

    @Test
    @Rfc("8060 §4.10.5")
    void afiListOfCompatibilityMode() {
        says(
                "afi-list-compatibility",
                new AfiList(
                        List.of(
                                new GeoCoordinates(
                                        false,
                                        new Angle(33, 51, 35),
                                        true,
                                        new Angle(151, 12, 40),
                                        OptionalInt.empty(),
                                        None.NONE),
                                DOC)),
                "{geo(33:51:35S 151:12:40E, none),192.0.2.1}");
        assertThat(read("afi-list-compatibility").ip()).contains(DOC);
    }

    @Test
    @Rfc("8060 §4.1")
    void instanceIdRange() {
        var range = new Instance(new InstanceId(512), 23, None.NONE);
        says("instance-id-range", range, "[512/23]");
        assertThat(range.isRange()).isTrue();
    }

    @Test
    @Rfc("8060 §4.2")
    void asNumber() {
        says(
                "as-number",
                new AsNumber((int) 4_200_000_001L, DOC),
                "as-number(4200000001, 192.0.2.1)");
    }

    @Test
    @Rfc("8060 §5.1")
    void applicationData() {
        says(
                "application-data",
                new ApplicationData(
                        0xB8, 6, new PortRange(1024, 65_535), new PortRange(443, 443), DOC),
                "application(class 184, protocol 6, ports 1024-65535 to 443, 192.0.2.1)");
    }

    @Test
    @Rfc("8060 §4.3")
    void geoCoordinates() {
        says(
                "geo-coordinates",
                new GeoCoordinates(
                        true,
                        new Angle(51, 28, 38),
                        false,
                        new Angle(0, 0, 5),
                        OptionalInt.of(45),
                        DOC),
                "geo(51:28:38N 0:0:5W 45m, 192.0.2.1)");
        says(
                "geo-edge",
                new GeoCoordinates(
                        true,
                        new Angle(90, 0, 0),
                        true,
                        new Angle(180, 0, 0),
                        OptionalInt.of(-10),
                        None.NONE),
                "geo(90:0:0N 180:0:0E -10m, none)");
    }

    @Test
    @Rfc("8060 §5.2")
    void opaqueKey() {
        var key = new OpaqueKey(3, 1, Bytes.ofHex("0102030405060708"));
        says("opaque-key", key, "opaque-key(fields 4, wildcards 0x0001, 0102030405060708)");
        assertThat(key.fieldWidth()).isEqualTo(2);
        assertThat(key.matches(new OpaqueKey(3, 0, Bytes.ofHex("010203040506ffff"))))
                .as("the low-order field does not count")
                .isTrue();
        assertThat(key.matches(new OpaqueKey(3, 0, Bytes.ofHex("0102030405ff0708")))).isFalse();
        assertThat(key.matches(new OpaqueKey(1, 0, Bytes.ofHex("0102030405060708")))).isFalse();
        assertThat(key.matches(new OpaqueKey(3, 0, Bytes.ofHex("01020304")))).isFalse();
    }

    @Test
    @Rfc("8060 §4.4")
    void natTraversal() {
        says(
                "nat-traversal",
                new NatTraversal(
                        4342,
                        40_001,
                        Ip.parse("203.0.113.1"),
                        Ip.parse("192.0.2.9"),
                        Ip.parse("10.0.0.1"),
                        List.of(Ip.parse("198.51.100.1"), Ip.parse("2001:db8::2"))),
                "nat(ms 192.0.2.9:4342, etr 203.0.113.1:40001, private 10.0.0.1,"
                        + " rtrs {198.51.100.1,2001:db8::2})");
    }

    @Test
    @Rfc("8060 §4.4")
    void natTraversalWithoutRtrs() {
        var none =
                new NatTraversal(
                        4342, 0, None.NONE, Ip.parse("192.0.2.9"), Ip.parse("10.0.0.1"), List.of());
        says(
                "nat-traversal-no-rtr",
                none,
                "nat(ms 192.0.2.9:4342, etr none:0, private 10.0.0.1, rtrs {})");
        var octets = vector("nat-traversal-no-rtr").hex().replace("07000012", "07000014") + "0000";
        assertThat(read(Bytes.ofHex(octets), Vendors.NONE))
                .as("one RTR of AFI 0 says the same")
                .isEqualTo(none);
    }

    @Test
    @Rfc("8060 §5.3")
    void nonceLocator() {
        says("nonce-locator", new NonceLocator(0xABCD, DOC), "nonce(00abcd, 192.0.2.1)");
    }

    @Test
    @Rfc("8060 §4.5")
    void multicastInfo() {
        var address =
                new MulticastInfo(
                        new InstanceId(9),
                        new AddressPrefix(Ip.parse("10.0.0.1"), 32),
                        new AddressPrefix(Ip.parse("239.1.1.1"), 32));
        says("multicast-info", address, "[9](10.0.0.1/32, 239.1.1.1/32)");
        assertThat(address.anySource()).isFalse();
    }

    @Test
    @Rfc("8060 §4.5")
    void multicastInfoOfAnySource() {
        var address =
                new MulticastInfo(
                        new InstanceId(9),
                        new AddressPrefix(Ip.parse("::"), 0),
                        new AddressPrefix(Ip.parse("ff1e::"), 16));
        says("multicast-info-any-source", address, "[9](::/0, ff1e::/16)");
        assertThat(address.anySource()).isTrue();
    }

    @Test
    @Rfc("8060 §4.6")
    void explicitLocatorPath() {
        says(
                "explicit-locator-path",
                new ExplicitLocatorPath(
                        List.of(
                                new Hop(false, true, true, DOC),
                                new Hop(false, false, false, Ip.parse("192.0.2.2")),
                                new Hop(true, false, false, Ip.parse("2001:db8::3")))),
                "elp(192.0.2.1/PS, 192.0.2.2, 2001:db8::3/L)");
    }

    @Test
    @Rfc("8060 §4.7")
    void securityKey() {
        says(
                "security-key",
                new SecurityKey(
                        3, true, List.of(Bytes.ofHex("deadbeef"), Bytes.ofHex("0badcafe")), DOC),
                "security-key(algorithm 3, revoked, keys of 4,4 octets, 192.0.2.1)");
    }

    @Test
    @Rfc("8060 §4.8")
    void sourceDestKey() {
        says(
                "source-dest-key",
                new SourceDestKey(
                        new AddressPrefix(Ip.parse("10.0.0.0"), 8),
                        new AddressPrefix(Ip.parse("192.0.2.0"), 24)),
                "source-dest(10.0.0.0/8, 192.0.2.0/24)");
    }

    @Test
    @Rfc("8060 §4.9")
    void replicationListEntry() {
        says(
                "replication-list",
                new ReplicationListEntry(
                        List.of(new Entry(0, DOC), new Entry(1, Ip.parse("192.0.2.2")))),
                "replication(0 192.0.2.1, 1 192.0.2.2)");
    }

    @Test
    @Rfc("8060 §4.9")
    void replicationListEntryOfAReceiver() {
        says(
                "replication-list-receiver",
                new ReplicationListEntry(List.of(new Entry(Entry.RECEIVER, DOC))),
                "replication(128 192.0.2.1)");
    }

    @Test
    @Rfc("8060 §5.4")
    void jsonDataModel() {
        var json = Bytes.of("{\"a\":1}".getBytes(StandardCharsets.US_ASCII));
        says("json", new JsonDataModel(false, json, DOC), "json({\"a\":1}, 192.0.2.1)");
        says(
                "json-binary",
                new JsonDataModel(true, Bytes.ofHex("7b7d"), None.NONE),
                "json(binary 7b7d, none)");
    }

    @Test
    @Rfc("8060 §5.5")
    void keyValueAddressPair() {
        says(
                "key-value",
                new KeyValueAddressPair(DOC, new Name("rack-7")),
                "pair(192.0.2.1, name:rack-7)");
    }

    @Test
    @Rfc("8060 §5.6")
    void encapsulationFormat() {
        says(
                "encapsulation-format",
                new EncapsulationFormat(Set.of(Encapsulation.VXLAN_GPE, Encapsulation.LISP), DOC),
                "encapsulation(lisp vxlan-gpe, 192.0.2.1)");
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
    void noVectorIsForgotten() throws IOException, URISyntaxException {
        var folder = Path.of(LcafVectorTest.class.getResource("/vectors").toURI());
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".hex", "")))
                    .containsExactlyInAnyOrderElementsOf(VECTORS);
        }
    }

    @Test
    @Rfc("8060 §3")
    void everyPrefixOfAnAddressIsTruncated() {
        for (var name : VECTORS) {
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
