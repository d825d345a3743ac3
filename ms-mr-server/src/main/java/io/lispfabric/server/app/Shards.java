package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Room;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * The Raft groups that EIDs are sharded to by their Instance IDs (ADR 13). No two prefixes of
 * different Instance IDs have anything to do with each other, so whatever is about one EID is a
 * matter of one group.
 */
final class Shards {
    private final List<Surroundings> all;

    Shards(List<Surroundings> all) {
        this.all = List.copyOf(all);
    }

    /**
     * Which of so many groups an Instance ID belongs to, from 0: its value, mixed as MurmurHash3
     * ends (fmix32), modulo the number of groups. What is registered is found again by it, so it
     * never changes.
     */
    static int of(InstanceId iid, int groups) {
        int mixed = iid.value();
        mixed = (mixed ^ mixed >>> 16) * 0x85EBCA6B;
        mixed = (mixed ^ mixed >>> 13) * 0xC2B2AE35;
        return Integer.remainderUnsigned(mixed ^ mixed >>> 16, groups);
    }

    int count() {
        return all.size();
    }

    /** What all of them share is there, too. */
    Surroundings first() {
        return all.getFirst();
    }

    List<Surroundings> all() {
        return all;
    }

    Surroundings get(int number) {
        return all.get(number);
    }

    int of(Eid eid) {
        return all.size() == 1 ? 0 : of(eid.iid(), all.size());
    }

    Surroundings at(Eid eid) {
        return all.get(of(eid));
    }

    /** What is in each group, by its number, in the order of their first; mostly one. */
    <T> SequencedMap<Integer, List<T>> split(List<T> what, Function<T, Eid> about) {
        var parts = new LinkedHashMap<Integer, List<T>>(2);
        if (all.size() == 1) {
            parts.put(0, what);
            return parts;
        }
        for (var it : what) {
            parts.computeIfAbsent(of(about.apply(it)), _ -> new ArrayList<>()).add(it);
        }
        return parts;
    }

    /** The sum over all groups. */
    int sum(ToIntFunction<MappingSystem> count) {
        int sum = 0;
        for (var it : all) {
            sum += count.applyAsInt(it.state());
        }
        return sum;
    }

    /** What is found in all groups, one after the other, as they are now. */
    <T> Iterator<T> each(Function<MappingSystem, Iterator<T>> what) {
        var left = all.stream().map(it -> what.apply(it.state())).toList();
        return new Iterator<>() {
            private int at;

            @Override
            public boolean hasNext() {
                while (at < left.size() - 1 && !left.get(at).hasNext()) {
                    at++;
                }
                return left.get(at).hasNext();
            }

            @Override
            public T next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                return left.get(at).next();
            }
        };
    }

    /** Whether each has applied what was in its log when this member was started. */
    boolean knowAll(Collection<Integer> which) {
        return which.stream().allMatch(it -> all.get(it).knowsAll().getAsBoolean());
    }

    /** What the other groups leave for subscriptions of an xTR in that of the EID. */
    Room room(Eid eid, XtrIdentity xtr) {
        var room = first().config().subscriptions().room();
        for (int i = 0; all.size() > 1 && i < all.size(); i++) {
            if (i != of(eid)) {
                room = all.get(i).state().leaves(room, xtr);
            }
        }
        return room;
    }
}
