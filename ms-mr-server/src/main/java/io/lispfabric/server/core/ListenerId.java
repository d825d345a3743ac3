package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.XtrIdentity;
import java.util.Optional;

/** Who is told about changes, and why. */
public sealed interface ListenerId {
    /** Subscribers before members. */
    static int compare(ListenerId a, ListenerId b) {
        return switch (a) {
            case Subscriber one -> b instanceof Subscriber other ? one.compareTo(other) : -1;
            case Member(var one) -> b instanceof Member(var other) ? one.compareTo(other) : 1;
        };
    }

    /** The ids of the xTR, if it has any. */
    default Optional<XtrIdentity> xtrIdentity() {
        return switch (this) {
            case Subscriber(_, var xtr) -> Optional.of(xtr);
            case Member(var registrant) -> registrant.identity();
        };
    }

    /**
     * An xTR that asked to be told about an EID-Prefix and all inside it (RFC 9437 §5). Strangers
     * choose both, also so that many have one hash code: a HashMap then goes by this order.
     */
    record Subscriber(Eid prefix, XtrIdentity xtr) implements ListenerId, Comparable<Subscriber> {
        @Override
        public int compareTo(Subscriber other) {
            int byXtr = xtr.compareTo(other.xtr);
            return byXtr != 0 ? byXtr : BitKey.of(prefix).compareTo(BitKey.of(other.prefix));
        }
    }

    /**
     * An xTR that registers, and so hears what others of its multihoming group register (RFC 9301
     * §5.7, draft-jain §6.2).
     */
    record Member(Registrant registrant) implements ListenerId {}
}
