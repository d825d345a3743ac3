package io.lispfabric.server.core;

import io.lispfabric.lcaf.EidPrefix;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Accelerators that compute something together in the network (draft-jain §2, §4.5.1). It lives in
 * a segment of its own, or in that of its INCC domain.
 *
 * @param inccDomain the domain whose segment it shares; empty when it has one of its own
 * @param collectives what is computed; empty for whatever there is
 * @param members the accelerators. In a segment of its own nobody else may register.
 */
public record InccGroup(
        String name,
        Optional<String> inccDomain,
        Set<Collective> collectives,
        List<EidPrefix> members) {
    /** The collective operations of draft-jain §2. */
    public enum Collective {
        ALL_REDUCE,
        BROADCAST,
        GATHER,
        SCATTER,
        ALL_TO_ALL
    }

    public InccGroup {
        collectives = Set.copyOf(collectives);
        members = List.copyOf(members);
    }
}
