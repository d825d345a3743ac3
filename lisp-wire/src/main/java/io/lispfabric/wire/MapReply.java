package io.lispfabric.wire;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;

/**
 * Here it is, or here is nothing (RFC 9301 §5.4).
 *
 * <pre>
 * |Type=2 |P|E|S|          Reserved               | Record Count  |
 * |                        Nonce (64 bits)                        |
 * |                          EID-records                          |
 * </pre>
 *
 * @param probe P: answers an RLOC-probe
 * @param echoNonce E: the site can echo nonces
 * @param nonce the Map-Request's
 */
public record MapReply(boolean probe, boolean echoNonce, Nonce nonce, List<MappingRecord> records)
        implements LispMessage.Plain {
    public static final int TYPE = 2;

    private static final int P = 0x0800_0000;
    private static final int E = 0x0400_0000;
    private static final int S = 0x0200_0000;

    /**
     * @throws IllegalArgumentException when there are more than 255 records
     */
    public MapReply {
        if (records.size() > 255) {
            throw new IllegalArgumentException(
                    "a Map-Reply has at most 255 records, not " + records.size());
        }
        records = List.copyOf(records);
    }

    static MapReply read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        if ((head & S) != 0) {
            throw in.flaw(Flaw.UNSUPPORTED_SECURITY);
        }
        var nonce = new Nonce(in.as("Nonce").u64());
        var records = in.list(head & 0xFF, "EID-record", MappingRecord::read);
        in.expectEnd();
        return new MapReply((head & P) != 0, (head & E) != 0, nonce, records);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u32(TYPE << 28 | (probe ? P : 0) | (echoNonce ? E : 0) | records.size());
        out.u64(nonce.value());
        records.forEach(record -> record.write(out));
    }
}
