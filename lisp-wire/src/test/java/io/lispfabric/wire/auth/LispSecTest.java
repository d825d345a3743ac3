package io.lispfabric.wire.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapReplyAd;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.OtkAd;
import io.lispfabric.wire.PktAd;
import io.lispfabric.wire.Vectors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.RFC3394WrapEngine;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LISP-SEC against what OpenSSL and Python made of the same keys, and against one who forges. */
class LispSecTest {
    private static final Nonce NONCE = new Nonce(0x0123_4567_89ab_cdefL);
    private static final OneTimeKey ITR_OTK =
            new OneTimeKey(Bytes.ofHex("00112233445566778899aabbccddeeff"));
    private static final OneTimeKey MS_OTK =
            new OneTimeKey(Bytes.ofHex("a2f377ef8248cf00616538ff2ed3b979"));
    private static final SharedKey ITR_AND_MR = key(1, "lisp-test-secret");
    private static final SharedKey MS_AND_ETR = key(9, "another-secret-of-MS-and-ETR");
    private static final Set<KeyWrap> AES = EnumSet.of(KeyWrap.AES_128_HKDF_SHA256);

    private static SharedKey key(int keyId, String secret) {
        return SharedKey.of(keyId, Bytes.of(secret.getBytes(StandardCharsets.US_ASCII)));
    }

    private static EcmAd ecm(String name) {
        return ((EncapsulatedControlMessage) Vectors.decoded(name))
                .authenticationData()
                .orElseThrow();
    }

    private static boolean verify(byte[] payload, OneTimeKey itrOtk, OneTimeKey msOtk) {
        return LispCodec.decode(ByteBuffer.wrap(payload)) instanceof Decoded.Message(MapReply reply)
                && LispSec.verify(reply, ByteBuffer.wrap(payload), msOtk)
                && reply.authenticationData()
                        .filter(it -> LispSec.verify(it.eid(), itrOtk))
                        .isPresent();
    }

    private static byte[] flipped(byte[] octets, int bit) {
        var flipped = octets.clone();
        flipped[bit / 8] ^= (byte) (0x80 >>> bit % 8);
        return flipped;
    }

    /** RFC 3394 §4.1: 128 bits of key data with a 128-bit KEK, through the engine that we use. */
    @Test
    @Rfc("9303 §6.5")
    void theKeyWrapIsThatOfRfc3394() {
        var kek = new KeyParameter(Bytes.ofHex("000102030405060708090a0b0c0d0e0f").toArray());
        var aes = new RFC3394WrapEngine(AESEngine.newInstance());
        aes.init(true, kek);
        assertThat(Bytes.of(aes.wrap(ITR_OTK.secret().toArray(), 0, 16)).hex())
                .isEqualTo("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    }

    @Test
    @Rfc("9303 §6.5")
    void aOneTimeKeyIsWrappedAsTheVectorsHaveIt() {
        assertThat(LispSec.wrap(ITR_OTK, NONCE, ITR_AND_MR))
                .isEqualTo(ecm("ecm-lisp-sec-itr").otk());
        assertThat(LispSec.wrap(MS_OTK, NONCE, MS_AND_ETR)).isEqualTo(ecm("ecm-lisp-sec-ms").otk());
        assertThat(LispSec.unwrap(ecm("ecm-lisp-sec-itr").otk(), NONCE, ITR_AND_MR, AES))
                .contains(ITR_OTK);
        assertThat(LispSec.unwrap(ecm("ecm-lisp-sec-ms").otk(), NONCE, MS_AND_ETR, AES))
                .contains(MS_OTK);
    }

    @Test
    @Rfc("9303 §6.5")
    void aWrappedKeyThatWasChangedIsNoKey() {
        var otk = ecm("ecm-lisp-sec-itr").otk();
        for (int bit = 0; bit < 64; bit++) {
            var changed = new OtkAd(1, 2, otk.preamble() ^ 1L << bit, otk.key());
            assertThat(LispSec.unwrap(changed, NONCE, ITR_AND_MR, AES)).as("bit %d", bit).isEmpty();
        }
        for (int bit = 0; bit < 128; bit++) {
            var changed =
                    new OtkAd(1, 2, otk.preamble(), Bytes.of(flipped(otk.key().toArray(), bit)));
            assertThat(LispSec.unwrap(changed, NONCE, ITR_AND_MR, AES)).as("bit %d", bit).isEmpty();
        }
    }

    @Test
    @Rfc("9303 §6.5")
    void theKeyOfAMessageDependsOnNonceKeyIdAndSecret() {
        var otk = ecm("ecm-lisp-sec-itr").otk();
        assertThat(LispSec.unwrap(otk, NONCE.next(), ITR_AND_MR, AES)).isEmpty();
        assertThat(LispSec.unwrap(otk, NONCE, key(2, "lisp-test-secret"), AES)).isEmpty();
        assertThat(LispSec.unwrap(otk, NONCE, key(1, "lisp-test-secreu"), AES)).isEmpty();
    }

    @Test
    @Rfc("9303 §6.5")
    @Rfc("9303 §6.5.1")
    void aKeyInTheClearIsTakenOnlyWhereThatIsAccepted() {
        var clear = LispSec.unprotected(ITR_OTK);
        assertThat(clear).isEqualTo(new OtkAd(0, 1, 0, ITR_OTK.secret()));
        var both = EnumSet.allOf(KeyWrap.class);
        assertThat(LispSec.unwrap(clear, NONCE, ITR_AND_MR, both)).contains(ITR_OTK);
        assertThat(LispSec.unwrap(clear, NONCE, ITR_AND_MR, AES)).as("a downgrade").isEmpty();
        var preamble = new OtkAd(0, 1, 1, ITR_OTK.secret());
        assertThat(LispSec.unwrap(preamble, NONCE, ITR_AND_MR, both)).isEmpty();
        for (int wrapping : new int[] {0, 3, 255}) {
            var unknown = new OtkAd(1, wrapping, 0, ITR_OTK.secret());
            assertThat(LispSec.unwrap(unknown, NONCE, ITR_AND_MR, both)).isEmpty();
        }
    }

    @Test
    @Rfc("9303 §6.7.1")
    @Rfc("9303 §8.5")
    @Rfc("9303 §6.9")
    void theMsOtkIsDerivedFromTheItrOtk() {
        assertThat(LispSec.msOtk(ITR_OTK, LispSecKdf.HKDF_SHA256)).isEqualTo(MS_OTK);
        assertThat(LispSec.msOtk(ITR_OTK, LispSecKdf.HKDF_SHA1_128))
                .isEqualTo(new OneTimeKey(Bytes.ofHex("4f7515141f08ee8bd1fbde1b24339e26")));
        assertThat(LispSecKdf.of(0)).as("NOPREF is no function").isEmpty();
        assertThat(LispSecKdf.of(3)).isEmpty();
    }

    @Test
    @Rfc("9303 §6.7.1")
    void aMapServerVouchesAsTheVectorHasIt() {
        var data = ecm("ecm-lisp-sec-ms").eid();
        assertThat(
                        LispSec.vouch(
                                List.of(Eid.of(1, "40.0.0.0/16"), Eid.of(0, "2001:db8:103::/48")),
                                true,
                                LispSecKdf.HKDF_SHA256,
                                LispSecHmac.SHA256_128,
                                ITR_OTK))
                .isEqualTo(data);
        assertThat(LispSec.verify(data, ITR_OTK)).isTrue();
        assertThat(LispSec.verify(data, MS_OTK)).isFalse();
        assertThat(LispSec.verify(EidAd.request(2), ITR_OTK)).as("nothing vouched").isFalse();
    }

    @ParameterizedTest
    @CsvSource({"map-reply-lisp-sec, SHA256_128", "map-reply-lisp-sec-sha1, SHA1_96"})
    @Rfc("9303 §6.8")
    @Rfc("9303 §6.9")
    @Rfc("9303 §8.3")
    @Rfc("9303 §6")
    void aMapReplyIsSignedAsTheVectorsHaveIt(String name, LispSecHmac hmac) {
        var octets = Vectors.read(name).toArray();
        var reply = (MapReply) Vectors.decoded(name);
        var eid = reply.authenticationData().orElseThrow().eid();
        assertThat(LispSec.seal(reply, eid, hmac, MS_OTK)).isEqualTo(octets);
        assertThat(verify(octets, ITR_OTK, MS_OTK)).isTrue();
        assertThat(verify(octets, ITR_OTK, ITR_OTK)).isFalse();
        assertThat(verify(octets, MS_OTK, MS_OTK)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"map-reply-lisp-sec", "map-reply-lisp-sec-sha1"})
    @Rfc("9303 §6.9")
    @Rfc("9303 §6.8")
    void oneFlippedBitOfAMapReplyIsNoticed(String name) {
        var octets = Vectors.read(name).toArray();
        for (int bit = 0; bit < 8 * octets.length; bit++) {
            assertThat(verify(flipped(octets, bit), ITR_OTK, MS_OTK))
                    .as("bit %d of octet %d", bit % 8, bit / 8)
                    .isFalse();
        }
    }

    @Test
    @Rfc("9303 §6.9")
    void oneFlippedBitOfAKeyIsNoticed() {
        var octets = Vectors.read("map-reply-lisp-sec").toArray();
        for (int bit = 0; bit < 128; bit++) {
            var itr = new OneTimeKey(Bytes.of(flipped(ITR_OTK.secret().toArray(), bit)));
            var ms = new OneTimeKey(Bytes.of(flipped(MS_OTK.secret().toArray(), bit)));
            assertThat(verify(octets, itr, MS_OTK)).isFalse();
            assertThat(verify(octets, ITR_OTK, ms)).isFalse();
        }
    }

    /** An unassigned bit is ignored by the decoder, yet it is part of what was signed. */
    @Test
    @Rfc("9303 §6.7.1")
    void theEidHmacIsOverTheOctetsAsTheyCame() {
        var octets = Vectors.read("map-reply-lisp-sec").toArray();
        var reply = (MapReply) Vectors.decoded("map-reply-lisp-sec");
        int eidAd =
                octets.length
                        - 20
                        - reply.authenticationData().orElseThrow().eid().octets().length();
        octets[eidAd + 5] |= 1; // beside E
        if (!(LispCodec.decode(ByteBuffer.wrap(octets))
                instanceof Decoded.Message(MapReply changed))) {
            throw new AssertionError("unassigned bits are ignored");
        }
        var data = changed.authenticationData().orElseThrow().eid();
        assertThat(data.prefixes())
                .isEqualTo(reply.authenticationData().orElseThrow().eid().prefixes());
        assertThat(LispSec.verify(data, ITR_OTK)).isFalse();
        assertThat(LispCodec.encode(changed)).as("what an ETR copies").isEqualTo(octets);
    }

    @Test
    @Rfc("9303 §6.9")
    @Rfc("9303 §8.3")
    void onlyAWholeHmacOfAKnownAlgorithmCounts() {
        var reply = (MapReply) Vectors.decoded("map-reply-lisp-sec");
        var eid = reply.authenticationData().orElseThrow().eid();
        for (int id : new int[] {0, 1, 2, 3, 65535}) {
            for (int length = 0; length <= 32; length++) {
                var mac = Bytes.of(new byte[length]);
                var forged =
                        new MapReply(
                                reply.probe(),
                                reply.echoNonce(),
                                reply.nonce(),
                                reply.records(),
                                Optional.of(new MapReplyAd(eid, new PktAd(id, mac))));
                var octets = ByteBuffer.wrap(LispCodec.encode(forged));
                assertThat(LispSec.verify(forged, octets, MS_OTK)).isFalse();
                var vouched = EidAd.of(2, false, id, eid.prefixes(), mac);
                assertThat(LispSec.verify(vouched, ITR_OTK)).isFalse();
            }
        }
        // The right HMAC, cut: nobody may choose how many of its octets count.
        var whole = eid.hmac();
        for (int length = 0; length < 16; length++) {
            var cut = Bytes.of(whole.buffer().slice(0, length));
            assertThat(LispSec.verify(EidAd.of(2, false, 2, eid.prefixes(), cut), ITR_OTK))
                    .isFalse();
        }
        var unprotected = new MapReply(false, false, NONCE, List.of());
        assertThat(
                        LispSec.verify(
                                unprotected,
                                ByteBuffer.wrap(LispCodec.encode(unprotected)),
                                MS_OTK))
                .isFalse();
    }

    /** The numbers are those of Python's hmac and hashlib. */
    @Test
    @Rfc("9437 §7.1")
    void aSecurityAssociationIsMadeOfTheOneTimeKeyAndTheNonce() {
        assertThat(LispSec.pubSubKey(ITR_OTK, NONCE).hex())
                .isEqualTo("3b44512cea58343bab52b4d04c19f7798274f358a506aa07d6121101bef0cefe");
        assertThat(LispSec.fingerprint(ITR_OTK).hex())
                .isEqualTo("a8faed6abbf35c12a4b26e40f6feb19d");
        assertThat(LispSec.pubSubKey(ITR_OTK, NONCE.next()))
                .isNotEqualTo(LispSec.pubSubKey(ITR_OTK, NONCE));
    }

    @Test
    void secretsAreCheckedAndNeverPrinted() {
        assertThatThrownBy(() -> new OneTimeKey(Bytes.ofHex("00")))
                .hasMessageContaining("16 octets");
        assertThat(ITR_OTK.toString()).doesNotContain("0011");
        assertThat(LispSec.unprotected(ITR_OTK).toString()).doesNotContain("0011");
    }
}
