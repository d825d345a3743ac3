package io.lispfabric.server.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * When registrations end that nobody refreshes (RFC 9301 §8.2). Only the leader has one that does
 * anything, and nothing of it is replicated or stored: a new leader does not know when an xTR was
 * heard last, and so grants each a whole period from when it first looks (ADR 12). What an xTR's
 * silence has been under all leaders together, in pulses, is in the state, so that leaders which
 * follow each other fast do not prolong it for ever.
 *
 * <p>What is due is found by looking at all registrations, at most so many at a time, and not again
 * before the first of them can be over. What a command says is over may have been refreshed by the
 * time it is applied, which the state finds out: see {@link Command.Expire}.
 *
 * <p>All times but those of commands are milliseconds of a clock that only goes forward. Safe for
 * use by several threads: one feeds it, others may look.
 */
public final class Leases {
    /** Between two pulses of a leader. */
    public static final int PULSE_MILLIS = 10_000;

    /** How many mappings are looked at in one call: the caller has a socket to read. */
    private static final int LOOKED_AT = 2_048;

    /** However few leases there were in the last look, so many more are no reason for one. */
    private static final int FEW = 65_536;

    /** How many registrations one command names. */
    private static final int MOST = 512;

    /**
     * After such a time without a look, or with a pulse that the log has not taken, nobody knows
     * who would have been heard in it.
     */
    private static final long STALLED_MILLIS = 10_000;

    /** When what should be gone by now is looked for again. */
    private static final long AGAIN_MILLIS = 1_000;

    /** Who was not heard for so many times its period, under all leaders together, is gone. */
    private static final int PERIODS = 2;

    /** When a lease was heard, and in which look something was last left of it. */
    private static final class Held {
        private long heardMillis;
        private long look;
    }

    /** An xTR, and what {@link MappingSystem#said} was of it when it was heard last. */
    private static final class Speaker {
        private final Map<Integer, Held> leases = new HashMap<>(2);
        private long said;

        /** For how long at least it was silent when this replica began to count; 0 once heard. */
        private long silentMillis;
    }

    private final Map<Registrant, Speaker> speakers = new HashMap<>();
    private boolean leads;
    private boolean begins;
    private int remembered;

    /**
     * With more leases than this most are of what has been registered anew since the last look, and
     * a look forgets them.
     */
    private int worthLooking = FEW;

    /** When it was asked last. */
    private long askedMillis;

    /** The last pulse of the state, when that was seen first, and when the next was asked for. */
    private int pulse;

    private long pulseMillis;
    private long pulseAskedMillis;

    /** Before which nothing is over. */
    private long nextMillis;

    private MappingSystem looking = MappingSystem.EMPTY;
    private Iterator<Mapping> left = Collections.emptyIterator();
    private boolean looks;
    private long look;

    /** This replica leads from now on. */
    public synchronized void onLeading() {
        onFollowing();
        leads = true;
        begins = true;
    }

    /** Somebody else leads. */
    public synchronized void onFollowing() {
        leads = false;
        forgetAll();
    }

    private void forgetAll() {
        speakers.clear();
        remembered = 0;
        endLook();
    }

    private void endLook() {
        looks = false;
        looking = MappingSystem.EMPTY;
        left = Collections.emptyIterator();
    }

    /** From now on everybody has a whole period to be heard. */
    private void grant(MappingSystem newest, long nowMillis) {
        forgetAll();
        begin(newest, nowMillis);
    }

    private void begin(MappingSystem newest, long nowMillis) {
        begins = false;
        nextMillis = nowMillis;
        see(newest, nowMillis);
    }

    private void see(MappingSystem newest, long nowMillis) {
        pulse = newest.pulse();
        pulseMillis = nowMillis;
        pulseAskedMillis = nowMillis;
    }

    /** A Map-Register has been taken. */
    public synchronized void onHeard(Effect.Heard it, long nowMillis) {
        if (leads) {
            var speaker = speaker(it.who(), it.said());
            for (var lease : it.leases()) {
                hear(speaker, lease.number(), nowMillis);
                nextMillis = Math.min(nextMillis, end(nowMillis, lease.lifetimeSeconds()));
            }
        }
    }

    /** Map-Registers have been taken that have changed nothing. */
    public synchronized void onRefreshed(Effect.Refreshed it, long nowMillis) {
        if (leads) {
            var speaker = speaker(it.who(), it.said());
            for (int lease : it.leases()) {
                hear(speaker, lease, nowMillis);
            }
        }
    }

    private Speaker speaker(Registrant who, long said) {
        var speaker = speakers.computeIfAbsent(who, _ -> new Speaker());
        speaker.said = said;
        speaker.silentMillis = 0;
        return speaker;
    }

    private void hear(Speaker speaker, int lease, long nowMillis) {
        var held = held(speaker, lease);
        held.heardMillis = nowMillis;
        held.look = look;
    }

    private Held held(Speaker speaker, int lease) {
        var held = speaker.leases.get(lease);
        if (held == null) {
            held = new Held();
            speaker.leases.put(lease, held);
            remembered++;
        }
        return held;
    }

    private static long end(long heardMillis, int lifetimeSeconds) {
        return heardMillis + 1_000L * lifetimeSeconds;
    }

    /** Whether it is in the middle of a look, and so should be asked again soon. */
    public synchronized boolean looks() {
        return looks;
    }

    /** How many leases something is remembered of. */
    public synchronized int remembered() {
        return remembered;
    }

    /**
     * How long a registration will last unless it is refreshed, in milliseconds; 0 when it is over
     * and the log is about to say so. Empty when this replica does not lead, and so does not know.
     */
    public synchronized OptionalLong leftMillis(Registration it, long nowMillis) {
        if (!leads) {
            return OptionalLong.empty();
        }
        var speaker = speakers.get(it.registrant());
        var held = speaker == null ? null : speaker.leases.get(it.lease());
        long heardMillis = held == null ? nowMillis : held.heardMillis;
        return OptionalLong.of(Math.max(0, end(heardMillis, it.lifetimeSeconds()) - nowMillis));
    }

    /**
     * What is over by now, or a part of it, and a pulse when it is time for one. Called every
     * second or oftener, and soon again as long as it {@link #looks}.
     *
     * @param newest the state that this replica has applied; what it has heard may lag behind
     * @param atMillis the time for commands: Unix time
     * @param bereavedMillis how long subscriptions last to what is gone
     */
    public synchronized List<Command> poll(
            MappingSystem newest, long nowMillis, long atMillis, long bereavedMillis) {
        if (!leads) {
            return List.of();
        }
        // Whether this process has stood still, or the log has: who was not heard may have spoken.
        boolean stalled = nowMillis - askedMillis > STALLED_MILLIS;
        boolean refused = nowMillis - pulseMillis > PULSE_MILLIS + STALLED_MILLIS;
        askedMillis = nowMillis;
        if (begins || newest.mappings().isEmpty()) {
            begin(newest, nowMillis);
        } else if (stalled || refused && newest.pulse() != pulse) {
            grant(newest, nowMillis);
        } else if (newest.pulse() != pulse) {
            see(newest, nowMillis);
        }
        var commands = new ArrayList<Command>();
        if (nowMillis - pulseAskedMillis >= PULSE_MILLIS) {
            pulseAskedMillis = nowMillis;
            commands.add(new Command.Pulse(pulse));
        }
        if (nowMillis - pulseMillis <= PULSE_MILLIS + STALLED_MILLIS) {
            for (var silent : look(newest, nowMillis)) {
                commands.add(new Command.Expire(atMillis, bereavedMillis, silent));
            }
        }
        return commands;
    }

    private List<List<Command.Expire.Silent>> look(MappingSystem newest, long nowMillis) {
        if (!looks) {
            if (nowMillis < nextMillis && remembered <= worthLooking) {
                return List.of();
            }
            looks = true;
            look++;
            looking = newest;
            left = newest.mappings().values();
            nextMillis = Long.MAX_VALUE;
        }
        var silent = new ArrayList<Command.Expire.Silent>();
        for (int i = 0; i < LOOKED_AT && left.hasNext(); i++) {
            look(left.next(), nowMillis, silent);
        }
        if (!left.hasNext()) {
            forgetOthers();
            endLook();
        }
        var portions = new ArrayList<List<Command.Expire.Silent>>();
        for (int i = 0; i < silent.size(); i += MOST) {
            portions.add(silent.subList(i, Math.min(i + MOST, silent.size())));
        }
        return portions;
    }

    private void look(Mapping mapping, long nowMillis, List<Command.Expire.Silent> silent) {
        for (var it : mapping.registrations()) {
            var who = it.registrant();
            var speaker = speakers.get(who);
            if (speaker == null) {
                speaker = new Speaker();
                var voices = looking.voices(who);
                speaker.said = Voice.said(voices);
                if (!voices.isEmpty()) {
                    // Of the first of these pulses the xTR may have seen the end only.
                    long pulses = looking.pulse() - Voice.lastPulse(voices) - 1;
                    speaker.silentMillis = pulses * PULSE_MILLIS;
                }
                speakers.put(who, speaker);
            }
            var held = speaker.leases.get(it.lease());
            if (held == null) {
                // Not heard since this replica leads; or it was, and that has not come here yet.
                held = held(speaker, it.lease());
                held.heardMillis = nowMillis;
            }
            held.look = look;
            long end = end(held.heardMillis, it.lifetimeSeconds());
            if (end <= nowMillis
                    || speaker.silentMillis >= PERIODS * end(0, it.lifetimeSeconds())) {
                silent.add(new Command.Expire.Silent(mapping.eid(), who, it.lease(), speaker.said));
                end = nowMillis;
            }
            nextMillis = Math.min(nextMillis, Math.max(end, nowMillis + AGAIN_MILLIS));
        }
    }

    /** Nothing is left of what this look has not met and what was not heard since it began. */
    private void forgetOthers() {
        remembered = 0;
        speakers.values()
                .removeIf(it -> {
                    it.leases.values().removeIf(held -> held.look != look);
                    remembered += it.leases.size();
                    return it.leases.isEmpty();
                });
        worthLooking = 2 * remembered + FEW;
    }
}
