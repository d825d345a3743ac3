package io.lispfabric.store.ratis;

import static io.lispfabric.store.ratis.Trial.acknowledged;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.store.Recorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KillTest {
    private static final int SEEN = 3000;

    @TempDir Path directory;

    /** The program that is killed: says each command once it is acknowledged, until it dies. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] arguments) throws IOException {
            var config =
                    RatisLogConfig.alone("kill", "victim", Path.of(arguments[0]))
                            .withSnapshots(50, 2 << 20);
            var log = RatisLog.open(config, new Recorder());
            for (int i = 0; ; i++) {
                var command = "k" + i + "=" + i;
                var answer =
                        log.submit(Trial.octets(command))
                                .thenRun(() -> System.out.println(command));
                if (i % 200 == 0) {
                    answer.join(); // so that some are under way whenever it is killed, but not
                    // without end
                }
            }
        }
    }

    @Test
    void whatAKilledProcessSaidWasAcknowledgedIsThere() throws Exception {
        var victim = Trial.java(List.of(), Victim.class, directory.toString());
        var said = new ArrayList<String>();
        try (var out = victim.inputReader(UTF_8)) {
            for (String line; said.size() < SEEN && (line = out.readLine()) != null; ) {
                said.add(line);
            }
            victim.toHandle().destroyForcibly(); // the handle's leaves the pipe open
            assertThat(victim.waitFor(20, TimeUnit.SECONDS)).isTrue();
            for (String line;
                    (line = out.readLine()) != null; ) { // said before it died, not read yet
                said.add(line);
            }
        } finally {
            victim.destroyForcibly();
        }
        said.removeIf(line -> !line.startsWith("k"));
        assertThat(said).hasSizeGreaterThanOrEqualTo(SEEN);
        said.removeLast(); // may be cut off
        var known = new HashMap<String, String>();
        said.forEach(line -> known.put(key(line), value(line)));

        var config = RatisLogConfig.alone("kill", "victim", directory);
        var machine = new Recorder();
        try (var log = RatisLog.open(config, machine)) {
            acknowledged(log, "after=1");
            assertThat(machine.rows()).containsAllEntriesOf(known);
        }

        // The rows are but a copy of what snapshot and log say: if they are lost they are made
        // again.
        try (var rows = Files.newDirectoryStream(directory.resolve("rows"))) {
            for (var file : rows) {
                Files.delete(file);
            }
        }
        var rebuilt = new Recorder();
        try (var log = RatisLog.open(config, rebuilt)) {
            acknowledged(log, "after=1");
            assertThat(rebuilt.rows()).isEqualTo(machine.rows());
        }
    }

    private static String key(String line) {
        return line.substring(0, line.indexOf('='));
    }

    private static String value(String line) {
        return line.substring(line.indexOf('=') + 1);
    }
}
