package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * The mapping system tells an xTR what it now holds: to confirm a Map-Register (same nonce), to
 * confirm a subscription (same nonce), or because something changed (RFC 9301 §5.7, RFC 9437 §6).
 *
 * <pre>
 * |Type=4 |I|              Reserved               | Record Count  |
 * |                        Nonce (64 bits)                        |
 * |    Key ID     | Algorithm ID  |  Authentication Data Length   |
 * ~   Authentication Data, records, perhaps xTR-ID and Site-ID    ~
 * </pre>
 *
 * @param recipient the ids of the xTR it is meant for: not of RFC 9301, sent only to peers that
 *     want it
 */
public record MapNotify(
        Nonce nonce,
        Authentication authentication,
        List<MappingRecord> records,
        Optional<XtrIdentity> recipient)
        implements LispMessage.Authenticated {
    public static final int TYPE = 4;

    /**
     * @throws IllegalArgumentException when there are more than 255 records
     */
    public MapNotify {
        Notification.check(records);
        records = Records.copyOf(records);
    }

    static MapNotify read(WireReader in) {
        var read = Notification.read(in);
        return new MapNotify(read.nonce(), read.authentication(), read.records(), read.recipient());
    }

    @Override
    public MapNotify with(Authentication other) {
        return new MapNotify(nonce, other, records, recipient);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        Notification.write(out, TYPE, nonce, authentication, records, recipient);
    }
}
