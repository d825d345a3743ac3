package io.lispfabric.server.app;

/** What must hold in a {@link ClusterSim}, whatever goes wrong in it. */
enum Invariant {
    /** What was committed at a place of the log is what every leader after it has there. */
    COMMITTED_STAYS,

    /**
     * At equal index all members have the same rows and the same state, and the state is what the
     * rows say.
     */
    REPLICAS_EQUAL,

    /** Every Map-Notify says what a committed command has promised under its nonce. */
    SENT_ONLY_WHEN_COMMITTED,

    /**
     * For an xTR and an EID-Prefix nonces grow, and none is used twice with another content (RFC
     * 9437 §6).
     */
    NONCES_GROW,

    /**
     * What an xTR was told to be registered, or to be gone, is so at every leader, until it says
     * otherwise or falls silent.
     */
    ACKNOWLEDGED_STAYS,

    /** A change that a subscriber has not acknowledged waits for its acknowledgement. */
    NO_GAPS,

    /**
     * No publication takes a subscriber back behind what it has acknowledged. (The answers to
     * several requests of its own may overtake each other; what they leave wrong is a gap.)
     */
    NEVER_OLDER,

    /** No Map-Register is taken whose nonce is not above all that were taken before it. */
    REPLAYS_REFUSED,

    /**
     * Once the faults are over, every map-cache and every group is right, and all members are
     * equally far.
     */
    RIGHT_AT_LAST
}
