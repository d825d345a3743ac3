package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;

/**
 * How often the same thing may be done with an EID: one address told of it, where RFC 9301 §5.4
 * recommends a Map-Reply in 3 seconds, which a lost one would make too few; or the EID registered.
 * A table of fixed size that allocates nothing; two that meet in one place forget each other. Used
 * by one thread.
 */
final class RepeatLimit {
    private static final int WINDOW_MILLIS = 3_000;
    private static final int PLACES_BITS = 16;
    private static final int MOST = (1 << 24) - 1;

    /**
     * Each: 24 bits that tell what is counted apart, 16 of the window's number, 24 of the count.
     */
    private final long[] places = new long[1 << PLACES_BITS];

    private final int most;
    private final SecretHash hash;

    /**
     * @param perSecond on average over 3 seconds
     * @param hash so that nobody can find two that meet
     */
    RepeatLimit(int perSecond, SecretHash hash) {
        this.most = (int) Math.min(MOST, 3L * perSecond);
        this.hash = hash;
    }

    /** Whether the address may be told of the EID once more. */
    boolean allows(Ip address, Eid eid, long millis) {
        return allows(hash.of(address, eid), millis);
    }

    /** Whether the EID may be registered once more. */
    boolean allows(Eid eid, long millis) {
        return allows(hash.of(eid), millis);
    }

    private boolean allows(long number, long millis) {
        int place = (int) (number >>> 64 - PLACES_BITS);
        long now = (number & 0xFF_FFFF) << 40 | (millis / WINDOW_MILLIS & 0xFFFF) << 24;
        long count = (places[place] ^ now) >>> 24 == 0 ? places[place] & MOST : 0;
        if (count >= most) {
            return false;
        }
        places[place] = now | count + 1;
        return true;
    }
}
