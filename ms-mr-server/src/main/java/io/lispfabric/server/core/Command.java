package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;

/**
 * What the log holds: the question, not the answer. A command carries all that its answer may
 * depend on besides the state: the time it came, who sent it, and what the configuration of the
 * server that heard it allows. Times are milliseconds of Unix time.
 */
public sealed interface Command {
    /** A command that a packet caused, so that somebody may wait for an answer. */
    sealed interface Heard extends Command {
        /** Which running process heard it: it alone answers. */
        long origin();
    }

    /**
     * A Map-Register whose MAC was right, with the records that its site may register (RFC 9301
     * §5.6, §8.2).
     *
     * @param lifetimeMillis how long the registrations last, unless {@code ttlForTimeout} leaves it
     *     to the Record TTL
     * @param source where it came from, and {@code port} where there Map-Notifies go
     * @param bereavedMillis how long subscriptions last to what it withdraws
     */
    record Register(
            long origin,
            long atMillis,
            Credentials credentials,
            NonceCheck nonceCheck,
            Optional<XtrIdentity> identity,
            Nonce nonce,
            boolean proxyReply,
            boolean securityCapable,
            boolean mergeRequest,
            boolean wantMapNotify,
            boolean ttlForTimeout,
            long lifetimeMillis,
            Ip source,
            int port,
            long bereavedMillis,
            List<MappingRecord> records)
            implements Heard {
        public Register {
            records = List.copyOf(records);
        }

        /** Who says it. */
        public Registrant registrant() {
            return Registrant.of(credentials.site(), credentials.keyId(), identity);
        }

        /** How long what the record says lasts, rounded up; {@link Integer#MAX_VALUE} at most. */
        int lifetimeSeconds(MappingRecord record) {
            // A Record TTL of all ones leaves the time to us.
            long millis =
                    ttlForTimeout && !record.ttl().equals(RecordTtl.RECEIVER_DECIDES)
                            ? Integer.toUnsignedLong(record.ttl().minutes()) * 60_000
                            : lifetimeMillis;
            return (int) Math.min(Integer.MAX_VALUE, (millis + 999) / 1_000);
        }

        /**
         * The number of the lease for all records of this message that last as long. Where nonces
         * do not grow, they may be the same again and again; then the time tells one from another.
         */
        int lease(int lifetimeSeconds) {
            long number = nonceCheck == NonceCheck.NONE ? nonce.value() ^ atMillis : nonce.value();
            return 31 * Long.hashCode(number) + lifetimeSeconds;
        }
    }

    /**
     * Map-Registers that came together and said nothing but what is registered already by the same
     * xTR, in just that form: in the log one mark is left of them. It is taken if all that is so
     * still.
     *
     * @param keyId which of the xTR's keys it came under
     * @param changes the number that stood for what the xTR had registered
     * @param leases those of all that they name
     * @param first the nonce of the first of them, and the least
     * @param nonce that of the last of them, and the greatest; the first's if there is but one
     */
    record Refresh(
            long origin,
            Registrant who,
            int keyId,
            int changes,
            List<Integer> leases,
            Nonce first,
            Nonce nonce)
            implements Heard {
        /** How many leases one may name. */
        public static final int MOST = 64;

        public Refresh {
            leases = List.copyOf(leases);
        }
    }

    /**
     * The leader has led for {@link Leases#PULSE_MILLIS} since it has seen this pulse, which is the
     * last if the command counts.
     */
    record Pulse(int last) implements Command {}

    /** What a record with the N-bit asks for. */
    sealed interface Asking extends Heard {
        long atMillis();

        Credentials credentials();

        XtrIdentity xtr();

        Nonce nonce();

        Eid asked();
    }

    /**
     * All that a protected Map-Request asks for with the N-bit. Its one-time key makes one security
     * association, which is that of all its records, or of none when it is not fresh (RFC 9437
     * §7.1).
     *
     * @param proof the one-time key
     * @param mostKeys how many keys that were wrapped with the same secret are remembered: its
     *     share, so that the holders of one secret cannot keep out those of another
     */
    record Associate(UsedKey proof, int mostKeys, List<Asking> asking) implements Command {
        public Associate {
            asking = List.copyOf(asking);
        }
    }

    /**
     * A Map-Request with the N-bit, for one EID-Prefix, by an xTR of a known site (RFC 9437 §5).
     *
     * @param leastLength how many bits a mapping's EID-Prefix must have at least to be the answer
     * @param hole what is subscribed to when there is none: the negative mapping of an EID-Prefix
     *     around the EID in which nothing is known, or what pETRs say about it. Empty when that is
     *     not wanted.
     * @param outside whether pETRs may answer when nobody else does: not for Unknown Accelerators
     * @param temporaryMillis for how long, then (RFC 9437 §5)
     * @param room how many subscriptions there may be
     */
    record Subscribe(
            long origin,
            long atMillis,
            Credentials credentials,
            XtrIdentity xtr,
            Nonce nonce,
            List<Ip> itrRlocs,
            int port,
            Eid asked,
            int leastLength,
            Optional<MappingRecord> hole,
            boolean outside,
            long temporaryMillis,
            Room room)
            implements Asking {
        public Subscribe {
            itrRlocs = List.copyOf(itrRlocs);
        }
    }

    /**
     * A Map-Request with the N-bit and no ITR-RLOC; the answer goes to {@code source} (RFC 9437
     * §5).
     */
    record Unsubscribe(
            long origin,
            long atMillis,
            Credentials credentials,
            XtrIdentity xtr,
            Nonce nonce,
            Eid asked,
            Ip source,
            int port,
            Room room)
            implements Asking {}

    /**
     * Map-Notify-Acks whose MACs were right, in the order in which they came. Those that come close
     * together are one command, since each command costs the log more than what it says.
     */
    record Acknowledge(List<Receipt> receipts) implements Command {
        public Acknowledge {
            receipts = List.copyOf(receipts);
        }

        /** A single one. */
        public static Acknowledge of(ListenerId listener, Eid eid, Nonce nonce) {
            return new Acknowledge(List.of(new Receipt(listener, eid, nonce)));
        }
    }

    /** A listener has taken in the Map-Notify with this nonce about this EID-Prefix. */
    record Receipt(ListenerId listener, Eid eid, Nonce nonce) {}

    /** Nobody acknowledged, after all retransmissions (RFC 9301 §5.7). */
    record GiveUp(ListenerId listener, Eid eid, Nonce nonce) implements Command {}

    /**
     * A Map-Notify has to be sent again, but a later one of the same subscription has been
     * acknowledged meanwhile: it needs a nonce above that one (RFC 9437 §6).
     */
    record Renew(ListenerId listener, Eid eid, Nonce nonce) implements Command {}

    /**
     * The subscriptions that the leader is configured with, all of them: what was configured before
     * and is not among them ends (RFC 9437 §5).
     */
    record Configure(long atMillis, List<Explicit> explicit) implements Command {
        public Configure {
            explicit = List.copyOf(explicit);
        }
    }

    /** Time has passed: listeners that end at or before {@code atMillis} are forgotten. */
    record Forget(long atMillis, List<ListenerId> listeners) implements Command {
        public Forget {
            listeners = List.copyOf(listeners);
        }
    }

    /**
     * The leader has not heard of these registrations for as long as they last (RFC 9301 §8.2).
     * Those that were refreshed or replaced since are not forgotten.
     *
     * @param bereavedMillis how long subscriptions last to what is gone then
     */
    record Expire(long atMillis, long bereavedMillis, List<Silent> silent) implements Command {
        public Expire {
            silent = List.copyOf(silent);
        }

        /**
         * A registration that nobody has refreshed.
         *
         * @param said what {@link MappingSystem#said} was of its xTR when the leader last heard it
         */
        public record Silent(Eid eid, Registrant who, int lease, long said) {}
    }
}
