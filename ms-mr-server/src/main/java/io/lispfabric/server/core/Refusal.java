package io.lispfabric.server.core;

/** Why a site may not register an EID-Prefix (RFC 9301 §8.2). */
public enum Refusal {
    /** There are segments, and none has its Instance ID. */
    NO_SEGMENT,
    /** Its segment is of a network that this mapping system is not for. */
    NOT_SERVED,
    /** Its segment is that of an INCC group, which has no such member (draft-jain §4.5.1). */
    NO_MEMBER,
    /** It is not among the EID-Prefixes of the site. */
    NOT_OF_SITE,
    /** It is inside one of them, which is for itself alone. */
    TOO_SPECIFIC
}
