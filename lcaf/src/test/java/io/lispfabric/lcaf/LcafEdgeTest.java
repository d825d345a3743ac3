package io.lispfabric.lcaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import io.lispfabric.lcaf.ApplicationData.PortRange;
import io.lispfabric.lcaf.GeoCoordinates.Angle;
import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is just right and what is just wrong, type by type. */
class LcafEdgeTest {
    private static final Ip DOC = Ip.parse("192.0.2.1");

    /** The mistakes of whole messages have their tests where messages are read. */
    private static final Set<Flaw> OF_ADDRESSES =
            EnumSet.of(
                    Flaw.TRUNCATED,
                    Flaw.TRAILING_OCTETS,
                    Flaw.UNKNOWN_AFI,
                    Flaw.UNKNOWN_EID_LCAF,
                    Flaw.UNKNOWN_VENDOR,
                    Flaw.BAD_LENGTH,
                    Flaw.BAD_MASK_LENGTH,
                    Flaw.BAD_INSTANCE_ID,
                    Flaw.BAD_NAME,
                    Flaw.BAD_VALUE,
                    Flaw.BAD_NESTING);

    private static LispAddress read(Bytes octets) {
        var in = new WireReader(octets.buffer(), Vendors.ANY);
        var address = LispAddress.read(in);
        in.expectEnd();
        return address;
    }

    private static LispAddress read(String hex) {
        return read(Bytes.ofHex(hex));
    }

    private static String lcaf(int type, String body) {
        return String.format("40030000%02x00%04x", type, body.length() / 2) + body;
    }

    private static Stream<Path> files(String folder) throws IOException, URISyntaxException {
        var path =
                Path.of(
                        Objects.requireNonNull(LcafEdgeTest.class.getResource("/" + folder))
                                .toURI());
        try (var files = Files.list(path)) {
            return files.filter(Files::isRegularFile).sorted().toList().stream();
        }
    }

    static Stream<Path> malformed() throws IOException, URISyntaxException {
        return files("malformed");
    }

    static Stream<Path> malformedEids() throws IOException, URISyntaxException {
        return files("malformed/eid");
    }

    private static Bytes octets(Path file) throws IOException {
        return Bytes.ofHex(
                Files.readString(file, StandardCharsets.UTF_8).replaceAll("(?m)#.*$", ""));
    }

    /** A file is named by its flaw, and by what it shows after a hyphen. */
    private static Flaw named(Path file) {
        return Flaw.valueOf(
                file.getFileName().toString().replaceAll("[-.].*", "").toUpperCase(Locale.ROOT));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    @Rfc("8060 §3")
    void whatIsWrongHasAName(Path file) throws IOException {
        var octets = octets(file);
        var refused =
                catchThrowableOfType(
                        MalformedException.class,
                        () -> LispAddress.read(new WireReader(octets.buffer())));
        assertThat(refused).as("%s", file).isNotNull();
        assertThat(refused.flaw()).isEqualTo(named(file));
        assertThat(refused.offset()).isBetween(0, octets.length());
    }

    @ParameterizedTest
    @MethodSource("malformedEids")
    @Rfc("9306 §3")
    void whatIsNoEidHasAName(Path file) throws IOException {
        var in = new WireReader(octets(file).buffer());
        var refused = catchThrowableOfType(MalformedException.class, () -> Eid.read(in, in.u8()));
        assertThat(refused).as("%s", file).isNotNull();
        assertThat(refused.flaw()).isEqualTo(named(file));
        assertThat(in.remaining()).as("the EID was read to its end").isZero();
    }

    @Test
    void eachFlawOfAnAddressIsShownByAFile() throws IOException, URISyntaxException {
        assertThat(
                        Stream.concat(malformed(), malformedEids())
                                .map(LcafEdgeTest::named)
                                .collect(Collectors.toSet()))
                .isEqualTo(OF_ADDRESSES);
    }

    /** The name of a vector, and its octets with every reserved bit set; the IID mask-len too. */
    @ParameterizedTest
    @CsvSource({
        "null-body, 4003ffff00ff0000",
        "afi-list, 4003ffff01ff0018 0001c0000201 000220010db8000000000000000000000001",
        "instance-id-ipv4, 4003ffff02ff000a00000001 000128000007",
        "instance-id-range, 4003ffff02170006 000003ff 0000",
        "as-number, 4003ffff03ff000a fa56ea01 0001c0000201",
        "application-data, 4003ffff04ff0012 0000b806 0400ffff 01bb01bb 0001c0000201",
        "geo-coordinates, 4003ffff05ff0012 80331c26 00000005 0000002d 0001c0000201",
        "opaque-key, 4003ffff06ff000b 030001 0102030405060708",
        "nat-traversal-no-rtr, 4003ffff07ff0012 10f60000 0000 0001c0000209 00010a000001",
        "nonce-locator, 4003ffff08ff000a ff00abcd 0001c0000201",
        "multicast-info, 4003ffff09ff0014 00000009 ffff2020 00010a000001 0001ef010101",
        "replication-list, 4003ffff0dff0014 ffffff00 0001c0000201 ffffff01 0001c0000202",
        "security-key, 4003ffff0bff0016 02ff03ff 0004deadbeef 00040badcafe 0001c0000201",
        "source-dest-key, 4003ffff0cff0010 ffff0818 00010a000000 0001c0000200",
        "json, 4003ffff0efe000f 0007 7b2261223a317d 0001c0000201",
        "key-value, 4003ffff0fff000f 0001c0000201 00117261636b2d3700",
        "encapsulation-format, 4003ffff10ff000a ffffff89 0001c0000201",
        "vendor, 4003ffffffff0008 ff02005e deadbeef"
    })
    @Rfc("8060 §3")
    @Rfc("9306 §4")
    void reservedBitsAreIgnored(String vector, String hex) {
        assertThat(read(hex)).isEqualTo(read(LcafVectorTest.vector(vector)));
    }

    @Test
    @Rfc("8060 §4.6")
    void reservedBitsOfAHopAreIgnored() {
        assertThat(read("4003ffff0aff0008" + "fffb" + "0001c0000201"))
                .isEqualTo(
                        new ExplicitLocatorPath(
                                List.of(new ExplicitLocatorPath.Hop(false, true, true, DOC))));
    }

    @Test
    @Rfc("8060 §4.5")
    @Rfc("8060 §4.8")
    void hostBitsOfAPrefixAreCleared() {
        assertThat(read(lcaf(12, "00000810" + "00010a010203" + "000220010db8" + "ff".repeat(12))))
                .isEqualTo(
                        new SourceDestKey(
                                new AddressPrefix(Ip.parse("10.0.0.0"), 8),
                                new AddressPrefix(Ip.parse("2001::"), 16)));
        assertThat(read(lcaf(9, "0000000900000808" + "0001ffffffff" + "0001efffffff")))
                .hasToString("[9](255.0.0.0/8, 239.0.0.0/8)");
        assertThat(new AddressPrefix(new LispAddress.Mac64(-1), 20))
                .hasToString("ff:ff:f0:00:00:00:00:00/20");
        assertThat(new AddressPrefix(new LispAddress.Oui(0xFFFFFF), 9)).hasToString("oui:ff8000/9");
        assertThat(new AddressPrefix(new LispAddress.Mac(0xFFFFFFFFFFFFL), 0))
                .hasToString("00:00:00:00:00:00/0");
    }

    @Test
    @Rfc("8060 §4.5")
    @Rfc("8060 §4.8")
    void aMaskLengthMayCountTheWholeOfItsAddressAndNoMore() {
        var addresses = List.of("none 0", "192.0.2.1 32", "2001:db8::1 128");
        for (var text : addresses) {
            var parts = text.split(" ", 2);
            var address = parts[0].equals("none") ? None.NONE : Ip.parse(parts[0]);
            int width = Integer.parseInt(parts[1]);
            assertThat(new AddressPrefix(address, width).address()).isEqualTo(address);
            assertThatThrownBy(() -> new AddressPrefix(address, width + 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(new AddressPrefix(new LispAddress.Name("abc"), 32).maskLength()).isEqualTo(32);
        assertThatThrownBy(() -> new AddressPrefix(new LispAddress.Name("abc"), 33))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new AddressPrefix(NullBody.NULL_BODY, 255).maskLength()).isEqualTo(255);
        assertThatThrownBy(() -> new AddressPrefix(NullBody.NULL_BODY, 256))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new AddressPrefix(DOC, -1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Rfc("8060 §4.1")
    void anIidMaskLengthOf32IsOneSegmentAndOf0IsAllOfThem() {
        assertThat(read("40030000022000060000002a0000")).hasToString("[42/32]");
        assertThat(read("40030000020000060000002a0000")).hasToString("[0/0]");
        assertThat(read("400300000220000a0000002a0001c0000201")).hasToString("[42]192.0.2.1");
        assertThatThrownBy(() -> new Instance(new InstanceId(1), 33, None.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Rfc("8060 §4.6")
    @Rfc("8060 §4.9")
    void aPathOrReplicationListMayBeEmpty() {
        assertThat(read(lcaf(10, ""))).isEqualTo(new ExplicitLocatorPath(List.of()));
        assertThat(read(lcaf(13, ""))).isEqualTo(new ReplicationListEntry(List.of()));
    }

    @Test
    @Rfc("8060 §4.7")
    void aSecurityKeyHas0To255Keys() {
        assertThat(read(lcaf(11, "00000300" + "0001c0000201")))
                .isEqualTo(new SecurityKey(3, false, List.of(), DOC));
        var most = (SecurityKey) read(lcaf(11, "ff000300" + "0000".repeat(255) + "0001c0000201"));
        assertThat(most.keys()).hasSize(255).containsOnly(Bytes.EMPTY);
        assertThatThrownBy(
                        () -> new SecurityKey(3, false, Collections.nCopies(256, Bytes.EMPTY), DOC))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Rfc("8060 §4.7")
    void keysAreNotPrinted() {
        assertThat(LcafVectorTest.vector("security-key").hex()).contains("deadbeef");
        assertThat(read(LcafVectorTest.vector("security-key")).toString())
                .doesNotContain("deadbeef");
    }

    @Test
    @Rfc("8060 §5.4")
    void noControlCharacterOfJsonIsPrinted() {
        assertThat(JsonDataModel.text("{\n\u001b[2J\u00e9}"))
                .hasToString("json({\\u000a\\u001b[2J\\u00e9}, none)");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 15})
    @Rfc("8060 §5.2")
    void anOpaqueKeyMayHaveNoOctets(int keyFieldNum) {
        assertThat(read(lcaf(6, String.format("%02x0000", keyFieldNum))))
                .isEqualTo(new OpaqueKey(keyFieldNum, 0, Bytes.EMPTY));
    }

    @Test
    @Rfc("8060 §5.6")
    void everyEncapsulationHasItsBit() {
        var order =
                List.of(
                        EncapsulationFormat.Encapsulation.GUE,
                        EncapsulationFormat.Encapsulation.GENEVE,
                        EncapsulationFormat.Encapsulation.NVGRE,
                        EncapsulationFormat.Encapsulation.VXLAN_GPE,
                        EncapsulationFormat.Encapsulation.VXLAN,
                        EncapsulationFormat.Encapsulation.LISP_L2,
                        EncapsulationFormat.Encapsulation.LISP);
        for (int i = 0; i < order.size(); i++) {
            // U is bit 25 of the diagram, L is bit 31.
            var word = String.format("%08x", 1 << 31 - 25 - i);
            assertThat(read(lcaf(16, word + "0000")))
                    .isEqualTo(new EncapsulationFormat(Set.of(order.get(i)), None.NONE));
        }
    }

    @Test
    @Rfc("8060 §4.10.4")
    void fourTypesMayStandInEachOther() {
        var deepest =
                new AfiList(
                        List.of(
                                new AsNumber(
                                        1,
                                        new NonceLocator(
                                                1, new Instance(new InstanceId(1), 0, DOC)))));
        var out = new WireWriter();
        deepest.write(out);
        assertThat(read(out.toBytes())).isEqualTo(deepest);
        assertThatThrownBy(() -> new AsNumber(1, deepest))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Rfc("8060 §4.10.4")
    void nothingCanBeMadeThatNestsTooDeep() {
        LispAddress address = DOC;
        for (int i = 0; i < LispAddress.MAX_NESTING; i++) {
            address = new AfiList(List.of(address));
        }
        var deepest = address;
        var none = None.NONE;
        var prefix = new AddressPrefix(DOC, 32);
        var deepPrefix = new AddressPrefix(deepest, 0);
        var ports = new PortRange(0, 0);
        var angle = new Angle(0, 0, 0);
        var iid = new InstanceId(1);
        var makers =
                List.<Supplier<Object>>of(
                        () -> new AfiList(List.of(DOC, deepest)),
                        () -> new Instance(iid, 0, deepest),
                        () -> new AsNumber(1, deepest),
                        () -> new ApplicationData(0, 0, ports, ports, deepest),
                        () ->
                                new GeoCoordinates(
                                        true, angle, true, angle, OptionalInt.empty(), deepest),
                        () -> new NatTraversal(0, 0, deepest, none, none, List.of()),
                        () -> new NatTraversal(0, 0, none, deepest, none, List.of()),
                        () -> new NatTraversal(0, 0, none, none, deepest, List.of()),
                        () -> new NatTraversal(0, 0, none, none, none, List.of(deepest)),
                        () -> new NonceLocator(0, deepest),
                        () -> new MulticastInfo(iid, deepPrefix, prefix),
                        () -> new MulticastInfo(iid, prefix, deepPrefix),
                        () -> new ExplicitLocatorPath.Hop(false, false, false, deepest),
                        () -> new SecurityKey(0, false, List.of(), deepest),
                        () -> new SourceDestKey(deepPrefix, prefix),
                        () -> new SourceDestKey(prefix, deepPrefix),
                        () -> new ReplicationListEntry.Entry(0, deepest),
                        () -> new JsonDataModel(false, Bytes.EMPTY, deepest),
                        () -> new KeyValueAddressPair(deepest, none),
                        () -> new KeyValueAddressPair(none, deepest),
                        () -> new EncapsulationFormat(Set.of(), deepest));
        for (int i = 0; i < makers.size(); i++) {
            assertThatThrownBy(makers.get(i)::get)
                    .as("maker %d", i)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("deep");
        }
    }

    @Test
    @Rfc("8060 §4.1")
    void noInstanceIdCanBeMadeInsideAnother() {
        var inner = new Instance(new InstanceId(2), 0, DOC);
        for (var address : List.of(inner, new AfiList(List.of(DOC, inner)))) {
            assertThatThrownBy(() -> new Instance(new InstanceId(1), 0, address))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(read(lcaf(1, lcaf(2, "00000001" + "0000") + lcaf(2, "00000002" + "0000"))))
                .as("but one beside another")
                .isInstanceOf(AfiList.class);
    }

    @Test
    void valuesAreCheckedWhenTheyAreMade() {
        var ports = new PortRange(0, 0xFFFF);
        var angle = new Angle(91, 0, 0);
        var makers =
                List.<Supplier<Object>>of(
                        () -> new PortRange(2, 1),
                        () -> new PortRange(0, 0x10000),
                        () -> new PortRange(-1, 0),
                        () -> new ApplicationData(1 << 24, 0, ports, ports, DOC),
                        () -> new ApplicationData(0, 256, ports, ports, DOC),
                        () -> new Angle(181, 0, 0),
                        () -> new Angle(180, 0, 1),
                        () -> new Angle(-1, 0, 0),
                        () -> new Angle(0, 60, 0),
                        () -> new Angle(0, 0, 60),
                        () ->
                                new GeoCoordinates(
                                        true, angle, true, angle, OptionalInt.empty(), DOC),
                        () ->
                                new GeoCoordinates(
                                        true,
                                        new Angle(0, 0, 0),
                                        true,
                                        angle,
                                        OptionalInt.of(0x7FFF_FFFF),
                                        DOC),
                        () -> new OpaqueKey(16, 0, Bytes.EMPTY),
                        () -> new OpaqueKey(-1, 0, Bytes.EMPTY),
                        () -> new OpaqueKey(0, 1 << 16, Bytes.EMPTY),
                        () -> new OpaqueKey(1, 0, Bytes.ofHex("010203")),
                        () -> new NatTraversal(65_536, 0, DOC, DOC, DOC, List.of()),
                        () -> new NatTraversal(0, -1, DOC, DOC, DOC, List.of()),
                        () -> new NonceLocator(1 << 24, DOC),
                        () -> new SecurityKey(256, false, List.of(), DOC),
                        () -> new ReplicationListEntry.Entry(256, DOC),
                        () -> new JsonDataModel(false, Bytes.of(new byte[65_536]), DOC),
                        () -> new LispAddress.Oui(1 << 24),
                        () -> new LispAddress.Vendor(1 << 24, Bytes.EMPTY),
                        () -> new Unrecognised(16, 0, Bytes.EMPTY),
                        () -> new Unrecognised(255, 0, Bytes.EMPTY),
                        () -> new Unrecognised(17, 256, Bytes.EMPTY));
        for (int i = 0; i < makers.size(); i++) {
            assertThatThrownBy(makers.get(i)::get)
                    .as("maker %d", i)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    @Rfc("8060 §3")
    void whatDoesNotFitTheLengthIsNotWritten() {
        var fits = new JsonDataModel(false, Bytes.of(new byte[65_531]), None.NONE);
        var out = new WireWriter();
        fits.write(out);
        assertThat(read(out.toBytes())).isEqualTo(fits);
        var tooLong = new JsonDataModel(false, Bytes.of(new byte[65_532]), None.NONE);
        assertThatThrownBy(() -> tooLong.write(new WireWriter()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Whoever has to do something first is not told the address (see {@link LispAddress#ip}). */
    @ParameterizedTest
    @CsvSource({
        "null-body, false",
        "afi-list, true",
        "afi-list-compatibility, true",
        "instance-id-ipv4, true",
        "instance-id-range, false",
        "as, false",
        "as-number, true",
        "application-data, false",
        "geo-coordinates, true",
        "opaque-key, false",
        "nat-traversal, false",
        "nonce-locator, false",
        "multicast-info, false",
        "explicit-locator-path, false",
        "security-key, true",
        "source-dest-key, false",
        "replication-list, false",
        "json, true",
        "json-binary, false",
        "key-value, true",
        "encapsulation-format, false",
        "vendor, false"
    })
    @Rfc("8060 §4")
    void packetsAreSentToAnAddressThatAsksForNothing(String vector, boolean sent) {
        var rloc = new Rloc(read(LcafVectorTest.vector(vector)));
        assertThat(rloc.ip().isPresent()).isEqualTo(sent);
        assertThat(rloc.isIgnored()).as("it is kept all the same").isFalse();
    }

    @Test
    @Rfc("9306 §3")
    void aLocatorThatSaysSomethingAboutAnUnrecognisedOneIsIgnored() {
        var unknown = lcaf(17, "0001");
        for (var hex :
                List.of(
                        lcaf(1, unknown),
                        lcaf(1, unknown + unknown),
                        lcaf(2, "00000001" + unknown),
                        lcaf(3, "00000001" + unknown),
                        lcaf(3, "00000001" + lcaf(1, unknown)),
                        lcaf(15, unknown + "0000"))) {
            assertThat(new Rloc(read(hex)).isIgnored()).as(hex).isTrue();
        }
        for (var hex :
                List.of(
                        lcaf(1, ""),
                        lcaf(1, unknown + "0000"),
                        lcaf(15, "0001c0000201" + unknown))) {
            assertThat(new Rloc(read(hex)).isIgnored()).as(hex).isFalse();
        }
    }

    /** What a length claims costs nothing; what arrived costs a small multiple of itself. */
    @Test
    void memoryIsTakenOnlyForWhatArrived() throws IOException, URISyntaxException {
        for (var file : malformed().toList()) {
            var octets = octets(file);
            assertThat(allocated(octets)).as("%s", file.getFileName()).isLessThan(8_000);
        }
        int most = 65_532;
        for (var unread :
                List.of(
                        lcaf(17, "20".repeat(most)),
                        lcaf(14, "f000" + "20".repeat(0xF000) + "0000"),
                        lcaf(6, "000000" + "20".repeat(most - 3)),
                        lcaf(255, "00000000" + "20".repeat(most - 4)),
                        lcaf(11, "01000000f000" + "20".repeat(0xF000) + "0000"))) {
            var octets = Bytes.ofHex(unread);
            assertThat(read(octets)).isNotNull();
            assertThat(allocated(octets)).isLessThan(octets.length() + 2_000L);
        }
        // A record takes 16 octets or more however few arrived, so there is a factor here.
        for (var parts :
                List.of(
                        lcaf(1, "0000".repeat(most / 2)),
                        lcaf(1, "0001c0000201".repeat(most / 6)),
                        lcaf(1, "00116100".repeat(most / 4)),
                        lcaf(1, lcaf(0, "").repeat(most / 8)),
                        lcaf(1, lcaf(1, "").repeat(most / 8)),
                        lcaf(1, lcaf(10, "").repeat(most / 8)),
                        lcaf(1, lcaf(17, "").repeat(most / 8)),
                        lcaf(1, lcaf(2, "000000010000").repeat(most / 14)),
                        lcaf(1, lcaf(16, "000000010000").repeat(most / 14)),
                        lcaf(1, lcaf(1, lcaf(1, lcaf(1, "0000".repeat(32_000))))),
                        lcaf(10, "00000000".repeat(most / 4)),
                        lcaf(13, "000000000000".repeat(most / 6)),
                        lcaf(7, "00000000" + "0000".repeat(3) + "0001c0000201".repeat(9_000)))) {
            var octets = Bytes.ofHex(parts);
            assertThat(read(octets)).isNotNull();
            assertThat(allocated(octets))
                    .as(parts.substring(0, 40))
                    .isLessThan(32L * octets.length());
        }
    }

    /** Octets of memory taken by reading, after the classes are there. */
    private static long allocated(Bytes octets) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            var buffer = ByteBuffer.wrap(octets.toArray());
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                LispAddress.read(new WireReader(buffer, Vendors.ANY));
            } catch (MalformedException _) {
                // that is what is measured
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
