package io.lispfabric.lcaf;

import java.util.List;

/**
 * What may stand in what: LCAFs at most {@link LispAddress#MAX_NESTING} deep, and no Instance ID
 * inside another. {@link WireReader} refuses the same while it reads, before the stack gets deep.
 */
final class Nesting {
    private Nesting() {}

    /**
     * @throws IllegalArgumentException when an LCAF around {@code inner} would be too deep
     */
    static void check(LispAddress inner) {
        if (inner instanceof Lcaf lcaf && depth(lcaf) >= LispAddress.MAX_NESTING) {
            throw new IllegalArgumentException(
                    "LCAFs nest at most " + LispAddress.MAX_NESTING + " deep");
        }
    }

    /**
     * @throws IllegalArgumentException when an LCAF around these would be too deep
     */
    static void check(List<? extends LispAddress> inner) {
        for (var address : inner) {
            check(address);
        }
    }

    /** Every value was checked when it was made, so this looks at most four levels down. */
    private static int depth(Lcaf lcaf) {
        int deepest = 0;
        for (var address : lcaf.inner()) {
            if (address instanceof Lcaf inner) {
                deepest = Math.max(deepest, depth(inner));
            }
        }
        return deepest + 1;
    }

    static boolean holdsInstance(LispAddress address) {
        if (!(address instanceof Lcaf lcaf)) {
            return false;
        }
        return lcaf instanceof LispAddress.Instance
                || lcaf.inner().stream().anyMatch(Nesting::holdsInstance);
    }
}
