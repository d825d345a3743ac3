package io.lispfabric.xtr.core;

import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.SharedKey;
import java.util.List;

/**
 * How an ITR protects its Map-Requests (RFC 9303 §6.4).
 *
 * @param key shared with the Map-Resolvers, and with nobody else
 * @param downgrades whether what no ETR can sign is asked for once more, without protection, when
 *     the Map-Server says so (RFC 9303 §6.7)
 * @param hmacs that are accepted in answers, the one that is asked for first at the front
 * @param kdfs likewise
 */
public record Protecting(
        SharedKey key, boolean downgrades, List<LispSecHmac> hmacs, List<LispSecKdf> kdfs) {
    /**
     * @throws IllegalArgumentException when nothing would be accepted
     */
    public Protecting {
        hmacs = List.copyOf(hmacs);
        kdfs = List.copyOf(kdfs);
        if (hmacs.isEmpty() || kdfs.isEmpty()) {
            throw new IllegalArgumentException("at least one HMAC ID and one KDF ID are needed");
        }
    }

    /** With all that there is, and never without. */
    public static Protecting with(SharedKey key) {
        return new Protecting(key, false, LispSecHmac.BY_PREFERENCE, LispSecKdf.BY_PREFERENCE);
    }
}
