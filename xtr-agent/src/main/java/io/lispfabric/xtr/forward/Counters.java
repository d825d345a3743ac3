package io.lispfabric.xtr.forward;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;

/** What happened how often, since the start. Written by one thread, read by any. */
public final class Counters {
    private final AtomicLongArray counts = new AtomicLongArray(Count.values().length);
    private final AtomicLongArray drops = new AtomicLongArray(Drop.values().length);

    private final AtomicLongArray flaws = new AtomicLongArray(Flaw.values().length);

    public void count(Count what) {
        counts.incrementAndGet(what.ordinal());
    }

    public void drop(Drop why) {
        drops.incrementAndGet(why.ordinal());
    }

    /** A control message that is none, and what is wrong with it. */
    public void malformed(Flaw flaw) {
        drop(Drop.MALFORMED_MESSAGE);
        flaws.incrementAndGet(flaw.ordinal());
    }

    public long of(Flaw flaw) {
        return flaws.get(flaw.ordinal());
    }

    public long of(Count what) {
        return counts.get(what.ordinal());
    }

    public long of(Drop why) {
        return drops.get(why.ordinal());
    }

    /**
     * Everything by name, {@code packets-delivered} or {@code dropped.no-attachment}, zeros too.
     */
    public Map<String, Long> snapshot() {
        var all = new TreeMap<String, Long>();
        for (var what : Count.values()) {
            all.put(what.label(), of(what));
        }
        for (var why : Drop.values()) {
            all.put("dropped." + why.label(), of(why));
        }
        for (var flaw : Flaw.values()) {
            all.put("malformed." + flaw.label().replace('_', '-'), of(flaw));
        }
        return all;
    }
}
