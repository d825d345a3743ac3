package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** What the fields of a registered EID-record do (RFC 9301 §5.4, §5.6, RFC 9302, RFC 9306). */
final class RecordCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";

    /** With Instance IDs that is about 8,000 octets, which any path with jumbo frames carries. */
    private static final int MOST = 200;

    /** An LCAF of a type that nobody knows, around an IPv4 address. */
    private static final byte[] UNKNOWN_LCAF =
            hex("4003" + "0000" + "fd00" + "0006" + "0001c0000263");

    /** An AFI that nobody knows. */
    private static final byte[] UNKNOWN_AFI = hex("7777" + "c0000263");

    private RecordCases() {}

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private static Case of(String id, String rfc, String text, Body body) {
        return Case.of(id, rfc, text, Set.of(Role.MS), List.of(Need.ANSWERS, Need.REGISTERS), body);
    }

    /** A record that changes nothing but what is under test. */
    private interface Change {
        MappingOctets to(MappingOctets record);
    }

    /** It is registered as if it were not there. */
    private static Case ignored(String id, String rfc, String text, Change change) {
        return of(
                id,
                rfc,
                text,
                talk -> {
                    talk.register(talk.xtr().register(change.to(MappingOctets.of(talk.ipv4(), A))));
                    talk.expectRegistered(talk.ipv4(), A);
                });
    }

    /** The whole message is dropped, its good record too. */
    private static Case dropped(String id, String rfc, String text, Change change) {
        return of(
                id,
                rfc,
                text,
                talk -> {
                    talk.canary();
                    var good = talk.ipv4().plus(0, 26);
                    var bad = talk.ipv4().plus(64, 26);
                    talk.refused(
                            "Map-Register of a good record and such a one",
                            talk.xtr()
                                    .register(
                                            MappingOctets.of(good, A),
                                            change.to(MappingOctets.of(bad, A)))
                                    .sealed(talk.nonce(), talk.secret()),
                            good);
                    talk.expectAlive();
                });
    }

    static List<Case> all() {
        return List.of(
                of(
                        "record.many",
                        "9301 §5.6",
                        "All of 200 records in one Map-Register are registered.",
                        RecordCases::many),
                of(
                        "record.host-bits",
                        "9301 §5.4",
                        "Of an EID-Prefix only the bits of its mask-len count.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4().plus(77, 26), A)));
                            var record = only(talk.ask(talk.ipv4().host(100)));
                            same(26, record.eid().length(), "the mask-len");
                            same(List.of(A), record.addresses(), "the locator-set");
                            talk.expectNotRegistered(talk.ipv4().plus(128, 26));
                        }),
                of(
                        "record.map-version-older",
                        "9302 §5",
                        "A Map-Register with an older Map-Version than the last MUST be dropped in"
                                + " silence.",
                        talk -> older(talk, 100, 99)),
                of(
                        "record.map-version-newer",
                        "9302 §5",
                        "A Map-Register with the next Map-Version takes the old one's place.",
                        talk -> newer(talk, 100, 101)),
                of(
                        "record.map-version-wraps",
                        "9302 §6",
                        "After Map-Version 4095 comes 1.",
                        talk -> newer(talk, 4095, 1)),
                of(
                        "record.map-version-wrapped",
                        "9302 §6",
                        "After Map-Version 1, 4095 is an older one.",
                        talk -> older(talk, 1, 4095)),
                of(
                        "record.map-version",
                        "9302 §5",
                        "The Map-Version that the ETR registered is answered.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4(), A).version(77)));
                            var reply = talk.ask(talk.ipv4().host(1));
                            same(77, u16(reply, 12 + 8) & 0xFFF, "the Map-Version");
                        }),
                ignored(
                        "record.reserved",
                        "9301 §5.4",
                        "The reserved bits of an EID-record MUST be ignored on receipt.",
                        MappingOctets::reserved),
                ignored(
                        "record.action",
                        "9301 §5.4",
                        "ACT is of Map-Replies, and of no effect in a Map-Register.",
                        it -> it.flags(3 << 13)),
                of(
                        "record.locator-flags",
                        "9301 §5.4",
                        "The unused flags of a locator MUST be ignored, and are not answered.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4())
                                                            .locator(A, 1, 50, 0xFFFD)));
                            var locator = only(talk.ask(talk.ipv4().host(1))).locators().getFirst();
                            same("0001", String.format("%04x", locator.flags()), "the flags");
                        }),
                of(
                        "record.probed-bit",
                        "9301 §5.4",
                        "The p-bit is of answers to RLOC-probes, and of no other Map-Reply.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4())
                                                            .locator(A, 1, 50, 7)));
                            var locator = only(talk.ask(talk.ipv4().host(1))).locators().getFirst();
                            same(0, locator.flags() & 2, "the p-bit");
                        }),
                of(
                        "record.both-families",
                        "9301 §5.5",
                        "IPv4 locators are answered before IPv6 ones, whatever order they came in.",
                        talk -> {
                            talk.registered("2001:db8:2::1", B, A);
                            talk.expectRegistered(talk.ipv4(), A, B, "2001:db8:2:0:0:0:0:1");
                        }),
                of(
                        "record.lisp-sec-bit",
                        "9303 §6.3",
                        "An ETR that knows LISP-SEC registers with the S-bit.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(MappingOctets.of(talk.ipv4(), A))
                                            .with(RegisterOctets.LISP_SEC));
                            talk.expectRegistered(talk.ipv4(), A);
                        }),
                ignored(
                        "record.locator-lcaf-unknown",
                        "9306 §3",
                        "A locator of an LCAF type that nobody knows MUST be ignored; the others"
                                + " count.",
                        it -> it.locatorRaw(UNKNOWN_LCAF)),
                dropped(
                        "record.eid-lcaf-unknown",
                        "9306 §3",
                        "A Map-Register with an EID of an LCAF type that nobody knows MUST be"
                                + " dropped.",
                        it -> it.eidAs(UNKNOWN_LCAF)),
                dropped(
                        "record.eid-afi-unknown",
                        "9301 §5.1",
                        "A Map-Register with an EID of an AFI that nobody knows MUST be dropped.",
                        it -> it.eidAs(UNKNOWN_AFI)),
                dropped(
                        "record.locator-afi-unknown",
                        "9301 §5.1",
                        "A Map-Register with a locator of an AFI that nobody knows MUST be"
                                + " dropped.",
                        it -> it.locatorRaw(UNKNOWN_AFI)),
                of(
                                "record.mac",
                                "8060 §4.3",
                                "A MAC address is an EID like any other.",
                                talk -> asItself(talk, talk.mac(1)))
                        .needing(Need.MACS),
                of(
                                "record.name",
                                "9735 §3",
                                "A distinguished name is an EID like any other.",
                                talk -> asItself(talk, talk.name()))
                        .needing(Need.NAMES),
                of(
                                "record.timeout",
                                "9301 §5.6",
                                "With the T-bit the Record TTL is the registration timeout.",
                                RecordCases::timeout)
                        .needing(Need.TIME));
    }

    private static int u16(Heard heard, int at) {
        return (heard.octets()[at] & 0xFF) << 8 | heard.octets()[at + 1] & 0xFF;
    }

    private static void asItself(Talk talk, Address eid) throws Outcome {
        talk.expectNotRegistered(eid);
        var notify = talk.register(talk.xtr().register(MappingOctets.of(eid, A, B)));
        same(eid, only(notify).eid(), "the EID of the Map-Notify");
        talk.expectRegistered(eid, A, B);
    }

    private static void older(Talk talk, int version, int before) throws Outcome {
        var etr = talk.xtr();
        talk.register(etr.register(MappingOctets.of(talk.ipv4(), A).version(version)));
        long nonce = talk.nonce();
        talk.send(
                "Map-Register with Map-Version " + before + " after " + version,
                etr.register(MappingOctets.of(talk.ipv4(), B).version(before))
                        .sealed(nonce, talk.secret()));
        talk.expectNone("Map-Notify", answering(Heard.NOTIFY, nonce));
        talk.expectRegistered(talk.ipv4(), A);
    }

    private static void newer(Talk talk, int version, int after) throws Outcome {
        var etr = talk.xtr();
        talk.register(etr.register(MappingOctets.of(talk.ipv4(), A).version(version)));
        talk.register(etr.register(MappingOctets.of(talk.ipv4(), B).version(after)));
        talk.expectRegistered(talk.ipv4(), B);
    }

    private static void many(Talk talk) throws Outcome {
        var records =
                IntStream.range(0, MOST)
                        .mapToObj(i -> talk.ipv4().host(i))
                        .map(eid -> MappingOctets.of(eid, A))
                        .toArray(MappingOctets[]::new);
        long nonce = talk.nonce();
        talk.send(
                "Map-Register of " + records.length + " records",
                talk.xtr().register(records).sealed(nonce, talk.secret()));
        talk.expect("Map-Notify", answering(Heard.NOTIFY, nonce));
        for (int i : List.of(0, MOST / 2, MOST - 1)) {
            talk.expectRegistered(records[i].eid(), A);
        }
        talk.expectAlive();
    }

    private static void timeout(Talk talk) throws Outcome {
        talk.register(
                talk.xtr()
                        .register(MappingOctets.of(talk.ipv4(), A).ttl(1))
                        .with(RegisterOctets.TTL_IS_TIMEOUT));
        talk.expectNone("anything for 45 seconds", Duration.ofSeconds(45), _ -> false);
        talk.expectRegistered(talk.ipv4(), A);
        talk.expectNone("anything for 30 seconds", Duration.ofSeconds(30), _ -> false);
        talk.expectNotRegistered(talk.ipv4());
    }
}
