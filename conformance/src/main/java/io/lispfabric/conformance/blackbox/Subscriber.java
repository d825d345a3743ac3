package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;

import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.RequestOctets.Mistake;
import java.net.DatagramSocket;

/** Who subscribes (RFC 9437 §4), and the nonce that both sides count. */
final class Subscriber {
    private final Talk talk;
    private final Talk.Xtr xtr;

    Subscriber(Talk talk) {
        this.talk = talk;
        xtr = talk.xtr();
    }

    private RequestOctets asking(Address eid) {
        return new RequestOctets().ask(eid, 0x80).ids(xtr.id(), xtr.siteId());
    }

    byte[] message(Address eid, long nonce) {
        return talk.ecm(asking(eid).itr(talk.local()).encoded(nonce), eid);
    }

    /** A subscription whose ITR-RLOC is the address of that socket. */
    byte[] message(Address eid, long nonce, DatagramSocket to) {
        return talk.ecm(
                asking(eid).itr(Address.of(to.getLocalAddress())).encoded(nonce),
                eid,
                to.getLocalPort(),
                Mistake.NONE);
    }

    /** A subscription in the name of another site. */
    byte[] messageAs(long siteId, Address eid, long nonce) {
        return talk.ecm(
                new RequestOctets()
                        .ask(eid, 0x80)
                        .ids(xtr.id(), siteId)
                        .itr(talk.local())
                        .encoded(nonce),
                eid);
    }

    /** Exactly one ITR-RLOC, of AFI 0 (RFC 9437 §5). */
    byte[] cancellation(Address eid, long nonce) {
        return talk.ecm(asking(eid).itrRaw(new byte[2]).encoded(nonce), eid);
    }

    /** Subscribes, acknowledges the confirmation, and returns it. */
    Heard subscribe(Address eid) throws Outcome {
        var confirmed = unacknowledged(eid, talk.nonce());
        talk.acknowledge(confirmed);
        return confirmed;
    }

    Heard unacknowledged(Address eid, long nonce) throws Outcome {
        return confirmation("subscription to " + eid, message(eid, nonce), nonce);
    }

    /** Ends it, or the part of it that is named, and acknowledges the confirmation. */
    Heard unsubscribe(Address eid, long nonce) throws Outcome {
        var confirmed = confirmation("unsubscription from " + eid, cancellation(eid, nonce), nonce);
        talk.acknowledge(confirmed);
        return confirmed;
    }

    Heard confirmation(String what, byte[] message, long nonce) throws Outcome {
        talk.send(what, message);
        return Talk.readable(
                talk.expect(
                        "Map-Notify with the nonce of the " + what,
                        answering(Heard.NOTIFY, nonce)));
    }

    /** The next publication after this Map-Notify, acknowledged. */
    Heard publication(Heard after) throws Outcome {
        var published = unacknowledged(after);
        talk.acknowledge(published);
        return published;
    }

    Heard unacknowledged(Heard after) throws Outcome {
        return Talk.readable(talk.expect("publication", it -> follows(it, after)));
    }

    static boolean follows(Heard heard, Heard after) {
        return heard.type() == Heard.NOTIFY
                && Long.compareUnsigned(heard.nonce(), after.nonce()) > 0
                && heard.nonce() - after.nonce() < 100;
    }
}
