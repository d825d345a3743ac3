package io.lispfabric.lcaf;

/**
 * Who is being talked to: ⟨IID, AccID⟩ in a Scale-Up network, ⟨IID, AccIP⟩ in a Scale-Out one
 * (draft-jain §3). On the wire the Instance ID is an LCAF around the address (RFC 8060 §4.1), the
 * mask-len a field of the record around that.
 */
public record Eid(InstanceId iid, EidPrefix prefix) {
    /** {@code 40.0.0.0/16} in a segment. */
    public static Eid of(int iid, String prefix) {
        return new Eid(new InstanceId(iid), EidPrefix.parse(prefix));
    }

    /**
     * Reads {@code [iid]prefix}, or a bare prefix as one of segment {@code unless}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Eid parse(String text, InstanceId unless) {
        if (!text.startsWith("[")) {
            return new Eid(unless, EidPrefix.parse(text));
        }
        int close = text.indexOf(']');
        if (close < 0 || !text.substring(1, close).matches("\\d{1,8}")) {
            throw new IllegalArgumentException("not an EID: '" + text + "' (expected [iid]prefix)");
        }
        return new Eid(
                new InstanceId(Integer.parseInt(text.substring(1, close))),
                EidPrefix.parse(text.substring(close + 1)));
    }

    /** Reads the address of an EID-record whose mask-len came before it, AFI included. */
    public static Eid read(WireReader in, int maskLength) {
        int start = in.offset();
        in.begin("EID-Prefix");
        var address = in.end(LispAddress.read(in));
        var iid = InstanceId.DEFAULT;
        if (address instanceof LispAddress.Instance(var segment, _, var inner)) {
            iid = segment;
            address = inner;
        }
        if (address instanceof LispAddress.Ip
                || address instanceof LispAddress.Mac
                || address instanceof LispAddress.Name) {
            return new Eid(iid, prefix(address, maskLength, start));
        }
        if (address instanceof MulticastInfo info
                && (iid.equals(InstanceId.DEFAULT) || iid.equals(info.iid()))) {
            return new Eid(info.iid(), group(info, start));
        }
        throw new MalformedException(Flaw.UNKNOWN_EID_LCAF, start);
    }

    /**
     * How many octets {@link #read} would read that begin {@code ahead} of the reader, AFI
     * included; nothing is read and no memory taken.
     *
     * @return -1 when it can only be told by reading: something is wrong, or it is of a rare kind
     */
    public static int lengthAhead(WireReader in, int ahead, int maskLength) {
        if (in.peekU16(ahead) != LispAddress.AFI_LCAF) {
            return EidPrefix.lengthAhead(in, ahead, maskLength);
        }
        int address = EidPrefix.lengthAhead(in, ahead + 12, maskLength);
        boolean plain =
                address > 0
                        && in.peekU8(ahead + 4) == LispAddress.Instance.TYPE
                        && in.peekU16(ahead + 6) == 4 + address
                        && in.peekU8(ahead + 8) == 0; // an Instance ID of 24 bits
        return plain ? 12 + address : -1;
    }

    /** (*,G) is (0/0,G), some write no source at all (RFC 8378 §8). */
    private static EidPrefix group(MulticastInfo info, int start) {
        var group = info.group();
        var source = info.anySource() ? new AddressPrefix(group.address(), 0) : info.source();
        try {
            return EidPrefix.of(new MulticastInfo(InstanceId.DEFAULT, source, group));
        } catch (IllegalArgumentException _) {
            throw new MalformedException(Flaw.BAD_MASK_LENGTH, start);
        }
    }

    private static EidPrefix prefix(LispAddress address, int maskLength, int start) {
        try {
            return new EidPrefix(address, maskLength);
        } catch (IllegalArgumentException _) {
            throw new MalformedException(Flaw.BAD_MASK_LENGTH, start);
        }
    }

    /** Segment 0 is written as the bare address, every other one inside an LCAF (RFC 8060 §4.1). */
    public LispAddress address() {
        if (prefix.address() instanceof MulticastInfo info) {
            return new MulticastInfo(iid, info.source(), info.group()); // it says so itself
        }
        return iid.value() == 0
                ? prefix.address()
                : new LispAddress.Instance(iid, 0, prefix.address());
    }

    /** Writes AFI and address; the mask-len goes elsewhere. */
    public void write(WireWriter out) {
        if (prefix.address() instanceof MulticastInfo) {
            address().write(out);
            return;
        }
        (iid.value() == 0
                        ? prefix.address()
                        : new LispAddress.Instance(iid, out.iidMaskLength(), prefix.address()))
                .write(out);
    }

    public boolean covers(Eid other) {
        return iid.equals(other.iid) && prefix.covers(other.prefix);
    }

    /** {@code [1]40.0.0.7/32}: what {@link #parse} reads. */
    @Override
    public String toString() {
        return "[" + iid + "]" + prefix;
    }
}
