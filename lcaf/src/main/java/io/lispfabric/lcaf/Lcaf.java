package io.lispfabric.lcaf;

import io.lispfabric.lcaf.LispAddress.AfiList;
import io.lispfabric.lcaf.LispAddress.Instance;
import io.lispfabric.lcaf.LispAddress.Unrecognised;
import io.lispfabric.lcaf.LispAddress.Vendor;
import java.util.List;

/**
 * The LISP Canonical Address Format: a type, a length, and a body that only some receivers
 * understand (RFC 8060 §3). One record for each type of RFC 8060 and RFC 9306; what is none of them
 * is an {@link Unrecognised}.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |           AFI = 16387         |     Rsvd1     |     Flags     |
 * |    Type       |     Rsvd2     |            Length             |
 * |                             . . .                             |
 * </pre>
 *
 * Reserved bits are ignored when read and 0 when written. Values are checked when they are made, so
 * a constructor throws {@link IllegalArgumentException} where a reader finds a {@link Flaw}.
 */
public sealed interface Lcaf extends LispAddress
        permits NullBody,
                AfiList,
                Instance,
                AsNumber,
                ApplicationData,
                GeoCoordinates,
                OpaqueKey,
                NatTraversal,
                NonceLocator,
                MulticastInfo,
                ExplicitLocatorPath,
                SecurityKey,
                SourceDestKey,
                ReplicationListEntry,
                JsonDataModel,
                KeyValueAddressPair,
                EncapsulationFormat,
                Vendor,
                Unrecognised {
    /** The 8-bit LCAF type. */
    int type();

    /** The octet after the type, which is reserved but for types that say otherwise. */
    default int rsvd2() {
        return 0;
    }

    /** The addresses that stand in this one, in the order of the octets. */
    default List<LispAddress> inner() {
        return List.of();
    }

    /**
     * Whether a receiver here knows what this says. A locator that is not recognised is ignored, an
     * EID refused (RFC 9306 §3).
     */
    default boolean isRecognised() {
        return inner().stream().allMatch(Lcaf::isRecognised);
    }

    /** Whether {@code address} is no LCAF, or a recognised one. */
    static boolean isRecognised(LispAddress address) {
        return !(address instanceof Lcaf lcaf) || lcaf.isRecognised();
    }

    /** Writes what the Length field counts. */
    void writeLcafBody(WireWriter out);

    @Override
    default int afi() {
        return AFI_LCAF;
    }

    /**
     * @throws IllegalArgumentException when the body needs more than the 65535 octets that its
     *     Length can say
     */
    @Override
    default void writeBody(WireWriter out) {
        out.u16(0).u8(type()).u8(rsvd2());
        int field = out.size();
        out.u16(0);
        writeLcafBody(out);
        int length = out.size() - field - 2;
        if (length >>> 16 != 0) {
            throw new IllegalArgumentException(
                    "an LCAF of type " + type() + " would have " + length + " octets");
        }
        out.patchU16(field, length);
    }

    /** Reads what follows the address family number. */
    static Lcaf read(WireReader in) {
        in.as("Rsvd1, Flags").skip(2); // ignored on receipt (RFC 8060 §3)
        int type = in.as("LCAF type").u8();
        int rsvd2 = in.as("Rsvd2").u8();
        int outer = in.enterLcaf(in.as("Length").u16());
        Lcaf lcaf =
                switch (type) {
                    case NullBody.TYPE -> NullBody.NULL_BODY;
                    case AfiList.TYPE -> AfiList.read(in);
                    case Instance.TYPE -> Instance.read(in, rsvd2);
                    case AsNumber.TYPE -> AsNumber.read(in);
                    case ApplicationData.TYPE -> ApplicationData.read(in);
                    case GeoCoordinates.TYPE -> GeoCoordinates.read(in);
                    case OpaqueKey.TYPE -> OpaqueKey.read(in);
                    case NatTraversal.TYPE -> NatTraversal.read(in);
                    case NonceLocator.TYPE -> NonceLocator.read(in);
                    case MulticastInfo.TYPE -> MulticastInfo.read(in);
                    case ExplicitLocatorPath.TYPE -> ExplicitLocatorPath.read(in);
                    case SecurityKey.TYPE -> SecurityKey.read(in);
                    case SourceDestKey.TYPE -> SourceDestKey.read(in);
                    case ReplicationListEntry.TYPE -> ReplicationListEntry.read(in);
                    case JsonDataModel.TYPE -> JsonDataModel.read(in, rsvd2);
                    case KeyValueAddressPair.TYPE -> KeyValueAddressPair.read(in);
                    case EncapsulationFormat.TYPE -> EncapsulationFormat.read(in);
                    case Vendor.TYPE -> Vendor.read(in);
                    default ->
                            new Unrecognised(
                                    type, rsvd2, in.as("Unrecognised body").bytes(in.remaining()));
                };
        in.leaveLcaf(outer);
        return lcaf;
    }
}
