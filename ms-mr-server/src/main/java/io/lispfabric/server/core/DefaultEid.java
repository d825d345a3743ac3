package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import java.util.List;
import java.util.Optional;

/**
 * The EIDs that a pETR registers to stand for all of a segment that is registered by nobody else
 * (draft-jain §4.3): {@code 0.0.0.0/0} and {@code ::/0}; for names and MAC addresses, which have no
 * prefix that covers all, the name {@code pETR}.
 */
final class DefaultEid {
    private static final EidPrefix IPV4 = EidPrefix.parse("0.0.0.0/0");
    private static final EidPrefix IPV6 = EidPrefix.parse("::/0");
    private static final EidPrefix NAME = EidPrefix.parse("name:pETR");

    private DefaultEid() {}

    /** Whether somebody who registers this EID-Prefix stands for others. */
    static boolean is(EidPrefix prefix) {
        return prefix.equals(IPV4) || prefix.equals(IPV6) || prefix.equals(NAME);
    }

    /** The default EID of what an EID-Prefix is of; empty when it is that one itself. */
    static Optional<Eid> of(Eid eid) {
        var prefix =
                switch (eid.prefix().family()) {
                    case IPV4 -> IPV4;
                    case IPV6 -> IPV6;
                    case MAC, NAME -> NAME;
                    case GROUP -> eid.prefix(); // nobody stands for all groups
                };
        return Optional.of(new Eid(eid.iid(), prefix)).filter(it -> !it.equals(eid));
    }

    /** The shortest keys that hold all that a default EID stands for. */
    static List<BitKey> standsFor(Eid eid) {
        if (eid.prefix().family() != EidPrefix.Family.NAME) {
            return List.of(BitKey.of(eid));
        }
        var mac = new Eid(eid.iid(), EidPrefix.parse("mac:00:00:00:00:00:00/0"));
        var names = new BitKey(BitKey.of(eid).octets(), BitKey.EID_HEADER);
        return List.of(names, BitKey.of(mac));
    }
}
