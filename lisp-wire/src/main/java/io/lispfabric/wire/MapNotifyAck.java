package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * An xTR has heard a Map-Notify that it had not asked for: the same contents, under its own type
 * and MAC (RFC 9301 §5.7).
 *
 * @param recipient copied from the Map-Notify
 */
public record MapNotifyAck(
        Nonce nonce,
        Authentication authentication,
        List<MappingRecord> records,
        Optional<XtrIdentity> recipient)
        implements LispMessage.Authenticated {
    public static final int TYPE = 5;

    /**
     * @throws IllegalArgumentException when there are more than 255 records
     */
    public MapNotifyAck {
        Notification.check(records);
        records = Records.copyOf(records);
    }

    static MapNotifyAck read(WireReader in) {
        var read = Notification.read(in);
        return new MapNotifyAck(
                read.nonce(), read.authentication(), read.records(), read.recipient());
    }

    @Override
    public MapNotifyAck with(Authentication other) {
        return new MapNotifyAck(nonce, other, records, recipient);
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
