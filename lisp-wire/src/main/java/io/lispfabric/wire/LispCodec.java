package io.lispfabric.wire;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.nio.ByteBuffer;

/**
 * Between datagrams on UDP port 4342 and {@link LispMessage}s (RFC 9301 §5). Decoding is total:
 * nothing is ever thrown.
 */
public final class LispCodec {
    private LispCodec() {}

    /**
     * Reads one datagram; a vendor-specific LCAF of any vendor makes it malformed (RFC 9306 §4).
     */
    public static Decoded decode(ByteBuffer datagram) {
        return decode(datagram, Vendors.NONE);
    }

    /** Reads one datagram. The buffer's position and limit stay as they are. */
    public static Decoded decode(ByteBuffer datagram, Vendors vendors) {
        try {
            return new Decoded.Message(read(new WireReader(datagram, vendors)));
        } catch (MalformedException e) {
            return new Decoded.Malformed(e.flaw(), e.offset());
        }
    }

    /** The octets of a message, its authentication data as it is. */
    public static byte[] encode(LispMessage message) {
        var out = new WireWriter();
        message.write(out);
        return out.toArray();
    }

    private static LispMessage read(WireReader in) {
        return in.peekU8() >>> 4 == EncapsulatedControlMessage.TYPE
                ? EncapsulatedControlMessage.read(in)
                : readInner(in);
    }

    /**
     * What an ECM may carry: anything but another ECM, which would let a stranger choose how deep
     * we go.
     */
    static LispMessage readInner(WireReader in) {
        return switch (in.peekU8() >>> 4) {
            case MapRequest.TYPE -> MapRequest.read(in);
            case MapReply.TYPE -> MapReply.read(in);
            case MapRegister.TYPE -> MapRegister.read(in);
            case MapNotify.TYPE -> MapNotify.read(in);
            case MapNotifyAck.TYPE -> MapNotifyAck.read(in);
            default -> throw in.flaw(Flaw.UNKNOWN_TYPE);
        };
    }
}
