package io.lispfabric.wire.capture;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.wire.text.MessageTree;
import java.util.List;
import java.util.Optional;

/**
 * What a captured packet is to LISP.
 *
 * @param kind what it is, as far as that can be told
 * @param what of {@link Kind#OTHER}, the name that packets like it are counted under
 * @param ends who sent it to whom, when it is a LISP packet
 * @param payload of UDP; what the offsets of the tree count in
 * @param tree what the payload says, when it is a LISP packet
 * @param incomplete octets are missing that it had on the wire: the capture cut them off, or they
 *     are in another IP fragment
 * @param remarks what is odd about it without making it wrong
 * @param broken what is wrong with the headers before the payload
 */
public record Dissection(
        Kind kind,
        String what,
        Optional<Ends> ends,
        Bytes payload,
        Optional<MessageTree> tree,
        boolean incomplete,
        List<String> remarks,
        Optional<String> broken) {
    /** Which of the protocols on UDP. */
    public enum Kind {
        /** A control message: port 4342 (RFC 9301). */
        CONTROL("LISP control"),
        /** Port 4341: LISP and LISP-GPE (RFC 9300, RFC 9305). */
        LISP("LISP data"),
        /** Port 4789 (RFC 7348). */
        VXLAN("VXLAN"),
        /** Port 4790. */
        VXLAN_GPE("VXLAN-GPE"),
        /** Nothing of LISP, or nothing that can be read. */
        OTHER("other");

        private final String title;

        Kind(String title) {
            this.title = title;
        }

        public String title() {
            return title;
        }
    }

    /** Outer addresses and UDP ports. */
    public record Ends(String source, int sourcePort, String destination, int destinationPort) {}

    public Dissection {
        remarks = List.copyOf(remarks);
    }

    public static Dissection of(CapturedPacket packet) {
        return new Dissector(packet).dissect();
    }

    /**
     * Why this is not what it should be. That a message ends early says nothing about a packet that
     * is incomplete.
     */
    public Optional<String> flaw() {
        return broken.or(() ->
                tree.flatMap(MessageTree::malformed)
                        .filter(it -> !(incomplete && it.flaw() == Flaw.TRUNCATED))
                        .map(it -> it.flaw().label() + " at octet " + it.offset()));
    }
}
