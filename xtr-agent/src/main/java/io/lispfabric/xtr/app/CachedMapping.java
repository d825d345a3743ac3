package io.lispfabric.xtr.app;

import io.lispfabric.wire.MappingRecord;
import io.lispfabric.xtr.core.Cause;
import java.time.Duration;

/**
 * One map-cache entry, as it was when asked.
 *
 * @param cause what brought it
 * @param age since it came
 * @param remaining until its TTL ends
 * @param subscribed whether changes are published to this xTR
 * @param stale whether its TTL is over and the mapping system has been asked again
 */
public record CachedMapping(
        String domain,
        MappingRecord record,
        Cause cause,
        Duration age,
        Duration remaining,
        boolean subscribed,
        boolean stale) {
    /** In one word: {@code complete}, {@code stale} or {@code negative}. */
    public String state() {
        return record.isNegative() ? "negative" : stale ? "stale" : "complete";
    }
}
