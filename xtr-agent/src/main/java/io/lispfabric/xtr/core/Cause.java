package io.lispfabric.xtr.core;

/** What made a map-cache change. */
public enum Cause {
    /** A Map-Notify confirmed a subscription (RFC 9437 §5). */
    CONFIRMATION("confirmation"),
    /** A Map-Notify told of a change (RFC 9437 §6). */
    PUBLICATION("publication"),
    /** A Map-Reply answered without subscribing us (RFC 9301 §5.3). */
    MAP_REPLY("map-reply"),
    /** The Record TTL ran out. */
    EXPIRY("expiry");

    private final String label;

    Cause(String label) {
        this.label = label;
    }

    /** The name shown to people. */
    public String label() {
        return label;
    }
}
