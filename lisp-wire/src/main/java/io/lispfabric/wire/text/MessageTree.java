package io.lispfabric.wire.text;

import static java.util.Map.entry;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapReplyAd;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.OtkAd;
import io.lispfabric.wire.PktAd;
import io.lispfabric.wire.ReferralAction;
import io.lispfabric.wire.ReferralRecord;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One datagram as a tree of fields, for {@code lispctl decode}: what {@link LispCodec} reads, told
 * by the codec itself while it reads, so that what is shown is what is understood. Octets that are
 * no message give the tree up to where reading stopped, and a last field that says why.
 *
 * @param root the datagram
 * @param malformed why it is no message, if it is none
 */
public record MessageTree(Field root, Optional<Decoded.Malformed> malformed) {
    /**
     * A field, or a part with fields of its own.
     *
     * @param name as in the RFC's diagram
     * @param value for people; empty where the children say it all
     * @param offset octets from the start of the datagram
     * @param length octets; 0 for a part without any
     */
    public record Field(String name, String value, int offset, int length, List<Field> children) {
        public Field {
            children = List.copyOf(children);
        }
    }

    /** Reads what remains in the buffer, which is not moved. LCAFs of every vendor are shown. */
    public static MessageTree of(ByteBuffer datagram) {
        var octets = Bytes.of(datagram);
        var tree = new Growing(octets);
        return switch (LispCodec.decode(octets.buffer(), Vendors.ANY, tree)) {
            case Decoded.Message _ -> new MessageTree(tree.root(), Optional.empty());
            case Decoded.Malformed malformed ->
                    new MessageTree(tree.broken(malformed), Optional.of(malformed));
        };
    }

    /** One line for each field: its octets, then names indented by depth, and values. */
    public String text() {
        var text = new StringBuilder();
        print(root, 0, text);
        return text.toString();
    }

    private static void print(Field field, int depth, StringBuilder text) {
        text.append(String.format("%5d %5d  ", field.offset, field.length));
        text.append("  ".repeat(depth)).append(field.name);
        if (!field.value.isEmpty()) {
            text.append(": ").append(field.value);
        }
        text.append('\n');
        for (var child : field.children) {
            print(child, depth + 1, text);
        }
    }

    /** Some bits of a word that has no room for fields of whole octets. */
    private record Bits(String name, int first, int count) {
        Field of(long word, int width, int offset) {
            long value = word >>> width - first - count & (1L << count) - 1;
            int firstOctet = first / 8;
            int lastOctet = (first + count - 1) / 8;
            var text =
                    switch (name) {
                        case "ACT" -> value + " " + Action.values()[(int) value].label();
                        case "Referral ACT" ->
                                value + " " + ReferralAction.values()[(int) value].label();
                        default -> Long.toString(value);
                    };
            return new Field(
                    name, text, offset + firstOctet, lastOctet - firstOctet + 1, List.of());
        }
    }

    private static Bits bit(String name, int at) {
        return new Bits(name, at, 1);
    }

    private static final Bits TYPE = new Bits("Type", 0, 4);
    private static final Bits RECORD_COUNT = new Bits("Record Count", 24, 8);

    /** The bits of words, by the part and the name of the word (RFC 9301 §5, §12.6). */
    private static final Map<String, List<Bits>> WORDS =
            Map.ofEntries(
                    entry(
                            "Map-Request/Head",
                            List.of(
                                    TYPE,
                                    bit("A (authoritative)", 4),
                                    bit("M (map-data-present)", 5),
                                    bit("P (RLOC-probe)", 6),
                                    bit("S (Solicit-Map-Request)", 7),
                                    bit("p (sent by a PITR)", 8),
                                    bit("s (SMR-invoked)", 9),
                                    bit("I (xTR-ID present)", 11),
                                    bit("L (local xTR)", 17),
                                    bit("D (dont-map-reply)", 18),
                                    new Bits("IRC (ITR-RLOC Count minus 1)", 19, 5),
                                    RECORD_COUNT)),
                    entry(
                            "Map-Reply/Head",
                            List.of(
                                    TYPE,
                                    bit("P (RLOC-probe)", 4),
                                    bit("E (echo-nonce capable)", 5),
                                    bit("S (LISP-SEC data present)", 6),
                                    RECORD_COUNT)),
                    entry(
                            "Map-Register/Head",
                            List.of(
                                    TYPE,
                                    bit("P (proxy Map-Reply)", 4),
                                    bit("S (LISP-SEC capable)", 5),
                                    bit("I (xTR-ID present)", 6),
                                    bit("E (EID-notify)", 19),
                                    bit("T (TTL for timeout)", 20),
                                    bit("a (merge-request)", 21),
                                    bit("M (want-map-notify)", 23),
                                    RECORD_COUNT)),
                    entry(
                            "Map-Notify/Head",
                            List.of(TYPE, bit("I (xTR-ID present)", 4), RECORD_COUNT)),
                    entry(
                            "Map-Notify-Ack/Head",
                            List.of(TYPE, bit("I (xTR-ID present)", 4), RECORD_COUNT)),
                    entry("Map-Referral/Head", List.of(TYPE, RECORD_COUNT)),
                    entry("Info-Request/Head", List.of(TYPE, bit("R (reply)", 4))),
                    entry("Info-Reply/Head", List.of(TYPE, bit("R (reply)", 4))),
                    entry("Shared extension head", List.of(TYPE, new Bits("Sub-type", 4, 12))),
                    entry(
                            "Encapsulated Control Message/Head",
                            List.of(
                                    TYPE,
                                    bit("S (LISP-SEC data present)", 4),
                                    bit("D (DDT-originated)", 5),
                                    bit("E (forward to ETR, ignored)", 6),
                                    bit("M (destined to Map-Server, ignored)", 7))),
                    entry(
                            "Record flags",
                            List.of(new Bits("ACT", 0, 3), bit("A (authoritative)", 3))),
                    entry(
                            "Referral flags",
                            List.of(
                                    new Bits("Referral ACT", 0, 3),
                                    bit("A (authoritative)", 3),
                                    bit("I (incomplete)", 4))),
                    entry(
                            "SigCnt, Map-Version Number",
                            List.of(
                                    new Bits("SigCnt", 0, 4),
                                    new Bits("Map-Version Number", 4, 12))),
                    entry(
                            "Locator flags",
                            List.of(
                                    bit("L (local)", 13),
                                    bit("p (probed)", 14),
                                    bit("R (reachable)", 15))),
                    entry("Request flags", List.of(bit("N (notification-requested)", 0))),
                    entry("EID-AD flags", List.of(bit("E (ETR-Cant-Sign)", 0))));

    /** The tree while the codec reads. */
    private static final class Growing implements WireReader.Trace {
        private final Bytes octets;
        private final Deque<Part> open = new ArrayDeque<>();
        private int read;

        private record Part(String name, int offset, List<Field> children) {}

        Growing(Bytes octets) {
            this.octets = octets;
            open.push(new Part("Datagram", 0, new ArrayList<>()));
        }

        private Part top() {
            return open.element();
        }

        @Override
        public void begin(String name, int offset) {
            open.push(new Part(name, offset, new ArrayList<>()));
        }

        @Override
        public void end(Object value, int offset) {
            read = offset;
            close(describe(value), offset);
        }

        private void close(String value, int offset) {
            var part = open.pop();
            top().children()
                    .add(
                            new Field(
                                    part.name(),
                                    value,
                                    part.offset(),
                                    offset - part.offset(),
                                    part.children()));
        }

        @Override
        public void field(String name, int offset, int length) {
            read = offset + length;
            var word = WORDS.getOrDefault(top().name() + "/" + name, WORDS.get(name));
            if (word != null) {
                for (var bits : word) {
                    top().children().add(bits.of(number(offset, length), 8 * length, offset));
                }
            } else {
                top().children()
                        .add(
                                new Field(
                                        name,
                                        value(name, offset, length),
                                        offset,
                                        length,
                                        List.of()));
            }
        }

        Field root() {
            var root = open.pop();
            return new Field(
                    root.name(),
                    octets.length() + " octets",
                    root.offset(),
                    octets.length(),
                    root.children());
        }

        /** What was being read ends where reading stopped. */
        Field broken(Decoded.Malformed malformed) {
            while (open.size() > 1) {
                close("", Math.max(malformed.offset(), read));
            }
            top().children()
                    .add(
                            new Field(
                                    "Malformed",
                                    malformed.flaw().label() + " at octet " + malformed.offset(),
                                    malformed.offset(),
                                    octets.length() - malformed.offset(),
                                    List.of()));
            return root();
        }

        private long number(int offset, int length) {
            long number = 0;
            for (int i = offset; i < offset + length; i++) {
                number = number << 8 | octets.at(i);
            }
            return number;
        }

        private Bytes bytes(int offset, int length) {
            return Bytes.of(octets.buffer().slice(offset, length));
        }

        private String value(String name, int offset, int length) {
            return switch (name) {
                case "AFI" -> afi((int) number(offset, length));
                case "LCAF type" -> lcafType((int) number(offset, length));
                case "Algorithm ID" -> algorithm((int) number(offset, length));
                case "Requested HMAC ID", "EID HMAC ID", "PKT HMAC ID" ->
                        hmac((int) number(offset, length));
                case "KDF ID" -> kdf((int) number(offset, length));
                case "OTK Wrapping ID" -> wrapping((int) number(offset, length));
                case "Sig-Algorithm" -> signature((int) number(offset, length));
                case "Signature Expiration", "Signature Inception" ->
                        Instant.ofEpochSecond(number(offset, length)).toString();
                case "Record TTL", "Original Record TTL", "TTL" ->
                        number(offset, length) + " minutes";
                case "Site-ID" -> Long.toUnsignedString(number(offset, length));
                case "IPv4 address", "Inner source", "Inner destination", "IPv6 address" ->
                        address(offset, length);
                case "Instance ID", "AS number" -> Long.toString(number(offset, length));
                case "Authentication Data",
                        "Extension-specific",
                        "Signature",
                        "EID HMAC",
                        "PKT HMAC",
                        "Unrecognised body",
                        "Internal format",
                        "Inner UDP checksum",
                        "Rsvd1, Flags" ->
                        bytes(offset, length).hex();
                default ->
                        length <= 2
                                ? Long.toString(number(offset, length))
                                : bytes(offset, length).hex();
            };
        }

        private String address(int offset, int length) {
            return length == 4
                    ? new LispAddress.Ipv4((int) number(offset, 4)).toString()
                    : new LispAddress.Ipv6(number(offset, 8), number(offset + 8, 8)).toString();
        }
    }

    private static String afi(int afi) {
        return afi
                + switch (afi) {
                    case 0 -> " none";
                    case 1 -> " IPv4";
                    case 2 -> " IPv6";
                    case 6 -> " 802";
                    case 17 -> " Distinguished Name";
                    case 18 -> " AS Number";
                    case 16387 -> " LCAF";
                    case 16389 -> " MAC";
                    case 16390 -> " 64-bit MAC";
                    case 16391 -> " OUI";
                    default -> "";
                };
    }

    /** RFC 8060 §4, §5; RFC 9306 §4. */
    private static String lcafType(int type) {
        return type
                + switch (type) {
                    case 0 -> " Null Body";
                    case 1 -> " AFI List";
                    case 2 -> " Instance ID";
                    case 3 -> " AS Number";
                    case 4 -> " Application Data";
                    case 5 -> " Geo-Coordinates";
                    case 6 -> " Opaque Key";
                    case 7 -> " NAT Traversal";
                    case 8 -> " Nonce Locator";
                    case 9 -> " Multicast Info";
                    case 10 -> " Explicit Locator Path";
                    case 11 -> " Security Key";
                    case 12 -> " Source/Dest Key";
                    case 13 -> " Replication List Entry";
                    case 14 -> " JSON Data Model";
                    case 15 -> " Key/Value Address Pair";
                    case 16 -> " Encapsulation Format";
                    case 255 -> " Vendor Specific";
                    default -> "";
                };
    }

    private static String algorithm(int id) {
        return Algorithm.of(id).map(known -> id + " " + known.title()).orElse(Integer.toString(id));
    }

    private static String hmac(int id) {
        return named(id, LispSecHmac.of(id).map(LispSecHmac::title));
    }

    private static String kdf(int id) {
        return named(id, LispSecKdf.of(id).map(LispSecKdf::title));
    }

    /** 0 says that the ITR has no preference (RFC 9303 §8.3, §8.5). */
    private static String named(int id, Optional<String> title) {
        return id == 0 ? "0 NOPREF" : title.map(it -> id + " " + it).orElse(Integer.toString(id));
    }

    private static String wrapping(int id) {
        return KeyWrap.of(id).map(it -> id + " " + it.title()).orElse(Integer.toString(id));
    }

    /** RFC 8111 §6.4.1. */
    private static String signature(int id) {
        return id
                + switch (id) {
                    case 1 -> " RSA-SHA1";
                    case 2 -> " RSA-SHA256";
                    default -> "";
                };
    }

    private static String describe(Object value) {
        return switch (value) {
            case MappingRecord record ->
                    record.eid() + " to " + counted(record.locators().size(), "locator");
            case Locator locator ->
                    locator.rloc()
                            + ", priority "
                            + locator.priority()
                            + ", weight "
                            + locator.weight();
            case MapRequest.Asked asked -> asked.eid().toString();
            case ReferralRecord record ->
                    record.eid()
                            + " "
                            + record.action().label()
                            + " to "
                            + counted(record.referrals().size(), "locator");
            case ReferralRecord.Signature signature -> counted(signature.value().length(), "octet");
            case EcmAd _, MapReplyAd _ -> "LISP-SEC";
            case OtkAd otk -> wrapping(otk.wrappingId());
            case EidAd eid -> counted(eid.prefixes().size(), "record");
            case PktAd packet -> hmac(packet.hmacId());
            case LispMessage message -> summary(message);
            default -> value.toString();
        };
    }

    private static String summary(LispMessage message) {
        return switch (message) {
            case MapRequest request -> counted(request.records().size(), "record");
            case MapReply reply -> counted(reply.records().size(), "record");
            case MapRegister register -> counted(register.records().size(), "record");
            case MapNotify notify -> counted(notify.records().size(), "record");
            case MapNotifyAck ack -> counted(ack.records().size(), "record");
            case MapReferral referral -> counted(referral.records().size(), "record");
            case InfoRequest request -> request.eid().toString();
            case InfoReply reply -> reply.eid().toString();
            case EncapsulatedControlMessage _ -> "1 message";
            case SharedExtension extension -> "sub-type " + extension.subType();
        };
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }
}
