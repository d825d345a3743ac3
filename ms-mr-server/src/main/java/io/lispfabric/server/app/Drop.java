package io.lispfabric.server.app;

import java.util.Locale;

/** Why a message that could be read was not acted on. Each is the label of a metric. */
enum Drop {
    /** A MAC that no key of the site makes; also an unknown site, Key ID or algorithm. */
    BAD_AUTHENTICATION,
    /** A nonce that was not greater than the last one (RFC 9301 §5.6). */
    REPLAYED,
    /** An EID-Prefix that the site may not register (RFC 9301 §8.2). */
    PREFIX_NOT_ALLOWED,
    /** A locator outside of what the site may use. */
    RLOC_NOT_ALLOWED,
    /** An EID-Prefix that another site holds. */
    PREFIX_CONFLICT,
    /** A Map-Version older than the one that is registered (RFC 9302 §5). */
    OUTDATED,
    /** A request to be merged by an xTR without xTR-ID and Site-ID (draft-jain §6.1). */
    MERGE_WITHOUT_ID,
    /**
     * A locator that nothing can be sent to: multicast, broadcast or unspecified (RFC 9301 §5.4).
     */
    BAD_LOCATOR,
    /** A message that is not for a Map-Server or Map-Resolver. */
    UNEXPECTED,
    /** An RLOC-probe, which must not come by the mapping system (RFC 9301 §5.2). */
    PROBE,
    /** A question that wants no answer. */
    NO_REPLY_WANTED,
    /** No ITR-RLOC that this server could answer to. */
    NO_USABLE_ITR_RLOC,
    /** A Map-Request without LISP-SEC, where that is required (RFC 9301 §9). */
    UNPROTECTED,
    /** A one-time key in the clear, or wrapped in a way that is not known (RFC 9303 §6.5). */
    KEY_NOT_WRAPPED,
    /** A one-time key that was wrapped with a secret that is not configured. */
    UNKNOWN_ITR_KEY,
    /** A one-time key that was changed, or wrapped with another secret (RFC 9303 §6.5). */
    BAD_KEY_WRAP,
    /** A one-time key that has made a security association before (RFC 9437 §7.1). */
    KEY_USED_AGAIN,
    /** Too many answers to one address. */
    RATE_LIMITED,
    /** A Map-Notify-Ack that nothing waits for. */
    UNKNOWN_ACK,
    /** The log has no leader, or too much to do. */
    LOG_UNAVAILABLE;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
