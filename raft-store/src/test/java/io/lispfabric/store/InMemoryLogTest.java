package io.lispfabric.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.store.LogUnavailableException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class InMemoryLogTest {
    @Test
    void aCommandIsStoredBeforeItIsReleasedAndReleasedBeforeItIsAcknowledged() throws IOException {
        var disk = new InMemoryLog.Disk();
        var machine = new Recorder();
        var log = InMemoryLog.open(machine, disk);
        machine.onRelease(
                () -> assertThat(disk.position().index()).isEqualTo(machine.applied().size() - 1));

        assertThat(log.submit(octets("a=1"))).isCompletedWithValue(new LogPosition(1, 0));
        assertThat(log.submit(octets("b=2"))).isCompletedWithValue(new LogPosition(1, 1));

        assertThat(machine.released()).containsExactly("a=1", "b=2");
        assertThat(log.status().healthy()).isTrue();
    }

    @Test
    void aRestartLoadsTheRowsAndThePositionGoesOn() throws IOException {
        var disk = new InMemoryLog.Disk();
        try (var log = InMemoryLog.open(new Recorder(), disk)) {
            log.submit(octets("a=1"));
            log.submit(octets("b=2"));
            log.submit(octets("a=")); // deletes
        }

        var machine = new Recorder();
        var log = InMemoryLog.open(machine, disk);

        assertThat(machine.rows()).containsOnly(java.util.Map.entry("b", "2"));
        assertThat(machine.leads()).isTrue();
        assertThat(log.submit(octets("c=3"))).isCompletedWithValue(new LogPosition(2, 3));
    }

    @Test
    void aCommandThatCannotBeAppliedStopsTheReplicaAndLeavesItsRowsAlone() throws IOException {
        var disk = new InMemoryLog.Disk();
        var log = InMemoryLog.open(new Recorder(), disk);
        log.submit(octets("a=1"));

        assertThat(reason(log, Recorder.POISON)).isEqualTo(Reason.STOPPED);
        assertThat(reason(log, "b=2")).isEqualTo(Reason.STOPPED);

        assertThat(disk.position()).isEqualTo(new LogPosition(1, 0));
        assertThat(log.leads()).isFalse();
        assertThat(log.status().healthy()).isFalse();
        assertThat(log.status().reason()).contains("1:1");
    }

    @Test
    void aClosedLogTakesNothing() throws IOException {
        var log = InMemoryLog.open(new Recorder());
        log.close();
        log.close();
        assertThat(reason(log, "a=1")).isEqualTo(Reason.STOPPED);
    }

    @Test
    void aCommandThatIsTooLongIsRefusedWithoutBeingTaken() throws IOException {
        var machine = new Recorder();
        var log = InMemoryLog.open(machine);
        assertThat(reason(log, "x".repeat(ReplicatedLog.MAX_COMMAND_OCTETS + 1)))
                .isEqualTo(Reason.TOO_LONG);
        assertThat(machine.applied()).isEmpty();
        assertThat(log.status().healthy()).isTrue();
    }

    @Test
    void keysOfTheStoreItselfAreRefused() {
        var value = new byte[1];
        assertThatThrownBy(() -> new Write.Put(new byte[] {0, 1}, value))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Write.Delete(new byte[] {0}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Write.Put(new byte[0], value))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Write.Put(filled(Write.MAX_KEY_OCTETS + 1), value))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(new Write.Put(filled(Write.MAX_KEY_OCTETS), value).key())
                .hasSize(Write.MAX_KEY_OCTETS);
    }

    @Test
    void aPositionSurvivesItsEncodingAndIsOrderedByTermThenIndex() {
        var position = new LogPosition(3, 1L << 40);
        assertThat(LogPosition.decode(position.encoded())).isEqualTo(position);
        assertThat(LogPosition.decode(LogPosition.NONE.encoded())).isEqualTo(LogPosition.NONE);
        assertThat(new LogPosition(2, 9))
                .isLessThan(new LogPosition(3, 9))
                .isGreaterThan(new LogPosition(2, 8));
        assertThatThrownBy(() -> LogPosition.decode(new byte[15]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Reason reason(ReplicatedLog log, String command) {
        var failure = log.submit(octets(command)).exceptionNow();
        return ((LogUnavailableException) failure).reason();
    }

    private static byte[] filled(int octets) {
        var key = new byte[octets];
        java.util.Arrays.fill(key, (byte) 1);
        return key;
    }

    private static ByteBuffer octets(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }
}
