package io.lispfabric.lcaf;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * What JSON says, and perhaps an address (RFC 8060 §5.4; not registered with IANA). The JSON is
 * carried unread.
 *
 * <pre>
 * |   Type = 14   |    Rsvd2    |B|            Length             |
 * |           JSON length         | JSON binary/text encoding ... |
 * |              AFI = x          |       Optional Address ...    |
 * </pre>
 *
 * @param binary B: Universal Binary JSON, otherwise text
 * @param json at most 65535 octets
 * @param address {@link LispAddress.None} if there is none
 */
public record JsonDataModel(boolean binary, Bytes json, LispAddress address) implements Lcaf {
    public static final int TYPE = 14;

    private static final int B = 1;

    /**
     * @throws IllegalArgumentException when the length of the JSON needs more than 16 bits
     */
    public JsonDataModel {
        if (json.length() > 0xFFFF) {
            throw new IllegalArgumentException("too much JSON: " + json.length() + " octets");
        }
        Nesting.check(address);
    }

    /** JSON text without an address. */
    public static JsonDataModel text(String json) {
        return new JsonDataModel(false, Bytes.of(json.getBytes(StandardCharsets.UTF_8)), None.NONE);
    }

    static JsonDataModel read(WireReader in, int rsvd2) {
        int length = in.as("JSON length").u16();
        return new JsonDataModel(
                (rsvd2 & B) != 0, in.as("JSON").bytes(length), LispAddress.read(in));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public int rsvd2() {
        return binary ? B : 0;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u16(json.length()).bytes(json);
        address.write(out);
    }

    @Override
    public Optional<Ip> ip() {
        return address.ip();
    }

    /** {@code json({"a":1}, 192.0.2.1)}; what is not printable ASCII is escaped as JSON does it. */
    @Override
    public String toString() {
        return "json(" + (binary ? "binary " + json : printable()) + ", " + address + ")";
    }

    /** A stranger wrote this, and it may stand in a log: no control character gets through. */
    private String printable() {
        var text = new String(json.toArray(), StandardCharsets.UTF_8);
        var printable = new StringBuilder(text.length());
        for (char c : text.toCharArray()) {
            if (c >= 0x20 && c < 0x7F) {
                printable.append(c);
            } else {
                printable.append(String.format("\\u%04x", (int) c));
            }
        }
        return printable.toString();
    }
}
