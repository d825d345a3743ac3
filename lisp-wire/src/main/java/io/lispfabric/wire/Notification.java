package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;
import java.util.Optional;

/** The one layout that Map-Notify and Map-Notify-Ack share (RFC 9301 §5.7). */
record Notification(
        Nonce nonce,
        Authentication authentication,
        List<MappingRecord> records,
        Optional<XtrIdentity> recipient) {
    private static final int I = 0x0800_0000;

    static Notification read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var authentication = Authentication.read(in);
        var records = Records.read(in, head & 0xFF);
        // The I-bit is reserved in RFC 9301 and so ignored; the ids may follow with it or without
        // it, or not at all.
        var recipient =
                in.remaining() > 0
                        ? Optional.of(XtrIdentity.read(in))
                        : Optional.<XtrIdentity>empty();
        in.expectEnd();
        return new Notification(nonce, authentication, records, recipient);
    }

    static void write(
            WireWriter out,
            int type,
            Nonce nonce,
            Authentication authentication,
            List<MappingRecord> records,
            Optional<XtrIdentity> recipient) {
        out.u32(type << 28 | (recipient.isPresent() ? I : 0) | records.size());
        out.u64(nonce.value());
        authentication.write(out);
        records.forEach(record -> record.write(out));
        recipient.ifPresent(id -> id.write(out));
    }

    static void check(List<MappingRecord> records) {
        if (records.size() > 255) {
            throw new IllegalArgumentException(
                    "a message has at most 255 records, not " + records.size());
        }
    }
}
