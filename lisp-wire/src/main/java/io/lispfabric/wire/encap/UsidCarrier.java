package io.lispfabric.wire.encap;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * An IPv6 destination read as a path: a 32-bit block, then up to six 16-bit uSIDs, the first of
 * which is acted on next (RFC 9800 §4.1, {@link SidStructure#F3216}). As a value for whoever plans
 * paths, and as static methods on the octets for whoever forwards.
 */
public record UsidCarrier(long high, long low) {
    /** uSIDs in one carrier. */
    public static final int CAPACITY = 6;

    private static final long BLOCK = 0xFFFF_FFFF_0000_0000L;

    /**
     * A carrier of these uSIDs, the first one active.
     *
     * @param block 32 bits
     * @param usids 1 to {@value #CAPACITY}, each 1 to 0xFFFF: 0 would be the path's end
     * @throws IllegalArgumentException when they are not
     */
    public static UsidCarrier of(int block, int... usids) {
        if (usids.length < 1
                || usids.length > CAPACITY
                || Arrays.stream(usids).anyMatch(usid -> usid <= 0 || usid >>> 16 != 0)) {
            throw new IllegalArgumentException(
                    "a carrier has one to six uSIDs of 16 bits and none is 0: "
                            + Arrays.toString(usids));
        }
        long high = (long) block << 32;
        long low = 0;
        for (int i = 0; i < usids.length; i++) {
            if (i < 2) {
                high |= (long) usids[i] << 16 - 16 * i;
            } else {
                low |= (long) usids[i] << 80 - 16 * i;
            }
        }
        return new UsidCarrier(high, low);
    }

    /** The address at {@code at}. */
    public static UsidCarrier read(ByteBuffer in, int at) {
        return new UsidCarrier(in.getLong(at), in.getLong(at + 8));
    }

    public void write(ByteBuffer out, int at) {
        out.putLong(at, high).putLong(at + 8, low);
    }

    /** 32 bits. */
    public int block() {
        return (int) (high >>> 32);
    }

    /** The uSID that the next node acts on; zero when the path has ended. */
    public int active() {
        return active(high);
    }

    /** The uSID {@code index} places after the active one; zero when the path ends before. */
    public int usid(int index) {
        return (int) (index < 2 ? high >>> 16 - 16 * index : low >>> 80 - 16 * index) & 0xFFFF;
    }

    /** Whether the active uSID is the last one: all bits after it are 0 (RFC 9800 §4.1.1). */
    public boolean isEnd() {
        return isEnd(high, low);
    }

    /**
     * Whether a uSID of 0 stands before another one. Nobody can be meant by it, and the packet
     * would be lost there.
     */
    public boolean hasGap() {
        boolean ended = false;
        for (int i = 0; i < CAPACITY; i++) {
            boolean empty = usid(i) == 0;
            if (ended && !empty) {
                return true;
            }
            ended |= empty;
        }
        return false;
    }

    /** What a node sends on: the block stays and the rest moves 16 bits to the left. */
    public UsidCarrier shift() {
        return new UsidCarrier(shiftedHigh(high, low), low << 16);
    }

    /** {@link #active()} of the address at {@code at}. */
    public static int active(ByteBuffer in, int at) {
        return active(in.getLong(at));
    }

    /** {@link #isEnd()} of the address at {@code at}. */
    public static boolean isEnd(ByteBuffer in, int at) {
        return isEnd(in.getLong(at), in.getLong(at + 8));
    }

    /** {@link #shift()} of the address at {@code at}, where it lies. */
    public static void shift(ByteBuffer packet, int at) {
        long high = packet.getLong(at);
        long low = packet.getLong(at + 8);
        packet.putLong(at, shiftedHigh(high, low)).putLong(at + 8, low << 16);
    }

    private static int active(long high) {
        return (int) (high >>> 16) & 0xFFFF;
    }

    private static boolean isEnd(long high, long low) {
        return (high & 0xFFFF | low) == 0;
    }

    private static long shiftedHigh(long high, long low) {
        return high & BLOCK | high << 16 & 0xFFFF_0000L | low >>> 48;
    }
}
