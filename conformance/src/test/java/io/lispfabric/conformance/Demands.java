package io.lispfabric.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The sentences of one RFC that demand something, a row of {@code docs/compliance/musts/*.md} each,
 * and how each is kept.
 */
final class Demands {
    /** The words of RFC 2119 that demand, in the order in which they are counted. */
    static final List<String> LEVELS =
            List.of(
                    "MUST",
                    "MUST NOT",
                    "REQUIRED",
                    "SHALL",
                    "SHALL NOT",
                    "SHOULD",
                    "SHOULD NOT",
                    "RECOMMENDED",
                    "NOT RECOMMENDED");

    /** For a document whose sentences nobody has listed. */
    static final Demands NONE = new Demands(List.of());

    /** Bars that belong to a cell are written as {@code \|}. */
    private static final Pattern BAR = Pattern.compile("(?<!\\\\)\\|");

    private static final Pattern NAMED = Pattern.compile("`([^`]+)`");
    private static final Pattern TEST = Pattern.compile("[A-Z]\\w*Test#\\w+");
    private static final Pattern CASE = Pattern.compile("[a-z]+(?:\\.[a-z0-9-]+)+");

    private final List<Demand> demands;

    private Demands(List<Demand> demands) {
        this.demands = demands;
    }

    /**
     * One row.
     *
     * @param row where it stands, for whoever has to mend it
     * @param binds who has to keep it
     * @param kept tests and cases in backticks, with a remark or none; or why there is none
     */
    record Demand(
            String row, String section, String level, String sentence, String binds, String kept) {
        /** It binds those who run a network, or programs of other kinds than ours. */
        boolean isNotOurs() {
            return kept.startsWith("not ours: ");
        }

        /** It is not kept, or nothing shows that it is. */
        boolean isOpen() {
            return kept.startsWith("no: ");
        }

        boolean hasTest() {
            return !isNotOurs() && !isOpen();
        }

        List<String> named() {
            return NAMED.matcher(kept).results().map(it -> it.group(1)).toList();
        }
    }

    /** The rows of the tables of a file; none where there is no file. */
    static Demands in(Path file) throws IOException {
        var demands = new ArrayList<Demand>();
        var lines = Files.exists(file) ? Files.readAllLines(file) : List.<String>of();
        for (int i = 0; i < lines.size(); i++) {
            var cells = Arrays.stream(BAR.split(lines.get(i))).map(String::strip).toList();
            if (cells.size() != 6 || cells.get(1).equals("§") || cells.get(1).startsWith("---")) {
                if (cells.size() > 1 && cells.size() != 6) {
                    throw new IOException(file + ":" + (i + 1) + " does not have five columns");
                }
                continue;
            }
            demands.add(
                    new Demand(
                            file.getFileName() + ":" + (i + 1),
                            cells.get(1),
                            cells.get(2),
                            cells.get(3),
                            cells.get(4),
                            cells.get(5)));
        }
        return new Demands(List.copyOf(demands));
    }

    boolean isEmpty() {
        return demands.isEmpty();
    }

    /** How many have a test, of those that are ours to keep. */
    String tested() {
        return isEmpty()
                ? ""
                : demands.stream().filter(Demand::hasTest).count()
                        + " of "
                        + demands.stream().filter(it -> !it.isNotOurs()).count();
    }

    /**
     * What is wrong with the rows, in words.
     *
     * @param tests {@code Class#method} of every test
     * @param cases the ids of the black-box cases
     * @param sections of the document
     */
    List<String> faults(Set<String> tests, Set<String> cases, Set<String> sections) {
        var faults = new ArrayList<String>();
        for (var demand : demands) {
            var at = demand.row() + ": ";
            if (!LEVELS.contains(demand.level())) {
                faults.add(at + demand.level() + " is none of " + LEVELS);
            } else if (!demand.sentence().contains(demand.level())) {
                faults.add(at + "the sentence has no " + demand.level());
            }
            if (!sections.contains(demand.section())) {
                faults.add(at + "docs/compliance has no section " + demand.section());
            }
            if (demand.binds().isEmpty()) {
                faults.add(at + "it binds nobody");
            }
            for (var name : demand.named()) {
                if (TEST.matcher(name).matches() && !tests.contains(name)) {
                    faults.add(at + "there is no test " + name);
                } else if (demand.hasTest()
                        && !TEST.matcher(name).matches()
                        && !cases.contains(name)) {
                    faults.add(at + "there is no case " + name);
                }
            }
            if (demand.hasTest() && demand.named().isEmpty()) {
                faults.add(at + "it names no test, nor does it say \"no: \" or \"not ours: \"");
            }
        }
        return faults;
    }

    /** The counts by level, and all rows. */
    String text(Map<String, String> fileOfTest) {
        var text = new StringBuilder();
        text.append("| Level | Sentences | With a test | Without | Not ours |\n");
        text.append("| --- | --- | --- | --- | --- |\n");
        for (var level : LEVELS) {
            var those = demands.stream().filter(it -> it.level().equals(level)).toList();
            if (!those.isEmpty()) {
                text.append(
                        String.format(
                                "| %s | %d | %d | %d | %d |%n",
                                level,
                                those.size(),
                                those.stream().filter(Demand::hasTest).count(),
                                those.stream().filter(Demand::isOpen).count(),
                                those.stream().filter(Demand::isNotOurs).count()));
            }
        }
        text.append("\n| § | Level | Sentence | Binds | Kept by |\n");
        text.append("| --- | --- | --- | --- | --- |\n");
        for (var it : demands) {
            text.append("| ")
                    .append(
                            String.join(
                                    " | ",
                                    it.section(),
                                    it.level(),
                                    it.sentence(),
                                    it.binds(),
                                    linked(it.kept(), fileOfTest)))
                    .append(" |\n");
        }
        return text.append('\n').toString();
    }

    /** Tests by their sentences, with links; cases with a link to what the suite is. */
    private static String linked(String kept, Map<String, String> fileOfTest) {
        return NAMED.matcher(kept)
                .replaceAll(match -> {
                    var name = match.group(1);
                    if (fileOfTest.containsKey(name)) {
                        return "[" + name.replace('#', ' ') + "](../" + fileOfTest.get(name) + ")";
                    }
                    return CASE.matcher(name).matches() && !kept.startsWith("no")
                            ? "[" + name + "](conformance.md)"
                            : "`" + name + "`";
                });
    }
}
