package io.lispfabric.wire;

import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Between datagrams on UDP port 4342 and {@link LispMessage}s (RFC 9301 §5). Decoding is total:
 * nothing is ever thrown.
 */
public final class LispCodec {
    /** A writer that is used again is large enough already, and costs no memory but the result. */
    private static final ThreadLocal<Idle> IDLE = ThreadLocal.withInitial(Idle::new);

    /** Nobody's at the moment. */
    private static final class Idle {
        private @Nullable WireWriter writer = new WireWriter();
    }

    private LispCodec() {}

    /**
     * Reads one datagram; a vendor-specific LCAF of any vendor makes it malformed (RFC 9306 §4).
     */
    public static Decoded decode(ByteBuffer datagram) {
        return decode(datagram, Vendors.NONE);
    }

    /** Reads one datagram. The buffer's position and limit stay as they are. */
    public static Decoded decode(ByteBuffer datagram, Vendors vendors) {
        return decode(new WireReader(datagram, vendors));
    }

    /** Reads one datagram and says on the way what each octet means, for tools that show it. */
    public static Decoded decode(ByteBuffer datagram, Vendors vendors, WireReader.Trace trace) {
        return decode(new WireReader(datagram, vendors, trace));
    }

    private static Decoded decode(WireReader in) {
        try {
            return new Decoded.Message(read(in));
        } catch (MalformedException e) {
            return new Decoded.Malformed(e.flaw(), e.offset());
        }
    }

    /** The octets of a message, its authentication data as it is. */
    public static byte[] encode(LispMessage message) {
        return encode(message, 0);
    }

    /**
     * The same for a peer that wants this IID mask-len in EIDs; 0 is what RFC 8060 §4.1 lets one
     * expect.
     */
    public static byte[] encode(LispMessage message, int iidMaskLength) {
        var idle = IDLE.get();
        var writer = idle.writer == null ? new WireWriter() : idle.writer;
        idle.writer = null; // a message inside this one needs its own
        message.write(writer.again(iidMaskLength));
        idle.writer = writer;
        return writer.toArray();
    }

    private static LispMessage read(WireReader in) {
        return in.peekU8() >>> 4 == EncapsulatedControlMessage.TYPE
                ? in.part("Encapsulated Control Message", EncapsulatedControlMessage::read)
                : readInner(in);
    }

    /**
     * What an ECM may carry: anything but another ECM, which would let a stranger choose how deep
     * we go.
     */
    static LispMessage readInner(WireReader in) {
        return switch (in.peekU8() >>> 4) {
            case MapRequest.TYPE -> in.part("Map-Request", MapRequest::read);
            case MapReply.TYPE -> in.part("Map-Reply", MapReply::read);
            case MapRegister.TYPE -> in.part("Map-Register", MapRegister::read);
            case MapNotify.TYPE -> in.part("Map-Notify", MapNotify::read);
            case MapNotifyAck.TYPE -> in.part("Map-Notify-Ack", MapNotifyAck::read);
            case MapReferral.TYPE -> in.part("Map-Referral", MapReferral::read);
            case InfoRequest.TYPE ->
                    (in.peekU8() & InfoRequest.R >>> 24) == 0
                            ? in.part("Info-Request", InfoRequest::read)
                            : in.part("Info-Reply", InfoReply::read);
            case SharedExtension.TYPE -> in.part("Shared extension", SharedExtension::read);
            default -> throw in.flaw(Flaw.UNKNOWN_TYPE);
        };
    }
}
