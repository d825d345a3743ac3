package io.lispfabric.store;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What the rows of a replica were after one entry of the log, in 32 octets. Replicas that applied
 * the same entries have the same one.
 *
 * @param index of the entry
 * @param sha256 SHA-256 of all rows in the order of their keys, each as length (32 bits) and octets
 *     of its key, then of its value; 64 hexadecimal digits
 * @param rows how many there were
 * @param ageMillis how long ago it was taken
 */
public record StateHash(long index, String sha256, long rows, long ageMillis) {
    /**
     * Reads all rows.
     *
     * @throws java.io.UncheckedIOException if the store cannot be read
     */
    public static StateHash of(long index, StateMachine.Rows rows) {
        var digest = newDigest();
        var length = ByteBuffer.allocate(Integer.BYTES);
        var count = new long[1];
        rows.forEach((key, value) -> {
            count[0]++;
            digest.update(length.putInt(0, key.length).array());
            digest.update(key);
            digest.update(length.putInt(0, value.length).array());
            digest.update(value);
        });
        return new StateHash(index, HexFormat.of().formatHex(digest.digest()), count[0], 0);
    }

    /** A hash of several, in their order; as old as the oldest. */
    static StateHash ofAll(long index, List<StateHash> hashes) {
        var digest = newDigest();
        hashes.forEach(it -> digest.update(HexFormat.of().parseHex(it.sha256)));
        return new StateHash(
                index,
                HexFormat.of().formatHex(digest.digest()),
                hashes.stream().mapToLong(StateHash::rows).sum(),
                hashes.stream().mapToLong(StateHash::ageMillis).max().orElseThrow());
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The same, taken so long ago. */
    public StateHash aged(long millis) {
        return new StateHash(index, sha256, rows, millis);
    }
}
