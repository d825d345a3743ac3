package io.lispfabric.lcaf;

import java.util.List;

/**
 * An address that takes only packets with this nonce in their LISP header (RFC 8060 §5.3; not
 * registered with IANA). Who does not use the nonce is not let in, so {@link #ip} does not tell the
 * address.
 *
 * <pre>
 * |   Reserved    |                  Nonce                        |
 * |              AFI = x          |         Address  ...          |
 * </pre>
 *
 * @param nonce 24 bits
 */
public record NonceLocator(int nonce, LispAddress address) implements Lcaf {
    public static final int TYPE = 8;

    /**
     * @throws IllegalArgumentException when the nonce needs more than 24 bits
     */
    public NonceLocator {
        if (nonce >>> 24 != 0) {
            throw new IllegalArgumentException(
                    "a data-plane nonce has 24 bits: " + Integer.toHexString(nonce));
        }
        Nesting.check(address);
    }

    static NonceLocator read(WireReader in) {
        return new NonceLocator(
                in.as("Reserved, Nonce").u32AsInt() & 0xFF_FFFF, LispAddress.read(in));
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
        out.u32(nonce);
        address.write(out);
    }

    /** {@code nonce(00abcd, 192.0.2.1)}. */
    @Override
    public String toString() {
        return String.format("nonce(%06x, %s)", nonce, address);
    }
}
