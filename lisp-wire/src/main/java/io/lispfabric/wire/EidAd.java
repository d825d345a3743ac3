package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;

/**
 * What a Map-Server vouches for: these EID-Prefixes are registered. The EID Authentication Data of
 * an ECM and of the Map-Reply that answers it (RFC 9303 §6.1, §6.2). It is kept octet by octet,
 * since the ETR copies it and the HMAC is over the octets.
 *
 * <pre>
 * |        EID-AD Length          |            KDF ID             |
 * | Record Count  |E| Unassigned  |         EID HMAC ID           |
 * |  Unassigned   | EID mask-len  |           EID-AFI             |
 * ~                        EID-Prefix ...                         ~
 * ~                          EID HMAC                             ~
 * </pre>
 *
 * An ITR sends only the first of these words.
 *
 * @param octets the whole, EID-AD Length included
 * @param kdfId 0 to 65535: how the MS-OTK is derived; 0 leaves it to the Map-Server
 * @param etrCantSign E: some ETR of these EIDs does not know LISP-SEC
 * @param hmacId 0 to 65535; 0 when an ITR sends it
 * @param prefixes empty when an ITR sends it
 * @param hmac the last octets; empty when an ITR sends it
 */
public record EidAd(
        Bytes octets, int kdfId, boolean etrCantSign, int hmacId, List<Eid> prefixes, Bytes hmac) {
    /** The length of what an ITR sends (RFC 9303 §6.1). */
    private static final int REQUEST_LENGTH = 4;

    private static final int E = 0x80;

    public EidAd {
        prefixes = List.copyOf(prefixes);
    }

    /** What an ITR sends: only which KDF it would like. */
    public static EidAd request(int kdfId) {
        var octets = new WireWriter().u16(REQUEST_LENGTH).u16(kdfId).toBytes();
        return new EidAd(octets, kdfId, false, 0, List.of(), Bytes.EMPTY);
    }

    /**
     * What a Map-Server says.
     *
     * @throws IllegalArgumentException when there are more than 255 prefixes, or the HMAC does not
     *     fit
     */
    public static EidAd of(
            int kdfId, boolean etrCantSign, int hmacId, List<Eid> prefixes, Bytes hmac) {
        if (prefixes.size() > 255) {
            throw new IllegalArgumentException(
                    "an EID-AD has at most 255 records, not " + prefixes.size());
        }
        var out = new WireWriter();
        out.u16(0).u16(kdfId).u8(prefixes.size()).u8(etrCantSign ? E : 0).u16(hmacId);
        for (var eid : prefixes) {
            out.u8(0).u8(eid.prefix().maskLength());
            eid.write(out);
        }
        out.bytes(hmac);
        if (out.size() >>> 16 != 0) {
            throw new IllegalArgumentException("an EID-AD has at most 65535 octets");
        }
        out.patchU16(0, out.size());
        return new EidAd(out.toBytes(), kdfId, etrCantSign, hmacId, prefixes, hmac);
    }

    /** RFC 9303 §6.9.1: the example refuses what reaches beyond what is vouched for. */
    public boolean vouchesFor(Eid eid) {
        return prefixes.stream().anyMatch(it -> it.covers(eid));
    }

    /**
     * The same octets with another HMAC in place of theirs.
     *
     * @throws IllegalArgumentException when the two differ in length
     */
    public EidAd with(Bytes other) {
        if (other.length() != hmac.length()) {
            throw new IllegalArgumentException(
                    "an HMAC of " + hmac.length() + " octets, not " + other.length());
        }
        var whole = octets.toArray();
        System.arraycopy(other.toArray(), 0, whole, whole.length - other.length(), other.length());
        return new EidAd(Bytes.of(whole), kdfId, etrCantSign, hmacId, prefixes, other);
    }

    static EidAd read(WireReader in) {
        var head = in.peek(2);
        int length = head.at(0) << 8 | head.at(1);
        if (length < REQUEST_LENGTH) {
            throw in.flaw(Flaw.BAD_LENGTH);
        }
        var part = in.sub(length);
        var octets = part.peek(length);
        part.as("EID-AD Length").u16();
        int kdfId = part.as("KDF ID").u16();
        if (length == REQUEST_LENGTH) {
            return new EidAd(octets, kdfId, false, 0, List.of(), Bytes.EMPTY);
        }
        int count = part.as("Record Count").u8();
        boolean etrCantSign = (part.as("EID-AD flags").u8() & E) != 0;
        int hmacId = part.as("EID HMAC ID").u16();
        var prefixes = part.list(count, "EID-AD record", EidAd::readPrefix);
        var hmac = part.as("EID HMAC").bytes(part.remaining());
        return new EidAd(octets, kdfId, etrCantSign, hmacId, prefixes, hmac);
    }

    private static Eid readPrefix(WireReader in) {
        in.as("Unassigned").skip(1);
        return Eid.read(in, in.as("EID mask-len").u8());
    }

    void write(WireWriter out) {
        out.bytes(octets);
    }
}
