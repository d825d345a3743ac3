package io.lispfabric.server.core;

import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import java.util.AbstractList;
import java.util.Collection;
import java.util.List;
import java.util.RandomAccess;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The locators of one registration, as its xTR has said them, and, made when first asked for, as
 * everybody else is told of them. Many registrations have the same one.
 */
final class LocatorSet extends AbstractList<Locator> implements RandomAccess {
    /** What a record has room for. */
    private static final int MOST = 255;

    private final List<Locator> said;

    /** Whoever finds none makes it; all make the same. */
    private @Nullable List<Locator> told;

    private LocatorSet(List<Locator> said) {
        this.said = said;
    }

    static LocatorSet of(List<Locator> locators) {
        return locators instanceof LocatorSet set ? set : new LocatorSet(List.copyOf(locators));
    }

    /** Each locator once and sorted, none of them local (RFC 9301 §5.4, §5.5). */
    List<Locator> told() {
        var known = told;
        if (known == null) {
            known = told(said);
            told = known;
        }
        return known;
    }

    /**
     * The same of several sets, whose later locators count more than earlier ones: what is said of
     * an address beside it, in an LCAF, does not make it another one.
     */
    static List<Locator> told(Collection<Locator> said) {
        var byAddress = new TreeMap<Rloc, Locator>();
        for (var locator : said) {
            var rloc = locator.rloc();
            byAddress.put(rloc.ip().map(Rloc::new).orElse(rloc), locator.asTold());
        }
        return byAddress.values().stream().limit(MOST).sorted().toList();
    }

    @Override
    public Locator get(int index) {
        return said.get(index);
    }

    @Override
    public int size() {
        return said.size();
    }
}
