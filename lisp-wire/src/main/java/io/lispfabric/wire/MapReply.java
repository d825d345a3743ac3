package io.lispfabric.wire;

import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * Here it is, or here is nothing (RFC 9301 §5.4).
 *
 * <pre>
 * |Type=2 |P|E|S|          Reserved               | Record Count  |
 * |                        Nonce (64 bits)                        |
 * |                          EID-records                          |
 * ~               LISP-SEC Authentication Data (if S)             ~
 * </pre>
 *
 * @param probe P: answers an RLOC-probe
 * @param echoNonce E: the site can echo nonces
 * @param nonce the Map-Request's
 * @param authenticationData S: what proves that the answer is right (RFC 9303 §6.2); reading it
 *     does not check it
 */
public record MapReply(
        boolean probe,
        boolean echoNonce,
        Nonce nonce,
        List<MappingRecord> records,
        Optional<MapReplyAd> authenticationData)
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
        records = Records.copyOf(records);
    }

    /** A Map-Reply that nothing protects. */
    public MapReply(boolean probe, boolean echoNonce, Nonce nonce, List<MappingRecord> records) {
        this(probe, echoNonce, nonce, records, Optional.empty());
    }

    static MapReply read(WireReader in) {
        int head = in.as("Head").u32AsInt();
        var nonce = new Nonce(in.as("Nonce").u64());
        var records = Records.read(in, head & 0xFF);
        var authenticationData =
                (head & S) != 0
                        ? Optional.of(in.part("Authentication Data", MapReplyAd::read))
                        : Optional.<MapReplyAd>empty();
        in.expectEnd();
        return new MapReply((head & P) != 0, (head & E) != 0, nonce, records, authenticationData);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u32(
                TYPE << 28
                        | (probe ? P : 0)
                        | (echoNonce ? E : 0)
                        | (authenticationData.isPresent() ? S : 0)
                        | records.size());
        out.u64(nonce.value());
        records.forEach(record -> record.write(out));
        authenticationData.ifPresent(data -> data.write(out));
    }
}
