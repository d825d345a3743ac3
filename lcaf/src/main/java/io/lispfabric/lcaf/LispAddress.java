package io.lispfabric.lcaf;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An address as LISP writes it: a 16-bit address family number and then octets whose count the
 * family decides (RFC 9301 §5.1), or the LISP Canonical Address Format, which nests (RFC 8060).
 */
public sealed interface LispAddress
        permits LispAddress.None,
                LispAddress.Ip,
                LispAddress.Mac,
                LispAddress.Mac64,
                LispAddress.Oui,
                LispAddress.As,
                LispAddress.Name,
                Lcaf {
    int AFI_NONE = 0;
    int AFI_IPV4 = 1;
    int AFI_IPV6 = 2;
    int AFI_802 = 6;
    int AFI_NAME = 17;
    int AFI_AS = 18;
    int AFI_LCAF = 16387;
    int AFI_MAC = 16389;
    int AFI_MAC64 = 16390;
    int AFI_OUI = 16391;

    /**
     * Nothing known nests deeper (RFC 8378 §7.3 needs two levels); RFC 8060 sets no limit, so we
     * do.
     */
    int MAX_NESTING = 4;

    /** The address family number this address is written with. */
    int afi();

    /** Writes what follows the address family number. */
    void writeBody(WireWriter out);

    /** Writes the address family number and the address. */
    default void write(WireWriter out) {
        out.u16(afi());
        writeBody(out);
    }

    /**
     * The IP address that anybody can send to, looked for inside those LCAFs too that only say
     * something about their address. It is not looked for where the sender must first do something
     * else: use a nonce, an encapsulation, a path, or be of an application.
     */
    default Optional<Ip> ip() {
        return Optional.empty();
    }

    /**
     * Reads an address family number and the address after it.
     *
     * @throws MalformedException when the octets are no address, or one of an unknown family
     */
    static LispAddress read(WireReader in) {
        int afi = in.as("AFI").u16();
        return switch (afi) {
            case AFI_NONE -> None.NONE;
            case AFI_IPV4 -> new Ipv4(in.as("IPv4 address").u32AsInt());
            case AFI_IPV6 -> new Ipv6(in.as("IPv6 address", 16).u64(), in.u64());
            // RFC 8060 §4.10.2 shows MAC addresses under AFI 6, the IANA registry has 16389 for
            // them: both mean the same EID.
            case AFI_802, AFI_MAC ->
                    new Mac(
                            (long) in.as("MAC address", 6).u16() << 32
                                    | in.u32AsInt() & 0xFFFF_FFFFL);
            case AFI_MAC64 -> new Mac64(in.as("64-bit MAC address").u64());
            case AFI_OUI -> new Oui(in.as("OUI", 3).u8() << 16 | in.u16());
            case AFI_AS -> new As(in.as("AS number").u32AsInt());
            case AFI_NAME -> Name.read(in);
            case AFI_LCAF -> Lcaf.read(in);
            default -> throw in.flaw(Flaw.UNKNOWN_AFI);
        };
    }

    /**
     * How many octets {@link #read} would read that begin {@code ahead} of the reader, AFI
     * included; nothing is read and no memory taken.
     *
     * @return -1 when they are no IP address
     */
    static int ipLengthAhead(WireReader in, int ahead) {
        return switch (in.peekU16(ahead)) {
            case AFI_IPV4 -> 6;
            case AFI_IPV6 -> 18;
            default -> -1;
        };
    }

    /** No address: AFI 0. */
    enum None implements LispAddress {
        NONE;

        @Override
        public int afi() {
            return AFI_NONE;
        }

        @Override
        public void writeBody(WireWriter out) {}

        @Override
        public String toString() {
            return "none";
        }
    }

    /** An address that packets can be sent to. */
    sealed interface Ip extends LispAddress {
        InetAddress toInetAddress();

        @Override
        default Optional<Ip> ip() {
            return Optional.of(this);
        }

        /**
         * Link-local multicast, broadcast, unspecified: what MUST NOT be a source or destination
         * RLOC (RFC 9301 §5.4).
         */
        default boolean isUnicast() {
            var inet = toInetAddress();
            return !inet.isMulticastAddress()
                    && !inet.isAnyLocalAddress()
                    && !(this instanceof Ipv4(int v) && v == -1);
        }

        static Ip of(InetAddress inet) {
            var octets = ByteBuffer.wrap(inet.getAddress());
            return octets.remaining() == 4
                    ? new Ipv4(octets.getInt())
                    : new Ipv6(octets.getLong(), octets.getLong());
        }

        /**
         * Reads {@code 192.0.2.1} or {@code 2001:db8::1}; never asks a name server.
         *
         * @throws IllegalArgumentException when the text is not an IP address
         */
        static Ip parse(String text) {
            // The JDK also reads 10.1 as 10.0.0.1, interface names, and ::ffff:192.0.2.1 as IPv4.
            if (!text.matches("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*")) {
                throw new IllegalArgumentException("not an IP address: '" + text + "'");
            }
            var ip = of(InetAddress.ofLiteral(text));
            return ip instanceof Ipv4(int value) && text.contains(":")
                    ? new Ipv6(0, 0xFFFF_0000_0000L | value & 0xFFFF_FFFFL)
                    : ip;
        }
    }

    /** An IPv4 address. */
    record Ipv4(int value) implements Ip {
        @Override
        public int afi() {
            return AFI_IPV4;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.u32(value);
        }

        @Override
        public InetAddress toInetAddress() {
            return inet(ByteBuffer.allocate(4).putInt(value).array());
        }

        @Override
        public boolean isUnicast() {
            return value != 0 && value != -1 && value >>> 28 != 0xE;
        }

        @Override
        public String toString() {
            return (value >>> 24)
                    + "."
                    + (value >>> 16 & 0xFF)
                    + "."
                    + (value >>> 8 & 0xFF)
                    + "."
                    + (value & 0xFF);
        }
    }

    /**
     * An IPv6 address. Addresses of one hash are easily made; their order keeps tables of them fast
     * all the same.
     */
    record Ipv6(long high, long low) implements Ip, Comparable<Ipv6> {
        @Override
        public int compareTo(Ipv6 other) {
            int byHigh = Long.compareUnsigned(high, other.high);
            return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
        }

        @Override
        public int afi() {
            return AFI_IPV6;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.u64(high).u64(low);
        }

        @Override
        public InetAddress toInetAddress() {
            return inet(ByteBuffer.allocate(16).putLong(high).putLong(low).array());
        }

        /**
         * The canonical text of RFC 5952: lower case, no leading zeros, the longest run of zero
         * groups as {@code ::}.
         */
        @Override
        public String toString() {
            var groups = new int[8];
            for (int i = 0; i < 8; i++) {
                groups[i] = (int) ((i < 4 ? high : low) >>> (48 - 16 * (i & 3))) & 0xFFFF;
            }
            int start = -1;
            int length = 1;
            for (int i = 0; i < 8; i++) {
                int end = i;
                while (end < 8 && groups[end] == 0) {
                    end++;
                }
                if (end - i > length) {
                    start = i;
                    length = end - i;
                }
            }
            var text = new StringBuilder();
            for (int i = 0; i < 8; i++) {
                if (i == start) {
                    text.append("::");
                    i += length - 1;
                } else {
                    if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                        text.append(':');
                    }
                    text.append(Integer.toHexString(groups[i]));
                }
            }
            return text.toString();
        }
    }

    private static InetAddress inet(byte[] octets) {
        try {
            return InetAddress.getByAddress(octets);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("4 or 16 octets are always an address", e);
        }
    }

    /** A 48-bit MAC address. */
    record Mac(long value) implements LispAddress {
        /**
         * @throws IllegalArgumentException when the value needs more than 48 bits
         */
        public Mac {
            if (value >>> 48 != 0) {
                throw new IllegalArgumentException(
                        "a MAC address has 48 bits: " + Long.toHexString(value));
            }
        }

        /**
         * Reads six pairs of hexadecimal digits with colons or hyphens between them.
         *
         * @throws IllegalArgumentException when the text is anything else
         */
        public static Mac parse(String text) {
            if (!text.matches("(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}")) {
                throw new IllegalArgumentException("not a MAC address: " + text);
            }
            return new Mac(Long.parseLong(text.replaceAll("[:-]", ""), 16));
        }

        @Override
        public int afi() {
            return AFI_MAC;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.u16((int) (value >>> 32)).u32((int) value);
        }

        @Override
        public String toString() {
            return String.format("%012x", value).replaceAll("(..)(?!$)", "$1:");
        }
    }

    /** A 64-bit MAC address, EUI-64. */
    record Mac64(long value) implements LispAddress {
        @Override
        public int afi() {
            return AFI_MAC64;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.u64(value);
        }

        @Override
        public String toString() {
            return String.format("%016x", value).replaceAll("(..)(?!$)", "$1:");
        }
    }

    /** An Organizationally Unique Identifier of the IEEE: the first 24 bits of a MAC address. */
    record Oui(int value) implements LispAddress {
        /**
         * @throws IllegalArgumentException when the value needs more than 24 bits
         */
        public Oui {
            if (value >>> 24 != 0) {
                throw new IllegalArgumentException(
                        "an OUI has 24 bits: " + Integer.toHexString(value));
            }
        }

        @Override
        public int afi() {
            return AFI_OUI;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.u8(value >>> 16).u16(value);
        }

        @Override
        public String toString() {
            return String.format("oui:%06x", value);
        }
    }

    /**
     * An autonomous system as an address.
     *
     * @param number 32 bits without a sign
     */
    record As(int number) implements LispAddress {
        @Override
        public int afi() {
            return AFI_AS;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.u32(number);
        }

        /** {@code as:4200000000}, the plain form of RFC 5396. */
        @Override
        public String toString() {
            return "as:" + Integer.toUnsignedString(number);
        }
    }

    /**
     * A distinguished name: printable ASCII, written with a NUL at its end, compared octet by octet
     * (RFC 9735).
     */
    record Name(String text) implements LispAddress {
        /**
         * What fits no 8-bit mask-len can still be a locator, but we see no use for longer ones.
         */
        public static final int MAX_LENGTH = 255;

        /**
         * @throws IllegalArgumentException when the name is empty, too long, or not printable ASCII
         */
        public Name {
            if (text.isEmpty() || text.length() > MAX_LENGTH) {
                throw new IllegalArgumentException(
                        "a distinguished name has 1 to " + MAX_LENGTH + " characters");
            }
            for (int i = 0; i < text.length(); i++) {
                if (!isPrintable(text.charAt(i))) {
                    throw new IllegalArgumentException(
                            "a distinguished name is printable ASCII: " + text);
                }
            }
        }

        private static Name read(WireReader in) {
            in.begin("Name");
            // No more than MAX_LENGTH characters are looked at or kept, whatever arrives.
            int length = 0;
            for (int octet = in.peekU8(0); octet != 0; octet = in.peekU8(length)) {
                if (!isPrintable(octet) || length == MAX_LENGTH) {
                    throw in.flaw(Flaw.BAD_NAME);
                }
                length++;
            }
            if (length == 0) {
                throw in.flaw(Flaw.BAD_NAME);
            }
            var text = in.ascii(length);
            in.skip(1);
            return in.end(new Name(text));
        }

        static boolean isPrintable(int character) {
            return character >= 0x20 && character < 0x7F;
        }

        @Override
        public int afi() {
            return AFI_NAME;
        }

        @Override
        public void writeBody(WireWriter out) {
            out.bytes(text.getBytes(StandardCharsets.US_ASCII)).u8(0);
        }

        @Override
        public String toString() {
            return "name:" + text;
        }
    }

    /**
     * An address in a segment (RFC 8060 §4.1). Where the address is {@link None} it is a range of
     * segments instead, of which the first {@code iidMaskLength} bits of 32 are fixed; the others
     * are cleared. With a real address the mask-len has no meaning.
     *
     * <pre>
     * |   Type = 2    | IID mask-len  |            Length             |
     * |                         Instance ID                           |
     * |              AFI = x          |         Address  ...          |
     * </pre>
     */
    record Instance(InstanceId iid, int iidMaskLength, LispAddress address) implements Lcaf {
        public static final int TYPE = 2;

        /**
         * @throws IllegalArgumentException when the mask-len is not 0 to 32, or an Instance ID
         *     stands in the address
         */
        public Instance {
            if (iidMaskLength < 0 || iidMaskLength > 32) {
                throw new IllegalArgumentException("an IID mask-len is 0 to 32: " + iidMaskLength);
            }
            Nesting.check(address);
            if (Nesting.holdsInstance(address)) {
                throw new IllegalArgumentException("an Instance ID inside an Instance ID");
            }
            if (address == None.NONE) {
                iid = new InstanceId((int) (iid.value() & -1L << 32 - iidMaskLength));
            }
        }

        static Instance read(WireReader in, int iidMaskLength) {
            in.enterInstance();
            var iid = InstanceId.read(in);
            var address = LispAddress.read(in);
            in.leaveInstance();
            // With a real address this octet says nothing; some send 32 there, we send 0 (RFC 8060
            // §4.1).
            int range = address == None.NONE ? iidMaskLength : 0;
            if (range > 32) {
                throw in.flaw(Flaw.BAD_MASK_LENGTH);
            }
            return new Instance(iid, range, address);
        }

        /** Whether this is a range of segments and no address in one. */
        public boolean isRange() {
            return address == None.NONE;
        }

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public int rsvd2() {
            return iidMaskLength;
        }

        @Override
        public List<LispAddress> inner() {
            return List.of(address);
        }

        @Override
        public void writeLcafBody(WireWriter out) {
            out.u32(iid.value());
            address.write(out);
        }

        @Override
        public Optional<Ip> ip() {
            return address.ip();
        }

        /** {@code [1]40.0.0.7}; a range as {@code [256/24]}. */
        @Override
        public String toString() {
            return isRange() ? "[" + iid + "/" + iidMaskLength + "]" : "[" + iid + "]" + address;
        }
    }

    /**
     * Several addresses of one thing, or an address and its attributes, in no order (RFC 8060
     * §4.10).
     */
    record AfiList(List<LispAddress> addresses) implements Lcaf {
        public static final int TYPE = 1;

        public AfiList {
            addresses = List.copyOf(addresses);
            Nesting.check(addresses);
        }

        static AfiList read(WireReader in) {
            // Elements that we do not recognise are kept as they came, and are nothing to us
            // (RFC 8060 §4.10.5).
            return new AfiList(in.listToEnd("Element", LispAddress::read));
        }

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public List<LispAddress> inner() {
            return addresses;
        }

        /** One element that is recognised is enough (RFC 8060 §4.10.5); none at all, also. */
        @Override
        public boolean isRecognised() {
            return addresses.isEmpty() || addresses.stream().anyMatch(Lcaf::isRecognised);
        }

        @Override
        public void writeLcafBody(WireWriter out) {
            addresses.forEach(address -> address.write(out));
        }

        @Override
        public Optional<Ip> ip() {
            for (var address : addresses) {
                var ip = address.ip();
                if (ip.isPresent()) {
                    return ip;
                }
            }
            return Optional.empty();
        }

        @Override
        public String toString() {
            return addresses.stream()
                    .map(Object::toString)
                    .collect(Collectors.joining(",", "{", "}"));
        }
    }

    /** What a vendor says in its own format, carried unread (RFC 9306 §4). */
    record Vendor(int oui, Bytes internal) implements Lcaf {
        public static final int TYPE = 255;

        /**
         * @throws IllegalArgumentException when the identifier needs more than 24 bits
         */
        public Vendor {
            if (oui >>> 24 != 0) {
                throw new IllegalArgumentException(
                        "an OUI has 24 bits: " + Integer.toHexString(oui));
            }
        }

        /**
         * Reads an OUI, such as {@code 02005e}.
         *
         * @throws IllegalArgumentException with a sentence for the operator
         */
        public static int oui(String text) {
            if (!text.matches("[0-9a-fA-F]{6}")) {
                throw new IllegalArgumentException(
                        "an OUI is 6 hexadecimal digits, not '" + text + "'");
            }
            return Integer.parseInt(text, 16);
        }

        static Vendor read(WireReader in) {
            if (in.remaining() < 4) {
                throw in.flaw(Flaw.BAD_LENGTH);
            }
            int oui = in.as("Rsvd3, OUI").u32AsInt() & 0xFF_FFFF; // Rsvd3 is ignored
            if (!in.vendors().understands(oui)) {
                throw in.flaw(Flaw.UNKNOWN_VENDOR);
            }
            return new Vendor(oui, in.as("Internal format").bytes(in.remaining()));
        }

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void writeLcafBody(WireWriter out) {
            out.u32(oui).bytes(internal);
        }

        @Override
        public String toString() {
            return String.format("vendor:%06x:%s", oui, internal);
        }
    }

    /** An LCAF type that we do not know: ignored as a locator, refused as an EID (RFC 9306 §3). */
    record Unrecognised(int type, int rsvd2, Bytes body) implements Lcaf {
        /**
         * @throws IllegalArgumentException when the type is one that we know, or no octet, or Rsvd2
         *     is none
         */
        public Unrecognised {
            if (type <= EncapsulationFormat.TYPE || type >= Vendor.TYPE) {
                throw new IllegalArgumentException("not an unknown LCAF type: " + type);
            }
            if (rsvd2 >>> 8 != 0) {
                throw new IllegalArgumentException("Rsvd2 is an octet: " + rsvd2);
            }
        }

        @Override
        public boolean isRecognised() {
            return false;
        }

        @Override
        public void writeLcafBody(WireWriter out) {
            out.bytes(body);
        }

        @Override
        public String toString() {
            return "lcaf-" + type + ":" + body;
        }
    }
}
