package io.lispfabric.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collector;

/**
 * JSON as values, in the manner of proto3 JSON: names in camelCase, 64-bit numbers as text, every
 * field present. A library would take longer to load than the commands that print it take to run.
 */
public sealed interface Json {
    /** Appends the value, as far in as its depth says. */
    void print(StringBuilder out, String indent);

    /** One field after another, in the order they were put. */
    final class Obj implements Json {
        private final Map<String, Json> fields = new LinkedHashMap<>();

        private Obj() {}

        public Obj put(String name, Json value) {
            fields.put(name, value);
            return this;
        }

        public Obj put(String name, String value) {
            return put(name, of(value));
        }

        public Obj put(String name, boolean value) {
            return put(name, new Raw(Boolean.toString(value)));
        }

        /**
         * A number of at most 32 bits, signed or not: longer ones are put as text.
         *
         * @throws IllegalArgumentException when it has more
         */
        public Obj put(String name, long value) {
            if (value < Integer.MIN_VALUE || value >>> 32 > 0 && value > 0) {
                throw new IllegalArgumentException(name + " needs more than 32 bits: " + value);
            }
            return put(name, new Raw(Long.toString(value)));
        }

        /**
         * A measured number.
         *
         * @throws IllegalArgumentException when it is none
         */
        public Obj put(String name, double value) {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("JSON has no " + value);
            }
            return put(name, new Raw(Double.toString(value)));
        }

        @Override
        public void print(StringBuilder out, String indent) {
            if (fields.isEmpty()) {
                out.append("{}");
                return;
            }
            var inner = indent + "  ";
            var before = "{\n";
            for (var field : fields.entrySet()) {
                out.append(before).append(inner);
                quote(out, field.getKey());
                out.append(": ");
                field.getValue().print(out, inner);
                before = ",\n";
            }
            out.append('\n').append(indent).append('}');
        }
    }

    /** A list. */
    record Array(List<Json> values) implements Json {
        public Array {
            values = List.copyOf(values);
        }

        @Override
        public void print(StringBuilder out, String indent) {
            if (values.isEmpty()) {
                out.append("[]");
                return;
            }
            var inner = indent + "  ";
            var before = "[\n";
            for (var value : values) {
                out.append(before).append(inner);
                value.print(out, inner);
                before = ",\n";
            }
            out.append('\n').append(indent).append(']');
        }
    }

    /** A value that is already JSON. */
    record Raw(String text) implements Json {
        @Override
        public void print(StringBuilder out, String indent) {
            out.append(text);
        }
    }

    /** Text. */
    record Text(String value) implements Json {
        @Override
        public void print(StringBuilder out, String indent) {
            quote(out, value);
        }
    }

    static Obj object() {
        return new Obj();
    }

    static Json of(String value) {
        return new Text(value);
    }

    /** Collects values into a list. */
    static Collector<Json, ?, Array> toArray() {
        return Collector.of(
                ArrayList<Json>::new,
                List::add,
                (a, b) -> {
                    a.addAll(b);
                    return a;
                },
                Array::new);
    }

    /** The value over several lines, without a line feed at its end. */
    default String pretty() {
        var out = new StringBuilder();
        print(out, "");
        return out.toString();
    }

    /** The value on one line. Line feeds inside of texts are escaped, so all others are ours. */
    default String line() {
        return pretty().replaceAll("\n *", " ");
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20 || c == 0x7F || Character.isSurrogate(c)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
