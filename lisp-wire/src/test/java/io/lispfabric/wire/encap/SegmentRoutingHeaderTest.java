package io.lispfabric.wire.encap;

import static io.lispfabric.wire.encap.Packets.AT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Segment routing headers that Linux sent, hand-made ones at every edge, and what they do. */
class SegmentRoutingHeaderTest {
    private static final int SRH = AT + Ipv6Header.LENGTH;
    private static final long LEAVES = 0x5f00_0000_0100_0500L;

    @Test
    @Rfc("8754 §2")
    void everyFieldOfTheFullHeader() {
        var in = Packets.linux("srh-full");
        assertThat(SegmentRoutingHeader.check(in, SRH, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(SegmentRoutingHeader.nextHeader(in, SRH)).isEqualTo(Ipv6Header.IPV6);
        assertThat(SegmentRoutingHeader.length(in, SRH)).isEqualTo(56);
        assertThat(SegmentRoutingHeader.segmentsLeft(in, SRH)).isEqualTo(2);
        assertThat(SegmentRoutingHeader.lastEntry(in, SRH)).isEqualTo(2);
        assertThat(SegmentRoutingHeader.segments(in, SRH)).isEqualTo(3);
        assertThat(SegmentRoutingHeader.flags(in, SRH)).isZero();
        assertThat(SegmentRoutingHeader.tag(in, SRH)).isZero();
        assertThat(SegmentRoutingHeader.segmentHigh(in, SRH, 0)).isEqualTo(0x5f00_0000_0e03_0000L);
        assertThat(SegmentRoutingHeader.segmentHigh(in, SRH, 1)).isEqualTo(0x5f00_0000_0600_0700L);
        assertThat(SegmentRoutingHeader.segmentHigh(in, SRH, 2)).isEqualTo(LEAVES);
        assertThat(SegmentRoutingHeader.segmentLow(in, SRH, 2)).isEqualTo(0x0300_0000_0000_0000L);
        assertThat(SegmentRoutingHeader.firstTlv(in, SRH)).isEqualTo(SegmentRoutingHeader.NO_TLV);
        assertThat(SegmentRoutingHeader.checkTlvs(in, SRH)).isEqualTo(HeaderCheck.FINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"srh-full", "srh-reduced", "srh-inline"})
    @Rfc("8754 §2")
    @Rfc("8754 §4.1")
    void aHeaderIsWrittenAsLinuxDoes(String name) {
        var linux = Packets.linux(name);
        int length = SegmentRoutingHeader.length(linux, SRH);
        var out = ByteBuffer.allocate(AT + length);
        SegmentRoutingHeader.write(
                out,
                AT,
                SegmentRoutingHeader.nextHeader(linux, SRH),
                SegmentRoutingHeader.segments(linux, SRH),
                SegmentRoutingHeader.segmentsLeft(linux, SRH),
                0);
        for (int i = 0; i < SegmentRoutingHeader.segments(linux, SRH); i++) {
            SegmentRoutingHeader.setSegment(
                    out,
                    AT,
                    i,
                    SegmentRoutingHeader.segmentHigh(linux, SRH, i),
                    SegmentRoutingHeader.segmentLow(linux, SRH, i));
        }
        assertThat(Packets.hex(out)).isEqualTo(Packets.hex(linux).substring(80, 80 + 2 * length));
    }

    @Test
    @Rfc("8754 §2")
    void aTagIsWritten() {
        var out = Packets.blank(24);
        SegmentRoutingHeader.write(out, AT, Ipv6Header.NOTHING, 1, 0, 0);
        SegmentRoutingHeader.setTag(out, AT, 0xBEEF);
        assertThat(Packets.hex(out)).startsWith("3b0204000000beef");
        assertThat(SegmentRoutingHeader.tag(out, AT)).isEqualTo(0xBEEF);
    }

    /** Hdr Ext Len, Segments Left, Last Entry, with as many octets as the first says. */
    @ParameterizedTest
    @CsvSource({
        // No room for a segment, though Last Entry always promises one.
        "0, 0, 0, BAD_SEGMENTS_LEFT",
        "1, 0, 0, BAD_SEGMENTS_LEFT",
        "2, 0, 0, FINE",
        // One left of a list of one: reduced, the first segment is in the destination only.
        "2, 1, 0, FINE",
        "2, 2, 0, BAD_SEGMENTS_LEFT",
        "2, 0, 1, BAD_SEGMENTS_LEFT",
        // Eight octets of TLVs, which are not half a segment.
        "3, 0, 0, FINE",
        "3, 1, 1, BAD_SEGMENTS_LEFT",
        "4, 2, 1, FINE",
        "4, 3, 1, BAD_SEGMENTS_LEFT",
        "4, 255, 1, BAD_SEGMENTS_LEFT",
        "4, 0, 255, BAD_SEGMENTS_LEFT",
        // The longest there is, with 127 segments and eight octets left over.
        "255, 127, 126, FINE",
        "255, 128, 126, BAD_SEGMENTS_LEFT",
        "255, 0, 127, BAD_SEGMENTS_LEFT",
        "254, 127, 126, FINE",
    })
    @Rfc("8986 §4.1")
    void lengthsAtTheirEdges(int eights, int segmentsLeft, int lastEntry, HeaderCheck expected) {
        var in =
                Packets.of(
                        String.format("29%02x04%02x%02x000000", eights, segmentsLeft, lastEntry)
                                + "00".repeat(8 * eights));
        assertThat(SegmentRoutingHeader.check(in, AT, in.limit())).isEqualTo(expected);
        if (eights > 0) {
            assertThat(SegmentRoutingHeader.check(in, AT, in.limit() - 1))
                    .isEqualTo(HeaderCheck.TRUNCATED);
        }
    }

    @Test
    @Rfc("8754 §2")
    void anotherRoutingTypeIsNotForUs() {
        var in = Packets.of("2902030100000000" + "00".repeat(16));
        assertThat(SegmentRoutingHeader.check(in, AT, in.limit()))
                .isEqualTo(HeaderCheck.NOT_SEGMENT_ROUTING);
    }

    @Test
    void aHeaderCutShortIsTruncated() {
        var in = Packets.linux("srh-hmac");
        for (int end = SRH; end < SRH + 80; end++) {
            assertThat(SegmentRoutingHeader.check(in.duplicate().limit(end), SRH, end))
                    .isEqualTo(HeaderCheck.TRUNCATED);
        }
        assertThat(SegmentRoutingHeader.check(in, SRH, SRH + 80)).isEqualTo(HeaderCheck.FINE);
    }

    @Test
    @Rfc("8754 §2")
    void noSuchHeaderIsWritten() {
        var out = Packets.blank(8);
        for (var numbers :
                List.of(
                        new int[] {0, 0, 0},
                        new int[] {128, 0, 0},
                        new int[] {127, 0, 16},
                        new int[] {1, 2, 0},
                        new int[] {1, -1, 0},
                        new int[] {1, 0, 4},
                        new int[] {1, 0, -8})) {
            assertThatThrownBy(() ->
                            SegmentRoutingHeader.write(
                                    out, AT, 41, numbers[0], numbers[1], numbers[2]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        SegmentRoutingHeader.write(out, AT, 41, SegmentRoutingHeader.MAX_SEGMENTS, 127, 8);
        assertThat(Packets.hex(out)).isEqualTo("29ff047f7e000000");
    }

    @Test
    @Rfc("8754 §4.3.1.1")
    void advancingTakesTheNextSegmentForTheDestination() {
        var packet = Packets.linux("srh-reduced");
        assertThat(SegmentRoutingHeader.advance(packet, AT, SRH)).isTrue();
        assertThat(Ipv6Header.destinationHigh(packet, AT)).isEqualTo(0x5f00_0000_0007_0008L);
        assertThat(Ipv6Header.destinationLow(packet, AT)).isZero();
        assertThat(SegmentRoutingHeader.segmentsLeft(packet, SRH)).isZero();
        var before = Packets.hex(packet);
        assertThat(SegmentRoutingHeader.advance(packet, AT, SRH)).isFalse();
        assertThat(Packets.hex(packet)).isEqualTo(before);
    }

    @Test
    @Rfc("8754 §2.1.2")
    void linuxsHmacTlv() {
        var in = Packets.linux("srh-hmac");
        assertThat(SegmentRoutingHeader.check(in, SRH, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(SegmentRoutingHeader.checkTlvs(in, SRH)).isEqualTo(HeaderCheck.FINE);
        int tlv = SegmentRoutingHeader.firstTlv(in, SRH);
        assertThat(tlv).isEqualTo(SRH + 40);
        assertThat(SegmentRoutingHeader.tlvType(in, tlv)).isEqualTo(SegmentRoutingHeader.HMAC);
        assertThat(SegmentRoutingHeader.tlvLength(in, tlv)).isEqualTo(40);
        assertThat(SegmentRoutingHeader.isHmacOfReducedList(in, tlv)).isFalse();
        assertThat(SegmentRoutingHeader.hmacKeyId(in, tlv)).isEqualTo(5);
        assertThat(SegmentRoutingHeader.hmacLength(in, tlv)).isEqualTo(32);
        assertThat(SegmentRoutingHeader.hmac(tlv)).isEqualTo(SRH + 48);
        assertThat(SegmentRoutingHeader.nextTlv(in, SRH, tlv))
                .isEqualTo(SegmentRoutingHeader.NO_TLV);
        assertThat(SegmentRoutingHeader.isActiveSegmentInList(in, AT, SRH, tlv)).isTrue();
    }

    @Test
    @Rfc("8754 §2.1.2.1")
    void theTextOfTheHmacIsLinuxsAndTheSixteenBitsAfterTheLength() throws Exception {
        var in = Packets.linux("srh-hmac");
        int tlv = SegmentRoutingHeader.firstTlv(in, SRH);
        var text = ByteBuffer.allocate(24 + 32);
        SegmentRoutingHeader.putHmacText(in, AT, SRH, tlv, text);
        assertThat(Bytes.of(text.array()).hex())
                .isEqualTo(
                        "5f0000000e0100000000000000000000"
                                + "0108"
                                + "0000"
                                + "00000005"
                                + "5f0000000e0300000000000000000000"
                                + "5f000000010005000300000000000000");
        // What Linux puts its key to is the same without the D-bit and its reserved companions.
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(
                new SecretKeySpec(
                        "lisp-fabric-hmac".getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
        mac.update(text.array(), 0, 18);
        mac.update(text.array(), 20, 36);
        assertThat(Bytes.of(mac.doFinal()))
                .isEqualTo(Bytes.of(in.slice(SegmentRoutingHeader.hmac(tlv), 32)));
    }

    @Test
    @Rfc("8754 §2.1.2.1")
    void anHmacVouchesOnlyForTheActiveSegment() {
        var in = Packets.linux("srh-hmac");
        int tlv = SegmentRoutingHeader.firstTlv(in, SRH);
        Ipv6Header.setDestination(in, AT, LEAVES, 1);
        assertThat(SegmentRoutingHeader.isActiveSegmentInList(in, AT, SRH, tlv)).isFalse();
        // Segments Left beyond the list: right with D only.
        in.put(SRH + 3, (byte) 2);
        assertThat(SegmentRoutingHeader.isActiveSegmentInList(in, AT, SRH, tlv)).isFalse();
        SegmentRoutingHeader.writeHmac(in, tlv, true, 5, 32);
        assertThat(SegmentRoutingHeader.isActiveSegmentInList(in, AT, SRH, tlv)).isTrue();
    }

    @Test
    @Rfc("8754 §2.1.2")
    void anHmacTlvIsWrittenAsLinuxDoes() {
        var out = Packets.blank(41);
        assertThat(SegmentRoutingHeader.writeHmac(out, AT, false, 5, 32)).isEqualTo(40);
        assertThat(Packets.hex(out)).isEqualTo("0526000000000005" + "00".repeat(32) + "ff");
        assertThat(SegmentRoutingHeader.writeHmac(out, AT, true, 0xCAFEBABE, 8)).isEqualTo(16);
        assertThat(Packets.hex(out)).startsWith("050e8000cafebabe" + "00".repeat(8));
        for (int octets : new int[] {-8, 0, 7, 9, 40}) {
            assertThatThrownBy(() -> SegmentRoutingHeader.writeHmac(out, AT, false, 5, octets))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    @Rfc("8754 §2.1.1")
    void paddingIsPad1ForOneOctetAndPadNForMore() {
        assertThat(padding(1)).isEqualTo("00ffffffffffffff");
        assertThat(padding(2)).isEqualTo("0400ffffffffffff");
        assertThat(padding(3)).isEqualTo("040100ffffffffff");
        assertThat(padding(7)).isEqualTo("04050000000000ff");
        for (int octets : new int[] {-1, 0, 8}) {
            assertThatThrownBy(() -> padding(octets)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static String padding(int octets) {
        var out = Packets.blank(8);
        SegmentRoutingHeader.writePadding(out, AT, octets);
        return Packets.hex(out);
    }

    @Test
    @Rfc("8754 §2.1")
    void paddingAndUnknownTlvsArePassedOver() {
        // Pad1, PadN of 4, unknown 0x85 of 3, PadN of 2, unknown 6 of 2: 16 octets.
        var in = withTlvs("00" + "04020000" + "8503aabbcc" + "0400" + "0602ddee");
        assertThat(SegmentRoutingHeader.check(in, AT, in.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(SegmentRoutingHeader.checkTlvs(in, AT)).isEqualTo(HeaderCheck.FINE);
        var types = new ArrayList<Integer>();
        for (int tlv = SegmentRoutingHeader.firstTlv(in, AT);
                tlv != SegmentRoutingHeader.NO_TLV;
                tlv = SegmentRoutingHeader.nextTlv(in, AT, tlv)) {
            types.add(SegmentRoutingHeader.tlvType(in, tlv));
        }
        assertThat(types).containsExactly(0x85, 6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0400000000000006", // a type and no length
                "0600060006000607", // a value that is not there
                "04ff000000000000", // padding beyond the header
                "0526000000000005", // an HMAC beyond the header
            })
    @Rfc("8754 §2.1")
    void aTlvMustEndWithItsHeader(String tlvs) {
        var in = withTlvs(tlvs);
        // Octets that follow are not the header's.
        assertThat(SegmentRoutingHeader.checkTlvs(in, AT)).isEqualTo(HeaderCheck.TLV_BEYOND_HEADER);
        var more = Packets.of(Packets.hex(in) + "00".repeat(300));
        assertThat(SegmentRoutingHeader.checkTlvs(more, AT))
                .isEqualTo(HeaderCheck.TLV_BEYOND_HEADER);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 6, 13, 15, 39, 46})
    @Rfc("8754 §2.1.2")
    void anHmacHasEightSixteenTwentyFourOrThirtyTwoOctets(int length) {
        var tlv = String.format("05%02x", length) + "00".repeat(length);
        var padding = "00".repeat((8 - (tlv.length() / 2) % 8) % 8);
        assertThat(SegmentRoutingHeader.checkTlvs(withTlvs(tlv + padding), AT))
                .isEqualTo(HeaderCheck.BAD_TLV);
    }

    @Property(tries = 2000)
    void noOctetsBreakTheChecks(
            @ForAll @Size(max = 90) byte[] octets,
            @ForAll @IntRange(max = 12) int eights,
            @ForAll @IntRange(max = 4) int lastEntry) {
        if (octets.length >= 8) {
            octets[1] = (byte) eights;
            octets[2] = SegmentRoutingHeader.ROUTING_TYPE;
            octets[4] = (byte) lastEntry;
        }
        var in = Packets.of(Bytes.of(octets));
        if (!SegmentRoutingHeader.check(in, AT, in.limit()).isFine()) {
            return;
        }
        int end = AT + SegmentRoutingHeader.length(in, AT);
        assertThat(end).isLessThanOrEqualTo(in.limit());
        assertThat(SegmentRoutingHeader.segment(AT, SegmentRoutingHeader.segments(in, AT)))
                .isLessThanOrEqualTo(end);
        if (SegmentRoutingHeader.checkTlvs(in, AT).isFine()) {
            int from = SegmentRoutingHeader.segment(AT, SegmentRoutingHeader.segments(in, AT));
            for (int tlv = SegmentRoutingHeader.firstTlv(in, AT);
                    tlv != SegmentRoutingHeader.NO_TLV;
                    tlv = SegmentRoutingHeader.nextTlv(in, AT, tlv)) {
                assertThat(tlv).isGreaterThanOrEqualTo(from);
                from = tlv + SegmentRoutingHeader.tlvLength(in, tlv);
                assertThat(from).isLessThanOrEqualTo(end);
            }
        }
    }

    @Property(tries = 300)
    void whatIsWrittenIsRead(
            @ForAll @IntRange(min = 1, max = 20) int segments,
            @ForAll @IntRange(max = 20) int left,
            @ForAll @IntRange(max = 5) int eightsOfTlvs,
            @ForAll long seed) {
        int segmentsLeft = Math.min(left, segments);
        var out = ByteBuffer.allocate(AT + 8 + 16 * segments + 8 * eightsOfTlvs);
        SegmentRoutingHeader.write(out, AT, 41, segments, segmentsLeft, 8 * eightsOfTlvs);
        for (int i = 0; i < segments; i++) {
            SegmentRoutingHeader.setSegment(out, AT, i, seed * i, seed - i);
        }
        for (int i = 0; i < eightsOfTlvs; i++) {
            int tlv = SegmentRoutingHeader.segment(AT, segments) + 8 * i;
            SegmentRoutingHeader.writePadding(out, tlv, 7);
            SegmentRoutingHeader.writePadding(out, tlv + 7, 1);
        }
        assertThat(SegmentRoutingHeader.check(out, AT, out.limit())).isEqualTo(HeaderCheck.FINE);
        assertThat(SegmentRoutingHeader.checkTlvs(out, AT)).isEqualTo(HeaderCheck.FINE);
        assertThat(SegmentRoutingHeader.length(out, AT)).isEqualTo(out.limit() - AT);
        assertThat(SegmentRoutingHeader.segments(out, AT)).isEqualTo(segments);
        assertThat(SegmentRoutingHeader.segmentsLeft(out, AT)).isEqualTo(segmentsLeft);
        for (int i = 0; i < segments; i++) {
            assertThat(SegmentRoutingHeader.segmentHigh(out, AT, i)).isEqualTo(seed * i);
            assertThat(SegmentRoutingHeader.segmentLow(out, AT, i)).isEqualTo(seed - i);
        }
    }

    /** A header of one segment and these TLVs. */
    private static ByteBuffer withTlvs(String tlvs) {
        return Packets.of(
                String.format("29%02x040000000000", 2 + tlvs.length() / 16)
                        + "5f0000000e0300000000000000000000"
                        + tlvs);
    }
}
