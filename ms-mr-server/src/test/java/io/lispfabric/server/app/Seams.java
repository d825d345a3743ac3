package io.lispfabric.server.app;

import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateMachine;
import io.lispfabric.store.Write;
import io.lispfabric.wire.MapNotify;
import java.util.List;
import java.util.Optional;

/**
 * Where a mistake can be planted in a {@link ClusterSim}. These do everything right; a {@link
 * PlantedBug} overrides one or two of them.
 */
class Seams {
    /** The member number of the model that all members are compared with. */
    static final int MODEL = -1;

    /** What a command leads to, at a member or in the model. */
    Outcome step(int member, LogPosition at, MappingSystem state, Command command) {
        return state.apply(command);
    }

    /** What a member hands on of what a command has led to, in these portions. */
    List<List<Effect>> released(int member, List<Effect> effects) {
        return List.of(effects);
    }

    /** A command is about to be submitted; what it leads to before it is committed. */
    List<Effect> submitted(MappingSystem state, Command command) {
        return List.of();
    }

    /** What a member stores of an entry's writes. */
    List<Write> writes(List<Write> writes) {
        return writes;
    }

    /** What a member that starts reads of its rows. */
    StateMachine.Rows rows(SimRows rows) {
        return rows;
    }

    /** What a leader sends of its snapshot. */
    SimRows snapshot(SimRows rows) {
        return rows;
    }

    /**
     * The last entry that a member that starts takes for applied.
     *
     * @param index the one that its rows name
     * @param least before which its log begins
     */
    long restartAt(long index, long least) {
        return index;
    }

    /** How many writes of a batch a crash leaves without the rest. */
    int torn() {
        return 0;
    }

    /** How long after it was said to be so something is on the disk; 0 when it is so before. */
    long syncedLateMillis() {
        return 0;
    }

    boolean votesForAnybody() {
        return false;
    }

    boolean appliesUncommitted() {
        return false;
    }

    /** What a member submits at once when it leads from now on. */
    Optional<Command> leads(int member, MappingSystem state) {
        return Optional.empty();
    }

    /**
     * The clock by which a member counts how long something lasts.
     *
     * @param steadyMillis one that only goes forward
     * @param millis its time of day
     */
    long clock(long steadyMillis, long millis) {
        return steadyMillis;
    }

    /** The Map-Notify that a member sends in the place of this one, if any. */
    Optional<MapNotify> sends(Object to, MapNotify notify) {
        return Optional.of(notify);
    }
}
