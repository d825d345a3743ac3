package io.lispfabric.xtr.core;

import java.util.Locale;

/** What an xTR counts besides what it drops. Each is a metric, so the set is closed. */
public enum Count {
    PACKETS_FROM_ATTACHMENTS,
    PACKETS_FROM_NETWORK,
    PACKETS_ENCAPSULATED,
    PACKETS_REENCAPSULATED,
    PACKETS_DELIVERED,
    /** Delivered from one attachment to another of the same xTR. */
    PACKETS_DELIVERED_LOCALLY,
    MAP_REGISTERS_SENT,
    MAP_REQUESTS_SENT,
    MAP_NOTIFIES_RECEIVED,
    MAP_REPLIES_RECEIVED,
    MAP_REPLIES_SENT,
    MAP_NOTIFY_ACKS_SENT,
    PUBLICATIONS_RECEIVED,
    /** A Map-Notify that came again because our Map-Notify-Ack was lost. */
    DUPLICATE_NOTIFIES_RECEIVED;

    /** {@code packets-encapsulated}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
