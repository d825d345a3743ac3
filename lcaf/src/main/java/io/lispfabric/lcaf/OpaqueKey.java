package io.lispfabric.lcaf;

/**
 * A key of fields of equal width, some of which may not count (RFC 8060 §5.2; not registered with
 * IANA).
 *
 * <pre>
 * | Key Field Num |      Key Wildcard Fields      |   Key . . .   |
 * |                       . . . Key                               |
 * </pre>
 *
 * @param keyFieldNum the number of fields minus 1: 0 to 15
 * @param keyWildcardFields 16 bits; bit i, from the low-order end, is set where field i, from the
 *     low-order end of the key, does not count
 */
public record OpaqueKey(int keyFieldNum, int keyWildcardFields, Bytes key) implements Lcaf {
    public static final int TYPE = 6;

    private static final int MOST = 15;

    /**
     * @throws IllegalArgumentException when there are more than 16 fields or wildcard bits, or the
     *     key cannot be cut into so many fields
     */
    public OpaqueKey {
        if (keyFieldNum < 0 || keyFieldNum > MOST || keyWildcardFields >>> 16 != 0) {
            throw new IllegalArgumentException("an opaque key has 1 to 16 fields");
        }
        if (key.length() % (keyFieldNum + 1) != 0) {
            throw new IllegalArgumentException(
                    key.length() + " octets are not " + (keyFieldNum + 1) + " fields of one width");
        }
    }

    static OpaqueKey read(WireReader in) {
        int keyFieldNum = in.as("Key Field Num").u8();
        if (keyFieldNum > MOST) {
            throw in.flaw(Flaw.BAD_VALUE);
        }
        int keyWildcardFields = in.as("Key Wildcard Fields").u16();
        if (in.remaining() % (keyFieldNum + 1) != 0) {
            throw in.flaw(Flaw.BAD_LENGTH);
        }
        return new OpaqueKey(keyFieldNum, keyWildcardFields, in.as("Key").bytes(in.remaining()));
    }

    /** Octets of each field. */
    public int fieldWidth() {
        return key.length() / (keyFieldNum + 1);
    }

    /** Whether a key asked for is this one where it counts. Keys of other shapes never match. */
    public boolean matches(OpaqueKey asked) {
        if (asked.keyFieldNum != keyFieldNum || asked.key.length() != key.length()) {
            return false;
        }
        for (int i = 0; i < key.length(); i++) {
            int field = keyFieldNum - i / fieldWidth();
            if ((keyWildcardFields >>> field & 1) == 0 && key.at(i) != asked.key.at(i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u8(keyFieldNum).u16(keyWildcardFields).bytes(key);
    }

    /** {@code opaque-key(fields 4, wildcards 0x0001, 0102030405060708)}. */
    @Override
    public String toString() {
        return String.format(
                "opaque-key(fields %d, wildcards 0x%04x, %s)",
                keyFieldNum + 1, keyWildcardFields, key);
    }
}
