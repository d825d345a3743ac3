package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The EID-Prefix of a Negative Map-Reply (RFC 9301 §8.4): the least-specific one that covers the
 * EID and nothing that is known.
 */
final class HoleCases {
    private static final String A = "192.0.2.1";

    private HoleCases() {}

    private static Case of(String id, String text, Case.Body body) {
        return Case.of(
                id,
                "9301 §8.4",
                text,
                Set.of(Role.MS),
                List.of(Need.ANSWERS, Need.REGISTERS),
                body);
    }

    /** Parts of a block that are registered, the one that is asked for, and the hole around it. */
    private static void hole(
            Talk talk, Address block, List<Address> registered, int asked, Address hole)
            throws Outcome {
        talk.register(
                talk.xtr()
                        .register(
                                registered.stream()
                                        .map(it -> MappingOctets.of(it, A))
                                        .toArray(MappingOctets[]::new)));
        var record = only(talk.ask(block.host(asked)));
        same(List.of(), record.addresses(), "the locator-set");
        same(hole, record.eid(), "the hole");
        same(1, record.ttl(), "the Record TTL");
        same(1, record.action(), "ACT");
    }

    static List<Case> all() {
        var all = new ArrayList<Case>();
        all.addAll(shapes());
        all.addAll(others());
        return all;
    }

    private static List<Case> shapes() {
        return List.of(
                of(
                        "hole.beside",
                        "Beside a registered half the hole is the other half.",
                        talk -> {
                            var block = talk.ipv4();
                            hole(talk, block, List.of(block.plus(0, 25)), 200, block.plus(128, 25));
                        }),
                of(
                        "hole.between",
                        "Between two registered quarters the hole is one quarter.",
                        talk -> {
                            var block = talk.ipv4();
                            var known = List.of(block.plus(0, 26), block.plus(128, 25));
                            hole(talk, block, known, 70, block.plus(64, 26));
                        }),
                of(
                        "hole.narrow",
                        "Around a single registered address the hole ends just before it.",
                        talk -> {
                            var block = talk.ipv4();
                            hole(talk, block, List.of(block.host(8)), 9, block.host(9));
                        }),
                of(
                        "hole.wide",
                        "Far from what is registered the hole is wide.",
                        talk -> {
                            var block = talk.ipv4();
                            var known = List.of(block.host(8), block.plus(128, 26));
                            hole(talk, block, known, 100, block.plus(64, 26));
                        }),
                of(
                                "hole.ipv6",
                                "Holes among IPv6 EID-Prefixes have the same shape.",
                                talk -> {
                                    var block = talk.ipv6();
                                    var known =
                                            List.of(
                                                    block.plus(0, 120),
                                                    block.plus(0x200, 119),
                                                    block.plus(0x400, 118));
                                    hole(talk, block, known, 0x1FF, block.plus(0x100, 120));
                                })
                        .needing(Need.IPV6));
    }

    private static List<Case> others() {
        return List.of(
                of(
                        "hole.follows-registrations",
                        "The hole shrinks when something is registered in it, and grows again when"
                                + " that is withdrawn.",
                        talk -> {
                            var block = talk.ipv4();
                            var etr = talk.xtr();
                            talk.register(etr.register(MappingOctets.of(block.plus(0, 26), A)));
                            var asked = block.host(200);
                            same(block.plus(128, 25), only(talk.ask(asked)).eid(), "the hole");
                            var near = block.plus(128, 26);
                            talk.register(etr.register(MappingOctets.of(near, A)));
                            same(block.plus(192, 26), only(talk.ask(asked)).eid(), "the hole");
                            talk.register(etr.register(MappingOctets.of(near, A).ttl(0)));
                            same(block.plus(128, 25), only(talk.ask(asked)).eid(), "the hole");
                        }),
                of(
                        "hole.per-instance",
                        "What is registered in one Instance ID does not shape the holes of"
                                + " another.",
                        talk -> {
                            var asked = talk.ipv4().in(talk.setup().otherIid()).host(70);
                            var before = only(talk.ask(asked)).eid();
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    MappingOctets.of(talk.ipv4().plus(0, 26), A),
                                                    MappingOctets.of(talk.ipv4().host(71), A)));
                            same(before, only(talk.ask(asked)).eid(), "the hole");
                        }),
                of(
                                "hole.mac",
                                "The answer for a MAC address that is not registered covers none"
                                        + " that is.",
                                talk -> {
                                    var known = talk.mac(8);
                                    talk.register(talk.xtr().register(MappingOctets.of(known, A)));
                                    beside(talk, known, talk.mac(9));
                                })
                        .needing(Need.MACS),
                of(
                                "hole.name",
                                "The answer for a name that is not registered covers none that is.",
                                talk -> {
                                    var known = talk.name();
                                    talk.register(talk.xtr().register(MappingOctets.of(known, A)));
                                    beside(talk, known, Address.name(known.iid(), "conform-none"));
                                })
                        .needing(Need.NAMES));
    }

    private static void beside(Talk talk, Address known, Address asked) throws Outcome {
        var record = only(talk.ask(asked));
        same(List.of(), record.addresses(), "the locator-set");
        check(record.eid().covers(asked), record.eid() + " does not cover " + asked);
        check(!record.eid().covers(known), record.eid() + " covers " + known);
        same(1, record.ttl(), "the Record TTL");
        talk.expectRegistered(known, A);
    }
}
