package io.lispfabric.wire.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Messages;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.xml.stream.XMLStreamException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * tshark reads what we write, and what others wrote, and every field that it names is compared with
 * what our decoder says. What it does not know is a {@link Gap}.
 */
class TsharkTest {
    private static final String COMMAND =
            "./mvnw -q -pl lisp-wire -am test -Dtest=TsharkTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Dwireshark.write";

    private static final int CONTROL_PORT = 4342;
    private static final int GENERATED = 400;

    /** Random numbers of seeds that are alike begin alike. */
    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    /** Ten kinds of message, and the data plane. */
    private static final int KINDS = 11;

    private static final Ip V4_HERE = Ip.parse("192.0.2.1");
    private static final Ip V4_THERE = Ip.parse("192.0.2.2");
    private static final Ip V6_HERE = Ip.parse("2001:db8::1");
    private static final Ip V6_THERE = Ip.parse("2001:db8::2");

    /** IP packets that Linux sent. */
    private static final List<String> DATA_VECTORS =
            List.of(
                    "linux-srh-full",
                    "linux-srh-hmac",
                    "linux-srh-inline",
                    "linux-srh-reduced",
                    "linux-vxlan-gpe-ipv4",
                    "linux-vxlan-gpe-ipv6",
                    "linux-vxlan-gpe-ipv6-odd",
                    "linux-vxlan-ipv4");

    /** A packet, what is wanted of it, and whether we made it: then its reserved bits are 0. */
    record Case(String kind, String name, Bytes packet, Wants wants, boolean ours) {}

    @Test
    @Rfc("9301 §5")
    @Rfc("8060 §4")
    @Rfc("9300 §5.3")
    @Rfc("9305 §3")
    @Rfc("7348 §5")
    @Rfc("8754 §2")
    @Rfc("3032 §2.1")
    void everyFieldThatTsharkNamesIsAsWeDecodeIt(@TempDir Path folder)
            throws IOException, XMLStreamException {
        var cases = new ArrayList<Case>();
        for (var name : Vectors.NAMES) {
            control(cases, name, Vectors.read(name), false);
        }
        for (var name : lcafVectors()) {
            control(cases, "lcaf " + name, around(lcafVector(name)), false);
        }
        for (long seed = 0; seed < GENERATED; seed++) {
            control(cases, "message " + seed, octets(readable(Messages.of(seed * SPREAD))), true);
        }
        for (int i = 0; i < 12 * Lcafs.KINDS; i++) {
            var locator = Lcafs.of(i % Lcafs.KINDS, i % 3, i * SPREAD);
            control(cases, "lcaf kind " + i % Lcafs.KINDS + " seed " + i, register(locator), true);
        }
        for (var name : DATA_VECTORS) {
            data(cases, name, Vectors.read("encap/" + name));
        }
        DataPackets.all().forEach((name, packet) -> data(cases, name, packet));

        var capture = folder.resolve("lisp.pcap");
        Frames.write(capture, cases.stream().map(Case::packet).toList());
        var seen = Tshark.dissect(capture);
        assertThat(seen).hasSameSizeAs(cases);

        var differences = new ArrayList<String>();
        var wholly = new TreeMap<String, Integer>();
        Set<Gap> shown = EnumSet.noneOf(Gap.class);
        for (int i = 0; i < cases.size(); i++) {
            var one = cases.get(i);
            shown.addAll(one.wants().gaps());
            one.wants()
                    .difference(Fields.compared(seen.get(i)))
                    .ifPresent(text -> differences.add(one.name() + ": " + text));
            wholly.merge(one.kind(), one.wants().isWhole() ? 1 : 0, Integer::sum);
            if (one.ours() && one.wants().isWhole()) {
                Fields.reservedBitsThatAreSet(seen.get(i))
                        .forEach(field -> differences.add(one.name() + ": reserved " + field));
            }
        }
        assertThat(differences)
                .as("differences to " + Tshark.version() + " that docs/wireshark.md does not have")
                .isEmpty();
        assertThat(wholly)
                .as("packets of each kind that tshark read to their end")
                .hasSize(KINDS)
                .allSatisfy((_, count) -> assertThat(count).isGreaterThan(10));
        assertThat(shown).as("gaps that a packet shows").containsExactly(Gap.values());
    }

    @Test
    void theDocumentIsTheListOfGaps() throws IOException {
        var file = root().resolve("docs/wireshark.md");
        if (System.getProperty("wireshark.write") != null) {
            Files.writeString(file, GapDocument.text());
        }
        assertThat(Files.exists(file) ? Files.readString(file) : "")
                .as(
                        "docs/wireshark.md is not up to date; this command writes it anew:%n  %s",
                        COMMAND)
                .isEqualTo(GapDocument.text());
    }

    private static void control(List<Case> cases, String name, Bytes octets, boolean ours) {
        boolean v4 = cases.size() % 2 == 0;
        var source = v4 ? V4_HERE : V6_HERE;
        var destination = v4 ? V4_THERE : V6_THERE;
        if (octets.length() > 65_000) {
            return; // fits no UDP datagram
        }
        var packet = Frames.udp(source, destination, 0xE000, CONTROL_PORT, octets);
        var wants = new Wants();
        wants.ipHeader(source, destination, packet, 17);
        wants.udp(0xE000, CONTROL_PORT, 8 + octets.length());
        var message = decoded(name, octets);
        ControlWants.of(message, octets, wants);
        cases.add(new Case(message.getClass().getSimpleName(), name, packet, wants, ours));
    }

    private static void data(List<Case> cases, String name, Bytes packet) {
        var wants = new Wants();
        DataWants.of(packet, wants);
        cases.add(new Case("data packet", name, packet, wants, true));
    }

    private static LispMessage decoded(String name, Bytes octets) {
        return switch (LispCodec.decode(octets.buffer(), Vendors.ANY)) {
            case Decoded.Message(var message) -> message;
            case Decoded.Malformed(var flaw, var offset) ->
                    throw new AssertionError(name + ": " + flaw + " at " + offset);
        };
    }

    private static Bytes octets(LispMessage message) {
        return Bytes.of(LispCodec.encode(message));
    }

    /** tshark knows what is inside an ECM by the inner port, so that has to be the right one. */
    private static LispMessage readable(LispMessage message) {
        return message instanceof EncapsulatedControlMessage ecm
                ? EncapsulatedControlMessage.of(
                                ecm.source(),
                                ecm.destination(),
                                ecm.sourcePort() | 0xC000,
                                CONTROL_PORT,
                                ecm.message())
                        .withDdtOriginated(ecm.ddtOriginated())
                        .with(ecm.authenticationData())
                : message;
    }

    private static Bytes register(LispAddress locator) {
        return octets(
                new MapRegister(
                        false,
                        false,
                        false,
                        false,
                        false,
                        false,
                        new Nonce(1),
                        new Authentication(0, 0, Bytes.EMPTY),
                        List.of(
                                MappingRecord.of(
                                        new RecordTtl(1440),
                                        Eid.of(0, "10.0.0.0/8"),
                                        List.of(
                                                Locator.of(new Rloc(locator), 1, 50),
                                                Locator.of(Rloc.of("192.0.2.1"), 2, 100)))),
                        Optional.empty()));
    }

    /** A Map-Register with these octets, AFI included, as its second locator. */
    private static Bytes around(Bytes address) {
        var out = new WireWriter();
        out.u32(3 << 28 | 1).u64(1).u16(0).u16(0);
        out.u32(1440).u8(2).u8(8).u16(0).u16(0).u16(1).u32(10 << 24);
        out.u32(0x01_32_FF_00).u16(5).u16(1).u32(0xC000_0201);
        out.u32(0x01_32_FF_00).u16(5).bytes(address);
        return out.toBytes();
    }

    private static Path root() {
        var folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("not inside the repository");
            }
        }
        return folder;
    }

    private static Path lcafFolder() {
        return root().resolve("lcaf/src/test/resources/vectors");
    }

    private static Set<String> lcafVectors() throws IOException {
        try (var files = Files.list(lcafFolder())) {
            var names = new TreeSet<String>();
            files.forEach(file -> names.add(file.getFileName().toString()));
            return names;
        }
    }

    private static Bytes lcafVector(String name) throws IOException {
        return Bytes.ofHex(Files.readString(lcafFolder().resolve(name)).replaceAll("#.*", ""));
    }
}
