package io.lispfabric.wire.oracle;

import java.util.Arrays;
import java.util.stream.Collectors;

/** {@code docs/wireshark.md}, made from {@link Gap}. */
final class GapDocument {
    private static final String HEAD =
            """
            # Wireshark and LISP

            Every kind of packet that this project reads or writes also goes through tshark 4.0, which Debian 12 has: the
            build compares each field that tshark names with what our decoder says. Packets from other products and from
            diagrams are among them. Where the two agree, a capture shows what is in the packet. Where they do not, the packet
            is right and the list below says what tshark makes of it; `lispctl decode` shows all of these fields.

            "Unexpected", "Unknown", "Illegal", "Malformed" and "Not dissected yet" are tshark's words, in expert information
            or in the place of a field. MACs are not checked by tshark, nor are LISP-SEC data.

            This file is made from the list of gaps in the test itself (`TsharkTest`, module `lisp-wire`), where every gap is
            shown by a packet: one that goes away fails the test, as does a new one.

            | Where | Rule | What tshark shows |
            | --- | --- | --- |
            """;

    private GapDocument() {}

    static String text() {
        return HEAD
                + Arrays.stream(Gap.values())
                        .map(gap ->
                                "| "
                                        + gap.where()
                                        + " | "
                                        + rule(gap.rule())
                                        + " | "
                                        + gap.what()
                                        + " |\n")
                        .collect(Collectors.joining());
    }

    private static String rule(String rule) {
        return rule.replaceAll("\\b(\\d{4} §)", "RFC $1");
    }
}
