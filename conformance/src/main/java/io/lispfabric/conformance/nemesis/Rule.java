package io.lispfabric.conformance.nemesis;

import java.util.Locale;

/** What must hold, whatever is done to the members. */
public enum Rule {
    /** What a Map-Notify has said to be registered is answered by every member in the end. */
    ACKNOWLEDGED_STAYS,
    /** What a Map-Notify has said to be withdrawn does not come back. */
    WITHDRAWN_STAYS_GONE,
    /** A Map-Notify for a Map-Register says what was registered (RFC 9301 §5.7). */
    CONFIRMED_AS_SAID,
    /** A Map-Register that comes again is refused, whoever leads by then (RFC 9301 §5.6). */
    REPLAYS_REFUSED,
    /** Nobody is told what no xTR has said, and every Map-Notify can be verified. */
    NOTHING_INVENTED,
    /** What a member answers does not go back to what was so before, while its process lives. */
    ANSWERS_GO_FORWARD,
    /** No nonce is used for two contents, for an xTR and an EID-Prefix (RFC 9437 §6). */
    ONE_CONTENT_FOR_A_NONCE,
    /** What is told under a greater nonce is newer, for an xTR and an EID-Prefix (RFC 9437 §6). */
    NONCES_GROW,
    /** Every subscriber has the right mapping, soon after the faults are over. */
    SUBSCRIBERS_RIGHT,
    /** All members answer the same, and have as much in their state, soon after the faults. */
    MEMBERS_EQUAL,
    /** Whoever asks all members in turn has an answer, as long as one of them runs. */
    ALWAYS_ANSWERED,
    /** Map-Registers are acknowledged again, soon after a fault is over. */
    WRITES_RESUME,
    /** No process ends by itself, and each that is started gets ready. */
    MEMBERS_LIVE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
