package io.lispfabric.server.app;

import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Directory;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Write;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The replica of the mapping system on this server: it turns committed octets into the next state
 * and rows, and hands on what is to be sent. Readers take {@link #current} without a lock.
 */
final class MappingLog implements StateMachine {
    /** Where committed effects go. Called by the log's thread; must return quickly. */
    interface Released {
        /** A command's effects, now durable. */
        void onEffects(List<Effect> effects);

        /** This replica leads from now on, or no longer. */
        void onLeadership(boolean leads);
    }

    /** What a command leads to; another one is for tests that plant a mistake there. */
    interface Way {
        /** Depends on the state and the command alone. */
        Outcome apply(MappingSystem state, Command command);
    }

    private final Released released;
    private final Way way;
    private final Directory directory = new Directory();

    /**
     * The last entry whose effects were released. A log that is opened again, once its disk has
     * room, applies again what its rows lack; what that led to was sent the first time.
     */
    private LogPosition last = LogPosition.NONE;

    MappingLog(Released released) {
        this(released, MappingSystem::apply);
    }

    MappingLog(Released released, Way way) {
        this.released = released;
        this.way = way;
    }

    /** The state after the last command that was applied here. */
    MappingSystem current() {
        return directory.current();
    }

    /** The same by hash: for questions about single EIDs. */
    Directory directory() {
        return directory;
    }

    @Override
    public void load(Rows rows) throws IOException {
        var loaded = new MappingSystem[] {MappingSystem.EMPTY};
        try {
            rows.forEach((key, value) -> loaded[0] = loaded[0].with(StateCodec.change(key, value)));
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
        directory.start(loaded[0]);
    }

    @Override
    public Applied apply(LogPosition position, ByteBuffer octets) {
        Command command = StateCodec.decode(octets);
        var outcome = way.apply(directory.current(), command);
        directory.advance(outcome.next(), outcome.changes());
        var writes = new ArrayList<Write>(outcome.changes().size());
        for (var change : outcome.changes()) {
            writes.add(StateCodec.row(change));
        }
        var effects = outcome.effects();
        boolean nothing = effects.isEmpty() || position.compareTo(last) <= 0;
        return new Applied(writes, nothing ? () -> {} : () -> release(position, effects));
    }

    private void release(LogPosition position, List<Effect> effects) {
        last = position;
        released.onEffects(effects);
    }

    @Override
    public void leadership(boolean leads, long term) {
        released.onLeadership(leads);
    }
}
