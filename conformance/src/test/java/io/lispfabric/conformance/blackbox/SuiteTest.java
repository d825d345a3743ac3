package io.lispfabric.conformance.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.conformance.blackbox.Result.Verdict;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The suite finds what it is there to find. */
class SuiteTest {
    private static final Secret SECRET =
            new Secret(
                    1,
                    ByteBuffer.wrap("lisp-test-secret".getBytes(StandardCharsets.US_ASCII)),
                    3,
                    16);

    /** The careless server knows none of these secrets; it does not ask. */
    private static final Setup.More MORE =
            new Setup.More(
                    Optional.of(SECRET.forged().withKeyId(2)),
                    Optional.of(SECRET.forged()),
                    Optional.of(new Setup.OtherSite(1, SECRET.forged())),
                    false);

    private static List<String> ids(List<Result> results, Verdict verdict) {
        return results.stream()
                .filter(it -> it.verdict() == verdict)
                .map(it -> it.test().id())
                .toList();
    }

    private static Setup setup(CarelessServer server) {
        return new Setup(
                server.address(),
                Optional.of(SECRET),
                0,
                Address.parse("[1]10.97.0.0/16"),
                Address.parse("[1]2001:db8:97::/48"),
                2,
                Address.parse("[16777214]10.98.0.0/24"),
                Optional.empty(),
                Duration.ofMillis(500),
                MORE);
    }

    /** It subscribes and merges, answers at length and twice, and keeps count of nothing. */
    @Test
    void aServerThatSaysTooMuchFailsWhatAsksForOrder() throws Exception {
        try (var server = new CarelessServer(SECRET, true)) {
            try (var suite = Suite.open(setup(server), InstantSource.system())) {
                var cases =
                        Suite.cases().stream()
                                .filter(it ->
                                        it.id()
                                                .matches(
                                                        "(merge|subscribe|unsubscribe|publish|reply|overlap|sec)"
                                                                + "\\..*"))
                                .toList();
                var results = suite.run(cases, 16, _ -> {});

                assertThat(ids(results, Verdict.PASS))
                        .contains("subscribe.again", "publish.change", "merge.union");
                assertThat(ids(results, Verdict.FAIL))
                        .contains(
                                "merge.same-locator",
                                "merge.same-locator-stays",
                                "merge.order",
                                "merge.leave",
                                "merge.all-leave",
                                "merge.change",
                                "merge.others-are-told",
                                "merge.leave-is-told",
                                "merge.nonces-grow",
                                "merge.unacknowledged",
                                "merge.ack-forged",
                                "reply.one",
                                "reply.size",
                                "sec.key-again",
                                "sec.subscription",
                                "subscribe.replayed",
                                "subscribe.unacknowledged",
                                "subscribe.counts-publications",
                                "subscribe.unknown-site",
                                "subscribe.to-itr-rloc",
                                "subscribe.moves",
                                "subscribe.no-flood",
                                "publish.each-change",
                                "publish.refresh-is-no-change",
                                "publish.less-specific",
                                "publish.other-instance",
                                "publish.comes-back",
                                "publish.unacknowledged",
                                "publish.ack-forged",
                                "publish.ack-of-another",
                                "publish.newest",
                                "unsubscribe.confirmed",
                                "unsubscribe.replayed-subscription",
                                "unsubscribe.replayed",
                                "unsubscribe.one-of-two",
                                "unsubscribe.part");
            }
        }
    }

    @Test
    void aServerThatBelievesEverythingFailsWhatAsksForCare() throws Exception {
        try (var server = new CarelessServer(SECRET, false)) {
            try (var suite = Suite.open(setup(server), InstantSource.system())) {
                var results = suite.run(Suite.cases(), 16, _ -> {});

                assertThat(ids(results, Verdict.PASS))
                        .contains(
                                "register.notify",
                                "register.resolves",
                                "register.algorithm-2",
                                "register.algorithm-3",
                                "register.no-notify-unless-wanted",
                                "notify.authentication",
                                "notify.record",
                                "notify.not-repeated",
                                "request.longest-match",
                                "request.other-instance",
                                "negative.nowhere",
                                "malformed.truncated",
                                "malformed.noise");
                assertThat(ids(results, Verdict.FAIL))
                        .contains(
                                "register.algorithm-none",
                                "register.wrong-key",
                                "register.unknown-key-id",
                                "register.mac-short",
                                "register.flipped-nonce",
                                "register.flipped-mac",
                                "register.flipped-mac-end",
                                "register.flipped-mac-after-zero",
                                "register.mac-zero",
                                "register.flipped-ttl",
                                "register.flipped-locator",
                                "register.flipped-xtr-id",
                                "register.replay",
                                "register.older-nonce",
                                "register.withdraw",
                                "register.foreign-prefix",
                                "negative.unregistered",
                                "request.overlapping",
                                "request.probe",
                                "request.no-reply-bit",
                                "request.locators-sorted",
                                "request.forwarded",
                                "malformed.ecm-ip-checksum",
                                "malformed.ecm-udp-checksum",
                                "malformed.ecm-no-udp-checksum",
                                "request.several-records",
                                "register.downgraded",
                                "register.flipped-site-id",
                                "register.flipped-key-id",
                                "register.flipped-mask-length",
                                "key.second",
                                "key.nonces",
                                "key.crossed",
                                "key.other-site",
                                "key.other-sites-eid",
                                "record.map-version-older",
                                "record.map-version-wrapped",
                                "record.locator-flags",
                                "record.probed-bit",
                                "record.both-families",
                                "record.eid-lcaf-unknown",
                                "record.eid-afi-unknown",
                                "record.locator-afi-unknown",
                                "record.locator-lcaf-unknown",
                                "overlap.branch",
                                "overlap.root",
                                "overlap.ipv6",
                                "overlap.too-many",
                                "reply.canonical",
                                "reply.reserved",
                                "reply.negative-bits",
                                "ecm.inner-ipv6-checksum",
                                "hole.beside",
                                "hole.between",
                                "hole.wide",
                                "hole.ipv6",
                                "hole.follows-registrations",
                                "hole.mac",
                                "hole.name",
                                "sec.proxied",
                                "sec.negative",
                                "sec.requested-hmac",
                                "sec.kdf-unknown",
                                "sec.nobody-can-sign",
                                "sec.wrong-key",
                                "sec.unknown-key-id",
                                "sec.other-nonce",
                                "sec.flipped",
                                "sec.null-wrap",
                                "sec.wrap-unknown");
                assertThat(ids(results, Verdict.SKIP))
                        .contains(
                                "merge.union", "merge.leave", "publish.change", "subscribe.again");
                assertThat(results)
                        .filteredOn(it -> it.verdict() != Verdict.PASS)
                        .allMatch(it -> !it.detail().isEmpty());
            }
        }
    }

    /** The octets were computed from the text of RFC 9301 §5.6 by an independent script. */
    @Test
    void theMacIsTheRfcs() {
        var message =
                HexFormat.of()
                        .parseHex(
                                "3a000501000000010000000101030010205495a2cc9bcdd4f02c3d0557a54c43"
                                        + "000005a00170000000004003000002000014000000640011504f442d"
                                        + "442d41636349442d37000132ff0000050001c000020d000102030405"
                                        + "060708090a0b0c0d0e0f0000000000000004");
        assertThat(SECRET.vouchesFor(message)).isTrue();
        for (int i = 0; i < message.length; i++) {
            message[i] ^= 1;
            assertThat(SECRET.vouchesFor(message)).as("octet %s flipped", i).isFalse();
            message[i] ^= 1;
        }
    }
}
