package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.failed;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;
import static io.lispfabric.conformance.blackbox.Talk.skipped;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Order;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import io.lispfabric.conformance.blackbox.RequestOctets.Mistake;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** How Map-Requests are answered (RFC 9301 §5.3, §5.5, §8.3, §8.4), and which are not. */
final class RequestCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";
    private static final Set<Role> BOTH = Set.of(Role.MS, Role.MR);

    private RequestCases() {}

    /** With something registered. */
    private static Case positive(String id, String rfc, String text, Body body) {
        return Case.of(id, rfc, text, Set.of(Role.MS), List.of(Need.ANSWERS, Need.REGISTERS), body);
    }

    /** Of a Map-Resolver that has nothing registered, too. */
    private static Case any(String id, String rfc, String text, Body body) {
        return Case.of(id, rfc, text, BOTH, List.of(Need.ANSWERS), body);
    }

    static List<Case> all() {
        var all = new ArrayList<Case>();
        all.addAll(answers());
        all.addAll(negatives());
        all.addAll(bits());
        all.addAll(addresses());
        all.addAll(malformed());
        return all;
    }

    private static void register(Talk talk, MappingOctets... records) throws Outcome {
        talk.register(talk.xtr().register(records));
    }

    private static List<Case> answers() {
        return List.of(
                positive(
                        "request.longest-match",
                        "9301 §8.3",
                        "The longest registered EID-Prefix that covers the EID is the answer.",
                        talk -> {
                            var inside = talk.ipv4().plus(64, 28);
                            register(
                                    talk,
                                    MappingOctets.of(talk.ipv4(), A),
                                    MappingOctets.of(inside, B));
                            var record = only(talk.ask(inside.host(5)));
                            same(inside, record.eid(), "the EID-Prefix");
                            same(List.of(B), record.addresses(), "the locator-set");
                        }),
                positive(
                        "request.overlapping",
                        "9301 §5.5",
                        "With the best match all its more-specific EID-Prefixes are answered.",
                        talk -> {
                            var inside = talk.ipv4().plus(64, 28);
                            register(
                                    talk,
                                    MappingOctets.of(talk.ipv4(), A),
                                    MappingOctets.of(inside, B));
                            var reply = talk.ask(talk.ipv4().host(1));
                            if (reply.records().size() == 1
                                    && reply.records().getFirst().eid().length() > 24
                                    && !reply.records().getFirst().eid().covers(inside)) {
                                return; // a smaller prefix that hides nothing says the same
                            }
                            same(
                                    RegisterCases.sorted(talk.ipv4(), inside),
                                    RegisterCases.sorted(reply),
                                    "what was answered");
                        }),
                positive(
                        "request.prefix",
                        "9301 §5.3",
                        "An EID-Prefix can be asked for, as a refresh does.",
                        talk -> {
                            register(talk, MappingOctets.of(talk.ipv4(), A));
                            same(talk.ipv4(), only(talk.ask(talk.ipv4())).eid(), "the EID-Prefix");
                        }),
                positive(
                        "request.proxied",
                        "9301 §5.4",
                        "A Map-Server that answers for an ETR sets neither P nor the A-bit, and no"
                                + " L-bit.",
                        talk -> {
                            register(talk, MappingOctets.of(talk.ipv4(), A, B));
                            var reply = talk.ask(talk.ipv4().host(1));
                            same(0, reply.word() >>> 27 & 1, "the P-bit");
                            check(!only(reply).authoritative(), "the A-bit is set");
                            check(
                                    only(reply).locators().stream()
                                            .allMatch(it -> (it.flags() & 4) == 0),
                                    "a locator has the L-bit");
                        }),
                positive(
                        "request.ttl",
                        "9301 §8.3",
                        "The Record TTL that the ETR registered is answered.",
                        talk -> {
                            register(talk, MappingOctets.of(talk.ipv4(), A).ttl(77));
                            same(77, only(talk.ask(talk.ipv4().host(1))).ttl(), "the Record TTL");
                        }),
                positive(
                        "request.locators-sorted",
                        "9301 §5.5",
                        "Locators are answered in ascending order, whatever order they came in.",
                        talk -> {
                            register(
                                    talk,
                                    MappingOctets.of(talk.ipv4(), "192.0.2.9", "192.0.2.10", A));
                            same(
                                    List.of(A, "192.0.2.9", "192.0.2.10"),
                                    only(talk.ask(talk.ipv4().host(1))).addresses(),
                                    "the locator-set");
                        }),
                positive(
                        "request.other-instance",
                        "9300 §8",
                        "The same EID in another Instance ID is another EID.",
                        talk -> {
                            register(talk, MappingOctets.of(talk.ipv4(), A));
                            var other = talk.ipv4().in(talk.setup().otherIid()).host(1);
                            var record = only(talk.ask(other));
                            check(record.locators().isEmpty(), "there are locators");
                            check(
                                    record.eid().covers(other),
                                    record.eid() + " does not cover " + other);
                        }),
                positive(
                                "request.bare",
                                "9301 §8.3",
                                "A Map-Request that is not in an ECM is answered to the port it"
                                        + " came from.",
                                talk -> {
                                    register(talk, MappingOctets.of(talk.ipv4(), A));
                                    var eid = talk.ipv4().host(1);
                                    var reply =
                                            talk.ask(
                                                    "bare Map-Request",
                                                    talk.question(eid),
                                                    eid,
                                                    false);
                                    same(talk.socket().getLocalPort(), reply.port(), "the port");
                                    same(List.of(A), only(reply).addresses(), "the locator-set");
                                })
                        .needing(Need.BARE),
                positive(
                                "request.forwarded",
                                "9301 §8.3",
                                "When no ETR asked for proxy Map-Replies the Map-Request goes on to"
                                        + " one, in an ECM, unaltered.",
                                talk -> {
                                    talk.register(
                                            talk.xtr()
                                                    .register(
                                                            MappingOctets.of(
                                                                    talk.ipv4(),
                                                                    talk.local()
                                                                            .inet()
                                                                            .getHostAddress()))
                                                    .without(RegisterOctets.PROXY));
                                    var eid = talk.ipv4().host(1);
                                    long nonce = talk.nonce();
                                    var message = talk.question(eid).encoded(nonce);
                                    talk.send("Map-Request for " + eid, talk.ecm(message, eid));
                                    var passed =
                                            talk.expect(
                                                    "the Map-Request in an ECM, at port 4342",
                                                    answering(Heard.ECM, nonce));
                                    same(
                                            HexFormat.of().formatHex(message),
                                            HexFormat.of()
                                                    .formatHex(
                                                            passed.inner().orElseThrow().octets()),
                                            "the Map-Request inside");
                                    talk.expectNone("Map-Reply", answering(Heard.REPLY, nonce));
                                })
                        .needing(Need.CONTROL_PORT),
                Case.of(
                        "request.ipv6-eid",
                        "9301 §8.3",
                        "IPv6 EIDs are found by their longest match.",
                        Set.of(Role.MS),
                        List.of(Need.ANSWERS, Need.REGISTERS, Need.IPV6),
                        talk -> {
                            var inside = talk.ipv6().plus(0x100, 120);
                            register(
                                    talk,
                                    MappingOctets.of(talk.ipv6(), A),
                                    MappingOctets.of(inside, B));
                            same(
                                    List.of(B),
                                    only(talk.ask(inside.host(1))).addresses(),
                                    "the locator-set");
                        }));
    }

    private static void negative(Heard.Mapping record, Address asked, Address... registered)
            throws Outcome {
        check(record.locators().isEmpty(), "there are locators");
        check(record.eid().covers(asked), record.eid() + " does not cover " + asked);
        check(
                Arrays.stream(registered).noneMatch(it -> record.eid().covers(it)),
                record.eid() + " covers what is registered");
        check(record.action() != 0, "ACT is No-Action");
    }

    private static List<Case> negatives() {
        return List.of(
                any(
                        "negative.nowhere",
                        "9301 §8.4",
                        "An EID that no site has: a Negative Map-Reply that covers it, for 15"
                                + " minutes.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            var record = only(talk.ask(eid));
                            negative(record, eid);
                            same(15, record.ttl(), "the Record TTL");
                        }),
                any(
                        "negative.action",
                        "9301 §8.4",
                        "The action for an EID that no site has is Natively-Forward.",
                        talk ->
                                same(
                                        1,
                                        only(talk.ask(talk.setup().outside().host(1))).action(),
                                        "ACT")),
                positive(
                        "negative.unregistered",
                        "9301 §8.3",
                        "An EID of a site, not registered: a Negative Map-Reply for 1 minute.",
                        talk -> {
                            var eid = talk.ipv4().host(1);
                            var record = only(talk.ask(eid));
                            negative(record, eid);
                            same(1, record.ttl(), "the Record TTL");
                        }),
                positive(
                        "negative.hole",
                        "9301 §8.4",
                        "The prefix of a Negative Map-Reply covers the EID and nothing registered.",
                        talk -> {
                            var low = talk.ipv4().plus(0, 26);
                            var high = talk.ipv4().plus(128, 25);
                            register(talk, MappingOctets.of(low, A), MappingOctets.of(high, B));
                            var eid = talk.ipv4().host(70);
                            negative(only(talk.ask(eid)), eid, low, high);
                        }),
                positive(
                        "negative.then-registered",
                        "9301 §8.3",
                        "What is registered after a Negative Map-Reply is answered at once.",
                        talk -> {
                            talk.expectNotRegistered(talk.ipv4());
                            register(talk, MappingOctets.of(talk.ipv4(), A));
                            talk.expectRegistered(talk.ipv4(), A);
                        }));
    }

    /** A bit that changes nothing about the answer. */
    private static Case answered(String id, String rfc, String text, int bits) {
        return any(
                id,
                rfc,
                text,
                talk -> {
                    var eid = talk.setup().outside().host(1);
                    talk.ask(talk.question(eid).with(bits), eid);
                });
    }

    private static List<Case> bits() {
        return List.of(
                answered(
                        "request.authoritative-bit",
                        "9301 §5.2",
                        "The A-bit asks for a reply of the site; nowhere is nowhere all the same.",
                        RequestOctets.AUTHORITATIVE),
                answered(
                        "request.pitr-bit",
                        "9301 §5.2",
                        "A PITR is answered like any other.",
                        RequestOctets.PITR),
                answered(
                        "request.smr-invoked",
                        "9301 §6.1",
                        "An SMR-invoked Map-Request MUST go through the mapping system, which"
                                + " answers it.",
                        RequestOctets.SMR_INVOKED),
                answered(
                        "request.local-xtr-bit",
                        "9301 §5.2",
                        "The L-bit is for xTRs of the same site.",
                        RequestOctets.LOCAL_XTR),
                answered(
                        "request.reserved-bits",
                        "9301 §5.2",
                        "Reserved bits MUST be ignored on receipt.",
                        RequestOctets.RESERVED),
                any(
                        "request.no-reply-bit",
                        "9301 §5.2",
                        "A Map-Request with the D-bit gets no Map-Reply.",
                        talk -> silent(talk, true, it -> it.with(RequestOctets.NO_REPLY))),
                any(
                        "request.probe",
                        "9301 §5.2",
                        "An RLOC-probe MUST be dropped by a Map-Server or Map-Resolver.",
                        talk -> silent(talk, false, it -> it.with(RequestOctets.PROBE))),
                any(
                        "request.probe-in-ecm",
                        "9301 §5.8",
                        "An RLOC-probe MUST NOT come in an ECM, and is dropped.",
                        talk -> silent(talk, true, it -> it.with(RequestOctets.PROBE))),
                any(
                        "request.map-data",
                        "9301 §5.2",
                        "A mapping may be piggybacked; the question is answered, the mapping not"
                                + " believed.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            talk.ask(
                                    talk.question(eid)
                                            .mapData(MappingOctets.of(talk.outside(3), A)),
                                    eid);
                            talk.expectNotRegistered(talk.outside(3));
                        }),
                any(
                        "request.ids-without-subscription",
                        "9437 §4",
                        "xTR-ID and Site-ID without the N-bit: a Map-Reply as ever.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            talk.ask(
                                    talk.question(eid).ids(talk.xtr().id(), talk.setup().siteId()),
                                    eid);
                        }),
                any(
                        "request.source-eid",
                        "9301 §5.2",
                        "The Source EID may be missing, an address, or in an Instance ID.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            talk.ask(talk.question(eid).source(talk.ipv4().in(0).host(9)), eid);
                            talk.ask(talk.question(eid).source(talk.ipv4().in(7).host(9)), eid);
                            talk.ask(talk.question(eid), eid);
                        }));
    }

    private static List<Case> addresses() {
        return List.of(
                any(
                        "reply.to-inner-port",
                        "9301 §5.8",
                        "The Map-Reply goes to the source port of the inner UDP header.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            var other = talk.otherSocket(talk.local().inet());
                            long nonce = talk.nonce();
                            talk.send(
                                    "Map-Request whose ECM comes from another port",
                                    talk.ecm(
                                            talk.question(eid).encoded(nonce),
                                            eid,
                                            other.getLocalPort(),
                                            Mistake.NONE));
                            var reply = talk.expect("Map-Reply", answering(Heard.REPLY, nonce));
                            same(other.getLocalPort(), reply.port(), "the port that it came to");
                        }),
                any(
                        "reply.from-control-port",
                        "9301 §5.5",
                        "The Map-Reply comes from the port that was asked.",
                        talk ->
                                same(
                                        talk.setup().peer().getPort(),
                                        talk.ask(talk.setup().outside().host(1)).source().getPort(),
                                        "the source port")),
                any(
                                "reply.to-itr-rloc",
                                "9301 §5.5",
                                "The Map-Reply goes to the ITR-RLOC, not to where the request came"
                                        + " from.",
                                talk -> {
                                    var eid = talk.setup().outside().host(1);
                                    var elsewhere = loopback();
                                    var other = talk.otherSocket(elsewhere);
                                    long nonce = talk.nonce();
                                    var request =
                                            new RequestOctets().ask(eid).itr(Address.of(elsewhere));
                                    talk.send(
                                            "Map-Request with ITR-RLOC "
                                                    + elsewhere.getHostAddress(),
                                            talk.ecm(
                                                    request.encoded(nonce),
                                                    eid,
                                                    other.getLocalPort(),
                                                    Mistake.NONE));
                                    var reply =
                                            talk.expect("Map-Reply", answering(Heard.REPLY, nonce));
                                    same(
                                            other.getLocalPort(),
                                            reply.port(),
                                            "the port that it came to");
                                })
                        .needing(Need.LOOPBACK),
                any(
                        "reply.itr-rloc-family",
                        "9301 §5.3",
                        "Of several ITR-RLOCs the replier picks one of a family that it has.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            var here = talk.local();
                            var foreign =
                                    here.afi() == Address.IPV4
                                            ? Address.parse("100::1")
                                            : Address.parse("192.0.2.99");
                            if (here.afi() == Address.IPV4
                                    && !talk.setup().peer().getAddress().isLoopbackAddress()) {
                                throw skipped("the peer may have IPv6, and rightly answer there");
                            }
                            talk.ask(new RequestOctets().ask(eid).itr(foreign).itr(here), eid);
                        }),
                any(
                        "reply.many-itr-rlocs",
                        "9301 §5.2",
                        "A Map-Request may have 32 ITR-RLOCs.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            var request = new RequestOctets().ask(eid);
                            for (int i = 0; i < 32; i++) {
                                request.itr(talk.local());
                            }
                            talk.ask(request, eid);
                        }),
                any(
                        "reply.nonces",
                        "9301 §5.4",
                        "Each of several questions at once is answered with its own nonce.",
                        talk -> {
                            var eid = talk.setup().outside().host(1);
                            var nonces = List.of(talk.nonce(), talk.nonce(), talk.nonce());
                            for (long nonce : nonces) {
                                talk.send(
                                        "Map-Request",
                                        talk.ecm(talk.question(eid).encoded(nonce), eid));
                            }
                            for (long nonce : nonces) {
                                talk.expect("Map-Reply", answering(Heard.REPLY, nonce));
                            }
                        }));
    }

    static InetAddress loopback() {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, 3});
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four octets are an address", e);
        }
    }

    /** What is done to a good question. */
    private interface Change {
        RequestOctets to(RequestOctets question);
    }

    /** Asks so that there must be no answer, and then so that there must. */
    private static void silent(Talk talk, boolean encapsulated, Change change) throws Outcome {
        var eid = talk.setup().outside().host(1);
        talk.canary();
        var question = new RequestOctets();
        change.to(question);
        // What the change is about is its own; the rest is as in any question.
        long nonce = talk.nonce();
        var message = complete(talk, question, eid).encoded(nonce);
        talk.send("such a Map-Request", encapsulated ? talk.ecm(message, eid) : message);
        talk.expectNone("answer", it -> it.nonce() == nonce);
        talk.expectAlive();
    }

    private static RequestOctets complete(Talk talk, RequestOctets question, Address eid) {
        if (!question.hasItr()) {
            question.itr(talk.local());
        }
        return question.hasRecords() ? question : question.ask(eid);
    }

    private static Case dropped(String id, String rfc, String text, Change change) {
        return any("malformed." + id, rfc, text, talk -> silent(talk, true, change));
    }

    private static Case wrong(String id, String text, Mistake mistake) {
        return any(
                "malformed.ecm-" + id,
                "9301 §5.8",
                text,
                talk -> {
                    talk.canary();
                    var eid = talk.setup().outside().host(1);
                    long nonce = talk.nonce();
                    talk.send(
                            "Map-Request in such an ECM",
                            talk.ecm(
                                    talk.question(eid).encoded(nonce),
                                    eid,
                                    talk.socket().getLocalPort(),
                                    mistake));
                    talk.expectNone("answer", it -> it.nonce() == nonce);
                    talk.expectAlive();
                });
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private static List<Case> malformed() {
        return List.of(
                dropped(
                        "eid-afi",
                        "9301 §5.1",
                        "A Map-Request for an EID of an AFI that nobody knows MUST be dropped.",
                        it -> it.askRaw(32, hex("7777" + "0a000001"))),
                dropped(
                        "source-afi",
                        "9301 §5.1",
                        "A Map-Request from an EID of an AFI that nobody knows MUST be dropped.",
                        it -> it.sourceRaw(hex("7777" + "0a000001"))),
                dropped(
                        "itr-afi",
                        "9301 §5.1",
                        "A Map-Request with an ITR-RLOC of an AFI that nobody knows MUST be"
                                + " dropped.",
                        it -> it.itrRaw(hex("7777" + "0a000001"))),
                dropped(
                        "no-itr-rloc",
                        "9301 §5.3",
                        "A Map-Request without an ITR-RLOC to answer to MUST be dropped.",
                        it -> it.itrRaw(new byte[2])),
                dropped(
                        "eid-lcaf",
                        "9306 §3",
                        "A Map-Request for an EID of an LCAF type that nobody knows MUST be"
                                + " dropped.",
                        it -> it.askRaw(32, hex("4003" + "0000" + "fe00" + "0004" + "0a000001"))),
                dropped(
                        "lcaf-length",
                        "8060 §3",
                        "An LCAF whose length is larger than the message is dropped.",
                        it ->
                                it.askRaw(
                                        32,
                                        hex(
                                                "4003"
                                                        + "0000"
                                                        + "0220"
                                                        + "ffff"
                                                        + "00000001"
                                                        + "0001"
                                                        + "0a000001"))),
                dropped(
                        "lcaf-nested",
                        "8060 §3",
                        "LCAFs nested 200 deep do no harm.",
                        it -> it.askRaw(32, nested(200))),
                dropped(
                        "mask-length",
                        "9301 §5.2",
                        "A mask-len over the width of the address is dropped.",
                        it -> it.askRaw(200, hex("0001" + "0a000001"))),
                dropped(
                        "record-count",
                        "9301 §5.2",
                        "A Map-Request that says to have more records than it has is dropped.",
                        it -> it.counts(0, 200)),
                dropped(
                        "itr-count",
                        "9301 §5.2",
                        "A Map-Request that says to have more ITR-RLOCs than it has is dropped.",
                        it -> it.counts(31, 1)),
                dropped(
                        "ids-cut",
                        "9437 §3",
                        "A Map-Request with the I-bit and half of an xTR-ID MUST be dropped.",
                        it -> it.with(RequestOctets.HAS_IDS).trailer(new byte[8])),
                dropped(
                        "map-data-missing",
                        "9301 §5.2",
                        "A Map-Request with the M-bit and no mapping is dropped.",
                        it -> it.with(RequestOctets.MAP_DATA)),
                wrong(
                        "ip-checksum",
                        "An ECM whose inner IPv4 header checksum is wrong is dropped.",
                        Mistake.IP_CHECKSUM),
                wrong(
                        "udp-checksum",
                        "An ECM whose inner UDP checksum is wrong is dropped.",
                        Mistake.UDP_CHECKSUM),
                wrong(
                        "no-udp-checksum",
                        "The inner UDP checksum MUST be non-zero.",
                        Mistake.NO_UDP_CHECKSUM),
                wrong(
                        "ip-length",
                        "An ECM whose inner packet says to be longer than it is is dropped.",
                        Mistake.IP_LENGTH),
                wrong(
                        "udp-length",
                        "An ECM whose inner datagram says to be longer than it is is dropped.",
                        Mistake.UDP_LENGTH),
                wrong(
                        "ip-version",
                        "An ECM with an inner packet of IP version 5 is dropped.",
                        Mistake.IP_VERSION),
                wrong(
                        "protocol",
                        "An ECM with an inner packet that is not UDP is dropped.",
                        Mistake.PROTOCOL),
                any(
                        "malformed.ecm-nested",
                        "9301 §5.8",
                        "An ECM in an ECM does no harm, fifty of them neither.",
                        talk -> {
                            talk.canary();
                            var eid = talk.setup().outside().host(1);
                            var message = talk.question(eid).encoded(talk.nonce());
                            for (int i = 0; i < 50; i++) {
                                message = talk.ecm(message, eid);
                            }
                            talk.send("50 ECMs around a Map-Request", message);
                            talk.expectAlive();
                        }),
                any(
                        "malformed.truncated",
                        "9301 §5.3",
                        "A Map-Request that was cut short is dropped, wherever it was cut.",
                        talk -> {
                            talk.canary();
                            var eid = talk.setup().outside().host(1);
                            long nonce = talk.nonce();
                            var whole = talk.question(eid).encoded(nonce);
                            for (int length = 0; length < whole.length; length++) {
                                talk.send(
                                        length + " octets of a Map-Request",
                                        talk.ecm(Arrays.copyOf(whole, length), eid));
                            }
                            var ecm = talk.ecm(whole, eid);
                            for (int length = 0; length < ecm.length; length++) {
                                talk.send(length + " octets of an ECM", Arrays.copyOf(ecm, length));
                            }
                            talk.expectNone("answer", it -> it.nonce() == nonce);
                            talk.expectAlive();
                        }),
                any(
                        "malformed.types",
                        "9301 §5.1",
                        "Messages of types that are not assigned are dropped.",
                        talk -> {
                            talk.canary();
                            long nonce = talk.nonce();
                            for (int type : List.of(0, 9, 10, 11, 12, 13, 14, 15)) {
                                talk.send(
                                        "a message of type " + type,
                                        new Octets()
                                                .u32(type << 28 | 1)
                                                .u64(nonce)
                                                .bytes(new byte[24])
                                                .toArray());
                            }
                            talk.expectNone("answer", it -> it.nonce() == nonce);
                            talk.expectAlive();
                        }),
                any(
                        "malformed.unexpected",
                        "9301 §8.3",
                        "A Map-Reply or Map-Notify that nobody asked for is not answered.",
                        talk -> {
                            talk.canary();
                            long nonce = talk.nonce();
                            var record = new Octets();
                            MappingOctets.of(talk.ipv4(), A).write(record);
                            talk.send(
                                    "Map-Reply",
                                    new Octets()
                                            .u32(2 << 28 | 1)
                                            .u64(nonce)
                                            .bytes(record.toArray())
                                            .toArray());
                            talk.send(
                                    "Map-Notify",
                                    new Octets()
                                            .u32(4 << 28 | 1)
                                            .u64(nonce)
                                            .u32(0x0103_0010)
                                            .bytes(new byte[16])
                                            .bytes(record.toArray())
                                            .toArray());
                            talk.expectNone("answer", it -> it.nonce() == nonce);
                            talk.expectAlive();
                        }),
                any(
                        "malformed.noise",
                        "9301 §5.1",
                        "Octets of chance do no harm.",
                        talk -> {
                            talk.canary();
                            var random = new java.util.Random(9301);
                            for (int i = 0; i < 200; i++) {
                                var octets = new byte[random.nextInt(200)];
                                random.nextBytes(octets);
                                talk.send("octets of chance", octets);
                            }
                            talk.expectAlive();
                        }),
                any(
                                "request.several-records",
                                "9301 §5.2",
                                "A receiver MUST accept and process one or more records.",
                                talk -> {
                                    talk.canary();
                                    var first = talk.setup().outside().host(1);
                                    var second = talk.ipv4().host(1);
                                    long nonce = talk.nonce();
                                    var request = talk.question(first).ask(second).encoded(nonce);
                                    talk.send(
                                            "Map-Request of two records", talk.ecm(request, first));
                                    var left = new ArrayList<>(List.of(first, second));
                                    while (!left.isEmpty()) {
                                        var reply =
                                                talk.expect(
                                                        "Map-Reply for " + left,
                                                        answering(Heard.REPLY, nonce));
                                        boolean more =
                                                left.removeIf(eid ->
                                                        reply.records().stream()
                                                                .anyMatch(it ->
                                                                        it.eid().covers(eid)));
                                        if (!more) {
                                            throw failed("there is no answer for " + left);
                                        }
                                    }
                                    talk.expectAlive();
                                })
                        .in(Order.LAST));
    }

    /** AFI Lists in AFI Lists (RFC 8060 §4.16), whose lengths are right. */
    private static byte[] nested(int depth) {
        var octets = hex("0001" + "0a000001");
        for (int i = 0; i < depth; i++) {
            octets =
                    new Octets()
                            .u16(16387)
                            .u16(0)
                            .u8(1)
                            .u8(0)
                            .u16(octets.length)
                            .bytes(octets)
                            .toArray();
        }
        return octets;
    }
}
