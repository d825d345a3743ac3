package io.lispfabric.conformance.fuzz;

import io.lispfabric.lcaf.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Where a search begins: all octets that the tests have in files, and what a search found. */
final class Seeds {
    private static final Pattern REPEATED = Pattern.compile("(\\d+) x (.*)");
    private static final List<String> FOLDERS =
            List.of("lcaf/src/test/resources", "lisp-wire/src/test/resources");

    /** What a search found, by target; files stay here for ever. */
    private static final String FOUND = "conformance/src/test/resources/fuzz";

    /** Settings that lispctl shows as examples. */
    static final String EXAMPLES = "cli/src/main/resources/io/lispfabric/cli";

    private Seeds() {}

    static Path root() {
        var folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("not inside the repository");
            }
        }
        return folder;
    }

    /** Those of every target, in an order that is always the same. */
    static List<byte[]> of(FuzzTarget target) throws IOException {
        var seeds = new ArrayList<byte[]>();
        for (var folder : FOLDERS) {
            for (var file : files(root().resolve(folder))) {
                seeds.add(framed(target, octets(file)));
            }
        }
        seeds.addAll(made(target));
        switch (target) {
            case AGENT_CONTROL -> answers(seeds);
            case AGENT_SETTINGS -> seeds.addAll(settings("example-xtr.yaml"));
            case SERVER_SETTINGS -> seeds.addAll(settings("example-ms.yaml"));
            default -> {}
        }
        seeds.addAll(found(target));
        return seeds;
    }

    /** What a search of this target has found. */
    static List<byte[]> found(FuzzTarget target) throws IOException {
        var seeds = new ArrayList<byte[]>();
        for (var file : files(root().resolve(FOUND).resolve(target.title()))) {
            seeds.add(octets(file));
        }
        return seeds;
    }

    private static List<Path> files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().matches(".*\\.(hex|pcap|pcapng)"))
                    .sorted()
                    .toList();
        }
    }

    private static byte[] octets(Path file) throws IOException {
        return file.toString().endsWith(".hex")
                ? Bytes.ofHex(
                                Files.readAllLines(file).stream()
                                        .map(line -> line.replaceAll("#.*", "").strip())
                                        .map(Seeds::repeated)
                                        .collect(Collectors.joining()))
                        .toArray()
                : Files.readAllBytes(file);
    }

    private static String repeated(String line) {
        var match = REPEATED.matcher(line);
        return match.matches() ? match.group(2).repeat(Integer.parseInt(match.group(1))) : line;
    }

    /** The octets that a target wants before those of a message. */
    private static byte[] framed(FuzzTarget target, byte[] octets) {
        return switch (target) {
            case EID -> after(octets, 32);
            case ECM -> after(octets, 0, 0);
            case PACKET -> after(octets, 101, 0);
            case AGENT_NETWORK, AGENT_CONTROL -> after(octets, 0);
            case AGENT_ATTACHMENT -> after(octets, 1);
            case ADDRESS,
                    MESSAGE,
                    AUTHENTICATION,
                    TREE,
                    CAPTURE,
                    HEADERS,
                    COMMAND,
                    ROW,
                    AGENT_SETTINGS,
                    SERVER_SETTINGS ->
                    octets;
        };
    }

    private static byte[] after(byte[] octets, int... before) {
        var all = new byte[before.length + octets.length];
        for (int i = 0; i < before.length; i++) {
            all[i] = (byte) before[i];
        }
        System.arraycopy(octets, 0, all, before.length, octets.length);
        return all;
    }

    /** The same messages as the answers to the xTR's three questions. */
    private static void answers(List<byte[]> seeds) {
        for (var seed : List.copyOf(seeds)) {
            for (int question = 1; question <= 3; question++) {
                var octets = seed.clone();
                octets[0] = (byte) question;
                seeds.add(octets);
            }
        }
    }

    /**
     * The example of our own, and with all that stands in its comments; and both without one line.
     */
    private static List<byte[]> settings(String example) throws IOException {
        // Sites and ITRs may not have the same secrets: what is there everywhere are a variable and
        // the examples themselves.
        var text =
                Files.readString(root().resolve(EXAMPLES).resolve(example))
                        .replaceAll("(?<=secret-file: )itr.key", "example-ms.yaml")
                        .replaceAll("secret-file: [^,} ]+\\.key", "secret-env: PATH");
        var seeds = new ArrayList<byte[]>();
        for (var whole :
                List.of(text, text.replaceAll("(?m)^( *)# ( *(- \\{|[a-z-]+:))", "$1$2"))) {
            var lines = whole.lines().filter(it -> !it.strip().startsWith("#")).toList();
            for (int i = 0; i <= lines.size(); i++) {
                var some = new ArrayList<>(lines);
                if (i < lines.size()) {
                    some.remove(i);
                }
                seeds.add(String.join("\n", some).getBytes(StandardCharsets.UTF_8));
            }
        }
        return seeds;
    }

    /** Beginnings for the formats that no file of the tests is in. */
    private static List<byte[]> made(FuzzTarget target) {
        var made = new ArrayList<byte[]>();
        switch (target) {
            case COMMAND -> {
                for (int type = 1; type <= 6; type++) {
                    made.add(after(new byte[120], 1, type));
                }
            }
            case ROW -> {
                for (int type = 1; type <= 4; type++) {
                    made.add(after(new byte[120], 30, type));
                }
            }
            case AGENT_ATTACHMENT -> {
                made.add(after(new byte[60], 1, 0x45, 0, 0, 60));
                made.add(after(new byte[60], 2, 0x60, 0, 0, 0, 0, 20, 59, 64));
                made.add(after(new byte[60], 3));
                made.add(after(new byte[20], 0x7E, 0, 17, 'a', 0, 0, 17, 'b', 0));
            }
            default -> {}
        }
        return made;
    }

    /** The same seed changed in a few places, as a random search would do first. */
    static byte[] changed(byte[] seed, Random random) {
        var octets = seed.clone();
        for (int i = 1 + random.nextInt(4); i > 0 && octets.length > 0; i--) {
            int at = random.nextInt(octets.length);
            switch (random.nextInt(6)) {
                case 0 -> octets[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> octets[at] = (byte) random.nextInt(256);
                case 2 -> octets[at] = (byte) (random.nextBoolean() ? 0xFF : 0);
                case 3 -> octets = Arrays.copyOf(octets, at);
                case 4 -> octets = Arrays.copyOf(octets, octets.length + random.nextInt(40));
                default -> {
                    // A part of it once more, over another part.
                    int from = random.nextInt(octets.length);
                    int length = Math.min(random.nextInt(32), octets.length - Math.max(at, from));
                    System.arraycopy(octets, from, octets, at, length);
                }
            }
        }
        return octets;
    }
}
