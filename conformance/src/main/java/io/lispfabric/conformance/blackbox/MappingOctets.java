package io.lispfabric.conformance.blackbox;

import java.util.ArrayList;
import java.util.List;

/** An EID-record with its locator-records, as it is sent (RFC 9301 §5.4). */
final class MappingOctets {
    private final Address eid;
    private int ttl = 10;
    private int iidMaskLength;
    private int maskLengthAs = -1;
    private int version;
    private int flags;
    private int reserved;
    private byte[] eidAs = new byte[0];
    private final List<byte[]> locators = new ArrayList<>();

    private MappingOctets(Address eid) {
        this.eid = eid;
    }

    static MappingOctets of(Address eid, String... locators) {
        var mapping = new MappingOctets(eid);
        for (var locator : locators) {
            mapping.locator(locator, 1, 50, 0x0005);
        }
        return mapping;
    }

    Address eid() {
        return eid;
    }

    MappingOctets ttl(int minutes) {
        ttl = minutes;
        return this;
    }

    MappingOctets iidMaskLength(int bits) {
        iidMaskLength = bits;
        return this;
    }

    /** A mask-len that is not the EID's. */
    MappingOctets maskLengthAs(int bits) {
        maskLengthAs = bits;
        return this;
    }

    MappingOctets version(int number) {
        version = number;
        return this;
    }

    /** ACT, and the A-bit. */
    MappingOctets flags(int bits) {
        flags = bits;
        return this;
    }

    /** All bits of the EID-record that RFC 9301 has no meaning for. */
    MappingOctets reserved() {
        flags |= 0x0FFF;
        reserved = 0xF000;
        return this;
    }

    /** An AFI and an address in the EID's place. */
    MappingOctets eidAs(byte[] octets) {
        eidAs = octets;
        return this;
    }

    /** A locator whose AFI and address are these octets. */
    MappingOctets locatorRaw(byte[] address) {
        locators.add(new Octets().u32(0x0132_FF00).u16(5).bytes(address).toArray());
        return this;
    }

    /** Flags: L 4, p 2, R 1. */
    MappingOctets locator(String address, int priority, int weight, int flags) {
        var out = new Octets().u8(priority).u8(weight).u8(255).u8(0).u16(flags);
        Address.parse(address).write(out, 0);
        locators.add(out.toArray());
        return this;
    }

    void write(Octets out) {
        out.u32(ttl).u8(locators.size()).u8(maskLengthAs < 0 ? eid.length() : maskLengthAs);
        out.u16(flags).u16(reserved | version);
        if (eidAs.length > 0) {
            out.bytes(eidAs);
        } else {
            eid.write(out, iidMaskLength);
        }
        locators.forEach(out::bytes);
    }
}
