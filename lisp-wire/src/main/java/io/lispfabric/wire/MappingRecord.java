package io.lispfabric.wire;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;

/**
 * An EID-Prefix and its locator-set: the EID-record of Map-Reply, Map-Register and Map-Notify (RFC
 * 9301 §5.4).
 *
 * <pre>
 * |                          Record TTL                           |
 * | Locator Count | EID mask-len  | ACT |A|      Reserved         |
 * | Rsvd  |  Map-Version Number   |        EID-Prefix-AFI         |
 * |                          EID-Prefix                           |
 * |                     Locators, one by one                      |
 * </pre>
 *
 * @param action means something only in a Map-Reply, and only when there are no locators
 * @param authoritative A: said by an ETR of the site itself
 * @param mapVersion 0 to 4095; 0 is no version (RFC 9302 §6.1)
 * @param locators in the order of the locator-set, at most 255
 */
public record MappingRecord(
        RecordTtl ttl,
        Action action,
        boolean authoritative,
        int mapVersion,
        Eid eid,
        List<Locator> locators) {
    private static final WireReader.Field[] HEAD = {
        new WireReader.Field("Locator Count", 1),
        new WireReader.Field("EID mask-len", 1),
        new WireReader.Field("Record flags", 2)
    };

    private static final int A = 0x1000;

    /** The EID's AFI comes after so many octets. */
    private static final int EID = 10;

    /**
     * @throws IllegalArgumentException when the version needs more than 12 bits, or there are more
     *     than 255 locators
     */
    public MappingRecord {
        if (mapVersion >>> 12 != 0) {
            throw new IllegalArgumentException("a Map-Version has 12 bits: " + mapVersion);
        }
        if (locators.size() > 255) {
            throw new IllegalArgumentException(
                    "a record holds at most 255 locators, not " + locators.size());
        }
        locators = List.copyOf(locators);
    }

    /** A mapping without a version. */
    public static MappingRecord of(RecordTtl ttl, Eid eid, List<Locator> locators) {
        return new MappingRecord(ttl, Action.NO_ACTION, false, 0, eid, locators);
    }

    /** "There is nothing here": no locators, and what to do instead (RFC 9301 §8.1). */
    public static MappingRecord negative(RecordTtl ttl, Action action, Eid eid) {
        return new MappingRecord(ttl, action, false, 0, eid, List.of());
    }

    /** Reads one record. */
    public static MappingRecord read(WireReader in) {
        var ttl = RecordTtl.of(in.as("Record TTL").u32AsInt());
        int head = in.as(HEAD).u32AsInt();
        int version = in.as("Map-Version Number").u16() & 0xFFF;
        var eid = Eid.read(in, head >>> 16 & 0xFF);
        var locators = Locator.readSet(in, head >>> 24);
        return new MappingRecord(
                ttl, Action.of(head >>> 13), (head & A) != 0, version, eid, locators);
    }

    /**
     * How many octets {@link #read} would read that begin {@code ahead} of the reader; nothing is
     * read and no memory taken.
     *
     * @return -1 when it can only be told by reading: something is wrong, or it is of a rare kind
     */
    static int lengthAhead(WireReader in, int ahead) {
        int counts = in.peekU16(ahead + 4); // Locator Count, EID mask-len
        int eid = counts < 0 ? -1 : Eid.lengthAhead(in, ahead + EID, counts & 0xFF);
        if (eid < 0) {
            return -1;
        }
        int length = EID + eid;
        for (int i = counts >>> 8; i > 0; i--) {
            int rloc = LispAddress.ipLengthAhead(in, ahead + length + Locator.RLOC);
            if (rloc < 0) {
                return -1;
            }
            length += Locator.RLOC + rloc;
        }
        return length;
    }

    /** Writes the record. */
    public void write(WireWriter out) {
        out.u32(ttl.minutes());
        out.u32(
                locators.size() << 24
                        | eid.prefix().maskLength() << 16
                        | action.code() << 13
                        | (authoritative ? A : 0));
        out.u16(mapVersion);
        eid.write(out);
        locators.forEach(locator -> locator.write(out));
    }

    /** Octets on the wire. */
    public int encodedLength() {
        var out = new WireWriter();
        write(out);
        return out.size();
    }

    public boolean isNegative() {
        return locators.isEmpty();
    }
}
