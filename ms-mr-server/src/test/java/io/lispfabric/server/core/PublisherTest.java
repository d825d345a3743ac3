package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.ip;
import static io.lispfabric.server.core.Fixture.record;
import static io.lispfabric.server.core.Fixture.register;
import static io.lispfabric.server.core.Fixture.registered;
import static io.lispfabric.server.core.Fixture.subscribe;
import static io.lispfabric.server.core.Fixture.xtr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PublisherTest {
    private static final Instant START = Instant.ofEpochSecond(1_000);
    private static final ListenerId SUBSCRIBER =
            new ListenerId.Subscriber(eid("40.0.0.0/16"), xtr(9));

    private int roomForNews;
    private final Publisher publisher = new Publisher(() -> false, _ -> roomForNews);
    private MappingSystem state = registered("40.0.0.0/16");
    private long nonces = 100;

    private void apply(Command command, Instant now) {
        var outcome = state.apply(command);
        state = outcome.next();
        for (var effect : outcome.effects()) {
            if (effect instanceof Effect.Publish publish) {
                publisher.onPublish(publish, state, now);
            }
        }
    }

    /** A subscription that is confirmed; then three changes, with the nonces 500 to 502. */
    private void subscribed(String... itrRlocs) {
        apply(subscribe(9, 499, "40.0.0.0/16", itrRlocs), START);
        acknowledge("40.0.0.0/16", 499);
        change(
                START,
                record("40.0.0.0/16", 1440, "192.0.2.70"),
                record("40.0.0.7/32", 1440, "192.0.2.71"),
                record("40.0.0.8/32", 1440, "192.0.2.72"));
    }

    private void change(Instant now, MappingRecord... records) {
        apply(register(1, nonces++, now.toEpochMilli(), List.of(records)), now);
    }

    private void acknowledge(String eid, long nonce) {
        apply(Command.Acknowledge.of(SUBSCRIBER, eid(eid), new Nonce(nonce)), START);
    }

    private static Instant at(int second) {
        return START.plusSeconds(second);
    }

    private static List<Long> nonces(List<Publisher.Due> due) {
        return due.stream().map(it -> ((Publisher.Due.Send) it).nonce().value()).toList();
    }

    /** All that is sent for a Map-Notify about this EID-Prefix until the end, by second. */
    private Map<Integer, Publisher.Due> unacknowledged(String eid) {
        var sent = new TreeMap<Integer, Publisher.Due>();
        for (int second = 0; second < 1000; second++) {
            for (var due : publisher.poll(at(second), state, 100)) {
                boolean wanted =
                        switch (due) {
                            case Publisher.Due.Send send ->
                                    send.records().getFirst().eid().equals(eid(eid));
                            case Publisher.Due.Surrender(var giveUp) ->
                                    giveUp.eid().equals(eid(eid));
                            case Publisher.Due.Renew(var renew) -> renew.eid().equals(eid(eid));
                        };
                if (wanted) {
                    assertThat(sent.put(second, due)).isNull();
                }
                // The first command of that kind is lost.
                if (due instanceof Publisher.Due.Surrender(var giveUp) && second > 100) {
                    state = state.apply(giveUp).next();
                }
            }
        }
        return sent;
    }

    /**
     * Of an association with a counter of its own, RFC 9437 §7.1; the xTR is subscribed already.
     */
    private void associate(long nonce, String name) {
        var asking = subscribe(9, nonce, "40.0.0.0/16", "192.0.2.9");
        var secret = Bytes.of(Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), 32));
        var secured =
                new Command.Subscribe(
                        asking.origin(),
                        asking.atMillis(),
                        Credentials.of("POD-D", 5, new PubSubKey(secret)),
                        asking.xtr(),
                        asking.nonce(),
                        asking.itrRlocs(),
                        asking.port(),
                        asking.asked(),
                        asking.leastLength(),
                        asking.hole(),
                        asking.outside(),
                        asking.temporaryMillis(),
                        asking.room());
        apply(
                new Command.Associate(
                        new UsedKey(secret, 5, Long.MAX_VALUE), 1_000, List.of(secured)),
                START);
        acknowledge("40.0.0.0/16", nonce);
    }

    /**
     * A leader that was elected between an acknowledgement and its command knows only of the old
     * counter, which is far ahead.
     */
    @Rfc("9437 §7.1")
    @Test
    void whatWasAcknowledgedUnderAnOldCounterDoesNotOvertakeTheNewOne() {
        subscribed("192.0.2.9");
        publisher.onLeading(state, START);
        associate(7, "K1");

        var sent = unacknowledged("40.0.0.7/32");

        assertThat(sent.keySet()).startsWith(0, 3, 6, 9, 15, 27, 51);
        assertThat(nonces(List.copyOf(sent.values()).subList(0, 7))).containsOnly(nonce(sent, 0));
        assertThat(nonce(sent, 0)).isBetween(8L, 20L);
    }

    private static long nonce(Map<Integer, Publisher.Due> sent, int second) {
        return nonces(List.of(Objects.requireNonNull(sent.get(second)))).getFirst();
    }

    @Rfc("9301 §5.7")
    @Test
    void threeRetransmissionsAtThreeSecondsThreeMoreAtDoublingIntervalsThenSurrender() {
        subscribed("192.0.2.9");

        var sent = unacknowledged("40.0.0.7/32");

        assertThat(sent.keySet()).containsExactly(0, 3, 6, 9, 15, 27, 51, 99, 102);
        assertThat(sent.get(99))
                .isEqualTo(
                        new Publisher.Due.Surrender(
                                new Command.GiveUp(
                                        SUBSCRIBER, eid("40.0.0.7/32"), new Nonce(501))));
        assertThat(sent.remove(102)).isEqualTo(sent.remove(99));
        assertThat(nonces(List.copyOf(sent.values()))).containsOnly(501L);
        assertThat(sent.values())
                .extracting(due -> ((Publisher.Due.Send) due).again())
                .containsExactly(false, true, true, true, true, true, true);
        assertThat(publisher.outstanding()).isZero();
        assertThat(publisher.due()).isEmpty();
    }

    @Rfc("9437 §6")
    @Test
    void aRetransmissionGoesToTheNextItrRloc() {
        subscribed("192.0.2.9", "203.0.113.9", "198.51.100.9");

        assertThat(unacknowledged("40.0.0.7/32").values())
                .filteredOn(Publisher.Due.Send.class::isInstance)
                .extracting(due -> ((Publisher.Due.Send) due).to())
                .startsWith(
                        ip("192.0.2.9"), ip("203.0.113.9"), ip("198.51.100.9"), ip("192.0.2.9"));
    }

    /** Else every change would reach an xTR whose first ITR-RLOC is down three seconds late. */
    @Rfc("9437 §6")
    @Test
    void newsGoesFirstToTheItrRlocThatHasAnsweredLast() {
        subscribed("192.0.2.9", "203.0.113.9");
        publisher.poll(at(0), state, 100);
        publisher.poll(at(3), state, 100);
        heard(501, "40.0.0.7/32", "203.0.113.9");

        change(at(4), record("40.0.0.7/32", 1440, "192.0.2.81"));
        assertThat(sentTo(at(4))).containsExactly(ip("203.0.113.9"));
        // It is silent now, and the other one answers again.
        assertThat(sentTo(at(7))).contains(ip("192.0.2.9"));
        heard(503, "40.0.0.7/32", "192.0.2.9");
        change(at(8), record("40.0.0.7/32", 1440, "192.0.2.82"));
        assertThat(sentTo(at(8))).contains(ip("192.0.2.9")).doesNotContain(ip("203.0.113.9"));
    }

    private void heard(long nonce, String eid, String from) {
        publisher
                .awaiting(new Nonce(nonce), eid(eid))
                .forEach(it ->
                        publisher.onHeard(
                                it, state.listener(it.listener()).orElseThrow(), ip(from), at(0)));
        acknowledge(eid, nonce);
    }

    /** Where what is due then goes that is about 40.0.0.7. */
    private List<Ip> sentTo(Instant now) {
        return publisher.poll(now, state, 100).stream()
                .filter(Publisher.Due.Send.class::isInstance)
                .map(Publisher.Due.Send.class::cast)
                .filter(it -> it.records().getFirst().eid().equals(eid("40.0.0.7/32")))
                .map(Publisher.Due.Send::to)
                .toList();
    }

    @Rfc("9301 §5.7")
    @Test
    void anAcknowledgementOfJustThisMapNotifyStopsIt() {
        subscribed("192.0.2.9");
        publisher.poll(at(0), state, 100);

        acknowledge("40.0.0.7/32", 500);
        acknowledge("40.0.0.8/32", 502);

        assertThat(nonces(publisher.poll(at(3), state, 100))).containsExactly(500L, 501L);
        assertThat(publisher.outstanding()).isEqualTo(2);
    }

    @Rfc("9437 §6")
    @Test
    void whatAnAcknowledgementHasOvertakenIsSentAgainUnderANewNonceAndNotForEver() {
        subscribed("192.0.2.9");
        publisher.poll(at(0), state, 100);
        publisher.onAcknowledged(SUBSCRIBER, new Nonce(502));
        acknowledge("40.0.0.8/32", 502);
        acknowledge("40.0.0.0/16", 500);

        var renew = new Command.Renew(SUBSCRIBER, eid("40.0.0.7/32"), new Nonce(501));
        // The first command of that kind is lost.
        assertThat(publisher.poll(at(3), state, 100))
                .containsExactly(new Publisher.Due.Renew(renew));
        assertThat(publisher.poll(at(6), state, 100))
                .containsExactly(new Publisher.Due.Renew(renew));
        apply(renew, at(6));

        assertThat(nonces(publisher.poll(at(6), state, 100))).containsExactly(503L);
        assertThat(nonces(publisher.poll(at(9), state, 100))).containsExactly(503L);
        // Two of the seven transmissions were those with the other nonce.
        var rest = unacknowledged("40.0.0.7/32");
        assertThat(rest.values()).filteredOn(Publisher.Due.Send.class::isInstance).hasSize(4);
    }

    @Test
    void whatNothingWaitsForAnyMoreIsNotRemembered() {
        subscribed("192.0.2.9");
        publisher.poll(at(0), state, 100);
        publisher.onAcknowledged(SUBSCRIBER, new Nonce(502));
        acknowledge("40.0.0.8/32", 502);
        publisher.poll(at(2), state, 100);
        assertThat(publisher.remembered()).isEqualTo(1);

        publisher.onAcknowledged(SUBSCRIBER, new Nonce(501));
        publisher.onAcknowledged(SUBSCRIBER, new Nonce(500));
        acknowledge("40.0.0.7/32", 501);
        acknowledge("40.0.0.0/16", 500);
        publisher.poll(at(4), state, 100);
        assertThat(publisher.outstanding()).isZero();
        assertThat(publisher.remembered()).isZero();

        publisher.onAcknowledged(SUBSCRIBER, new Nonce(502));
        assertThat(publisher.remembered()).isZero();
    }

    @Rfc("9437 §6")
    @Test
    void newsTakesThePlaceOfOlderNews() {
        subscribed("192.0.2.9");
        publisher.poll(at(0), state, 100);

        change(at(1), record("40.0.0.7/32", 1440, "192.0.2.77"));

        assertThat(nonces(publisher.poll(at(1), state, 100))).containsExactly(503L);
        assertThat(nonces(publisher.poll(at(3), state, 100))).containsExactly(500L, 502L);
        assertThat(nonces(publisher.poll(at(4), state, 100))).containsExactly(503L);
        assertThat(publisher.awaiting(new Nonce(501), eid("40.0.0.7/32"))).isEmpty();
    }

    @Rfc("9437 §6")
    @Test
    void newsTakesThePlaceOfOlderNewsThatIsNotSentYet() {
        subscribed("192.0.2.9");
        change(at(0), record("40.0.0.7/32", 1440, "192.0.2.77"));
        change(at(0), record("40.0.0.7/32", 1440, "192.0.2.78"));

        var due = publisher.poll(at(0), state, 100);
        assertThat(nonces(due)).containsExactly(500L, 502L, 504L);
        assertThat(
                        ((Publisher.Due.Send) due.getLast())
                                .records()
                                .getFirst()
                                .locators()
                                .getFirst()
                                .rloc())
                .hasToString("192.0.2.78");
    }

    @Test
    void oneCommandSettlesAllThatWasAcknowledgedAndNothingElse() {
        subscribed("192.0.2.9");
        apply(
                new Command.Acknowledge(
                        List.of(
                                receipt("40.0.0.0/16", 500),
                                receipt("40.0.0.7/32", 500), // under that nonce it was another
                                receipt("40.0.0.8/32", 502))),
                START);

        assertThat(nonces(publisher.poll(at(0), state, 100))).containsExactly(501L);
    }

    /**
     * Of two questions with one answer, the one with the greater nonce stays unanswered for long.
     */
    @Rfc("9437 §5")
    @Test
    void anAnswerTellsTheNewestMappingUnlessNewsHasHadAGreaterNonce() {
        apply(subscribe(9, 1_000, "40.0.0.1/32", "192.0.2.9"), START);
        apply(subscribe(9, 5_000, "40.0.0.2/32", "192.0.2.9"), START);
        publisher.poll(at(0), state, 100);
        acknowledge("40.0.0.0/16", 1_000);
        change(at(1), record("40.0.0.0/16", 1440, "192.0.2.70"));
        assertThat(nonces(publisher.poll(at(1), state, 100))).containsExactly(1_001L);
        acknowledge("40.0.0.0/16", 1_001);

        assertThat(rlocsUnder(5_000, publisher.poll(at(3), state, 100)))
                .containsExactly("192.0.2.70");

        // A third question, and with its answer the counter goes beyond: what is older than that
        // news must not look newer than what was told before.
        apply(subscribe(9, 6_000, "40.0.0.3/32", "192.0.2.9"), at(4));
        acknowledge("40.0.0.0/16", 6_000);
        change(at(4), record("40.0.0.0/16", 1440, "192.0.2.71"));
        assertThat(rlocsUnder(6_001, publisher.poll(at(5), state, 100)))
                .containsExactly("192.0.2.71");
        assertThat(rlocsUnder(5_000, publisher.poll(at(6), state, 100)))
                .containsExactly("192.0.2.70");
    }

    /**
     * A question may have a nonce that news has gone beyond by the time it is answered. What older
     * news is still on its way would undo the answer, and the newest, which would be right again,
     * is not sent any more once the xTR has acknowledged what it takes for newer.
     */
    @Rfc("9437 §6")
    @Test
    void aQuestionThatNewsHasOvertakenIsAnsweredOnceTheNewestIsAcknowledged() {
        apply(subscribe(9, 1_000, "40.0.0.1/32", "192.0.2.9"), START);
        publisher.poll(at(0), state, 100);
        acknowledge("40.0.0.0/16", 1_000);
        // Asked with the next nonce, when the first news has just got a greater one.
        change(at(1), record("40.0.0.0/16", 1440, "192.0.2.70"));
        assertThat(nonces(publisher.poll(at(1), state, 100))).containsExactly(1_001L);
        change(at(1), record("40.0.0.0/16", 1440, "192.0.2.71"));
        apply(subscribe(9, 1_001, "40.0.0.2/32", "192.0.2.9"), at(1));
        assertThat(nonces(publisher.poll(at(1), state, 100))).containsExactly(1_002L);
        assertThat(nonces(publisher.poll(at(4), state, 100))).containsExactly(1_002L);
        acknowledge("40.0.0.0/16", 1_002);

        assertThat(rlocsUnder(1_001, publisher.poll(at(7), state, 100)))
                .containsExactly("192.0.2.71");
    }

    private static List<String> rlocsUnder(long nonce, List<Publisher.Due> due) {
        return due.stream()
                .map(Publisher.Due.Send.class::cast)
                .filter(it -> it.nonce().value() == nonce)
                .flatMap(it -> it.records().getFirst().locators().stream())
                .map(it -> it.rloc().toString())
                .toList();
    }

    /** Octets of all records about them, so that they find room in one Map-Notify. */
    private static final int ROOM_FOR_THREE = 3 * 40;

    private void subscribedToSeveralRecords() {
        roomForNews = ROOM_FOR_THREE;
        apply(subscribe(9, 499, "40.0.0.0/16", "192.0.2.9"), START);
        acknowledge("40.0.0.0/16", 499);
    }

    /** All hosts from one number to before another change at once. */
    private void changeAll(String network, int from, int to) {
        change(
                START,
                IntStream.range(from, to)
                        .mapToObj(i -> record(network + i + "/32", 1440, "192.0.2.71"))
                        .toArray(MappingRecord[]::new));
    }

    private static List<List<String>> told(List<Publisher.Due> due) {
        return due.stream()
                .map(it ->
                        ((Publisher.Due.Send) it)
                                .records().stream().map(r -> r.eid().prefix().toString()).toList())
                .toList();
    }

    /** As an xTR acknowledges: under the one nonce, each record. */
    private void acknowledgeAll(Publisher.Due due) {
        var sent = (Publisher.Due.Send) due;
        var receipts = new ArrayList<Command.Receipt>();
        for (var record : sent.records()) {
            for (var it : publisher.awaiting(sent.nonce(), record.eid())) {
                var listener = state.listener(it.listener()).orElseThrow();
                publisher.onHeard(it, listener, sent.to(), START);
                receipts.add(it.receipt());
            }
        }
        assertThat(receipts).hasSameSizeAs(sent.records());
        apply(new Command.Acknowledge(receipts), START);
    }

    @Rfc("9301 §5.7")
    @Test
    void whatIsToldTogetherFillsAMapNotifyAndTheNextAndIsAcknowledgedByOneNonce() {
        subscribedToSeveralRecords();
        changeAll("40.0.0.", 1, 9);

        var due = publisher.poll(at(0), state, 100);
        assertThat(nonces(due)).containsExactly(502L, 505L, 507L);
        assertThat(told(due))
                .containsExactly(
                        List.of("40.0.0.1/32", "40.0.0.2/32", "40.0.0.3/32"),
                        List.of("40.0.0.4/32", "40.0.0.5/32", "40.0.0.6/32"),
                        List.of("40.0.0.7/32", "40.0.0.8/32"));

        acknowledgeAll(due.get(0));
        acknowledgeAll(due.get(2));
        assertThat(publisher.poll(at(2), state, 100)).isEmpty();
        // The one that was lost is overtaken by what has arrived after it.
        assertThat(publisher.poll(at(3), state, 100))
                .hasSize(3)
                .allMatch(Publisher.Due.Renew.class::isInstance);
        assertThat(publisher.outstanding()).isEqualTo(3);
    }

    /** Who asks for one at a time has to reckon with more. */
    @Test
    void whatSeveralRecordsCameToIsNotTakenApart() {
        subscribedToSeveralRecords();
        changeAll("40.0.0.", 1, 7);
        acknowledgeAll(publisher.poll(at(0), state, 100).getLast());

        assertThat(publisher.poll(at(3), state, 1))
                .hasSize(3)
                .allMatch(Publisher.Due.Renew.class::isInstance);
    }

    /** A window of 128 Map-Notifies: what waits for room goes with those that have it. */
    @Test
    void whatFindsNoRoomInTheWindowIsToldWithWhatDoes() {
        subscribedToSeveralRecords();
        changeAll("40.0.1.", 0, 240);

        var due = publisher.poll(at(0), state, 1_000);
        assertThat(due).hasSize(80);
        due.forEach(this::acknowledgeAll);
        publisher.poll(at(3), state, 1_000);
        assertThat(publisher.outstanding()).isZero();
        assertThat(publisher.remembered()).isZero();
    }

    @Test
    void aMapNotifyOfSeveralIsGivenUpWhole() {
        subscribedToSeveralRecords();
        change(
                START,
                record("40.0.0.7/32", 1440, "192.0.2.71"),
                record("40.0.0.8/32", 1440, "192.0.2.72"));
        int sent = 0;
        for (int second = 0; second < 99; second++) {
            for (var due : publisher.poll(at(second), state, 100)) {
                assertThat(told(List.of(due)))
                        .containsExactly(List.of("40.0.0.7/32", "40.0.0.8/32"));
                sent++;
            }
        }
        assertThat(sent).isEqualTo(7);
        assertThat(publisher.poll(at(99), state, 100))
                .containsExactly(
                        new Publisher.Due.Surrender(
                                new Command.GiveUp(SUBSCRIBER, eid("40.0.0.7/32"), new Nonce(500))),
                        new Publisher.Due.Surrender(
                                new Command.GiveUp(
                                        SUBSCRIBER, eid("40.0.0.8/32"), new Nonce(501))));
    }

    /** Whoever counts by EID-Prefix or by subscription takes what it has not heard yet. */
    @Rfc("9437 §6")
    @Test
    void aNewLeaderTellsAloneWhatTheLastOneMayHaveToldTogether() {
        subscribedToSeveralRecords();
        change(
                START,
                record("40.0.0.7/32", 1440, "192.0.2.71"),
                record("40.0.0.8/32", 1440, "192.0.2.72"));

        publisher.onLeading(state, at(1));
        change(at(1), record("40.0.0.9/32", 1440, "192.0.2.73"));

        assertThat(nonces(publisher.poll(at(1), state, 100))).containsExactly(500L, 501L, 502L);
    }

    private static Command.Receipt receipt(String eid, long nonce) {
        return new Command.Receipt(SUBSCRIBER, eid(eid), new Nonce(nonce));
    }

    @Test
    void whatTheStateHasSettledIsNotSent() {
        subscribed("192.0.2.9");
        acknowledge("40.0.0.7/32", 501);

        assertThat(nonces(publisher.poll(at(0), state, 100))).containsExactly(500L, 502L);
        assertThat(publisher.outstanding()).isEqualTo(2);
    }

    @Rfc("9437 §6")
    @Test
    void aNewLeaderResumesWithTheSameNoncesInTheirOrder() {
        subscribed("192.0.2.9");
        change(at(1), record("40.0.0.7/32", 1440, "192.0.2.77"));
        publisher.poll(at(1), state, 100);
        publisher.onFollowing();
        assertThat(publisher.poll(at(3), state, 100)).isEmpty();
        assertThat(publisher.awaiting(new Nonce(503), eid("40.0.0.7/32"))).isEmpty();

        var next = new Publisher(() -> false, _ -> 0);
        next.onLeading(state, at(10));

        assertThat(nonces(next.poll(at(10), state, 100))).containsExactly(500L, 502L, 503L);
        // The last leader may have heard of an acknowledgement of 503, so the older ones need
        // nonces above it.
        assertThat(next.poll(at(13), state, 100))
                .filteredOn(Publisher.Due.Renew.class::isInstance)
                .hasSize(2);
    }

    @Rfc("9437 §6")
    @Test
    void noMoreIsSentAtOnceThanAsked() {
        subscribed("192.0.2.9");

        assertThat(nonces(publisher.poll(at(0), state, 2))).containsExactly(500L, 501L);
        assertThat(publisher.due()).contains(at(0));
        assertThat(nonces(publisher.poll(at(0), state, 2))).containsExactly(502L);
        assertThat(publisher.due()).contains(at(3));
    }

    @Test
    void allWhoWaitForTheSameNonceAreFound() {
        // xTRs 2 to 5 register in one moment, so their counters begin alike.
        for (int number = 2; number <= 5; number++) {
            apply(
                    register(number, 1, 0, List.of(record("40.0.0.9/32", 5, "192.0.2." + number))),
                    START);
        }
        apply(register(2, 2, 1, List.of(record("40.0.0.9/32", 0))), START);
        publisher.poll(at(0), state, 100);

        var found = new ArrayList<ListenerId>();
        for (var publish : state.outstanding()) {
            var nonce = publish.outstanding().nonce();
            var awaiting =
                    publisher.awaiting(nonce, publish.outstanding().eid()).stream()
                            .map(Publisher.Awaited::listener)
                            .toList();
            assertThat(awaiting).contains(publish.listener());
            assertThat(publisher.awaiting(nonce, eid("40.0.0.7/32"))).isEmpty();
            found.addAll(awaiting);
        }
        assertThat(found).hasSizeGreaterThanOrEqualTo(3);
        for (var publish : state.outstanding()) {
            var nonce = publish.outstanding().nonce();
            var eid = publish.outstanding().eid();
            apply(Command.Acknowledge.of(publish.listener(), eid, nonce), START);
        }
        assertThat(publisher.poll(at(3), state, 100)).isEmpty();
        assertThat(publisher.outstanding()).isZero();
    }

    /** Strangers choose xTR-IDs; these have one hash code in Java, whoever runs it. */
    @Rfc("9437 §6")
    @Test
    void xtrsThatAreChosenToMeetInOnePlaceOfATableCostNoMoreThanOthers() {
        int many = 16_384;
        assertTimeout(
                Duration.ofSeconds(60),
                () -> {
                    for (int i = 0; i < many; i++) {
                        long low = -31 * Long.hashCode(i) & 0xFFFF_FFFFL;
                        var xtr = new XtrIdentity(new XtrId(i, low), new SiteId(4));
                        assertThat(xtr.xtrId().hashCode()).isZero();
                        var id = new ListenerId.Subscriber(eid("40.0.0.7/32"), xtr);
                        var told = new Outstanding(eid("40.0.0.7/32"), new Nonce(i), true);
                        publisher.onPublish(
                                new Effect.Publish(id, told), MappingSystem.EMPTY, START);
                    }
                    assertThat(publisher.outstanding()).isEqualTo(many);
                    publisher.poll(START, MappingSystem.EMPTY, 2 * many);
                });
        assertThat(publisher.outstanding()).isZero();
    }

    /** The first of RFC 9301 §5.7's gaps is three seconds, also when they are counted anew. */
    @Rfc("9301 §5.7")
    @Test
    void nothingWaitsLongerWhenTheClockIsSetBack() {
        subscribed("192.0.2.9");
        assertThat(nonces(publisher.poll(at(3_600), state, 100))).containsExactly(500L, 501L, 502L);

        change(START, record("40.0.0.9/32", 1440, "192.0.2.73"));

        assertThat(nonces(publisher.poll(START, state, 100))).containsExactly(503L);
        assertThat(publisher.poll(at(2), state, 100)).isEmpty();
        assertThat(nonces(publisher.poll(at(3), state, 100)))
                .containsExactlyInAnyOrder(500L, 501L, 502L, 503L);
    }

    private static final Credentials SITE_A = new Credentials("A", 1, 3, 16);
    private static final Credentials SITE_B = new Credentials("B", 1, 3, 16);

    /** A publisher and the state that it reads, for many that nobody has to register. */
    private final class Crowd {
        private final Map<ListenerId, Long> counters = new HashMap<>();

        ListenerId subscriber(int number, Credentials of) {
            var id = new ListenerId.Subscriber(eid("40.0.0.0/16"), xtr(number));
            var contact = new Contact(of, List.of(ip("192.0.2.9")), 4342);
            set(
                    new Change.ListenerSet(
                            new Listener(
                                    id,
                                    contact,
                                    Listener.Standing.ACTIVE,
                                    new Nonce(0),
                                    0,
                                    Long.MAX_VALUE,
                                    0,
                                    List.of(),
                                    PrefixMap.empty())));
            return id;
        }

        private void set(Change change) {
            state = state.with(change);
        }

        /** News about the one with this number; its nonce. */
        long publish(ListenerId id, int number, Instant now) {
            long nonce = counters.merge(id, 1L, Long::sum);
            var told = new Outstanding(numbered(number), new Nonce(nonce), false);
            set(new Change.OutstandingSet(id, told));
            publisher.onPublish(new Effect.Publish(id, told), state, now);
            return nonce;
        }

        void publish(ListenerId id, int from, int to, Instant now) {
            for (int i = from; i < to; i++) {
                publish(id, i, now);
            }
        }

        Eid numbered(int number) {
            return eid("40.0." + number / 256 + "." + number % 256 + "/32");
        }

        /** The acknowledgement, and what the log makes of it if it gets so far. */
        void acknowledge(ListenerId id, Publisher.Due.Send sent, Instant now, boolean settled) {
            publisher.awaiting(sent.nonce(), sent.records().getFirst().eid()).stream()
                    .filter(it -> it.listener().equals(id))
                    .forEach(it ->
                            publisher.onHeard(
                                    it,
                                    publisher.listener(it, state).orElseThrow(),
                                    sent.to(),
                                    now));
            if (settled) {
                set(new Change.OutstandingGone(id, sent.records().getFirst().eid()));
            }
        }

        /** All that is due now; what is given up is. */
        List<Publisher.Due.Send> poll(Instant now) {
            var sent = new ArrayList<Publisher.Due.Send>();
            for (var due : publisher.poll(now, state, Integer.MAX_VALUE)) {
                switch (due) {
                    case Publisher.Due.Send send -> sent.add(send);
                    case Publisher.Due.Surrender(var giveUp) ->
                            set(new Change.OutstandingGone(giveUp.listener(), giveUp.eid()));
                    case Publisher.Due.Renew _ -> {}
                }
            }
            return sent;
        }
    }

    @Test
    void anXtrThatAcknowledgesNothingIsToldNoMoreThanFindsRoom() {
        var crowd = new Crowd();
        var silent = crowd.subscriber(1, SITE_A);
        crowd.publish(silent, 0, 1_000, at(0));

        assertThat(crowd.poll(at(0))).hasSize(Publisher.WINDOW);
        assertThat(crowd.poll(at(2))).isEmpty();
        assertThat(crowd.poll(at(3))).hasSize(Publisher.WINDOW).allMatch(Publisher.Due.Send::again);
        assertThat(publisher.outstanding()).isEqualTo(1_000);
    }

    @Test
    void eachAcknowledgementMakesRoomForOneBeforeTheLogHasTakenIt() {
        var crowd = new Crowd();
        var subscriber = crowd.subscriber(1, SITE_A);
        crowd.publish(subscriber, 0, 1_000, at(0));
        var told = new ArrayList<Long>();

        var sent = crowd.poll(at(0));
        crowd.acknowledge(subscriber, sent.removeFirst(), at(0), false);
        assertThat(crowd.poll(at(0))).hasSize(1);

        while (!sent.isEmpty()) {
            for (var it : sent) {
                told.add(it.nonce().value());
                crowd.acknowledge(subscriber, it, at(0), true);
            }
            sent = crowd.poll(at(0));
        }
        assertThat(told).isSorted().hasSize(998);
    }

    /** What is lost was sent before what arrives, and must not keep the window shut. */
    @Test
    void whatWasSentBeforeWhatIsAcknowledgedTakesNoRoomAndWhatWasSentLaterDoes() {
        var crowd = new Crowd();
        var subscriber = crowd.subscriber(1, SITE_A);
        crowd.publish(subscriber, 0, 1_000, at(0));
        var sent = crowd.poll(at(0));
        crowd.acknowledge(subscriber, sent.get(99), at(1), true);
        assertThat(crowd.poll(at(1))).hasSize(100);

        // Sent again, it takes its room again, and one that is heard opens for what came before it.
        var again = crowd.poll(at(3));
        assertThat(again).hasSize(127);
        crowd.acknowledge(subscriber, again.getFirst(), at(3), true);
        assertThat(crowd.poll(at(3))).hasSize(2);
    }

    /** It is told again once it may be back, not given up after having been sent once. */
    @Test
    void whatIsNewInALongSilenceIsGivenUpNoSoonerThanAnythingElse() {
        var crowd = new Crowd();
        var silent = crowd.subscriber(1, SITE_A);
        crowd.publish(silent, 0, 128, at(0));
        for (int second = 0; second < 50; second++) {
            crowd.poll(at(second));
        }
        crowd.publish(silent, 0, 2, at(50)); // what it overtakes ends with its gap
        crowd.publish(silent, 200, 201, at(50));
        int times = 0;
        for (int second = 50; second < 149; second++) {
            times +=
                    (int)
                            crowd.poll(at(second)).stream()
                                    .filter(it ->
                                            it.records()
                                                    .getFirst()
                                                    .eid()
                                                    .equals(crowd.numbered(200)))
                                    .count();
        }
        assertThat(times).isEqualTo(2);
    }

    /** Ten changes a second of each of a thousand EIDs, and nobody is there. */
    @Test
    void anXtrThatIsSilentIsSentLessAndLessHoweverMuchChanges() {
        var crowd = new Crowd();
        var silent = crowd.subscriber(1, SITE_A);
        var sent = new ArrayList<Integer>();
        for (int second = 0; second < 300; second++) {
            int now = 0;
            for (int i = 0; i < 10; i++) {
                crowd.publish(silent, 0, 200, at(second));
                now += crowd.poll(at(second)).size();
            }
            sent.add(now);
            assertThat(publisher.outstanding()).isEqualTo(200);
        }
        assertThat(sent.subList(0, 3).stream().mapToInt(it -> it).sum())
                .isEqualTo(Publisher.WINDOW);
        assertThat(sent.subList(0, 99).stream().mapToInt(it -> it).sum())
                .isLessThanOrEqualTo(7 * Publisher.WINDOW);
        assertThat(sent.subList(99, 300).stream().mapToInt(it -> it).sum())
                .isLessThanOrEqualTo(5 * Publisher.WINDOW);
    }

    @Test
    void oneThatIsHeardAgainIsToldAllThatHasWaited() {
        var crowd = new Crowd();
        var subscriber = crowd.subscriber(1, SITE_A);
        crowd.publish(subscriber, 0, 1_000, at(0));
        for (int second = 0; second < 51; second++) {
            crowd.poll(at(second));
        }

        int told = 0;
        var sent = crowd.poll(at(51));
        while (!sent.isEmpty()) {
            told += sent.size();
            for (var it : sent) {
                crowd.acknowledge(subscriber, it, at(51), true);
            }
            sent = crowd.poll(at(51));
        }

        assertThat(told).isEqualTo(1_000);
        crowd.poll(at(200));
        assertThat(publisher.outstanding()).isZero();
        assertThat(publisher.remembered()).isZero();
    }

    @Test
    void whatFindsNoRoomIsGivenUpWhenWhatIsSentIs() {
        var crowd = new Crowd();
        var silent = crowd.subscriber(1, SITE_A);
        crowd.publish(silent, 0, 1_000, at(0));
        int sent = 0;
        for (int second = 0; second < 130; second++) {
            sent += crowd.poll(at(second)).size();
        }

        assertThat(sent).isEqualTo(7 * Publisher.WINDOW);
        assertThat(publisher.outstanding()).isZero();
    }

    @Test
    void aSiteWithMuchToTellWaitsForNobodyAndNobodyForIt() {
        var crowd = new Crowd();
        for (int number = 1; number <= 100; number++) {
            crowd.publish(crowd.subscriber(number, SITE_A), 0, 100, at(0));
        }
        var other = crowd.subscriber(101, SITE_B);
        crowd.publish(other, 0, 5, at(0));

        var due = publisher.poll(at(0), state, 10);

        assertThat(due)
                .extracting(it -> ((Publisher.Due.Send) it).credentials().site())
                .containsExactly("A", "B", "A", "B", "A", "B", "A", "B", "A", "B");
        assertThat(publisher.poll(at(0), state, 10)).hasSize(10);
    }

    /** Whoever asks says himself which site he is of. */
    @Test
    void theAnswersToRequestsInTheNameOfASiteDoNotKeepItsNewsWaiting() {
        for (int number = 10; number < 110; number++) {
            apply(subscribe(number, 1, "40.0.0.0/16", "203.0.113.9"), START);
        }
        subscribed("192.0.2.9");

        var due = publisher.poll(at(0), state, 8);

        assertThat(due).filteredOn(it -> !((Publisher.Due.Send) it).confirms()).hasSize(3);
    }
}
