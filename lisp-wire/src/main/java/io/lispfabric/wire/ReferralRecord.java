package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;

/**
 * An XEID-prefix and who is to be asked about it: the record of a Map-Referral (RFC 8111 §6.4).
 *
 * <pre>
 * |                          Record TTL                           |
 * | Referral Count| EID mask-len  | ACT |A|I|     Reserved        |
 * |SigCnt |   Map-Version Number  |            EID-AFI            |
 * |                          EID-Prefix                           |
 * |              Locators, one by one; then signatures            |
 * </pre>
 *
 * @param authoritative A, as in a Map-Reply
 * @param incomplete I: the referral set is not whole and should not be cached
 * @param mapVersion 0 to 4095
 * @param eid the XEID-prefix, of Database-ID 0 (RFC 8111 §4.1)
 * @param referrals the locators of those to ask, at most 255
 * @param signatures at most 15
 */
public record ReferralRecord(
        RecordTtl ttl,
        ReferralAction action,
        boolean authoritative,
        boolean incomplete,
        int mapVersion,
        Eid eid,
        List<Locator> referrals,
        List<Signature> signatures) {
    private static final int A = 0x1000;
    private static final int I = 0x0800;

    /**
     * Who vouches for a record, and for how long (RFC 8111 §6.4.1). It covers the octets of the
     * record as they were sent, with the original TTL and zeros for the signature.
     *
     * <pre>
     * |                      Original Record TTL                      |
     * |                     Signature Expiration                      |
     * |                     Signature Inception                       |
     * |            Key Tag            |           Sig Length          |
     * | Sig-Algorithm |                   Reserved                    |
     * ~                           Signature                           ~
     * </pre>
     *
     * @param originalTtl the Record TTL that was signed
     * @param expiration seconds since 1970, an unsigned 32-bit number
     * @param inception seconds since 1970, likewise
     * @param keyTag 0 to 65535: which of the signer's keys
     * @param algorithm 0 to 255: 1 is RSA-SHA1, deprecated; 2 is RSA-SHA256
     * @param value at most 65535 octets
     */
    public record Signature(
            RecordTtl originalTtl,
            int expiration,
            int inception,
            int keyTag,
            int algorithm,
            Bytes value) {
        /**
         * @throws IllegalArgumentException when a number does not fit its field
         */
        public Signature {
            if (keyTag >>> 16 != 0 || algorithm >>> 8 != 0 || value.length() >>> 16 != 0) {
                throw new IllegalArgumentException(
                        "a Key Tag and a length have 16 bits, a Sig-Algorithm has 8: "
                                + keyTag
                                + ", "
                                + value.length()
                                + ", "
                                + algorithm);
            }
        }

        private static Signature read(WireReader in) {
            var originalTtl = new RecordTtl(in.as("Original Record TTL").u32AsInt());
            int expiration = in.as("Signature Expiration").u32AsInt();
            int inception = in.as("Signature Inception").u32AsInt();
            int keyTag = in.as("Key Tag").u16();
            int length = in.as("Sig Length").u16();
            int algorithm = in.as("Sig-Algorithm").u8();
            in.as("Reserved").skip(3); // ignored on receipt
            return new Signature(
                    originalTtl,
                    expiration,
                    inception,
                    keyTag,
                    algorithm,
                    in.as("Signature").bytes(length));
        }

        private void write(WireWriter out) {
            out.u32(originalTtl.minutes()).u32(expiration).u32(inception);
            out.u16(keyTag).u16(value.length()).u32(algorithm << 24).bytes(value);
        }
    }

    /**
     * @throws IllegalArgumentException when the version needs more than 12 bits, or there are more
     *     than 255 locators or 15 signatures
     */
    public ReferralRecord {
        if (mapVersion >>> 12 != 0) {
            throw new IllegalArgumentException("a Map-Version has 12 bits: " + mapVersion);
        }
        if (referrals.size() > 255 || signatures.size() > 15) {
            throw new IllegalArgumentException(
                    "a referral has at most 255 locators and 15 signatures, not "
                            + referrals.size()
                            + " and "
                            + signatures.size());
        }
        referrals = List.copyOf(referrals);
        signatures = List.copyOf(signatures);
    }

    static ReferralRecord read(WireReader in) {
        var ttl = new RecordTtl(in.as("Record TTL").u32AsInt());
        int referralCount = in.as("Referral Count").u8();
        int maskLength = in.as("EID mask-len").u8();
        int flags = in.as("Referral flags").u16();
        int version = in.as("SigCnt, Map-Version Number").u16();
        var eid = Eid.read(in, maskLength);
        var referrals = Locator.readSet(in, referralCount);
        var signatures = in.list(version >>> 12, "Signature section", Signature::read);
        return new ReferralRecord(
                ttl,
                ReferralAction.of(flags >>> 13),
                (flags & A) != 0,
                (flags & I) != 0,
                version & 0xFFF,
                eid,
                referrals,
                signatures);
    }

    void write(WireWriter out) {
        out.u32(ttl.minutes()).u8(referrals.size()).u8(eid.prefix().maskLength());
        out.u16(action.code() << 13 | (authoritative ? A : 0) | (incomplete ? I : 0));
        out.u16(signatures.size() << 12 | mapVersion);
        eid.write(out);
        referrals.forEach(locator -> locator.write(out));
        signatures.forEach(signature -> signature.write(out));
    }
}
