package io.lispfabric.wire.encap;

/** What follows a LISP-GPE or VXLAN-GPE header: an 8-bit number of one registry (RFC 9305 §3). */
public final class NextProtocol {
    public static final int IPV4 = 1;
    public static final int IPV6 = 2;
    public static final int ETHERNET = 3;

    /**
     * A frame between accelerators that have no IP addresses. The number is one of the two left for
     * experiments, the format is this project's: destination and source, each an AFI and an address
     * as RFC 9301 writes them, then the payload.
     */
    public static final int ACC_ID = 0x7E;

    private NextProtocol() {}
}
