package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.EidPrefix.Family;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;

/**
 * One EID as the forwarding path sees it: plain fields that are filled again for every packet, so
 * that looking something up allocates nothing. Addresses are aligned to the left in 128 bits.
 */
public final class EidKey {
    private int iid;
    private Family family = Family.IPV4;
    private long high;
    private long low;
    private String name = "";

    /**
     * A key of its own for an EID, whose prefix length does not count.
     *
     * @throws IllegalArgumentException for a group and its sources, which are two
     */
    public static EidKey of(Eid eid) {
        var key = new EidKey();
        if (!key.set(eid.iid().value(), eid.prefix().address())) {
            throw new IllegalArgumentException("not one address: " + eid);
        }
        return key;
    }

    public EidKey ipv4(int segment, int address) {
        return set(segment, Family.IPV4, (long) address << 32, 0, "");
    }

    public EidKey ipv6(int segment, long addressHigh, long addressLow) {
        return set(segment, Family.IPV6, addressHigh, addressLow, "");
    }

    /** A MAC address, in the low 48 bits of {@code address}. */
    public EidKey mac(int segment, long address) {
        return set(segment, Family.MAC, address << 16, 0, "");
    }

    public EidKey name(int segment, String text) {
        return set(segment, Family.NAME, 0, 0, text);
    }

    /** Takes any address that can be an EID; false, and nothing taken, when it cannot. */
    public boolean set(int segment, LispAddress address) {
        switch (address) {
            case LispAddress.Ipv4(var value) -> ipv4(segment, value);
            case LispAddress.Ipv6(var addressHigh, var addressLow) ->
                    ipv6(segment, addressHigh, addressLow);
            case LispAddress.Mac(var value) -> mac(segment, value);
            case LispAddress.Name(var text) when text.length() <= EidPrefix.MAX_NAME_LENGTH ->
                    name(segment, text);
            default -> {
                return false;
            }
        }
        return true;
    }

    private EidKey set(int segment, Family kind, long bitsHigh, long bitsLow, String text) {
        iid = segment;
        family = kind;
        high = bitsHigh;
        low = bitsLow;
        name = text;
        return this;
    }

    public int iid() {
        return iid;
    }

    public Family family() {
        return family;
    }

    long high() {
        return high;
    }

    long low() {
        return low;
    }

    String name() {
        return name;
    }

    /** A number that packets of one flow share. */
    public int hash() {
        long mixed =
                (high * 0x9E37_79B9_7F4A_7C15L ^ low + name.hashCode()) * 0xC2B2_AE3D_27D4_EB4FL;
        return (int) (mixed >>> 32) ^ iid * 31 + family.ordinal();
    }

    /** Whether it is a group or broadcast address, which no unicast mapping can be for. */
    public boolean isMulticast() {
        return switch (family) {
            case IPV4 -> high >>> 60 == 0xE || high >>> 32 == 0xFFFF_FFFFL;
            case IPV6 -> high >>> 56 == 0xFF;
            case MAC -> (high >>> 56 & 1) != 0;
            case NAME, GROUP -> false;
        };
    }

    /** The EID of this one address. */
    public Eid toEid() {
        return new Eid(
                new InstanceId(iid),
                EidPrefix.of(
                        switch (family) {
                            case IPV4 -> new LispAddress.Ipv4((int) (high >>> 32));
                            case IPV6 -> new LispAddress.Ipv6(high, low);
                            case MAC -> new LispAddress.Mac(high >>> 16);
                            case NAME -> new LispAddress.Name(name);
                            case GROUP -> throw new IllegalStateException("no packet is from one");
                        }));
    }

    /** Moves the key to another segment. */
    public void segment(int segment) {
        iid = segment;
    }

    /** Whether this key's first {@code length} bits are the other's too, whatever the segments. */
    public boolean covers(int length, EidKey other) {
        if (family != other.family) {
            return false;
        }
        return family == Family.NAME
                ? name.equals(other.name)
                : PrefixTable.commonBits(high, low, other.high, other.low) >= length;
    }
}
