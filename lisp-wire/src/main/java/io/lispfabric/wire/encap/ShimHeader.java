package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * What may stand between a LISP-GPE header and the payload, made so that whoever does not know it
 * can pass over it (RFC 9305 §3).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |     Type      |    Length     |   Reserved    | Next Protocol |
 * ~                    Protocol-Specific Fields                   ~
 * </pre>
 */
public final class ShimHeader {
    /** Octets of the shortest one. */
    public static final int MIN_LENGTH = 4;

    private ShimHeader() {}

    /** Whether this next protocol is a shim's. */
    public static boolean isNext(int nextProtocol) {
        return nextProtocol >= NextProtocol.FIRST_SHIM;
    }

    /** Whether a shim lies whole before {@code end}. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        return end - at < MIN_LENGTH || length(in, at) > end - at
                ? HeaderCheck.TRUNCATED
                : HeaderCheck.FINE;
    }

    /** 8 bits, its sender's own. */
    public static int type(ByteBuffer in, int at) {
        return in.get(at) & 0xFF;
    }

    /** Octets of the whole shim; its field counts fours, and not the first. */
    public static int length(ByteBuffer in, int at) {
        return MIN_LENGTH + 4 * (in.get(at + 1) & 0xFF);
    }

    /** One of {@link NextProtocol}, or the next shim. */
    public static int nextProtocol(ByteBuffer in, int at) {
        return in.get(at + 3) & 0xFF;
    }
}
