package io.lispfabric.wire.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Vectors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageAuthenticationTest {
    private static final Bytes SECRET = ascii("lisp-test-secret");
    private static final Bytes SECRET_32 =
            Bytes.ofHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    private static final Set<Algorithm> ALL = EnumSet.allOf(Algorithm.class);

    private static Bytes ascii(String text) {
        return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static SharedKey key(Bytes secret, boolean legacyLength) {
        return new SharedKey(1, secret, ALL, legacyLength, true);
    }

    private static LispMessage.Authenticated message(String name) {
        return (LispMessage.Authenticated) Vectors.decoded(name);
    }

    private static boolean verify(byte[] payload, SharedKey key) {
        return switch (LispCodec.decode(ByteBuffer.wrap(payload), Vendors.NONE)) {
            case Decoded.Message(LispMessage.Authenticated message) ->
                    MessageAuthentication.verify(message, ByteBuffer.wrap(payload), key);
            case Decoded.Message _, Decoded.Malformed _ -> false;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "map-register-sha256, HMAC_SHA256_128, 16",
        "map-register-sha256-uncut, HMAC_SHA256_128, 32",
        "map-register-hkdf, HMAC_SHA256_128_HKDF, 16",
        "map-register-sha1, HMAC_SHA1_96, 12",
        "map-register-withdrawal, HMAC_SHA256_128_HKDF, 16",
        "map-register-repeated, HMAC_SHA256_128_HKDF, 16",
        "map-notify, HMAC_SHA256_128_HKDF, 16",
        "map-notify-with-xtr-id, HMAC_SHA256_128_HKDF, 16",
        "map-notify-ack, HMAC_SHA256_128_HKDF, 16",
        "map-notify-ack-with-xtr-id, HMAC_SHA256_128_HKDF, 16",
        "info-request, HMAC_SHA256_128, 16",
        "info-reply, HMAC_SHA256_128, 16"
    })
    @Rfc("9301 §5.6")
    @Rfc("9301 §5.7")
    @Rfc("9301 §12.5")
    @Rfc("9301 §9")
    void theMacsOfTheVectorsAreOurs(String name, Algorithm algorithm, int length) {
        var octets = Vectors.read(name).toArray();
        assertThat(verify(octets, key(SECRET, true))).isTrue();
        assertThat(verify(octets, key(SECRET, false)))
                .as("only the RFC's length without legacy-length")
                .isEqualTo(length == algorithm.length());
        assertThat(MessageAuthentication.seal(message(name), key(SECRET, true), algorithm, length))
                .isEqualTo(octets);
    }

    @ParameterizedTest
    @CsvSource({
        "HMAC_SHA256_128, c79b0c6d28122bfe25f5e9e455d8c783",
        "HMAC_SHA256_128_HKDF, a3226cd0ed14c7c43ed72390f4c35bf8"
    })
    @Rfc("9301 §5.6")
    void aSecretOf32OctetsNeedsNoLegacySetting(Algorithm algorithm, String mac) {
        var key = new SharedKey(1, SECRET_32, EnumSet.of(algorithm), false, false);
        var sealed = MessageAuthentication.seal(message("map-register-sha256"), key);
        assertThat(sealed).hasSize(106);
        assertThat(Bytes.of(ByteBuffer.wrap(sealed, Authentication.DATA_OFFSET, 16)))
                .hasToString(mac);
        assertThat(verify(sealed, key)).isTrue();
    }

    @Test
    void theMapRegisterOfOpenOverlayRouterIsAuthentic() {
        var key = new SharedKey(0, ascii("anchorkey"), Set.of(Algorithm.HMAC_SHA1_96), true, true);
        var octets = Vectors.read("oor-map-register").toArray();
        assertThat(verify(octets, key)).isTrue();
        assertThat(
                        MessageAuthentication.seal(
                                message("oor-map-register"), key, Algorithm.HMAC_SHA1_96, 20))
                .isEqualTo(octets);
    }

    @ParameterizedTest
    @CsvSource({
        "map-register-sha256",
        "map-register-sha256-uncut",
        "map-register-hkdf",
        "map-register-sha1",
        "map-register-withdrawal",
        "map-notify",
        "map-notify-with-xtr-id",
        "map-notify-ack",
        "map-notify-ack-with-xtr-id",
        "info-request",
        "info-reply"
    })
    @Rfc("9301 §5.6")
    @Rfc("9301 §9")
    void oneFlippedBitAnywhereIsNoticed(String name) {
        var octets = Vectors.read(name).toArray();
        var key = key(SECRET, true);
        for (int bit = 0; bit < 8 * octets.length; bit++) {
            var flipped = octets.clone();
            flipped[bit / 8] ^= (byte) (0x80 >>> bit % 8);
            assertThat(verify(flipped, key)).as("bit %d of octet %d", bit % 8, bit / 8).isFalse();
        }
    }

    /**
     * The decoder might have refused what the test above flipped: the MAC must notice by itself.
     */
    @Test
    @Rfc("9301 §5.6")
    void theMacCoversEveryOctetOfThePayload() {
        var key = key(SECRET, true);
        for (var name : List.of("map-register-hkdf", "map-notify-with-xtr-id")) {
            var octets = Vectors.read(name).toArray();
            var message = message(name);
            for (int bit = 0; bit < 8 * octets.length; bit++) {
                var flipped = octets.clone();
                flipped[bit / 8] ^= (byte) (0x80 >>> bit % 8);
                boolean macItself = bit / 8 >= 16 && bit / 8 < 32;
                // The message still says what the MAC should be; the octets are another's.
                assertThat(MessageAuthentication.verify(message, ByteBuffer.wrap(flipped), key))
                        .as("%s: bit %d of octet %d", name, bit % 8, bit / 8)
                        .isEqualTo(macItself);
            }
            assertThat(MessageAuthentication.verify(message, ByteBuffer.wrap(octets), key))
                    .isTrue();
        }
    }

    /** What the RFC's parenthesis says, checked with the JDK's own HMAC. */
    @ParameterizedTest
    @CsvSource({
        "map-register-sha256-uncut",
        "map-notify-with-xtr-id",
        "map-notify-ack-with-xtr-id"
    })
    @Rfc("9301 §5.6")
    void aMacOfTheRecordsAloneEndsBeforeTheIds(String name) throws GeneralSecurityException {
        var algorithm = Set.of(Algorithm.HMAC_SHA256_128);
        var key = new SharedKey(1, SECRET, algorithm, false, true, true);
        var octets = MessageAuthentication.seal(message(name), key);
        var covered = Arrays.copyOf(octets, octets.length - 24);
        Arrays.fill(covered, Authentication.DATA_OFFSET, Authentication.DATA_OFFSET + 16, (byte) 0);
        var hmac = Mac.getInstance("HmacSHA256");
        hmac.init(new SecretKeySpec(SECRET.toArray(), "HmacSHA256"));
        assertThat(
                        Arrays.copyOfRange(
                                octets,
                                Authentication.DATA_OFFSET,
                                Authentication.DATA_OFFSET + 16))
                .isEqualTo(Arrays.copyOf(hmac.doFinal(covered), 16));

        assertThat(verify(octets, key)).isTrue();
        assertThat(verify(octets, new SharedKey(1, SECRET, algorithm, false, true))).isFalse();
        octets[octets.length - 1] ^= 1;
        assertThat(verify(octets, key)).as("other ids").isTrue();
        octets[octets.length - 25] ^= 1;
        assertThat(verify(octets, key)).as("another record").isFalse();
    }

    @Test
    @Rfc("9301 §5.6")
    void everySettingOfTheKeyCounts() {
        var octets = Vectors.read("map-register-hkdf").toArray();
        assertThat(verify(octets, SharedKey.of(1, SECRET))).isTrue();
        assertThat(verify(octets, SharedKey.of(2, SECRET))).as("another Key ID").isFalse();
        assertThat(verify(octets, SharedKey.of(1, ascii("lisp-test-secreu")))).isFalse();
        var sha256Only = new SharedKey(1, SECRET, Set.of(Algorithm.HMAC_SHA256_128), true, true);
        assertThat(verify(octets, sha256Only)).as("an algorithm that is not allowed").isFalse();
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("9301 §1.1")
    void noneAndUnknownAlgorithmsAreNeverAccepted() {
        var register = message("map-register-hkdf");
        for (int algorithm : new int[] {0, 4, 255}) {
            for (int length : new int[] {0, 12, 16, 20, 32}) {
                var forged =
                        register.with(new Authentication(1, algorithm, Bytes.of(new byte[length])));
                assertThat(verify(LispCodec.encode(forged), key(SECRET, true))).isFalse();
            }
        }
    }

    @Test
    @Rfc("9301 §5.6")
    void onlyTheTwoLengthsOfAnAlgorithmAreAccepted() {
        for (var algorithm : Algorithm.values()) {
            for (int length = 0; length <= algorithm.fullLength(); length++) {
                var sealed =
                        MessageAuthentication.seal(
                                message("map-register-hkdf"), key(SECRET, true), algorithm, length);
                assertThat(verify(sealed, key(SECRET, true)))
                        .as("%s, %d octets, legacy", algorithm, length)
                        .isEqualTo(
                                length == algorithm.length() || length == algorithm.fullLength());
                assertThat(verify(sealed, key(SECRET, false)))
                        .as("%s, %d octets", algorithm, length)
                        .isEqualTo(length == algorithm.length());
            }
        }
    }

    @Test
    void noKeyIsDerivedForAMessageThatNoSaltIsDefinedFor() {
        var request = message("info-request");
        assertThatThrownBy(() -> MessageAuthentication.seal(request, SharedKey.of(1, SECRET)))
                .hasMessageContaining("no salt");
        var claimed = request.with(new Authentication(1, 3, Bytes.of(new byte[16])));
        assertThat(verify(LispCodec.encode(claimed), key(SECRET, false))).isFalse();
    }

    @Test
    @Rfc("9301 §5.6")
    void verifyingLeavesThePayloadAsItWas() {
        var octets = Vectors.read("map-register-hkdf");
        var payload = ByteBuffer.wrap(octets.toArray());
        MessageAuthentication.verify(message("map-register-hkdf"), payload, key(SECRET, false));
        assertThat(payload.position()).isZero();
        assertThat(Bytes.of(payload)).isEqualTo(octets);
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("9301 §1.1")
    void aKeyIsCheckedWhenItIsMade() {
        assertThatThrownBy(() -> SharedKey.of(256, SECRET)).hasMessageContaining("0 to 255");
        assertThatThrownBy(() -> SharedKey.of(1, Bytes.EMPTY)).hasMessageContaining("empty");
        assertThatThrownBy(() -> SharedKey.of(1, ascii("fifteen octets.")))
                .hasMessageContaining("at least 16");
        assertThatThrownBy(() -> new SharedKey(1, SECRET, Set.of(), false, false))
                .hasMessageContaining("no algorithm");
        assertThatThrownBy(() -> new SharedKey(1, SECRET, ALL, false, false))
                .hasMessageContaining("32 octets");
        assertThat(new SharedKey(1, SECRET, ALL, false, true).preferred())
                .isEqualTo(Algorithm.HMAC_SHA256_128_HKDF);
        assertThat(SharedKey.of(1, SECRET).toString()).doesNotContain(SECRET.hex(), "secret=");
    }
}
