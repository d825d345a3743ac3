package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;

/**
 * What a Map-Request with the N-bit asks for, until the xTR has acknowledged the Map-Notify that
 * answers it. Anybody can send such a Map-Request, but only the xTR can authenticate the
 * Map-Notify-Ack; so what the xTR has agreed on before stays in force until then.
 *
 * @param asked the EID-Prefix in the Map-Request, which may be longer than that of the answer
 * @param contact where the Map-Notify goes
 * @param nonce that of the Map-Request, and so of the Map-Notify (RFC 9437 §5)
 * @param first the least of the nonces of those in the same words whose place it has taken, as far
 *     as they are near; its own if there are none
 * @param atMillis when it came, in milliseconds of Unix time
 * @param untilMillis when a subscription to something that is not registered will end (RFC 9437
 *     §5); or when one that has ended will be forgotten
 * @param negative what to do with packets as long as nothing is registered
 * @param outside whether the pETRs answer as long as nothing is registered
 * @param overtaken whether the mapping has changed since: which of the two the xTR was told is not
 *     known, so that it will be told again
 */
public record Candidate(
        Wish wish,
        Eid asked,
        Contact contact,
        Nonce nonce,
        Nonce first,
        long atMillis,
        long untilMillis,
        Action negative,
        boolean outside,
        boolean overtaken) {
    /**
     * How far an xTR counts while it repeats a request. Strangers choose nonces as well, and must
     * not have ours used up.
     */
    private static final long NEAR = 1 << 16;

    /** What is asked for (RFC 9437 §5). */
    public enum Wish {
        /** To be told about an EID-Prefix and all inside it. */
        SUBSCRIBE,
        /** No longer to be told about it. */
        UNSUBSCRIBE,
        /** Not to be told about a part of an EID-Prefix that is subscribed to. */
        EXCLUDE
    }

    /** Whether it came with a security association of its own (RFC 9437 §7.1). */
    boolean proven() {
        return contact.credentials().association().isPresent();
    }

    /** Whether it proves as much as what it would take the place of. */
    boolean mayReplace(Listener other) {
        return proven() || other.contact().credentials().association().isEmpty();
    }

    /**
     * Whether a Map-Request without one may not use this nonce as long as this one waits: not
     * again, nor in the place of one that has more to show. A smaller one it may: this may be a
     * stranger's, who would keep the xTR out with a great one.
     */
    boolean outlaws(Eid eid, Nonce other) {
        return asked.equals(eid) && (proven() ? !other.isGreaterThan(nonce) : other.equals(nonce))
                || proven() && other.equals(nonce);
    }

    /** Whether the xTR cannot mean this any more once it has confirmed the other. */
    boolean isOvertakenBy(Candidate confirmed) {
        return equals(confirmed)
                || nonce.equals(confirmed.nonce) && contact.equals(confirmed.contact)
                || !proven()
                        && asked.equals(confirmed.asked)
                        && !nonce.isGreaterThan(confirmed.nonce);
    }

    /**
     * What the answer tells: the mapping, or that there is none, for as long as the subscription
     * lasts then.
     */
    MappingRecord answer(MappingSystem state, ListenerId.Subscriber id) {
        var prefix = id.prefix();
        var mapping =
                state.at(prefix)
                        .map(Mapping::record)
                        .or(() -> state.outsideRecord(prefix, id.xtr()).filter(_ -> outside));
        long minutes = Math.max(1, (untilMillis - atMillis) / 60_000);
        return mapping.orElseGet(() ->
                wish == Wish.SUBSCRIBE
                        ? MappingRecord.negative(new RecordTtl((int) minutes), negative, prefix)
                        : Mapping.goneRecord(prefix));
    }

    /**
     * Whether it may be a repetition of an older one: what an xTR asks anew begins further on, and
     * then the older one may still be acknowledged, so that its nonce must not be forgotten.
     */
    boolean isNear(Candidate older) {
        return Long.compareUnsigned(nonce.value() - older.first.value(), NEAR) < 0;
    }

    /** The same in the place of an older one, which may have been answered already. */
    Candidate inPlaceOf(Candidate older) {
        return isNear(older) && first.isGreaterThan(older.first)
                ? new Candidate(
                        wish,
                        asked,
                        contact,
                        nonce,
                        older.first,
                        atMillis,
                        untilMillis,
                        negative,
                        outside,
                        overtaken)
                : this;
    }

    /** Whether a Map-Notify with this nonce has answered it, or one whose place it has taken. */
    boolean hasUsed(Nonce other) {
        return !first.isGreaterThan(other) && !other.isGreaterThan(nonce);
    }

    Candidate overtakenNow() {
        return new Candidate(
                wish, asked, contact, nonce, first, atMillis, untilMillis, negative, outside, true);
    }
}
