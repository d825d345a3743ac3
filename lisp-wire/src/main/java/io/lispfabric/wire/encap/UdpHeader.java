package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * A UDP header (RFC 768). Its checksum also covers addresses of the IP header, so whoever asks for
 * it says where that is.
 *
 * <pre>
 * |          Source Port          |       Destination Port        |
 * |            Length             |           Checksum            |
 * </pre>
 */
public final class UdpHeader {
    public static final int LENGTH = 8;

    /** A checksum that was not computed (RFC 768, RFC 6935 §5). */
    public static final int NO_CHECKSUM = 0;

    private UdpHeader() {}

    /** Whether a header, and the datagram that it says it begins, lies whole before {@code end}. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        int length = length(in, at);
        if (length < LENGTH) {
            return HeaderCheck.BAD_LENGTH;
        }
        return length > end - at ? HeaderCheck.TRUNCATED : HeaderCheck.FINE;
    }

    /**
     * Whether the checksum is right, over a datagram that {@link #check} found whole.
     *
     * @param ip where the IP header is; its destination must be the final one, so no segments may
     *     be left (RFC 8200 §8.1)
     * @param zeroAllowed whether zero will do over IPv6: {@link UdpTunnel#takesZeroChecksum}; over
     *     IPv4 it always means that none was computed
     */
    public static HeaderCheck checkChecksum(ByteBuffer in, int ip, int at, boolean zeroAllowed) {
        boolean ipv6 = Ipv4Header.version(in, ip) == 6;
        if (checksum(in, at) == NO_CHECKSUM) {
            return ipv6 && !zeroAllowed ? HeaderCheck.ZERO_CHECKSUM : HeaderCheck.FINE;
        }
        int length = length(in, at);
        int pseudo =
                ipv6
                        ? pseudoHeader(
                                in,
                                ip,
                                length,
                                Ipv6Header.destinationHigh(in, ip),
                                Ipv6Header.destinationLow(in, ip))
                        : pseudoHeader(in, ip, length);
        return Checksum.sum(in, at, length, pseudo) == 0xFFFF
                ? HeaderCheck.FINE
                : HeaderCheck.BAD_CHECKSUM;
    }

    public static int sourcePort(ByteBuffer in, int at) {
        return in.getShort(at) & 0xFFFF;
    }

    public static int destinationPort(ByteBuffer in, int at) {
        return in.getShort(at + 2) & 0xFFFF;
    }

    /** Octets of header and payload. */
    public static int length(ByteBuffer in, int at) {
        return in.getShort(at + 4) & 0xFFFF;
    }

    /** 0 is {@link #NO_CHECKSUM}. */
    public static int checksum(ByteBuffer in, int at) {
        return in.getShort(at + 6) & 0xFFFF;
    }

    /** A header without a checksum. */
    public static void write(
            ByteBuffer out, int at, int sourcePort, int destinationPort, int payload) {
        out.putInt(at, sourcePort << 16 | destinationPort & 0xFFFF)
                .putInt(at + 4, LENGTH + payload << 16);
    }

    /**
     * Puts the checksum into a datagram that is otherwise finished.
     *
     * @param ip where the IP header is, whose destination is where the datagram ends
     */
    public static void seal(ByteBuffer out, int ip, int at) {
        if (Ipv4Header.version(out, ip) == 6) {
            seal(
                    out,
                    ip,
                    at,
                    Ipv6Header.destinationHigh(out, ip),
                    Ipv6Header.destinationLow(out, ip));
        } else {
            putChecksum(out, at, pseudoHeader(out, ip, length(out, at)));
        }
    }

    /**
     * Puts the checksum into a datagram whose IPv6 destination is on its way to another one: the
     * last segment, or the last uSID alone (RFC 8200 §8.1).
     */
    public static void seal(
            ByteBuffer out, int ip, int at, long destinationHigh, long destinationLow) {
        putChecksum(
                out, at, pseudoHeader(out, ip, length(out, at), destinationHigh, destinationLow));
    }

    private static void putChecksum(ByteBuffer out, int at, int pseudo) {
        out.putShort(at + 6, (short) 0);
        int checksum = Checksum.of(Checksum.sum(out, at, length(out, at), pseudo));
        // RFC 768: a computed zero is sent as all ones, which is the same number.
        out.putShort(at + 6, (short) (checksum == NO_CHECKSUM ? 0xFFFF : checksum));
    }

    private static int pseudoHeader(ByteBuffer in, int ip, int length) {
        return Checksum.pseudoHeader(
                Ipv4Header.source(in, ip), Ipv4Header.destination(in, ip), Ipv6Header.UDP, length);
    }

    private static int pseudoHeader(
            ByteBuffer in, int ip, int length, long destinationHigh, long destinationLow) {
        return Checksum.pseudoHeader(
                Ipv6Header.sourceHigh(in, ip),
                Ipv6Header.sourceLow(in, ip),
                destinationHigh,
                destinationLow,
                Ipv6Header.UDP,
                length);
    }
}
