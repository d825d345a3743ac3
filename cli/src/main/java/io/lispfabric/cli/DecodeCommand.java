package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.capture.CaptureFile;
import io.lispfabric.wire.capture.CapturedPacket;
import io.lispfabric.wire.capture.Dissection;
import io.lispfabric.wire.capture.Dissection.Kind;
import io.lispfabric.wire.text.MessageTree;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What the octets of a control message say, field by field. */
final class DecodeCommand extends Subcommand {
    private static final int LARGEST_DATAGRAM = 65_535;

    /** Hexadecimal digits with spaces take three characters an octet, and there may be remarks. */
    private static final int LARGEST_TEXT = 1 << 20;

    /** Packets that are named one by one when they are malformed. */
    private static final int NAMED = 10;

    private static final int SHOWN_OCTETS = 8;

    private final PositionalParamSpec what =
            PositionalParamSpec.builder()
                    .required(true)
                    .paramLabel("HEX|FILE|-")
                    .type(String[].class)
                    .arity("1..*")
                    .index("0..*")
                    .description(
                            "hexadecimal digits, or a file of them or of the octets themselves, or"
                                    + " a packet capture (pcap, pcapng), or - for standard input")
                    .build();

    CommandSpec spec() {
        var spec =
                Options.command(
                        this,
                        "decode",
                        "Show what the UDP payload of a LISP control message says, each field with"
                                + " its octets; or all that is LISP in a packet capture: control"
                                + " messages, and the headers of LISP, VXLAN and VXLAN-GPE. Other"
                                + " packets are counted, with -v shown as well.",
                        "Exit code 1 when something is malformed, with the flaw and where it is.");
        return known(spec.addPositional(what));
    }

    @Override
    public Integer call() throws CommandFailure {
        var given = List.of(what.<String[]>getValue());
        if (given.equals(List.of("-"))) {
            return decode(System.in, "standard input");
        }
        var file = file(given.getFirst());
        if (given.size() == 1 && Files.exists(file) && !Files.isDirectory(file)) {
            try (var in = Files.newInputStream(file)) {
                return decode(in, file.toString());
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.FAILURE, "cannot read " + file + ": " + e, e);
            }
        }
        try {
            return decode(Bytes.ofHex(String.join("", given).replaceFirst("^0[xX]", "")));
        } catch (IllegalArgumentException _) {
            throw usage(
                    "'"
                            + given.getFirst()
                            + "' is neither a file nor an even number of hexadecimal digits");
        }
    }

    private static Path file(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException _) {
            return Path.of("");
        }
    }

    private int decode(InputStream from, String name) throws CommandFailure {
        try {
            var in = new BufferedInputStream(from, 1 << 16);
            in.mark(4);
            var magic = in.readNBytes(4);
            in.reset();
            return CaptureFile.begins(magic) ? decode(CaptureFile.of(in), name) : decode(read(in));
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot read " + name + ": " + e, e);
        }
    }

    /** Digits are what they spell; anything else is taken as it is. */
    private static Bytes read(InputStream in) throws IOException {
        var content = in.readNBytes(LARGEST_TEXT);
        var text =
                new String(content, StandardCharsets.ISO_8859_1)
                        .replaceAll("(?m)#.*$", "")
                        .strip()
                        .replaceFirst("^0[xX]", "");
        try {
            return text.isEmpty() ? Bytes.of(content) : Bytes.ofHex(text);
        } catch (IllegalArgumentException _) {
            return Bytes.of(content);
        }
    }

    private int decode(Bytes octets) throws CommandFailure {
        if (octets.length() > LARGEST_DATAGRAM) {
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    "a datagram has at most "
                            + LARGEST_DATAGRAM
                            + " octets, not "
                            + octets.length());
        }
        var tree = MessageTree.of(octets.buffer());
        if (globals().json()) {
            print(put(Json.object(), tree, tree.malformed().isPresent(), octets));
        } else {
            show(tree.root(), octets, 0);
            out().flush();
        }
        if (tree.malformed().isPresent()) {
            var malformed = tree.malformed().get();
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    "malformed: " + malformed.flaw().label() + " at octet " + malformed.offset());
        }
        return ExitCode.OK;
    }

    /** Packet by packet, so that a file may be larger than the memory. */
    private int decode(CaptureFile capture, String name) throws IOException, CommandFailure {
        boolean json = globals().json();
        long packets = 0;
        var kinds = new EnumMap<Kind, Long>(Kind.class);
        var others = new TreeMap<String, Long>();
        long malformed = 0;
        var named = new ArrayList<String>();
        for (var next = capture.next(); next.isPresent(); next = capture.next()) {
            var packet = next.get();
            var seen = Dissection.of(packet);
            packets++;
            kinds.merge(seen.kind(), 1L, Long::sum);
            if (seen.kind() == Kind.OTHER) {
                others.merge(seen.what(), 1L, Long::sum);
            }
            if (seen.flaw().isPresent() && ++malformed <= NAMED) {
                named.add(Long.toString(packet.number()));
            }
            if (json) {
                var text = new StringBuilder(packets == 1 ? "[\n  " : ",\n  ");
                json(packet, seen).print(text, "  ");
                out().print(text);
            } else if (seen.kind() != Kind.OTHER
                    || seen.flaw().isPresent()
                    || globals().verbose()) {
                show(packet, seen);
            }
            if (packets % 1000 == 0 && out().checkError()) {
                break; // nobody reads on
            }
        }
        out().println(json ? packets == 0 ? "[]" : "\n]" : summary(packets, kinds, others));
        out().flush();
        var problems = new ArrayList<String>();
        if (malformed > 0) {
            problems.add(
                    malformed
                            + " of "
                            + packets
                            + " packets malformed: "
                            + String.join(", ", named)
                            + (malformed > NAMED ? ", …" : ""));
        }
        capture.damage().ifPresent(it -> problems.add(name + " cannot be read " + it));
        if (!problems.isEmpty()) {
            throw new CommandFailure(ExitCode.FAILURE, String.join("; ", problems));
        }
        return ExitCode.OK;
    }

    private static String summary(long packets, Map<Kind, Long> kinds, Map<String, Long> others) {
        var parts = new ArrayList<String>();
        kinds.forEach((kind, count) -> {
            if (kind != Kind.OTHER) {
                parts.add(count + " " + kind.title());
            }
        });
        if (!others.isEmpty()) {
            parts.add(
                    kinds.get(Kind.OTHER)
                            + " other ("
                            + others.entrySet().stream()
                                    .map(it -> it.getKey() + " " + it.getValue())
                                    .collect(Collectors.joining(", "))
                            + ")");
        }
        return packets
                + (packets == 1 ? " packet" : " packets")
                + (parts.isEmpty() ? "" : ": " + String.join(", ", parts));
    }

    private static Json json(CapturedPacket packet, Dissection seen) {
        var json = Json.object().put("packet", packet.number());
        packet.time().ifPresent(it -> json.put("time", it.toString()));
        json.put("length", packet.originalLength())
                .put("kind", seen.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .put("what", seen.what());
        seen.ends()
                .ifPresent(it ->
                        json.put("source", it.source())
                                .put("sourcePort", it.sourcePort())
                                .put("destination", it.destination())
                                .put("destinationPort", it.destinationPort()));
        json.put("incomplete", seen.incomplete())
                .put("remarks", seen.remarks().stream().map(Json::of).collect(Json.toArray()));
        if (seen.tree().isPresent()) {
            return put(json, seen.tree().get(), seen.flaw().isPresent(), seen.payload());
        }
        seen.broken().ifPresent(it -> json.put("flaw", it));
        return json.put("malformed", seen.broken().isPresent());
    }

    private static Json.Obj put(Json.Obj json, MessageTree tree, boolean malformed, Bytes octets) {
        json.put("malformed", malformed);
        tree.malformed()
                .ifPresent(
                        it -> json.put("flaw", it.flaw().label()).put("flawOffset", it.offset()));
        return json.put("tree", json(tree.root(), octets));
    }

    private void show(CapturedPacket packet, Dissection seen) {
        var line = new StringBuilder("#").append(packet.number());
        packet.time().ifPresent(it -> line.append("  ").append(it));
        seen.ends()
                .ifPresent(it ->
                        line.append("  ")
                                .append(end(it.source(), it.sourcePort()))
                                .append(" → ")
                                .append(end(it.destination(), it.destinationPort())));
        line.append("  ").append(seen.what());
        seen.broken().ifPresent(it -> line.append(": ").append(it));
        seen.remarks().forEach(it -> line.append("; ").append(it));
        out().println(globals().ink().bold(line.toString()));
        seen.tree().ifPresent(it -> show(it.root(), seen.payload(), 0));
    }

    private static String end(String address, int port) {
        return (address.contains(":") ? "[" + address + "]" : address) + ":" + port;
    }

    private static Bytes part(MessageTree.Field field, Bytes octets) {
        return Bytes.of(octets.buffer().slice(field.offset(), field.length()));
    }

    private static Json json(MessageTree.Field field, Bytes octets) {
        return Json.object()
                .put("name", field.name())
                .put("value", field.value())
                .put("offset", field.offset())
                .put("length", field.length())
                .put("octets", part(field, octets).hex())
                .put(
                        "fields",
                        field.children().stream()
                                .map(it -> json(it, octets))
                                .collect(Json.toArray()));
    }

    /** Offset, the octets of what has no parts of its own, and the name as far in as it lies. */
    private void show(MessageTree.Field field, Bytes octets, int depth) {
        var hex = "";
        if (field.children().isEmpty()) {
            hex = part(field, octets).hex();
            hex =
                    hex.length() > 2 * SHOWN_OCTETS
                            ? hex.substring(0, 2 * SHOWN_OCTETS - 2) + ".."
                            : hex;
        }
        out().println(
                        String.format(
                                        Locale.ROOT,
                                        "%5d  %-" + 2 * SHOWN_OCTETS + "s  %s%s%s",
                                        field.offset(),
                                        hex,
                                        "  ".repeat(depth),
                                        field.name(),
                                        field.value().isEmpty() ? "" : ": " + field.value())
                                .stripTrailing());
        field.children().forEach(it -> show(it, octets, depth + 1));
    }
}
