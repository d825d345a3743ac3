package io.lispfabric.wire;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * The LISP-SEC data of a Map-Reply, after its last record: what the Map-Server vouches for, and who
 * sent the whole (RFC 9303 §6.2).
 *
 * <pre>
 * |  MR AD Type=1 |                  Unassigned                   |
 * ~                       EID-AD, then PKT-AD                     ~
 * </pre>
 *
 * @param eid copied from the ECM that the Map-Request came in
 */
public record MapReplyAd(EidAd eid, PktAd packet) {
    static MapReplyAd read(WireReader in) {
        int type = in.as("MR AD Type").u8();
        if (type != EcmAd.LISP_SEC) {
            throw in.flaw(Flaw.UNSUPPORTED_SECURITY);
        }
        in.as("Unassigned").skip(3);
        return new MapReplyAd(in.part("EID-AD", EidAd::read), in.part("PKT-AD", PktAd::read));
    }

    void write(WireWriter out) {
        out.u32(EcmAd.LISP_SEC << 24);
        eid.write(out);
        packet.write(out);
    }
}
