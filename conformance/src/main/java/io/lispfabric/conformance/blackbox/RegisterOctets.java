package io.lispfabric.conformance.blackbox;

import java.util.List;

/** A Map-Register (RFC 9301 §5.6), right unless it is told otherwise. */
final class RegisterOctets {
    static final int PROXY = 0x0800_0000;
    static final int LISP_SEC = 0x0400_0000;

    /** The T-bit. */
    static final int TTL_IS_TIMEOUT = 0x0000_0800;

    static final int MERGE = 0x0000_0400;
    static final int WANT_NOTIFY = 0x0000_0100;
    static final int HAS_IDS = 0x0200_0000;

    /** All bits that RFC 9301 has no meaning for. */
    static final int RESERVED = 0x01FF_E200;

    private final List<MappingOctets> records;
    private int flags = PROXY | WANT_NOTIFY | HAS_IDS;
    private int count;
    private byte[] trailer;

    RegisterOctets(byte[] xtrId, long siteId, List<MappingOctets> records) {
        this.records = List.copyOf(records);
        count = records.size();
        trailer = new Octets().bytes(xtrId).u64(siteId).toArray();
    }

    RegisterOctets with(int bits) {
        flags |= bits;
        return this;
    }

    RegisterOctets without(int bits) {
        flags &= ~bits;
        if ((bits & HAS_IDS) != 0) {
            trailer = new byte[0];
        }
        return this;
    }

    RegisterOctets count(int other) {
        count = other;
        return this;
    }

    RegisterOctets trailer(byte[] other) {
        trailer = other;
        return this;
    }

    List<MappingOctets> records() {
        return records;
    }

    byte[] sealed(long nonce, Secret secret) {
        var out = new Octets().u32(3 << 28 | flags | count).u64(nonce);
        secret.blank(out);
        records.forEach(it -> it.write(out));
        return secret.seal(out.bytes(trailer).toArray());
    }
}
