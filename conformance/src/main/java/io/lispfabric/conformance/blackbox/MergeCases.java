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

    /** Registers one locator with the merge-request bit. */
    static Heard join(Talk talk, Talk.Xtr xtr, String locator) throws Outcome {
        return talk.register(
                xtr.register(MappingOctets.of(talk.ipv4(), locator)).with(RegisterOctets.MERGE));
    }

    /** The Map-Notify that the others get: neither of these nonces, and this locator-set. */
    private static Heard told(Talk talk, long nonce, List<String> locators) throws Outcome {
        return talk.expect(
                "Map-Notify of " + locators + " to the first xTR",
                it ->
                        it.type() == Heard.NOTIFY
                                && it.nonce() != nonce
                                && it.records().size() == 1
                                && it.records().getFirst().addresses().equals(locators));
    }

    static List<Case> all() {
        return List.of(
                of(
                        "merge.union",
                        "9301 §5.6",
                        "The locators of both xTRs are answered, and notified.",
                        talk -> {
                            join(talk, talk.xtr(), A);
                            var notify = join(talk, talk.xtr(), B);
                            same(List.of(A, B), only(notify).addresses(), "what was notified");
                            talk.expectRegistered(talk.ipv4(), A, B);
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
                        "merge.leave",
                        "9301 §5.6",
                        "When one xTR withdraws, the other's locators stay.",
                        talk -> {
                            var first = talk.xtr();
                            join(talk, first, A);
                            join(talk, talk.xtr(), B);
                            talk.register(
                                    first.register(MappingOctets.of(talk.ipv4(), A).ttl(0))
                                            .with(RegisterOctets.MERGE));
                            talk.expectRegistered(talk.ipv4(), B);
                        }),
                of(
                        "merge.change",
                        "9301 §5.6",
                        "An xTR's new locator takes the place of its own old one, and of no other's.",
                        talk -> {
                            var second = talk.xtr();
                            join(talk, talk.xtr(), A);
                            join(talk, second, B);
                            join(talk, second, "192.0.2.3");
                            talk.expectRegistered(talk.ipv4(), A, "192.0.2.3");
                        }),
                of(
                        "merge.others-are-told",
                        "9301 §5.7",
                        "The xTRs that are there get a Map-Notify with the new locator-set.",
                        talk -> {
                            join(talk, talk.xtr(), A);
                            var joined = join(talk, talk.xtr(), B);
                            var notify = told(talk, joined.nonce(), List.of(A, B));
                            check(
                                    talk.secret().vouchesFor(notify.octets()),
                                    "the MAC of the Map-Notify is wrong");
                            talk.acknowledge(notify, talk.secret());
                        }),
                of(
                        "merge.acknowledged",
                        "9301 §5.7",
                        "After a Map-Notify-Ack the Map-Notify is not repeated.",
                        talk -> {
                            join(talk, talk.xtr(), A);
                            var joined = join(talk, talk.xtr(), B);
                            var notify = told(talk, joined.nonce(), List.of(A, B));
                            talk.acknowledge(notify, talk.secret());
                            talk.expectNone(
                                    "repetition",
                                    Duration.ofMillis(4500),
                                    answering(Heard.NOTIFY, notify.nonce()));
                        }),
                of(
                        "merge.unacknowledged",
                        "9301 §5.7",
                        "Without a Map-Notify-Ack it is repeated after 3 seconds, the nonce the same.",
                        talk -> {
                            join(talk, talk.xtr(), A);
                            var joined = join(talk, talk.xtr(), B);
                            var notify = told(talk, joined.nonce(), List.of(A, B));
                            var again =
                                    talk.expect(
                                            "repetition",
                                            REPEATED,
                                            answering(Heard.NOTIFY, notify.nonce()));
                            talk.acknowledge(again, talk.secret());
                            long millis = (again.at() - notify.at()) / 1_000_000;
                            check(millis > 2000, "it was repeated after " + millis + " ms");
                        }),
                of(
                        "merge.ack-forged",
                        "9301 §5.7",
                        "A Map-Notify-Ack with a wrong MAC does not count.",
                        talk -> {
                            join(talk, talk.xtr(), A);
                            var joined = join(talk, talk.xtr(), B);
                            var notify = told(talk, joined.nonce(), List.of(A, B));
                            talk.acknowledge(notify, talk.secret().forged());
                            var again =
                                    talk.expect(
                                            "repetition",
                                            REPEATED,
                                            answering(Heard.NOTIFY, notify.nonce()));
                            talk.acknowledge(again, talk.secret());
                        }));
    }
}
