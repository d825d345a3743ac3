package io.lispfabric.conformance;

import io.lispfabric.conformance.RfcTests.Checked;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code docs/compliance.md}: the sections and notes of {@code docs/compliance/*.md}, which people
 * write, with the tests of each section and of each sentence that demands something.
 */
final class ComplianceDocument {
    private static final Pattern TITLE = Pattern.compile("(?m)^# (.*)$");
    private static final Pattern SECTION = Pattern.compile("(?m)^## ([\\d.]+) (.*)$");
    private static final Pattern NOTE =
            Pattern.compile("(?m)^- (Deviation|Missing|Choice|Kept)[:.].*(\\n  .*)*");
    private static final Pattern REQUIREMENT = Pattern.compile("\\| (R-\\d{3}) \\|.*\\|");

    /** Documents in the order of their importance here; others follow by their names. */
    private static final List<String> ORDER =
            List.of(
                    "9301",
                    "9437",
                    "8060",
                    "9306",
                    "9735",
                    "8378",
                    "9300",
                    "9302",
                    "9303",
                    "8111",
                    "9304",
                    "9305",
                    "vxlan-gpe");

    private final Path notes;
    private final Map<String, List<Checked>> byRule;
    private final Map<String, String> tests;
    private final Set<String> cases;
    private final Map<String, Demands> demands = new HashMap<>();
    private final List<String> faults = new ArrayList<>();

    /**
     * @param notes what people have written
     * @param checked which rule each test checks
     * @param tests {@code Class#method} of every test, and its file
     * @param cases the ids of all black-box cases
     */
    ComplianceDocument(
            Path notes, List<Checked> checked, Map<String, String> tests, Set<String> cases) {
        this.notes = notes;
        this.tests = tests;
        this.cases = cases;
        this.byRule =
                checked.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Checked::rule, TreeMap::new, Collectors.toList()));
    }

    /** One RFC or draft: its title and what people say of its sections. */
    private record Document(String title, String intro, Map<String, Section> sections) {}

    private record Section(String title, String notes) {}

    /** Rules that no document has, in words; empty after {@link #text} when all is well. */
    List<String> faults() {
        return faults;
    }

    String text() throws IOException {
        var documents = new LinkedHashMap<String, Document>();
        for (var name : ORDER) {
            var file = notes.resolve((name.matches("\\d+") ? "rfc" : "") + name + ".md");
            if (Files.exists(file)) {
                documents.put(name, parse(Files.readString(file)));
            }
        }
        byRule.keySet().forEach(rule -> place(rule, documents));
        for (var name : documents.keySet()) {
            var those = Demands.in(notes.resolve("musts/rfc" + name + ".md"));
            demands.put(name, those);
            faults.addAll(
                    those.faults(tests.keySet(), cases, documents.get(name).sections().keySet()));
        }
        var text = new StringBuilder();
        text.append("<!-- Made from docs/compliance/ and the tests; see ComplianceTest. -->\n\n");
        text.append(Files.readString(notes.resolve("intro.md")).strip()).append("\n\n");
        summary(documents, text);
        departures(documents, text);
        documents.forEach((name, document) -> body(name, document, text));
        requirements(text);
        return text.toString();
    }

    private static Document parse(String markdown) {
        var title = TITLE.matcher(markdown);
        var sections = new LinkedHashMap<String, Section>();
        var heading = SECTION.matcher(markdown);
        int begin = markdown.indexOf('\n') + 1;
        var intro = "";
        String number = "";
        String of = "";
        while (heading.find()) {
            if (number.isEmpty()) {
                intro = markdown.substring(begin, heading.start()).strip();
            } else {
                sections.put(
                        number,
                        new Section(of, markdown.substring(begin, heading.start()).strip()));
            }
            number = heading.group(1);
            of = heading.group(2);
            begin = heading.end();
        }
        sections.put(number, new Section(of, markdown.substring(begin).strip()));
        return new Document(title.find() ? title.group(1) : "", intro, sections);
    }

    /** Sees to it that the section of a rule exists, or says that it does not. */
    private void place(String rule, Map<String, Document> documents) {
        var match = RfcTests.RULE.matcher(rule);
        if (!match.matches()) {
            faults.add("@Rfc(\"" + rule + "\") is no rule: " + where(rule));
            return;
        }
        var name = match.group("document");
        if (name == null) {
            return; // a requirement of the drafts, checked where they are listed
        }
        var section = match.group("section");
        var document = documents.get(name);
        if (document == null) {
            var title = name.matches("\\d+") ? "RFC " + name : name;
            document = new Document(title, "", new TreeMap<>(ComplianceDocument::compareSections));
            documents.put(name, document);
        }
        if (!document.sections().containsKey(section)) {
            if (document.sections() instanceof TreeMap) {
                document.sections().put(section, new Section("", ""));
            } else {
                faults.add("docs/compliance has no section " + rule + ": " + where(rule));
            }
        }
    }

    private String where(String rule) {
        return byRule.getOrDefault(rule, List.of()).stream()
                .map(it -> it.className() + "." + it.name())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static int compareSections(String a, String b) {
        return Arrays.compare(
                Arrays.stream(a.split("\\.")).mapToInt(Integer::parseInt).toArray(),
                Arrays.stream(b.split("\\.")).mapToInt(Integer::parseInt).toArray());
    }

    private static List<String> notes(Section section, String kind) {
        return NOTE.matcher(section.notes())
                .results()
                .filter(it -> it.group(1).equals(kind))
                .map(it -> it.group().substring(2))
                .toList();
    }

    private long tested(String name, Document document) {
        return document.sections().keySet().stream()
                .filter(it -> byRule.containsKey(name + " §" + it))
                .count();
    }

    private void summary(Map<String, Document> documents, StringBuilder text) {
        text.append(
                "| Document | MUSTs and SHOULDs with tests | Sections with tests | Deviations | Missing |\n");
        text.append("| --- | --- | --- | --- | --- |\n");
        documents.forEach((name, document) ->
                text.append(
                        String.format(
                                "| %s | %s | %d of %d | %d | %d |%n",
                                document.title(),
                                demands.getOrDefault(name, Demands.NONE).tested(),
                                tested(name, document),
                                document.sections().size(),
                                count(document, "Deviation"),
                                count(document, "Missing"))));
        text.append('\n');
    }

    private static long count(Document document, String kind) {
        return document.sections().values().stream().mapToLong(it -> notes(it, kind).size()).sum();
    }

    /** What a reader looks for first. */
    private static void departures(Map<String, Document> documents, StringBuilder text) {
        for (var kind : List.of("Deviation", "Missing")) {
            text.append(kind.equals("Missing") ? "## What is missing\n\n" : "## Deviations\n\n");
            documents.forEach((name, document) ->
                    document.sections()
                            .forEach((number, section) -> {
                                for (var note : notes(section, kind)) {
                                    departure(name, number, section, note, text);
                                }
                            }));
            text.append('\n');
        }
    }

    private static void departure(
            String name, String number, Section section, String note, StringBuilder text) {
        var said = note.replaceFirst("^(Deviation|Missing)[:.] *", "");
        text.append("- ").append(name.matches("\\d+") ? "RFC " : "").append(name);
        text.append(" §").append(number).append(", ").append(section.title());
        text.append(said.isEmpty() ? "\n" : ": " + said + "\n");
    }

    private void body(String name, Document document, StringBuilder text) {
        text.append("## ").append(document.title()).append("\n\n");
        if (!document.intro().isEmpty()) {
            text.append(document.intro()).append("\n\n");
        }
        document.sections()
                .forEach((number, section) -> {
                    text.append("### §").append(number);
                    text.append(section.title().isEmpty() ? "" : " " + section.title());
                    text.append("\n\n");
                    if (!section.notes().isEmpty()) {
                        text.append(section.notes()).append("\n\n");
                    }
                    tests(byRule.getOrDefault(name + " §" + number, List.of()), text);
                });
        var sentences = demands.getOrDefault(name, Demands.NONE);
        if (!sentences.isEmpty()) {
            text.append("### Every MUST and SHOULD\n\n").append(sentences.text(tests));
        }
    }

    /** By class, each with its sentences. */
    private static void tests(List<Checked> checked, StringBuilder text) {
        var byFile =
                checked.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Checked::file, LinkedHashMap::new, Collectors.toList()));
        byFile.forEach((file, ofFile) -> {
            text.append("- ").append(link(ofFile.getFirst())).append('\n');
            ofFile.stream()
                    .map(Checked::sentence)
                    .filter(it -> !it.isEmpty())
                    .distinct()
                    .forEach(it -> text.append("  - ").append(it).append('\n'));
        });
        text.append(byFile.isEmpty() ? "" : "\n");
    }

    private static String link(Checked checked) {
        return "[" + checked.className() + "](../" + checked.file() + ")";
    }

    private void requirements(StringBuilder text) throws IOException {
        var listed = Files.readString(notes.resolve("requirements.md"));
        var known = new ArrayList<String>();
        for (var line : listed.strip().lines().toList()) {
            var row = REQUIREMENT.matcher(line);
            if (row.matches()) {
                known.add(row.group(1));
                var tests =
                        byRule.getOrDefault(row.group(1), List.of()).stream()
                                .map(ComplianceDocument::link)
                                .distinct()
                                .collect(Collectors.joining(", "));
                text.append(line).append(' ').append(tests).append(" |\n");
            } else if (line.startsWith("| No.")) {
                text.append(line).append(" Tests |\n");
            } else if (line.startsWith("| ---")) {
                text.append(line).append(" --- |\n");
            } else {
                text.append(line.startsWith("# ") ? "#" + line : line).append('\n');
            }
        }
        byRule.keySet().stream()
                .filter(it -> it.matches("R-\\d{3}") && !known.contains(it))
                .forEach(it -> faults.add("there is no requirement " + it + ": " + where(it)));
    }
}
