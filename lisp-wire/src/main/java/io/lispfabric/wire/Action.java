package io.lispfabric.wire;

/**
 * What to do with packets to an EID that has no locators: the ACT field, 3 bits (RFC 9301 §5.4).
 */
public enum Action {
    NO_ACTION("no-action"),
    NATIVELY_FORWARD("natively-forward"),
    SEND_MAP_REQUEST("send-map-request"),
    DROP("drop"),
    DROP_POLICY_DENIED("drop-policy-denied"),
    DROP_AUTH_FAILURE("drop-auth-failure"),
    /** Not of RFC 9301; "forward for unknown address" of the site-external-connectivity work. */
    UNASSIGNED_6("unassigned-6"),
    UNASSIGNED_7("unassigned-7");

    private static final Action[] BY_CODE = values();

    private final String label;

    Action(String label) {
        this.label = label;
    }

    /** The action of the low three bits of a code. */
    public static Action of(int code) {
        return BY_CODE[code & 7];
    }

    public int code() {
        return ordinal();
    }

    /** The name shown to people. */
    public String label() {
        return label;
    }
}
