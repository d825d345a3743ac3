package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;

/**
 * Not here, but ask there: how the nodes of the delegated database tree send a Map-Resolver on to
 * each other (RFC 8111 §6.4). It answers a Map-Request that came in an ECM with the D-bit.
 *
 * <pre>
 * |Type=6 |                Reserved               | Record Count  |
 * |                        Nonce (64 bits)                        |
 * ~                       Referral records                        ~
 * </pre>
 *
 * @param nonce the Map-Request's
 * @param records at most 255
 */
public record MapReferral(Nonce nonce, List<ReferralRecord> records) implements LispMessage.Plain {
    public static final int TYPE = 6;

    /**
     * @throws IllegalArgumentException when there are more than 255 records
     */
    public MapReferral {
        if (records.size() > 255) {
            throw new IllegalArgumentException(
                    "a Map-Referral has at most 255 records, not " + records.size());
        }
        records = List.copyOf(records);
    }

    static MapReferral read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var records = in.list(head & 0xFF, "Referral record", ReferralRecord::read);
        in.expectEnd();
        return new MapReferral(nonce, records);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u32(TYPE << 28 | records.size()).u64(nonce.value());
        records.forEach(record -> record.write(out));
    }
}
