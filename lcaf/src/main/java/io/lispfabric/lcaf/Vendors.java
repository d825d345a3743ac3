package io.lispfabric.lcaf;

import java.util.Set;
import java.util.function.IntPredicate;

/**
 * The vendors whose LCAFs we let pass. A message with a vendor-specific LCAF of any other one is
 * dropped whole (RFC 9306 §4), so this is a setting and not a guess.
 */
@FunctionalInterface
public interface Vendors {
    Vendors NONE = _ -> false;

    /** For tools that show messages and act on none. */
    Vendors ANY = _ -> true;

    /** Whether LCAFs of this 24-bit Organizationally Unique Identifier are understood. */
    boolean understands(int oui);

    static Vendors of(Set<Integer> ouis) {
        IntPredicate known = Set.copyOf(ouis)::contains;
        return known::test;
    }
}
