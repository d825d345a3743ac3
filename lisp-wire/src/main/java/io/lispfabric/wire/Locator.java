package io.lispfabric.wire;

import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.WireReader;
import io.lispfabric.lcaf.WireWriter;
import java.util.List;

/**
 * One way to reach an EID-Prefix (RFC 9301 §5.4).
 *
 * <pre>
 * |    Priority   |    Weight     |  M Priority   |   M Weight    |
 * |        Unused Flags     |L|p|R|           Loc-AFI             |
 * |                             Locator                           |
 * </pre>
 *
 * @param priority 0 to 255, lower is better; 255 must not be used for unicast
 * @param weight 0 to 255, the share among locators of equal priority
 * @param multicastPriority as {@code priority}, for multicast; 255 must not be used
 * @param multicastWeight as {@code weight}, for multicast
 * @param local L: a locator of the ETR that says so
 * @param probed p: the locator that the answered RLOC-probe was sent to
 * @param reachable R: the sender has a route to it; without it nobody may encapsulate to it (RFC
 *     9300 §9)
 */
public record Locator(
        int priority,
        int weight,
        int multicastPriority,
        int multicastWeight,
        boolean local,
        boolean probed,
        boolean reachable,
        Rloc rloc)
        implements Comparable<Locator> {
    /** The priority of a locator that must not be used. */
    public static final int UNUSABLE = 255;

    /** The RLOC's AFI comes after so many octets. */
    static final int RLOC = 6;

    private static final WireReader.Field[] USE = {
        new WireReader.Field("Priority", 1),
        new WireReader.Field("Weight", 1),
        new WireReader.Field("M Priority", 1),
        new WireReader.Field("M Weight", 1)
    };

    private static final int L = 4;
    private static final int P = 2;
    private static final int R = 1;

    /**
     * @throws IllegalArgumentException when a priority or weight is not 0 to 255
     */
    public Locator {
        if ((priority | weight | multicastPriority | multicastWeight) >>> 8 != 0) {
            throw new IllegalArgumentException("priorities and weights are 0 to 255");
        }
    }

    /** A reachable unicast locator of one's own. */
    public static Locator of(Rloc rloc, int priority, int weight) {
        return new Locator(priority, weight, UNUSABLE, 0, true, false, true, rloc);
    }

    /** Reads a locator-set, whatever it is for: as many locator-records as were announced. */
    static List<Locator> readSet(WireReader in, int count) {
        return in.repeated(count, Locator::readNew);
    }

    private static List<Locator> readNew(WireReader in, int count) {
        var locators = in.list(count, "Locator-record", Locator::read);
        for (var locator : locators) {
            if (locator.rloc().isIgnored()) {
                // A locator of a type we do not know is as if it were not there (RFC 9306 §3).
                return locators.stream().filter(it -> !it.rloc().isIgnored()).toList();
            }
        }
        return locators;
    }

    /** Reads one locator-record. */
    public static Locator read(WireReader in) {
        int use = in.as(USE).u32AsInt();
        int flags = in.as("Locator flags").u16();
        return new Locator(
                use >>> 24,
                use >>> 16 & 0xFF,
                use >>> 8 & 0xFF,
                use & 0xFF,
                (flags & L) != 0,
                (flags & P) != 0,
                (flags & R) != 0,
                new Rloc(LispAddress.read(in)));
    }

    /** Writes the locator-record. */
    public void write(WireWriter out) {
        out.u32(priority << 24 | weight << 16 | multicastPriority << 8 | multicastWeight);
        out.u16((local ? L : 0) | (probed ? P : 0) | (reachable ? R : 0));
        rloc.address().write(out);
    }

    /** Whether an ITR may encapsulate to it: R set, and a priority other than 255 (RFC 9300 §9). */
    public boolean isUsable() {
        return reachable && priority != UNUSABLE && rloc.ip().isPresent();
    }

    /** The same locator as somebody else tells of it: not local, not probed (RFC 9301 §5.4). */
    public Locator asTold() {
        return new Locator(
                priority,
                weight,
                multicastPriority,
                multicastWeight,
                false,
                false,
                reachable,
                rloc);
    }

    /** The same locator at another address, or with more to say about its own. */
    public Locator at(Rloc other) {
        return new Locator(
                priority,
                weight,
                multicastPriority,
                multicastWeight,
                local,
                probed,
                reachable,
                other);
    }

    @Override
    public int compareTo(Locator other) {
        return rloc.compareTo(other.rloc);
    }
}
