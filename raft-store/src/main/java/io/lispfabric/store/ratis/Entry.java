package io.lispfabric.store.ratis;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The octets of one log entry: several commands, since a log syncs entries and not commands.
 *
 * <pre>
 * | format = 1 (8) | number of commands (16) | then for each: length (32), octets |
 * </pre>
 */
final class Entry {
    /** An entry takes no more commands: past this the state machines are the limit, not the log. */
    static final int COMMANDS = 64;

    /** Nor more once it is so long. */
    static final int OCTETS = 256 << 10;

    private static final byte FORMAT = 1;
    private static final int HEAD = 3;

    private Entry() {}

    static ByteBuffer pack(List<byte[]> commands) {
        int octets = HEAD;
        for (var command : commands) {
            octets += Integer.BYTES + command.length;
        }
        var entry = ByteBuffer.allocate(octets).put(FORMAT).putShort((short) commands.size());
        for (var command : commands) {
            entry.putInt(command.length).put(command);
        }
        return entry.flip();
    }

    /**
     * Read-only views of the commands.
     *
     * @throws IllegalArgumentException if these octets are not an entry
     */
    static List<ByteBuffer> unpack(ByteBuffer entry) {
        var in = entry.asReadOnlyBuffer();
        check(in.remaining() > HEAD, "is too short");
        check(in.get() == FORMAT, "has an unknown format");
        int count = in.getShort() & 0xFFFF;
        check(count >= 1 && count <= COMMANDS, "has an impossible number of commands");
        var commands = new ArrayList<ByteBuffer>(count);
        for (int i = 0; i < count; i++) {
            check(in.remaining() >= Integer.BYTES, "ends early");
            int length = in.getInt();
            check(length >= 0 && length <= in.remaining(), "ends early");
            commands.add(in.slice(in.position(), length));
            in.position(in.position() + length);
        }
        check(!in.hasRemaining(), "goes on after its end");
        return commands;
    }

    private static void check(boolean right, String flaw) {
        if (!right) {
            throw new IllegalArgumentException("the log entry " + flaw);
        }
    }
}
