package io.lispfabric.conformance.blackbox;

import java.time.Duration;
import java.util.List;

/**
 * What came out of one case.
 *
 * @param detail why it failed or was skipped; empty when it passed
 * @param steps what was sent, expected and received, in the order in which it happened
 */
public record Result(
        Case test, Verdict verdict, String detail, List<Step> steps, Duration duration) {
    public enum Verdict {
        PASS,
        FAIL,
        SKIP
    }

    /**
     * @param kind sent, expected or received
     * @param text in words
     * @param octets in hexadecimal digits; empty for what was expected
     */
    public record Step(String kind, String text, String octets) {}

    public Result {
        steps = List.copyOf(steps);
    }
}
