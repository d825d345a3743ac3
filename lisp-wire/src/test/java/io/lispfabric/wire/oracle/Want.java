package io.lispfabric.wire.oracle;

import io.lispfabric.lcaf.LispAddress;

/**
 * A field that tshark should name, and the value that we decoded.
 *
 * @param kind how tshark's value is to be compared with {@code value}
 * @param value a decimal number without a sign, hexadecimal digits, or a text
 */
record Want(String name, Kind kind, String value) {
    enum Kind {
        NUMBER,
        OCTETS,
        TEXT,
        IP,
        /** A heading: it has no value. */
        HEADING
    }

    boolean is(Seen seen) {
        return name.equals(seen.name())
                && switch (kind) {
                    case NUMBER -> value.equals(number(seen));
                    case OCTETS -> value.equals(seen.octets());
                    case TEXT -> value.equals(seen.shown());
                    case IP ->
                            LispAddress.Ip.parse(value).equals(LispAddress.Ip.parse(seen.shown()));
                    case HEADING -> true;
                };
    }

    private static String number(Seen seen) {
        var shown = seen.shown();
        return switch (shown) {
            case "True" -> "1"; // what tshark 4.2 began to say
            case "False" -> "0";
            default ->
                    // AFI 6 for a MAC address is AFI 16389 to us.
                    seen.name().endsWith(".afi") && shown.equals("6")
                            ? "16389"
                            : shown.startsWith("0x")
                                    ? Long.toUnsignedString(
                                            Long.parseUnsignedLong(shown.substring(2), 16))
                                    : shown;
        };
    }

    @Override
    public String toString() {
        return kind == Kind.HEADING ? name : name + " = " + value;
    }
}
