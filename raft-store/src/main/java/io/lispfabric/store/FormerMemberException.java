package io.lispfabric.store;

import java.io.IOException;

/**
 * A member was to be added under a name that another had before: what was promised under it may be
 * lost, and what the others know of it is out of date.
 */
public final class FormerMemberException extends IOException {
    private static final long serialVersionUID = 1L;

    public FormerMemberException(String memberId) {
        super(
                "a member "
                        + memberId
                        + " was removed before, and a name is used once: start the server under"
                        + " another (member and peers in its settings) with an empty data"
                        + " directory, and add that");
    }
}
