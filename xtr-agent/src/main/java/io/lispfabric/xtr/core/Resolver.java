package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.Guard;
import io.lispfabric.wire.auth.OneTimeKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The Map-Requests that are waiting for an answer, and when each is to be sent again: at most one a
 * second for an EID-Prefix, and after ten of them one every 30 seconds (RFC 9301 §5.3).
 */
final class Resolver {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final int QUICK_TRIES = 10;
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /**
     * For how long a repetition may still be answered once an older transmission is: as long as a
     * Map-Server repeats a Map-Notify, and waits after the last (RFC 9301 §5.7).
     */
    private static final Duration LATE = Duration.ofSeconds(99);

    /**
     * How far apart the nonces of two questions start. Publications count on from the nonce of
     * their subscription, so that the distance tells which one a publication is for.
     */
    private static final long SPACING = 1 << 16;

    /** However many destinations an accelerator tries, a Map-Server hears no more than this. */
    private static final int PER_SECOND = 1000;

    private final int capacity;
    private final NonceCounter nonces;
    private final Supplier<Nonce> random;
    private final Optional<Protecting> protecting;
    private final Supplier<OneTimeKey> keys;

    /** Nothing is due before this, so that a flood of packets costs no search each. */
    private Instant nextDue = Instant.MAX;

    private Instant second = Instant.EPOCH;
    private int allowance;
    private final Map<Eid, Question> questions = new LinkedHashMap<>();
    private final Map<Nonce, Sent> outstanding = new HashMap<>();
    private final ArrayDeque<Late> late = new ArrayDeque<>();

    /** One EID-Prefix that is being asked for. */
    static final class Question {
        private final Eid eid;
        private final Optional<Eid> source;
        private boolean standing;
        private boolean answered;
        private boolean wanted;
        private boolean subscribes;
        private boolean bare;
        private int otherHmacs;
        private int otherKdfs;
        private int tries;
        private int refusals;
        private Instant due;
        private Nonce last = new Nonce(0);
        private final List<Nonce> sent = new ArrayList<>();

        private Question(Eid eid, Optional<Eid> source, boolean standing, Instant due) {
            this.eid = eid;
            this.source = source;
            this.standing = standing;
            this.due = due;
        }

        Eid eid() {
            return eid;
        }

        /** Whether the subscription is wanted for good, not just because of a packet. */
        boolean standing() {
            return standing;
        }

        /** Whether it asks for a subscription, as it was sent last. */
        boolean subscribes() {
            return subscribes;
        }

        /** The next transmission asks for another HMAC (RFC 9303 §6.9). */
        void tryOtherHmac() {
            otherHmacs++;
        }

        /** The next transmission asks for another KDF (RFC 9303 §6.9). */
        void tryOtherKdf() {
            otherKdfs++;
        }

        /** From now on it is asked without protection (RFC 9303 §6.7). */
        void downgrade() {
            bare = true;
        }
    }

    /**
     * A transmission that may still be answered; its key is forgotten with it.
     *
     * @param late whether an older one of the same question has been answered already
     */
    record Sent(Question question, Nonce nonce, Optional<Guard> guard, boolean late) {}

    /** What is forgotten then. */
    private record Late(Nonce nonce, Instant until) {}

    /** One transmission of a question. */
    record Ask(
            Eid eid,
            Optional<Eid> source,
            Nonce nonce,
            boolean again,
            boolean subscribes,
            Optional<Guard> guard) {}

    /**
     * Nothing asked yet.
     *
     * @param capacity the most questions at a time
     * @param nonces for subscriptions (RFC 9437 §4)
     * @param random for plain Map-Requests (RFC 9301 §5.2)
     * @param protecting whether and how LISP-SEC protects them
     * @param keys unpredictable ones, for each transmission (RFC 9303 §7.2)
     */
    Resolver(
            int capacity,
            NonceCounter nonces,
            Supplier<Nonce> random,
            Optional<Protecting> protecting,
            Supplier<OneTimeKey> keys) {
        this.capacity = capacity;
        this.nonces = nonces;
        this.random = random;
        this.protecting = protecting;
        this.keys = keys;
    }

    /**
     * Asks for the EID of a packet, unless that is going on already.
     *
     * @param source the EID whose packet wants to know
     * @return false when there is no room for another question
     */
    boolean ask(Eid eid, Optional<Eid> source, Instant now) {
        var known = questions.get(eid);
        if (known != null) {
            known.wanted = true;
            return true;
        }
        return add(eid, source, false, now);
    }

    /** Asks for a prefix, and again, until there is a subscription to it. */
    boolean askForGood(Eid eid, Instant now) {
        var known = questions.get(eid);
        if (known == null) {
            return add(eid, Optional.empty(), true, now);
        }
        known.standing = true;
        if (known.answered) {
            known.answered = false;
            known.tries = 0;
        }
        return true;
    }

    private boolean add(Eid eid, Optional<Eid> source, boolean standing, Instant now) {
        if (questions.size() >= capacity) {
            return false;
        }
        questions.put(eid, new Question(eid, source, standing, now));
        nextDue = earlier(nextDue, now);
        return true;
    }

    boolean isPending(Eid eid) {
        var known = questions.get(eid);
        return known != null && !known.answered;
    }

    /**
     * What is to be sent now.
     *
     * @param subscribes whether the Map-Server is to tell of changes of an EID-Prefix from now on
     */
    List<Ask> poll(Instant now, Predicate<Eid> subscribes) {
        while (!late.isEmpty() && (late.size() > capacity || !late.peek().until.isAfter(now))) {
            outstanding.remove(late.remove().nonce);
        }
        if (nextDue.isAfter(now)) {
            return List.of();
        }
        if (!now.isBefore(second.plus(INTERVAL))) {
            second = now;
            allowance = PER_SECOND;
        }
        var asks = new ArrayList<Ask>();
        for (var all = questions.values().iterator(); all.hasNext(); ) {
            var it = all.next();
            if (it.due.isAfter(now)) {
                continue;
            }
            boolean given = it.tries >= QUICK_TRIES && !it.standing && !it.wanted;
            if (it.answered || given) {
                all.remove();
                it.sent.forEach(outstanding::remove);
                continue;
            }
            if (allowance == 0) {
                continue;
            }
            allowance--;
            asks.add(send(it, now, subscribes.test(it.eid)));
        }
        nextDue =
                questions.values().stream()
                        .map(it -> it.due)
                        .reduce(Instant.MAX, Resolver::earlier);
        return asks;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private Ask send(Question it, Instant now, boolean subscribes) {
        boolean again = it.tries > 0;
        it.last = subscribes ? counted(it, again) : random.get();
        it.subscribes = subscribes;
        it.tries++;
        it.wanted = false;
        it.due = now.plus(it.tries < QUICK_TRIES ? INTERVAL : PAUSE);
        it.sent.add(it.last);
        var guard = protecting.filter(_ -> !it.bare).map(how -> guard(it, how));
        outstanding.put(it.last, new Sent(it, it.last, guard, false));
        if (it.sent.size() > QUICK_TRIES) {
            outstanding.remove(it.sent.removeFirst());
        }
        return new Ask(it.eid, it.source, it.last, again, subscribes, guard);
    }

    private Guard guard(Question it, Protecting how) {
        return new Guard(
                keys.get(),
                how.key(),
                how.hmacs().get(it.otherHmacs % how.hmacs().size()),
                how.kdfs().get(it.otherKdfs % how.kdfs().size()));
    }

    /**
     * The first nonce is beyond any that the Map-Server may have stored for whatever it finds; each
     * repetition takes the next one (RFC 9437 §4).
     */
    private Nonce counted(Question it, boolean again) {
        if (!again || !it.subscribes) {
            return nonces.leap(SPACING);
        }
        nonces.saw(it.last.next());
        return it.last.next();
    }

    /** The transmission that a nonce belongs to. */
    Optional<Sent> of(Nonce nonce) {
        return Optional.ofNullable(outstanding.get(nonce));
    }

    /**
     * A question has its answer, unless it had one before.
     *
     * @param sent the transmission that is answered
     * @param hold how long the EID is not asked for again, at least the second of RFC 9301 §5.3
     */
    void answered(Sent sent, Instant now, Duration hold) {
        if (sent.late) {
            return;
        }
        var question = sent.question;
        question.answered = true;
        question.standing = false;
        question.refusals = 0;
        question.due = now.plus(hold.compareTo(INTERVAL) > 0 ? hold : INTERVAL);
        nextDue = earlier(nextDue, question.due);
        forget(sent, now);
    }

    /**
     * A standing question was answered without a subscription: it is asked again, less often. If it
     * had another answer before, the Map-Server has given that up as well.
     */
    void refused(Sent sent, Instant now) {
        var question = sent.question;
        if (sent.late) {
            ask(question.eid, question.source, now);
            return;
        }
        question.due = now.plus(Registrar.backoff(question.refusals));
        nextDue = earlier(nextDue, question.due);
        question.refusals++;
        question.tries = 0;
        forget(sent, now);
    }

    /**
     * Each transmission makes a security association of its own, and a Map-Server that has heard a
     * repetition has that of the last (RFC 9437 §7.1): so those after the one that was answered are
     * remembered for a while. Without a key of its own what answers them looks like news.
     */
    private void forget(Sent answered, Instant now) {
        var question = answered.question;
        for (var nonce : question.sent) {
            var sent = outstanding.remove(nonce);
            if (sent != null
                    && sent.guard.isPresent()
                    && question.subscribes
                    && nonce.isGreaterThan(answered.nonce)) {
                outstanding.put(nonce, new Sent(question, nonce, sent.guard, true));
                late.add(new Late(nonce, now.plus(LATE)));
            }
        }
        question.sent.clear();
    }
}
