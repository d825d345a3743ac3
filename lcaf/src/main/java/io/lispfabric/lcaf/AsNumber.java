package io.lispfabric.lcaf;

import java.util.List;
import java.util.Optional;

/**
 * An address, and the autonomous system it is assigned to (RFC 8060 §4.2).
 *
 * <pre>
 * |                           AS Number                           |
 * |              AFI = x          |         Address  ...          |
 * </pre>
 *
 * @param asNumber 32 bits without a sign
 */
public record AsNumber(int asNumber, LispAddress address) implements Lcaf {
    public static final int TYPE = 3;

    public AsNumber {
        Nesting.check(address);
    }

    static AsNumber read(WireReader in) {
        return new AsNumber(in.as("AS number").u32AsInt(), LispAddress.read(in));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u32(asNumber);
        address.write(out);
    }

    @Override
    public Optional<Ip> ip() {
        return address.ip();
    }

    /** {@code as-number(64512, 192.0.2.1)}. */
    @Override
    public String toString() {
        return "as-number(" + Integer.toUnsignedString(asNumber) + ", " + address + ")";
    }
}
