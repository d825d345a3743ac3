package io.lispfabric.store.ratis;

import java.io.IOException;

/**
 * The leader takes no entry because its disk is nearly full. Ratis brings it to the member that
 * asked by the name of this class and the message, so there is a constructor of a message.
 */
public final class NoRoomException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoRoomException(String message) {
        super(message);
    }
}
