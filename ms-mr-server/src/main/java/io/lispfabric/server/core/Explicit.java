package io.lispfabric.server.core;

import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.wire.Nonce;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * A subscription that nobody has asked for: the operator has (RFC 9437 §5).
 *
 * @param id the xTR, and what it is told about
 * @param nonce what both sides have agreed to count from
 */
public record Explicit(ListenerId.Subscriber id, Contact contact, Nonce nonce) {
    /**
     * What tells this entry from a changed one: never 0, and the same wherever it is computed,
     * since it is part of the state.
     */
    int fingerprint() {
        var out = new WireWriter();
        // Not which key is the first just now: a change of keys is no change of the subscription.
        out.bytes(contact.credentials().site().getBytes(StandardCharsets.UTF_8));
        contact.addresses().forEach(address -> address.write(out));
        out.u16(contact.port()).u64(nonce.value());
        var sum = new CRC32C();
        sum.update(out.toBuffer());
        return (int) sum.getValue() | 1;
    }
}
