package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The EIDs that are attached to this xTR, and where (RFC 9300 §3: "EID-to-RLOC Database" of the
 * site).
 *
 * @param <P> what an attachment is
 */
public final class LocalDatabase<P> {
    private final PrefixTable<P> attached = new PrefixTable<>();
    private final Map<Integer, Integer> segments = new HashMap<>();

    /** Attaches an EID and returns where it was before. */
    public Optional<P> attach(Eid eid, P where) {
        var before = attached.put(eid, where);
        if (before.isEmpty()) {
            segments.merge(eid.iid().value(), 1, Integer::sum);
        }
        return before;
    }

    /** Detaches an EID at once: packets for it are stale from now on. */
    public Optional<P> detach(Eid eid) {
        var before = attached.remove(eid);
        if (before.isPresent()) {
            segments.computeIfPresent(
                    eid.iid().value(), (_, count) -> count == 1 ? null : count - 1);
        }
        return before;
    }

    /** Where packets for this destination are delivered. */
    public Optional<P> find(EidKey destination) {
        return attached.longest(destination);
    }

    /** Where exactly this EID is attached. */
    public Optional<P> get(Eid eid) {
        return attached.get(eid);
    }

    /** Whether anything of a segment is attached. */
    public boolean has(int iid) {
        return segments.containsKey(iid);
    }
}
