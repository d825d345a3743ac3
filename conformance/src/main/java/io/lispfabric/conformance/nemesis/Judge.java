package io.lispfabric.conformance.nemesis;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Judges what was said, acknowledged, answered and published. For each EID one thing after the
 * other is said, and each only when the last one is acknowledged: so what is registered is known at
 * any time, except while something is being said. What is registered is a text, the RLOCs, or
 * nothing. It may be told by several threads.
 */
final class Judge {
    /** Nothing is registered. */
    static final String NOTHING = "";

    /** The life of a member whose answers may go back at any time. */
    static final int FORGETFUL = -1;

    /** What is kept of the history of an EID. */
    private static final int REMEMBERED = 400;

    /** Nonces of one xTR and EID that are looked at. */
    private static final int NONCES = 64;

    /** More would say no more. */
    private static final int MOST_VIOLATIONS = 100;

    /**
     * Something does not hold.
     *
     * @param subject the EID or the member concerned
     */
    record Violation(Rule rule, String subject, String text) {
        @Override
        public String toString() {
            return rule + ": " + subject + ": " + text;
        }
    }

    /** All that was ever said about an EID, in its order. */
    private static final class Said {
        private final List<String> contents = new ArrayList<>(List.of(NOTHING));
        private final Deque<String> history = new ArrayDeque<>();

        /** When this was so first, at {@code from} or later; -1 for never. */
        int after(int from, String content) {
            for (int i = from; i < contents.size(); i++) {
                if (contents.get(i).equals(content)) {
                    return i;
                }
            }
            return -1;
        }

        String last() {
            return contents.getLast();
        }
    }

    private record Audience(String xtr, String eid) {}

    private record Source(int member, int life, String eid) {}

    /** What was told under a nonce, and the first time that this was so. */
    private record Told(String content, int at) {}

    private final LongSupplier nanos;
    private final long start;
    private final Map<String, Said> said = new TreeMap<>();
    private final Map<Source, Integer> answered = new HashMap<>();
    private final Map<Audience, TreeMap<Long, Told>> told = new HashMap<>();
    private final Map<String, BitSet> confirmed = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private long answers;
    private long publications;

    /**
     * @param nanos the time, for the history
     */
    Judge(LongSupplier nanos) {
        this.nanos = nanos;
        this.start = nanos.getAsLong();
    }

    synchronized List<Violation> violations() {
        return List.copyOf(violations);
    }

    /** How many answers of members were judged. */
    synchronized long answers() {
        return answers;
    }

    /** How many publications were judged. */
    synchronized long publications() {
        return publications;
    }

    /** What happened to an EID of late, a line each. */
    synchronized List<String> history(String eid) {
        return List.copyOf(about(eid).history);
    }

    private Said about(String eid) {
        return said.computeIfAbsent(eid, _ -> new Said());
    }

    private void note(String eid, String line) {
        var history = about(eid).history;
        if (history.size() == REMEMBERED) {
            history.removeFirst();
        }
        history.add(
                String.format(
                        Locale.ROOT,
                        "%10.3f  %s",
                        TimeUnit.NANOSECONDS.toMicros(nanos.getAsLong() - start) / 1e6,
                        line));
    }

    /** Something does not hold. */
    synchronized void violated(Rule rule, String subject, String text) {
        if (violations.size() < MOST_VIOLATIONS) {
            violations.add(new Violation(rule, subject, text));
        }
        if (said.containsKey(subject)) {
            note(subject, "!! " + rule + ": " + text);
        }
    }

    /**
     * A Map-Register is about to be sent which makes this of the EID; what was said last is
     * acknowledged by now. To say the same again is to refresh it.
     *
     * @param who the xTR, for the history
     */
    synchronized void begins(String who, String eid, String content) {
        note(eid, who + " registers '" + content + "'");
        if (!about(eid).last().equals(content)) {
            about(eid).contents.add(content);
        }
    }

    /** The Map-Register is sent, under this nonce. */
    synchronized void sends(String who, String eid, long nonce, int member) {
        note(eid, who + " sends nonce " + nonce + " to member " + member);
    }

    /**
     * A Map-Notify with the nonce of a Map-Register has come, the first one or not.
     *
     * @param isNow whether it is for what was said last, rather than a late one
     * @param withdrawal whether that was to withdraw: then the Map-Notify says so, whoever
     *     registers the rest
     */
    synchronized void confirms(
            String xtr, String eid, int nonce, boolean isNow, boolean withdrawal, String content) {
        note(eid, xtr + " is answered to nonce " + nonce + " with '" + content + "'");
        var before = confirmed.computeIfAbsent(xtr, _ -> new BitSet());
        if (before.get(nonce)) {
            violated(
                    Rule.REPLAYS_REFUSED,
                    eid,
                    "the Map-Register of " + xtr + " with nonce " + nonce + " was taken twice");
        }
        before.set(nonce);
        var expected = withdrawal ? NOTHING : about(eid).last();
        if (isNow && !content.equals(expected)) {
            violated(
                    Rule.CONFIRMED_AS_SAID,
                    eid,
                    "'" + content + "' was confirmed to " + xtr + ", not '" + expected + "'");
        }
    }

    /**
     * A member has answered a Map-Request.
     *
     * @param life another one for each life of its process, or {@link #FORGETFUL}
     */
    synchronized void answers(int member, int life, String eid, String content) {
        answers++;
        var source = new Source(member, life, eid);
        var all = about(eid);
        int from = life == FORGETFUL ? 0 : answered.getOrDefault(source, 0);
        int at = all.after(from, content);
        if (at < 0) {
            boolean once = all.after(0, content) >= 0;
            violated(
                    once ? Rule.ANSWERS_GO_FORWARD : Rule.NOTHING_INVENTED,
                    eid,
                    "member "
                            + member
                            + " answers '"
                            + content
                            + "', which "
                            + (once ? "was so before its last answer" : "nobody has said"));
        } else if (at > from || from == 0) {
            answered.put(source, at);
            note(eid, "member " + member + " answers '" + content + "'");
        }
    }

    /** All members were asked in turn, and none has answered. */
    synchronized void unanswered(String eid, long nanos) {
        violated(
                Rule.ALWAYS_ANSWERED,
                eid,
                "asked for "
                        + TimeUnit.NANOSECONDS.toMillis(nanos)
                        + " ms, of all members in turn, and never answered");
    }

    /**
     * An xTR has received news that it has to acknowledge.
     *
     * @param confirms whether it answers a subscription: then it may say something newer each time
     *     under one nonce
     */
    synchronized void publishes(
            String xtr, String eid, long nonce, String content, boolean confirms) {
        publications++;
        var all = about(eid);
        note(eid, xtr + " is told '" + content + "' under nonce " + Long.toUnsignedString(nonce));
        if (all.after(0, content) < 0) {
            violated(
                    Rule.NOTHING_INVENTED,
                    eid,
                    xtr + " is told '" + content + "', which nobody has said");
            return;
        }
        if (confirms) {
            return;
        }
        var byNonce =
                told.computeIfAbsent(
                        new Audience(xtr, eid), _ -> new TreeMap<>(Long::compareUnsigned));
        var before = byNonce.get(nonce);
        if (before != null) {
            if (!before.content().equals(content)) {
                violated(
                        Rule.ONE_CONTENT_FOR_A_NONCE,
                        eid,
                        "under nonce "
                                + Long.toUnsignedString(nonce)
                                + " "
                                + xtr
                                + " is told '"
                                + before.content()
                                + "' and '"
                                + content
                                + "'");
            }
            return;
        }
        byNonce.put(nonce, new Told(content, 0));
        inOrder(xtr, eid, byNonce, nonce);
        if (byNonce.size() > NONCES) {
            byNonce.pollFirstEntry();
        }
    }

    /** From the new nonce on, each must be of the time of the one below it, or later. */
    private void inOrder(String xtr, String eid, TreeMap<Long, Told> byNonce, long nonce) {
        var below = byNonce.lowerEntry(nonce);
        int at = below == null ? 0 : below.getValue().at();
        for (var entry : byNonce.tailMap(nonce, true).entrySet()) {
            var content = entry.getValue().content();
            int next = about(eid).after(at, content);
            if (next < 0) {
                violated(
                        Rule.NONCES_GROW,
                        eid,
                        xtr
                                + " is told '"
                                + content
                                + "' under nonce "
                                + Long.toUnsignedString(entry.getKey())
                                + ", which was over when what it is told under a lower one was so");
                return;
            }
            entry.setValue(new Told(content, next));
            at = next;
        }
    }

    /** What the EID is registered with, when nothing is being said. */
    synchronized String expected(String eid) {
        return about(eid).last();
    }

    /**
     * What the members answer when nothing is being said, and time enough has passed.
     *
     * @param answers one for each
     */
    synchronized void settles(String eid, List<String> answers) {
        var expected = expected(eid);
        if (answers.stream().allMatch(expected::equals)) {
            return;
        }
        boolean agree = answers.stream().distinct().count() == 1;
        violated(
                !agree
                        ? Rule.MEMBERS_EQUAL
                        : expected.equals(NOTHING)
                                ? Rule.WITHDRAWN_STAYS_GONE
                                : Rule.ACKNOWLEDGED_STAYS,
                eid,
                "'" + expected + "' was acknowledged last, the members answer " + quoted(answers));
    }

    /** What a subscriber believes when nothing is being said, and time enough has passed. */
    synchronized void believes(String xtr, String eid, String content) {
        if (!content.equals(expected(eid))) {
            violated(
                    Rule.SUBSCRIBERS_RIGHT,
                    eid,
                    xtr + " believes '" + content + "', but it is '" + expected(eid) + "'");
        }
    }

    /** What the members say about themselves when all is done: as much as can be compared. */
    synchronized void states(List<String> states) {
        if (states.stream().distinct().count() != 1) {
            violated(Rule.MEMBERS_EQUAL, "the members", "say of themselves " + quoted(states));
        }
    }

    /**
     * Map-Registers are acknowledged again, so long after a fault was over.
     *
     * @param nanos how long; {@link Long#MAX_VALUE} for never
     */
    synchronized void resumes(String fault, long nanos, long mostNanos) {
        if (nanos > mostNanos) {
            violated(
                    Rule.WRITES_RESUME,
                    fault,
                    "nothing was acknowledged for "
                            + TimeUnit.NANOSECONDS.toMillis(mostNanos)
                            + " ms after it was over");
        }
    }

    /** A member has ended, or does not get ready. */
    synchronized void fails(String member, String text) {
        violated(Rule.MEMBERS_LIVE, member, text);
    }

    private static String quoted(List<String> texts) {
        return String.join(", ", texts.stream().map(it -> "'" + it + "'").toList());
    }

    /** The EIDs that something is wrong with, in their order. */
    synchronized List<String> concerned() {
        return violations.stream()
                .map(Violation::subject)
                .filter(said::containsKey)
                .distinct()
                .sorted(Comparator.naturalOrder())
                .toList();
    }
}
