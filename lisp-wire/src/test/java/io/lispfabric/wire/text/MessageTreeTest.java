package io.lispfabric.wire.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Flaw;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Messages;
import io.lispfabric.wire.Vectors;
import io.lispfabric.wire.text.MessageTree.Field;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MessageTreeTest {
    @Provide
    Arbitrary<LispMessage> messages() {
        return Messages.any();
    }

    private static Stream<Field> all(Field field) {
        return Stream.concat(Stream.of(field), field.children().stream().flatMap(it -> all(it)));
    }

    private static Field find(MessageTree tree, String name) {
        return all(tree.root()).filter(it -> it.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void aMessageIsShownFieldByField() {
        assertThat(MessageTree.of(Vectors.read("map-reply-negative-drop").buffer()).text())
                .isEqualTo(
                        """
                            0    40  Datagram: 40 octets
                            0    40    Map-Reply: 1 record
                            0     1      Type: 2
                            0     1      P (RLOC-probe): 0
                            0     1      E (echo-nonce capable): 0
                            0     1      S (LISP-SEC data present): 0
                            3     1      Record Count: 1
                            4     8      Nonce: 0123456789abcdef
                           12    28      EID-record: [1]48.0.0.0/4 to 0 locators
                           12     4        Record TTL: 15 minutes
                           16     1        Locator Count: 0
                           17     1        EID mask-len: 4
                           18     1        ACT: 3 drop
                           18     1        A (authoritative): 0
                           20     2        Map-Version Number: 0
                           22    18        EID-Prefix: [1]48.0.0.0
                           22     2          AFI: 16387 LCAF
                           24     2          Rsvd1, Flags: 0000
                           26     1          LCAF type: 2 Instance ID
                           27     1          Rsvd2: 0
                           28     2          Length: 10
                           30     4          Instance ID: 1
                           34     2          AFI: 1 IPv4
                           36     4          IPv4 address: 48.0.0.0
                        """);
    }

    @Test
    void theInnerMessageOfAnEcmIsShownToo() {
        var tree = MessageTree.of(Vectors.read("ecm-map-request-ipv6-odd").buffer());
        assertThat(tree.malformed()).isEmpty();
        assertThat(find(tree, "D (DDT-originated)").value()).isEqualTo("1");
        assertThat(find(tree, "Inner destination").value()).isEqualTo("2001:db8::53");
        assertThat(find(tree, "Inner UDP source port").value()).isEqualTo("61000");
        var request = find(tree, "Map-Request");
        assertThat(request.offset()).isEqualTo(52);
        assertThat(request.length()).isEqualTo(55);
        assertThat(find(tree, "Record").value()).isEqualTo("[100]name:Acc-12");
    }

    @Test
    void whatIsMalformedIsShownUpToTheFlaw() {
        var tree = MessageTree.of(Vectors.read("map-register-hkdf").buffer().slice(0, 74));
        assertThat(tree.malformed()).contains(new Decoded.Malformed(Flaw.TRUNCATED, 74));
        assertThat(find(tree, "M Weight").value()).isEqualTo("0");
        assertThat(tree.root().children().getLast())
                .isEqualTo(
                        new Field(
                                "Malformed", "truncated at octet 74", 74, 0, java.util.List.of()));
        assertThat(MessageTree.of(ByteBuffer.allocate(0)).malformed()).isPresent();
    }

    @Test
    void whatIsIgnoredIsShownAsWhatItIs() {
        var hex =
                "200000010123456789abcdef000005a0010800000000"
                        + "00010a000000"
                        + "0132ff000001"
                        + "40030000110000040badcafe";
        var tree = MessageTree.of(Bytes.ofHex(hex).buffer());
        assertThat(tree.malformed()).isEmpty();
        assertThat(find(tree, "LCAF type").value()).isEqualTo("17");
        assertThat(find(tree, "Unrecognised body").value()).isEqualTo("0badcafe");
        assertThat(find(tree, "EID-record").value()).isEqualTo("[0]10.0.0.0/8 to 0 locators");
        assertThat(find(tree, "Locator-record").offset()).isEqualTo(28);
    }

    @Property(tries = 300)
    void everyFieldLiesInItsPartAndTheOrderIsThatOfTheOctets(
            @ForAll("messages") LispMessage message) {
        var octets = LispCodec.encode(message);
        var tree = MessageTree.of(ByteBuffer.wrap(octets));
        assertThat(tree.malformed()).isEmpty();
        assertThat(tree.root().length()).isEqualTo(octets.length);
        liesInItsPart(tree.root());
        assertThat(all(tree.root()).mapToInt(Field::offset).boxed().toList()).isSorted();
    }

    private static void liesInItsPart(Field part) {
        for (var field : part.children()) {
            assertThat(field.offset()).isGreaterThanOrEqualTo(part.offset());
            assertThat(field.offset() + field.length())
                    .as("%s in %s", field.name(), part.name())
                    .isLessThanOrEqualTo(part.offset() + part.length());
            liesInItsPart(field);
        }
    }

    @Property
    void noOctetsBreakTheTreeAndItAgreesWithTheDecoder(
            @ForAll("messages") LispMessage message, @ForAll long seed) {
        var random = new Random(seed);
        var octets = LispCodec.encode(message);
        for (int i = random.nextInt(4); i > 0; i--) {
            octets[random.nextInt(octets.length)] = (byte) random.nextInt();
        }
        var cut = Arrays.copyOf(octets, random.nextInt(octets.length + 1));
        var tree = MessageTree.of(ByteBuffer.wrap(cut));
        liesInItsPart(tree.root());
        assertThat(tree.text()).isNotEmpty();
        switch (LispCodec.decode(ByteBuffer.wrap(cut), Vendors.ANY)) {
            case Decoded.Message _ -> assertThat(tree.malformed()).isEmpty();
            case Decoded.Malformed malformed -> assertThat(tree.malformed()).contains(malformed);
        }
    }
}
