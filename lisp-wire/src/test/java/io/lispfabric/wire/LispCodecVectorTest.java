package io.lispfabric.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.LispAddress.None;
import io.lispfabric.lcaf.NatTraversal;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Rloc;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Every message of {@code vectors/}, field by field, and back to its octets. */
class LispCodecVectorTest {
    private static final Nonce REGISTER_NONCE = new Nonce(0x0000_0001_0000_0001L);
    private static final Nonce REQUEST_NONCE = new Nonce(0x0123_4567_89ab_cdefL);
    private static final Eid ACC_7 = Eid.of(100, "name:POD-D-AccID-7");
    private static final Eid HOST_7 = Eid.of(1, "40.0.0.7/32");
    private static final XtrIdentity IDENTITY =
            new XtrIdentity(
                    new XtrId(0x0001_0203_0405_0607L, 0x0809_0a0b_0c0d_0e0fL), new SiteId(4));

    @SuppressWarnings("unused") // the source of a parameter
    private static final List<String> NAMES = Vectors.NAMES;

    private static Locator locator(
            int priority, int weight, boolean local, boolean probed, boolean reachable, String ip) {
        return new Locator(priority, weight, 255, 0, local, probed, reachable, Rloc.of(ip));
    }

    private static LispAddress ip(String text) {
        return Ip.parse(text);
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    @Rfc("9301 §5")
    @Rfc("9301 §5.2")
    @Rfc("9301 §5.3")
    @Rfc("9301 §5.4")
    @Rfc("9301 §5.6")
    @Rfc("9303 §6.4")
    void whatIsReadIsWrittenAgainOctetByOctet(String name) {
        assertThat(LispCodec.encode(Vectors.decoded(name))).isEqualTo(Vectors.read(name).toArray());
    }

    @Test
    void everyVectorIsTested() throws IOException, URISyntaxException {
        var folder = LispCodecVectorTest.class.getResource("/vectors");
        assertThat(folder).isNotNull();
        try (var files = Files.list(Path.of(folder.toURI()))) {
            assertThat(
                            files.filter(Files::isRegularFile)
                                    .map(file -> file.getFileName().toString().replace(".hex", "")))
                    .containsExactlyInAnyOrderElementsOf(Vectors.NAMES);
        }
    }

    private static MapRegister register(Nonce nonce, RecordTtl ttl, int algorithm, String mac) {
        return new MapRegister(
                true,
                false,
                false,
                false,
                true,
                true,
                nonce,
                new Authentication(1, algorithm, Bytes.ofHex(mac)),
                List.of(
                        new MappingRecord(
                                ttl,
                                Action.NO_ACTION,
                                false,
                                0,
                                ACC_7,
                                List.of(locator(1, 50, true, false, true, "192.0.2.13")))),
                Optional.of(IDENTITY));
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("R-060")
    @Rfc("R-091")
    void mapRegister() {
        assertThat(Vectors.decoded("map-register-sha256"))
                .isEqualTo(
                        register(
                                REGISTER_NONCE,
                                RecordTtl.ONE_DAY,
                                2,
                                "62838ab980612b385e4f5cab8f5088d3"));
        assertThat(Vectors.decoded("map-register-sha256-uncut"))
                .isEqualTo(
                        register(
                                REGISTER_NONCE,
                                RecordTtl.ONE_DAY,
                                2,
                                "bba9f0561e410961027a79de5d737deabb601b897f0a8600c66d9a800a10730c"));
        assertThat(Vectors.decoded("map-register-hkdf"))
                .isEqualTo(
                        register(
                                REGISTER_NONCE,
                                RecordTtl.ONE_DAY,
                                3,
                                "205495a2cc9bcdd4f02c3d0557a54c43"));
        assertThat(Vectors.decoded("map-register-sha1"))
                .isEqualTo(
                        register(REGISTER_NONCE, RecordTtl.ONE_DAY, 1, "8d85a794a00fb279093fed0f"));
        assertThat(Vectors.decoded("map-register-repeated"))
                .isEqualTo(
                        register(
                                REGISTER_NONCE.next(),
                                RecordTtl.ONE_DAY,
                                3,
                                "fdfc5b2a1fb8c356935f318ba1a102a4"));
    }

    @Test
    @Rfc("9301 §5.4")
    void aMapRegisterWithdrawsWithARecordTtlOfZero() {
        var withdrawal =
                register(
                        REGISTER_NONCE.next(),
                        RecordTtl.REMOVE,
                        3,
                        "4140d58f4724dc5e2a3446171047f3aa");
        assertThat(Vectors.decoded("map-register-withdrawal")).isEqualTo(withdrawal);
        assertThat(withdrawal.records().getFirst().ttl().removes()).isTrue();
    }

    private static List<MappingRecord> merged() {
        return List.of(
                MappingRecord.of(
                        RecordTtl.ONE_DAY,
                        ACC_7,
                        List.of(
                                locator(1, 50, false, false, true, "192.0.2.13"),
                                locator(1, 50, false, false, true, "192.0.2.14"))));
    }

    private static Authentication hkdf(String mac) {
        return new Authentication(1, 3, Bytes.ofHex(mac));
    }

    @Test
    @Rfc("9301 §5.7")
    void mapNotify() {
        assertThat(Vectors.decoded("map-notify"))
                .isEqualTo(
                        new MapNotify(
                                REGISTER_NONCE,
                                hkdf("307f51d29a861c0e2cf8e80dbd0c8b5b"),
                                merged(),
                                Optional.empty()));
        assertThat(Vectors.decoded("map-notify-with-xtr-id"))
                .isEqualTo(
                        new MapNotify(
                                REGISTER_NONCE,
                                hkdf("6c7ebb191e99c568119dc496efd655a3"),
                                merged(),
                                Optional.of(IDENTITY)));
    }

    @Test
    @Rfc("9301 §5.7")
    void mapNotifyAck() {
        assertThat(Vectors.decoded("map-notify-ack"))
                .isEqualTo(
                        new MapNotifyAck(
                                REGISTER_NONCE,
                                hkdf("0374315be001cd700fef3d9c88c1d846"),
                                merged(),
                                Optional.empty()));
        assertThat(Vectors.decoded("map-notify-ack-with-xtr-id"))
                .isEqualTo(
                        new MapNotifyAck(
                                REGISTER_NONCE,
                                hkdf("d8c3965d0f47b7116798006396ab05b4"),
                                merged(),
                                Optional.of(IDENTITY)));
    }

    @Test
    @Rfc("9437 §4")
    @Rfc("9437 §5")
    @Rfc("R-033")
    void aMapRequestThatSubscribes() {
        var request =
                MapRequest.subscription(
                        REQUEST_NONCE,
                        Optional.empty(),
                        List.of(ip("192.0.2.1"), ip("2001:db8::1")),
                        HOST_7,
                        IDENTITY);
        assertThat(Vectors.decoded("map-request-subscription")).isEqualTo(request);
        assertThat(request.subscribes()).isTrue();
        assertThat(request.unsubscribes()).isFalse();
    }

    @Test
    @Rfc("9437 §5")
    void aMapRequestThatEndsASubscription() {
        var request =
                MapRequest.subscription(
                        REQUEST_NONCE.next(),
                        Optional.empty(),
                        List.of(None.NONE),
                        HOST_7,
                        IDENTITY);
        assertThat(Vectors.decoded("map-request-unsubscription")).isEqualTo(request);
        assertThat(request.unsubscribes()).isTrue();
    }

    @Test
    @Rfc("9301 §7.1")
    void aMapRequestThatProbes() {
        assertThat(Vectors.decoded("map-request-rloc-probe"))
                .isEqualTo(
                        new MapRequest(
                                false,
                                true,
                                false,
                                false,
                                false,
                                false,
                                false,
                                new Nonce(0x1122_3344_5566_7788L),
                                Optional.empty(),
                                List.of(ip("192.0.2.1")),
                                List.of(new MapRequest.Asked(false, Eid.of(1, "40.0.0.0/16"))),
                                Optional.empty(),
                                Optional.empty()));
    }

    @Test
    @Rfc("9301 §5.2")
    void aMapRequestWithEveryFlagAndAMapping() {
        assertThat(Vectors.decoded("map-request-smr-with-mapping"))
                .isEqualTo(
                        new MapRequest(
                                true,
                                true,
                                true,
                                true,
                                true,
                                true,
                                true,
                                new Nonce(0xfedc_ba98_7654_3210L),
                                Optional.of(Eid.of(0, "10.0.0.1/32")),
                                List.of(ip("192.0.2.1")),
                                List.of(
                                        new MapRequest.Asked(
                                                false, Eid.of(0, "mac:02:00:00:00:00:08"))),
                                Optional.of(
                                        new MappingRecord(
                                                new RecordTtl(10),
                                                Action.NO_ACTION,
                                                true,
                                                0x123,
                                                Eid.of(0, "10.0.0.0/24"),
                                                List.of(
                                                        locator(
                                                                1,
                                                                100,
                                                                true,
                                                                true,
                                                                true,
                                                                "2001:db8::1")))),
                                Optional.of(IDENTITY)));
    }

    @Test
    @Rfc("9301 §5.4")
    void aNegativeMapReply() {
        assertThat(Vectors.decoded("map-reply-negative-drop"))
                .isEqualTo(
                        new MapReply(
                                false,
                                false,
                                REQUEST_NONCE,
                                List.of(
                                        MappingRecord.negative(
                                                RecordTtl.FIFTEEN_MINUTES,
                                                Action.DROP,
                                                Eid.of(1, "48.0.0.0/4")))));
    }

    @Test
    @Rfc("9301 §8.3")
    void aMapReplyForAnEtr() {
        assertThat(Vectors.decoded("map-reply-proxy"))
                .isEqualTo(
                        new MapReply(
                                false,
                                false,
                                REQUEST_NONCE,
                                List.of(
                                        MappingRecord.of(
                                                RecordTtl.ONE_DAY,
                                                HOST_7,
                                                List.of(
                                                        locator(
                                                                1,
                                                                50,
                                                                false,
                                                                false,
                                                                true,
                                                                "192.0.2.13"),
                                                        locator(
                                                                1,
                                                                50,
                                                                false,
                                                                false,
                                                                true,
                                                                "192.0.2.14"))))));
    }

    @Test
    @Rfc("9301 §5.4")
    @Rfc("9301 §7.1")
    @Rfc("9302 §6.1")
    void aMapReplyToAProbe() {
        var reply =
                new MapReply(
                        true,
                        true,
                        new Nonce(0x1122_3344_5566_7788L),
                        List.of(
                                new MappingRecord(
                                        RecordTtl.ONE_DAY,
                                        Action.NO_ACTION,
                                        true,
                                        0xFFF,
                                        Eid.of(1, "40.0.0.0/16"),
                                        List.of(
                                                locator(1, 50, true, true, true, "192.0.2.1"),
                                                locator(
                                                        255,
                                                        0,
                                                        true,
                                                        false,
                                                        false,
                                                        "2001:db8::1"))),
                                new MappingRecord(
                                        RecordTtl.RECEIVER_DECIDES,
                                        Action.UNASSIGNED_7,
                                        true,
                                        0,
                                        Eid.of(0, "2001:db8::7/128"),
                                        List.of())));
        assertThat(Vectors.decoded("map-reply-rloc-probe")).isEqualTo(reply);
        assertThat(reply.records().getFirst().locators())
                .extracting(Locator::isUsable)
                .containsExactly(true, false);
    }

    @Test
    @Rfc("9301 §5.8")
    void aMapRequestInAnEcmOverIpv4() {
        var inner =
                MapRequest.query(
                        new Nonce(0x0102_0304_0506_0708L),
                        Optional.of(Eid.of(0, "10.0.0.1/32")),
                        List.of(ip("192.0.2.1")),
                        HOST_7);
        var octets = Vectors.read("ecm-map-request-ipv4");
        assertThat(Vectors.decoded("ecm-map-request-ipv4"))
                .isEqualTo(
                        new EncapsulatedControlMessage(
                                false,
                                Optional.empty(),
                                Bytes.of(octets.buffer().slice(4, octets.length() - 4)),
                                Ip.parse("10.0.0.1"),
                                Ip.parse("40.0.0.7"),
                                61000,
                                4342,
                                inner));
        assertThat(
                        LispCodec.encode(
                                EncapsulatedControlMessage.of(
                                        Ip.parse("10.0.0.1"),
                                        Ip.parse("40.0.0.7"),
                                        61000,
                                        4342,
                                        inner)))
                .as("our own wrapping, checksums included")
                .isEqualTo(octets.toArray());
    }

    @Test
    @Rfc("9301 §5.8")
    void aMapRequestInAnEcmOverIpv6() {
        var inner =
                MapRequest.query(
                        new Nonce(0x0102_0304_0506_0708L),
                        Optional.empty(),
                        List.of(ip("2001:db8::1")),
                        Eid.of(100, "name:Acc-12"));
        var octets = Vectors.read("ecm-map-request-ipv6-odd");
        assertThat(octets.length() % 2).isEqualTo(1);
        assertThat(Vectors.decoded("ecm-map-request-ipv6-odd"))
                .isEqualTo(
                        new EncapsulatedControlMessage(
                                true,
                                Optional.empty(),
                                Bytes.of(octets.buffer().slice(4, octets.length() - 4)),
                                Ip.parse("2001:db8::1"),
                                Ip.parse("2001:db8::53"),
                                61000,
                                4342,
                                inner));
        var ours =
                LispCodec.encode(
                        EncapsulatedControlMessage.of(
                                Ip.parse("2001:db8::1"),
                                Ip.parse("2001:db8::53"),
                                61000,
                                4342,
                                inner));
        ours[0] |= 4; // D, which our own never set
        assertThat(ours).isEqualTo(octets.toArray());
    }

    @Test
    @Rfc("8111 §6.4")
    @Rfc("8111 §6.4.1")
    void aMapReferralWithASignature() {
        assertThat(Vectors.decoded("map-referral"))
                .isEqualTo(
                        new MapReferral(
                                REQUEST_NONCE,
                                List.of(
                                        new ReferralRecord(
                                                RecordTtl.ONE_DAY,
                                                ReferralAction.NODE_REFERRAL,
                                                false,
                                                false,
                                                0,
                                                Eid.of(1, "40.0.0.0/16"),
                                                List.of(
                                                        locator(
                                                                1,
                                                                50,
                                                                false,
                                                                false,
                                                                true,
                                                                "192.0.2.61"),
                                                        locator(
                                                                2,
                                                                100,
                                                                false,
                                                                false,
                                                                true,
                                                                "2001:db8::61")),
                                                List.of(
                                                        new ReferralRecord.Signature(
                                                                RecordTtl.ONE_DAY,
                                                                0x66ef_4000,
                                                                0x6500_0000,
                                                                7,
                                                                2,
                                                                Bytes.ofHex(
                                                                        "a0a1a2a3a4a5a6a7"
                                                                                + "a8a9aaabacadaeaf")))),
                                        new ReferralRecord(
                                                RecordTtl.REMOVE,
                                                ReferralAction.NOT_AUTHORITATIVE,
                                                false,
                                                true,
                                                0,
                                                Eid.of(0, "10.0.0.1/32"),
                                                List.of(),
                                                List.of()))));
    }

    @Test
    @Rfc("8111 §6.4")
    void aMapReferralWithEveryFlag() {
        assertThat(Vectors.decoded("map-referral-ms-ack"))
                .isEqualTo(
                        new MapReferral(
                                new Nonce(0xfedc_ba98_7654_3210L),
                                List.of(
                                        new ReferralRecord(
                                                RecordTtl.ONE_DAY,
                                                ReferralAction.MS_ACK,
                                                true,
                                                true,
                                                0xabc,
                                                Eid.of(0, "2001:db8:1::/48"),
                                                List.of(
                                                        locator(
                                                                1,
                                                                1,
                                                                true,
                                                                true,
                                                                true,
                                                                "192.0.2.62")),
                                                List.of()))));
    }

    @Test
    void anInfoRequest() {
        assertThat(Vectors.decoded("info-request"))
                .isEqualTo(
                        new InfoRequest(
                                REQUEST_NONCE,
                                new Authentication(
                                        1, 2, Bytes.ofHex("ab31ccc6509868e16df98082339ffe7e")),
                                RecordTtl.FIFTEEN_MINUTES,
                                HOST_7));
    }

    @Test
    @Rfc("8060 §4.4")
    void anInfoReply() {
        assertThat(Vectors.decoded("info-reply"))
                .isEqualTo(
                        new InfoReply(
                                REQUEST_NONCE,
                                new Authentication(
                                        1, 2, Bytes.ofHex("03c9e66614b9c88aaf8f541d6118271e")),
                                RecordTtl.FIFTEEN_MINUTES,
                                HOST_7,
                                new NatTraversal(
                                        4342,
                                        61000,
                                        ip("203.0.113.9"),
                                        ip("192.0.2.53"),
                                        None.NONE,
                                        List.of(ip("2001:db8::99")))));
    }

    @Test
    @Rfc("9304 §3")
    void aSharedExtensionIsKeptUnread() {
        assertThat(Vectors.decoded("shared-extension"))
                .isEqualTo(new SharedExtension(0xabc, Bytes.ofHex("deadbeef0001")));
    }

    private static EidAd vouched(boolean etrCantSign, int hmac, String mac) {
        return EidAd.of(
                2,
                etrCantSign,
                hmac,
                List.of(Eid.of(1, "40.0.0.0/16"), Eid.of(0, "2001:db8:103::/48")),
                Bytes.ofHex(mac));
    }

    @Test
    @Rfc("9303 §6.1")
    void aProtectedMapRequestOfAnItr() {
        var ecm = (EncapsulatedControlMessage) Vectors.decoded("ecm-lisp-sec-itr");
        assertThat(ecm.authenticationData())
                .contains(
                        new EcmAd(
                                2,
                                new OtkAd(
                                        1,
                                        2,
                                        0xd790_5441_c300_c886L,
                                        Bytes.ofHex("ba794ce67a20eb3b22385ea292a24d75")),
                                EidAd.request(2)));
        assertThat(ecm.ddtOriginated()).isFalse();
        assertThat(ecm.message())
                .isEqualTo(
                        MapRequest.query(
                                REQUEST_NONCE,
                                Optional.of(Eid.of(0, "10.0.0.1/32")),
                                List.of(ip("192.0.2.1")),
                                HOST_7));
    }

    @Test
    @Rfc("9303 §6.1")
    @Rfc("9303 §6.7.1")
    void aProtectedMapRequestThatAMapServerSendsOn() {
        var ecm = (EncapsulatedControlMessage) Vectors.decoded("ecm-lisp-sec-ms");
        assertThat(ecm.ddtOriginated()).isTrue();
        var data = ecm.authenticationData().orElseThrow();
        assertThat(data.requestedHmacId()).isZero();
        assertThat(data.otk().keyId()).isEqualTo(9);
        assertThat(data.eid()).isEqualTo(vouched(true, 2, data.eid().hmac().hex()));
        assertThat(ecm.destination()).isEqualTo(Ip.parse("40.0.0.7"));
    }

    @Test
    @Rfc("9303 §6.2")
    void aProtectedMapReply() {
        assertThat(Vectors.decoded("map-reply-lisp-sec"))
                .isEqualTo(
                        new MapReply(
                                false,
                                false,
                                REQUEST_NONCE,
                                List.of(
                                        new MappingRecord(
                                                RecordTtl.ONE_DAY,
                                                Action.NO_ACTION,
                                                true,
                                                0,
                                                Eid.of(1, "40.0.0.0/16"),
                                                List.of(
                                                        locator(
                                                                1,
                                                                100,
                                                                true,
                                                                false,
                                                                true,
                                                                "192.0.2.13")))),
                                Optional.of(
                                        new MapReplyAd(
                                                vouched(
                                                        false,
                                                        2,
                                                        "17bd88ce81e1e2e008286630beec7ccf"),
                                                new PktAd(
                                                        2,
                                                        Bytes.ofHex(
                                                                "492ac739c86b21c0d22ffc957eeedc80"))))));
    }

    @Test
    @Rfc("9301 §5.6")
    void theMapRegisterOfOpenOverlayRouter() {
        assertThat(Vectors.decoded("oor-map-register"))
                .isEqualTo(
                        new MapRegister(
                                false,
                                false,
                                false,
                                false,
                                false,
                                true,
                                new Nonce(0x35ef_0b7f_3a09_ea15L),
                                new Authentication(
                                        0,
                                        1,
                                        Bytes.ofHex("8ae905e7bd9af831595b64b1d51f3564ca3bca44")),
                                List.of(
                                        new MappingRecord(
                                                new RecordTtl(10),
                                                Action.NO_ACTION,
                                                true,
                                                0,
                                                Eid.of(0, "172.16.1.0/24"),
                                                List.of(
                                                        locator(
                                                                1,
                                                                100,
                                                                true,
                                                                false,
                                                                true,
                                                                "10.10.1.2")))),
                                Optional.empty()));
    }

    @Test
    @Rfc("9301 §5.8")
    void theEncapsulatedMapRequestOfOpenOverlayRouter() {
        assertThat(Vectors.decoded("oor-ecm-map-request"))
                .isInstanceOfSatisfying(
                        EncapsulatedControlMessage.class,
                        ecm -> {
                            assertThat(ecm.ddtOriginated()).isFalse();
                            assertThat(ecm.source()).isEqualTo(Ip.parse("172.16.1.10"));
                            assertThat(ecm.destination()).isEqualTo(Ip.parse("172.16.2.10"));
                            assertThat(ecm.sourcePort()).isEqualTo(4342);
                            assertThat(ecm.destinationPort()).isEqualTo(4342);
                            assertThat(ecm.message())
                                    .isEqualTo(
                                            MapRequest.query(
                                                    new Nonce(0xafe5_9b6f_3f99_e4afL),
                                                    Optional.of(Eid.of(0, "172.16.1.10/32")),
                                                    List.of(ip("10.10.1.2")),
                                                    Eid.of(0, "172.16.2.10/32")));
                        });
    }
}
