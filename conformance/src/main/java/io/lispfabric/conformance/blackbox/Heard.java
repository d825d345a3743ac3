package io.lispfabric.conformance.blackbox;

import java.net.InetSocketAddress;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What the peer sent, read field by field.
 *
 * @param at {@link System#nanoTime()}
 * @param port the local UDP port that it came to
 * @param word the first 32 bits
 * @param rest octets after the last record
 * @param inner of an ECM, the message inside
 * @param unreadable why the rest could not be read
 */
record Heard(
        byte[] octets,
        InetSocketAddress source,
        int port,
        long at,
        int word,
        long nonce,
        List<Mapping> records,
        byte[] rest,
        Optional<Heard> inner,
        Optional<String> unreadable) {
    static final int REQUEST = 1;
    static final int REPLY = 2;
    static final int REGISTER = 3;
    static final int NOTIFY = 4;
    static final int ACK = 5;
    static final int ECM = 8;

    /** An EID-record (RFC 9301 §5.4). */
    record Mapping(
            Address eid, int ttl, int action, boolean authoritative, List<Locator> locators) {
        List<String> addresses() {
            return locators.stream().map(it -> it.address().inet().getHostAddress()).toList();
        }
    }

    /** A locator-record. */
    record Locator(Address address, int priority, int weight, int flags) {}

    int type() {
        return word >>> 28;
    }

    /** For messages with authentication: the fields before the data. */
    int keyId() {
        return octets.length > 12 ? octets[12] & 0xFF : -1;
    }

    int algorithm() {
        return octets.length > 13 ? octets[13] & 0xFF : -1;
    }

    static Heard of(byte[] octets, InetSocketAddress source, int port, long at) {
        var in = ByteBuffer.wrap(octets);
        var records = new ArrayList<Mapping>();
        int word = 0;
        long nonce = 0;
        try {
            word = in.getInt();
            switch (word >>> 28) {
                case ECM -> {
                    in.position(4 + authenticationData(octets, word));
                    var inner = inner(in, source, port, at);
                    return new Heard(
                            octets,
                            source,
                            port,
                            at,
                            word,
                            inner.nonce(),
                            List.of(),
                            new byte[0],
                            Optional.of(inner),
                            inner.unreadable());
                }
                case REQUEST -> nonce = in.getLong();
                case REPLY -> {
                    nonce = in.getLong();
                    records(in, word & 0xFF, records);
                }
                case REGISTER, NOTIFY, ACK -> {
                    nonce = in.getLong();
                    in.getShort();
                    int length = in.getShort() & 0xFFFF;
                    if (length > in.remaining()) {
                        throw new BufferUnderflowException();
                    }
                    in.position(in.position() + length);
                    records(in, word & 0xFF, records);
                }
                default -> nonce = in.getLong();
            }
        } catch (BufferUnderflowException
                | IndexOutOfBoundsException
                | IllegalArgumentException e) {
            return new Heard(
                    octets,
                    source,
                    port,
                    at,
                    word,
                    nonce,
                    List.copyOf(records),
                    new byte[0],
                    Optional.empty(),
                    Optional.of(
                            e instanceof BufferUnderflowException
                                            || e instanceof IndexOutOfBoundsException
                                    ? "it ends early"
                                    : String.valueOf(e.getMessage())));
        }
        return new Heard(
                octets,
                source,
                port,
                at,
                word,
                nonce,
                List.copyOf(records),
                Arrays.copyOfRange(octets, in.position(), octets.length),
                Optional.empty(),
                Optional.empty());
    }

    /** Octets of LISP-SEC's part of an ECM (RFC 9303 §6.1); 0 when the S-bit is not set. */
    static int authenticationData(byte[] ecm, int word) {
        if ((word & 0x0800_0000) == 0) {
            return 0;
        }
        int otk = ByteBuffer.wrap(ecm).getShort(8) & 0xFFFF;
        int eid = ByteBuffer.wrap(ecm).getShort(12 + otk) & 0xFFFF;
        return 8 + otk + eid;
    }

    private static Heard inner(ByteBuffer in, InetSocketAddress source, int port, long at) {
        int version = in.get(in.position()) >>> 4 & 0xF;
        int header = version == 4 ? (in.get(in.position()) & 0xF) * 4 : 40;
        if (version != 4 && version != 6 || header < 20) {
            throw new IllegalArgumentException("an inner packet of IP version " + version);
        }
        if (in.remaining() < header + 8) {
            throw new BufferUnderflowException();
        }
        in.position(in.position() + header + 8);
        var message = new byte[in.remaining()];
        in.get(message);
        if (message.length > 0 && message[0] >>> 4 == ECM) {
            throw new IllegalArgumentException("an ECM in an ECM");
        }
        return of(message, source, port, at);
    }

    private static void records(ByteBuffer in, int count, List<Mapping> records) {
        for (int i = 0; i < count; i++) {
            int ttl = in.getInt();
            int locators = in.get() & 0xFF;
            int length = in.get() & 0xFF;
            int flags = in.getShort();
            in.getShort();
            var eid = address(in, length);
            var set = new ArrayList<Locator>();
            for (int j = 0; j < locators; j++) {
                int priority = in.get() & 0xFF;
                int weight = in.get() & 0xFF;
                in.getShort();
                int bits = in.getShort() & 0xFFFF;
                set.add(new Locator(address(in, -1), priority, weight, bits));
            }
            records.add(
                    new Mapping(
                            eid, ttl, flags >>> 13 & 7, (flags & 0x1000) != 0, List.copyOf(set)));
        }
    }

    /** An address; a length of -1 is that of the address itself. */
    static Address address(ByteBuffer in, int length) {
        int afi = in.getShort() & 0xFFFF;
        if (afi == 16387) {
            in.getShort();
            int type = in.get() & 0xFF;
            in.get();
            int octets = in.getShort() & 0xFFFF;
            if (type != 2 || octets < 6) {
                throw new IllegalArgumentException("an LCAF of type " + type);
            }
            int iid = in.getInt();
            return address(in, length).in(iid);
        }
        int octets =
                switch (afi) {
                    case 0 -> 0;
                    case Address.IPV4 -> 4;
                    case Address.IPV6 -> 16;
                    case 16389 -> 6;
                    case 17 -> name(in);
                    default -> throw new IllegalArgumentException("an address of AFI " + afi);
                };
        var address = new byte[octets];
        in.get(address);
        return new Address(
                0, afi, HexFormat.of().formatHex(address), length < 0 ? 8 * octets : length);
    }

    private static int name(ByteBuffer in) {
        int length = 0;
        while (in.get(in.position() + length) != 0) {
            length++;
            if (length >= in.remaining()) {
                throw new BufferUnderflowException();
            }
        }
        return length + 1;
    }

    /** One line for the report. */
    @Override
    public String toString() {
        var name =
                switch (type()) {
                    case REQUEST -> "Map-Request";
                    case REPLY -> "Map-Reply";
                    case REGISTER -> "Map-Register";
                    case NOTIFY -> "Map-Notify";
                    case ACK -> "Map-Notify-Ack";
                    case ECM -> "ECM with " + inner.map(Heard::toString).orElse("nothing");
                    default -> "type " + type();
                };
        var text = new StringBuilder(name);
        text.append(String.format(" nonce %016x", nonce));
        for (var record : records) {
            text.append(", ").append(record.eid()).append(" ttl ").append(record.ttl());
            text.append(
                    record.locators().isEmpty()
                            ? " action " + record.action()
                            : " to " + record.addresses());
        }
        unreadable.ifPresent(it -> text.append(", unreadable: ").append(it));
        return text.toString();
    }
}
