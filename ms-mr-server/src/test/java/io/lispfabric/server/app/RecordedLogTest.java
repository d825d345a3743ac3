package io.lispfabric.server.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Contact;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Explicit;
import io.lispfabric.server.core.ListenerId;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Outcome;
import io.lispfabric.server.core.UsedKey;
import io.lispfabric.store.InMemoryLog;
import io.lispfabric.store.LogPosition;
import io.lispfabric.store.StateHash;
import io.lispfabric.wire.Nonce;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Logs as they were written once, replayed by the code of today. During a rolling upgrade members
 * of two versions apply the same entries: what they make of them must be the same rows, octet for
 * octet.
 *
 * <p>A new log is recorded from a run of the simulation, which is the same for the same seed and
 * program, by this test with {@code -Drecord.log=true}; then the two files of its level in {@code
 * src/test/resources/recorded} are new.
 */
class RecordedLogTest {
    private static final String RECORD =
            "record a log and commit it: ./mvnw -pl ms-mr-server -am test -Dtest=RecordedLogTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false -Drecord.log=true";

    private static final String DIVERGES =
            "What this program makes of the recorded log of level %d is not what the program made of"
                    + " it that recorded it: members of the two versions would diverge. If that is"
                    + " not meant, mend it. If it is, raise StateCodec.LEVEL, so that entries of the"
                    + " old level keep their old meaning, and "
                    + RECORD
                    + ". A level that no release has written need not be raised, only recorded anew";

    /** Before it nothing was released, and nothing older is read (ADR 7). */
    private static final int FIRST = 5;

    private static final long SEED = 4;

    /** All that happens first; later only some commands of each kind. */
    private static final int WHOLE = 250;

    private static final int OF_EACH = 25;

    private static final Path RESOURCES = Path.of("src/test/resources/recorded");

    /** A log and what it led to. */
    private record Replayed(String sha256, MappingSystem inMemory, MappingSystem fromRows) {}

    @Test
    void recordedLogsLeadToTheSameRowsAsWhenTheyWereRecorded() throws IOException {
        for (int level = FIRST; level <= StateCodec.LEVEL; level++) {
            assertThat(replay(log(level)).sha256())
                    .as(DIVERGES, level)
                    .isEqualTo(new String(resource("level-" + level + ".sha256"), UTF_8).strip());
        }
    }

    @Test
    void everyKindOfCommandIsRecorded() throws IOException {
        var recorded = new TreeSet<String>();
        for (var command : log(StateCodec.LEVEL)) {
            recorded.add(StateCodec.decode(ByteBuffer.wrap(command)).getClass().getSimpleName());
        }
        var kinds = new TreeSet<String>();
        kinds(Command.class).forEach(kind -> kinds.add(kind.getSimpleName()));
        assertThat(recorded)
                .as("A kind of command is in no recorded log: " + RECORD)
                .isEqualTo(kinds);
    }

    private static Stream<Class<?>> kinds(Class<?> type) {
        return type.isSealed()
                ? Stream.of(type.getPermittedSubclasses()).flatMap(RecordedLogTest::kinds)
                : Stream.of(type);
    }

    /** What a member has in memory is what its rows say, and so what an audit hashes. */
    @Test
    void theStateThatIsLoadedFromTheRowsIsTheOneInMemory() throws IOException {
        for (int level = FIRST; level <= StateCodec.LEVEL; level++) {
            var replayed = replay(log(level));
            assertThat(replayed.fromRows()).isEqualTo(replayed.inMemory());
            assertThat(replayed.inMemory().mappings().size()).isPositive();
            assertThat(replayed.inMemory().subscriptions().size()).isPositive();
        }
    }

    private static Replayed replay(List<byte[]> commands) throws IOException {
        var disk = new InMemoryLog.Disk();
        var mappings = new MappingLog(new Unheard());
        try (var log = InMemoryLog.open(mappings, disk)) {
            for (var command : commands) {
                log.submit(ByteBuffer.wrap(command)).join();
            }
        }
        var again = new MappingLog(new Unheard());
        again.load(disk);
        return new Replayed(
                StateHash.of(disk.position().index(), disk).sha256(),
                mappings.current(),
                again.current());
    }

    /** Nobody is told. */
    private static final class Unheard implements MappingLog.Released {
        @Override
        public void onEffects(List<Effect> effects) {}

        @Override
        public void onLeadership(boolean leads) {}
    }

    // The files

    private static byte[] resource(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(
                        RecordedLogTest.class.getResourceAsStream("/recorded/" + name),
                        "there is no recorded/" + name + ": " + RECORD)) {
            return in.readAllBytes();
        }
    }

    private static List<byte[]> log(int level) throws IOException {
        var commands = new ArrayList<byte[]>();
        var octets = new ByteArrayInputStream(resource("level-" + level + ".log.gz"));
        try (var in = new DataInputStream(new GZIPInputStream(octets))) {
            for (int left = in.readInt(); left > 0; left--) {
                commands.add(in.readNBytes(in.readInt()));
            }
        }
        return commands;
    }

    // Recording

    @Test
    @EnabledIfSystemProperty(named = "record.log", matches = "true")
    void record() throws IOException {
        var recorder = new Recorder();
        new ClusterSim(SEED, recorder, EnumSet.allOf(Invariant.class)).play();
        var commands = new ArrayList<>(recorder.commands);
        commands.addAll(unheardOf(commands));
        var octets =
                commands.stream()
                        .map(StateCodec::encode)
                        .map(it -> {
                            var copy = new byte[it.remaining()];
                            it.get(copy);
                            return copy;
                        })
                        .toList();
        Files.createDirectories(RESOURCES);
        var log = RESOURCES.resolve("level-" + StateCodec.LEVEL + ".log.gz");
        try (var out = new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(log)))) {
            out.writeInt(octets.size());
            for (var command : octets) {
                out.writeInt(command.length);
                out.write(command);
            }
        }
        Files.writeString(
                RESOURCES.resolve("level-" + StateCodec.LEVEL + ".sha256"),
                replay(octets).sha256() + "\n");
    }

    /** What the members of the simulation agree on, as the model of it is told. */
    private static final class Recorder extends Seams {
        private final List<Command> commands = new ArrayList<>();
        private final HashMap<Class<?>, Integer> later = new HashMap<>();

        @Override
        Outcome step(int member, LogPosition at, MappingSystem state, Command command) {
            if (member == MODEL
                    && (commands.size() < WHOLE
                            || later.merge(command.getClass(), 1, Integer::sum) <= OF_EACH)) {
                commands.add(command);
            }
            return super.step(member, at, state, command);
        }
    }

    /** Kinds that this run has not: LISP-SEC, what an operator has set up, ends. */
    private static List<Command> unheardOf(List<Command> commands) {
        var subscribe =
                commands.stream()
                        .filter(Command.Subscribe.class::isInstance)
                        .map(Command.Subscribe.class::cast)
                        .reduce((_, last) -> last)
                        .orElseThrow();
        var key = new UsedKey(Bytes.of(new byte[] {1, 2, 3, 4}), 7, subscribe.atMillis() + 1_000);
        var explicit =
                new Explicit(
                        new ListenerId.Subscriber(subscribe.asked(), subscribe.xtr()),
                        new Contact(
                                subscribe.credentials(), subscribe.itrRlocs(), subscribe.port()),
                        new Nonce(0x1122_3344_5566_7788L));
        var end =
                new Command.Unsubscribe(
                        subscribe.origin(),
                        subscribe.atMillis() + 1,
                        subscribe.credentials(),
                        subscribe.xtr(),
                        new Nonce(subscribe.nonce().value() + 1),
                        subscribe.asked(),
                        subscribe.itrRlocs().getFirst(),
                        subscribe.port(),
                        subscribe.room());
        return List.of(
                end,
                new Command.Associate(key, 100, List.of(subscribe)),
                new Command.Forget(subscribe.atMillis(), List.of(explicit.id())),
                new Command.Configure(subscribe.atMillis(), List.of(explicit)));
    }
}
