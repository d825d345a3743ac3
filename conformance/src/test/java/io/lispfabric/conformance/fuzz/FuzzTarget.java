package io.lispfabric.conformance.fuzz;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.server.app.StateCodecFuzz;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import io.lispfabric.wire.capture.CaptureFile;
import io.lispfabric.wire.capture.CapturedPacket;
import io.lispfabric.wire.capture.Dissection;
import io.lispfabric.wire.encap.Ipv4Header;
import io.lispfabric.wire.encap.Ipv6Header;
import io.lispfabric.wire.encap.UdpHeader;
import io.lispfabric.wire.text.MessageTree;
import io.lispfabric.xtr.forward.ForwarderFuzz;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A decoder, and what must hold whatever it is given: it throws nothing but what it says it throws,
 * and what it accepts it writes and reads as the same.
 */
enum FuzzTarget {
    ADDRESS(FuzzTarget::address),
    EID(FuzzTarget::eid),
    MESSAGE(FuzzTarget::message),
    ECM(FuzzTarget::ecm),
    AUTHENTICATION(FuzzTarget::authentication),
    TREE(FuzzTarget::tree),
    CAPTURE(FuzzTarget::capture),
    PACKET(FuzzTarget::packet),
    HEADERS(HeaderReads::all),
    COMMAND(StateCodecFuzz::command),
    ROW(StateCodecFuzz::row),
    AGENT_NETWORK(ForwarderFuzz::network),
    AGENT_ATTACHMENT(ForwarderFuzz::attachment),
    AGENT_CONTROL(AgentControl::hears),
    AGENT_SETTINGS(SettingsReads::agent),
    SERVER_SETTINGS(SettingsReads::server);

    private static final SharedKey KEY =
            SharedKey.of(1, Bytes.of("lisp-test-secret".getBytes(StandardCharsets.US_ASCII)));
    private static final OneTimeKey ONE_TIME_KEY = new OneTimeKey(Bytes.of(new byte[16]));

    private final Consumer<byte[]> run;

    FuzzTarget(Consumer<byte[]> run) {
        this.run = run;
    }

    /** Returns when all holds for these octets. */
    void run(byte[] octets) {
        run.accept(octets);
    }

    /** The name on the command line. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static FuzzTarget of(String title) {
        return valueOf(title.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    private static void same(Object before, Object after) {
        if (!before.equals(after)) {
            throw new AssertionError(before + " became " + after);
        }
    }

    private static void check(boolean holds, Object what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static void address(byte[] octets) {
        LispAddress address;
        try {
            address = LispAddress.read(new WireReader(ByteBuffer.wrap(octets), Vendors.ANY));
        } catch (MalformedException e) {
            check(e.offset() >= 0 && e.offset() <= octets.length, e.offset());
            return;
        }
        var out = new WireWriter();
        address.write(out);
        var in = new WireReader(out.toBuffer(), Vendors.ANY);
        same(address, LispAddress.read(in));
        same(0, in.remaining());
        check(!address.toString().isEmpty(), address);
        check(address.ip().isEmpty() || !address.ip().get().toString().isEmpty(), address);
    }

    /** The first octet is the mask-len. */
    private static void eid(byte[] octets) {
        if (octets.length == 0) {
            return;
        }
        Eid eid;
        try {
            eid =
                    Eid.read(
                            new WireReader(
                                    ByteBuffer.wrap(octets, 1, octets.length - 1), Vendors.ANY),
                            octets[0] & 0xFF);
        } catch (MalformedException _) {
            return;
        }
        var out = new WireWriter();
        eid.write(out);
        same(eid, Eid.read(new WireReader(out.toBuffer(), Vendors.ANY), eid.prefix().length()));
        same(eid, Eid.parse(eid.toString(), eid.iid()));
        check(eid.covers(eid), eid);
    }

    private static Optional<LispMessage> decoded(byte[] octets, Vendors vendors) {
        return switch (LispCodec.decode(ByteBuffer.wrap(octets), vendors)) {
            case Decoded.Malformed(_, int offset) -> {
                check(offset >= 0 && offset <= octets.length, offset);
                yield Optional.empty();
            }
            case Decoded.Message(var message) -> Optional.of(message);
        };
    }

    private static void message(byte[] octets) {
        decoded(octets, Vendors.NONE);
        decoded(octets, Vendors.ANY)
                .ifPresent(message -> {
                    var ours = LispCodec.encode(message);
                    same(Optional.of(message), decoded(ours, Vendors.ANY));
                    check(Bytes.of(ours).equals(Bytes.of(LispCodec.encode(message))), message);
                    check(!message.toString().isEmpty(), message.type());
                });
    }

    /**
     * Headers and checksums around these octets, which hardly any search would find: flags, length
     * of the authentication data, that, and then the message.
     */
    private static void ecm(byte[] octets) {
        if (octets.length < 2) {
            return;
        }
        int data = (octets[0] & 8) == 0 ? 0 : Math.min(octets[1] & 0xFF, octets.length - 2);
        int message = octets.length - 2 - data;
        boolean v6 = (octets[0] & 1) != 0;
        int ip = 4 + data;
        int udp = ip + (v6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH);
        var out = ByteBuffer.allocate(udp + UdpHeader.LENGTH + message);
        out.put((byte) (0x80 | octets[0] & 0xF)).position(4);
        out.put(octets, 2, data);
        if (v6) {
            Ipv6Header.write(out, ip, 0, 0, UdpHeader.LENGTH + message, 17, 64, 1, 2, 3, 4);
        } else {
            Ipv4Header.write(out, ip, 0, UdpHeader.LENGTH + message, 64, 17, 1, 2);
        }
        UdpHeader.write(out, udp, 4342, 4342, message);
        out.put(udp + UdpHeader.LENGTH, octets, 2 + data, message);
        UdpHeader.seal(out, ip, udp);
        decoded(out.array(), Vendors.ANY)
                .ifPresent(outer -> {
                    check(outer instanceof EncapsulatedControlMessage, outer);
                    same(Optional.of(outer), decoded(LispCodec.encode(outer), Vendors.ANY));
                    secured((EncapsulatedControlMessage) outer);
                });
    }

    private static void secured(EncapsulatedControlMessage ecm) {
        ecm.authenticationData()
                .ifPresent(data -> {
                    LispSec.unwrap(data.otk(), new Nonce(0), KEY, EnumSet.allOf(KeyWrap.class));
                    LispSec.verify(data.eid(), ONE_TIME_KEY);
                });
    }

    private static void authentication(byte[] octets) {
        decoded(octets, Vendors.ANY)
                .ifPresent(message -> {
                    if (message instanceof LispMessage.Authenticated signed) {
                        MessageAuthentication.verify(signed, ByteBuffer.wrap(octets), KEY);
                        if (signed instanceof InfoRequest || signed instanceof InfoReply) {
                            return; // no key is derived for these
                        }
                        var sealed = MessageAuthentication.seal(signed, KEY);
                        var again = decoded(sealed, Vendors.ANY).orElseThrow();
                        check(
                                again instanceof LispMessage.Authenticated it
                                        && MessageAuthentication.verify(
                                                it, ByteBuffer.wrap(sealed), KEY),
                                again);
                    } else if (message instanceof MapReply reply) {
                        LispSec.verify(reply, ByteBuffer.wrap(octets), ONE_TIME_KEY);
                    } else if (message instanceof EncapsulatedControlMessage ecm) {
                        secured(ecm);
                    }
                });
    }

    private static void tree(byte[] octets) {
        var tree = MessageTree.of(ByteBuffer.wrap(octets));
        same(tree.malformed().isEmpty(), decoded(octets, Vendors.ANY).isPresent());
        inside(tree.root(), 0, octets.length);
        check(!tree.text().isEmpty(), "an empty tree");
    }

    private static void inside(MessageTree.Field field, int from, int to) {
        int end = field.offset() + field.length();
        check(
                field.length() >= 0 && field.offset() >= from && end <= to,
                field.name() + " is not inside what it is part of");
        field.children().forEach(child -> inside(child, field.offset(), end));
    }

    private static void capture(byte[] octets) {
        try {
            var file = CaptureFile.of(new ByteArrayInputStream(octets));
            long number = 0;
            for (var packet = file.next(); packet.isPresent(); packet = file.next()) {
                same(++number, packet.get().number());
                check(packet.get().octets().length() <= octets.length, packet);
                dissected(packet.get());
            }
        } catch (IOException e) {
            same("neither pcap nor pcapng", String.valueOf(e.getMessage()));
        }
    }

    /** The first octet is the link type, the second says how much the capture cut off. */
    private static void packet(byte[] octets) {
        if (octets.length < 2) {
            return;
        }
        var packet = Bytes.of(ByteBuffer.wrap(octets, 2, octets.length - 2));
        int linkType = octets[0] == 127 ? 276 : octets[0] & 0xFF;
        dissected(
                new CapturedPacket(
                        1,
                        linkType,
                        Optional.empty(),
                        packet,
                        packet.length() + (octets[1] & 0xFF)));
    }

    private static void dissected(CapturedPacket packet) {
        var it = Dissection.of(packet);
        it.tree().ifPresent(tree -> inside(tree.root(), 0, it.payload().length()));
        check(it.payload().length() <= packet.octets().length(), it);
        check(it.flaw().isEmpty() || !it.flaw().get().isEmpty(), it);
    }
}
