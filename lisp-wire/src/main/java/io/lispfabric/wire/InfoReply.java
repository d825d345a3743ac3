package io.lispfabric.wire;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * This is how I see you, and these are the RTRs that help you through a NAT
 * (draft-ermagan-lisp-nat-traversal): the head of an {@link InfoRequest} with R set, then an LCAF
 * of type 7 (RFC 8060 §4.4).
 *
 * @param nonce the Info-Request's
 * @param ttl minutes that this may be used
 * @param eid the Info-Request's
 * @param nat the ports and addresses
 */
public record InfoReply(
        Nonce nonce, Authentication authentication, RecordTtl ttl, Eid eid, NatTraversal nat)
        implements LispMessage.Authenticated {
    public static final int TYPE = InfoRequest.TYPE;

    static InfoReply read(WireReader in) {
        in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var authentication = Authentication.read(in);
        var ttl = new RecordTtl(in.as("TTL").u32AsInt());
        var eid = InfoRequest.readEid(in);
        int start = in.offset();
        if (!(in.part("NAT-Traversal", LispAddress::read) instanceof NatTraversal nat)) {
            throw new MalformedException(Flaw.NO_NAT_ADDRESSES, start);
        }
        in.expectEnd();
        return new InfoReply(nonce, authentication, ttl, eid, nat);
    }

    @Override
    public InfoReply with(Authentication other) {
        return new InfoReply(nonce, other, ttl, eid, nat);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        InfoRequest.writeHead(out, InfoRequest.R, nonce, authentication, ttl, eid);
        nat.write(out);
    }
}
