package io.lispfabric.cli.demo;

import io.lispfabric.cli.Json;
import java.util.Locale;

/**
 * Something that was looked at in a scenario: whether it held, and what was measured.
 *
 * @param value a number as it was measured, or a word
 * @param unit of the value, such as {@code ms} or {@code packets}; empty for a word
 */
record Check(String name, boolean ok, Json value, String unit, String shown) {
    static Check count(String name, boolean ok, long value, String unit) {
        return new Check(name, ok, new Json.Raw(Long.toString(value)), unit, value + " " + unit);
    }

    static Check millis(String name, boolean ok, double value) {
        var text = String.format(Locale.ROOT, "%.2f", value);
        return new Check(name, ok, new Json.Raw(text), "ms", text + " ms");
    }

    static Check word(String name, boolean ok, String value) {
        return new Check(name, ok, Json.of(value), "", value);
    }

    Json json() {
        return Json.object().put("name", name).put("ok", ok).put("value", value).put("unit", unit);
    }
}
