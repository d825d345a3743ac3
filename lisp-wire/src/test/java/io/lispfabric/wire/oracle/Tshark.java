package io.lispfabric.wire.oracle;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** The dissector of Wireshark, run once over a capture. */
final class Tshark {
    private Tshark() {}

    /** Its version; the test fails where there is none, since it would prove nothing. */
    static String version() {
        try {
            var process =
                    new ProcessBuilder("tshark", "--version")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            try (var out = process.getInputStream()) {
                return new String(out.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .findFirst()
                        .orElse("");
            }
        } catch (IOException e) {
            throw new AssertionError(
                    "tshark is not installed, and without it nobody checks our messages but"
                            + " ourselves: run .ci/packages",
                    e);
        }
    }

    /** The fields of each packet in the order in which they are shown. */
    static List<List<Seen>> dissect(Path capture) throws IOException, XMLStreamException {
        version();
        var errors = Files.createTempFile(capture.toAbsolutePath().getParent(), "tshark", ".log");
        var process =
                new ProcessBuilder(
                                "tshark",
                                "-n",
                                "-r",
                                capture.toString(),
                                "-o",
                                "ip.check_checksum:TRUE",
                                "-o",
                                "udp.check_checksum:TRUE",
                                "-d",
                                "udp.port==4342,lisp",
                                "-T",
                                "pdml")
                        .redirectError(errors.toFile())
                        .start();
        List<List<Seen>> packets;
        try (var out = new BufferedInputStream(process.getInputStream(), 1 << 16)) {
            packets = packets(out);
        }
        if (process.onExit().join().exitValue() != 0) {
            throw new AssertionError("tshark failed: " + Files.readString(errors));
        }
        return packets;
    }

    private static List<List<Seen>> packets(InputStream pdml) throws XMLStreamException {
        var factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        var in = factory.createXMLStreamReader(pdml);
        var packets = new ArrayList<List<Seen>>();
        while (in.hasNext()) {
            if (in.next() == XMLStreamConstants.START_ELEMENT) {
                switch (in.getLocalName()) {
                    case "packet" -> packets.add(new ArrayList<>());
                    case "proto", "field" ->
                            packets.getLast()
                                    .add(
                                            new Seen(
                                                    value(in, "name"),
                                                    value(in, "show"),
                                                    value(in, "value")));
                    default -> {}
                }
            }
        }
        return packets;
    }

    private static String value(XMLStreamReader in, String attribute) {
        var value = in.getAttributeValue(null, attribute);
        return value == null ? "" : value;
    }
}
