package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.server.core.Registrant;
import io.lispfabric.store.LogPosition;
import io.lispfabric.wire.Nonce;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a replica sends for the commands that it applies. */
class MappingLogTest implements MappingLog.Released {
    private static final Command COMMAND = new Command.Expire(1, 1, List.of());

    private final List<Effect> sent = new ArrayList<>();
    private int commands;
    private final MappingLog log = new MappingLog(this, this::step);

    /** Each time another effect. */
    private Outcome step(MappingSystem state, Command command) {
        var effect =
                new Effect.Replayed(
                        0, new Registrant("site", Optional.empty(), 1), new Nonce(++commands));
        return new Outcome(state, List.of(), List.of(effect));
    }

    @Override
    public void onEffects(List<Effect> effects) {
        sent.addAll(effects);
    }

    @Override
    public void onLeadership(boolean leads) {}

    /** An entry of so many commands is applied, and is durable then. */
    private void apply(long index, int count) {
        var applied = new ArrayList<Runnable>();
        for (int i = 0; i < count; i++) {
            applied.add(log.apply(new LogPosition(1, index), StateCodec.encode(COMMAND)).release());
        }
        applied.forEach(Runnable::run);
    }

    @Test
    void sendsWhatEveryCommandOfAnEntryLeadsTo() {
        apply(4, 3);
        apply(5, 1);
        assertThat(sent).hasSize(4);
    }

    /** Found by the nemesis: the xTRs got Map-Notifies of long ago once more. */
    @Test
    void sendsNothingTwiceWhenItsLogIsOpenedAgain() throws Exception {
        apply(4, 2);
        apply(5, 2);
        log.load(_ -> {}); // what the rows had, when the disk was full
        apply(4, 2);
        apply(5, 2);
        assertThat(sent).hasSize(4);
        apply(6, 1);
        assertThat(sent).hasSize(5);
    }

    /** What could not be stored was not sent either. */
    @Test
    void sendsWhatWasNotDurableTheFirstTime() {
        var unused = log.apply(new LogPosition(1, 4), StateCodec.encode(COMMAND));
        assertThat(sent).isEmpty();
        apply(4, 1);
        assertThat(sent).hasSize(1);
    }
}
