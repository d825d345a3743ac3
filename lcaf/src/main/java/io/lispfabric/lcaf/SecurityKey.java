package io.lispfabric.lcaf;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A locator and its keys (RFC 8060 §4.7; what they are for is said in RFC 8061 and RFC 8111).
 *
 * <pre>
 * |   Key Count   |      Rsvd3    | Key Algorithm |   Rsvd4     |R|
 * |           Key Length          |       Key Material ...        |
 * |                        ... Key Material                       |
 * |              AFI = x          |       Locator Address ...     |
 * </pre>
 *
 * @param keyAlgorithm 0 to 255; says what the key material is
 * @param revoked R: the keys are no longer valid
 * @param keys key material, at most 255 of them, each of at most 65535 octets
 * @param locator whose keys they are
 */
public record SecurityKey(int keyAlgorithm, boolean revoked, List<Bytes> keys, LispAddress locator)
        implements Lcaf {
    public static final int TYPE = 11;

    private static final int R = 1;

    /**
     * @throws IllegalArgumentException when the algorithm or the number of keys needs more than 8
     *     bits, or the length of a key more than 16
     */
    public SecurityKey {
        keys = List.copyOf(keys);
        if (keyAlgorithm >>> 8 != 0) {
            throw new IllegalArgumentException("a key algorithm has 8 bits: " + keyAlgorithm);
        }
        if (keys.size() > 0xFF || keys.stream().anyMatch(key -> key.length() > 0xFFFF)) {
            throw new IllegalArgumentException("at most 255 keys, each of at most 65535 octets");
        }
        Nesting.check(locator);
    }

    static SecurityKey read(WireReader in) {
        int keyCount = in.as("Key Count").u8();
        in.as("Rsvd3").skip(1);
        int keyAlgorithm = in.as("Key Algorithm").u8();
        boolean revoked = (in.as("Rsvd4, R").u8() & R) != 0;
        var keys = in.list(keyCount, "Key", SecurityKey::readKey);
        return new SecurityKey(keyAlgorithm, revoked, keys, LispAddress.read(in));
    }

    private static Bytes readKey(WireReader in) {
        int length = in.as("Key Length").u16();
        return in.as("Key Material").bytes(length);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(locator);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u8(keys.size()).u8(0).u8(keyAlgorithm).u8(revoked ? R : 0);
        keys.forEach(key -> out.u16(key.length()).bytes(key));
        locator.write(out);
    }

    @Override
    public Optional<Ip> ip() {
        return locator.ip();
    }

    /** {@code security-key(algorithm 3, keys of 32,32 octets, 192.0.2.1)}: keys stay secret. */
    @Override
    public String toString() {
        return "security-key(algorithm "
                + keyAlgorithm
                + (revoked ? ", revoked" : "")
                + keys.stream()
                        .map(key -> Integer.toString(key.length()))
                        .collect(Collectors.joining(",", ", keys of ", " octets, "))
                + locator
                + ")";
    }
}
