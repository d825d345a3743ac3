package io.lispfabric.lcaf;

import java.util.List;

/**
 * Who sends to which group, in which segment: the EID of an (S,G) or (*,G) entry (RFC 8060 §4.5).
 * That the group is a group address is not checked: it may be a subnet's broadcast address, which
 * looks like any other.
 *
 * <pre>
 * |                         Instance ID                           |
 * |            Reserved           | Source MaskLen| Group MaskLen |
 * |              AFI = x          |   Source/Subnet Address  ...  |
 * |              AFI = x          |       Group Address  ...      |
 * </pre>
 *
 * @param source of (*,G) the unspecified address with a mask-len of 0
 */
public record MulticastInfo(InstanceId iid, AddressPrefix source, AddressPrefix group)
        implements Lcaf {
    public static final int TYPE = 9;

    public MulticastInfo {
        Nesting.check(source.address());
        Nesting.check(group.address());
    }

    static MulticastInfo read(WireReader in) {
        var iid = InstanceId.read(in);
        in.as("Reserved").skip(2);
        int sourceMaskLength = in.as("Source MaskLen").u8();
        int groupMaskLength = in.as("Group MaskLen").u8();
        return new MulticastInfo(
                iid,
                in.part("Source/Subnet", part -> AddressPrefix.read(part, sourceMaskLength)),
                in.part("Group", part -> AddressPrefix.read(part, groupMaskLength)));
    }

    /** Whether any source is meant: (*,G). */
    public boolean anySource() {
        return source.maskLength() == 0;
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(source.address(), group.address());
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u32(iid.value()).u16(0).u8(source.maskLength()).u8(group.maskLength());
        source.address().write(out);
        group.address().write(out);
    }

    /** {@code [9](10.0.0.1/32, 239.1.1.1/32)}. */
    @Override
    public String toString() {
        return "[" + iid + "](" + source + ", " + group + ")";
    }
}
