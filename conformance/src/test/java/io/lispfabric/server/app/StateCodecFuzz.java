package io.lispfabric.server.app;

import io.lispfabric.store.Write;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What the log and the store hold was written by us, so octets that make no sense stop the replica:
 * by the exception that says so, and no other.
 */
public final class StateCodecFuzz {
    private StateCodecFuzz() {}

    /** A command of the log. */
    public static void command(byte[] octets) {
        try {
            var command = StateCodec.decode(ByteBuffer.wrap(octets));
            var again = StateCodec.decode(StateCodec.encode(command));
            if (!command.equals(again)) {
                throw new AssertionError(command + " became " + again);
            }
        } catch (IllegalStateException _) {
            // It said that these octets are no command.
        }
    }

    /** A row of the store: the first octet says how long its key is. */
    public static void row(byte[] octets) {
        if (octets.length == 0) {
            return;
        }
        int key = 1 + Math.min(octets[0] & 0xFF, octets.length - 1);
        try {
            var change =
                    StateCodec.change(
                            Arrays.copyOfRange(octets, 1, key),
                            Arrays.copyOfRange(octets, key, octets.length));
            if (StateCodec.row(change) instanceof Write.Put(var name, var value)) {
                var again = StateCodec.change(name, value);
                if (!change.equals(again)) {
                    throw new AssertionError(change + " became " + again);
                }
            } else {
                throw new AssertionError("a row that is there is none: " + change);
            }
        } catch (IllegalStateException _) {
            // It said that these octets are no row.
        }
    }
}
