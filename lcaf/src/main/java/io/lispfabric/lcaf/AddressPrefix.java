package io.lispfabric.lcaf;

/**
 * An address and how many of its leading bits count, where an LCAF says both (RFC 8060 §4.5, §4.8).
 * Host bits are cleared when it is made. Unlike an {@link EidPrefix} it may be of any family,
 * {@link LispAddress.None} with a mask-len of 0 included.
 *
 * @param maskLength bits, 0 to 255
 */
public record AddressPrefix(LispAddress address, int maskLength) {
    private static final int MOST = 255;

    /**
     * @throws IllegalArgumentException when the mask-len is longer than the address
     */
    public AddressPrefix {
        if (!fits(address, maskLength)) {
            throw new IllegalArgumentException(
                    "mask-len " + maskLength + " does not fit " + address);
        }
        address = EidPrefix.masked(address, maskLength);
    }

    static AddressPrefix read(WireReader in, int maskLength) {
        var address = LispAddress.read(in);
        if (!fits(address, maskLength)) {
            throw in.flaw(Flaw.BAD_MASK_LENGTH);
        }
        return new AddressPrefix(address, maskLength);
    }

    private static boolean fits(LispAddress address, int maskLength) {
        return maskLength >= 0 && maskLength <= width(address);
    }

    /** How many bits a mask-len may count; of an LCAF, nobody says. */
    static int width(LispAddress address) {
        return switch (address) {
            case LispAddress.None _ -> 0;
            case LispAddress.Ipv4 _ -> 32;
            case LispAddress.Ipv6 _ -> 128;
            case LispAddress.Mac _ -> 48;
            case LispAddress.Mac64 _ -> 64;
            case LispAddress.Oui _ -> 24;
            case LispAddress.As _ -> 32;
            case LispAddress.Name(var text) -> Math.min(8 * (text.length() + 1), MOST);
            case Lcaf _ -> MOST;
        };
    }

    @Override
    public String toString() {
        return address + "/" + maskLength;
    }
}
