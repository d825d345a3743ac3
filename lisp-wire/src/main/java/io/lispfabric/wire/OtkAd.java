package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * A one-time key on its way, wrapped so that only the next hop can read it: the OTK Authentication
 * Data of an ECM (RFC 9303 §6.1, §6.5).
 *
 * <pre>
 * |         OTK Length            |     Key ID    | OTK Wrap. ID  |
 * |                  One-Time-Key Preamble (64)                   |
 * |                      One-Time Key (128)                       |
 * </pre>
 *
 * @param keyId 0 to 255: which pre-shared secret of the two hops
 * @param wrappingId 0 to 255; which are known is {@code wire.auth}'s matter
 * @param preamble what wrapping added; 0 when the key is not encrypted
 * @param key 16 octets, encrypted or not
 */
public record OtkAd(int keyId, int wrappingId, long preamble, Bytes key) {
    /** Preamble and key: every wrapping that is defined takes so many octets. */
    private static final int LENGTH = 24;

    private static final int KEY_LENGTH = 16;

    /**
     * @throws IllegalArgumentException when a number does not fit its field, or the key is not of
     *     16 octets
     */
    public OtkAd {
        if (keyId >>> 8 != 0 || wrappingId >>> 8 != 0 || key.length() != KEY_LENGTH) {
            throw new IllegalArgumentException(
                    "a Key ID and a wrapping ID have 8 bits and a one-time key 128: "
                            + keyId
                            + ", "
                            + wrappingId
                            + ", "
                            + 8 * key.length());
        }
    }

    static OtkAd read(WireReader in) {
        // The bracket in RFC 9303's figure 1 holds these four octets too, its text does not.
        int length = in.as("OTK Length").u16();
        int keyId = in.as("Key ID").u8();
        int wrappingId = in.as("OTK Wrapping ID").u8();
        if (length != LENGTH) {
            throw in.flaw(Flaw.BAD_LENGTH);
        }
        return new OtkAd(
                keyId,
                wrappingId,
                in.as("One-Time-Key Preamble").u64(),
                in.as("One-Time Key").bytes(KEY_LENGTH));
    }

    void write(WireWriter out) {
        out.u16(LENGTH).u8(keyId).u8(wrappingId).u64(preamble).bytes(key);
    }

    /** A key that may be in the clear is never printed. */
    @Override
    public String toString() {
        return "OtkAd[keyId=" + keyId + ", wrappingId=" + wrappingId + "]";
    }
}
