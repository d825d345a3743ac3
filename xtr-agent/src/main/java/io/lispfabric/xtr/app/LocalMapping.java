package io.lispfabric.xtr.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Locator;
import java.util.List;
import java.util.Optional;

/**
 * One EID of the local database in one domain, as it was when asked.
 *
 * @param attachment where it is attached; a prefix of a pxTR is nowhere
 * @param merged all locators of the EID that the mapping system has told of, our own among them
 */
public record LocalMapping(
        String domain, Eid eid, Optional<String> attachment, State state, List<Locator> merged) {
    public LocalMapping {
        merged = List.copyOf(merged);
    }

    /** How far the registration is. */
    public enum State {
        REGISTERING,
        REGISTERED,
        WITHDRAWING
    }

    /** Whether the mapping system has confirmed the registration. */
    public boolean confirmed() {
        return state == State.REGISTERED;
    }
}
