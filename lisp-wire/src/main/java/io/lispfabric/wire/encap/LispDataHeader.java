package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * The LISP header on UDP port 4341 (RFC 9300 §5.3), and LISP-GPE, which is the same with the P-bit
 * set (RFC 9305 §3).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |N|L|E|V|I|P|K|K|            Nonce/Map-Version                  |
 * |                 Instance ID/Locator-Status-Bits               |
 *
 * with P:
 * |N|L|E|V|I|P|K|K|            Reserved           | Next Protocol |
 * </pre>
 *
 * Accessors are to be asked only after {@link #check} has said {@link HeaderCheck#FINE}, and only
 * for what the flags say is there. What the flags say is not there is zero on transmission and
 * ignored on receipt.
 */
public final class LispDataHeader {
    public static final int LENGTH = 8;
    public static final int PORT = 4341;

    private static final int N = 0x80;
    private static final int L = 0x40;
    private static final int E = 0x20;
    private static final int V = 0x10;
    private static final int I = 0x08;
    private static final int P = 0x04;
    private static final int KK = 0x03;

    private LispDataHeader() {}

    /** Whether a header lies before {@code end}, and its payload can be read without a key. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        if (end - at < LENGTH) {
            return HeaderCheck.TRUNCATED;
        }
        return keyId(in, at) == 0 ? HeaderCheck.FINE : HeaderCheck.ENCRYPTED;
    }

    /** N: a nonce is present. With both N and V set the field is a nonce (RFC 9300 §5.3). */
    public static boolean hasNonce(ByteBuffer in, int at) {
        return (in.get(at) & (N | P)) == N;
    }

    /** The 24-bit nonce. */
    public static int nonce(ByteBuffer in, int at) {
        return in.getInt(at) & 0xFF_FFFF;
    }

    /** L: the Locator-Status-Bits say something. */
    public static boolean hasLocatorStatusBits(ByteBuffer in, int at) {
        return (in.get(at) & L) != 0;
    }

    /** 32 bits, or only the low 8 of them beside an Instance ID; bit 0 is the first locator. */
    public static int locatorStatusBits(ByteBuffer in, int at) {
        int word = in.getInt(at + 4);
        return hasInstanceId(in, at) ? word & 0xFF : word;
    }

    /** E: an echo of the nonce is wanted; without N it MUST be ignored (RFC 9300 §5.3). */
    public static boolean wantsEcho(ByteBuffer in, int at) {
        return (in.get(at) & (N | E | P)) == (N | E);
    }

    /** V: Map-Versions are present, which N and P overrule (RFC 9300 §5.3, RFC 9305 §3). */
    public static boolean hasMapVersions(ByteBuffer in, int at) {
        return (in.get(at) & (N | V | P)) == V;
    }

    /** 12 bits; 0 is no version (RFC 9302 §6.1). */
    public static int sourceMapVersion(ByteBuffer in, int at) {
        return in.getInt(at) >>> 12 & 0xFFF;
    }

    /** 12 bits. */
    public static int destinationMapVersion(ByteBuffer in, int at) {
        return in.getInt(at) & 0xFFF;
    }

    /** I: an Instance ID is present. */
    public static boolean hasInstanceId(ByteBuffer in, int at) {
        return (in.get(at) & I) != 0;
    }

    /** 24 bits; a header without one means the default segment, 0. */
    public static int instanceId(ByteBuffer in, int at) {
        return hasInstanceId(in, at) ? in.getInt(at + 4) >>> 8 : 0;
    }

    /** P: the payload is what {@link #nextProtocol} says; otherwise it is IP (RFC 9305 §3). */
    public static boolean hasNextProtocol(ByteBuffer in, int at) {
        return (in.get(at) & P) != 0;
    }

    /** One of {@link NextProtocol}. */
    public static int nextProtocol(ByteBuffer in, int at) {
        return in.get(at + 3) & 0xFF;
    }

    /**
     * What the payload is: the next protocol, or without P what the first four bits of an IP packet
     * say (RFC 9300 §5.3).
     *
     * @return one of {@link NextProtocol}, or 0 when it cannot be told
     */
    public static int payloadProtocol(ByteBuffer in, int at, int end) {
        return hasNextProtocol(in, at)
                ? nextProtocol(in, at)
                : NextProtocol.ofIpVersion(in, at + LENGTH, end);
    }

    /** KK: which key the payload is encrypted with; 0 is not at all (RFC 8061 §8). */
    public static int keyId(ByteBuffer in, int at) {
        return in.get(at) & KK;
    }

    /** A header without an Instance ID, for the default segment; the payload is IP. */
    public static void write(ByteBuffer out, int at) {
        out.putLong(at, 0);
    }

    /** A header with an Instance ID and nothing else; the payload is IP. */
    public static void write(ByteBuffer out, int at, int instanceId) {
        out.putInt(at, I << 24).putInt(at + 4, instanceId << 8);
    }

    /** A LISP-GPE header; only for receivers that are known to read the P-bit (RFC 9305 §5). */
    public static void writeGpe(ByteBuffer out, int at, int instanceId, int nextProtocol) {
        out.putInt(at, (I | P) << 24 | nextProtocol).putInt(at + 4, instanceId << 8);
    }

    /**
     * Adds a nonce to a header without P, in place of Map-Versions if there are any: the two MUST
     * NOT be sent together (RFC 9300 §5.3).
     *
     * @param nonce of which 24 bits are sent
     * @param wantsEcho E: the other side is to send it back (RFC 9300 §10.1)
     * @throws IllegalStateException when the header is one of LISP-GPE, which has no nonce
     */
    public static void setNonce(ByteBuffer out, int at, int nonce, boolean wantsEcho) {
        int flags = withoutP(out, at) & ~(N | E | V) | N | (wantsEcho ? E : 0);
        out.putInt(at, flags << 24 | nonce & 0xFF_FFFF);
    }

    /**
     * Adds Map-Versions to a header without P, in place of a nonce if there is one (RFC 9302 §5).
     *
     * @param source of which 12 bits are sent
     * @param destination of which 12 bits are sent
     * @throws IllegalStateException when the header is one of LISP-GPE, which has no versions
     */
    public static void setMapVersions(ByteBuffer out, int at, int source, int destination) {
        int flags = withoutP(out, at) & ~(N | E | V) | V;
        out.putInt(at, flags << 24 | (source & 0xFFF) << 12 | destination & 0xFFF);
    }

    /** Adds Locator-Status-Bits: 8 of them beside an Instance ID, otherwise 32. */
    public static void setLocatorStatusBits(ByteBuffer out, int at, int bits) {
        out.put(at, (byte) (out.get(at) | L));
        out.putInt(
                at + 4, hasInstanceId(out, at) ? out.getInt(at + 4) & ~0xFF | bits & 0xFF : bits);
    }

    private static int withoutP(ByteBuffer out, int at) {
        if (hasNextProtocol(out, at)) {
            throw new IllegalStateException("a LISP-GPE header has neither nonce nor versions");
        }
        return out.get(at) & 0xFF;
    }
}
