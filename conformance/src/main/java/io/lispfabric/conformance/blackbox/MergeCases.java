package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Several xTRs that register the same EID-Prefix (RFC 9301 §5.6, the merge-request bit). */
final class MergeCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";
    private static final String C = "192.0.2.3";

    /** 3 seconds (RFC 9301 §5.7), and time for a machine that has much else to do. */
    private static final Duration REPEATED = Duration.ofSeconds(8);

    private MergeCases() {}

    private static Case of(String id, String rfc, String text, Body body) {
        return Case.of(
                id,
                rfc,
                text,
                Set.of(Role.MS),
                List.of(Need.ANSWERS, Need.REGISTERS, Need.MERGES),
                body);
    }

    /**
     * The first xTR has registered locator A, and then the second locator B.
     *
     * @param joined the Map-Notify to the second
     */
    private record Pair(Talk talk, Talk.Xtr first, Talk.Xtr second, Heard joined) {
        /** The Map-Notify that the other one gets, of its own accord. */
        Heard told(Heard solicited, String... locators) throws Outcome {
            return talk.expect(
                    "Map-Notify of " + List.of(locators) + " to the first xTR",
                    it ->
                            it.type() == Heard.NOTIFY
                                    && it.nonce() != solicited.nonce()
                                    && it.records().size() == 1
                                    && it.records()
                                            .getFirst()
                                            .addresses()
                                            .equals(List.of(locators)));
        }

        Heard told() throws Outcome {
            return told(joined, A, B);
        }

        Heard repetition(Heard of) throws Outcome {
            var again = talk.expect("repetition", REPEATED, answering(Heard.NOTIFY, of.nonce()));
            talk.acknowledge(again);
            return again;
        }
    }

    private interface Act {
        void by(Pair pair) throws Outcome;
    }

    /** What happens once two have joined. */
    private static Case two(String id, String rfc, String text, Act act) {
        return of(
                id,
                rfc,
                text,
                talk -> {
                    var first = talk.xtr();
                    var second = talk.xtr();
                    join(talk, first, A);
                    act.by(new Pair(talk, first, second, join(talk, second, B)));
                });
    }

    /** Registers one locator with the merge-request bit. */
    static Heard join(Talk talk, Talk.Xtr xtr, String locator) throws Outcome {
        return talk.register(
                xtr.register(MappingOctets.of(talk.ipv4(), locator)).with(RegisterOctets.MERGE));
    }

    private static Heard leave(Talk talk, Talk.Xtr xtr, String locator) throws Outcome {
        return talk.register(
                xtr.register(MappingOctets.of(talk.ipv4(), locator).ttl(0))
                        .with(RegisterOctets.MERGE));
    }

    static List<Case> all() {
        return List.of(
                two(
                        "merge.union",
                        "9301 §5.6",
                        "The locators of both xTRs are answered, and notified.",
                        it -> {
                            same(List.of(A, B), only(it.joined()).addresses(), "what was notified");
                            it.talk().expectRegistered(it.talk().ipv4(), A, B);
                        }),
                of(
                        "merge.same-locator",
                        "9301 §5.6",
                        "A locator that both have is in the merged set once.",
                        talk -> {
                            join(talk, talk.xtr(), A);
                            join(talk, talk.xtr(), A);
                            talk.expectRegistered(talk.ipv4(), A);
                        }),
                of(
                        "merge.same-locator-stays",
                        "9301 §5.6",
                        "A locator that both have stays until both have withdrawn it.",
                        talk -> {
                            var first = talk.xtr();
                            join(talk, first, A);
                            join(talk, talk.xtr(), A);
                            leave(talk, first, A);
                            talk.expectRegistered(talk.ipv4(), A);
                        }),
                of(
                        "merge.order",
                        "9301 §5.5",
                        "The merged set is sorted, whoever came first.",
                        talk -> {
                            join(talk, talk.xtr(), C);
                            join(talk, talk.xtr(), A);
                            join(talk, talk.xtr(), B);
                            talk.expectRegistered(talk.ipv4(), A, B, C);
                        }),
                of(
                        "merge.proxied",
                        "9301 §8.3",
                        "When any of them asked for proxy Map-Replies, the Map-Server answers.",
                        talk -> {
                            talk.register(
                                    talk.xtr()
                                            .register(MappingOctets.of(talk.ipv4(), A))
                                            .with(RegisterOctets.MERGE)
                                            .without(RegisterOctets.PROXY));
                            join(talk, talk.xtr(), B);
                            talk.expectRegistered(talk.ipv4(), A, B);
                        }),
                two(
                        "merge.leave",
                        "9301 §5.6",
                        "When one xTR withdraws, the other's locators stay.",
                        it -> {
                            leave(it.talk(), it.first(), A);
                            it.talk().expectRegistered(it.talk().ipv4(), B);
                        }),
                two(
                        "merge.all-leave",
                        "9301 §5.6",
                        "When all have withdrawn, nothing is registered.",
                        it -> {
                            leave(it.talk(), it.first(), A);
                            leave(it.talk(), it.second(), B);
                            it.talk().expectNotRegistered(it.talk().ipv4());
                        }),
                two(
                        "merge.change",
                        "9301 §5.6",
                        "An xTR's new locator takes the place of its own old one, and of no"
                                + " other's.",
                        it -> {
                            join(it.talk(), it.second(), C);
                            it.talk().expectRegistered(it.talk().ipv4(), A, C);
                        }),
                two(
                        "merge.others-are-told",
                        "9301 §5.7",
                        "The xTRs that are there get a Map-Notify with the new locator-set.",
                        it -> {
                            var notify = it.told();
                            check(
                                    it.talk().secret().vouchesFor(notify.octets()),
                                    "the MAC of the Map-Notify is wrong");
                            it.talk().acknowledge(notify);
                        }),
                two(
                        "merge.leave-is-told",
                        "9301 §5.7",
                        "The xTRs that stay get a Map-Notify with what is left.",
                        it -> {
                            it.talk().acknowledge(it.told());
                            var left = leave(it.talk(), it.second(), B);
                            it.talk().acknowledge(it.told(left, A));
                        }),
                two(
                        "merge.nonces-grow",
                        "9301 §5.7",
                        "The next Map-Notify to the same xTR has a greater nonce.",
                        it -> {
                            var notify = it.told();
                            it.talk().acknowledge(notify);
                            var next = it.told(join(it.talk(), it.second(), C), A, C);
                            it.talk().acknowledge(next);
                            check(
                                    Long.compareUnsigned(next.nonce(), notify.nonce()) > 0,
                                    "the nonce is not greater than that of the one before");
                        }),
                two(
                        "merge.acknowledged",
                        "9301 §5.7",
                        "After a Map-Notify-Ack the Map-Notify is not repeated.",
                        it -> {
                            var notify = it.told();
                            it.talk().acknowledge(notify);
                            it.talk()
                                    .expectNone(
                                            "repetition",
                                            Duration.ofMillis(4500),
                                            answering(Heard.NOTIFY, notify.nonce()));
                        }),
                two(
                        "merge.unacknowledged",
                        "9301 §5.7",
                        "Without a Map-Notify-Ack it is repeated after 3 seconds, the nonce the"
                                + " same.",
                        it -> {
                            var notify = it.told();
                            long millis = (it.repetition(notify).at() - notify.at()) / 1_000_000;
                            check(millis > 2000, "it was repeated after " + millis + " ms");
                        }),
                two(
                        "merge.ack-forged",
                        "9301 §5.7",
                        "A Map-Notify-Ack with a wrong MAC does not count.",
                        it -> {
                            var notify = it.told();
                            it.talk().acknowledge(notify, it.talk().secret().forged());
                            it.repetition(notify);
                        }));
    }
}
