package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Something that happened in an xTR, with its time and its cause, for those who watch. */
public sealed interface XtrEvent {
    Instant at();

    /** The mapping system confirmed a registration; these are all locators of the EID now. */
    record Registered(Instant at, String domain, Eid eid, List<Locator> merged)
            implements XtrEvent {}

    /** The mapping system confirmed that an EID is no longer registered by this xTR. */
    record Deregistered(Instant at, String domain, Eid eid) implements XtrEvent {}

    /** Another xTR joined or left the group that an EID is registered by (draft-jain §6.2). */
    record GroupChanged(
            Instant at, String domain, Eid eid, List<Locator> before, List<Locator> merged)
            implements XtrEvent {}

    /**
     * A subscription was confirmed (RFC 9437 §5).
     *
     * @param asked the EID-Prefix of the Map-Request
     * @param prefix the EID-Prefix subscribed to, which may be shorter
     */
    record Subscribed(Instant at, String domain, Eid asked, Eid prefix, Nonce nonce)
            implements XtrEvent {}

    /** The map-cache took this record; one with a Record TTL of 0 removed the entry. */
    record MapCacheUpdated(Instant at, String domain, MappingRecord record, Cause cause)
            implements XtrEvent {}

    /** A Map-Notify-Ack was sent. */
    record Acked(Instant at, String domain, Nonce nonce, List<Eid> eids) implements XtrEvent {}

    /** A Map-Notify was refused as one that was played again (RFC 9437 §7). */
    record ReplayRefused(Instant at, String domain, Nonce nonce) implements XtrEvent {}

    /**
     * A packet left in an encapsulation. Packets are told of only to listeners that want them.
     *
     * @param again it had come in an encapsulation too
     */
    record PacketEncapsulated(
            Instant at,
            String domain,
            Eid source,
            Eid destination,
            LispAddress.Ip rloc,
            boolean again)
            implements XtrEvent {}

    /** A packet was handed to an accelerator. */
    record PacketDelivered(Instant at, Eid source, Eid destination) implements XtrEvent {}

    /** A packet went no further; its EIDs, if it had any that could be read. */
    record PacketDropped(Instant at, Drop why, Optional<Eid> source, Optional<Eid> destination)
            implements XtrEvent {}
}
