package io.lispfabric.server.app;

import io.lispfabric.lcaf.Flaw;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Counts what is dropped, and tells the operator of what the RFCs want logged: each reason once in
 * a while, with how often it has happened since the last time, so that nobody can fill a disk. What
 * is not told costs nothing but the count. Secrets never come here. Used by one thread.
 */
final class Incidents {
    /** How often one reason is told, in milliseconds. */
    static final long WHILE_MILLIS = 10_000;

    private static final int FLAWS = Flaw.values().length;
    private static final Drop[] REASONS = Drop.values();

    private final ServerMetrics metrics;
    private final InstantSource clock;
    private final Consumer<String> log;

    private static final int TOO_LONG = FLAWS + REASONS.length;

    /** When the while of a reason ends, and how often it has happened untold. */
    private final long[] until = new long[TOO_LONG + 1];

    private final long[] untold = new long[TOO_LONG + 1];

    /** What the last untold one of a reason is about. */
    private final Object[] lastWho = new Object[REASONS.length];

    private final Object[] lastWhat = new Object[REASONS.length];

    /** Since when those are counted that are told of with the next one. */
    private final long[] since = new long[TOO_LONG + 1];

    /**
     * @param log where to tell
     */
    Incidents(ServerMetrics metrics, InstantSource clock, Consumer<String> log) {
        this.metrics = metrics;
        this.clock = clock;
        this.log = log;
        Arrays.fill(until, Long.MIN_VALUE);
    }

    /** A datagram from there cannot be read (RFC 9301 §5.1, RFC 9306 §3: MUST log). */
    void malformed(Flaw flaw, int offset, Object who) {
        metrics.malformed(flaw);
        long more = others(flaw.ordinal(), 0);
        if (more >= 0) {
            tell(
                    "a datagram from %s cannot be read: %s at octet %d"
                            .formatted(who, flaw.label(), offset),
                    more,
                    flaw.ordinal());
        }
    }

    /**
     * A message, or a part of it, is not acted on.
     *
     * @param who and {@code what}: what the sentence of the reason speaks of
     */
    void drop(Drop reason, Object who, Object what) {
        metrics.dropped(reason);
        if (reason.sentence().isEmpty()) {
            return;
        }
        tell(reason, who, what, others(FLAWS + reason.ordinal(), reason.tolerated()));
    }

    private void tell(Drop reason, Object who, Object what, long more) {
        if (more >= 0) {
            tell(String.format(reason.sentence(), who, what), more, FLAWS + reason.ordinal());
        } else {
            lastWho[reason.ordinal()] = who;
            lastWhat[reason.ordinal()] = what;
        }
    }

    /**
     * Tells the last of those that were not told since another had just been: they may have been of
     * somebody else, and nothing like them may come again. To be called once in a while.
     */
    void tellRest() {
        for (var reason : REASONS) {
            int i = FLAWS + reason.ordinal();
            if (untold[i] > 0 && reason.tolerated() == 0 && clock.millis() >= until[i]) {
                untold[i]--;
                tell(reason, lastWho[reason.ordinal()], lastWhat[reason.ordinal()], others(i, 0));
            }
        }
    }

    /**
     * A message is sent that may be longer than what paths carry, as a part of it cannot be told
     * (RFC 9301 §5).
     *
     * @param octets of the message, {@code room} of which are known to arrive whole
     */
    void tooLong(Object to, int octets, int room) {
        metrics.tooLong();
        long more = others(TOO_LONG, 0);
        if (more >= 0) {
            tell(
                    "a message of %d octets to %s is longer than the %d that every path carries; if yours carry more, set lisp.path-mtu"
                            .formatted(octets, to, room),
                    more,
                    TOO_LONG);
        }
    }

    /**
     * How many others are told of with this one, or -1 when nothing is told. What is tolerated in
     * small numbers is counted anew in every while; all else is told at once, and then after a
     * while again.
     */
    private long others(int index, int tolerated) {
        long now = clock.millis();
        boolean over = now >= until[index];
        if (tolerated == 0) {
            if (!over) {
                untold[index]++;
                return -1;
            }
            since[index] = until[index] - WHILE_MILLIS;
            until[index] = now + WHILE_MILLIS;
            long more = untold[index];
            untold[index] = 0;
            return more;
        }
        if (over) {
            since[index] = now;
            until[index] = now + WHILE_MILLIS;
            untold[index] = 0;
        }
        return ++untold[index] == tolerated ? tolerated - 1 : -1;
    }

    private void tell(String sentence, long more, int index) {
        log.accept(more == 0 ? sentence : sentence + others(more, since[index]));
    }

    /** The same reason, but perhaps of another sender. */
    private static String others(long more, long sinceMillis) {
        return " (and %d %s like it since %s)"
                .formatted(
                        more,
                        more == 1 ? "other" : "others",
                        Instant.ofEpochMilli(sinceMillis).truncatedTo(ChronoUnit.SECONDS));
    }
}
