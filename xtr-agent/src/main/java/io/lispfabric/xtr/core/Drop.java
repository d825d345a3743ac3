package io.lispfabric.xtr.core;

import io.lispfabric.wire.Action;
import java.util.Locale;

/**
 * Why something went no further. Nothing is ever answered to it, and each is the label of a metric,
 * so the set is closed.
 */
public enum Drop {
    // From accelerators and from the network

    /** A frame that is not what its Next Protocol says, or is cut short. */
    MALFORMED_PACKET,
    /** A header checksum of IPv4 that is wrong. */
    BAD_CHECKSUM,
    /** A Next Protocol that we do not carry. */
    UNKNOWN_PROTOCOL,
    /** To a group, or to everybody, that nobody else receives as far as is known. */
    NO_RECEIVERS,

    // From accelerators

    /** A source EID that is none of the attachment's own. */
    SPOOFED_SOURCE,
    /** No mapping system is asked for this destination: no route of any domain matches. */
    NO_DOMAIN,
    /** Longer than a datagram may be. */
    TOO_LONG,

    // From the network

    /** An encapsulation header with a version or flags that we cannot obey. */
    BAD_HEADER,
    /** An encrypted payload (RFC 8061). */
    ENCRYPTED,
    /** Meant for the network's own operation, never for tenants. */
    OAM,
    /** An Instance ID that this xTR has no part in. */
    UNKNOWN_INSTANCE,
    /** For an EID that is not attached here: how packets of a sender with an old mapping look. */
    NO_ATTACHMENT,
    /** It would have gone back to where it came from. */
    SPLIT_HORIZON,
    /** To a group that another xTR of the site receives or carries (draft-jain §6.3). */
    NOT_DESIGNATED,
    /** The inner TTL or hop limit is used up. */
    TTL_EXPIRED,
    /** For an attachment that has not said yet where it listens. */
    NO_RECEIVER,

    // From the map-cache

    /** No mapping yet; it has been asked for (RFC 9301 §8.1). */
    UNRESOLVED,
    /** The only mapping leads to this xTR itself, which has nothing more specific. */
    OWN_RLOC,
    /** A mapping without a locator that may be used (RFC 9300 §9). */
    NO_USABLE_LOCATOR,
    /** A negative mapping: no-action. */
    NEGATIVE_NO_ACTION,
    /** A negative mapping: natively-forward, and there is no native network here. */
    NEGATIVE_NATIVELY_FORWARD,
    /** A negative mapping: send-map-request. */
    NEGATIVE_SEND_MAP_REQUEST,
    /** A negative mapping: drop. */
    NEGATIVE_DROP,
    /** A negative mapping: drop-policy-denied. */
    NEGATIVE_POLICY_DENIED,
    /** A negative mapping: drop-auth-failure. */
    NEGATIVE_AUTH_FAILURE,

    // Control messages

    /** Not a LISP message. */
    MALFORMED_MESSAGE,
    /** A LISP message that an xTR is not asked. */
    UNEXPECTED_MESSAGE,
    /** A Map-Notify that no key of ours vouches for. */
    BAD_AUTHENTICATION,
    /** A Map-Notify with a nonce that is not greater than one before (RFC 9437 §7). */
    REPLAY,
    /** A Map-Notify that names another xTR as its recipient. */
    FOREIGN_RECIPIENT,
    /** A Map-Notify about an EID that was neither registered nor subscribed to. */
    UNASKED,
    /** A Map-Reply that answers no question of ours (RFC 9301 §5.3). */
    UNKNOWN_NONCE,
    /** A Map-Reply without LISP-SEC to a Map-Request with it (RFC 9303 §6.9). */
    UNPROTECTED_REPLY,
    /** A Map-Reply that is signed in another way than was asked for (RFC 9303 §6.9). */
    OTHER_ALGORITHM,
    /** A record about EIDs that the Map-Server does not vouch for (RFC 9303 §6.9.1). */
    OVERCLAIMED,
    /** No security association could be made for a subscription (RFC 9437 §7.1). */
    ASSOCIATION_REFUSED,
    /** A Map-Request for an EID that is not registered here. */
    NOT_REGISTERED,
    /** A Map-Request without an address that could be answered to. */
    NO_USABLE_ITR_RLOC,
    /** More Map-Requests than are answered in a second (RFC 9301 §5.4). */
    TOO_MANY_REQUESTS,
    /** No room to remember another question. */
    TABLE_FULL;

    /** What becomes of packets that a negative mapping is for (RFC 9301 §5.4). */
    static Drop of(Action action) {
        return switch (action) {
            case NO_ACTION -> NEGATIVE_NO_ACTION;
            case NATIVELY_FORWARD -> NEGATIVE_NATIVELY_FORWARD;
            case SEND_MAP_REQUEST -> NEGATIVE_SEND_MAP_REQUEST;
            case DROP, UNASSIGNED_6, UNASSIGNED_7 -> NEGATIVE_DROP;
            case DROP_POLICY_DENIED -> NEGATIVE_POLICY_DENIED;
            case DROP_AUTH_FAILURE -> NEGATIVE_AUTH_FAILURE;
        };
    }

    /** The name used as a metric label and in logs: {@code no-attachment}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
