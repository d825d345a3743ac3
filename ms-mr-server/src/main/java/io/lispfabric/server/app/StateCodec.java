package io.lispfabric.server.app;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.MalformedException;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.server.core.BitKey;
import io.lispfabric.server.core.Candidate;
import io.lispfabric.server.core.Change;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.Mapping;
import io.lispfabric.server.core.NonceCheck;
import io.lispfabric.server.core.Outstanding;
import io.lispfabric.server.core.PrefixMap;
import io.lispfabric.server.core.PubSubKey;
import io.lispfabric.server.core.Registrant;
import io.lispfabric.server.core.Registration;
import io.lispfabric.server.core.Room;
import io.lispfabric.server.core.UsedKey;
import io.lispfabric.store.Write;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Commands and rows as octets. Every command and every row's value begins with its format level
 * (ADR 0007), so that a newer program can read what an older one wrote, and an older one stops
 * rather than guess.
 */
final class StateCodec {
    static final int LEVEL = 5;

    private static final int REGISTER = 1;
    private static final int SUBSCRIBE = 2;
    private static final int UNSUBSCRIBE = 3;
    private static final int ACKNOWLEDGE = 4;
    private static final int GIVE_UP = 5;
    private static final int EXPIRE = 6;
    private static final int RENEW = 7;
    private static final int FORGET = 8;
    private static final int CONFIGURE = 9;
    private static final int ASSOCIATE = 10;
    private static final int REFRESH = 11;
    private static final int PULSE = 12;

    private static final int ROW_MAPPING = 1;
    private static final int ROW_NONCE = 2;
    private static final int ROW_LISTENER = 3;
    private static final int ROW_OUTSTANDING = 4;
    private static final int ROW_USED_KEY = 5;
    private static final int ROW_PULSE = 6;

    private static final int SUBSCRIBER = 1;
    private static final int MEMBER = 2;

    private StateCodec() {}

    static ByteBuffer encode(Command command) {
        var out = new WireWriter();
        out.u8(LEVEL);
        write(out, command);
        return out.toBuffer();
    }

    private static void write(WireWriter out, Command command) {
        switch (command) {
            case Command.Register it -> {
                out.u8(REGISTER).u64(it.origin()).u64(it.atMillis());
                write(out, it.credentials());
                out.u8(
                        (it.identity().isPresent() ? 2 : 0)
                                | (it.proxyReply() ? 4 : 0)
                                | (it.mergeRequest() ? 8 : 0)
                                | (it.wantMapNotify() ? 16 : 0)
                                | (it.ttlForTimeout() ? 32 : 0)
                                | (it.securityCapable() ? 64 : 0));
                out.u8(it.nonceCheck().ordinal());
                it.identity().ifPresent(id -> id.write(out));
                out.u64(it.nonce().value()).u64(it.lifetimeMillis()).u64(it.bereavedMillis());
                it.source().write(out);
                out.u16(it.port()).u8(it.records().size());
                it.records().forEach(record -> record.write(out));
            }
            case Command.Refresh(
                            var origin,
                            var who,
                            var keyId,
                            var changes,
                            var leases,
                            var first,
                            var nonce) -> {
                out.u8(REFRESH).u64(origin);
                write(out, who);
                out.u8(keyId).u32(changes).u8(leases.size());
                leases.forEach(out::u32);
                out.u64(first.value()).u64(nonce.value());
            }
            case Command.Pulse(var last) -> out.u8(PULSE).u32(last);
            case Command.Subscribe it -> {
                out.u8(SUBSCRIBE).u64(it.origin()).u64(it.atMillis());
                write(out, it.credentials());
                it.xtr().write(out);
                out.u64(it.nonce().value());
                write(out, it.itrRlocs());
                out.u16(it.port());
                write(out, it.asked());
                out.u16(it.leastLength()).u8(it.hole().isPresent() ? 1 : 0);
                it.hole().ifPresent(hole -> hole.write(out));
                out.u8(it.outside() ? 1 : 0);
                out.u64(it.temporaryMillis());
                write(out, it.room());
            }
            case Command.Unsubscribe it -> {
                out.u8(UNSUBSCRIBE).u64(it.origin()).u64(it.atMillis());
                write(out, it.credentials());
                it.xtr().write(out);
                out.u64(it.nonce().value());
                write(out, it.asked());
                it.source().write(out);
                out.u16(it.port());
                write(out, it.room());
            }
            case Command.Associate(var proof, var mostKeys, var asking) -> {
                out.u8(ASSOCIATE).u8(proof.fingerprint().length()).bytes(proof.fingerprint());
                out.u8(proof.secretId()).u64(proof.expiresMillis()).u32(mostKeys);
                out.u8(asking.size());
                asking.forEach(it -> write(out, it));
            }
            case Command.Acknowledge(var receipts) -> {
                out.u8(ACKNOWLEDGE).u16(receipts.size());
                for (var it : receipts) {
                    write(out, it.listener());
                    write(out, it.eid());
                    out.u64(it.nonce().value());
                }
            }
            case Command.GiveUp(var listener, var eid, var nonce) -> {
                out.u8(GIVE_UP);
                write(out, listener);
                write(out, eid);
                out.u64(nonce.value());
            }
            case Command.Renew(var listener, var eid, var nonce) -> {
                out.u8(RENEW);
                write(out, listener);
                write(out, eid);
                out.u64(nonce.value());
            }
            case Command.Configure(var atMillis, var explicit) -> {
                out.u8(CONFIGURE).u64(atMillis).u16(explicit.size());
                for (var it : explicit) {
                    write(out, it.id());
                    write(out, it.contact());
                    out.u64(it.nonce().value());
                }
            }
            case Command.Forget(var atMillis, var listeners) -> {
                out.u8(FORGET).u64(atMillis).u16(listeners.size());
                listeners.forEach(id -> write(out, id));
            }
            case Command.Expire(var atMillis, var bereavedMillis, var silent) -> {
                out.u8(EXPIRE).u64(atMillis).u64(bereavedMillis).u16(silent.size());
                for (var it : silent) {
                    write(out, it.eid());
                    write(out, it.who());
                    out.u32(it.lease()).u64(it.said());
                }
            }
        }
    }

    /**
     * @throws IllegalStateException when the octets are not a command: what is in the log was
     *     written by us
     */
    static Command decode(ByteBuffer octets) {
        var in = new WireReader(octets, Vendors.ANY);
        try {
            level(in);
            return command(in);
        } catch (MalformedException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IllegalStateException("the log holds a command that cannot be read", e);
        }
    }

    private static Command command(WireReader in) {
        int type = in.u8();
        return switch (type) {
            case REGISTER -> {
                long origin = in.u64();
                long at = in.u64();
                var credentials = readCredentials(in);
                int flags = in.u8();
                var check = NonceCheck.values()[in.u8()];
                var identity =
                        (flags & 2) != 0
                                ? Optional.of(XtrIdentity.read(in))
                                : Optional.<XtrIdentity>empty();
                var nonce = new Nonce(in.u64());
                long lifetime = in.u64();
                long bereaved = in.u64();
                var source = readIp(in);
                int port = in.u16();
                yield new Command.Register(
                        origin,
                        at,
                        credentials,
                        check,
                        identity,
                        nonce,
                        (flags & 4) != 0,
                        (flags & 64) != 0,
                        (flags & 8) != 0,
                        (flags & 16) != 0,
                        (flags & 32) != 0,
                        lifetime,
                        source,
                        port,
                        bereaved,
                        in.list(in.u8(), MappingRecord::read));
            }
            case REFRESH ->
                    new Command.Refresh(
                            in.u64(),
                            readRegistrant(in),
                            in.u8(),
                            in.u32AsInt(),
                            in.list(in.u8(), WireReader::u32AsInt),
                            new Nonce(in.u64()),
                            new Nonce(in.u64()));
            case PULSE -> new Command.Pulse(in.u32AsInt());
            case SUBSCRIBE ->
                    new Command.Subscribe(
                            in.u64(),
                            in.u64(),
                            readCredentials(in),
                            XtrIdentity.read(in),
                            new Nonce(in.u64()),
                            readIps(in),
                            in.u16(),
                            readEid(in),
                            in.u16(),
                            in.u8() != 0 ? Optional.of(MappingRecord.read(in)) : Optional.empty(),
                            in.u8() != 0,
                            in.u64(),
                            readRoom(in));
            case UNSUBSCRIBE ->
                    new Command.Unsubscribe(
                            in.u64(),
                            in.u64(),
                            readCredentials(in),
                            XtrIdentity.read(in),
                            new Nonce(in.u64()),
                            readEid(in),
                            readIp(in),
                            in.u16(),
                            readRoom(in));
            case ASSOCIATE ->
                    new Command.Associate(
                            new UsedKey(in.bytes(in.u8()), in.u8(), in.u64()),
                            in.u32AsInt(),
                            in.list(in.u8(), StateCodec::readAsking));
            case ACKNOWLEDGE -> new Command.Acknowledge(in.list(in.u16(), StateCodec::readReceipt));
            case GIVE_UP ->
                    new Command.GiveUp(readListenerId(in), readEid(in), new Nonce(in.u64()));
            case RENEW -> new Command.Renew(readListenerId(in), readEid(in), new Nonce(in.u64()));
            case CONFIGURE ->
                    new Command.Configure(in.u64(), in.list(in.u16(), StateCodec::readExplicit));
            case FORGET ->
                    new Command.Forget(in.u64(), in.list(in.u16(), StateCodec::readListenerId));
            case EXPIRE ->
                    new Command.Expire(
                            in.u64(), in.u64(), in.list(in.u16(), StateCodec::readSilent));
            default ->
                    throw new IllegalStateException(
                            "the log holds a command of unknown type " + type);
        };
    }

    private static Command.Receipt readReceipt(WireReader in) {
        return new Command.Receipt(readListenerId(in), readEid(in), new Nonce(in.u64()));
    }

    private static Command.Expire.Silent readSilent(WireReader in) {
        return new Command.Expire.Silent(readEid(in), readRegistrant(in), in.u32AsInt(), in.u64());
    }

    private static Command.Asking readAsking(WireReader in) {
        if (!(command(in) instanceof Command.Asking asking)) {
            throw new IllegalStateException("only what is asked for makes an association");
        }
        return asking;
    }

    static Write row(Change change) {
        return switch (change) {
            case Change.MappingSet(var mapping) ->
                    new Write.Put(mappingKey(mapping.eid()), value(mapping));
            case Change.MappingGone(var eid) -> new Write.Delete(mappingKey(eid));
            case Change.NonceSet(var key, var nonce, var changes, var pulse) ->
                    new Write.Put(
                            new WireWriter()
                                    .u8(ROW_NONCE)
                                    .u16(key.length())
                                    .bytes(key.octets())
                                    .toArray(),
                            new WireWriter()
                                    .u8(LEVEL)
                                    .u64(nonce.value())
                                    .u32(changes)
                                    .u32(pulse)
                                    .toArray());
            case Change.PulseSet(var pulse) ->
                    new Write.Put(
                            new WireWriter().u8(ROW_PULSE).toArray(),
                            new WireWriter().u8(LEVEL).u32(pulse).toArray());
            case Change.KeyUsed(var used) ->
                    new Write.Put(
                            usedKey(used.fingerprint()),
                            new WireWriter()
                                    .u8(LEVEL)
                                    .u8(used.secretId())
                                    .u64(used.expiresMillis())
                                    .toArray());
            case Change.KeyForgotten(var fingerprint) -> new Write.Delete(usedKey(fingerprint));
            case Change.ListenerSet(var listener) ->
                    new Write.Put(listenerKey(listener.id()), value(listener));
            case Change.ListenerGone(var id) -> new Write.Delete(listenerKey(id));
            case Change.OutstandingSet(var id, var outstanding) ->
                    new Write.Put(
                            outstandingKey(id, outstanding.eid()),
                            new WireWriter()
                                    .u8(LEVEL)
                                    .u64(outstanding.nonce().value())
                                    .u8(outstanding.confirms() ? 1 : 0)
                                    .toArray());
            case Change.OutstandingGone(var id, var eid) ->
                    new Write.Delete(outstandingKey(id, eid));
        };
    }

    /**
     * What a row says. A listener's row comes before the rows of what is outstanding for it, as
     * their keys are ordered.
     *
     * @throws IllegalStateException when the row makes no sense: what is in the store was written
     *     by us
     */
    static Change change(byte[] key, byte[] value) {
        var in = new WireReader(ByteBuffer.wrap(key), Vendors.ANY);
        var rest = new WireReader(ByteBuffer.wrap(value), Vendors.ANY);
        try {
            int type = in.u8();
            level(rest);
            return switch (type) {
                case ROW_MAPPING ->
                        new Change.MappingSet(
                                new Mapping(
                                        readEid(in),
                                        rest.list(rest.u16(), StateCodec::readRegistration)));
                case ROW_NONCE -> {
                    int bits = in.u16();
                    yield new Change.NonceSet(
                            new BitKey(in.bytes(in.remaining()), bits),
                            new Nonce(rest.u64()),
                            rest.u32AsInt(),
                            rest.u32AsInt());
                }
                case ROW_PULSE -> new Change.PulseSet(rest.u32AsInt());
                case ROW_USED_KEY ->
                        new Change.KeyUsed(
                                new UsedKey(in.bytes(in.remaining()), rest.u8(), rest.u64()));
                case ROW_LISTENER -> new Change.ListenerSet(readListener(readListenerId(in), rest));
                case ROW_OUTSTANDING -> {
                    var id = readListenerId(in);
                    var eid = readEid(in);
                    yield new Change.OutstandingSet(
                            id, new Outstanding(eid, new Nonce(rest.u64()), rest.u8() != 0));
                }
                default ->
                        throw new IllegalStateException(
                                "the store holds a row of unknown type " + type);
            };
        } catch (MalformedException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IllegalStateException("the store holds a row that cannot be read", e);
        }
    }

    private static void level(WireReader in) {
        int level = in.u8();
        if (level != LEVEL) {
            throw new IllegalStateException(
                    "data of format level "
                            + level
                            + ", but this program knows only level "
                            + LEVEL);
        }
    }

    private static byte[] usedKey(Bytes fingerprint) {
        return new WireWriter().u8(ROW_USED_KEY).bytes(fingerprint).toArray();
    }

    private static byte[] mappingKey(Eid eid) {
        var out = new WireWriter().u8(ROW_MAPPING);
        write(out, eid);
        return out.toArray();
    }

    private static byte[] value(Mapping mapping) {
        var out = new WireWriter().u8(LEVEL).u16(mapping.registrations().size());
        mapping.registrations().forEach(registration -> write(out, registration));
        return out.toArray();
    }

    private static byte[] listenerKey(ListenerId id) {
        var out = new WireWriter().u8(ROW_LISTENER);
        write(out, id);
        return out.toArray();
    }

    private static byte[] value(Listener listener) {
        var out = new WireWriter().u8(LEVEL);
        write(out, listener.contact());
        out.u8(listener.standing().ordinal()).u64(listener.nonce().value());
        out.u64(listener.sinceMillis()).u64(listener.untilMillis()).u32(listener.configured());
        out.u8(listener.candidates().size());
        listener.candidates().forEach(candidate -> write(out, candidate));
        return out.toArray();
    }

    private static Listener readListener(ListenerId id, WireReader in) {
        return new Listener(
                id,
                readContact(in),
                Listener.Standing.values()[in.u8()],
                new Nonce(in.u64()),
                in.u64(),
                in.u64(),
                in.u32AsInt(),
                in.list(in.u8(), StateCodec::readCandidate),
                PrefixMap.empty());
    }

    private static void write(WireWriter out, Candidate it) {
        out.u8(it.wish().ordinal());
        write(out, it.asked());
        write(out, it.contact());
        out.u64(it.nonce().value()).u64(it.first().value());
        out.u64(it.atMillis()).u64(it.untilMillis());
        out.u8(it.negative().code()).u8(it.outside() ? 1 : 0).u8(it.overtaken() ? 1 : 0);
    }

    private static Candidate readCandidate(WireReader in) {
        return new Candidate(
                Candidate.Wish.values()[in.u8()],
                readEid(in),
                readContact(in),
                new Nonce(in.u64()),
                new Nonce(in.u64()),
                in.u64(),
                in.u64(),
                Action.of(in.u8()),
                in.u8() != 0,
                in.u8() != 0);
    }

    private static Explicit readExplicit(WireReader in) {
        if (!(readListenerId(in) instanceof ListenerId.Subscriber id)) {
            throw new IllegalStateException("only a subscription can be configured");
        }
        return new Explicit(id, readContact(in), new Nonce(in.u64()));
    }

    private static void write(WireWriter out, Room it) {
        out.u32(it.mostUnconfirmed()).u32(it.mostPerXtr()).u32(it.most());
    }

    private static Room readRoom(WireReader in) {
        return new Room(in.u32AsInt(), in.u32AsInt(), in.u32AsInt());
    }

    private static void write(WireWriter out, Contact it) {
        write(out, it.credentials());
        write(out, it.addresses());
        out.u16(it.port());
    }

    private static Contact readContact(WireReader in) {
        return new Contact(readCredentials(in), readIps(in), in.u16());
    }

    private static byte[] outstandingKey(ListenerId id, Eid eid) {
        var out = new WireWriter().u8(ROW_OUTSTANDING);
        write(out, id);
        write(out, eid);
        return out.toArray();
    }

    private static void write(WireWriter out, Registration it) {
        write(out, it.registrant());
        out.u8((it.merges() ? 1 : 0) | (it.proxyReply() ? 2 : 0) | (it.securityCapable() ? 4 : 0));
        out.u32(it.ttl().minutes()).u16(it.mapVersion()).u8(it.locators().size());
        it.locators().forEach(locator -> locator.write(out));
        out.u64(it.sinceMillis());
        out.u32(it.lifetimeSeconds()).u32(it.lease()).u8(it.together());
    }

    private static Registration readRegistration(WireReader in) {
        var registrant = readRegistrant(in);
        int flags = in.u8();
        return new Registration(
                registrant,
                (flags & 1) != 0,
                (flags & 2) != 0,
                (flags & 4) != 0,
                new RecordTtl(in.u32AsInt()),
                in.u16(),
                in.list(in.u8(), Locator::read),
                in.u64(),
                in.u32AsInt(),
                in.u32AsInt(),
                in.u8());
    }

    private static void write(WireWriter out, Registrant it) {
        write(out, it.site());
        out.u8(it.anonymousKeyId()).u8(it.identity().isPresent() ? 1 : 0);
        it.identity().ifPresent(id -> id.write(out));
    }

    private static Registrant readRegistrant(WireReader in) {
        var site = readText(in);
        int keyId = in.u8();
        return new Registrant(
                site, in.u8() != 0 ? Optional.of(XtrIdentity.read(in)) : Optional.empty(), keyId);
    }

    private static void write(WireWriter out, ListenerId id) {
        switch (id) {
            case ListenerId.Subscriber(var prefix, var xtr) -> {
                out.u8(SUBSCRIBER);
                write(out, prefix);
                xtr.write(out);
            }
            case ListenerId.Member(var registrant) -> {
                out.u8(MEMBER);
                write(out, registrant);
            }
        }
    }

    private static ListenerId readListenerId(WireReader in) {
        return switch (in.u8()) {
            case SUBSCRIBER -> new ListenerId.Subscriber(readEid(in), XtrIdentity.read(in));
            case MEMBER -> new ListenerId.Member(readRegistrant(in));
            default -> throw new IllegalStateException("a listener of unknown kind");
        };
    }

    private static void write(WireWriter out, Credentials it) {
        write(out, it.site());
        out.u8(it.keyId()).u8(it.algorithmId()).u8(it.length()).u8(it.iidMaskLength());
        out.u8(it.association().map(key -> key.secret().length()).orElse(0));
        it.association().ifPresent(key -> out.bytes(key.secret()));
    }

    private static Credentials readCredentials(WireReader in) {
        return new Credentials(
                readText(in), in.u8(), in.u8(), in.u8(), in.u8(), readAssociation(in));
    }

    private static Optional<PubSubKey> readAssociation(WireReader in) {
        int length = in.u8();
        return length == 0 ? Optional.empty() : Optional.of(new PubSubKey(in.bytes(length)));
    }

    private static void write(WireWriter out, List<Ip> addresses) {
        out.u8(addresses.size());
        addresses.forEach(address -> address.write(out));
    }

    private static List<Ip> readIps(WireReader in) {
        return in.list(in.u8(), StateCodec::readIp);
    }

    private static Ip readIp(WireReader in) {
        return LispAddress.read(in)
                .ip()
                .orElseThrow(() -> new IllegalStateException("not an IP address"));
    }

    /** The Instance ID always stands there, so that rows are ordered by it. */
    private static void write(WireWriter out, Eid eid) {
        out.u32(eid.iid().value()).u8(eid.prefix().maskLength());
        eid.prefix().address().write(out);
    }

    private static Eid readEid(WireReader in) {
        var iid = new InstanceId(in.u32AsInt());
        return new Eid(iid, Eid.read(in, in.u8()).prefix());
    }

    private static void write(WireWriter out, String text) {
        var octets = text.getBytes(StandardCharsets.UTF_8);
        out.u16(octets.length).bytes(octets);
    }

    private static String readText(WireReader in) {
        Bytes octets = in.bytes(in.u16());
        return new String(octets.toArray(), StandardCharsets.UTF_8);
    }
}
