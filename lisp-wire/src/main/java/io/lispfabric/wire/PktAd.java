package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * Who sent a Map-Reply: the Packet Authentication Data at its very end, an HMAC over the whole
 * message (RFC 9303 §6.2).
 *
 * <pre>
 * |         PKT-AD Length         |         PKT HMAC ID           |
 * ~                            PKT HMAC                           ~
 * </pre>
 *
 * @param hmacId 0 to 65535; which are known is {@code wire.auth}'s matter
 */
public record PktAd(int hmacId, Bytes hmac) {
    /** What comes before the HMAC; the length counts it, as that of the EID-AD does. */
    private static final int HEAD = 4;

    /**
     * @throws IllegalArgumentException when a number or the HMAC does not fit its field
     */
    public PktAd {
        if (hmacId >>> 16 != 0 || HEAD + hmac.length() >>> 16 != 0) {
            throw new IllegalArgumentException(
                    "an HMAC ID and a length have 16 bits: " + hmacId + ", " + hmac.length());
        }
    }

    static PktAd read(WireReader in) {
        int length = in.as("PKT-AD Length").u16();
        int hmacId = in.as("PKT HMAC ID").u16();
        if (length < HEAD) {
            throw in.flaw(Flaw.BAD_LENGTH);
        }
        return new PktAd(hmacId, in.as("PKT HMAC").bytes(length - HEAD));
    }

    void write(WireWriter out) {
        out.u16(HEAD + hmac.length()).u16(hmacId).bytes(hmac);
    }
}
