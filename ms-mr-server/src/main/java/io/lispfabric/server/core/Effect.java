package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;

/** What leaves the mapping system once a command is committed, and only then. */
public sealed interface Effect {
    /**
     * A Map-Notify that answers a message and is sent once, by the process that heard it (RFC 9301
     * §5.7).
     *
     * @param recipient the ids of the xTR, if it has any
     * @param records none when nothing of a Map-Register was taken: then it is over, and by itself
     *     not answered
     */
    record Answer(
            long origin,
            Credentials credentials,
            Optional<XtrIdentity> recipient,
            Ip to,
            int port,
            Nonce nonce,
            List<MappingRecord> records)
            implements Effect {
        public Answer {
            records = List.copyOf(records);
        }
    }

    /**
     * There is nothing to subscribe to: the process that heard the Map-Request answers it as if it
     * had no N-bit (RFC 9437 §5).
     */
    record NotSubscribed(Command.Subscribe asked) implements Effect {}

    /**
     * No security association could be made, as the one-time key has been used before: the process
     * that heard the Map-Request says so (RFC 9437 §7.1).
     */
    record NotAuthenticated(Command.Asking asked) implements Effect {}

    /**
     * A Map-Register was taken, and the leader counts its time from now on.
     *
     * @param leases of what it registers; none if it only withdraws
     * @param said as {@link MappingSystem#said}, this one included
     */
    record Heard(Registrant who, List<Lease> leases, long said) implements Effect {
        public Heard {
            leases = List.copyOf(leases);
        }

        /** A number, and how long what has it lasts after each time that it is heard. */
        public record Lease(int number, int lifetimeSeconds) {}
    }

    /**
     * The same for those that changed nothing; the process that heard them answers them.
     *
     * @param state what is told then, whatever has come after it
     */
    record Refreshed(
            long origin,
            Registrant who,
            List<Integer> leases,
            Nonce nonce,
            long said,
            MappingSystem state)
            implements Effect {
        public Refreshed {
            leases = List.copyOf(leases);
        }

        @Override
        public String toString() {
            return "Refreshed[" + who + ", leases=" + leases + ", nonce=" + nonce + "]";
        }
    }

    /**
     * What a mark stood for was not so any more: the process that heard the Map-Registers lets them
     * go through the log whole.
     */
    record Unfit(long origin, Registrant who, Nonce nonce) implements Effect {}

    /**
     * A nonce that was not greater than the last one: an old packet, counted and not answered (RFC
     * 9301 §5.6).
     *
     * @param who the xTR, as it calls itself
     */
    record Replayed(long origin, Registrant who, Nonce nonce) implements Effect {}

    /**
     * A Map-Register with an older Map-Version than the ETR's last: counted and not answered (RFC
     * 9302 §5).
     */
    record Outdated(long origin, Registrant who, Eid eid) implements Effect {}

    /**
     * A record for an EID-Prefix that another site holds, or a multihoming group whose xTRs have
     * ids, as this one has none: counted and left out of the answer.
     */
    record Conflicting(long origin, Registrant who, Eid eid) implements Effect {}

    /** So many xTRs register the EID-Prefix already that this one was left out. */
    record Crowded(long origin, Registrant who, Eid eid) implements Effect {}

    /** A Map-Notify that is repeated until acknowledged, by the leader (RFC 9437 §6). */
    record Publish(ListenerId listener, Outstanding outstanding) implements Effect {}

    /**
     * The last word to a subscriber that never confirmed, sent once, by the leader (RFC 9437 §5).
     */
    record Dismiss(
            Credentials credentials,
            Optional<XtrIdentity> recipient,
            Ip to,
            int port,
            Nonce nonce,
            MappingRecord record)
            implements Effect {}
}
