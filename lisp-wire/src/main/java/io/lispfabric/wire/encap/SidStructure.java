package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;

/**
 * How many bits of an SRv6 SID say what (RFC 8986 §3.1, RFC 9800 §4.1): the block of the domain,
 * the node in it, the function at that node, and its argument. With the NEXT-CSID flavour node and
 * function together are one compressed SID, and the argument holds those that come after it.
 *
 * <pre>
 * | Locator-Block | Locator-Node | Function |          Argument          |
 *  &lt;--- block ---&gt; &lt;-------- csid --------&gt; &lt;-------- the rest --------&gt;
 * </pre>
 *
 * @param block LBL
 * @param node LNL
 * @param function FL
 * @param argument AL; with NEXT-CSID it is all the rest
 */
public record SidStructure(int block, int node, int function, int argument) {
    private static final int BITS = 128;

    /** A uN: a block of 32 bits and uSIDs of 16, six to a carrier. */
    public static final SidStructure F3216 = nextCsid(32, 16, 0);

    /** A uN and a local function after it, which are acted on at once. */
    public static final SidStructure F3216_WITH_FUNCTION = nextCsid(32, 16, 16);

    /**
     * @throws IllegalArgumentException when {@link #check} finds the lengths wrong
     */
    public SidStructure {
        if (check(block, node, function, argument) != HeaderCheck.FINE) {
            throw new IllegalArgumentException(
                    "a SID has 128 bits, not "
                            + block
                            + " + "
                            + node
                            + " + "
                            + function
                            + " + "
                            + argument);
        }
    }

    /** The structure whose argument is all that the others leave (RFC 9800 §4.1). */
    public static SidStructure nextCsid(int block, int node, int function) {
        return new SidStructure(block, node, function, BITS - block - node - function);
    }

    /**
     * Whether lengths that somebody tells us are those of a SID: each 0 to 128, and so is the sum.
     */
    public static HeaderCheck check(int block, int node, int function, int argument) {
        // Lengths are compared one by one first, so that a sum cannot overflow into a good one.
        return (block | node | function | argument) >>> 8 != 0
                        || block + node + function + argument > BITS
                ? HeaderCheck.BAD_SID_STRUCTURE
                : HeaderCheck.FINE;
    }

    /** LNFL: bits of a compressed SID. */
    public int csid() {
        return node + function;
    }

    /** How many compressed SIDs one carrier holds. */
    public int capacity() {
        return csid() == 0 ? 0 : (BITS - block) / csid();
    }

    /** Whether nothing comes after the active SID: all bits behind it are 0 (RFC 9800 §4.1.1). */
    public boolean isEnd(ByteBuffer in, int at) {
        int shown = block + csid();
        return (in.getLong(at) & ~leading(shown) | in.getLong(at + 8) & ~leading(shown - 64)) == 0;
    }

    /**
     * The active SID, node and function, without its block.
     *
     * @throws IllegalStateException when it has more than 64 bits
     */
    public long active(ByteBuffer in, int at) {
        if (csid() > 64) {
            throw new IllegalStateException("more than 64 bits: " + this);
        }
        return csid() == 0 ? 0 : high(in.getLong(at), in.getLong(at + 8), block) >>> 64 - csid();
    }

    /**
     * The argument moves up to where the active SID was, zeros come after it, and the block stays
     * (RFC 9800 §4.1.1, S05 and S06).
     *
     * @param at where the address is: {@link Ipv6Header#DESTINATION} after the IPv6 header
     * @throws IllegalStateException when there is nothing to shift by, so that no loop runs for
     *     ever
     */
    public void shift(ByteBuffer packet, int at) {
        if (csid() == 0) {
            throw new IllegalStateException("neither node nor function: " + this);
        }
        long high = packet.getLong(at);
        long low = packet.getLong(at + 8);
        long blockHigh = leading(block);
        long blockLow = leading(block - 64);
        packet.putLong(at, high & blockHigh | high(high, low, csid()) & ~blockHigh)
                .putLong(at + 8, low & blockLow | low(low, csid()) & ~blockLow);
    }

    /** A word whose first {@code bits} bits are set. */
    private static long leading(int bits) {
        return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
    }

    /** The first 64 of 128 bits after a shift to the left. */
    private static long high(long high, long low, int by) {
        return by == 0
                ? high
                : by >= 128 ? 0 : by >= 64 ? low << by - 64 : high << by | low >>> 64 - by;
    }

    /** The last 64 of 128 bits after a shift to the left. */
    private static long low(long low, int by) {
        return by >= 64 ? 0 : low << by;
    }
}
