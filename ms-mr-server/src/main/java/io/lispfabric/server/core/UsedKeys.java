package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import java.util.List;

/**
 * The one-time keys that have made security associations (RFC 9437 §7.1), and how many of them each
 * secret has wrapped.
 *
 * @param keys by fingerprint
 * @param bySecret by the Key ID of the secret
 */
public record UsedKeys(PrefixMap<UsedKey> keys, PrefixMap<Integer> bySecret) {
    static final UsedKeys EMPTY = new UsedKeys(PrefixMap.empty(), PrefixMap.empty());

    /** How many are remembered. */
    public int size() {
        return keys.size();
    }

    boolean contains(UsedKey key) {
        return keys.get(key.key()).isPresent();
    }

    /** How many of a secret are remembered. */
    public int of(int secretId) {
        return bySecret.get(key(secretId)).orElse(0);
    }

    /** Those, at most {@code most}, that need not be remembered any longer. */
    List<UsedKey> over(long nowMillis, int most) {
        return keys.expiring(nowMillis, most);
    }

    UsedKeys with(UsedKey key) {
        var others = without(key.fingerprint());
        return new UsedKeys(others.keys.with(key.key(), key), others.counted(key.secretId(), 1));
    }

    UsedKeys without(Bytes fingerprint) {
        var key = BitKey.of(fingerprint);
        return keys.get(key)
                .map(it -> new UsedKeys(keys.without(key), counted(it.secretId(), -1)))
                .orElse(this);
    }

    private PrefixMap<Integer> counted(int secretId, int more) {
        int count = of(secretId) + more;
        return count == 0 ? bySecret.without(key(secretId)) : bySecret.with(key(secretId), count);
    }

    private static BitKey key(int secretId) {
        return BitKey.of(Bytes.of(new byte[] {(byte) secretId}));
    }
}
