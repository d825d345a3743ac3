package io.lispfabric.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The tests of all modules and the rules they check, read from their sources. */
final class RfcTests {
    /** What may stand in {@code @Rfc("…")}. */
    static final Pattern RULE =
            Pattern.compile("(?<document>\\d{3,4}|[a-z][a-z0-9-]+) §(?<section>[\\d.]+)|R-\\d{3}");

    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|//[^\\n]*", Pattern.DOTALL);

    private static final Pattern TOKEN =
            Pattern.compile(
                    "@Rfc\\(\"(?<rule>[^\"]*)\"\\)"
                            + "|\\bvoid (?<method>\\w+)\\s*\\("
                            + "|\\b(?:class|record|interface|enum) (?<type>\\w+)");

    private static final Pattern TEST =
            Pattern.compile(
                    "@(?:Test|ParameterizedTest|Property)\\b|\\bvoid (?<method>\\w+)\\s*\\(");

    private RfcTests() {}

    /**
     * One rule that one test checks.
     *
     * @param file from the root of the repository
     * @param name the test's name; empty when the rule stands at the class
     */
    record Checked(String rule, String file, String name) {
        String className() {
            return RfcTests.className(file);
        }

        /** {@code whatIsWrittenIsRead} is a sentence. */
        String sentence() {
            return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ")
                    .toLowerCase(Locale.ROOT);
        }
    }

    /** Every {@code @Rfc} on a test below {@code root}, by file and as they stand in it. */
    static List<Checked> in(Path root) throws IOException {
        var checked = new ArrayList<Checked>();
        for (var file : files(root)) {
            checked.addAll(in(root.relativize(file).toString(), Files.readString(file)));
        }
        return checked;
    }

    private static List<Path> files(Path root) throws IOException {
        var all = new ArrayList<Path>();
        try (var modules = Files.list(root)) {
            for (var module : modules.sorted().toList()) {
                var tests = module.resolve("src/test/java");
                if (Files.isDirectory(tests)) {
                    try (var files = Files.walk(tests)) {
                        files.filter(it -> it.toString().endsWith(".java"))
                                .sorted()
                                .forEach(all::add);
                    }
                }
            }
        }
        return all;
    }

    /** Every test below {@code root} as {@code Class#method}, and the file that it stands in. */
    static Map<String, String> named(Path root) throws IOException {
        var named = new TreeMap<String, String>();
        for (var file : files(root)) {
            var path = root.relativize(file).toString();
            named(Files.readString(file))
                    .forEach(it -> named.put(className(path) + "#" + it, path));
        }
        return named;
    }

    /** The methods of one source that are tests. */
    static List<String> named(String source) {
        var named = new ArrayList<String>();
        boolean test = false;
        var tokens = TEST.matcher(COMMENT.matcher(source).replaceAll(" "));
        while (tokens.find()) {
            var method = tokens.group("method");
            if (test && method != null) {
                named.add(method);
            }
            test = method == null;
        }
        return named;
    }

    private static String className(String file) {
        return file.replaceAll(".*/|\\.java", "");
    }

    /** Those of one source. */
    static List<Checked> in(String file, String source) {
        var checked = new ArrayList<Checked>();
        var pending = new ArrayList<String>();
        var tokens = TOKEN.matcher(COMMENT.matcher(source).replaceAll(" "));
        while (tokens.find()) {
            if (tokens.group("rule") != null) {
                pending.add(tokens.group("rule"));
            } else {
                var method = tokens.group("method");
                for (var rule : pending) {
                    checked.add(new Checked(rule, file, method == null ? "" : method));
                }
                pending.clear();
            }
        }
        return checked;
    }
}
