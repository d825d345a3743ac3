package io.lispfabric.wire;

/** What a node of the delegated database tree says of an XEID-prefix: ACT (RFC 8111 §6.1). */
public enum ReferralAction {
    /** The locators are those of DDT nodes that know more. */
    NODE_REFERRAL("node-referral"),
    /** The locators are those of DDT Map-Servers. */
    MS_REFERRAL("ms-referral"),
    /** A Map-Server has a registration for it. */
    MS_ACK("ms-ack"),
    /** A Map-Server is configured with it, but nothing is registered. */
    MS_NOT_REGISTERED("ms-not-registered"),
    /** Nothing was delegated there. */
    DELEGATION_HOLE("delegation-hole"),
    /** The node that was asked is not the one to ask. */
    NOT_AUTHORITATIVE("not-authoritative"),
    UNASSIGNED_6("unassigned-6"),
    UNASSIGNED_7("unassigned-7");

    private static final ReferralAction[] BY_CODE = values();

    private final String label;

    ReferralAction(String label) {
        this.label = label;
    }

    static ReferralAction of(int code) {
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
