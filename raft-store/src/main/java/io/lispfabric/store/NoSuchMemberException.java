package io.lispfabric.store;

import java.io.IOException;
import java.util.List;

/** A member was named that the group does not have. */
public final class NoSuchMemberException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param members of the group, for the sentence
     */
    public NoSuchMemberException(String memberId, List<String> members) {
        super("there is no member " + memberId + ", only " + String.join(", ", members));
    }
}
