package io.lispfabric.xtr.forward;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.xtr.core.EidKey;
import java.util.List;

/**
 * The EIDs of one attachment. What comes from it must have one of them as its source, and is of the
 * segment that this EID is in.
 */
public final class AttachedEids {
    private final Own[] own;

    private record Own(EidKey key, int length) {}

    public AttachedEids(List<Eid> eids) {
        own =
                eids.stream()
                        .map(it -> new Own(EidKey.of(it), it.prefix().length()))
                        .toArray(Own[]::new);
    }

    /** The Instance ID of the EID that an address belongs to, or -1 when it is none of these. */
    int segmentOf(EidKey source) {
        for (var it : own) {
            if (it.key.covers(it.length, source)) {
                return it.key.iid();
            }
        }
        return -1;
    }
}
