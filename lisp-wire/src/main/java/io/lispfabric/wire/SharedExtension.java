package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;

/**
 * A message of a kind that other documents define, in the room that they share: type 15 (RFC 9304
 * §3). We know none of them, so its octets are kept unread.
 *
 * <pre>
 * |Type=15|        Sub-type       |   extension-specific ...      |
 * </pre>
 *
 * @param subType 0 to 4095
 * @param octets what the extension says, from the third octet of the message on
 */
public record SharedExtension(int subType, Bytes octets) implements LispMessage.Plain {
    public static final int TYPE = 15;

    /**
     * @throws IllegalArgumentException when the sub-type needs more than 12 bits
     */
    public SharedExtension {
        if (subType >>> 12 != 0) {
            throw new IllegalArgumentException("a sub-type has 12 bits: " + subType);
        }
    }

    static SharedExtension read(WireReader in) {
        int subType = in.as("Shared extension head").u16() & 0xFFF;
        return new SharedExtension(subType, in.as("Extension-specific").bytes(in.remaining()));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void write(WireWriter out) {
        out.u16(TYPE << 12 | subType).bytes(octets);
    }
}
