package io.lispfabric.server.app;

import java.util.Locale;

/**
 * Why a message that could be read was not acted on. Each is the label of a metric; those with a
 * sentence are what an operator should hear of.
 */
enum Drop {
    /** A Key ID that the site does not have. */
    NO_SUCH_KEY("there is no key of that Key ID at %s: %s"),
    /** A key that is not configured for the algorithm, or not for so long a MAC. */
    ALGORITHM_NOT_ALLOWED("the key of that Key ID at %s is not for that algorithm: %s"),
    /** A MAC that was made with another secret, or of other octets. */
    BAD_AUTHENTICATION("the MAC is not made with the secret of that Key ID at %s: %s"),
    /** A nonce that was not greater than the last one (RFC 9301 §5.6: SHOULD log). */
    REPLAYED(
            "%s may be a replay, or late after a change of leaders: the nonce is not greater than the last one: %s"),
    /** An EID-Prefix that the site may not register (RFC 9301 §8.2). */
    PREFIX_NOT_ALLOWED("%s may not register %s"),
    /** An EID-Prefix that is none of the members of the INCC group that its segment is for. */
    NOT_A_MEMBER("%s may not register %s, no member of the INCC group of its segment"),
    /** An EID-Prefix of an Instance ID that no segment has. */
    NO_SUCH_SEGMENT("%s may not register %s, no segment has its Instance ID"),
    /** An EID-Prefix of a segment of the other network. */
    SEGMENT_NOT_SERVED("%s may not register %s, its segment is not of this server's domain"),
    /** A locator outside of what the site may use. */
    RLOC_NOT_ALLOWED("%s may not name the locator %s"),
    /** An EID-Prefix that another site holds. */
    PREFIX_CONFLICT("%s registers %s, which is another's"),
    /** One xTR more than may register an EID-Prefix together. */
    TOO_MANY_XTRS("%s is one xTR too many for %s"),
    /** There are as many EID-Prefixes, or xTRs, as the settings allow, and this is a new one. */
    NO_ROOM("there is no room for what %s registers: %s"),
    /** An EID-Prefix that is registered more often than the settings allow. */
    REGISTERED_TOO_OFTEN("%s registers %s more often than registrations.repeats-per-second allows"),
    /** This member has other rows than the majority, so what it would say may be wrong. */
    DIFFERS,
    /** The others have removed this member, so what it would say may be old. */
    REMOVED,
    /**
     * A site has more on its way through the log than one may, or pauses after what many had to be
     * told, so that others get their turn.
     */
    SITE_BUSY(
            "%s registers more than the log takes of one site, at once or so soon after what many had to be told; now from %s"),
    /** A member that has just started, and does not yet know what there is not. */
    CATCHING_UP,
    /** A Map-Version older than the one that is registered (RFC 9302 §5: SHOULD log). */
    OUTDATED("%s has sent an older Map-Version than its last one for %s"),
    /** A request to be merged by an xTR without xTR-ID and Site-ID (draft-jain §6.1). */
    MERGE_WITHOUT_ID("%s at %s wants to be merged, but gives no xTR-ID and Site-ID"),
    /**
     * A locator that nothing can be sent to: multicast, broadcast or unspecified (RFC 9301 §5.4).
     */
    BAD_LOCATOR("%s gives a locator for %s that nothing can be sent to"),
    /** A message that is for a Map-Server, and this one is a Map-Resolver alone. */
    NOT_OUR_ROLE("%s takes this Map-Resolver for a Map-Server: %s"),
    /**
     * A Map-Reply, which only ITRs ask for: a few may be astray, many are an attack (RFC 9301
     * §8.3).
     */
    MAP_REPLY(
            "Map-Replies come to this server, which has asked nobody; now from %s, nonce %s", 100),
    /** A message that is not for a Map-Server or Map-Resolver. */
    UNEXPECTED,
    /** An RLOC-probe, which must not come by the mapping system (RFC 9301 §5.2). */
    PROBE,
    /** An SMR: it asks an ITR to ask, and a server is none (RFC 9301 §6.1). */
    SMR,
    /** A question that wants no answer. */
    NO_REPLY_WANTED,
    /** No ITR-RLOC that this server could answer to. */
    NO_USABLE_ITR_RLOC,
    /** A Map-Request without LISP-SEC, where that is required (RFC 9301 §9). */
    UNPROTECTED("%s asks for %s without LISP-SEC, which lisp-sec.require demands here"),
    /** A subscription with an ITR-RLOC outside of what the site may use (RFC 9437 §3). */
    ITR_RLOC_NOT_ALLOWED("not all ITR-RLOCs are in the rlocs of %s: %s"),
    /** A subscription that a policy, a configured one or its one-time key rules out. */
    SUBSCRIPTION_DENIED(
            "xTR %s may not have it, by a policy, a configured subscription or its one-time key: %s"),
    /** A one-time key in the clear, or wrapped in a way that is not known (RFC 9303 §6.5). */
    KEY_NOT_WRAPPED("%s gives a one-time key that is not wrapped as it must be, %s"),
    /** A one-time key that was wrapped with a secret that is not configured. */
    UNKNOWN_ITR_KEY("%s wraps its one-time key with a secret that is not here, %s"),
    /** A one-time key that was changed, or wrapped with another secret (RFC 9303 §6.5). */
    BAD_KEY_WRAP("the one-time key from %s cannot be unwrapped, %s"),
    /** A one-time key that has made a security association before (RFC 9437 §7.1). */
    KEY_USED_AGAIN("%s uses a one-time key again, or more in a day than its secret may, for %s"),
    /** A subscription that nothing proves, with a nonce that leaves none for what is to be told. */
    NONCE_TOO_HIGH("%s gives a nonce that leaves no greater ones: %s"),
    /** A question that came from the Map-Server that it would go to. */
    LOOP("%s sends a question to us that we would send there: %s"),
    /** A question that went from server to server until its hops were used up. */
    TOO_FAR("a question has come too far to go on: from %s, nonce %s"),
    /** A Map-Request from port 4341, which no ECM may carry (RFC 9301 §5.8). */
    DATA_PORT,
    /** Too many answers to one address. */
    RATE_LIMITED,
    /** A Map-Notify-Ack that nothing waits for. */
    UNKNOWN_ACK,
    /** A site that is not in the settings, or not any more. */
    NO_SUCH_SITE("there is no site %s: %s"),
    /** The disk of this member, or of the leader, is nearly full. */
    DISK_FULL,
    /** The log has no leader, or too much to do. */
    LOG_UNAVAILABLE;

    private final String sentence;
    private final int tolerated;

    Drop() {
        this("");
    }

    Drop(String sentence) {
        this(sentence, 0);
    }

    Drop(String sentence, int tolerated) {
        this.sentence = sentence;
        this.tolerated = tolerated;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What is said of it, with who and what in it; empty if nothing is. */
    String sentence() {
        return sentence;
    }

    /** How many there may be in a while before anything is said. */
    int tolerated() {
        return tolerated;
    }
}
