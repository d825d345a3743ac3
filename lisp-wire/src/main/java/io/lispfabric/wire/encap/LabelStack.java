package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * MPLS labels one after another, the one that is acted on first, up to the entry that says it is
 * the bottom (RFC 3032 §2.1).
 */
public final class LabelStack {
    /** More labels than this have no use here, and a stranger must not choose how long we look. */
    public static final int MAX_DEPTH = 16;

    private LabelStack() {}

    /** Whether a whole stack lies before {@code end}, of labels that may stand where they do. */
    public static HeaderCheck check(ByteBuffer in, int at, int end) {
        int entry = at;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            if (end - entry < LabelStackEntry.LENGTH) {
                return HeaderCheck.TRUNCATED;
            }
            boolean bottom = LabelStackEntry.isBottom(in, entry);
            int label = LabelStackEntry.label(in, entry);
            // RFC 3032 §2.1: implicit null never appears on the wire, and a router alert not at
            // the bottom. (Explicit nulls may stand anywhere since RFC 4182.)
            if (label == LabelStackEntry.IMPLICIT_NULL
                    || bottom && label == LabelStackEntry.ROUTER_ALERT) {
                return HeaderCheck.BAD_LABEL;
            }
            if (bottom) {
                return HeaderCheck.FINE;
            }
            entry += LabelStackEntry.LENGTH;
        }
        return HeaderCheck.STACK_TOO_DEEP;
    }

    /** Entries of a stack that {@link #check} found good. */
    public static int depth(ByteBuffer in, int at) {
        int depth = 1;
        while (!LabelStackEntry.isBottom(in, at + (depth - 1) * LabelStackEntry.LENGTH)) {
            depth++;
        }
        return depth;
    }

    /** Where the entry {@code index} places below the top lies. */
    public static int entry(int at, int index) {
        return at + index * LabelStackEntry.LENGTH;
    }

    /**
     * What is under the stack, where no field says it: the first four bits are those of an IP
     * version, or nobody can tell.
     *
     * @param at where the octets after the bottom entry are
     * @return {@link NextProtocol#IPV4}, {@link NextProtocol#IPV6}, or 0
     */
    public static int payloadProtocol(ByteBuffer in, int at, int end) {
        return NextProtocol.ofIpVersion(in, at, end);
    }

    /**
     * A stack whose entries all have the same traffic class and TTL.
     *
     * @param labels the top first; 1 to {@value #MAX_DEPTH} of them, each of 20 bits
     * @return octets written
     * @throws IllegalArgumentException when they are not
     */
    public static int write(ByteBuffer out, int at, int trafficClass, int ttl, int... labels) {
        if (labels.length < 1 || labels.length > MAX_DEPTH) {
            throw new IllegalArgumentException(
                    "a stack has 1 to " + MAX_DEPTH + " labels, not " + labels.length);
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] >>> 20 != 0) {
                throw new IllegalArgumentException("a label has 20 bits: " + labels[i]);
            }
            LabelStackEntry.write(
                    out, entry(at, i), labels[i], trafficClass, i == labels.length - 1, ttl);
        }
        return labels.length * LabelStackEntry.LENGTH;
    }

    /**
     * The top entry is taken off: what it exposes, a label or an IP packet, has its TTL set to one
     * less than the top's, but is never raised (RFC 3443 §3.5, the uniform model). Afterwards the
     * packet begins one entry later.
     *
     * @return {@link HeaderCheck#FINE}, or why the packet must not be forwarded; it is then as it
     *     was
     */
    public static HeaderCheck pop(ByteBuffer packet, int at, int end) {
        // RFC 3032 §2.4.1: an outgoing TTL of 0 is not forwarded, with a label or without.
        int ttl = LabelStackEntry.ttl(packet, at) - 1;
        if (ttl <= 0) {
            return HeaderCheck.TTL_EXPIRED;
        }
        int next = at + LabelStackEntry.LENGTH;
        if (!LabelStackEntry.isBottom(packet, at)) {
            LabelStackEntry.setTtl(packet, next, Math.min(ttl, LabelStackEntry.ttl(packet, next)));
            return HeaderCheck.FINE;
        }
        return switch (payloadProtocol(packet, next, end)) {
            case NextProtocol.IPV4 -> exposeIpv4(packet, next, end, ttl);
            case NextProtocol.IPV6 -> exposeIpv6(packet, next, end, ttl);
            default -> HeaderCheck.UNKNOWN_PROTOCOL;
        };
    }

    private static HeaderCheck exposeIpv4(ByteBuffer packet, int at, int end, int ttl) {
        var check = Ipv4Header.check(packet, at, end);
        if (check == HeaderCheck.FINE) {
            Ipv4Header.setTtl(packet, at, Math.min(ttl, Ipv4Header.ttl(packet, at)));
        }
        return check;
    }

    private static HeaderCheck exposeIpv6(ByteBuffer packet, int at, int end, int ttl) {
        var check = Ipv6Header.check(packet, at, end);
        if (check == HeaderCheck.FINE) {
            Ipv6Header.setHopLimit(packet, at, Math.min(ttl, Ipv6Header.hopLimit(packet, at)));
        }
        return check;
    }
}
