package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** LISP-SEC as an ITR sees it (RFC 9303), and the subscriptions it makes (RFC 9437 §7.1). */
final class LispSecCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";

    private LispSecCases() {}

    private static Case of(String id, String rfc, String text, Body body) {
        return Case.of(
                id,
                rfc,
                text,
                Set.of(Role.MS),
                List.of(Need.ANSWERS, Need.REGISTERS, Need.LISP_SEC),
                body);
    }

    /**
     * What the Map-Server vouches for (RFC 9303 §6.1, §6.2).
     *
     * @param octets from the EID-AD Length to the EID HMAC
     */
    private record EidAd(byte[] octets, int kdfId, boolean etrCantSign, int hmacId, Address eid) {
        static EidAd read(ByteBuffer in) {
            int begin = in.position();
            int length = in.getShort() & 0xFFFF;
            int kdfId = in.getShort() & 0xFFFF;
            int count = in.get() & 0xFF;
            boolean cantSign = in.get() < 0;
            int hmacId = in.getShort() & 0xFFFF;
            in.get();
            int maskLength = in.get() & 0xFF;
            var eid = Heard.address(in, maskLength);
            if (count != 1 || begin + length > in.limit()) {
                throw new BufferUnderflowException();
            }
            var octets = Arrays.copyOfRange(in.array(), begin, begin + length);
            in.position(begin + length);
            return new EidAd(octets, kdfId, cantSign, hmacId, eid);
        }
    }

    /** The Authentication Data of a Map-Reply (RFC 9303 §6.2). */
    private record Signatures(EidAd eidAd, int packetHmacId) {
        static Signatures read(Heard reply) throws Outcome {
            same(1, reply.word() >>> 25 & 1, "the S-bit of the Map-Reply");
            try {
                var in = ByteBuffer.wrap(reply.rest());
                same(1, in.get() & 0xFF, "the MR AD Type");
                in.position(4);
                var eidAd = EidAd.read(in);
                int length = in.getShort() & 0xFFFF;
                int hmacId = in.getShort() & 0xFFFF;
                same(OneTimeKey.macOctets(hmacId), in.remaining(), "the length of the PKT HMAC");
                same(4 + in.remaining(), length, "the PKT-AD Length");
                return new Signatures(eidAd, hmacId);
            } catch (BufferUnderflowException | IllegalArgumentException e) {
                throw Talk.failed("its Authentication Data cannot be read");
            }
        }

        /** Both signatures, as an ITR checks them before it uses anything (RFC 9303 §6.9). */
        Signatures checked(Heard reply, OneTimeKey key) throws Outcome {
            check(key.vouchedFor(eidAd.octets(), eidAd.hmacId()), "the EID HMAC is wrong");
            check(
                    key.packetSigned(reply.octets(), packetHmacId, eidAd.kdfId()),
                    "the PKT HMAC is wrong");
            return this;
        }
    }

    /** A protected question, with no wishes. */
    static Heard ask(Talk talk, Address eid, OneTimeKey key) throws Outcome {
        return ask(talk, eid, key, 0, 0);
    }

    private static Heard ask(Talk talk, Address eid, OneTimeKey key, int hmacId, int kdfId)
            throws Outcome {
        for (boolean again = false; ; again = true) {
            long nonce = talk.nonce();
            send(
                    talk,
                    eid,
                    nonce,
                    key.authenticationData(nonce, OneTimeKey.AES_WRAP, hmacId, kdfId));
            if (again) {
                return Talk.readable(talk.expect("Map-Reply", answering(Heard.REPLY, nonce)));
            }
            var reply = talk.heard(answering(Heard.REPLY, nonce));
            if (reply.isPresent()) {
                return Talk.readable(reply.get());
            }
        }
    }

    private static void send(Talk talk, Address eid, long nonce, byte[] authenticationData)
            throws Outcome {
        talk.send(
                "protected Map-Request for " + eid,
                talk.ecm(talk.question(eid).encoded(nonce), eid, authenticationData));
    }

    /** Authentication Data with something wrong about it. */
    private interface Mistake {
        byte[] of(Talk talk, long nonce) throws Outcome;
    }

    /** It is dropped, and not answered without protection either. */
    private static Case discarded(String id, String rfc, String text, Mistake mistake) {
        return of(
                id,
                rfc,
                text,
                talk -> {
                    talk.registered(A);
                    var eid = talk.ipv4().host(1);
                    long nonce = talk.nonce();
                    send(talk, eid, nonce, mistake.of(talk, nonce));
                    talk.expectNone("answer", it -> it.nonce() == nonce);
                    ask(talk, eid, talk.oneTimeKey());
                });
    }

    static List<Case> all() {
        return List.of(
                of(
                        "sec.proxied",
                        "9303 §6.7.2",
                        "A protected Map-Request is answered by a proxy Map-Reply with EID-AD and"
                                + " PKT-AD, both right, and without the E-bit.",
                        talk -> {
                            talk.registered(A);
                            var key = talk.oneTimeKey();
                            var reply = ask(talk, talk.ipv4().host(1), key);
                            var signed = Signatures.read(reply).checked(reply, key);
                            same(talk.ipv4(), signed.eidAd().eid(), "the EID-Prefix of the EID-AD");
                            same(List.of(A), only(reply).addresses(), "the locator-set");
                            check(!signed.eidAd().etrCantSign(), "the E-bit is set");
                        }),
                of(
                        "sec.negative",
                        "9303 §6.9",
                        "A negative answer is signed as well, for an ITR discards any other.",
                        talk -> {
                            var key = talk.oneTimeKey();
                            var reply = ask(talk, talk.setup().outside().host(1), key);
                            var signed = Signatures.read(reply).checked(reply, key);
                            check(
                                    signed.eidAd().eid().covers(only(reply).eid()),
                                    "the EID-AD does not vouch for " + only(reply).eid());
                        }),
                of(
                        "sec.requested-hmac",
                        "9303 §6.7.1",
                        "The HMAC that the ITR requests is the one that it gets.",
                        talk -> {
                            talk.registered(A);
                            for (int id : List.of(OneTimeKey.SHA_256_128, OneTimeKey.SHA_1_96)) {
                                var key = talk.oneTimeKey();
                                var reply = ask(talk, talk.ipv4().host(1), key, id, 0);
                                var signed = Signatures.read(reply).checked(reply, key);
                                if (id == OneTimeKey.SHA_256_128) {
                                    same(id, signed.eidAd().hmacId(), "the EID HMAC ID");
                                    same(id, signed.packetHmacId(), "the PKT HMAC ID");
                                }
                            }
                        }),
                of(
                        "sec.kdf-unknown",
                        "9303 §6.7.1",
                        "A KDF ID that the Map-Server does not know is overwritten by one it does.",
                        talk -> {
                            talk.registered(A);
                            var key = talk.oneTimeKey();
                            var reply = ask(talk, talk.ipv4().host(1), key, 0, 4711);
                            var signed = Signatures.read(reply).checked(reply, key);
                            same(OneTimeKey.HKDF_SHA_256, signed.eidAd().kdfId(), "the KDF ID");
                        }),
                of(
                        "sec.nobody-can-sign",
                        "9303 §6.7",
                        "When no ETR knows LISP-SEC, nor has asked for proxy Map-Replies, the"
                                + " answer is negative, signed, and has the E-bit.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(MappingOctets.of(talk.ipv4(), A))
                                            .without(RegisterOctets.PROXY));
                            var key = talk.oneTimeKey();
                            var reply = ask(talk, talk.ipv4().host(1), key);
                            var signed = Signatures.read(reply).checked(reply, key);
                            same(List.of(), only(reply).addresses(), "the locator-set");
                            check(signed.eidAd().etrCantSign(), "the E-bit is not set");
                        }),
                of(
                                "sec.forwarded",
                                "9303 §6.7.1",
                                "An ETR that can sign gets the Map-Request in a protected ECM with"
                                        + " a key of its own.",
                                LispSecCases::forwarded)
                        .needing(Need.CONTROL_PORT),
                discarded(
                        "sec.wrong-key",
                        "9303 §6.5",
                        "A one-time key that was wrapped with another secret: the Map-Request is"
                                + " discarded.",
                        (talk, nonce) -> {
                            var key = talk.oneTimeKey();
                            return new OneTimeKey(key.itr().forged(), key.octets())
                                    .authenticationData(nonce, OneTimeKey.AES_WRAP, 0, 0);
                        }),
                discarded(
                        "sec.unknown-key-id",
                        "9303 §6.5",
                        "A one-time key under a Key ID that nobody has: the Map-Request is"
                                + " discarded.",
                        (talk, nonce) -> {
                            var key = talk.oneTimeKey();
                            return new OneTimeKey(
                                            key.itr().withKeyId(key.itr().keyId() ^ 0x55),
                                            key.octets())
                                    .authenticationData(nonce, OneTimeKey.AES_WRAP, 0, 0);
                        }),
                discarded(
                        "sec.other-nonce",
                        "9303 §6.5",
                        "A one-time key is wrapped for one nonce, and good with no other.",
                        (talk, nonce) ->
                                talk.oneTimeKey()
                                        .authenticationData(nonce ^ 1, OneTimeKey.AES_WRAP, 0, 0)),
                discarded(
                        "sec.flipped",
                        "9303 §6.5",
                        "A flipped bit of the wrapped key is noticed by the integrity check.",
                        (talk, nonce) -> {
                            var data =
                                    talk.oneTimeKey()
                                            .authenticationData(nonce, OneTimeKey.AES_WRAP, 0, 0);
                            data[20] ^= 1;
                            return data;
                        }),
                discarded(
                        "sec.null-wrap",
                        "9303 §6.5.1",
                        "A one-time key in the clear, without DTLS: the Map-Request MUST be"
                                + " dropped.",
                        (talk, nonce) ->
                                talk.oneTimeKey()
                                        .authenticationData(nonce, OneTimeKey.NULL_WRAP, 0, 0)),
                discarded(
                        "sec.wrap-unknown",
                        "9303 §6.5",
                        "A one-time key wrapped in a way that nobody knows: the Map-Request is"
                                + " discarded.",
                        (talk, nonce) -> talk.oneTimeKey().authenticationData(nonce, 99, 0, 0)),
                of(
                                "sec.subscription",
                                "9437 §7.1",
                                "A protected subscription makes a security association: the"
                                        + " Map-Notifies have a MAC under the PubSubKey.",
                                LispSecCases::subscribed)
                        .needing(Need.PUBSUB),
                of(
                                "sec.key-again",
                                "9437 §7.1",
                                "A one-time key that was used before makes none: a Negative"
                                        + " Map-Reply, Drop/Auth-Failure.",
                                LispSecCases::keyAgain)
                        .needing(Need.PUBSUB));
    }

    private static void forwarded(Talk talk) throws Outcome {
        talk.register(
                talk.xtr()
                        .register(
                                MappingOctets.of(talk.ipv4(), talk.local().inet().getHostAddress()))
                        .without(RegisterOctets.PROXY)
                        .with(RegisterOctets.LISP_SEC));
        var key = talk.oneTimeKey();
        var eid = talk.ipv4().host(1);
        long nonce = talk.nonce();
        send(talk, eid, nonce, key.authenticationData(nonce, OneTimeKey.AES_WRAP, 0, 0));
        var passed = talk.expect("ECM to the ETR, at port 4342", answering(Heard.ECM, nonce));
        same(1, passed.word() >>> 27 & 1, "the S-bit of the ECM");
        same(
                HexFormat.of().formatHex(talk.question(eid).encoded(nonce)),
                HexFormat.of().formatHex(passed.inner().orElseThrow().octets()),
                "the Map-Request inside");
        var octets = passed.octets();
        same(OneTimeKey.AES_WRAP, octets[4 + 7] & 0xFF, "the OTK Wrapping ID");
        same(talk.secret().keyId(), octets[4 + 6] & 0xFF, "the Key ID");
        var in = ByteBuffer.wrap(octets);
        in.position(4 + 8 + 24);
        try {
            var eidAd = EidAd.read(in);
            check(key.vouchedFor(eidAd.octets(), eidAd.hmacId()), "the EID HMAC is wrong");
            same(talk.ipv4(), eidAd.eid(), "the EID-Prefix of the EID-AD");
            var wrapped = Arrays.copyOfRange(octets, 4 + 8, 4 + 8 + 24);
            same(
                    HexFormat.of().formatHex(key.msOtk(eidAd.kdfId())),
                    HexFormat.of().formatHex(OneTimeKey.unwrapped(talk.secret(), nonce, wrapped)),
                    "the MS-OTK");
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw Talk.failed("its Authentication Data cannot be read");
        } catch (GeneralSecurityException e) {
            throw Talk.failed("its one-time key is not wrapped with the secret of the ETR");
        }
    }

    private static byte[] subscription(Talk talk, Talk.Xtr xtr, long nonce, OneTimeKey key) {
        var eid = talk.ipv4();
        return talk.ecm(
                new RequestOctets()
                        .ask(eid, 0x80)
                        .itr(talk.local())
                        .ids(xtr.id(), xtr.siteId())
                        .encoded(nonce),
                eid,
                key.authenticationData(nonce, OneTimeKey.AES_WRAP, 0, 0));
    }

    private static void subscribed(Talk talk) throws Outcome {
        var etr = talk.registered(A);
        var key = talk.oneTimeKey();
        long nonce = talk.nonce();
        talk.send("protected subscription", subscription(talk, talk.xtr(), nonce, key));
        var confirmed = talk.expect("Map-Notify", answering(Heard.NOTIFY, nonce));
        var association = key.pubSubKey(nonce);
        check(
                association.vouchesFor(confirmed.octets()),
                "the MAC of the Map-Notify is not made with the PubSubKey");
        talk.acknowledge(confirmed, association);
        talk.register(etr, B);
        var published = talk.expect("publication", answering(Heard.NOTIFY, talk.nonce(nonce + 1)));
        check(
                association.vouchesFor(published.octets()),
                "the MAC of the publication is not made with the PubSubKey");
        same(List.of(B), only(Talk.readable(published)).addresses(), "what was published");
        talk.acknowledge(published, association);
    }

    private static void keyAgain(Talk talk) throws Outcome {
        talk.registered(A);
        var key = talk.oneTimeKey();
        var xtr = talk.xtr();
        long first = talk.nonce();
        talk.send("protected subscription", subscription(talk, xtr, first, key));
        talk.acknowledge(
                talk.expect("Map-Notify", answering(Heard.NOTIFY, first)), key.pubSubKey(first));
        long second = talk.nonce();
        talk.send("subscription with the same key", subscription(talk, xtr, second, key));
        var reply = Talk.readable(talk.expect("answer", it -> it.nonce() == second));
        same(Heard.REPLY, reply.type(), "the type of the answer");
        same(List.of(), only(reply).addresses(), "the locator-set");
        same(5, only(reply).action(), "ACT");
    }
}
