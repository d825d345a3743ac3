package io.lispfabric.conformance.blackbox;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * An EID-Prefix, or a locator when its length is that of the address.
 *
 * @param iid the Instance ID; 0 goes without an LCAF
 * @param hex the address, in hexadecimal digits so that addresses compare
 */
record Address(int iid, int afi, String hex, int length) {
    static final int IPV4 = 1;
    static final int IPV6 = 2;
    static final int NAME = 17;
    static final int MAC = 16389;
    private static final int LCAF = 16387;

    /** {@code 10.0.0.0/24}, {@code [7]2001:db8::/48}; without a length it is a host. */
    static Address parse(String text) {
        int iid = 0;
        var rest = text;
        if (text.startsWith("[") && text.indexOf(']') > 1) {
            iid = Integer.parseInt(text.substring(1, text.indexOf(']')));
            rest = text.substring(text.indexOf(']') + 1);
        }
        var parts = rest.split("/", 2);
        // No name is looked up: an address has a colon or four numbers.
        if (!parts[0].contains(":") && !parts[0].matches("\\d+(\\.\\d+){3}")) {
            throw new IllegalArgumentException("'" + text + "' is no address");
        }
        try {
            var octets = InetAddress.getByName(parts[0]).getAddress();
            int length = parts.length == 2 ? Integer.parseInt(parts[1]) : 8 * octets.length;
            if (length < 0 || length > 8 * octets.length) {
                throw new IllegalArgumentException("'" + text + "' has a bad length");
            }
            return new Address(
                    iid,
                    octets.length == 4 ? IPV4 : IPV6,
                    HexFormat.of().formatHex(octets),
                    length);
        } catch (UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no address", e);
        }
    }

    /** A distinguished name, whose mask-len counts the zero octet (RFC 9735 §3). */
    static Address name(int iid, String name) {
        var octets = (name + "\0").getBytes(StandardCharsets.US_ASCII);
        return new Address(iid, NAME, HexFormat.of().formatHex(octets), 8 * octets.length);
    }

    static Address of(InetAddress address) {
        var octets = address.getAddress();
        return new Address(
                0,
                octets.length == 4 ? IPV4 : IPV6,
                HexFormat.of().formatHex(octets),
                8 * octets.length);
    }

    byte[] octets() {
        return HexFormat.of().parseHex(hex);
    }

    /** The address {@code offset} after this one's first, as a prefix of {@code length} bits. */
    Address plus(long offset, int length) {
        var octets = octets();
        long carry = offset;
        for (int i = octets.length - 1; i >= 0 && carry != 0; i--) {
            carry += octets[i] & 0xFF;
            octets[i] = (byte) carry;
            carry >>>= 8;
        }
        return new Address(iid, afi, HexFormat.of().formatHex(octets), length);
    }

    /** An address inside. */
    Address host(int offset) {
        return plus(offset, 8 * octets().length);
    }

    /** An EID inside: the second of a block of addresses, and else the EID itself. */
    Address within() {
        boolean block = (afi == IPV4 || afi == IPV6) && length < 8 * octets().length;
        return block ? host(1) : this;
    }

    Address in(int otherIid) {
        return new Address(otherIid, afi, hex, length);
    }

    boolean covers(Address other) {
        if (iid != other.iid || afi != other.afi || length > other.length) {
            return false;
        }
        var mine = octets();
        var theirs = other.octets();
        if (mine.length != theirs.length) {
            return false;
        }
        for (int bit = 0; bit < length; bit++) {
            if (((mine[bit / 8] ^ theirs[bit / 8]) >>> 7 - bit % 8 & 1) != 0) {
                return false;
            }
        }
        return true;
    }

    /** AFI and address, in an Instance ID LCAF where there is an Instance ID (RFC 8060 §4.1). */
    void write(Octets out, int iidMaskLength) {
        if (iid != 0) {
            out.u16(LCAF).u16(0).u8(2).u8(iidMaskLength).u16(4 + 2 + octets().length).u32(iid);
        }
        out.u16(afi).bytes(octets());
    }

    InetAddress inet() {
        try {
            return InetAddress.getByAddress(octets());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("no IP address: " + this, e);
        }
    }

    @Override
    public String toString() {
        var text = afi == IPV4 || afi == IPV6 ? inet().getHostAddress() : "AFI " + afi + " " + hex;
        return (iid == 0 ? "" : "[" + iid + "]") + text + "/" + length;
    }
}
