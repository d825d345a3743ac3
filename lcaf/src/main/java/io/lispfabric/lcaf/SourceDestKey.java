package io.lispfabric.lcaf;

import java.util.List;

/**
 * The key of what is looked up by source and destination both (RFC 8060 §4.8).
 *
 * <pre>
 * |            Reserved           |   Source-ML   |    Dest-ML    |
 * |              AFI = x          |         Source-Prefix ...     |
 * |              AFI = y          |     Destination-Prefix ...    |
 * </pre>
 */
public record SourceDestKey(AddressPrefix source, AddressPrefix destination) implements Lcaf {
    public static final int TYPE = 12;

    public SourceDestKey {
        Nesting.check(source.address());
        Nesting.check(destination.address());
    }

    static SourceDestKey read(WireReader in) {
        in.as("Reserved").skip(2);
        int sourceMaskLength = in.as("Source-ML").u8();
        int destMaskLength = in.as("Dest-ML").u8();
        return new SourceDestKey(
                in.part("Source-Prefix", part -> AddressPrefix.read(part, sourceMaskLength)),
                in.part("Destination-Prefix", part -> AddressPrefix.read(part, destMaskLength)));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(source.address(), destination.address());
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u16(0).u8(source.maskLength()).u8(destination.maskLength());
        source.address().write(out);
        destination.address().write(out);
    }

    /** {@code source-dest(10.0.0.0/8, 192.0.2.0/24)}. */
    @Override
    public String toString() {
        return "source-dest(" + source + ", " + destination + ")";
    }
}
