package io.lispfabric.lcaf;

/** An LCAF that says nothing: type 0, a body of no octets (RFC 8060 §3). */
public enum NullBody implements Lcaf {
    NULL_BODY;

    public static final int TYPE = 0;

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void writeLcafBody(WireWriter out) {}

    @Override
    public String toString() {
        return "null-body";
    }
}
