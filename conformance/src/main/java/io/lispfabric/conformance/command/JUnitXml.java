package io.lispfabric.conformance.command;

import io.lispfabric.conformance.blackbox.Result;
import io.lispfabric.conformance.blackbox.Result.Verdict;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Results as build servers read them: one test suite, a test case for each. */
final class JUnitXml {
    private JUnitXml() {}

    static String of(String peer, List<Result> results, Duration took) {
        var out = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.append(
                String.format(
                        Locale.ROOT,
                        "<testsuite name=\"lispctl conform %s\" tests=\"%d\" failures=\"%d\""
                                + " errors=\"0\" skipped=\"%d\" time=\"%.3f\">\n",
                        escaped(peer),
                        results.size(),
                        count(results, Verdict.FAIL),
                        count(results, Verdict.SKIP),
                        took.toMillis() / 1000.0));
        for (var result : results) {
            out.append(
                    String.format(
                            Locale.ROOT,
                            "  <testcase classname=\"RFC %s\" name=\"%s\" time=\"%.3f\"",
                            escaped(result.test().rfc()),
                            escaped(result.test().id()),
                            result.duration().toMillis() / 1000.0));
            out.append(
                    switch (result.verdict()) {
                        case PASS -> "/>\n";
                        case SKIP ->
                                ">\n    <skipped message=\""
                                        + escaped(result.detail())
                                        + "\"/>\n  </testcase>\n";
                        case FAIL ->
                                ">\n    <failure message=\""
                                        + escaped(result.detail())
                                        + "\">"
                                        + escaped(steps(result))
                                        + "</failure>\n  </testcase>\n";
                    });
        }
        return out.append("</testsuite>\n").toString();
    }

    private static long count(List<Result> results, Verdict verdict) {
        return results.stream().filter(it -> it.verdict() == verdict).count();
    }

    private static String steps(Result result) {
        return result.test().text()
                + "\n"
                + result.steps().stream()
                        .map(it -> it.kind() + ": " + it.text() + " " + it.octets())
                        .collect(Collectors.joining("\n"));
    }

    /** Without what XML 1.0 has no way to write. */
    private static String escaped(String text) {
        return text.replaceAll("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ufffe\\uffff]", "?")
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
