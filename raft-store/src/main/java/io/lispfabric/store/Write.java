package io.lispfabric.store;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * One change of one row. The arrays are handed over, not copied: whoever made a {@code Write}
 * leaves them alone from then on.
 *
 * <p>A key has 1 to {@value #MAX_KEY_OCTETS} octets. Keys that begin with 0x00 belong to the store
 * itself and are refused.
 */
public sealed interface Write {
    /** The longest key. */
    int MAX_KEY_OCTETS = 4096;

    /** The longest value: a row travels in memory and must not be able to fill it. */
    int MAX_VALUE_OCTETS = 16 << 20;

    byte[] key();

    /** Makes the row hold {@code value}, whatever it held before. */
    record Put(byte[] key, byte[] value) implements Write {
        public Put {
            checkKey(key);
            if (value.length > MAX_VALUE_OCTETS) {
                throw new IllegalArgumentException(
                        "a row of " + value.length + " octets is too long");
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Put(var itsKey, var itsValue)
                    && Arrays.equals(key, itsKey)
                    && Arrays.equals(value, itsValue);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(key) + Arrays.hashCode(value);
        }

        @Override
        public String toString() {
            return "Put["
                    + HexFormat.of().formatHex(key)
                    + ", "
                    + HexFormat.of().formatHex(value)
                    + "]";
        }
    }

    /** Makes the row be gone; that it was not there is fine. */
    record Delete(byte[] key) implements Write {
        public Delete {
            checkKey(key);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Delete(var itsKey) && Arrays.equals(key, itsKey);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(key);
        }

        @Override
        public String toString() {
            return "Delete[" + HexFormat.of().formatHex(key) + "]";
        }
    }

    private static void checkKey(byte[] key) {
        if (key.length == 0 || key.length > MAX_KEY_OCTETS) {
            throw new IllegalArgumentException(
                    "a row's key has 1 to " + MAX_KEY_OCTETS + " octets, not " + key.length);
        }
        if (key[0] == 0) {
            throw new IllegalArgumentException("keys beginning with 0x00 belong to the store");
        }
    }
}
