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

    private static List<String> ids(List<Result> results, Verdict verdict) {
        return results.stream()
                .filter(it -> it.verdict() == verdict)
                .map(it -> it.test().id())
                .toList();
    }

    @Test
    void aServerThatBelievesEverythingFailsWhatAsksForCare() throws Exception {
        try (var server = new CarelessServer(SECRET)) {
            var setup =
                    new Setup(
                            server.address(),
                            Optional.of(SECRET),
                            0,
                            Address.parse("[1]10.97.0.0/16"),
                            Address.parse("[1]2001:db8:97::/48"),
                            2,
                            Address.parse("[16777214]10.98.0.0/24"),
                            Optional.empty(),
                            Duration.ofMillis(500));
            try (var suite = Suite.open(setup, InstantSource.system())) {
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
                                "request.several-records");
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
