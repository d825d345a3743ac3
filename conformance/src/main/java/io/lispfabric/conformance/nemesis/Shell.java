package io.lispfabric.conformance.nemesis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the programs of the system that nothing in the JDK stands for. */
final class Shell {
    private static final int PATIENCE_SECONDS = 30;

    private Shell() {}

    /**
     * Runs a command to its end.
     *
     * @throws IOException with what it has said, when it fails or takes more than half a minute
     */
    static void run(List<String> command) throws IOException, InterruptedException {
        run(String.join(" ", command), command);
    }

    /**
     * The same for a command that would take long to read.
     *
     * @param name what it is called when it fails
     */
    static void run(String name, List<String> command) throws IOException, InterruptedException {
        var ended = ended(name, command);
        if (ended.code() != 0) {
            throw new IOException(name + ": " + ended.said());
        }
    }

    /** The exit code of a command, and what it has said. */
    record Ended(int code, String said) {}

    /**
     * Runs a command that may fail.
     *
     * @throws IOException when it takes more than half a minute
     */
    static Ended ended(String name, List<String> command) throws IOException, InterruptedException {
        var said = Files.createTempFile("nemesis", ".out");
        try {
            var process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(said.toFile())
                            .start();
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(name + ": does not end");
            }
            return new Ended(
                    process.exitValue(), Files.readString(said, StandardCharsets.UTF_8).strip());
        } finally {
            Files.deleteIfExists(said);
        }
    }

    static void run(String... command) throws IOException, InterruptedException {
        run(List.of(command));
    }

    /** Whether there is such a program. */
    static boolean has(String program) {
        return List.of(System.getenv().getOrDefault("PATH", "").split(":")).stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
