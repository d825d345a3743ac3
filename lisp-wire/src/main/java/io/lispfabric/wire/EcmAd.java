package io.lispfabric.wire;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * The LISP-SEC data of a protected Map-Request, in the ECM around it (RFC 9303 §6.1).
 *
 * <pre>
 * | ECM AD Type=1 |   Unassigned  |      Requested HMAC ID        |
 * ~                       OTK-AD, then EID-AD                     ~
 * </pre>
 *
 * @param requestedHmacId 0 to 65535: what the ITR would like; 0 leaves it to the others
 */
public record EcmAd(int requestedHmacId, OtkAd otk, EidAd eid) {
    /** The authentication data of LISP-SEC, in an ECM and in a Map-Reply (RFC 9303 §8.1, §8.2). */
    static final int LISP_SEC = 1;

    /**
     * @throws IllegalArgumentException when the HMAC ID needs more than 16 bits
     */
    public EcmAd {
        if (requestedHmacId >>> 16 != 0) {
            throw new IllegalArgumentException("an HMAC ID has 16 bits: " + requestedHmacId);
        }
    }

    static EcmAd read(WireReader in) {
        int type = in.as("ECM AD Type").u8();
        if (type != LISP_SEC) {
            throw in.flaw(Flaw.UNSUPPORTED_SECURITY);
        }
        in.as("Unassigned").skip(1);
        int requestedHmacId = in.as("Requested HMAC ID").u16();
        return new EcmAd(
                requestedHmacId, in.part("OTK-AD", OtkAd::read), in.part("EID-AD", EidAd::read));
    }

    void write(WireWriter out) {
        out.u8(LISP_SEC).u8(0).u16(requestedHmacId);
        otk.write(out);
        eid.write(out);
    }
}
