package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import io.lispfabric.conformance.blackbox.RequestOctets.Mistake;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a Map-Reply looks like (RFC 9301 §5.4, §5.5): overlapping EID-Prefixes, size, bits; and what
 * the ECM around its Map-Request may look like (§5.8).
 */
final class AnswerCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";
    private static final String C = "192.0.2.3";

    private AnswerCases() {}

    private static Case positive(String id, String rfc, String text, Body body) {
        return Case.of(id, rfc, text, Set.of(Role.MS), List.of(Need.ANSWERS, Need.REGISTERS), body);
    }

    private static Case any(String id, String rfc, String text, Body body) {
        return Case.of(id, rfc, text, Set.of(Role.MS, Role.MR), List.of(Need.ANSWERS), body);
    }

    static List<Case> all() {
        var all = new ArrayList<Case>();
        all.addAll(overlaps());
        all.addAll(replies());
        all.addAll(envelopes());
        return all;
    }

    // RFC 9301 §5.5: its four prefixes, as parts of one block.

    /** The block, a part of it, and two parts of that. */
    private static List<Address> nest(Address block, int each) {
        int part = block.length() + each;
        int bits = 8 * block.octets().length - part - each;
        return List.of(
                block,
                block.plus(0, part),
                block.plus(0, part + each),
                block.plus(1L << bits, part + each));
    }

    private static void nested(Talk talk, Address block, int each, int asked, int... expected)
            throws Outcome {
        var eids = nest(block, each);
        talk.register(
                talk.xtr()
                        .register(
                                MappingOctets.of(eids.get(0), A),
                                MappingOctets.of(eids.get(1), B),
                                MappingOctets.of(eids.get(2), C),
                                MappingOctets.of(eids.get(3), C)));
        var reply = talk.ask(block.host(asked));
        same(
                RegisterCases.sorted(
                        IntStream.of(expected).mapToObj(eids::get).toArray(Address[]::new)),
                RegisterCases.sorted(reply),
                "what was answered");
    }

    private static List<Case> overlaps() {
        return List.of(
                positive(
                        "overlap.leaf",
                        "9301 §5.5",
                        "A longest match with nothing inside is answered alone.",
                        talk -> nested(talk, talk.ipv4(), 2, 5, 2)),
                positive(
                        "overlap.branch",
                        "9301 §5.5",
                        "A best match is answered with its more-specifics, and without what is"
                                + " above it.",
                        talk -> nested(talk, talk.ipv4(), 2, 40, 1, 2, 3)),
                positive(
                        "overlap.root",
                        "9301 §5.5",
                        "More-specifics of more-specifics are answered, too.",
                        talk -> nested(talk, talk.ipv4(), 2, 200, 0, 1, 2, 3)),
                positive(
                                "overlap.ipv6",
                                "9301 §5.5",
                                "IPv6 EID-Prefixes overlap in the same way.",
                                talk -> nested(talk, talk.ipv6().plus(0, 120), 2, 40, 1, 2, 3))
                        .needing(Need.IPV6),
                positive(
                        "overlap.ttl",
                        "9301 §5.5",
                        "Overlapping records are answered with one Record TTL.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4(), A).ttl(90),
                                                    MappingOctets.of(talk.ipv4().plus(64, 26), B)
                                                            .ttl(30)));
                            var ttls =
                                    talk.ask(talk.ipv4().host(1)).records().stream()
                                            .map(Heard.Mapping::ttl)
                                            .distinct()
                                            .toList();
                            same(1, ttls.size(), "the number of Record TTLs, " + ttls + ",");
                        }),
                positive(
                        "overlap.too-many",
                        "9301 §5.5",
                        "When not all more-specifics fit, what is answered hides none of them.",
                        talk -> {
                            var inside = crowd(talk);
                            var asked = talk.ipv4().host(201);
                            var reply = talk.ask(asked);
                            var told = RegisterCases.eids(reply);
                            check(
                                    told.stream().anyMatch(it -> it.covers(asked)),
                                    "no record covers " + asked);
                            hidesNone(told, inside);
                        }),
                positive(
                        "overlap.prefix",
                        "9301 §5.5",
                        "The answer for an EID-Prefix hides nothing that is registered inside it.",
                        talk -> {
                            var inside =
                                    List.of(talk.ipv4().plus(0, 26), talk.ipv4().plus(128, 25));
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(inside.get(0), A),
                                                    MappingOctets.of(inside.get(1), B)));
                            hidesNone(RegisterCases.eids(talk.ask(talk.ipv4())), inside);
                        }),
                positive(
                        "overlap.prefix-too-many",
                        "9301 §5.5",
                        "Nor does it when not all of that fits.",
                        talk -> {
                            var inside = crowd(talk);
                            hidesNone(RegisterCases.eids(talk.ask(talk.ipv4())), inside);
                        }),
                positive(
                        "reply.size",
                        "9301 §5",
                        "A Map-Reply is no larger than a packet of 576 octets (1280 of IPv6), also"
                                + " to a small question of a stranger.",
                        talk -> {
                            crowd(talk);
                            int most = talk.local().afi() == Address.IPV4 ? 576 - 28 : 1280 - 48;
                            int size = talk.ask(talk.ipv4().host(201)).octets().length;
                            check(size <= most, "the Map-Reply has " + size + " octets");
                        }));
    }

    private static void hidesNone(List<Address> told, List<Address> registered) throws Outcome {
        for (var eid : registered) {
            check(
                    told.contains(eid) || told.stream().noneMatch(it -> it.covers(eid)),
                    "the answer hides " + eid);
        }
    }

    /** The /24 with 60 more-specifics. */
    private static List<Address> crowd(Talk talk) throws Outcome {
        talk.registered(A);
        var inside = IntStream.range(0, 60).mapToObj(i -> talk.ipv4().host(2 * i)).toList();
        talk.register(
                talk.xtr()
                        .register(
                                inside.stream()
                                        .map(it -> MappingOctets.of(it, B))
                                        .toArray(MappingOctets[]::new)));
        return inside;
    }

    private static List<Case> replies() {
        return List.of(
                positive(
                        "reply.reserved",
                        "9301 §5.4",
                        "The reserved bits of a Map-Reply, its records and its locators are 0; so"
                                + " is ACT where there are locators.",
                        talk -> {
                            talk.registered(A, B);
                            var reply = talk.ask(talk.ipv4().host(1));
                            unadorned(reply);
                            same(0, only(reply).action(), "ACT");
                            check(
                                    only(reply).locators().stream()
                                            .allMatch(it -> (it.flags() & ~7) == 0),
                                    "a locator has unused flags");
                        }),
                any(
                        "reply.negative-bits",
                        "9301 §5.4",
                        "In a Negative Map-Reply of the mapping system the A-bit and all reserved"
                                + " bits are 0.",
                        talk -> {
                            var reply = talk.ask(talk.setup().outside().host(1));
                            unadorned(reply);
                            check(!only(reply).authoritative(), "the A-bit is set");
                        }),
                any(
                        "reply.one",
                        "9301 §5.4",
                        "One Map-Request is answered by one message.",
                        talk -> {
                            var reply = talk.ask(talk.setup().outside().host(1));
                            talk.expectNone("second answer", it -> it.nonce() == reply.nonce());
                        }),
                any(
                        "reply.nonce-again",
                        "9301 §5.4",
                        "A Map-Resolver keeps no nonces: the same Map-Request twice is answered"
                                + " twice.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            long nonce = talk.ask(eid).nonce();
                            talk.send(
                                    "the same Map-Request",
                                    talk.ecm(talk.question(eid).encoded(nonce), eid));
                            talk.expect("Map-Reply", answering(Heard.REPLY, nonce));
                        }),
                any(
                        "reply.any-nonce",
                        "9301 §5.4",
                        "Every nonce is copied, the smallest and the largest too.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            for (long nonce : List.of(talk.nonce(0), talk.nonce(-1))) {
                                talk.send(
                                        "Map-Request",
                                        talk.ecm(talk.question(eid).encoded(nonce), eid));
                                talk.expect("Map-Reply", answering(Heard.REPLY, nonce));
                            }
                        }),
                positive(
                        "reply.canonical",
                        "9301 §5.4",
                        "The EID-Prefix of a Map-Reply has no bits behind its mask-len.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4().plus(77, 26), A)));
                            same(
                                    talk.ipv4().plus(64, 26),
                                    only(talk.ask(talk.ipv4().host(100))).eid(),
                                    "the EID-Prefix");
                        }));
    }

    /** P, E, S and all that is reserved in the first word and in the first record. */
    private static void unadorned(Heard reply) throws Outcome {
        same("00000", String.format("%05x", reply.word() >>> 8 & 0xFFFFF), "bits 4 to 23");
        var octets = reply.octets();
        same(0, octets[12 + 6] & 0x0F | octets[12 + 7], "what is reserved after the A-bit");
        same(0, octets[12 + 8] & 0xF0, "what is reserved before the Map-Version");
        same(0, reply.rest().length, "what follows the records, in octets,");
    }

    private static void enveloped(Talk talk, byte[] head, Address source, Address destination)
            throws Outcome {
        var eid = talk.setup().outside().host(1);
        long nonce = talk.nonce();
        talk.send(
                "Map-Request in an ECM from " + source + " to " + destination,
                RequestOctets.encapsulated(
                        head,
                        talk.question(eid).encoded(nonce),
                        source,
                        destination,
                        talk.socket().getLocalPort(),
                        Mistake.NONE));
        talk.expect("Map-Reply", answering(Heard.REPLY, nonce));
    }

    private static List<Case> envelopes() {
        var plain = new byte[] {(byte) 0x80, 0, 0, 0};
        return List.of(
                any(
                        "ecm.reserved",
                        "9301 §5.8",
                        "The reserved bits of an ECM are ignored on receipt.",
                        talk ->
                                enveloped(
                                        talk,
                                        new byte[] {(byte) 0x83, -1, -1, -1},
                                        talk.local(),
                                        Address.of(talk.setup().peer().getAddress()))),
                any(
                        "ecm.from-eid",
                        "9301 §5.3",
                        "The inner source may be an EID: the ITR-RLOC is where the answer goes.",
                        talk ->
                                enveloped(
                                        talk,
                                        plain,
                                        Address.parse("10.97.255.9"),
                                        Address.parse("10.98.0.1"))),
                any(
                        "ecm.inner-ipv6",
                        "9301 §5.8",
                        "Inner and outer packet may be of different families.",
                        talk ->
                                enveloped(
                                        talk,
                                        plain,
                                        Address.parse("2001:db8:97:ffff::9"),
                                        Address.parse("2001:db8:98::1"))),
                any(
                        "ecm.inner-ipv6-checksum",
                        "9301 §5.8",
                        "The checksum of an inner IPv6 packet is checked as well.",
                        talk -> {
                            talk.canary();
                            var eid = talk.setup().outside().host(1);
                            long nonce = talk.nonce();
                            talk.send(
                                    "Map-Request in an IPv6 packet with a wrong UDP checksum",
                                    RequestOctets.encapsulated(
                                            talk.question(eid).encoded(nonce),
                                            Address.parse("2001:db8:97:ffff::9"),
                                            Address.parse("2001:db8:98::1"),
                                            talk.socket().getLocalPort(),
                                            Mistake.UDP_CHECKSUM));
                            talk.expectNone("answer", it -> it.nonce() == nonce);
                            talk.expectAlive();
                        }),
                any(
                        "ecm.lisp-sec-cut",
                        "9303 §6.1",
                        "An ECM whose Authentication Data ends early is dropped.",
                        talk -> {
                            talk.canary();
                            long nonce = talk.nonce();
                            var whole = new Octets().u32(0x8800_0000).u32(0x0100_0000);
                            whole.u16(24).u16(2 << 8).bytes(new byte[11]);
                            talk.send("such an ECM", whole.toArray());
                            talk.expectNone("answer", it -> it.nonce() == nonce);
                            talk.expectAlive();
                        }));
    }
}
