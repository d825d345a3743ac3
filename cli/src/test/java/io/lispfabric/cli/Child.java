package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code lispctl} as a process of its own. */
final class Child implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final Path err;

    private Child(Process process, Path err) {
        this.process = process;
        this.out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.err = err;
    }

    static Child start(Path err, String... args) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("--sun-misc-unsafe-memory-access=allow"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Lispctl.class.getName());
        command.addAll(List.of(args));
        return new Child(new ProcessBuilder(command).redirectError(err.toFile()).start(), err);
    }

    /** The next line of standard output; empty when there is none any more. */
    String line() throws IOException {
        var line = out.readLine();
        return line == null ? "" : line;
    }

    String err() throws IOException {
        return Files.readString(err);
    }

    /** SIGTERM. */
    void terminate() {
        process.toHandle().destroy(); // which leaves the streams open, unlike Process.destroy
    }

    int exitCode() throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
