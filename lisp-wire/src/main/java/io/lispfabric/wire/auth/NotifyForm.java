package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A Map-Notify that says the same to many xTRs (RFC 9437 §6). Its records are encoded once; nonce,
 * Key ID, ids and MAC are then put in for each xTR, and the octets are those that {@link
 * MessageAuthentication#seal} would make. Used by one thread.
 */
public final class NotifyForm {
    private static final int NONCE = 4;
    private static final int KEY_ID = 12;
    private static final XtrIdentity NOBODY = new XtrIdentity(new XtrId(0, 0), new SiteId(0));

    private final ByteBuffer octets;
    private final Algorithm algorithm;
    private final int macLength;
    private final int ids;

    /**
     * @param macLength octets of authentication data, at most the algorithm's full length
     * @param iidMaskLength what the xTRs want in EIDs ({@link LispCodec#encode(LispMessage, int)})
     * @param named whether the ids of the xTR follow the records
     * @throws IllegalArgumentException when there are more than 255 records
     */
    public NotifyForm(
            List<MappingRecord> records,
            Algorithm algorithm,
            int macLength,
            int iidMaskLength,
            boolean named) {
        var blank = new Authentication(0, algorithm.id(), Bytes.of(new byte[macLength]));
        var ids = named ? Optional.of(NOBODY) : Optional.<XtrIdentity>empty();
        var message = new MapNotify(new Nonce(0), blank, records, ids);
        this.octets = ByteBuffer.wrap(LispCodec.encode(message, iidMaskLength));
        this.algorithm = algorithm;
        this.macLength = macLength;
        this.ids = octets.capacity() - (named ? XtrIdentity.LENGTH : 0);
    }

    /** Octets of each Map-Notify. */
    public int length() {
        return octets.capacity();
    }

    /**
     * The octets for one xTR, to be used before the next call, which writes over them.
     *
     * @param recipient its ids, if they follow the records
     * @throws IllegalArgumentException when they do, and it has none
     */
    public ByteBuffer seal(Nonce nonce, SharedKey key, Optional<XtrIdentity> recipient) {
        if (ids < octets.capacity()) {
            var xtr = recipient.orElseThrow(() -> new IllegalArgumentException("nobody is named"));
            octets.putLong(ids, xtr.xtrId().high());
            octets.putLong(ids + 8, xtr.xtrId().low());
            octets.putLong(ids + 16, xtr.siteId().value());
        }
        octets.putLong(NONCE, nonce.value());
        octets.put(KEY_ID, (byte) key.keyId());
        int covered = key.recordsOnly() ? ids : octets.capacity();
        var mac =
                MessageAuthentication.macOfNotify(
                        octets, covered, macLength, nonce, key, algorithm);
        return octets.put(Authentication.DATA_OFFSET, mac, 0, macLength);
    }
}
