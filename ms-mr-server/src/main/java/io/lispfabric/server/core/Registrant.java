package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.XtrIdentity;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Who registers: an xTR by its ids, or, when it gives none, whoever holds a key of the site (RFC
 * 9301 §5.6, §8.4.1).
 *
 * @param anonymousKeyId the Key ID that stands for the xTR when it has no ids; 0 when it has
 */
public record Registrant(String site, Optional<XtrIdentity> identity, int anonymousKeyId)
        implements Comparable<Registrant> {
    public static Registrant of(String site, int keyId, Optional<XtrIdentity> identity) {
        return new Registrant(site, identity, identity.isPresent() ? 0 : keyId);
    }

    /** Where the last nonce of this registrant under one key is kept (RFC 9301 §5.6). */
    BitKey nonceKey(int keyId) {
        var out = new WireWriter();
        write(out);
        return BitKey.of(out.u8(keyId).toBytes());
    }

    BitKey key() {
        return BitKey.of(octets());
    }

    private Bytes octets() {
        var out = new WireWriter();
        write(out);
        return out.toBytes();
    }

    private void write(WireWriter out) {
        var name = site.getBytes(StandardCharsets.UTF_8);
        out.u16(name.length).bytes(name).u8(anonymousKeyId).u8(identity.isPresent() ? 1 : 0);
        identity.ifPresent(id -> id.write(out));
    }

    @Override
    public int compareTo(Registrant other) {
        return octets().compareTo(other.octets());
    }

    @Override
    public String toString() {
        return site + "/" + identity.map(XtrIdentity::toString).orElse("key-" + anonymousKeyId);
    }
}
