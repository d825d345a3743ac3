package io.lispfabric.xtr.forward;

import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.xtr.core.Drop;
import io.lispfabric.xtr.core.EidKey;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What forwarding must know of a packet: who it is from, who it is for, and which flow it belongs
 * to. One object is filled again for every packet.
 */
final class InnerPacket {
    private static final Optional<Drop> MALFORMED = Optional.of(Drop.MALFORMED_PACKET);
    private static final Optional<Drop> UNKNOWN = Optional.of(Drop.UNKNOWN_PROTOCOL);
    private static final Optional<Drop> CHECKSUM = Optional.of(Drop.BAD_CHECKSUM);
    private static final Optional<Drop> FINE = Optional.empty();

    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;
    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;
    private static final int MAC_ADDRESSES = 12;
    private static final int ETHERNET_HEADER = 14;

    private final EidKey source = new EidKey();
    private final EidKey destination = new EidKey();
    private int nextProtocol;
    private int flow;

    EidKey source() {
        return source;
    }

    EidKey destination() {
        return destination;
    }

    /** One of {@link NextProtocol}. */
    int nextProtocol() {
        return nextProtocol;
    }

    /** The same for all packets of a flow (RFC 9300 §12). */
    int flow() {
        return flow;
    }

    /** Reads what remains in the buffer, which stays as it is; says why not, if so. */
    Optional<Drop> read(int iid, int protocol, ByteBuffer in) {
        nextProtocol = protocol;
        return switch (protocol) {
            case NextProtocol.IPV4 -> readIpv4(iid, in);
            case NextProtocol.IPV6 -> readIpv6(iid, in);
            case NextProtocol.ETHERNET -> readEthernet(iid, in);
            case NextProtocol.ACC_ID -> readAccId(iid, in);
            default -> UNKNOWN;
        };
    }

    private Optional<Drop> readIpv4(int iid, ByteBuffer in) {
        int at = in.position();
        if (in.remaining() < IPV4_HEADER || (in.get(at) & 0xF0) != 0x40) {
            return MALFORMED;
        }
        int header = (in.get(at) & 0xF) * 4;
        int total = in.getShort(at + 2) & 0xFFFF;
        if (header < IPV4_HEADER || total < header || total > in.remaining()) {
            return MALFORMED;
        }
        if (!isChecksumRight(in, at, header)) {
            return CHECKSUM;
        }
        source.ipv4(iid, in.getInt(at + 12));
        destination.ipv4(iid, in.getInt(at + 16));
        // Only a whole datagram has its ports in it.
        boolean whole = (in.getShort(at + 6) & 0x3FFF) == 0;
        flow = hash(in, in.get(at + 9) & 0xFF, whole ? at + header : -1, at + total);
        return FINE;
    }

    private static boolean isChecksumRight(ByteBuffer in, int at, int header) {
        int sum = 0;
        for (int i = 0; i < header; i += 2) {
            sum += in.getShort(at + i) & 0xFFFF;
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return (sum & 0xFFFF) + (sum >>> 16) == 0xFFFF;
    }

    private Optional<Drop> readIpv6(int iid, ByteBuffer in) {
        int at = in.position();
        if (in.remaining() < IPV6_HEADER || (in.get(at) & 0xF0) != 0x60) {
            return MALFORMED;
        }
        int payload = in.getShort(at + 4) & 0xFFFF;
        if (IPV6_HEADER + payload > in.remaining()) {
            return MALFORMED;
        }
        source.ipv6(iid, in.getLong(at + 8), in.getLong(at + 16));
        destination.ipv6(iid, in.getLong(at + 24), in.getLong(at + 32));
        flow = hash(in, in.get(at + 6) & 0xFF, at + IPV6_HEADER, at + IPV6_HEADER + payload);
        return FINE;
    }

    private Optional<Drop> readEthernet(int iid, ByteBuffer in) {
        int at = in.position();
        if (in.remaining() < ETHERNET_HEADER) {
            return MALFORMED;
        }
        destination.mac(iid, in.getLong(at) >>> 16);
        source.mac(iid, in.getLong(at + MAC_ADDRESSES - 8) & 0xFFFF_FFFF_FFFFL);
        flow = addresses();
        return FINE;
    }

    /** Destination and source as LISP addresses; the segment is not theirs to say. */
    private Optional<Drop> readAccId(int iid, ByteBuffer in) {
        try {
            var reader = new WireReader(in);
            if (!destination.set(iid, LispAddress.read(reader))
                    || !source.set(iid, LispAddress.read(reader))) {
                return MALFORMED;
            }
        } catch (MalformedException _) {
            return MALFORMED;
        }
        flow = addresses();
        return FINE;
    }

    private int addresses() {
        return source.hash() * 31 + destination.hash();
    }

    /** The 5-tuple, or the addresses alone where there are no ports (RFC 9300 §12). */
    private int hash(ByteBuffer in, int protocol, int ports, int end) {
        int hash = addresses() * 31 + protocol;
        boolean hasPorts =
                (protocol == TCP || protocol == UDP || protocol == SCTP)
                        && ports >= 0
                        && ports + 4 <= end;
        return hasPorts ? hash * 31 + in.getInt(ports) : hash;
    }

    /**
     * Counts the TTL or hop limit of a packet down by one, where it lies.
     *
     * @return false when it is used up; a protocol without one cannot be sent on
     */
    static boolean age(ByteBuffer packet, int at, int protocol) {
        if (protocol == NextProtocol.IPV4) {
            int ttl = packet.get(at + 8) & 0xFF;
            if (ttl <= 1) {
                return false;
            }
            packet.put(at + 8, (byte) (ttl - 1));
            // One less in the high octet of a word is 0x0100 more in the checksum (RFC 1624).
            int checksum = (packet.getShort(at + 10) & 0xFFFF) + 0x100;
            packet.putShort(at + 10, (short) (checksum + (checksum >>> 16)));
            return true;
        }
        if (protocol == NextProtocol.IPV6) {
            int hopLimit = packet.get(at + 7) & 0xFF;
            if (hopLimit <= 1) {
                return false;
            }
            packet.put(at + 7, (byte) (hopLimit - 1));
            return true;
        }
        return false;
    }
}
