package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one mapping system has told this xTR, by EID-Prefix, found by longest match (RFC 9300 §3).
 * The number of entries is bounded: when it is reached, the oldest negative entry goes first, since
 * those are what strangers can make us keep.
 */
public final class MapCache {
    /** How long "receiver decides" lasts (RFC 9301 §5.4). */
    private static final Duration OWN_TTL = Duration.ofHours(24);

    private final LispAddress.Ip own;
    private final int capacity;
    private final PrefixTable<Entry> table = new PrefixTable<>();
    private final Map<Eid, Entry> positive = new LinkedHashMap<>();
    private final Map<Eid, Entry> negative = new LinkedHashMap<>();

    /**
     * One mapping.
     *
     * @param since when it came
     * @param expires when its Record TTL ends, or the time that was granted after that
     * @param stale its TTL is over, and the mapping system has been asked again
     */
    public record Entry(
            MappingRecord record,
            LocatorChoice choice,
            Instant since,
            Instant expires,
            Cause cause,
            boolean stale) {
        public Eid eid() {
            return record.eid();
        }
    }

    /**
     * An empty map-cache.
     *
     * @param own the RLOC of this xTR
     * @param capacity the most entries
     */
    public MapCache(LispAddress.Ip own, int capacity) {
        this.own = own;
        this.capacity = capacity;
    }

    /** The entry of the longest prefix that an address is in. */
    public Optional<Entry> lookup(EidKey destination) {
        return table.longest(destination);
    }

    /**
     * The entry of the longest (S,G) or (*,G) that packets of a source to a group are for. That
     * there was no (S,G) once says nothing about a (*,G) that came since.
     */
    public Optional<Entry> lookup(EidKey source, EidKey group) {
        var found = new Replicating();
        table.covering(source, group, found);
        return Optional.ofNullable(found.best);
    }

    /** The longest positive entry, or else the longest negative one. */
    private static final class Replicating implements Consumer<Entry> {
        private @Nullable Entry best;

        @Override
        public void accept(Entry longer) {
            if (best == null || best.record().isNegative() || !longer.record().isNegative()) {
                best = longer;
            }
        }
    }

    /** The entry of the longest prefix that covers this one. */
    public Optional<Entry> lookup(Eid eid) {
        var around = new ArrayList<Entry>();
        table.covering(eid, around::add); // the shortest first
        return around.isEmpty() ? Optional.empty() : Optional.of(around.getLast());
    }

    /** The entry of exactly this prefix. */
    public Optional<Entry> get(Eid eid) {
        return table.get(eid);
    }

    public int size() {
        return table.size();
    }

    /** A copy, the order being that of arrival. */
    public List<Entry> entries() {
        var all = new ArrayList<>(positive.values());
        all.addAll(negative.values());
        return all;
    }

    /** Takes a record in the place of one for the same prefix; a Record TTL of 0 removes that. */
    public void install(MappingRecord record, Instant now, Cause cause) {
        remove(record.eid());
        if (record.ttl().removes()) {
            return;
        }
        if (table.size() >= capacity) {
            evict();
        }
        // A Map-Notify has no action to say what "nothing there" means: then packets are dropped.
        put(
                new Entry(
                        record,
                        LocatorChoice.of(
                                record,
                                own,
                                cause == Cause.MAP_REPLY ? Action.NO_ACTION : Action.DROP),
                        now,
                        now.plus(lifetime(record.ttl())),
                        cause,
                        false));
    }

    private void put(Entry entry) {
        table.put(entry.eid(), entry);
        (entry.record().isNegative() ? negative : positive).put(entry.eid(), entry);
    }

    private static Duration lifetime(RecordTtl ttl) {
        return ttl.equals(RecordTtl.RECEIVER_DECIDES)
                ? OWN_TTL
                : Duration.ofMinutes(Integer.toUnsignedLong(ttl.minutes()));
    }

    private void evict() {
        var from = negative.isEmpty() ? positive : negative;
        from.keySet().stream().findFirst().ifPresent(this::remove);
    }

    /** Forgets the entry of exactly this prefix. */
    public Optional<Entry> remove(Eid eid) {
        positive.remove(eid);
        negative.remove(eid);
        return table.remove(eid);
    }

    /** The entries inside a prefix, which itself is not one of them. */
    public List<Entry> within(Eid prefix) {
        var inside = new ArrayList<Entry>();
        table.within(
                prefix,
                entry -> {
                    if (!entry.eid().equals(prefix)) {
                        inside.add(entry);
                    }
                });
        return inside;
    }

    /** Lets an entry go on beyond its TTL, while the mapping system is being asked. */
    void extend(Entry entry, Instant until) {
        put(new Entry(entry.record(), entry.choice(), entry.since(), until, entry.cause(), true));
    }

    /** The entries whose time is over. */
    List<Entry> expired(Instant now) {
        var over = new ArrayList<Entry>();
        for (var entries : List.of(positive, negative)) {
            for (var entry : entries.values()) {
                if (!entry.expires().isAfter(now)) {
                    over.add(entry);
                }
            }
        }
        return over;
    }
}
