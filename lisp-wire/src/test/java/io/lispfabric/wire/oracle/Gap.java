package io.lispfabric.wire.oracle;

/**
 * What tshark does not name, or gets wrong, in what is right. Every one is shown by a packet of
 * {@link TsharkTest}, exactly as tshark does it, and stands in {@code docs/wireshark.md}: a gap
 * that goes away fails the test, as does a new one.
 */
enum Gap {
    MAP_NOTIFY_ACK(
            "Map-Notify-Ack",
            "9301 §5.7",
            "Type 5 is \"Unknown\"; the whole message is data without fields."),
    SHARED_EXTENSION(
            "Shared extension",
            "9304 §3",
            "Type 15 is \"Unknown\"; the whole message is data without fields."),
    SHORT_EXTENSION(
            "Shared extension",
            "9304 §3",
            "One of two octets, a sub-type and nothing else, is \"Malformed\"."),
    MAP_REQUEST_FLAGS(
            "Map-Request",
            "9301 §5.2, 9437 §4",
            "The I-, L- and D-bits are shown as reserved bits (`lisp.mreq.res`)."),
    MAP_REQUEST_TRAILER(
            "Map-Request",
            "9437 §4",
            "The xTR-ID and Site-ID of a message with the I-bit are data without fields."),
    N_BIT(
            "Map-Request",
            "9437 §4",
            "The N-bit of a record is shown as a reserved bit (`lisp.mreq.record.res`)."),
    SOURCE_EID_NAME(
            "Map-Request",
            "9735 §3",
            "A Source-EID that is a distinguished name is \"Unexpected\"; all after it is data."),
    ITR_RLOC_NONE(
            "Map-Request",
            "9437 §5",
            "The ITR-RLOC of AFI 0 that ends a subscription is \"Unexpected\"; all after it is"
                    + " data."),
    ITR_RLOC_LCAF(
            "Map-Request",
            "8060 §4",
            "An ITR-RLOC that is an LCAF is \"Unexpected\"; all after it is data."),
    MAP_REPLY_LISP_SEC(
            "Map-Reply",
            "9303 §6.2",
            "LISP-SEC authentication data (S-bit) is data without fields."),
    MAP_REGISTER_FLAGS(
            "Map-Register",
            "9301 §5.6",
            "The E-, T- and a-bits are shown as reserved bits (`lisp.mreg.res`)."),
    ALGORITHM_ID(
            "Map-Register, Map-Notify, Info-Request, Info-Reply",
            "9301 §5.6",
            "Key ID and Algorithm ID are one 16-bit number (`lisp.keyid`), as in RFC 6833."),
    SIGNATURES(
            "Map-Referral",
            "8111 §6.4.1",
            "Signature sections are not known: their octets are taken for the next record, or are"
                    + " data after the last."),
    INFO_EID(
            "Info-Request, Info-Reply",
            "8060 §4.1",
            "An EID-Prefix that is no IP address has a mask length and an AFI, but no address:"
                    + " LCAFs, MAC addresses and names are stepped over."),
    ECM_LISP_SEC(
            "Encapsulated Control Message",
            "9303 §6.1",
            "LISP-SEC authentication data (S-bit) is not known: it, the inner packet and the"
                    + " message are data without fields."),
    LOCATOR_AFI(
            "Locator record",
            "9301 §5.4",
            "A locator of AFI 18 (AS), 16390 (64-bit MAC) or 16391 (OUI) is \"Unexpected\";"
                    + " what follows is read from the wrong place."),
    LIST_AFI(
            "LCAF 1, AFI List",
            "8060 §4.10",
            "An element of AFI 0, 18, 16390 or 16391 is \"Unexpected\"; what follows is read from"
                    + " the wrong place."),
    INSTANCE_AFI(
            "LCAF 2, 3, 5 and 8",
            "8060 §4",
            "An inner address of AFI 18, 16390 or 16391 is \"Unexpected\"; what follows a locator"
                    + " with it is read from the wrong place."),
    IID_MASK_LENGTH(
            "LCAF 2, Instance ID",
            "8060 §4.1",
            "The IID mask-len of a range is shown as reserved bits (`lisp.lcaf.res2`)."),
    APPLICATION_DATA("LCAF 4, Application Data", "8060 §5.1", Gap.NOT_DISSECTED),
    OPAQUE_KEY("LCAF 6, Opaque Key", "8060 §5.2", Gap.NOT_DISSECTED),
    SECURITY_KEY("LCAF 11, Security Key", "8060 §4.7", Gap.NOT_DISSECTED),
    JSON("LCAF 14, JSON Data Model", "8060 §5.4", Gap.NOT_DISSECTED),
    ENCAPSULATION_FORMAT("LCAF 16, Encapsulation Format", "8060 §5.6", Gap.NOT_DISSECTED),
    UNRECOGNISED(
            "LCAFs of unassigned types",
            "9306 §3",
            "They are \"Not dissected yet\", as they must be."),
    VENDOR(
            "LCAF 255, Vendor Specific",
            "9306 §4",
            "The vendor's octets are shown, with a note to ask the vendor."),
    ALTITUDE(
            "LCAF 5, Geo-Coordinates",
            "8060 §4.3",
            "The altitude is a text without a value that could be asked for (`lisp.lcaf.geo.alt`)."),
    NAT_AFI(
            "LCAF 7, NAT Traversal",
            "8060 §4.4",
            "An RLOC that is neither IP address nor LCAF is \"Unexpected\"; what follows is read"
                    + " from the wrong place when its length is not known."),
    PREFIX_AFI(
            "LCAF 9 and 12",
            "8060 §4.5, §4.8",
            "Addresses of AFI 0, 17, 18, 16390 and 16391, and MAC addresses in LCAF 9, are"
                    + " \"Unexpected\"; what follows is read from the wrong place."),
    PATH_AFI(
            "LCAF 10 and 13",
            "8060 §4.6, §4.9",
            "A hop or entry that is neither IP address nor LCAF is \"Unexpected\"; what follows is"
                    + " read from the wrong place when its length is not known."),
    PAIR_AFI(
            "LCAF 15, Key/Value Address Pair",
            "8060 §5.5",
            "A key or value of AFI 0, 18, 16390 or 16391 is \"Unexpected\"; what follows is read"
                    + " from the wrong place when its length is not known."),
    LISP_GPE(
            "LISP-GPE header",
            "9305 §3",
            "The P-bit is shown as reserved (`lisp-data.flags.res`) and the next protocol not at"
                    + " all: an IP packet is known by its first four bits, an Ethernet frame is"
                    + " not shown."),
    B_BIT(
            "VXLAN-GPE header",
            "draft-ietf-nvo3-vxlan-gpe §3",
            "The B-bit is shown as reserved (`vxlan.flags_reserved`)."),
    ZERO_CHECKSUM(
            "UDP over IPv6",
            "6935 §5",
            "A checksum of 0, which LISP and VXLAN allow, is \"Illegal\"."),
    SRH_TLVS(
            "Segment Routing Header",
            "8754 §2.1",
            "TLVs and padding after the segment list are not shown.");

    private static final String NOT_DISSECTED = "\"Not dissected yet\": octets without fields.";

    private final String where;
    private final String rule;
    private final String what;

    Gap(String where, String rule, String what) {
        this.where = where;
        this.rule = rule;
        this.what = what;
    }

    String where() {
        return where;
    }

    String rule() {
        return rule;
    }

    String what() {
        return what;
    }
}
