package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.only;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.net.DatagramSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Subscriptions and publications (RFC 9437). */
final class PubSubCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";
    private static final String C = "192.0.2.3";

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

    /**
     * The /24 of the case is registered with locator A, and somebody has subscribed to it.
     *
     * @param confirmed the Map-Notify that said so, acknowledged
     */
    private record Scene(Talk talk, Talk.Xtr etr, Subscriber subscriber, Heard confirmed) {
        Address eid() {
            return talk.ipv4();
        }

        void change(String... locators) throws Outcome {
            talk.register(etr, locators);
        }

        /** Another ETR registers a part. */
        Address inside(String locator) throws Outcome {
            var part = eid().plus(64, 26);
            talk.register(talk.xtr().register(MappingOctets.of(part, locator)));
            return part;
        }

        Heard published() throws Outcome {
            return subscriber.publication(confirmed);
        }

        void expectNoPublication() throws Outcome {
            talk.expectNone("publication", it -> Subscriber.follows(it, confirmed));
        }

        void expectRepetition(Heard of) throws Outcome {
            talk.acknowledge(
                    talk.expect("repetition", REPEATED, answering(Heard.NOTIFY, of.nonce())));
        }

        void expectNoRepetition(Heard of) throws Outcome {
            talk.expectNone("repetition", QUIET, answering(Heard.NOTIFY, of.nonce()));
        }
    }

    private interface Act {
        void in(Scene scene) throws Outcome;
    }

    /** What happens once there is a subscription. */
    private static Case then(String id, String rfc, String text, Act act) {
        return of(
                id,
                rfc,
                text,
                talk -> {
                    var etr = talk.registered(A);
                    var subscriber = new Subscriber(talk);
                    var confirmed = subscriber.subscribe(talk.ipv4());
                    act.in(new Scene(talk, etr, subscriber, confirmed));
                });
    }

    static List<Case> all() {
        var all = new ArrayList<Case>();
        all.addAll(subscriptions());
        all.addAll(requests());
        all.addAll(publications());
        all.addAll(acknowledgements());
        all.addAll(ends());
        return all;
    }

    private static List<Case> subscriptions() {
        return List.of(
                then(
                        "subscribe.confirmed",
                        "9437 §5",
                        "A subscription is confirmed by a Map-Notify with its nonce, the mapping"
                                + " and a right MAC; there is no Map-Reply.",
                        it -> {
                            check(
                                    it.talk().secret().vouchesFor(it.confirmed().octets()),
                                    "the MAC of the Map-Notify is wrong");
                            same(it.eid(), only(it.confirmed()).eid(), "the EID-Prefix");
                            same(List.of(A), only(it.confirmed()).addresses(), "the locator-set");
                            it.talk()
                                    .expectNone(
                                            "Map-Reply",
                                            answering(Heard.REPLY, it.confirmed().nonce()));
                        }),
                then(
                        "subscribe.acknowledged",
                        "9437 §5",
                        "After the Map-Notify-Ack the confirmation is not repeated.",
                        it -> it.expectNoRepetition(it.confirmed())),
                of(
                        "subscribe.unacknowledged",
                        "9301 §5.7",
                        "A confirmation that is not acknowledged is repeated with its nonce.",
                        talk -> {
                            talk.registered(A);
                            var notify =
                                    new Subscriber(talk).unacknowledged(talk.ipv4(), talk.nonce());
                            talk.acknowledge(
                                    talk.expect(
                                            "repetition",
                                            REPEATED,
                                            answering(Heard.NOTIFY, notify.nonce())));
                        }),
                of(
                        "subscribe.replayed",
                        "9437 §5",
                        "A subscription whose nonce is not greater MUST be dropped in silence.",
                        talk -> {
                            talk.registered(A);
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
                then(
                        "subscribe.again",
                        "9437 §5",
                        "A subscription with a greater nonce is confirmed anew.",
                        it -> it.subscriber().subscribe(it.eid())),
                then(
                        "subscribe.counts-publications",
                        "9437 §6",
                        "Subscriptions and publications share one nonce: a subscription with that"
                                + " of the last publication MUST be dropped, one above is confirmed.",
                        it -> {
                            it.change(B);
                            long last = it.published().nonce();
                            it.talk()
                                    .send(
                                            "subscription with the nonce of the publication",
                                            it.subscriber().message(it.eid(), last));
                            it.talk().expectNone("answer", heard -> heard.nonce() == last);
                            it.talk()
                                    .acknowledge(
                                            it.subscriber()
                                                    .unacknowledged(
                                                            it.eid(), it.talk().nonce(last + 1)));
                        }),
                of(
                        "subscribe.several-xtrs",
                        "9437 §5",
                        "Every subscriber is confirmed and told, with nonces of its own.",
                        talk -> {
                            var etr = talk.registered(A);
                            var one = new Subscriber(talk);
                            var other = new Subscriber(talk);
                            var first = one.subscribe(talk.ipv4());
                            long far = talk.nonce(first.nonce() + 1_000_000);
                            var second = other.unacknowledged(talk.ipv4(), far);
                            talk.acknowledge(second);
                            talk.register(etr, B);
                            one.publication(first);
                            other.publication(second);
                        }),
                of(
                        "subscribe.nothing-there",
                        "9437 §5",
                        "A subscription to an EID that is not registered is either temporary, and"
                                + " then told of it, or answered by a Negative Map-Reply.",
                        PubSubCases::nothingThere),
                of(
                        "subscribe.hole",
                        "9437 §5",
                        "What is confirmed for an EID that is not registered covers the EID and"
                                + " nothing registered.",
                        talk -> {
                            var known = talk.ipv4().plus(0, 26);
                            talk.register(talk.xtr().register(MappingOctets.of(known, A)));
                            var asked = talk.ipv4().host(200);
                            long nonce = talk.nonce();
                            talk.send(
                                    "subscription to " + asked,
                                    new Subscriber(talk).message(asked, nonce));
                            var answer =
                                    Talk.readable(talk.expect("answer", it -> it.nonce() == nonce));
                            if (answer.type() == Heard.NOTIFY) {
                                talk.acknowledge(answer);
                            }
                            same(List.of(), only(answer).addresses(), "the locator-set");
                            var hole = only(answer).eid();
                            check(hole.covers(asked), hole + " does not cover " + asked);
                            check(!hole.covers(known), hole + " covers " + known);
                        }));
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
            talk.acknowledge(answer);
            talk.registered(A);
            same(
                    List.of(A),
                    only(subscriber.publication(answer)).addresses(),
                    "what was published");
        } else {
            same(Heard.REPLY, answer.type(), "the type of the answer");
        }
    }

    /** Subscriptions as messages. */
    private static List<Case> requests() {
        return List.of(
                of(
                        "subscribe.without-ids",
                        "9437 §4",
                        "The N-bit without xTR-ID and Site-ID is no subscription: a Map-Reply"
                                + " comes.",
                        talk -> {
                            talk.registered(A);
                            var record =
                                    only(
                                            talk.ask(
                                                    new RequestOctets()
                                                            .ask(talk.ipv4(), 0x80)
                                                            .itr(talk.local()),
                                                    talk.ipv4()));
                            same(List.of(A), record.addresses(), "the locator-set");
                        }),
                then(
                        "subscribe.and-ask",
                        "9437 §5",
                        "Who has subscribed can ask all the same, and gets a Map-Reply.",
                        it -> it.talk().expectRegistered(it.eid(), A)),
                of(
                        "subscribe.unknown-site",
                        "9437 §7.1",
                        "Without a security association there is no subscription: for a Site-ID"
                                + " that nobody has, a Map-Reply or nothing comes, and no Map-Notify.",
                        talk -> {
                            talk.registered(A);
                            long nonce = talk.nonce();
                            talk.send(
                                    "subscription of an unknown site",
                                    new Subscriber(talk)
                                            .messageAs(0x7777_7777_7777L, talk.ipv4(), nonce));
                            talk.expectNone("Map-Notify", answering(Heard.NOTIFY, nonce));
                            talk.expectAlive();
                        }),
                of(
                                "subscribe.to-itr-rloc",
                                "9437 §5",
                                "The Map-Notify goes to an ITR-RLOC of the subscription, whoever"
                                        + " sent it.",
                                talk -> {
                                    talk.registered(A);
                                    var there = talk.otherSocket(RequestCases.loopback());
                                    long nonce = talk.nonce();
                                    talk.acknowledge(
                                            confirmedAt(talk, new Subscriber(talk), nonce, there));
                                })
                        .needing(Need.LOOPBACK),
                then(
                                "subscribe.moves",
                                "9437 §5",
                                "A new subscription of the same xTR replaces its ITR-RLOCs.",
                                it -> {
                                    var there = it.talk().otherSocket(RequestCases.loopback());
                                    long nonce = it.talk().nonce();
                                    var confirmed =
                                            confirmedAt(it.talk(), it.subscriber(), nonce, there);
                                    it.talk().acknowledge(confirmed, there);
                                    it.talk().expectRegistered(it.eid(), A);
                                    it.change(B);
                                    var published = it.subscriber().unacknowledged(confirmed);
                                    it.talk().acknowledge(published, there);
                                    same(there.getLocalPort(), published.port(), "the port");
                                })
                        .needing(Need.LOOPBACK),
                of(
                                "subscribe.ipv6",
                                "9437 §5",
                                "Subscriptions to IPv6 EIDs are told of changes.",
                                talk -> alike(talk, talk.ipv6()))
                        .needing(Need.IPV6),
                of(
                                "subscribe.mac",
                                "9437 §5",
                                "Subscriptions to MAC addresses are told of changes.",
                                talk -> alike(talk, talk.mac(1)))
                        .needing(Need.MACS),
                of(
                                "subscribe.name",
                                "9437 §5",
                                "Subscriptions to distinguished names are told of changes.",
                                talk -> alike(talk, talk.name()))
                        .needing(Need.NAMES));
    }

    private static Heard confirmedAt(
            Talk talk, Subscriber subscriber, long nonce, DatagramSocket there) throws Outcome {
        var confirmed =
                subscriber.confirmation(
                        "subscription with another ITR-RLOC",
                        subscriber.message(talk.ipv4(), nonce, there),
                        nonce);
        same(there.getLocalPort(), confirmed.port(), "the port that it came to");
        return confirmed;
    }

    private static void alike(Talk talk, Address eid) throws Outcome {
        var etr = talk.xtr();
        talk.register(etr.register(MappingOctets.of(eid, A)));
        var subscriber = new Subscriber(talk);
        var confirmed = subscriber.subscribe(eid);
        same(eid, only(confirmed).eid(), "the EID");
        talk.register(etr.register(MappingOctets.of(eid, B)));
        var published = only(subscriber.publication(confirmed));
        same(eid, published.eid(), "the EID");
        same(List.of(B), published.addresses(), "the locator-set");
    }

    private static List<Case> publications() {
        return List.of(
                then(
                        "publish.change",
                        "9437 §6",
                        "A changed locator-set is published with the next nonce and a right MAC.",
                        it -> {
                            it.change(B);
                            var published = it.published();
                            same(it.confirmed().nonce() + 1, published.nonce(), "the nonce");
                            same(List.of(B), only(published).addresses(), "the locator-set");
                            check(
                                    it.talk().secret().vouchesFor(published.octets()),
                                    "the MAC of the publication is wrong");
                        }),
                then(
                        "publish.each-change",
                        "9437 §6",
                        "Every publication has a greater nonce, and the last tells the last.",
                        it -> {
                            var last = it.confirmed();
                            for (var locator : List.of(B, C, "192.0.2.4")) {
                                it.change(locator);
                                last = it.subscriber().publication(last);
                                same(List.of(locator), only(last).addresses(), "the locator-set");
                            }
                        }),
                then(
                        "publish.refresh-is-no-change",
                        "9437 §6",
                        "A registration that only goes on is not published.",
                        it -> {
                            it.change(A);
                            it.expectNoPublication();
                        }),
                then(
                        "publish.priority",
                        "9437 §6",
                        "A changed priority or weight is a change of the mapping.",
                        it -> {
                            it.talk()
                                    .register(
                                            it.etr()
                                                    .register(
                                                            MappingOctets.of(it.eid())
                                                                    .locator(A, 3, 70, 5)));
                            var locator = only(it.published()).locators().getFirst();
                            same(3, locator.priority(), "the priority");
                            same(70, locator.weight(), "the weight");
                        }),
                then(
                        "publish.unreachable",
                        "9437 §6",
                        "A locator that the ETR has no route to any more is published so.",
                        it -> {
                            it.talk()
                                    .register(
                                            it.etr()
                                                    .register(
                                                            MappingOctets.of(it.eid())
                                                                    .locator(A, 1, 50, 4)));
                            var locator = only(it.published()).locators().getFirst();
                            same(0, locator.flags() & 1, "the R-bit");
                        }),
                then(
                        "publish.more-specific",
                        "9437 §6",
                        "Who subscribed to a prefix hears what is registered inside it.",
                        it -> {
                            var part = it.inside(B);
                            var published = it.published();
                            same(part, only(published).eid(), "the EID-Prefix");
                            same(List.of(B), only(published).addresses(), "the locator-set");
                        }),
                of(
                        "publish.less-specific",
                        "9437 §6",
                        "Who subscribed to a part does not hear of changes of the whole.",
                        talk -> {
                            var part = talk.ipv4().plus(64, 26);
                            talk.register(talk.xtr().register(MappingOctets.of(part, A)));
                            var whole = talk.registered(A);
                            var confirmed = new Subscriber(talk).subscribe(part);
                            talk.register(whole, B);
                            talk.expectNone("publication", it -> Subscriber.follows(it, confirmed));
                        }),
                then(
                        "publish.other-instance",
                        "9437 §6",
                        "Changes in another Instance ID are not published.",
                        it -> {
                            var other = it.eid().in(it.talk().setup().otherIid());
                            it.talk()
                                    .send(
                                            "Map-Register of " + other,
                                            it.talk()
                                                    .xtr()
                                                    .register(MappingOctets.of(other, B))
                                                    .sealed(it.talk().nonce(), it.talk().secret()));
                            it.expectNoPublication();
                            it.change(C);
                            same(
                                    List.of(C),
                                    only(it.published()).addresses(),
                                    "what was published");
                        }),
                then(
                        "publish.withdrawn",
                        "9437 §6",
                        "A mapping that is gone is published with a Record TTL of 0.",
                        it -> {
                            it.talk().withdraw(it.etr());
                            same(0, only(it.published()).ttl(), "the Record TTL");
                        }),
                then(
                        "publish.comes-back",
                        "9437 §6",
                        "A mapping that was withdrawn and is registered again is published again.",
                        it -> {
                            it.talk().withdraw(it.etr());
                            var gone = it.published();
                            it.change(B);
                            same(
                                    List.of(B),
                                    only(it.subscriber().publication(gone)).addresses(),
                                    "what was published");
                        }),
                then(
                                "publish.merged",
                                "9437 §6",
                                "When a second xTR joins by the merge-request bit, the whole"
                                        + " locator-set is published.",
                                it -> {
                                    // The first has registered without the bit, which is not asked
                                    // to be merged with.
                                    MergeCases.join(it.talk(), it.etr(), A);
                                    MergeCases.join(it.talk(), it.talk().xtr(), B);
                                    same(
                                            List.of(A, B),
                                            only(it.published()).addresses(),
                                            "the locator-set");
                                })
                        .needing(Need.MERGES));
    }

    private static List<Case> acknowledgements() {
        return List.of(
                then(
                        "publish.unacknowledged",
                        "9437 §6",
                        "A publication that is not acknowledged is repeated with its nonce.",
                        it -> {
                            it.change(B);
                            it.expectRepetition(it.subscriber().unacknowledged(it.confirmed()));
                        }),
                then(
                        "publish.acknowledged",
                        "9437 §6",
                        "A publication that is acknowledged is not repeated.",
                        it -> {
                            it.change(B);
                            it.expectNoRepetition(it.published());
                        }),
                then(
                        "publish.ack-forged",
                        "9437 §6",
                        "A Map-Notify-Ack with a wrong MAC does not count.",
                        it -> {
                            it.change(B);
                            var published = it.subscriber().unacknowledged(it.confirmed());
                            it.talk().acknowledge(published, it.talk().secret().forged());
                            it.expectRepetition(published);
                        }),
                then(
                        "publish.ack-of-another",
                        "9301 §5.7",
                        "A Map-Notify-Ack with another nonce does not count.",
                        it -> {
                            it.change(B);
                            var published = it.subscriber().unacknowledged(it.confirmed());
                            it.talk().acknowledge(it.confirmed());
                            it.expectRepetition(published);
                        }),
                then(
                        "publish.newest",
                        "9437 §6",
                        "A change before the Map-Notify-Ack of the last one is published with a"
                                + " greater nonce, and after that nothing older.",
                        it -> {
                            it.change(B);
                            var first = it.subscriber().unacknowledged(it.confirmed());
                            it.change(C);
                            var second =
                                    Talk.readable(
                                            it.talk()
                                                    .expect(
                                                            "publication of " + C,
                                                            REPEATED,
                                                            heard ->
                                                                    Subscriber.follows(
                                                                            heard, first)));
                            same(List.of(C), only(second).addresses(), "what was published");
                            it.talk().acknowledge(second);
                            it.expectNoRepetition(first);
                        }),
                of(
                        "subscribe.no-flood",
                        "9301 §5.7",
                        "Unsolicited Map-Notifies go out no faster than RFC 8085 §3.1 allows: a"
                                + " stranger's subscription to 40 EIDs is not answered by 40"
                                + " messages at once.",
                        talk -> {
                            talk.registered(A);
                            talk.register(
                                    talk.xtr()
                                            .register(
                                                    IntStream.range(0, 40)
                                                            .mapToObj(i -> talk.ipv4().host(2 * i))
                                                            .map(eid -> MappingOctets.of(eid, B))
                                                            .toArray(MappingOctets[]::new)));
                            var confirmed =
                                    new Subscriber(talk).unacknowledged(talk.ipv4(), talk.nonce());
                            for (int i = 0; i < 10; i++) {
                                if (!talk.comes(it -> Subscriber.follows(it, confirmed))) {
                                    talk.acknowledge(confirmed);
                                    return;
                                }
                            }
                            throw Talk.failed(
                                    "there came 10 Map-Notifies before the first Map-Notify-Ack");
                        }));
    }

    private static List<Case> ends() {
        return List.of(
                then(
                        "unsubscribe.confirmed",
                        "9437 §5",
                        "A Map-Request with one ITR-RLOC of AFI 0 ends the subscription, which a"
                                + " Map-Notify confirms; nothing is published after that.",
                        it -> {
                            long nonce = it.talk().nonce(it.confirmed().nonce() + 1);
                            var ended = it.subscriber().unsubscribe(it.eid(), nonce);
                            it.change(B);
                            it.talk()
                                    .expectNone(
                                            "publication",
                                            heard -> Subscriber.follows(heard, ended));
                        }),
                then(
                        "unsubscribe.replayed-subscription",
                        "9437 §5",
                        "The nonce outlives the subscription: the old one played again is dropped.",
                        it -> {
                            long nonce = it.talk().nonce(it.confirmed().nonce() + 1);
                            var ended = it.subscriber().unsubscribe(it.eid(), nonce);
                            it.talk()
                                    .send(
                                            "the subscription again",
                                            it.subscriber()
                                                    .message(it.eid(), it.confirmed().nonce()));
                            it.talk()
                                    .expectNone(
                                            "Map-Notify",
                                            answering(Heard.NOTIFY, it.confirmed().nonce()));
                            it.change(B);
                            it.talk()
                                    .expectNone(
                                            "publication",
                                            heard -> Subscriber.follows(heard, ended));
                        }),
                of(
                        "unsubscribe.replayed",
                        "9437 §5",
                        "An unsubscription whose nonce is not greater does not end anything.",
                        talk -> {
                            var etr = talk.registered(A);
                            var subscriber = new Subscriber(talk);
                            long older = talk.nonce();
                            var confirmed = subscriber.subscribe(talk.ipv4());
                            talk.send(
                                    "an old unsubscription",
                                    subscriber.cancellation(talk.ipv4(), older));
                            talk.expectNone("Map-Notify", answering(Heard.NOTIFY, older));
                            talk.register(etr, B);
                            subscriber.publication(confirmed);
                        }),
                then(
                        "unsubscribe.and-return",
                        "9437 §5",
                        "After its end a subscription with a greater nonce is made anew.",
                        it -> {
                            long nonce = it.talk().nonce(it.confirmed().nonce() + 1);
                            it.subscriber().unsubscribe(it.eid(), nonce);
                            var again = it.subscriber().subscribe(it.eid());
                            it.change(B);
                            same(
                                    List.of(B),
                                    only(it.subscriber().publication(again)).addresses(),
                                    "what was published");
                        }),
                then(
                        "unsubscribe.one-of-two",
                        "9437 §5",
                        "One xTR's unsubscription is not another's.",
                        it -> {
                            var other = new Subscriber(it.talk());
                            long far = it.talk().nonce(it.confirmed().nonce() + 1_000_000);
                            it.talk().acknowledge(other.unacknowledged(it.eid(), far));
                            other.unsubscribe(it.eid(), it.talk().nonce(far + 1));
                            it.change(B);
                            it.published();
                        }),
                then(
                        "unsubscribe.part",
                        "9437 §5",
                        "Who unsubscribes from a part of what is subscribed is told no more of it,"
                                + " and goes on to hear of the rest.",
                        it -> {
                            var part = it.inside(B);
                            var first = it.published();
                            long nonce = it.talk().nonce(first.nonce() + 1);
                            var ended = it.subscriber().unsubscribe(part, nonce);
                            it.inside(C);
                            it.talk()
                                    .expectNone(
                                            "publication of " + part,
                                            heard ->
                                                    Subscriber.follows(heard, ended)
                                                            && RegisterCases.eids(heard)
                                                                    .contains(part));
                            it.change(C);
                            same(
                                    it.eid(),
                                    only(it.subscriber().publication(first)).eid(),
                                    "what was published");
                        }));
    }
}
