package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.text.MessageTree;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What the octets of a control message say, field by field. */
final class DecodeCommand extends Subcommand {
    private static final int LARGEST_DATAGRAM = 65_535;

    /** Hexadecimal digits with spaces take three characters an octet, and there may be remarks. */
    private static final int LARGEST_TEXT = 1 << 20;

    private static final Set<String> CAPTURES =
            Set.of("d4c3b2a1", "a1b2c3d4", "4d3cb2a1", "a1b23c4d", "0a0d0d0a");

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
                                    + " - for standard input")
                    .build();

    CommandSpec spec() {
        var spec =
                Options.command(
                        this,
                        "decode",
                        "Show what the UDP payload of a LISP control message says, each field with"
                                + " its octets.",
                        "Exit code 1 when it is malformed, with the flaw and where it is.");
        return known(spec.addPositional(what));
    }

    @Override
    public Integer call() throws CommandFailure {
        var octets = octets();
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
            var json = Json.object().put("malformed", tree.malformed().isPresent());
            tree.malformed()
                    .ifPresent(it ->
                            json.put("flaw", it.flaw().label()).put("flawOffset", it.offset()));
            print(json.put("tree", json(tree.root(), octets)));
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

    private Bytes octets() throws CommandFailure {
        var given = List.of(what.<String[]>getValue());
        if (given.equals(List.of("-"))) {
            return read(System.in, "standard input");
        }
        var file = file(given.getFirst());
        if (given.size() == 1 && Files.exists(file) && !Files.isDirectory(file)) {
            try (var in = Files.newInputStream(file)) {
                return read(in, file.toString());
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.FAILURE, "cannot read " + file + ": " + e, e);
            }
        }
        try {
            return Bytes.ofHex(String.join("", given).replaceFirst("^0[xX]", ""));
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

    /** Digits are what they spell; anything else is taken as it is. */
    private static Bytes read(InputStream in, String from) throws CommandFailure {
        byte[] content;
        try {
            content = in.readNBytes(LARGEST_TEXT);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot read " + from + ": " + e, e);
        }
        var raw = Bytes.of(content);
        if (raw.length() >= 4 && CAPTURES.contains(raw.hex().substring(0, 8))) {
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    from
                            + " is a packet capture, which decode cannot read yet: give the UDP"
                            + " payload of one datagram, such as tshark -T fields -e udp.payload"
                            + " prints");
        }
        var text =
                new String(content, StandardCharsets.ISO_8859_1)
                        .replaceAll("(?m)#.*$", "")
                        .strip()
                        .replaceFirst("^0[xX]", "");
        try {
            return text.isEmpty() ? raw : Bytes.ofHex(text);
        } catch (IllegalArgumentException _) {
            return raw;
        }
    }
}
