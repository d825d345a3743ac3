package io.lispfabric.lcaf;

import java.util.AbstractList;
import java.util.List;
import java.util.function.Function;

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
        for (int i = 0; i < inner.size(); i++) {
            check(inner.get(i));
        }
    }

    /** Every value was checked when it was made, so this looks at most four levels down. */
    private static int depth(Lcaf lcaf) {
        int deepest = 0;
        var addresses = lcaf.inner();
        for (int i = 0; i < addresses.size(); i++) {
            if (addresses.get(i) instanceof Lcaf inner) {
                deepest = Math.max(deepest, depth(inner));
            }
        }
        return deepest + 1;
    }

    /** The addresses of {@code parts}, seen through them: nothing is copied. */
    static <T> List<LispAddress> addresses(List<T> parts, Function<T, LispAddress> address) {
        return new AbstractList<>() {
            @Override
            public LispAddress get(int index) {
                return address.apply(parts.get(index));
            }

            @Override
            public int size() {
                return parts.size();
            }
        };
    }

    static boolean holdsInstance(LispAddress address) {
        if (!(address instanceof Lcaf lcaf)) {
            return false;
        }
        return lcaf instanceof LispAddress.Instance
                || lcaf.inner().stream().anyMatch(Nesting::holdsInstance);
    }
}
