package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that need only UDP start quickly because of what they do not load. */
class ClassLoadingTest {
    private static final List<String> HEAVY =
            List.of(
                    " io.grpc.",
                    " io.netty.",
                    " org.slf4j.",
                    " ch.qos.logback.",
                    " org.apache.",
                    " com.google.",
                    " org.rocksdb.",
                    " com.fasterxml.",
                    " io.lispfabric.cli.AddedCommand ");

    @TempDir Path folder = Path.of("");

    /** The classes that a JVM of its own loads for a command line, as the JVM itself tells. */
    private List<String> loadedBy(int expected, String... args) throws Exception {
        var log = folder.resolve("classes");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-Xlog:class+load:file=" + log));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Lispctl.class.getName());
        command.addAll(List.of(args));
        var process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("out").toFile())
                        .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(folder.resolve("out")))
                .isEqualTo(expected);
        var classes = Files.readAllLines(log);
        assertThat(classes).anyMatch(line -> line.contains(" io.lispfabric.cli.Lispctl "));
        return classes.stream().filter(line -> HEAVY.stream().anyMatch(line::contains)).toList();
    }

    @Test
    void queryLoadsNeitherGrpcNorNettyNorLogging() throws Exception {
        try (var peer = Peer.silent()) {
            assertThat(
                            loadedBy(
                                    ExitCode.UNREACHABLE,
                                    "query",
                                    "10.0.0.1",
                                    "--timeout",
                                    "1ms",
                                    "--retries",
                                    "0",
                                    "-m",
                                    peer.address()))
                    .isEmpty();
        }
    }

    @Test
    void registerLoadsNeitherGrpcNorNettyNorLogging() throws Exception {
        try (var peer = Peer.silent()) {
            assertThat(
                            loadedBy(
                                    ExitCode.UNREACHABLE,
                                    "register",
                                    "10.0.0.1",
                                    "--rloc",
                                    "10.9.4.1",
                                    "--timeout",
                                    "1ms",
                                    "--key-id",
                                    "7",
                                    "--key-file",
                                    Keys.file(folder).toString(),
                                    "-m",
                                    peer.address()))
                    .isEmpty();
        }
    }

    @Test
    void subscribeLoadsNeitherGrpcNorNettyNorLogging() throws Exception {
        try (var peer = Peer.silent()) {
            assertThat(
                            loadedBy(
                                    ExitCode.UNREACHABLE,
                                    "subscribe",
                                    "10.0.0.1",
                                    "--timeout",
                                    "1ms",
                                    "--key-id",
                                    "7",
                                    "--key-file",
                                    Keys.file(folder).toString(),
                                    "-m",
                                    peer.address()))
                    .isEmpty();
        }
    }

    @Test
    void decodeLoadsNeitherGrpcNorNettyNorLogging() throws Exception {
        assertThat(loadedBy(ExitCode.FAILURE, "decode", "10000001")).isEmpty();
    }
}
