package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;
import static io.lispfabric.conformance.blackbox.Talk.skipped;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Order;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** What a Map-Server does with Map-Registers (RFC 9301 §5.6, §8.2), and what it says to them. */
final class RegisterCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";

    private RegisterCases() {}

    private static Case of(String id, String rfc, String text, Body body) {
        return Case.of(id, rfc, text, Set.of(Role.MS), List.of(Need.ANSWERS, Need.REGISTERS), body);
    }

    static List<Case> all() {
        return List.of(
                Case.of(
                        "register.notify",
                        "9301 §5.7",
                        "A Map-Register with the M-bit is answered by a Map-Notify with its nonce.",
                        Set.of(Role.MS),
                        List.of(Need.ANSWERS),
                        talk ->
                                talk.register(
                                        talk.xtr().register(MappingOctets.of(talk.ipv4(), A)))),
                of(
                        "register.resolves",
                        "9301 §8.3",
                        "What was registered with the P-bit is what a Map-Request is answered"
                                + " with.",
                        talk -> {
                            talk.register(talk.xtr().register(MappingOctets.of(talk.ipv4(), A, B)));
                            talk.expectRegistered(talk.ipv4(), A, B);
                        }),
                of(
                        "register.no-notify-unless-wanted",
                        "9301 §5.6",
                        "Without the M-bit there is no Map-Notify; the registration counts.",
                        RegisterCases::withoutNotify),
                of(
                        "register.algorithm-1",
                        "9301 §5.6",
                        "HMAC-SHA-1-96-None, for peers that know no other.",
                        talk -> algorithm(talk, 1, 12, true)),
                of(
                        "register.algorithm-2",
                        "9301 §5.6",
                        "HMAC-SHA-256-128-None MUST be implemented.",
                        talk -> algorithm(talk, 2, 16, false)),
                of(
                        "register.algorithm-3",
                        "9301 §5.6",
                        "HMAC-SHA256-128+HKDF-SHA256 SHOULD be implemented.",
                        talk -> algorithm(talk, 3, 16, true)),
                refused(
                        "register.algorithm-none",
                        "9301 §5.6",
                        "A Map-Register without authentication is dropped.",
                        talk -> talk.secret().with(0, 0)),
                refused(
                        "register.algorithm-unknown",
                        "9301 §5.6",
                        "A Map-Register with an algorithm that nobody knows is dropped.",
                        talk -> talk.secret().with(99, 16)),
                refused(
                        "register.wrong-key",
                        "9301 §8.2",
                        "A Map-Register whose MAC is made with another key is dropped.",
                        talk -> talk.secret().forged()),
                refused(
                        "register.unknown-key-id",
                        "9301 §5.6",
                        "A Map-Register with a Key ID that has no key is dropped.",
                        talk -> talk.secret().withKeyId(talk.secret().keyId() ^ 0x55)),
                refused(
                        "register.mac-empty",
                        "9301 §5.6",
                        "A Map-Register with a MAC of no octets is dropped.",
                        talk -> talk.secret().with(talk.secret().algorithm(), 0)),
                refused(
                        "register.mac-short",
                        "9301 §5.6",
                        "A Map-Register with the first 4 octets of the MAC is dropped.",
                        talk -> talk.secret().with(talk.secret().algorithm(), 4)),
                refused(
                        "register.mac-padded",
                        "9301 §5.6",
                        "A Map-Register with a MAC longer than any of its algorithm is dropped.",
                        talk -> talk.secret().with(talk.secret().algorithm(), 40)),
                flipped("nonce", 11, "A flipped bit of the nonce is not accepted."),
                flipped("flags", 2, "A flipped bit of the first word is not accepted."),
                flipped("mac", -1, "A flipped bit of the MAC is not accepted."),
                flippedEnd(
                        "end",
                        false,
                        "A flipped bit of the MAC's last octet is not accepted, where no octet of"
                                + " the MAC is zero."),
                flippedEnd(
                        "after-zero",
                        true,
                        "A flipped bit of the MAC's last octet is not accepted, where an octet"
                                + " before it is zero: MACs are not strings."),
                zeroMac(),
                flipped("ttl", -2, "A flipped bit of the Record TTL is not accepted."),
                flipped("locator", -3, "A flipped bit of a locator is not accepted."),
                flipped("xtr-id", -4, "A flipped bit of the xTR-ID is not accepted."),
                flipped("site-id", -5, "A flipped bit of the Site-ID is not accepted."),
                flipped("key-id", 12, "A Key ID that was changed under way is not accepted."),
                flipped("mask-length", -6, "A flipped bit of the mask-len is not accepted."),
                of(
                        "register.downgraded",
                        "9301 §5.6",
                        "An Algorithm ID that was changed under way is not accepted.",
                        talk -> {
                            var message =
                                    talk.xtr()
                                            .register(MappingOctets.of(talk.ipv4(), A))
                                            .sealed(talk.nonce(), talk.secret());
                            message[13] = (byte) (talk.secret().algorithm() == 3 ? 2 : 3);
                            talk.refused(
                                    "Map-Register whose Algorithm ID is now " + message[13],
                                    message,
                                    talk.ipv4());
                        }),
                of(
                        "register.replay",
                        "9301 §5.6",
                        "A Map-Register that was accepted before MUST be dropped.",
                        talk -> {
                            var xtr = talk.xtr();
                            long nonce = talk.nonce();
                            var first =
                                    xtr.register(MappingOctets.of(talk.ipv4(), A))
                                            .sealed(nonce, talk.secret());
                            talk.send("Map-Register", first);
                            talk.expect("Map-Notify", answering(Heard.NOTIFY, nonce));
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), B)));
                            talk.send("the first Map-Register again", first);
                            talk.expectNone("Map-Notify", answering(Heard.NOTIFY, nonce));
                            talk.expectRegistered(talk.ipv4(), B);
                        }),
                of(
                        "register.older-nonce",
                        "9301 §5.6",
                        "A Map-Register whose nonce is not greater than the last MUST be dropped.",
                        talk -> {
                            var xtr = talk.xtr();
                            long older = talk.nonce();
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), A)));
                            talk.send(
                                    "Map-Register with an older nonce",
                                    xtr.register(MappingOctets.of(talk.ipv4(), B))
                                            .sealed(older, talk.secret()));
                            talk.expectNone("Map-Notify", answering(Heard.NOTIFY, older));
                            talk.expectRegistered(talk.ipv4(), A);
                        }),
                of(
                        "register.nonce-per-xtr",
                        "9301 §5.6",
                        "The last nonce is kept per xTR-ID: another xTR may be behind.",
                        talk -> {
                            long older = talk.nonce();
                            talk.register(talk.xtr().register(MappingOctets.of(talk.ipv4(), A)));
                            var other = talk.ipv4().plus(128, 25);
                            talk.send(
                                    "Map-Register of another xTR with a smaller nonce",
                                    talk.xtr()
                                            .register(MappingOctets.of(other, B))
                                            .sealed(older, talk.secret()));
                            talk.expect("Map-Notify", answering(Heard.NOTIFY, older));
                        }),
                of(
                        "register.refresh",
                        "9301 §8.2",
                        "A registration is refreshed by a Map-Register with the next nonce.",
                        talk -> {
                            var xtr = talk.xtr();
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), A)));
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), A)));
                            talk.expectRegistered(talk.ipv4(), A);
                        }),
                of(
                        "register.replaces",
                        "9301 §8.2",
                        "Without the merge-request bit a new locator-set takes the old one's"
                                + " place.",
                        talk -> {
                            var xtr = talk.xtr();
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), A)));
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), B)));
                            talk.expectRegistered(talk.ipv4(), B);
                        }),
                of(
                        "register.withdraw",
                        "9301 §5.4",
                        "A Record TTL of 0 removes the mapping at once.",
                        talk -> {
                            var xtr = talk.xtr();
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), A)));
                            talk.register(xtr.register(MappingOctets.of(talk.ipv4(), A).ttl(0)));
                            var record = only(talk.ask(talk.ipv4().host(1)));
                            check(record.locators().isEmpty(), "the mapping still has locators");
                            check(
                                    record.ttl() != 0 && record.action() != 0,
                                    "the answer is a mapping without locators (TTL "
                                            + record.ttl()
                                            + ", No-Action), not a Negative Map-Reply");
                        }),
                of(
                        "register.several-records",
                        "9301 §5.6",
                        "All records of a Map-Register are registered and notified.",
                        talk -> {
                            var low = talk.ipv4().plus(0, 26);
                            var middle = talk.ipv4().plus(64, 26);
                            var high = talk.ipv4().plus(128, 25);
                            var notify =
                                    talk.register(
                                            talk.xtr()
                                                    .register(
                                                            MappingOctets.of(low, A),
                                                            MappingOctets.of(middle, B),
                                                            MappingOctets.of(high, A, B)));
                            same(sorted(low, middle, high), sorted(notify), "what was notified");
                            talk.expectRegistered(low, A);
                            talk.expectRegistered(middle, B);
                            talk.expectRegistered(high, A, B);
                        }),
                of(
                        "register.bad-record-among-good",
                        "9301 §9",
                        "Of a Map-Register with an EID-Prefix that is not the site's, that one MUST"
                                + " not be registered, and not be notified as if it were.",
                        talk -> {
                            var bad = talk.outside(1);
                            var register =
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4(), A),
                                                    MappingOctets.of(bad, A));
                            long nonce = talk.nonce();
                            talk.send(
                                    "Map-Register of " + Talk.eids(register),
                                    register.sealed(nonce, talk.secret()));
                            talk.expectNone(
                                    "Map-Notify of " + bad,
                                    it ->
                                            answering(Heard.NOTIFY, nonce).test(it)
                                                    && eids(it).contains(bad));
                            talk.expectNotRegistered(bad);
                        }),
                of(
                        "register.foreign-prefix",
                        "9301 §9",
                        "An EID-Prefix that is not the site's MUST NOT be registered.",
                        talk -> {
                            var bad = talk.outside(2);
                            talk.refused(
                                    "Map-Register of " + bad,
                                    talk.xtr()
                                            .register(MappingOctets.of(bad, A))
                                            .sealed(talk.nonce(), talk.secret()),
                                    bad);
                        }),
                of(
                                "register.without-xtr-id",
                                "9301 §5.6",
                                "An xTR need not have an xTR-ID.",
                                talk -> {
                                    var register =
                                            talk.xtr()
                                                    .register(MappingOctets.of(talk.ipv4(), A))
                                                    .without(RegisterOctets.HAS_IDS);
                                    talk.register(register);
                                    talk.expectRegistered(talk.ipv4(), A);
                                    talk.register(
                                            talk.xtr()
                                                    .register(
                                                            MappingOctets.of(talk.ipv4(), A).ttl(0))
                                                    .without(RegisterOctets.HAS_IDS));
                                })
                        .in(Order.ALONE),
                of(
                        "register.reserved-bits",
                        "9301 §5.6",
                        "Reserved bits MUST be ignored on receipt.",
                        talk ->
                                talk.register(
                                        talk.xtr()
                                                .register(MappingOctets.of(talk.ipv4(), A))
                                                .with(RegisterOctets.RESERVED))),
                of(
                        "register.iid-mask-length",
                        "8060 §4.1",
                        "The IID mask-len of an Instance ID LCAF does not change whose EID it is.",
                        talk -> {
                            var eid = talk.ipv4().in(orOne(talk.setup().ipv4().iid()));
                            if (talk.setup().ipv4().iid() == 0) {
                                throw skipped("the EIDs of this run have no Instance ID");
                            }
                            talk.register(
                                    talk.xtr()
                                            .register(MappingOctets.of(eid, A).iidMaskLength(32)));
                            talk.expectRegistered(eid, A);
                        }),
                of(
                        "register.ipv6-locator",
                        "9301 §5.6",
                        "Locators of both families stand beside each other.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(
                                                            talk.ipv4(), A, "2001:db8:2::1")));
                            talk.expectRegistered(talk.ipv4(), A, "2001:db8:2:0:0:0:0:1");
                        }),
                Case.of(
                        "register.ipv6-eid",
                        "9301 §5.6",
                        "An IPv6 EID-Prefix is registered like any other.",
                        Set.of(Role.MS),
                        List.of(Need.ANSWERS, Need.REGISTERS, Need.IPV6),
                        talk -> {
                            talk.register(talk.xtr().register(MappingOctets.of(talk.ipv6(), A)));
                            talk.expectRegistered(talk.ipv6(), A);
                        }),
                of(
                        "register.locator-values",
                        "9301 §5.4",
                        "Priorities, weights and the R-bit are answered as registered, 255"
                                + " included.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4())
                                                            .locator(A, 7, 33, 0x0005)
                                                            .locator(B, 255, 0, 0x0004)));
                            var locators = only(talk.ask(talk.ipv4().host(1))).locators();
                            same(2, locators.size(), "the number of locators");
                            same(7, locators.getFirst().priority(), "the first priority");
                            same(33, locators.getFirst().weight(), "the first weight");
                            same(1, locators.getFirst().flags() & 1, "the first R-bit");
                            same(255, locators.getLast().priority(), "the second priority");
                            same(0, locators.getLast().flags() & 1, "the second R-bit");
                        }),
                robust(
                        "register.count-too-large",
                        "9301 §5.6",
                        "A Map-Register that says to have more records than it has is dropped.",
                        register -> register.count(200)),
                robust(
                        "register.ids-cut",
                        "9301 §5.6",
                        "A Map-Register with the I-bit and half of an xTR-ID is dropped.",
                        register -> register.trailer(new byte[8])),
                of(
                        "register.mask-length-too-large",
                        "9301 §5.4",
                        "A mask-len over the width of the address does no harm.",
                        talk -> {
                            talk.canary();
                            talk.refused(
                                    "Map-Register of a /200 of IPv4",
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4(), A)
                                                            .maskLengthAs(200))
                                            .sealed(talk.nonce(), talk.secret()),
                                    talk.ipv4());
                            talk.expectAlive();
                        }),
                of(
                        "register.truncated",
                        "9301 §5.6",
                        "A Map-Register that was cut short is dropped, wherever it was cut.",
                        RegisterCases::truncated),
                of(
                        "notify.authentication",
                        "9301 §5.7",
                        "The MAC of a Map-Notify is right, with Key ID and algorithm of the"
                                + " Map-Register.",
                        talk -> {
                            var notify =
                                    talk.register(
                                            talk.xtr().register(MappingOctets.of(talk.ipv4(), A)));
                            same(talk.secret().keyId(), notify.keyId(), "the Key ID");
                            same(talk.secret().algorithm(), notify.algorithm(), "the algorithm");
                            check(
                                    talk.secret().vouchesFor(notify.octets()),
                                    "the MAC of the Map-Notify is wrong");
                        }),
                of(
                        "notify.record",
                        "9301 §5.7",
                        "A Map-Notify has the EID-Prefix, Record TTL and locators of the"
                                + " Map-Register.",
                        talk -> {
                            var notify =
                                    talk.register(
                                            talk.xtr()
                                                    .register(
                                                            MappingOctets.of(talk.ipv4(), A, B)
                                                                    .ttl(77)));
                            var record = only(notify);
                            same(talk.ipv4(), record.eid(), "the EID-Prefix");
                            same(77, record.ttl(), "the Record TTL");
                            same(List.of(A, B), record.addresses(), "the locator-set");
                        }),
                of(
                        "notify.reserved",
                        "9301 §5.7",
                        "The reserved bits of a Map-Notify MUST be 0, and ACT is 0.",
                        talk -> {
                            var notify =
                                    talk.register(
                                            talk.xtr().register(MappingOctets.of(talk.ipv4(), A)));
                            same(
                                    "00000",
                                    String.format("%05x", notify.word() >>> 8 & 0xFFFFF),
                                    "bits 4 to 23");
                            same(0, only(notify).action(), "ACT");
                            same(0, notify.rest().length, "what follows the records, in octets,");
                        }),
                of(
                        "notify.source-port",
                        "9301 §5.7",
                        "A Map-Notify comes from UDP port 4342.",
                        talk ->
                                same(
                                        talk.setup().peer().getPort(),
                                        talk.register(
                                                        talk.xtr()
                                                                .register(
                                                                        MappingOctets.of(
                                                                                talk.ipv4(), A)))
                                                .source()
                                                .getPort(),
                                        "the source port")),
                of(
                        "notify.not-repeated",
                        "9301 §5.7",
                        "A Map-Notify that answers a Map-Register is not retransmitted.",
                        talk -> {
                            var notify =
                                    talk.register(
                                            talk.xtr().register(MappingOctets.of(talk.ipv4(), A)));
                            talk.expectNone(
                                    "second Map-Notify",
                                    Duration.ofMillis(3500),
                                    answering(Heard.NOTIFY, notify.nonce()));
                        }));
    }

    private static int orOne(int iid) {
        return iid == 0 ? 1 : iid;
    }

    static List<String> sorted(Address... eids) {
        return Arrays.stream(eids).map(Address::toString).sorted().toList();
    }

    static List<String> sorted(Heard heard) {
        return sorted(eids(heard).toArray(Address[]::new));
    }

    static List<Address> eids(Heard heard) {
        return heard.records().stream().map(Heard.Mapping::eid).toList();
    }

    private static void withoutNotify(Talk talk) throws Outcome {
        long nonce = talk.nonce();
        talk.send(
                "Map-Register without the M-bit",
                talk.xtr()
                        .register(MappingOctets.of(talk.ipv4(), A))
                        .without(RegisterOctets.WANT_NOTIFY)
                        .sealed(nonce, talk.secret()));
        talk.expectNone("Map-Notify", answering(Heard.NOTIFY, nonce));
        // Nothing tells when it has been registered.
        for (int i = 0;
                i < 8 && talk.ask(talk.ipv4().host(1)).records().getFirst().locators().isEmpty();
                i++) {
            talk.comes(_ -> false);
        }
        talk.expectRegistered(talk.ipv4(), A);
    }

    /** One that need not be known, or not be allowed for this key, is left aside. */
    private static void algorithm(Talk talk, int id, int length, boolean optional) throws Outcome {
        var secret = talk.secret().with(id, length);
        try {
            var notify =
                    talk.register(talk.xtr().register(MappingOctets.of(talk.ipv4(), A)), secret);
            check(secret.vouchesFor(notify.octets()), "the MAC of the Map-Notify is wrong");
        } catch (Outcome e) {
            if (optional && String.valueOf(e.getMessage()).startsWith("no Map-Notify came")) {
                throw skipped("algorithm " + id + " is not known, or not allowed for this key");
            }
            throw e;
        }
    }

    /** What makes a secret that is none of the site's. */
    private interface Forgery {
        Secret of(Talk talk) throws Outcome;
    }

    private static Case refused(String id, String rfc, String text, Forgery forgery) {
        return of(
                id,
                rfc,
                text,
                talk ->
                        talk.refused(
                                "Map-Register with " + forgery.of(talk),
                                talk.xtr()
                                        .register(MappingOctets.of(talk.ipv4(), A))
                                        .sealed(talk.nonce(), forgery.of(talk)),
                                talk.ipv4()));
    }

    /**
     * @param where the octet; or from -1 on: the first of the MAC, the last of the Record TTL, the
     *     last of the locator, the first of the xTR-ID, the last of the Site-ID, the mask-len
     */
    private static Case flipped(String what, int where, String text) {
        return of(
                "register.flipped-" + what,
                "9301 §5.6",
                text,
                talk -> {
                    var secret = talk.secret();
                    var message =
                            talk.xtr()
                                    .register(MappingOctets.of(talk.ipv4(), A))
                                    .sealed(talk.nonce(), secret);
                    int record = 16 + secret.length();
                    int at =
                            switch (where) {
                                case -1 -> 16;
                                case -2 -> record + 3;
                                case -3 -> message.length - 24 - 1;
                                case -4 -> message.length - 24;
                                case -5 -> message.length - 1;
                                case -6 -> record + 5;
                                default -> where;
                            };
                    message[at] ^= 0x10;
                    talk.refused(
                            "Map-Register with a flipped bit in octet " + at, message, talk.ipv4());
                });
    }

    /** The nonce is chosen for the MAC: what a zero octet in it decides is not left to chance. */
    private static Case flippedEnd(String what, boolean zeroBefore, String text) {
        return of(
                "register.flipped-mac-" + what,
                "9301 §5.6",
                text,
                talk -> {
                    var secret = talk.secret();
                    var register = talk.xtr().register(MappingOctets.of(talk.ipv4(), A));
                    int last = 16 + secret.length() - 1;
                    byte[] message;
                    do {
                        message = register.sealed(talk.nonce(), secret);
                    } while (hasZero(message, 16, last) != zeroBefore);
                    message[last] ^= 0x10;
                    talk.refused(
                            "Map-Register with a flipped bit in octet " + last,
                            message,
                            talk.ipv4());
                });
    }

    /** A server that compares MACs as strings takes this one without anybody's key. */
    private static Case zeroMac() {
        return of(
                "register.mac-zero",
                "9301 §5.6",
                "A MAC of zeros is not accepted, where the first octet of the right one is zero.",
                talk -> {
                    var secret = talk.secret();
                    var register = talk.xtr().register(MappingOctets.of(talk.ipv4(), A));
                    byte[] message;
                    do {
                        message = register.sealed(talk.nonce(), secret);
                    } while (message[16] != 0);
                    Arrays.fill(message, 16, 16 + secret.length(), (byte) 0);
                    talk.refused("Map-Register with a MAC of zeros", message, talk.ipv4());
                });
    }

    private static boolean hasZero(byte[] octets, int from, int to) {
        for (int i = from; i < to; i++) {
            if (octets[i] == 0) {
                return true;
            }
        }
        return false;
    }

    private static Case robust(
            String id, String rfc, String text, Consumer<RegisterOctets> mistake) {
        return of(
                id,
                rfc,
                text,
                talk -> {
                    talk.canary();
                    var register = talk.xtr().register(MappingOctets.of(talk.ipv4(), A));
                    mistake.accept(register);
                    talk.refused(
                            "Map-Register with that mistake",
                            register.sealed(talk.nonce(), talk.secret()),
                            talk.ipv4());
                    talk.expectAlive();
                });
    }

    private static void truncated(Talk talk) throws Outcome {
        talk.canary();
        long nonce = talk.nonce();
        var whole =
                talk.xtr().register(MappingOctets.of(talk.ipv4(), A)).sealed(nonce, talk.secret());
        for (int length = 0; length < whole.length; length += 7) {
            talk.send(length + " octets of a Map-Register", Arrays.copyOf(whole, length));
        }
        talk.expectNone("Map-Notify", answering(Heard.NOTIFY, nonce));
        talk.expectNotRegistered(talk.ipv4());
        talk.expectAlive();
    }
}
