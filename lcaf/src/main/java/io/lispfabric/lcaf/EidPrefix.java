package io.lispfabric.lcaf;

import java.nio.charset.StandardCharsets;

/**
 * A block of EIDs: an address and how many of its leading bits count. Host bits are cleared when it
 * is made, so two prefixes are equal when they mean the same block.
 *
 * <p>A distinguished name's length counts its octets and the NUL (RFC 9735), so one name is never a
 * prefix of another.
 */
public record EidPrefix(LispAddress address, int length) {
    /** The longest name whose mask-len fits eight bits: 30 characters and a NUL. */
    public static final int MAX_NAME_LENGTH = 30;

    /** The kinds of address that can be an EID. Prefixes of different families never match. */
    public enum Family {
        IPV4(32),
        IPV6(128),
        MAC(48),
        NAME(8 * (MAX_NAME_LENGTH + 1));

        private final int bits;

        Family(int bits) {
            this.bits = bits;
        }

        /** The number of bits of a whole address; of a name, at most. */
        public int bits() {
            return bits;
        }
    }

    /**
     * @throws IllegalArgumentException when the address cannot be an EID, or the length does not
     *     fit it
     */
    public EidPrefix {
        int most = address instanceof LispAddress.Ipv4 ? 32 : fullLength(address);
        if (length < 0 || length > most || address instanceof LispAddress.Name && length != most) {
            throw new IllegalArgumentException(
                    "prefix length " + length + " does not fit " + address);
        }
        address = length == most ? address : masked(address, length);
    }

    /** The prefix that holds this one address. */
    public static EidPrefix of(LispAddress address) {
        return new EidPrefix(address, fullLength(address));
    }

    /**
     * Reads {@code 10.0.0.0/16}, {@code 10.0.0.1}, {@code 2001:db8::/32}, {@code
     * mac:02:00:00:00:00:08} or {@code name:POD-D-AccID-7}.
     *
     * @throws IllegalArgumentException with a sentence for the user, when the text is none of these
     */
    public static EidPrefix parse(String text) {
        if (text.startsWith("name:")) {
            return of(new LispAddress.Name(text.substring(5)));
        }
        if (text.startsWith("mac:")) {
            var parts = text.substring(4).split("/", 2);
            var mac = LispAddress.Mac.parse(parts[0]);
            return parts.length == 1 ? of(mac) : new EidPrefix(mac, length(parts[1], text));
        }
        var parts = text.split("/", 2);
        LispAddress ip;
        try {
            ip = LispAddress.Ip.parse(parts[0]);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "not an EID: '" + text + "' (an IP address or prefix, name:… or mac:…)", e);
        }
        return parts.length == 1 ? of(ip) : new EidPrefix(ip, length(parts[1], text));
    }

    private static int length(String digits, String text) {
        if (!digits.matches("\\d{1,3}")) {
            throw new IllegalArgumentException("not a prefix length: '" + digits + "' in " + text);
        }
        return Integer.parseInt(digits);
    }

    /** What {@link Eid#lengthAhead} says of an address without a segment. */
    static int lengthAhead(WireReader in, int ahead, int maskLength) {
        return switch (in.peekU16(ahead)) {
            case LispAddress.AFI_IPV4 -> maskLength <= 32 ? 6 : -1;
            case LispAddress.AFI_IPV6 -> maskLength <= 128 ? 18 : -1;
            case LispAddress.AFI_802, LispAddress.AFI_MAC -> maskLength <= 48 ? 8 : -1;
            case LispAddress.AFI_NAME -> nameAhead(in, ahead + 2, maskLength);
            default -> -1;
        };
    }

    private static int nameAhead(WireReader in, int ahead, int maskLength) {
        int text = maskLength / 8 - 1; // the NUL is counted too
        if (maskLength % 8 != 0 || text < 1 || in.remaining() < ahead + text + 1) {
            return -1;
        }
        for (int i = 0; i < text; i++) {
            if (!LispAddress.Name.isPrintable(in.peekU8(ahead + i))) {
                return -1;
            }
        }
        return in.peekU8(ahead + text) == 0 && text <= MAX_NAME_LENGTH ? 2 + text + 1 : -1;
    }

    private static int fullLength(LispAddress address) {
        return switch (address) {
            case LispAddress.Ipv4 _ -> 32;
            case LispAddress.Ipv6 _ -> 128;
            case LispAddress.Mac _ -> 48;
            case LispAddress.Name(var text) when text.length() <= MAX_NAME_LENGTH ->
                    8 * (text.length() + 1);
            case LispAddress.Name(var text) ->
                    throw new IllegalArgumentException(
                            "a name of more than "
                                    + MAX_NAME_LENGTH
                                    + " characters cannot be an EID: "
                                    + text);
            default -> throw new IllegalArgumentException("cannot be an EID: " + address);
        };
    }

    /** The address with its host bits cleared; the very same one when there are none. */
    static LispAddress masked(LispAddress address, int length) {
        return switch (address) {
            case LispAddress.Ipv4 ip -> masked(ip, length);
            case LispAddress.Ipv6 ip -> masked(ip, length);
            case LispAddress.Mac(var value) -> new LispAddress.Mac(value & leading(length) >>> 16);
            case LispAddress.Mac64(var value) -> new LispAddress.Mac64(value & leading(length));
            case LispAddress.Oui(var value) ->
                    new LispAddress.Oui((int) (value & leading(length) >>> 40));
            default -> address;
        };
    }

    private static LispAddress.Ipv4 masked(LispAddress.Ipv4 ip, int length) {
        int network = (int) (ip.value() & leading(length) >> 32);
        return network == ip.value() ? ip : new LispAddress.Ipv4(network);
    }

    private static LispAddress.Ipv6 masked(LispAddress.Ipv6 ip, int length) {
        long high = ip.high() & leading(length);
        long low = ip.low() & leading(length - 64);
        return high == ip.high() && low == ip.low() ? ip : new LispAddress.Ipv6(high, low);
    }

    /** A word whose first {@code bits} bits are set. */
    private static long leading(int bits) {
        return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
    }

    public Family family() {
        return switch (address) {
            case LispAddress.Ipv4 _ -> Family.IPV4;
            case LispAddress.Ipv6 _ -> Family.IPV6;
            case LispAddress.Mac _ -> Family.MAC;
            case LispAddress.Name _ -> Family.NAME;
            default -> throw new IllegalStateException("checked when made: " + address);
        };
    }

    /** Whether the block is a single address. */
    public boolean isHost() {
        return length == fullLength(address);
    }

    /** Whether every EID of {@code other} is in this block. */
    public boolean covers(EidPrefix other) {
        return length <= other.length
                && family() == other.family()
                && (family() == Family.NAME
                        ? address.equals(other.address)
                        : masked(other.address, length).equals(address));
    }

    /**
     * The bits that count, from the left, in as few octets as hold them; the spare bits of the last
     * octet are 0.
     */
    public Bytes bits() {
        var out = new WireWriter();
        switch (address) {
            case LispAddress.Name(var text) ->
                    out.bytes(text.getBytes(StandardCharsets.US_ASCII)).u8(0);
            default -> address.writeBody(out);
        }
        return new WireReader(out.toBuffer()).bytes((length + 7) / 8);
    }

    /**
     * {@code 10.0.0.0/16}, {@code mac:02:00:00:00:00:08}, {@code name:POD-D-AccID-7}: what {@link
     * #parse} reads.
     */
    @Override
    public String toString() {
        return switch (address) {
            case LispAddress.Name name -> name.toString();
            case LispAddress.Mac mac -> "mac:" + mac + (isHost() ? "" : "/" + length);
            default -> address + "/" + length;
        };
    }
}
