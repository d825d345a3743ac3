package io.lispfabric.store;

import java.io.IOException;

/** A member was to be added that the group has. */
public final class AlreadyMemberException extends IOException {
    private static final long serialVersionUID = 1L;

    public AlreadyMemberException(String memberId) {
        super("there is already a member " + memberId);
    }
}
