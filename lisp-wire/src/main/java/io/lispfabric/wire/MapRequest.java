package io.lispfabric.wire;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * Where is this EID? And with the N-bit: tell me whenever that changes (RFC 9301 §5.2, RFC 9437
 * §4).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Type=1 |A|M|P|S|p|s|R|I|  Rsvd   |L|D|   IRC   | Record Count  |
 * |                        Nonce (64 bits)                        |
 * |         Source-EID-AFI        |   Source EID Address ...      |
 * |         ITR-RLOC-AFI 1 ...    |   ITR-RLOC Address 1 ...      |
 * |N|  Reserved   | EID mask-len  |        EID-Prefix-AFI         |
 * |                       EID-Prefix ...                          |
 * |      Map-Reply Record (if M), xTR-ID and Site-ID (if I)       |
 * </pre>
 *
 * @param authoritative A: the asker wants the site's own answer
 * @param probe P: an RLOC-probe
 * @param solicits S: a Solicit-Map-Request
 * @param fromPitr p: sent by a PITR
 * @param smrInvoked s: sent because of an SMR
 * @param localXtr L: the sender is one of the site's xTRs
 * @param dontMapReply D: no Map-Reply is wanted
 * @param sourceEid the EID whose packet asked; empty for refreshes and probes
 * @param itrRlocs where to answer, 1 to 32; a single {@link LispAddress.None} cancels a
 *     subscription (RFC 9437 §5)
 * @param mapData M: the asker's own mapping, unverified
 * @param identity I: which xTR asks
 */
public record MapRequest(
        boolean authoritative,
        boolean probe,
        boolean solicits,
        boolean fromPitr,
        boolean smrInvoked,
        boolean localXtr,
        boolean dontMapReply,
        Nonce nonce,
        Optional<Eid> sourceEid,
        List<LispAddress> itrRlocs,
        List<Asked> records,
        Optional<MappingRecord> mapData,
        Optional<XtrIdentity> identity)
        implements LispMessage.Plain {
    public static final int TYPE = 1;

    /** One EID-Prefix that is asked for; {@code subscribes} is the N-bit (RFC 9437 §4). */
    public record Asked(boolean subscribes, Eid eid) {
        private static Asked read(WireReader in) {
            boolean subscribes = (in.as("Request flags").u8() & 0x80) != 0;
            return new Asked(subscribes, Eid.read(in, in.as("EID mask-len").u8()));
        }

        private void write(WireWriter out) {
            out.u8(subscribes ? 0x80 : 0).u8(eid.prefix().maskLength());
            eid.write(out);
        }
    }

    private static final int A = 0x0800_0000;
    private static final int M = 0x0400_0000;
    private static final int P = 0x0200_0000;
    private static final int S = 0x0100_0000;
    private static final int PITR = 0x0080_0000;
    private static final int INVOKED = 0x0040_0000;
    private static final int I = 0x0010_0000;
    private static final int L = 0x4000;
    private static final int D = 0x2000;

    /**
     * @throws IllegalArgumentException when there are not 1 to 32 ITR-RLOCs, or more than 255
     *     records
     */
    public MapRequest {
        if (itrRlocs.isEmpty() || itrRlocs.size() > 32) {
            throw new IllegalArgumentException(
                    "a Map-Request has 1 to 32 ITR-RLOCs, not " + itrRlocs.size());
        }
        if (records.size() > 255) {
            throw new IllegalArgumentException(
                    "a Map-Request has at most 255 records, not " + records.size());
        }
        itrRlocs = List.copyOf(itrRlocs);
        records = List.copyOf(records);
    }

    /** A plain question for one EID-Prefix. */
    public static MapRequest query(
            Nonce nonce, Optional<Eid> sourceEid, List<LispAddress> itrRlocs, Eid eid) {
        return new MapRequest(
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                nonce,
                sourceEid,
                itrRlocs,
                List.of(new Asked(false, eid)),
                Optional.empty(),
                Optional.empty());
    }

    /**
     * A question that is also a subscription; with the ITR-RLOC {@link LispAddress.None}, the end
     * of one (RFC 9437 §4, §5).
     */
    public static MapRequest subscription(
            Nonce nonce,
            Optional<Eid> sourceEid,
            List<LispAddress> itrRlocs,
            Eid eid,
            XtrIdentity identity) {
        return new MapRequest(
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                nonce,
                sourceEid,
                itrRlocs,
                List.of(new Asked(true, eid)),
                Optional.empty(),
                Optional.of(identity));
    }

    /** The same with the asker's own mapping: the M-bit (RFC 9301 §5.2). */
    public MapRequest with(MappingRecord own) {
        return new MapRequest(
                authoritative,
                probe,
                solicits,
                fromPitr,
                smrInvoked,
                localXtr,
                dontMapReply,
                nonce,
                sourceEid,
                itrRlocs,
                records,
                Optional.of(own),
                identity);
    }

    /** Whether any record carries the N-bit, and the I-bit says who wants to be told. */
    public boolean subscribes() {
        return identity.isPresent() && records.stream().anyMatch(Asked::subscribes);
    }

    /** Whether this ends subscriptions: exactly one ITR-RLOC, of AFI 0 (RFC 9437 §5). */
    public boolean unsubscribes() {
        return subscribes() && itrRlocs.equals(List.of(LispAddress.None.NONE));
    }

    static MapRequest read(WireReader in) {
        int start = in.offset();
        int head = in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var sourceEid = readSourceEid(in);
        var itrRlocs = in.list((head >>> 8 & 0x1F) + 1, "ITR-RLOC", LispAddress::read);
        boolean cancels = itrRlocs.size() == 1 && itrRlocs.getFirst() == LispAddress.None.NONE;
        if (!cancels) {
            // What no Map-Reply could be sent to is ignored (RFC 9306 §3); nothing left means no
            // ITR-RLOC (RFC 9301 §5.3).
            itrRlocs = withAddress(itrRlocs);
            if (itrRlocs.isEmpty()) {
                throw new MalformedException(Flaw.NO_ITR_RLOC, start);
            }
        }
        var records = in.list(head & 0xFF, "Record", Asked::read);
        var mapData =
                (head & M) != 0
                        ? Optional.of(in.part("Map-Reply Record", MappingRecord::read))
                        : Optional.<MappingRecord>empty();
        var identity =
                (head & I) != 0 ? Optional.of(XtrIdentity.read(in)) : Optional.<XtrIdentity>empty();
        in.expectEnd();
        return new MapRequest(
                (head & A) != 0,
                (head & P) != 0,
                (head & S) != 0,
                (head & PITR) != 0,
                (head & INVOKED) != 0,
                (head & L) != 0,
                (head & D) != 0,
                nonce,
                sourceEid,
                itrRlocs,
                records,
                mapData,
                identity);
    }

    private static List<LispAddress> withAddress(List<LispAddress> itrRlocs) {
        for (var it : itrRlocs) {
            if (it.ip().isEmpty()) {
                return itrRlocs.stream().filter(rloc -> rloc.ip().isPresent()).toList();
            }
        }
        return itrRlocs;
    }

    /**
     * A Source-EID has no mask-len: it is one address, and one of a type we do not know is none
     * (RFC 9306 §3).
     */
    private static Optional<Eid> readSourceEid(WireReader in) {
        var address = in.part("Source EID", LispAddress::read);
        var iid = InstanceId.DEFAULT;
        if (address instanceof LispAddress.Instance(var segment, _, var inner)) {
            iid = segment;
            address = inner;
        }
        return switch (address) {
            case LispAddress.Ipv4 _, LispAddress.Ipv6 _, LispAddress.Mac _ ->
                    Optional.of(new Eid(iid, EidPrefix.of(address)));
            case LispAddress.Name(var text) when text.length() <= EidPrefix.MAX_NAME_LENGTH ->
                    Optional.of(new Eid(iid, EidPrefix.of(address)));
            default -> Optional.empty();
        };
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u32(
                TYPE << 28
                        | (authoritative ? A : 0)
                        | (mapData.isPresent() ? M : 0)
                        | (probe ? P : 0)
                        | (solicits ? S : 0)
                        | (fromPitr ? PITR : 0)
                        | (smrInvoked ? INVOKED : 0)
                        | (identity.isPresent() ? I : 0)
                        | (localXtr ? L : 0)
                        | (dontMapReply ? D : 0)
                        | itrRlocs.size() - 1 << 8
                        | records.size());
        out.u64(nonce.value());
        sourceEid.ifPresentOrElse(eid -> eid.write(out), () -> LispAddress.None.NONE.write(out));
        itrRlocs.forEach(rloc -> rloc.write(out));
        records.forEach(record -> record.write(out));
        mapData.ifPresent(record -> record.write(out));
        identity.ifPresent(id -> id.write(out));
    }
}
