package io.lispfabric.lcaf;

import java.util.Locale;

/** Why octets are not a LISP message. Each is also the label of a metric, so the set is closed. */
public enum Flaw {
    /** The octets end before the message does. */
    TRUNCATED,
    /** Octets are left after the end of the message. */
    TRAILING_OCTETS,
    /** A message type that is not assigned, or not for us (RFC 9301 §5.1). */
    UNKNOWN_TYPE,
    /**
     * An address family without a known length, so nothing after it can be read (RFC 9301 §5.1).
     */
    UNKNOWN_AFI,
    /**
     * An EID-Prefix made only of unrecognised LCAF types (RFC 9306 §3), or of what cannot be looked
     * up here.
     */
    UNKNOWN_EID_LCAF,
    /** A vendor-specific LCAF of a vendor that is not configured (RFC 9306 §4). */
    UNKNOWN_VENDOR,
    /** A length field that contradicts what it measures. */
    BAD_LENGTH,
    /** A mask-len longer than its address, or a name's mask-len that is not its length. */
    BAD_MASK_LENGTH,
    /** An Instance ID that no data-plane header can carry: more than 24 bits (RFC 8060 §4.1). */
    BAD_INSTANCE_ID,
    /**
     * A distinguished name of no or too many characters, or with octets that are not printable
     * ASCII. Without its NUL it is {@link #TRUNCATED}.
     */
    BAD_NAME,
    /**
     * A value that its field cannot have: a latitude over 90 degrees, a range of ports that ends
     * before it begins, a 17th key field (RFC 8060).
     */
    BAD_VALUE,
    /** LCAFs nested deeper than anything known uses, or an Instance ID inside another. */
    BAD_NESTING,
    /** No ITR-RLOC that a Map-Reply could be sent to (RFC 9301 §5.3). */
    NO_ITR_RLOC,
    /** An inner IP or UDP header that is not what an ECM carries (RFC 9301 §5.8). */
    BAD_INNER_PACKET,
    /** An inner IP or UDP checksum that is wrong or zero (RFC 9301 §5.8). */
    BAD_CHECKSUM,
    /** An Info-Reply whose LCAF is not the one with a NAT's addresses (RFC 8060 §4.4). */
    NO_NAT_ADDRESSES,
    /** Authentication data of a type other than LISP-SEC, so of no known length (RFC 9303 §8.1). */
    UNSUPPORTED_SECURITY;

    /** The name used as a metric label and in logs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
