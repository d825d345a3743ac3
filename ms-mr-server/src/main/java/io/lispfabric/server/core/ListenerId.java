package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.XtrIdentity;
import java.util.Optional;

/** Who is told about changes, and why. */
public sealed interface ListenerId {
    /** The ids of the xTR, if it has any. */
    default Optional<XtrIdentity> xtrIdentity() {
        return switch (this) {
            case Subscriber(_, var xtr) -> Optional.of(xtr);
            case Member(var registrant) -> registrant.identity();
        };
    }

    /** An xTR that asked to be told about an EID-Prefix and all inside it (RFC 9437 §5). */
    record Subscriber(Eid prefix, XtrIdentity xtr) implements ListenerId {}

    /**
     * An xTR that registers, and so hears what others of its multihoming group register (RFC 9301
     * §5.7, draft-jain §6.2).
     */
    record Member(Registrant registrant) implements ListenerId {}
}
