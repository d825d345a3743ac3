package io.lispfabric.wire;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * Where do you see me? An ETR asks its Map-Server, to learn whether a NAT is between them
 * (draft-ermagan-lisp-nat-traversal).
 *
 * <pre>
 * |Type=7 |0|                     Reserved                        |
 * |                        Nonce (64 bits)                        |
 * |    Key ID     | Algorithm ID  |  Authentication Data Length   |
 * ~                     Authentication Data                       ~
 * |                              TTL                              |
 * |   Reserved    | EID mask-len  |        EID-Prefix-AFI         |
 * |                          EID-Prefix                           |
 * |            AFI = 0            |
 * </pre>
 *
 * @param nonce random; the Info-Reply copies it
 * @param ttl minutes that what is learnt may be used
 * @param eid what the ETR is going to register
 */
public record InfoRequest(Nonce nonce, Authentication authentication, RecordTtl ttl, Eid eid)
        implements LispMessage.Authenticated {
    /** The type of Info-Request and Info-Reply, which the R-bit tells apart. */
    public static final int TYPE = 7;

    static final int R = 0x0800_0000;

    static InfoRequest read(WireReader in) {
        in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var authentication = Authentication.read(in);
        var ttl = new RecordTtl(in.as("TTL").u32AsInt());
        var eid = readEid(in);
        if (in.as("AFI").u16() != LispAddress.AFI_NONE) {
            throw in.flaw(Flaw.UNKNOWN_AFI);
        }
        in.expectEnd();
        return new InfoRequest(nonce, authentication, ttl, eid);
    }

    static Eid readEid(WireReader in) {
        in.as("Reserved").skip(1);
        return Eid.read(in, in.as("EID mask-len").u8());
    }

    static void writeHead(
            WireWriter out,
            int flags,
            Nonce nonce,
            Authentication authentication,
            RecordTtl ttl,
            Eid eid) {
        out.u32(TYPE << 28 | flags).u64(nonce.value());
        authentication.write(out);
        out.u32(ttl.minutes()).u8(0).u8(eid.prefix().maskLength());
        eid.write(out);
    }

    @Override
    public InfoRequest with(Authentication other) {
        return new InfoRequest(nonce, other, ttl, eid);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        writeHead(out, 0, nonce, authentication, ttl, eid);
        out.u16(LispAddress.AFI_NONE);
    }
}
