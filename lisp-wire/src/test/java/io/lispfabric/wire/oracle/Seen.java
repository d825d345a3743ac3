package io.lispfabric.wire.oracle;

/**
 * A field of a packet as tshark names it.
 *
 * @param shown the value as it is shown: a number, an address, a text
 * @param octets the value's octets in hexadecimal digits, without the bits beside a bit field
 */
record Seen(String name, String shown, String octets) {
    @Override
    public String toString() {
        return name + " = " + (shown.isEmpty() ? octets : shown);
    }
}
