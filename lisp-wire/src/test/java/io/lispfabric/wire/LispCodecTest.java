package io.lispfabric.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.lcaf.Vendors;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What makes octets no message, and what is only passed over. */
class LispCodecTest {
    private static final String NONCE = "0123456789abcdef";
    private static final String TRAILER = "000102030405060708090a0b0c0d0e0f0000000000000004";
    private static final String LCAF_17 = "4003000011000004deadbeef";
    private static final String VENDOR = "40030000ff0000080002005edeadbeef";

    private static Decoded decode(String hex) {
        return LispCodec.decode(Bytes.ofHex(hex).buffer());
    }

    private static Decoded decode(byte[] octets) {
        return LispCodec.decode(ByteBuffer.wrap(octets));
    }

    private static Flaw flaw(Decoded decoded) {
        return switch (decoded) {
            case Decoded.Malformed(var flaw, _) -> flaw;
            case Decoded.Message(var message) -> throw new AssertionError("was read: " + message);
        };
    }

    private static LispMessage message(Decoded decoded) {
        return switch (decoded) {
            case Decoded.Message(var message) -> message;
            case Decoded.Malformed(var flaw, int offset) ->
                    throw new AssertionError(flaw + " at " + offset);
        };
    }

    /** A Map-Reply with one record for 10.0.0.0/8 and these locators. */
    private static String mapReply(int locators, String... addresses) {
        var hex = new StringBuilder("20000001" + NONCE + "000005a0");
        hex.append(String.format("%02x08", locators)).append("0000000000010a000000");
        for (var address : addresses) {
            hex.append("0132ff000001").append(address);
        }
        return hex.toString();
    }

    private static List<Locator> locators(Decoded decoded) {
        return ((MapReply) message(decoded)).records().getFirst().locators();
    }

    @Test
    @Rfc("9301 §5.1")
    void typesThatAreNotForUsAreRefused() {
        for (int type : new int[] {0, 9, 10, 11, 12, 13, 14}) {
            assertThat(flaw(decode(String.format("%x0000000", type) + NONCE)))
                    .as("type %d", type)
                    .isEqualTo(Flaw.UNKNOWN_TYPE);
        }
        assertThat(flaw(decode(""))).isEqualTo(Flaw.TRUNCATED);
    }

    @Test
    @Rfc("9301 §5.1")
    void anUnknownAfiDropsTheWholeMessage() {
        assertThat(flaw(decode(mapReply(2, "0001c0000201", "0010c0000201"))))
                .isEqualTo(Flaw.UNKNOWN_AFI);
        assertThat(
                        flaw(
                                decode(
                                        "10000001"
                                                + NONCE
                                                + "0010"
                                                + "0001c0000201"
                                                + "0020"
                                                + "000128000007")))
                .isEqualTo(Flaw.UNKNOWN_AFI);
        assertThat(
                        flaw(
                                decode(
                                        "10000001"
                                                + NONCE
                                                + "0000"
                                                + "0013c0000201"
                                                + "0020"
                                                + "000128000007")))
                .isEqualTo(Flaw.UNKNOWN_AFI);
        assertThat(
                        flaw(
                                decode(
                                        "10000001"
                                                + NONCE
                                                + "0000"
                                                + "0001c0000201"
                                                + "0020"
                                                + "400828000007")))
                .isEqualTo(Flaw.UNKNOWN_AFI);
    }

    @Test
    @Rfc("9306 §3")
    void locatorsOfUnrecognisedTypesAreIgnored() {
        assertThat(locators(decode(mapReply(2, LCAF_17, "0001c0000201"))))
                .extracting(Locator::rloc)
                .containsExactly(io.lispfabric.lcaf.Rloc.of("192.0.2.1"));
        assertThat(locators(decode(mapReply(1, LCAF_17)))).isEmpty();
    }

    @Test
    @Rfc("9306 §3")
    void anEidOfAnUnrecognisedTypeDropsTheMessage() {
        var record = "000005a0" + "0000" + "0000" + "0000" + LCAF_17;
        assertThat(flaw(decode("20000001" + NONCE + record))).isEqualTo(Flaw.UNKNOWN_EID_LCAF);
        assertThat(flaw(decode("10000001" + NONCE + "0000" + "0001c0000201" + "0000" + LCAF_17)))
                .isEqualTo(Flaw.UNKNOWN_EID_LCAF);
    }

    @Test
    @Rfc("9306 §3")
    void anItrRlocOrSourceEidOfAnUnrecognisedTypeIsIgnored() {
        var asked = "0020" + "000128000007";
        var both = decode("10000101" + NONCE + LCAF_17 + LCAF_17 + "0001c0000201" + asked);
        assertThat(message(both))
                .isEqualTo(
                        MapRequest.query(
                                new Nonce(0x0123_4567_89ab_cdefL),
                                Optional.empty(),
                                List.of(Ip.parse("192.0.2.1")),
                                Eid.of(0, "40.0.0.7")));
    }

    @Test
    @Rfc("9301 §5.3")
    void aMapRequestWithoutAnyItrRlocIsDropped() {
        var asked = "0020" + "000128000007";
        assertThat(flaw(decode("10000001" + NONCE + "0000" + LCAF_17 + asked)))
                .isEqualTo(Flaw.NO_ITR_RLOC);
        assertThat(flaw(decode("10000101" + NONCE + "0000" + "0000" + "0000" + asked)))
                .isEqualTo(Flaw.NO_ITR_RLOC);
        assertThat(flaw(decode("10000001" + NONCE + "0000" + "001161626300" + asked)))
                .isEqualTo(Flaw.NO_ITR_RLOC);
    }

    @Test
    @Rfc("9306 §4")
    void aVendorsLcafDropsTheMessageUnlessTheVendorIsKnown() {
        var octets = Bytes.ofHex(mapReply(2, VENDOR, "0001c0000201"));
        assertThat(flaw(LispCodec.decode(octets.buffer()))).isEqualTo(Flaw.UNKNOWN_VENDOR);
        assertThat(flaw(LispCodec.decode(octets.buffer(), Vendors.of(Set.of(0x02005F)))))
                .isEqualTo(Flaw.UNKNOWN_VENDOR);
        var known = LispCodec.decode(octets.buffer(), Vendors.of(Set.of(0x02005E)));
        assertThat(locators(known)).hasSize(2);
        assertThat(LispCodec.encode(message(known))).isEqualTo(octets.toArray());
    }

    @Test
    @Rfc("9301 §5.2")
    @Rfc("9301 §5.4")
    @Rfc("9301 §5.6")
    void reservedBitsAreIgnored() {
        // Map-Request: R, the five reserved bits, and those beside N.
        var request = "10000001" + NONCE + "0000" + "0001c0000201" + "0020" + "000128000007";
        var odd = "102f8001" + NONCE + "0000" + "0001c0000201" + "7f20" + "000128000007";
        assertThat(decode(odd)).isEqualTo(decode(request));
        assertThat(Bytes.of(LispCodec.encode(message(decode(odd))))).hasToString(request);
        // Map-Reply: 17 bits of the head, 12 of the record, 4 before the version, 13 of the
        // locator.
        var reply = Bytes.ofHex(mapReply(1, "0001c0000201")).toArray();
        var noisy = reply.clone();
        noisy[1] = (byte) 0xFF;
        noisy[2] = (byte) 0xFF;
        noisy[18] |= 0x0F;
        noisy[19] = (byte) 0xFF;
        noisy[20] = (byte) 0xF0;
        noisy[32] = (byte) 0xFF;
        noisy[33] |= (byte) 0xF8;
        assertThat(decode(noisy)).isEqualTo(decode(reply));
        assertThat(LispCodec.encode(message(decode(noisy)))).isEqualTo(reply);
        // Map-Register: 12 reserved bits and R.
        var register = Vectors.read("map-register-hkdf").toArray();
        var other = register.clone();
        other[0] |= 0x01;
        other[1] = (byte) 0xFF;
        other[2] |= (byte) 0xE2;
        assertThat(decode(other)).isEqualTo(decode(register));
        assertThat(LispCodec.encode(message(decode(other)))).isEqualTo(register);
    }

    @Test
    @Rfc("9301 §5.8")
    void reservedBitsOfAnEcmAreIgnoredAndNotSent() {
        var octets = Vectors.read("ecm-map-request-ipv4");
        var noisy = octets.toArray();
        noisy[0] |= 0x03; // S and D have a meaning
        noisy[1] = (byte) 0xFF;
        noisy[2] = (byte) 0xFF;
        noisy[3] = (byte) 0xFF;
        assertThat(decode(noisy)).isEqualTo(decode(octets.toArray()));
        assertThat(Bytes.of(LispCodec.encode(message(decode(noisy))))).isEqualTo(octets);
    }

    @Test
    @Rfc("9301 §5.7")
    void theIBitOfAMapNotifyIsReserved() {
        var notify = Vectors.read("map-notify").hex();
        var set = "48" + notify.substring(2);
        assertThat(decode(set)).isEqualTo(decode(notify));
        assertThat(((MapNotify) message(decode(notify + TRAILER))).recipient()).isPresent();
        assertThat(flaw(decode(notify + TRAILER + "00"))).isEqualTo(Flaw.TRAILING_OCTETS);
        assertThat(flaw(decode(notify + "00"))).isEqualTo(Flaw.TRUNCATED);
    }

    @Test
    @Rfc("9437 §4")
    void theIBitOfAMapRequestPromises24Octets() {
        var head = NONCE + "0000" + "0001c0000201" + "8020" + "000128000007";
        assertThat(((MapRequest) message(decode("10100001" + head + TRAILER))).identity())
                .isPresent();
        assertThat(flaw(decode("10100001" + head + TRAILER.substring(2))))
                .isEqualTo(Flaw.TRUNCATED);
        assertThat(flaw(decode("10100001" + head))).isEqualTo(Flaw.TRUNCATED);
        assertThat(flaw(decode("10000001" + head + TRAILER))).isEqualTo(Flaw.TRAILING_OCTETS);
        var withoutI = (MapRequest) message(decode("10000001" + head));
        assertThat(withoutI.records().getFirst().subscribes()).isTrue();
        assertThat(withoutI.subscribes()).as("nobody to tell").isFalse();
    }

    @Test
    void aCountThatPromisesMoreThanArrivedIsTruncated() {
        assertThat(decode("200000ff" + NONCE)).isEqualTo(new Decoded.Malformed(Flaw.TRUNCATED, 12));
        assertThat(flaw(decode(mapReply(255, "0001c0000201")))).isEqualTo(Flaw.TRUNCATED);
        assertThat(flaw(decode("10001fff" + NONCE + "0000" + "0000".repeat(31))))
                .isEqualTo(Flaw.TRUNCATED);
        assertThat(flaw(decode("30000001" + NONCE + "0102ffff" + "00".repeat(1000))))
                .isEqualTo(Flaw.TRUNCATED);
    }

    @Test
    @Rfc("9303 §8.1")
    @Rfc("9303 §8.2")
    void authenticationDataOfAnotherTypeHasNoKnownLength() {
        assertThat(flaw(decode("22000000" + NONCE + "02000000")))
                .isEqualTo(Flaw.UNSUPPORTED_SECURITY);
        var ecm = Vectors.read("ecm-map-request-ipv4").toArray();
        ecm[0] |= 0x08; // its inner packet begins with 45, an AD type of 69
        assertThat(flaw(decode(ecm))).isEqualTo(Flaw.UNSUPPORTED_SECURITY);
    }

    @Test
    @Rfc("9301 §5.4")
    void aRecordTtlIsUnsigned() {
        var day = RecordTtl.ONE_DAY;
        assertThat(RecordTtl.RECEIVER_DECIDES.min(day)).isEqualTo(day);
        assertThat(day.min(RecordTtl.RECEIVER_DECIDES)).isEqualTo(day);
        assertThat(day.min(RecordTtl.REMOVE)).isEqualTo(RecordTtl.REMOVE);
        assertThat(RecordTtl.RECEIVER_DECIDES).hasToString("4294967295m");
    }

    @Test
    @Rfc("9301 §5.6")
    void idsAreUnsigned() {
        assertThat(new Nonce(-1).isGreaterThan(new Nonce(Long.MAX_VALUE))).isTrue();
        assertThat(new Nonce(1).isGreaterThan(new Nonce(1))).isFalse();
        assertThat(new Nonce(Long.MAX_VALUE).next().isGreaterThan(new Nonce(Long.MAX_VALUE)))
                .isTrue();
        assertThat(new SiteId(-1)).hasToString("18446744073709551615");
        assertThat(new SiteId(-1)).isGreaterThan(new SiteId(1));
        assertThat(new XtrId(0, -1)).isGreaterThan(new XtrId(0, 1));
        assertThat(new XtrId(-1, 0)).isGreaterThan(new XtrId(1, 0));
        assertThat(XtrId.parse("ff")).isEqualTo(new XtrId(0, 255));
        assertThat(XtrId.parse(new XtrId(-2, 5).toString())).isEqualTo(new XtrId(-2, 5));
        assertThatThrownBy(() -> XtrId.parse("0".repeat(33))).hasMessageContaining("1 to 32");
        assertThatThrownBy(() -> XtrId.parse("xyz")).hasMessageContaining("hexadecimal");
    }

    @Test
    @Rfc("9301 §5.2")
    @Rfc("9301 §5.3")
    void recordsCheckWhatTheyAreMadeOf() {
        var eid = Eid.of(1, "10.0.0.0/8");
        var record = MappingRecord.of(RecordTtl.ONE_DAY, eid, List.of());
        var tooMany = Collections.nCopies(256, record);
        var nonce = new Nonce(1);
        assertThatThrownBy(() -> new MapReply(false, false, nonce, tooMany))
                .hasMessageContaining("255");
        var none = new Authentication(0, 0, Bytes.EMPTY);
        assertThatThrownBy(() -> new MapNotify(nonce, none, tooMany, Optional.empty()))
                .hasMessageContaining("255");
        assertThatThrownBy(() -> MapRequest.query(nonce, Optional.empty(), List.of(), eid))
                .hasMessageContaining("1 to 32");
        var rlocs = Collections.<LispAddress>nCopies(33, Ip.parse("192.0.2.1"));
        assertThatThrownBy(() -> MapRequest.query(nonce, Optional.empty(), rlocs, eid))
                .hasMessageContaining("1 to 32");
        assertThatThrownBy(() ->
                        new MappingRecord(
                                RecordTtl.ONE_DAY, Action.DROP, false, 4096, eid, List.of()))
                .hasMessageContaining("12 bits");
    }

    // The Encapsulated Control Message.

    private static byte[] ecm(String name, int at, int value) {
        var octets = Vectors.read(name).toArray();
        octets[at] = (byte) value;
        return octets;
    }

    @ParameterizedTest
    @CsvSource({
        "4, 46, an IPv4 header with options",
        "4, 55, IP version 5",
        "10, 20, more fragments",
        "11, 01, a fragment offset",
        "13, 06, TCP",
        "7, 00, an IP length that is too small"
    })
    @Rfc("9301 §5.8")
    void whatIsNoWholeUdpOverIpv4IsRefused(int at, String value, String why) {
        assertThat(flaw(decode(ecm("ecm-map-request-ipv4", at, Integer.parseInt(value, 16)))))
                .as(why)
                .isEqualTo(Flaw.BAD_INNER_PACKET);
    }

    @ParameterizedTest
    @CsvSource({"4, 50, IP version 5", "10, 06, TCP", "10, 00, hop-by-hop options"})
    @Rfc("9301 §5.8")
    void whatIsNoWholeUdpOverIpv6IsRefused(int at, String value, String why) {
        assertThat(flaw(decode(ecm("ecm-map-request-ipv6-odd", at, Integer.parseInt(value, 16)))))
                .as(why)
                .isEqualTo(Flaw.BAD_INNER_PACKET);
    }

    @Test
    @Rfc("9301 §5.8")
    void theInnerChecksumsAreChecked() {
        var ipv4 = Vectors.read("ecm-map-request-ipv4").toArray();
        for (int at = 12; at < ipv4.length; at++) {
            if (at == 13 || at >= 28 && at < 30) {
                continue; // protocol and UDP length: refused before
            }
            var changed = ipv4.clone();
            changed[at] ^= 1;
            assertThat(flaw(decode(changed))).as("octet %d", at).isEqualTo(Flaw.BAD_CHECKSUM);
        }
        var ipv6 = Vectors.read("ecm-map-request-ipv6-odd").toArray();
        for (int at = 12; at < ipv6.length; at++) {
            if (at >= 48 && at < 50) {
                continue;
            }
            var changed = ipv6.clone();
            changed[at] ^= 1;
            assertThat(flaw(decode(changed))).as("octet %d", at).isEqualTo(Flaw.BAD_CHECKSUM);
        }
    }

    /** With checksums that are right all the same: each port is one more or less. */
    @Test
    @Rfc("9301 §5.8")
    void anInnerPortIsNeverThatOfTheDataPlane() {
        for (int port : new int[] {20, 22}) {
            var octets = Vectors.read("ecm-map-request-ipv4").toArray();
            int at = 4 + port; // behind the ECM's head
            int checksum = u16(octets, 4 + 26) + u16(octets, at) - 4341;
            u16(octets, 4 + 26, Math.floorMod(checksum, 0xFFFF));
            u16(octets, at, 4341);
            assertThat(flaw(decode(octets))).isEqualTo(Flaw.BAD_INNER_PACKET);
            u16(octets, at, 4340);
            u16(octets, 4 + 26, Math.floorMod(checksum + 1, 0xFFFF));
            assertThat(decode(octets)).isInstanceOf(Decoded.Message.class);
        }
        var local = Ip.parse("127.0.0.1");
        var request = ecm("ecm-map-request-ipv4").message();
        assertThatThrownBy(() -> EncapsulatedControlMessage.of(local, local, 4341, 4342, request))
                .hasMessageContaining("4341");
        assertThatThrownBy(() -> EncapsulatedControlMessage.of(local, local, 4342, 4341, request))
                .hasMessageContaining("4341");
    }

    private static int u16(byte[] octets, int at) {
        return (octets[at] & 0xFF) << 8 | octets[at + 1] & 0xFF;
    }

    private static void u16(byte[] octets, int at, int value) {
        octets[at] = (byte) (value >>> 8);
        octets[at + 1] = (byte) value;
    }

    private static EncapsulatedControlMessage ecm(String vector) {
        var octets = Vectors.read(vector).toArray();
        if (!(decode(octets) instanceof Decoded.Message(EncapsulatedControlMessage ecm))) {
            throw new AssertionError(vector);
        }
        return ecm;
    }

    /** RFC 1812 §5.3.1: what forwards decrements, and drops at zero; the checksum follows. */
    @ParameterizedTest
    @ValueSource(strings = {"ecm-map-request-ipv4", "ecm-map-request-ipv6-odd"})
    @Rfc("9301 §8.4")
    void whatGoesOnHasOneHopLess(String vector) {
        var ecm = ecm(vector);
        int at = ecm.source() instanceof LispAddress.Ipv4 ? 8 : 7;
        int hops = ecm.packet().at(at);
        for (int left = hops - 1; left > 0; left--) {
            ecm = ecm.oneHopFurther().orElseThrow();
            assertThat(ecm.packet().at(at)).isEqualTo(left);
            // The header checksum is right, and nothing else is altered.
            assertThat(decode(LispCodec.encode(ecm))).isEqualTo(new Decoded.Message(ecm));
            assertThat(ecm.message()).isEqualTo(ecm(vector).message());
        }
        assertThat(ecm.oneHopFurther()).isEmpty();
    }

    @Test
    @Rfc("9301 §5.8")
    void anInnerChecksumOfZeroIsRefused() {
        var ipv4 = Vectors.read("ecm-map-request-ipv4").toArray();
        ipv4[30] = 0;
        ipv4[31] = 0;
        assertThat(flaw(decode(ipv4))).isEqualTo(Flaw.BAD_CHECKSUM);
        var ipv6 = Vectors.read("ecm-map-request-ipv6-odd").toArray();
        ipv6[50] = 0;
        ipv6[51] = 0;
        assertThat(flaw(decode(ipv6))).isEqualTo(Flaw.BAD_CHECKSUM);
    }

    @Test
    @Rfc("9301 §5.8")
    void aChecksumThatComesOutAsZeroIsSentAsAllOnes() {
        // Some nonce below 2^16 makes the sum come out as zero, since it is added to it.
        for (int nonce = 0; nonce < 1 << 16; nonce++) {
            var ecm =
                    EncapsulatedControlMessage.of(
                            Ip.parse("10.0.0.1"),
                            Ip.parse("40.0.0.7"),
                            4342,
                            4342,
                            MapRequest.query(
                                    new Nonce(nonce),
                                    Optional.empty(),
                                    List.of(Ip.parse("192.0.2.1")),
                                    Eid.of(1, "40.0.0.7")));
            if (ecm.packet().at(26) == 0xFF && ecm.packet().at(27) == 0xFF) {
                assertThat(message(decode(LispCodec.encode(ecm)))).isEqualTo(ecm);
                return;
            }
        }
        throw new AssertionError("no nonce makes the checksum zero");
    }

    @Test
    @Rfc("9301 §5.8")
    void anEcmInsideAnEcmIsRefused() {
        var inner = (EncapsulatedControlMessage) Vectors.decoded("ecm-map-request-ipv4");
        var nested =
                EncapsulatedControlMessage.of(
                        inner.source(), inner.destination(), 4342, 4342, inner);
        assertThat(flaw(decode(LispCodec.encode(nested)))).isEqualTo(Flaw.UNKNOWN_TYPE);
    }

    @Test
    @Rfc("9301 §5.8")
    void theUdpLengthIsThatOfTheInnerPacket() {
        var octets = Vectors.read("ecm-map-request-ipv4").toArray();
        octets[29]--;
        assertThat(flaw(decode(octets))).isEqualTo(Flaw.BAD_INNER_PACKET);
        octets[29] += 2;
        assertThat(flaw(decode(octets))).isEqualTo(Flaw.BAD_INNER_PACKET);
    }

    @Test
    void addressesOfTwoFamiliesAreNotWrapped() {
        var inner =
                ((EncapsulatedControlMessage) Vectors.decoded("ecm-map-request-ipv4")).message();
        assertThatThrownBy(() ->
                        EncapsulatedControlMessage.of(
                                Ip.parse("10.0.0.1"), Ip.parse("::1"), 1, 2, inner))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theDatagramItselfIsNotMoved() {
        var buffer = ByteBuffer.allocate(200);
        buffer.put(5, Vectors.read("map-reply-proxy").toArray());
        buffer.position(5).limit(5 + 64);
        assertThat(LispCodec.decode(buffer)).isInstanceOf(Decoded.Message.class);
        assertThat(buffer.position()).isEqualTo(5);
        assertThat(buffer.limit()).isEqualTo(69);
    }

    @Test
    void theEncodedLengthOfARecordIsItsOctets() {
        var record = ((MapReply) Vectors.decoded("map-reply-proxy")).records().getFirst();
        assertThat(record.encodedLength()).isEqualTo(64 - 12);
    }
}
