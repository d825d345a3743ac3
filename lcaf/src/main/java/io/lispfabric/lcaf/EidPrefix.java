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
        NAME(8 * (MAX_NAME_LENGTH + 1)),
        /** (S,G) and (*,G): the group first, so that (*,G) is a prefix of every (S,G). */
        GROUP(8 + 128 + 128);

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
        boolean whole = address instanceof LispAddress.Name || address instanceof MulticastInfo;
        if (length < 0 || length > most || whole && length != most) {
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
     * Who sends to a group: a block of sources, but no block of groups. Everybody, and all stations
     * of an Ethernet, are groups too.
     *
     * @throws IllegalArgumentException when the two are not of one family: IPv4, IPv6 or MAC
     */
    public static EidPrefix group(AddressPrefix source, LispAddress group) {
        return of(
                new MulticastInfo(
                        InstanceId.DEFAULT,
                        source,
                        new AddressPrefix(group, AddressPrefix.width(group))));
    }

    /** All that send to a group: (*,G). */
    public static EidPrefix group(LispAddress group) {
        return group(new AddressPrefix(group, 0), group);
    }

    /**
     * Who sends to a group, from what {@link #bits} wrote.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static EidPrefix group(Bytes bits, int length) {
        int width = groupBits(bits.at(0)) / 2 - 4;
        return group(
                new AddressPrefix(address(bits, 1 + width / 8), length - 8 - width),
                address(bits, 1));
    }

    /**
     * An address of the family that the first octet says, from where it stands; zeros at its end.
     */
    private static LispAddress address(Bytes bits, int from) {
        int octets = groupBits(bits.at(0)) / 16;
        long high = 0;
        long low = 0;
        for (int i = 0; i < octets; i++) {
            long octet = from + i < bits.length() ? bits.at(from + i) : 0;
            high = high << 8 | (octets > 8 ? low >>> 56 : 0);
            low = low << 8 | octet;
        }
        return switch (octets) {
            case 4 -> new LispAddress.Ipv4((int) low);
            case 6 -> new LispAddress.Mac(low);
            default -> new LispAddress.Ipv6(high, low);
        };
    }

    /**
     * How many bits (S,G) has, a single source, by the first octet of them.
     *
     * @throws IllegalArgumentException when no group begins so
     */
    public static int groupBits(int first) {
        return switch (first) {
            case LispAddress.AFI_IPV4 -> 8 + 2 * 32;
            case LispAddress.AFI_IPV6 -> 8 + 2 * 128;
            case LispAddress.AFI_MAC & 0xFF -> 8 + 2 * 48;
            default -> throw new IllegalArgumentException("no group begins with " + first);
        };
    }

    /**
     * Reads {@code 10.0.0.0/16}, {@code 10.0.0.1}, {@code 2001:db8::/32}, {@code
     * mac:02:00:00:00:00:08}, {@code name:POD-D-AccID-7}; of groups {@code (10.0.0.1,239.1.1.1)},
     * {@code (*,239.1.1.1)} and {@code (*,mac:ff:ff:ff:ff:ff:ff)}.
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
        if (text.matches("\\([^,]+,[^,/]+\\)")) {
            var both = text.substring(1, text.length() - 1).split(",", 2);
            var group = parse(both[1]).address();
            if (both[0].equals("*")) {
                return group(group);
            }
            var source = parse(both[0]);
            return group(new AddressPrefix(source.address(), source.length()), group);
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
        return in.peekU8(ahead + text) == 0 ? 2 + text + 1 : -1;
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
            case MulticastInfo(_, var source, var group)
                    when hasGroups(group.address())
                            && group.maskLength() == AddressPrefix.width(group.address())
                            && source.address().afi() == group.address().afi() ->
                    8 + group.maskLength() + source.maskLength();
            default -> throw new IllegalArgumentException("cannot be an EID: " + address);
        };
    }

    private static boolean hasGroups(LispAddress address) {
        return address instanceof LispAddress.Ip || address instanceof LispAddress.Mac;
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
            case MulticastInfo _ -> Family.GROUP;
            default -> throw new IllegalStateException("checked when made: " + address);
        };
    }

    /** Whether the block is a single address. */
    public boolean isHost() {
        return length == fullLength(address);
    }

    /**
     * The EID mask-len of a record: what counts of the address that is not in the address itself. A
     * group's own length stands for (S,G), whose LCAF has all lengths (RFC 8060 §4.5).
     */
    public int maskLength() {
        return address instanceof MulticastInfo info ? info.group().maskLength() : length;
    }

    /** Whether every EID of {@code other} is in this block. */
    public boolean covers(EidPrefix other) {
        if (address instanceof MulticastInfo mine && other.address instanceof MulticastInfo its) {
            return mine.group().equals(its.group())
                    && length <= other.length
                    && masked(its.source().address(), mine.source().maskLength())
                            .equals(mine.source().address());
        }
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
            case MulticastInfo info -> {
                out.u8(info.group().address().afi() & 0xFF);
                info.group().address().writeBody(out);
                info.source().address().writeBody(out);
            }
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
            case MulticastInfo(_, var source, var group) ->
                    "(" + sources(source) + "," + of(group.address()).bare() + ")";
            default -> address + "/" + length;
        };
    }

    private static String sources(AddressPrefix source) {
        return source.maskLength() == 0
                ? "*"
                : new EidPrefix(source.address(), source.maskLength()).toString();
    }

    private String bare() {
        return address instanceof LispAddress.Ip ip ? ip.toString() : toString();
    }
}
