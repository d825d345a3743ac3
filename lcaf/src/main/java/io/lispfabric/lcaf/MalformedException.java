package io.lispfabric.lcaf;

/**
 * Octets that are not what they should be. It is thrown inside the codec and turned into a value at
 * the codec's edge; it has no stack trace, so that strangers cannot make us pay for one.
 */
public final class MalformedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Flaw flaw;
    private final int offset;

    /** A flaw found {@code offset} octets after the start of the datagram. */
    public MalformedException(Flaw flaw, int offset) {
        super(flaw.label() + " at octet " + offset, null, false, false);
        this.flaw = flaw;
        this.offset = offset;
    }

    public Flaw flaw() {
        return flaw;
    }

    /** Octets from the start of the datagram. */
    public int offset() {
        return offset;
    }
}
