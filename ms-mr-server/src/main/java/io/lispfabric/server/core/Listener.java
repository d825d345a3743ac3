package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An xTR that has asked for unsolicited Map-Notifies, gets them, or does so no more. There may be
 * millions, so that what many have in common is kept once, and what can be made of other parts is
 * made when it is asked for.
 */
public final class Listener implements Expiring {
    /**
     * An xTR that starts asks for many EIDs at once, each under a nonce of its own, and one
     * EID-Prefix may answer them all; repetitions overtake each other. What is forgotten before its
     * answer is acknowledged is a nonce that the xTR counts from and we do not.
     */
    private static final int MOST_CANDIDATES = 16;

    /** The parts of the id of a subscriber, or none and the id of a member. */
    private final @Nullable Eid prefix;

    private final @Nullable XtrIdentity xtr;
    private final ListenerId.@Nullable Member member;
    private final Contact contact;
    private final Standing standing;
    private final long nonce;
    private final long sinceMillis;
    private final long untilMillis;
    private final int configured;
    private final List<Candidate> candidates;
    private final PrefixMap<Outstanding> outstanding;

    /**
     * @param contact how it is reached
     * @param nonce the last one that either side has used (RFC 9437 §6), but for those of
     *     candidates
     * @param sinceMillis since when, in milliseconds of Unix time
     * @param untilMillis when it is forgotten; {@link Long#MAX_VALUE} for never
     * @param configured the fingerprint of the setting that it stands in, and then it has no end; 0
     *     for none (RFC 9437 §5)
     * @param candidates what it asks for and has not confirmed, the oldest first
     * @param outstanding what has not been acknowledged, by EID-Prefix
     */
    public Listener(
            ListenerId id,
            Contact contact,
            Standing standing,
            Nonce nonce,
            long sinceMillis,
            long untilMillis,
            int configured,
            List<Candidate> candidates,
            PrefixMap<Outstanding> outstanding) {
        switch (id) {
            case ListenerId.Subscriber it -> {
                this.prefix = it.prefix();
                this.xtr = it.xtr();
                this.member = null;
            }
            case ListenerId.Member it -> {
                this.prefix = null;
                this.xtr = null;
                this.member = it;
            }
        }
        this.contact = contact;
        this.standing = standing;
        this.nonce = nonce.value();
        this.sinceMillis = sinceMillis;
        // What the operator has decided is remembered, even if the xTR has decided otherwise since.
        this.untilMillis = configured == 0 ? untilMillis : Long.MAX_VALUE;
        this.configured = configured;
        this.candidates = List.copyOf(candidates);
        this.outstanding = outstanding;
    }

    /** The listener after it was told of something, or has acknowledged something. */
    private Listener(Listener other, Nonce nonce, PrefixMap<Outstanding> outstanding) {
        this.prefix = other.prefix;
        this.xtr = other.xtr;
        this.member = other.member;
        this.contact = other.contact;
        this.standing = other.standing;
        this.nonce = nonce.value();
        this.sinceMillis = other.sinceMillis;
        this.untilMillis = other.untilMillis;
        this.configured = other.configured;
        this.candidates = other.candidates;
        this.outstanding = outstanding;
    }

    /** Who it is, made anew each time it is asked for. */
    public ListenerId id() {
        return member != null
                ? member
                : new ListenerId.Subscriber(
                        Objects.requireNonNull(prefix), Objects.requireNonNull(xtr));
    }

    /** The same listener, of parts that many have in common. */
    Listener shared() {
        return new Listener(
                member != null
                        ? member
                        : new ListenerId.Subscriber(
                                Shared.of(Objects.requireNonNull(prefix)),
                                Shared.of(Objects.requireNonNull(xtr))),
                Shared.of(contact),
                standing,
                nonce(),
                sinceMillis,
                untilMillis,
                configured,
                candidates,
                outstanding);
    }

    public Contact contact() {
        return contact;
    }

    public Standing standing() {
        return standing;
    }

    public Nonce nonce() {
        return new Nonce(nonce);
    }

    public long sinceMillis() {
        return sinceMillis;
    }

    public long untilMillis() {
        return untilMillis;
    }

    public int configured() {
        return configured;
    }

    public List<Candidate> candidates() {
        return candidates;
    }

    public PrefixMap<Outstanding> outstanding() {
        return outstanding;
    }

    /** What a listener is told. */
    public enum Standing {
        /** Nothing: it has only asked, and not yet shown that it was itself who did. */
        ASKED,
        /** Every change. */
        ACTIVE,
        /** Nothing any more; its nonce is kept, so that an old request cannot revive it. */
        ENDED,
        /** Nothing about this EID-Prefix, although it is subscribed to one around it. */
        EXCLUDED,
        /**
         * Every change, and as long as nothing is registered for it, those of the pETRs that stand
         * for what is outside.
         */
        OUTSIDE
    }

    public boolean active() {
        return standing == Standing.ACTIVE || standing == Standing.OUTSIDE;
    }

    public List<Ip> addresses() {
        return contact.addresses();
    }

    /** Whether Map-Notifies to this listener go to that address, those of candidates included. */
    public boolean isAt(Ip address) {
        return addresses().contains(address)
                || candidates.stream().anyMatch(it -> it.contact().addresses().contains(address));
    }

    /** A member with news that it has not acknowledged is due at once, and so quickly found. */
    @Override
    public long expiresMillis() {
        return member != null && !outstanding.isEmpty() ? 0 : untilMillis;
    }

    /** The Map-Notifies that answer what it asks for, as long as they are not acknowledged. */
    List<Outstanding> answers() {
        var its = prefix;
        return its != null
                ? candidates.stream().map(it -> new Outstanding(its, it.nonce(), true)).toList()
                : List.of();
    }

    /** Whether a request with this nonce is old (RFC 9437 §5). */
    boolean isReplay(Eid asked, Nonce request) {
        return prefix != null
                && (prefix.equals(asked) && !request.isGreaterThan(nonce())
                        || candidates.stream().anyMatch(last -> last.outlaws(asked, request)));
    }

    Optional<Candidate> candidate(Nonce nonce) {
        return candidates.stream().filter(it -> it.nonce().equals(nonce)).findFirst();
    }

    Listener with(Nonce last) {
        return new Listener(this, last, outstanding);
    }

    Listener with(PrefixMap<Outstanding> other) {
        return new Listener(this, nonce(), other);
    }

    /** The listener after it was told of something. */
    Listener with(Nonce last, PrefixMap<Outstanding> other) {
        return new Listener(this, last, other);
    }

    Listener asking(List<Candidate> other) {
        return new Listener(
                id(),
                contact,
                standing,
                nonce(),
                sinceMillis,
                untilMillis,
                configured,
                other,
                outstanding);
    }

    Listener as(Standing other) {
        return new Listener(
                id(),
                contact,
                other,
                nonce(),
                sinceMillis,
                untilMillis,
                configured,
                candidates,
                outstanding);
    }

    Listener at(Contact other) {
        return new Listener(
                id(),
                other,
                standing,
                nonce(),
                sinceMillis,
                untilMillis,
                configured,
                candidates,
                outstanding);
    }

    Listener until(long millis) {
        return new Listener(
                id(),
                contact,
                standing,
                nonce(),
                sinceMillis,
                millis,
                configured,
                candidates,
                outstanding);
    }

    /**
     * The same, asking for one thing more. It takes the place of what was asked for before in the
     * same words, from the same place; and of another one when there is no room: more than one is
     * there only when an xTR asks for several EIDs in one EID-Prefix, or somebody else does in its
     * name. Never does what anybody may have sent take the place of what came with a security
     * association.
     */
    Listener asking(Candidate other) {
        var those = new ArrayList<Candidate>();
        var latest = other;
        for (var it : candidates) {
            if (makesWayFor(it, other)) {
                latest = latest.inPlaceOf(it);
            } else {
                those.add(it);
            }
        }
        if (those.size() == MOST_CANDIDATES) {
            those.remove(tooMany(those, other));
        }
        those.add(latest);
        return asking(those);
    }

    /**
     * Which of too many goes: of those that anybody may have sent, and if there are some not to
     * where this xTR was heard from, the oldest of those to the address that has the most. So
     * whoever floods from one address takes its own places, and nobody else's.
     */
    private Candidate tooMany(List<Candidate> those, Candidate newest) {
        var open = those.stream().filter(it -> makesRoomFor(it, newest)).toList();
        var strange = open.stream().filter(it -> !isKnown(it)).toList();
        var suspects = !strange.isEmpty() ? strange : !open.isEmpty() ? open : those;
        var count = new HashMap<Ip, Integer>();
        suspects.forEach(it -> count.merge(to(it), 1, Integer::sum));
        int most = Collections.max(count.values());
        return suspects.stream()
                .filter(it -> Objects.equals(count.get(to(it)), most))
                .findFirst()
                .orElseThrow();
    }

    private static Ip to(Candidate it) {
        return it.contact().addresses().getFirst();
    }

    private boolean makesRoomFor(Candidate it, Candidate newest) {
        return !it.proven() && (!isKnown(it) || isKnown(newest));
    }

    /** Whether it goes to where this xTR has acknowledged what is in force. */
    private boolean isKnown(Candidate it) {
        return standing != Standing.ASKED && addresses().contains(to(it));
    }

    private static boolean makesWayFor(Candidate it, Candidate other) {
        return (other.proven() || !it.proven())
                && (it.asked().equals(other.asked())
                                && (other.proven()
                                        || it.contact().equals(other.contact())
                                                && other.nonce().isGreaterThan(it.nonce())
                                                && other.isNear(it))
                        || other.proven()
                                && it.nonce().equals(other.nonce())
                                && !it.contact().equals(other.contact()));
    }

    /** Whether there is room for one thing more to ask for. */
    boolean admits(Candidate other) {
        return other.proven()
                || candidates.size() < MOST_CANDIDATES
                || candidates.stream().anyMatch(it -> makesRoomFor(it, other));
    }

    /** Whether it has this security association, or asks for it. */
    boolean uses(Optional<PubSubKey> association) {
        return contact.credentials().association().equals(association)
                || candidates.stream()
                        .anyMatch(
                                it -> it.contact().credentials().association().equals(association));
    }

    /** Where a Map-Notify with this nonce goes, and so who acknowledges it. */
    public Contact contact(Nonce told) {
        return candidate(told).map(Candidate::contact).orElse(contact);
    }

    /** Whether the acknowledgement of this nonce begins a new counter (RFC 9437 §7.1). */
    public boolean restartsAt(Nonce told) {
        return candidate(told).filter(Candidate::proven).isPresent();
    }

    Listener without(Candidate other) {
        return asking(candidates.stream().filter(it -> !it.equals(other)).toList());
    }

    /** The listener once what it asked for is confirmed. */
    Listener as(Standing other, Candidate confirmed, long endMillis) {
        return new Listener(
                id(),
                confirmed.contact(),
                other,
                confirmed.proven() || confirmed.nonce().isGreaterThan(nonce())
                        ? confirmed.nonce()
                        : nonce(),
                active() ? sinceMillis : confirmed.atMillis(),
                endMillis,
                configured,
                candidates.stream().filter(it -> !it.isOvertakenBy(confirmed)).toList(),
                outstanding);
    }

    /** The listener as the operator wants it, whatever it was before. */
    Listener as(Explicit explicit, long atMillis) {
        return new Listener(
                id(),
                explicit.contact(),
                Standing.ACTIVE,
                explicit.nonce().isGreaterThan(nonce()) ? explicit.nonce() : nonce(),
                active() ? sinceMillis : atMillis,
                Long.MAX_VALUE,
                explicit.fingerprint(),
                candidates,
                outstanding);
    }

    /** The listener when it stands in no setting any more. */
    Listener notConfigured() {
        return new Listener(
                id(),
                contact,
                standing,
                nonce(),
                sinceMillis,
                untilMillis,
                0,
                candidates,
                outstanding);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Listener that
                && id().equals(that.id())
                && contact.equals(that.contact)
                && standing == that.standing
                && nonce == that.nonce
                && sinceMillis == that.sinceMillis
                && untilMillis == that.untilMillis
                && configured == that.configured
                && candidates.equals(that.candidates)
                && outstanding.equals(that.outstanding);
    }

    @Override
    public int hashCode() {
        return 31 * id().hashCode() + Long.hashCode(nonce);
    }

    @Override
    public String toString() {
        return id()
                + " "
                + standing
                + " nonce "
                + nonce()
                + " until "
                + untilMillis
                + " at "
                + contact
                + " asking for "
                + candidates
                + ", outstanding "
                + outstanding;
    }
}
