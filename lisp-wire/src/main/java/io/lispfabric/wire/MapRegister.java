package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * An ETR's claim to a set of EIDs (RFC 9301 §5.6). There is no message to withdraw one: a Record
 * TTL of 0 does that.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Type=3 |P|S|I|        Reserved       |E|T|a|R|M| Record Count  |
 * |                        Nonce (64 bits)                        |
 * |    Key ID     | Algorithm ID  |  Authentication Data Length   |
 * ~      Authentication Data, records, then xTR-ID and Site-ID    ~
 * </pre>
 *
 * @param proxyReply P: the Map-Server answers Map-Requests for the ETR
 * @param securityCapable S: the ETR knows LISP-SEC
 * @param eidNotify E: found by a first-hop router, to be registered by the site
 * @param ttlForTimeout T: the Record TTL is also how long the registration lasts
 * @param mergeRequest a: merge with what other xTRs register for the same EIDs
 * @param wantMapNotify M: confirm with a Map-Notify
 * @param nonce greater than any sent before under the same key
 * @param identity I: which xTR registers
 */
public record MapRegister(
        boolean proxyReply,
        boolean securityCapable,
        boolean eidNotify,
        boolean ttlForTimeout,
        boolean mergeRequest,
        boolean wantMapNotify,
        Nonce nonce,
        Authentication authentication,
        List<MappingRecord> records,
        Optional<XtrIdentity> identity)
        implements LispMessage.Authenticated {
    public static final int TYPE = 3;

    private static final int P = 0x0800_0000;
    private static final int S = 0x0400_0000;
    private static final int I = 0x0200_0000;
    private static final int E = 0x1000;
    private static final int T = 0x0800;
    private static final int MERGE = 0x0400;
    private static final int M = 0x0100;

    /**
     * @throws IllegalArgumentException when there are more than 255 records
     */
    public MapRegister {
        if (records.size() > 255) {
            throw new IllegalArgumentException(
                    "a Map-Register has at most 255 records, not " + records.size());
        }
        records = Records.copyOf(records);
    }

    static MapRegister read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var authentication = Authentication.read(in);
        var records = Records.read(in, head & 0xFF);
        var identity =
                (head & I) != 0 ? Optional.of(XtrIdentity.read(in)) : Optional.<XtrIdentity>empty();
        in.expectEnd();
        return new MapRegister(
                (head & P) != 0,
                (head & S) != 0,
                (head & E) != 0,
                (head & T) != 0,
                (head & MERGE) != 0,
                (head & M) != 0,
                nonce,
                authentication,
                records,
                identity);
    }

    @Override
    public MapRegister with(Authentication other) {
        return new MapRegister(
                proxyReply,
                securityCapable,
                eidNotify,
                ttlForTimeout,
                mergeRequest,
                wantMapNotify,
                nonce,
                other,
                records,
                identity);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u32(
                TYPE << 28
                        | (proxyReply ? P : 0)
                        | (securityCapable ? S : 0)
                        | (identity.isPresent() ? I : 0)
                        | (eidNotify ? E : 0)
                        | (ttlForTimeout ? T : 0)
                        | (mergeRequest ? MERGE : 0)
                        | (wantMapNotify ? M : 0)
                        | records.size());
        out.u64(nonce.value());
        authentication.write(out);
        records.forEach(record -> record.write(out));
        identity.ifPresent(id -> id.write(out));
    }
}
