package io.lispfabric.lcaf;

import java.util.Optional;

/**
 * Where to send: an IP address, or an AFI list that holds one and what is to be said about it (RFC
 * 8060 §4.10). Ordered as a locator-set must be: by AFI and address, LCAFs last and by type (RFC
 * 9301 §5.5, RFC 8060 §3).
 */
public record Rloc(LispAddress address) implements Comparable<Rloc> {
    public static Rloc of(String ip) {
        return new Rloc(LispAddress.Ip.parse(ip));
    }

    /** The address that packets go to; empty for a locator that only carries data. */
    public Optional<LispAddress.Ip> ip() {
        return address.ip();
    }

    /** Whether a receiver must treat the locator as absent (RFC 9306 §3). */
    public boolean isIgnored() {
        return !Lcaf.isRecognised(address);
    }

    @Override
    public int compareTo(Rloc other) {
        int byAfi = Integer.compare(address.afi(), other.address.afi());
        return byAfi != 0 ? byAfi : encoded().compareTo(other.encoded());
    }

    /** The octets after the AFI; an LCAF's begin with reserved ones that are 0, then its type. */
    private Bytes encoded() {
        var out = new WireWriter();
        address.writeBody(out);
        return out.toBytes();
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
