package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.PrefixMap;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What subscriptions take of the heap: each of many xTRs has subscribed to each of many EIDs, and
 * nothing is outstanding. It runs in the process that calls it, which should do nothing else.
 */
public final class SubscriptionBench {
    private static final int FIRST_EID = 172 << 24 | 16 << 16;
    private static final int FIRST_RLOC = 10 << 24;

    private SubscriptionBench() {}

    /** Octets of heap for each subscription, by used heap after full collections. */
    public static double octets(int xtrs, int eids) {
        subscribed(16, 16); // once for what it leaves behind besides
        long before = used();
        var state = subscribed(xtrs, eids);
        double each = (double) (used() - before) / xtrs / eids;
        int found = state.subscriptions().size();
        if (found != xtrs * eids) {
            throw new IllegalStateException("of these subscriptions there are " + found);
        }
        return each;
    }

    private static MappingSystem subscribed(int xtrs, int eids) {
        var state = MappingSystem.EMPTY;
        for (int i = 0; i < eids; i++) {
            for (int j = 0; j < xtrs; j++) {
                state = state.with(new Change.ListenerSet(listener(j, i)));
            }
        }
        return state;
    }

    /** It shares no object with any other, as it would come from a datagram. */
    private static Listener listener(int xtr, int eid) {
        var site = new String("bench".getBytes(StandardCharsets.US_ASCII), StandardCharsets.UTF_8);
        return new Listener(
                new ListenerId.Subscriber(
                        new Eid(
                                new InstanceId(1),
                                EidPrefix.of(new LispAddress.Ipv4(FIRST_EID + eid))),
                        new XtrIdentity(new XtrId(7L << 40, xtr), new SiteId(4))),
                new Contact(
                        new Credentials(site, 1, 3, 16),
                        List.<Ip>of(new LispAddress.Ipv4(FIRST_RLOC + xtr)),
                        4342),
                Listener.Standing.ACTIVE,
                new Nonce((long) xtr << 32 | eid),
                1_700_000_000_000L + eid,
                Long.MAX_VALUE,
                0,
                List.of(),
                PrefixMap.empty());
    }

    private static long used() {
        var memory = ManagementFactory.getMemoryMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, memory.getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
