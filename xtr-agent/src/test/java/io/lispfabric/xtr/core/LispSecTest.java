package io.lispfabric.xtr.core;

import static io.lispfabric.xtr.core.Conversation.eid;
import static io.lispfabric.xtr.core.Conversation.mapping;
import static io.lispfabric.xtr.core.Conversation.negative;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an ITR believes, and what an ETR signs. The test plays the Map-Server, and strangers. */
class LispSecTest {
    private static final String ACC_8 = "[1]40.0.0.8/32";
    private static final String POD_D = "[1]40.0.0.0/16";
    private static final SharedKey SECRET =
            SharedKey.of(5, Bytes.of("a secret of the ITRs".getBytes(StandardCharsets.US_ASCII)));
    private static final Protecting ALWAYS = Protecting.with(SECRET);
    private static final Protecting PERHAPS =
            new Protecting(SECRET, true, LispSecHmac.BY_PREFERENCE, LispSecKdf.BY_PREFERENCE);

    private static Conversation talk(Protecting how) {
        return new Conversation(1, true, Optional.of(how));
    }

    /** A conversation in which ACC_8 is covered already, so that questions do not subscribe. */
    private static Conversation plainTalk(Protecting how) {
        var talk = talk(how);
        talk.subscribe("[1]40.0.0.0/8");
        talk.notify(association(1, 0x10000), "10000", mapping("[1]40.0.0.0/8", "192.0.2.99"));
        talk.text();
        return talk;
    }

    /** The so many-th that the xTR under test draws. */
    private static OneTimeKey otk(int number) {
        var octets = new byte[OneTimeKey.LENGTH];
        octets[0] = (byte) number;
        return new OneTimeKey(Bytes.of(octets));
    }

    private static SharedKey association(int otk, long nonce) {
        return SharedKey.of(5, LispSec.pubSubKey(otk(otk), new Nonce(nonce)));
    }

    private static MapReply signed(
            OneTimeKey otk,
            long nonce,
            List<Eid> vouched,
            boolean etrCantSign,
            MappingRecord... records) {
        return signed(
                otk,
                nonce,
                vouched,
                etrCantSign,
                LispSecHmac.SHA256_128,
                LispSecKdf.HKDF_SHA256,
                records);
    }

    private static MapReply signed(
            OneTimeKey otk,
            long nonce,
            List<Eid> vouched,
            boolean etrCantSign,
            LispSecHmac hmac,
            LispSecKdf kdf,
            MappingRecord... records) {
        return LispSec.sign(
                new MapReply(false, false, new Nonce(nonce), List.of(records)),
                LispSec.vouch(vouched, etrCantSign, kdf, hmac, otk),
                hmac,
                LispSec.msOtk(otk, kdf));
    }

    private static EcmAd sent(Conversation talk) {
        return ((EncapsulatedControlMessage) talk.last().message())
                .authenticationData()
                .orElseThrow();
    }

    @Test
    @Rfc("9303 §6.4")
    @Rfc("9303 §7.2")
    @Rfc("9303 §6")
    @Rfc("9303 §6.1")
    @Rfc("9303 §6.5")
    @Rfc("9303 §6.9")
    void everyTransmissionIsProtectedWithAKeyOfItsOwn() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        var first = sent(talk);
        assertThat(first.requestedHmacId()).isEqualTo(2);
        assertThat(first.eid()).isEqualTo(EidAd.request(2));
        assertThat(LispSec.unwrap(first.otk(), new Nonce(0x10000), SECRET, wraps()))
                .contains(otk(1));

        talk.until(1);
        assertThat(LispSec.unwrap(sent(talk).otk(), new Nonce(0x10001), SECRET, wraps()))
                .contains(otk(2));
    }

    private static EnumSet<KeyWrap> wraps() {
        return EnumSet.of(KeyWrap.AES_128_HKDF_SHA256);
    }

    @Test
    @Rfc("9303 §6.9")
    @Rfc("9301 §9")
    void anAnswerThatIsNotSignedIsDiscardedAndOneThatIsIsTakenOnce() {
        var talk = plainTalk(ALWAYS);
        talk.resolve(ACC_8);
        talk.reply("f001", mapping(ACC_8, "192.0.2.66"));
        var genuine =
                signed(otk(2), 0xf001, List.of(eid(ACC_8)), false, mapping(ACC_8, "192.0.2.13"));
        talk.reply(genuine);
        talk.reply(genuine);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 ECM Map-Request f001 [1]40.0.0.8/32
                           0.0   < ms1 Map-Reply f001 [1]40.0.0.8/32 1440m {.66}
                           0.0   dropped unprotected-reply
                           0.0   < ms1 Map-Reply f001 [1]40.0.0.8/32 1440m {.13}
                           0.0   * map-reply [1]40.0.0.8/32 1440m {.13}
                           0.0   < ms1 Map-Reply f001 [1]40.0.0.8/32 1440m {.13}
                           0.0   dropped unknown-nonce
                        """);
    }

    @Test
    @Rfc("9303 §6.9")
    @Rfc("9303 §7.6")
    @Rfc("9303 §6.9.1")
    void noOtherKeyAndNoFlippedBitIsBelieved() {
        var talk = plainTalk(ALWAYS);
        talk.resolve(ACC_8);
        var vouched = List.of(eid(ACC_8));
        var record = mapping(ACC_8, "192.0.2.13");
        var genuine = signed(otk(2), 0xf001, vouched, false, record);

        // The key of another question, played again; and a Map-Server's EID-AD with an ETR's key
        // that it was not meant for.
        talk.reply(signed(otk(1), 0xf001, vouched, false, record));
        var strange =
                LispSec.sign(
                        genuine,
                        genuine.authenticationData().orElseThrow().eid(),
                        LispSecHmac.SHA256_128,
                        LispSec.msOtk(otk(1), LispSecKdf.HKDF_SHA256));
        talk.reply(strange);
        // An ETR that knows its MS-OTK and vouches for itself.
        var msOtk = LispSec.msOtk(otk(2), LispSecKdf.HKDF_SHA256);
        talk.reply(
                LispSec.sign(
                        genuine,
                        LispSec.vouch(
                                List.of(eid(POD_D)),
                                false,
                                LispSecKdf.HKDF_SHA256,
                                LispSecHmac.SHA256_128,
                                msOtk),
                        LispSecHmac.SHA256_128,
                        msOtk));
        assertThat(talk.text().lines().filter(it -> it.endsWith("dropped bad-authentication")))
                .hasSize(3);

        var octets = LispCodec.encode(genuine);
        int readable = 0;
        for (int bit = 0; bit < 8 * octets.length; bit++) {
            var flipped = octets.clone();
            flipped[bit / 8] ^= (byte) (0x80 >>> bit % 8);
            if (LispCodec.decode(ByteBuffer.wrap(flipped))
                    instanceof Decoded.Message(MapReply reply)) {
                readable++;
                var outcome = talk.domain().onReply(reply, ByteBuffer.wrap(flipped), talk.now());
                assertThat(outcome.events()).as("bit %d", bit).isEmpty();
                assertThat(outcome.drops()).as("bit %d", bit).hasSize(1);
            }
        }
        assertThat(readable).isGreaterThan(300);
        assertThat(talk.domain().cache().get(eid(ACC_8))).isEmpty();
        talk.reply(genuine);
        assertThat(talk.domain().cache().get(eid(ACC_8))).isPresent();
    }

    /** The example of the RFC, to the letter. */
    @Test
    @Rfc("9303 §6.9.1")
    void aRecordThatNobodyVouchesForIsDiscardedAndItsNeighbourTaken() {
        var talk = talk(ALWAYS);
        talk.subscribe("2001:db8::/32");
        talk.notify(association(1, 0x10000), "10000", mapping("2001:db8::/32", "192.0.2.99"));
        talk.resolve("2001:db8:103::8");
        talk.text();
        talk.reply(
                signed(
                        otk(2),
                        0xf001,
                        List.of(eid("2001:db8:103::/48"), eid("2001:db8:203::/48")),
                        false,
                        mapping("2001:db8:102::/48", "192.0.2.66"),
                        mapping("2001:db8:103::/48", "192.0.2.13"),
                        mapping("2001:db8:200::/40", "192.0.2.66")));

        assertThat(talk.text().lines().skip(1))
                .containsExactly(
                        "   0.0   * map-reply [0]2001:db8:103::/48 1440m {.13}",
                        "   0.0   dropped overclaimed",
                        "   0.0   dropped overclaimed");
    }

    @Test
    @Rfc("9303 §6.9.1")
    void anAnswerWithNothingThatIsVouchedForIsNoAnswer() {
        var talk = plainTalk(ALWAYS);
        talk.resolve(ACC_8);
        talk.reply(
                signed(otk(2), 0xf001, List.of(eid(ACC_8)), false, mapping(POD_D, "192.0.2.66")));
        talk.until(1);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 ECM Map-Request f001 [1]40.0.0.8/32
                           0.0   < ms1 Map-Reply f001 [1]40.0.0.0/16 1440m {.66}
                           0.0   dropped overclaimed
                           1.0   > ms1 ECM Map-Request f002 [1]40.0.0.8/32
                        """);
    }

    @Test
    @Rfc("9303 §6.9")
    @Rfc("9301 §5.3")
    void whoSignsOtherwiseIsAskedOtherwiseButNotSooner() {
        var talk = plainTalk(ALWAYS);
        talk.resolve(ACC_8);
        var record = mapping(ACC_8, "192.0.2.13");
        var vouched = List.of(eid(ACC_8));
        talk.reply(
                signed(
                        otk(2),
                        0xf001,
                        vouched,
                        false,
                        LispSecHmac.SHA1_96,
                        LispSecKdf.HKDF_SHA256,
                        record));
        talk.until(0.9);
        assertThat(talk.text()).contains("dropped other-algorithm").doesNotContain("f002");
        talk.until(1);
        assertThat(sent(talk).requestedHmacId()).isEqualTo(1);
        assertThat(sent(talk).eid().kdfId()).isEqualTo(2);

        talk.reply(
                signed(
                        otk(3),
                        0xf002,
                        vouched,
                        false,
                        LispSecHmac.SHA1_96,
                        LispSecKdf.HKDF_SHA1_128,
                        record));
        talk.until(2);
        assertThat(sent(talk).requestedHmacId()).isEqualTo(1);
        assertThat(sent(talk).eid().kdfId()).isEqualTo(1);

        talk.reply(
                signed(
                        otk(4),
                        0xf003,
                        vouched,
                        false,
                        LispSecHmac.SHA1_96,
                        LispSecKdf.HKDF_SHA1_128,
                        record));
        assertThat(talk.domain().cache().get(eid(ACC_8))).isPresent();
    }

    @Test
    @Rfc("9303 §6.7")
    void whereNoEtrCanSignNothingIsAskedWithoutProtection() {
        var talk = plainTalk(ALWAYS);
        talk.resolve(ACC_8);
        talk.reply(
                signed(otk(2), 0xf001, List.of(eid(ACC_8)), true, negative(1, Action.DROP, ACC_8)));
        talk.until(3);
        assertThat(talk.text().lines().skip(2))
                .containsExactly("   0.0   * map-reply [1]40.0.0.8/32 1m drop");
    }

    @Test
    @Rfc("9303 §6.7")
    void whoWantsToMayAskOnceMoreWithoutProtection() {
        var talk = plainTalk(PERHAPS);
        talk.resolve(ACC_8);
        talk.reply(
                signed(otk(2), 0xf001, List.of(eid(ACC_8)), true, negative(1, Action.DROP, ACC_8)));
        talk.until(1);
        assertThat(((EncapsulatedControlMessage) talk.last().message()).authenticationData())
                .isEmpty();
        talk.reply("f002", mapping(ACC_8, "192.0.2.13"));
        assertThat(talk.domain().cache().get(eid(ACC_8))).isPresent();

        // Nobody but the Map-Server can have it do so.
        var other = plainTalk(PERHAPS);
        other.resolve(ACC_8);
        other.reply("f001", negative(1, Action.DROP, ACC_8));
        other.until(1);
        assertThat(sent(other).requestedHmacId()).isEqualTo(2);
    }

    @Test
    @Rfc("9437 §5")
    @Rfc("9437 §7.1")
    @Rfc("9437 §6")
    void aSubscriptionLivesUnderTheKeyThatItsQuestionMade() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        // Somebody with the key of the PoD, to whom the question was not wrapped.
        talk.notify("10000", mapping(ACC_8, "192.0.2.66"));
        var key = association(1, 0x10000);
        talk.notify(key, "10000", mapping(ACC_8, "192.0.2.13"));
        assertThat(talk.last().key()).contains(key);
        // Neither its news nor a confirmation that was not asked for come under the PoD's key.
        talk.notify("10001", mapping(ACC_8, "192.0.2.66"));
        talk.notify(key, "10001", mapping(ACC_8, "192.0.2.14"));
        assertThat(talk.last().key()).contains(key);

        assertThat(talk.text())
                .isEqualTo(
                        """
                           0.0   > ms1 ECM subscribe 10000 [1]40.0.0.8/32
                           0.0   < ms1 Map-Notify 10000 [1]40.0.0.8/32 1440m {.66}
                           0.0   dropped bad-authentication
                           0.0   < ms1 Map-Notify 10000 [1]40.0.0.8/32 1440m {.13}
                           0.0   > ms1 Map-Notify-Ack 10000 [1]40.0.0.8/32 1440m {.13}
                           0.0   * subscribed [1]40.0.0.8/32
                           0.0   * confirmation [1]40.0.0.8/32 1440m {.13}
                           0.0   * acked 10000
                           0.0   < ms1 Map-Notify 10001 [1]40.0.0.8/32 1440m {.66}
                           0.0   dropped unasked
                           0.0   < ms1 Map-Notify 10001 [1]40.0.0.8/32 1440m {.14}
                           0.0   > ms1 Map-Notify-Ack 10001 [1]40.0.0.8/32 1440m {.14}
                           0.0   * publication [1]40.0.0.8/32 1440m {.14}
                           0.0   * acked 10001
                        """);
    }

    @Test
    @Rfc("9437 §7.1")
    void aConfirmationOfSomethingElseThanWasAskedForIsNotAcknowledged() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        talk.text();
        talk.notify(association(1, 0x10000), "10000", mapping("[1]41.0.0.0/16", "192.0.2.66"));
        assertThat(talk.text().lines().skip(1)).containsExactly("   0.0   dropped unasked");
    }

    @Test
    @Rfc("9437 §7.1")
    void whicheverOfTwoAssociationsTheMapServerHasForTheLastIsHeard() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        talk.resolve("[1]40.0.0.9/32");
        var one = association(1, 0x10000);
        var two = association(2, 0x20000);
        talk.notify(two, "20000", mapping(POD_D, "192.0.2.13"));
        talk.notify(one, "10000", mapping(POD_D, "192.0.2.13"));
        talk.text();

        talk.notify(two, "20001", mapping(POD_D, "192.0.2.14"));
        assertThat(talk.text()).contains("* publication", "* acked 20001");
        talk.notify(one, "10001", mapping(POD_D, "192.0.2.15"));
        assertThat(talk.text()).contains("* publication", "* acked 10001");
        // Now it is known to be the last one: the other one is over.
        assertThat(talk.domain().cache().get(eid(POD_D)).orElseThrow().record())
                .isEqualTo(mapping(POD_D, "192.0.2.15"));
        assertThat(talk.domain().isSubscribed(eid(ACC_8))).isTrue();
    }

    /** Each transmission has its own key, and the Map-Server has the last one that it has heard. */
    @Test
    @Rfc("9437 §7.1")
    void theAssociationOfARepetitionIsTakenAfterThatOfAnOlderTransmission() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        talk.until(1);
        var one = association(1, 0x10000);
        var two = association(2, 0x10001);
        talk.notify(one, "10000", mapping(ACC_8, "192.0.2.13"));
        talk.until(5);
        talk.text();

        talk.notify(two, "10001", mapping(ACC_8, "192.0.2.13"));
        assertThat(talk.text()).contains("* subscribed", "* acked 10001");
        assertThat(talk.last().key()).contains(two);
        talk.notify(two, "10002", mapping(ACC_8, "192.0.2.14"));
        assertThat(talk.text()).contains("* publication", "* acked 10002");
    }

    /** What the Map-Server gives up last is all that it had. */
    @Test
    @Rfc("9437 §5")
    void whatWasGivenUpUnderTheKeyOfARepetitionIsAskedForAgain() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        talk.until(1);
        talk.notify(association(1, 0x10000), "10000", mapping(ACC_8, "192.0.2.13"));
        talk.until(99);
        talk.text();

        talk.notify(association(2, 0x10001), "10001", negative(0, Action.DROP_AUTH_FAILURE, ACC_8));
        talk.until(100);
        assertThat(talk.text()).contains("> ms1 ECM subscribe");
    }

    @Test
    @Rfc("9437 §7.1")
    void aRefusedAssociationIsAskedForAgainWithAnotherKey() {
        var talk = talk(ALWAYS);
        talk.resolve(ACC_8);
        talk.reply(
                signed(
                        otk(1),
                        0x10000,
                        List.of(eid(ACC_8)),
                        false,
                        negative(1, Action.DROP_AUTH_FAILURE, ACC_8)));
        talk.until(1);
        talk.notify(association(2, 0x10001), "10001", mapping(ACC_8, "192.0.2.13"));

        assertThat(talk.text())
                .contains("dropped association-refused", "ECM subscribe 10001", "* acked 10001");
    }

    // As ETR

    private static EncapsulatedControlMessage forwarded(String asked, Optional<EcmAd> data) {
        var itr = Ip.parse("192.0.2.77");
        var request = MapRequest.query(new Nonce(0x77), Optional.empty(), List.of(itr), eid(asked));
        return EncapsulatedControlMessage.of(itr, Ip.parse("40.0.0.8"), 4777, 4342, request)
                .with(data);
    }

    @Test
    @Rfc("9303 §6.3")
    @Rfc("9301 §5.6")
    @Rfc("9301 §1.1")
    void everyMapRegisterSaysThatItsEtrCanSignAndWhoIsToAnswer() {
        var talk = new Conversation();
        talk.register(ACC_8);
        var register = (MapRegister) talk.last().message();
        assertThat(register.securityCapable()).isTrue();
        assertThat(register.proxyReply()).isTrue();

        var itself = new Conversation(1, false, Optional.empty());
        itself.register(ACC_8);
        assertThat(((MapRegister) itself.last().message()).proxyReply()).isFalse();
    }

    @Test
    @Rfc("9301 §5.5")
    @Rfc("9301 §8.3")
    void aMapRequestThatWasPassedOnIsAnsweredAuthoritatively() {
        var talk = new Conversation(1, false, Optional.empty());
        talk.register(POD_D);
        talk.register(ACC_8);
        talk.notify("101", mapping(POD_D, "192.0.2.13", "192.0.2.14"));
        talk.text();
        talk.request(forwarded("[1]40.0.0.9/32", Optional.empty()), Optional.empty());

        assertThat(talk.last().to().getPort()).isEqualTo(4777);
        assertThat(talk.last().to().getAddress().getHostAddress()).isEqualTo("192.0.2.77");
        assertThat(talk.last().fromControlPort()).isTrue();
        var reply = (MapReply) talk.last().message();
        assertThat(reply.nonce()).isEqualTo(new Nonce(0x77));
        assertThat(reply.authenticationData()).isEmpty();
        // The best match, its group, and what is more specific.
        assertThat(reply.records()).allMatch(MappingRecord::authoritative);
        assertThat(reply.records().stream().map(MappingRecord::eid))
                .containsExactly(eid(POD_D), eid(ACC_8));
        assertThat(reply.records().getFirst().locators())
                .satisfiesExactly(
                        own -> assertThat(own.local()).isTrue(),
                        other -> assertThat(other.local()).isFalse());

        talk.request(forwarded("[1]50.0.0.1/32", Optional.empty()), Optional.empty());
        assertThat(talk.text()).contains("dropped not-registered");
        talk.withdraw(ACC_8);
        talk.withdraw(POD_D);
        talk.request(forwarded(ACC_8, Optional.empty()), Optional.empty());
        assertThat(talk.text()).contains("dropped not-registered");
    }

    @Test
    @Rfc("9301 §5.5")
    void whatDoesNotFitIsToldForJustWhatWasAskedFor() {
        var talk = new Conversation(1, false, Optional.empty());
        talk.register(POD_D);
        for (int i = 0; i < 40; i++) {
            talk.register("[1]40.0.1." + i);
        }
        talk.request(forwarded("[1]40.0.0.9/32", Optional.empty()), Optional.empty());
        var reply = (MapReply) talk.last().message();
        assertThat(reply.records().stream().map(MappingRecord::eid))
                .containsExactly(eid("[1]40.0.0.9/32"));
    }

    @Test
    @Rfc("9303 §6.8")
    void aProtectedMapRequestIsAnsweredWithItsEidAdAndOurSignature() {
        var talk = new Conversation(1, false, Optional.empty());
        talk.register(POD_D);
        var itrOtk = otk(9);
        for (int hmacId : new int[] {0, 1, 2, 7}) {
            var hmac = LispSecHmac.of(hmacId).orElse(LispSecHmac.SHA256_128);
            var msOtk = LispSec.msOtk(itrOtk, LispSecKdf.HKDF_SHA256);
            var vouched =
                    LispSec.vouch(List.of(eid(POD_D)), true, LispSecKdf.HKDF_SHA256, hmac, itrOtk);
            var data = new EcmAd(hmacId, LispSec.wrap(msOtk, new Nonce(0x77), SECRET), vouched);

            talk.request(forwarded(ACC_8, Optional.of(data)), Optional.of(msOtk));

            var reply = (MapReply) talk.last().message();
            var octets = LispCodec.encode(reply);
            assertThat(LispSec.verify(reply, ByteBuffer.wrap(octets), msOtk)).isTrue();
            var ad = reply.authenticationData().orElseThrow();
            assertThat(ad.eid()).isEqualTo(vouched);
            assertThat(ad.packet().hmacId()).isEqualTo(hmac.id());
        }
    }

    @Test
    @Rfc("9301 §5.4")
    void howManyAreAnsweredInASecondIsLimited() {
        var talk = new Conversation(1, false, Optional.empty());
        talk.register(POD_D);
        var ecm = forwarded(ACC_8, Optional.empty());
        var request = (MapRequest) ecm.message();
        long answered =
                Arrays.stream(new int[3000])
                        .filter(_ ->
                                !talk.domain()
                                        .onRequest(ecm, request, Optional.empty(), talk.now())
                                        .send()
                                        .isEmpty())
                        .count();
        assertThat(answered).isEqualTo(1000);
    }
}
