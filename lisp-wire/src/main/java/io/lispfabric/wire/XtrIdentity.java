package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * The 24 octets at the end of a message whose I-bit is set: which xTR, of which site (RFC 9301
 * §5.6, RFC 9437 §4).
 */
public record XtrIdentity(XtrId xtrId, SiteId siteId) implements Comparable<XtrIdentity> {
    /** Octets on the wire. */
    public static final int LENGTH = 24;

    /** Reads the 24 octets. */
    public static XtrIdentity read(WireReader in) {
        return new XtrIdentity(
                new XtrId(in.as("xTR-ID", 16).u64(), in.u64()), new SiteId(in.as("Site-ID").u64()));
    }

    /** Writes the 24 octets. */
    public void write(WireWriter out) {
        out.u64(xtrId.high()).u64(xtrId.low()).u64(siteId.value());
    }

    @Override
    public int compareTo(XtrIdentity other) {
        int bySite = siteId.compareTo(other.siteId);
        return bySite != 0 ? bySite : xtrId.compareTo(other.xtrId);
    }

    @Override
    public String toString() {
        return xtrId + "@" + siteId;
    }
}
