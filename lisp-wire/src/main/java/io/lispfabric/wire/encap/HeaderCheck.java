package io.lispfabric.wire.encap;

import java.util.Locale;

/**
 * What a look at a data-plane header found: nothing wrong, or why the packet is not to be read
 * further. On this path a bad packet costs a comparison and a counter, never an exception.
 */
public enum HeaderCheck {
    /** Every field of the header may be read. */
    FINE,
    /** The octets end before the header, or before what it says it holds. */
    TRUNCATED,
    /** A version that is not the header's own. */
    BAD_VERSION,
    /** A length field that contradicts what it measures. */
    BAD_LENGTH,
    /** A checksum that is wrong. */
    BAD_CHECKSUM,
    /** A UDP checksum of zero over IPv6 where that is not agreed on (RFC 6935 §5). */
    ZERO_CHECKSUM,
    /** KK is not 0: the payload is encrypted, and nobody here has the key (RFC 8061). */
    ENCRYPTED,
    /** No valid VNI: the I-bit is 0 (RFC 7348 §5). */
    NO_VNI,
    /** A payload that nothing here can name. */
    UNKNOWN_PROTOCOL,
    /** A Routing header of another type than 4 (RFC 8754 §2). */
    NOT_SEGMENT_ROUTING,
    /**
     * A Last Entry that the header is too short for, or Segments Left more than one beyond it (RFC
     * 8986 §4.1).
     */
    BAD_SEGMENTS_LEFT,
    /** A TLV that goes on beyond its header (RFC 8754 §2.1). */
    TLV_BEYOND_HEADER,
    /** A TLV whose length its type does not allow (RFC 8754 §2.1.2). */
    BAD_TLV,
    /** Lengths of a SID's parts that no 128 bits can hold (RFC 8986 §3.1). */
    BAD_SID_STRUCTURE,
    /** A label that may not stand where it stands (RFC 3032 §2.1). */
    BAD_LABEL,
    /** More labels than anybody has a use for. */
    STACK_TOO_DEEP,
    /** A TTL or hop limit that is used up. */
    TTL_EXPIRED;

    /** Whether the header may be read. */
    public boolean isFine() {
        return this == FINE;
    }

    /** The name used as a metric label and in logs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
