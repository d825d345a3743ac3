package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * Who vouches for a message: Key ID, Algorithm ID and the MAC, at octet 12 of a Map-Register,
 * Map-Notify or Map-Notify-Ack (RFC 9301 §5.6). Old peers write the first two as one 16-bit number,
 * which reads as Key ID 0.
 *
 * @param keyId 0 to 255
 * @param algorithmId 0 to 255; which are known is {@code wire.auth}'s matter
 */
public record Authentication(int keyId, int algorithmId, Bytes data) {
    /** Where the authentication data begins in its message. */
    public static final int DATA_OFFSET = 16;

    static Authentication read(WireReader in) {
        int keyId = in.as("Key ID").u8();
        int algorithmId = in.as("Algorithm ID").u8();
        int length = in.as("Authentication Data Length").u16();
        return new Authentication(keyId, algorithmId, in.as("Authentication Data").bytes(length));
    }

    void write(WireWriter out) {
        out.u8(keyId).u8(algorithmId).u16(data.length()).bytes(data);
    }
}
