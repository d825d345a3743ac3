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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Subscriptions and publications (RFC 9437). */
final class PubSubCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";

    /** 3 seconds (RFC 9301 §5.7), and time for a machine that has much else to do. */
    private static final Duration REPEATED = Duration.ofSeconds(8);

    /** After which nothing more is repeated. */
    private static final Duration QUIET = Duration.ofMillis(4500);

    private PubSubCases() {}

    private static Case of(String id, String rfc, String text, Body body) {
        return Case.of(
                id,
                rfc,
                text,
                Set.of(Role.MS),
                List.of(Need.ANSWERS, Need.REGISTERS, Need.PUBSUB),
                body);
    }

    /** Who subscribes, and the nonce that both sides count. */
    private static final class Subscriber {
        private final Talk talk;
        private final Talk.Xtr xtr;

        Subscriber(Talk talk) {
            this.talk = talk;
            xtr = talk.xtr();
        }

        byte[] message(Address eid, long nonce) {
            return talk.ecm(
                    new RequestOctets()
                            .ask(eid, 0x80)
                            .itr(talk.local())
                            .ids(xtr.id(), xtr.siteId())
                            .encoded(nonce),
                    eid);
        }

        /** Subscribes, acknowledges the confirmation, and returns it. */
        Heard subscribe(Address eid) throws Outcome {
            var confirmed = unacknowledged(eid, talk.nonce());
            talk.acknowledge(confirmed, talk.secret());
            return confirmed;
        }

        Heard unacknowledged(Address eid, long nonce) throws Outcome {
            talk.send("subscription to " + eid, message(eid, nonce));
            return Talk.readable(
                    talk.expect(
                            "Map-Notify with the nonce of the subscription",
                            answering(Heard.NOTIFY, nonce)));
        }

        byte[] cancellation(Address eid, long nonce) {
            return talk.ecm(
                    new RequestOctets()
                            .ask(eid, 0x80)
                            .itrRaw(new byte[2])
                            .ids(xtr.id(), xtr.siteId())
                            .encoded(nonce),
                    eid);
        }

        /** The next publication after this Map-Notify, acknowledged. */
        Heard publication(Heard after) throws Outcome {
            var published = unacknowledged(after);
            talk.acknowledge(published, talk.secret());
            return published;
        }

        Heard unacknowledged(Heard after) throws Outcome {
            return Talk.readable(
                    talk.expect(
                            "publication",
                            it ->
                                    it.type() == Heard.NOTIFY
                                            && Long.compareUnsigned(it.nonce(), after.nonce()) > 0
                                            && it.nonce() - after.nonce() < 100));
        }
    }

    /** Registers a locator, and hears its own Map-Notify. */
    private static Talk.Xtr registered(Talk talk, String locator) throws Outcome {
        var etr = talk.xtr();
        talk.register(etr.register(MappingOctets.of(talk.ipv4(), locator)));
        return etr;
    }

    static List<Case> all() {
        var all = new ArrayList<Case>();
        all.addAll(subscriptions());
        all.addAll(publications());
        all.addAll(ends());
        return all;
    }

    private static List<Case> subscriptions() {
        return List.of(
                of(
                        "subscribe.confirmed",
                        "9437 §5",
                        "A subscription is confirmed by a Map-Notify with its nonce, the mapping and"
                                + " a right MAC; there is no Map-Reply.",
                        talk -> {
                            registered(talk, A);
                            var notify = new Subscriber(talk).subscribe(talk.ipv4());
                            check(
                                    talk.secret().vouchesFor(notify.octets()),
                                    "the MAC of the Map-Notify is wrong");
                            same(talk.ipv4(), only(notify).eid(), "the EID-Prefix");
                            same(List.of(A), only(notify).addresses(), "the locator-set");
                            talk.expectNone("Map-Reply", answering(Heard.REPLY, notify.nonce()));
                        }),
                of(
                        "subscribe.acknowledged",
                        "9437 §5",
                        "After the Map-Notify-Ack the confirmation is not repeated.",
                        talk -> {
                            registered(talk, A);
                            var notify = new Subscriber(talk).subscribe(talk.ipv4());
                            talk.expectNone(
                                    "repetition", QUIET, answering(Heard.NOTIFY, notify.nonce()));
                        }),
                of(
                        "subscribe.unacknowledged",
                        "9301 §5.7",
                        "A confirmation that is not acknowledged is repeated with its nonce.",
                        talk -> {
                            registered(talk, A);
                            var notify =
                                    new Subscriber(talk).unacknowledged(talk.ipv4(), talk.nonce());
                            var again =
                                    talk.expect(
                                            "repetition",
                                            REPEATED,
                                            answering(Heard.NOTIFY, notify.nonce()));
                            talk.acknowledge(again, talk.secret());
                        }),
                of(
                        "subscribe.replayed",
                        "9437 §5",
                        "A subscription whose nonce is not greater MUST be dropped in silence.",
                        talk -> {
                            registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            long older = talk.nonce();
                            var first = subscriber.subscribe(talk.ipv4());
                            talk.send(
                                    "the same subscription again",
                                    subscriber.message(talk.ipv4(), first.nonce()));
                            talk.send(
                                    "an older subscription",
                                    subscriber.message(talk.ipv4(), older));
                            talk.expectNone(
                                    "answer",
                                    it -> it.nonce() == first.nonce() || it.nonce() == older);
                            talk.expectAlive();
                        }),
                of(
                        "subscribe.again",
                        "9437 §5",
                        "A subscription with a greater nonce is confirmed anew.",
                        talk -> {
                            registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            subscriber.subscribe(talk.ipv4());
                            subscriber.subscribe(talk.ipv4());
                        }),
                of(
                        "subscribe.without-ids",
                        "9437 §4",
                        "The N-bit without xTR-ID and Site-ID is no subscription: a Map-Reply comes.",
                        talk -> {
                            registered(talk, A);
                            var record =
                                    only(
                                            talk.ask(
                                                    new RequestOctets()
                                                            .ask(talk.ipv4(), 0x80)
                                                            .itr(talk.local()),
                                                    talk.ipv4()));
                            same(List.of(A), record.addresses(), "the locator-set");
                        }),
                of(
                        "subscribe.several-xtrs",
                        "9437 §5",
                        "Every subscriber is confirmed and told, with nonces of its own.",
                        talk -> {
                            var etr = registered(talk, A);
                            var one = new Subscriber(talk);
                            var other = new Subscriber(talk);
                            var first = one.subscribe(talk.ipv4());
                            long far = talk.nonce(first.nonce() + 1_000_000);
                            var second = other.unacknowledged(talk.ipv4(), far);
                            talk.acknowledge(second, talk.secret());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            one.publication(first);
                            other.publication(second);
                        }),
                of(
                        "subscribe.nothing-there",
                        "9437 §7",
                        "A subscription to an EID that is not registered is either temporary, and"
                                + " then told of it, or answered by a Negative Map-Reply.",
                        PubSubCases::nothingThere));
    }

    private static void nothingThere(Talk talk) throws Outcome {
        var subscriber = new Subscriber(talk);
        long nonce = talk.nonce();
        talk.send("subscription to " + talk.ipv4(), subscriber.message(talk.ipv4(), nonce));
        var answer =
                Talk.readable(talk.expect("Map-Notify or Map-Reply", it -> it.nonce() == nonce));
        check(
                answer.records().stream().allMatch(it -> it.locators().isEmpty()),
                "there are locators");
        if (answer.type() == Heard.NOTIFY) {
            talk.acknowledge(answer, talk.secret());
            registered(talk, A);
            same(
                    List.of(A),
                    only(subscriber.publication(answer)).addresses(),
                    "what was published");
        } else {
            same(Heard.REPLY, answer.type(), "the type of the answer");
        }
    }

    private static List<Case> publications() {
        return List.of(
                of(
                        "publish.change",
                        "9437 §6",
                        "A changed locator-set is published with the next nonce and a right MAC.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            var published = subscriber.publication(confirmed);
                            same(confirmed.nonce() + 1, published.nonce(), "the nonce");
                            same(List.of(B), only(published).addresses(), "the locator-set");
                            check(
                                    talk.secret().vouchesFor(published.octets()),
                                    "the MAC of the publication is wrong");
                        }),
                of(
                        "publish.each-change",
                        "9437 §6",
                        "Every publication has a greater nonce, and the last tells the last.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var last = subscriber.subscribe(talk.ipv4());
                            for (var locator : List.of(B, "192.0.2.3", "192.0.2.4")) {
                                talk.register(etr.register(MappingOctets.of(talk.ipv4(), locator)));
                                last = subscriber.publication(last);
                                same(List.of(locator), only(last).addresses(), "the locator-set");
                            }
                        }),
                of(
                        "publish.refresh-is-no-change",
                        "9437 §6",
                        "A registration that only goes on is not published.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), A)));
                            talk.expectNone(
                                    "publication", answering(Heard.NOTIFY, confirmed.nonce() + 1));
                        }),
                of(
                        "publish.unacknowledged",
                        "9437 §6",
                        "A publication that is not acknowledged is repeated with its nonce.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            var published = subscriber.unacknowledged(confirmed);
                            var again =
                                    talk.expect(
                                            "repetition",
                                            REPEATED,
                                            answering(Heard.NOTIFY, published.nonce()));
                            talk.acknowledge(again, talk.secret());
                        }),
                of(
                        "publish.acknowledged",
                        "9437 §6",
                        "A publication that is acknowledged is not repeated.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            var published = subscriber.publication(confirmed);
                            talk.expectNone(
                                    "repetition",
                                    QUIET,
                                    answering(Heard.NOTIFY, published.nonce()));
                        }),
                of(
                        "publish.ack-forged",
                        "9437 §6",
                        "A Map-Notify-Ack with a wrong MAC does not count.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            var published = subscriber.unacknowledged(confirmed);
                            talk.acknowledge(published, talk.secret().forged());
                            var again =
                                    talk.expect(
                                            "repetition",
                                            REPEATED,
                                            answering(Heard.NOTIFY, published.nonce()));
                            talk.acknowledge(again, talk.secret());
                        }),
                of(
                        "publish.more-specific",
                        "9437 §6",
                        "Who subscribed to a prefix hears what is registered inside it.",
                        talk -> {
                            registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            var inside = talk.ipv4().plus(64, 26);
                            talk.register(talk.xtr().register(MappingOctets.of(inside, B)));
                            var published = subscriber.publication(confirmed);
                            same(inside, only(published).eid(), "the EID-Prefix");
                            same(List.of(B), only(published).addresses(), "the locator-set");
                        }),
                of(
                        "publish.withdrawn",
                        "9437 §6",
                        "A mapping that is gone is published with a Record TTL of 0.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), A).ttl(0)));
                            same(
                                    0,
                                    only(subscriber.publication(confirmed)).ttl(),
                                    "the Record TTL");
                        }));
    }

    private static List<Case> ends() {
        return List.of(
                of(
                        "unsubscribe.confirmed",
                        "9437 §5",
                        "A Map-Request with one ITR-RLOC of AFI 0 ends the subscription, which a"
                                + " Map-Notify confirms; nothing is published after that.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            long nonce = talk.nonce(confirmed.nonce() + 1);
                            end(talk, subscriber, nonce);
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            talk.expectNone(
                                    "publication",
                                    it -> it.type() == Heard.NOTIFY && it.nonce() == nonce + 1);
                        }),
                of(
                        "unsubscribe.replayed-subscription",
                        "9437 §5",
                        "The nonce outlives the subscription: the old one played again is dropped.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            end(talk, subscriber, talk.nonce(confirmed.nonce() + 1));
                            talk.send(
                                    "the subscription again",
                                    subscriber.message(talk.ipv4(), confirmed.nonce()));
                            talk.expectNone(
                                    "Map-Notify", answering(Heard.NOTIFY, confirmed.nonce()));
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            talk.expectNone(
                                    "publication",
                                    it ->
                                            it.type() == Heard.NOTIFY
                                                    && it.nonce() == confirmed.nonce() + 2);
                        }),
                of(
                        "unsubscribe.replayed",
                        "9437 §5",
                        "An unsubscription whose nonce is not greater does not end anything.",
                        talk -> {
                            var etr = registered(talk, A);
                            var subscriber = new Subscriber(talk);
                            long older = talk.nonce();
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.send(
                                    "an old unsubscription",
                                    subscriber.cancellation(talk.ipv4(), older));
                            talk.expectNone("Map-Notify", answering(Heard.NOTIFY, older));
                            talk.register(etr.register(MappingOctets.of(talk.ipv4(), B)));
                            subscriber.publication(confirmed);
                        }));
    }

    private static void end(Talk talk, Subscriber subscriber, long nonce) throws Outcome {
        talk.send("unsubscription", subscriber.cancellation(talk.ipv4(), nonce));
        talk.acknowledge(
                talk.expect(
                        "Map-Notify with the nonce of the unsubscription",
                        answering(Heard.NOTIFY, nonce)),
                talk.secret());
    }
}
