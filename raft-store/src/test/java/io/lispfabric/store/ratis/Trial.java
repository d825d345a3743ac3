package io.lispfabric.store.ratis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.lispfabric.store.LogPosition;
import io.lispfabric.store.LogUnavailableException;
import io.lispfabric.store.ReplicatedLog;
import io.lispfabric.store.ratis.RatisLogConfig.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** What the tests of real members share. */
final class Trial {
    private static final Duration PATIENCE =
            Duration.ofSeconds(20); // a busy machine's first election

    private Trial() {}

    /** Returns as soon as it is so. */
    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("in vain: " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    static LogPosition acknowledged(ReplicatedLog log, String command) {
        try {
            return log.submit(octets(command)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError(command + " was not acknowledged", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static LogUnavailableException refused(ReplicatedLog log, String command) {
        try {
            var position = log.submit(octets(command)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            throw new AssertionError(command + " was acknowledged at " + position);
        } catch (ExecutionException e) {
            return (LogUnavailableException) Objects.requireNonNull(e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError(command + " was never answered", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static ByteBuffer octets(String command) {
        return ByteBuffer.wrap(command.getBytes(UTF_8));
    }

    /**
     * Starts a program of ours as a process of its own.
     *
     * @param before what starts it in turn, such as {@code unshare}
     */
    static Process java(List<String> before, Class<?> program, String... arguments)
            throws IOException {
        var command = new ArrayList<>(before);
        command.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        program.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** Members at ports that were free a moment ago. */
    static List<Peer> peers(String... ids) throws IOException {
        var held = new ArrayList<ServerSocket>();
        var peers = new ArrayList<Peer>();
        for (var id : ids) {
            var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
            held.add(socket);
            peers.add(new Peer(id, "127.0.0.1", socket.getLocalPort()));
        }
        for (var socket : held) {
            socket.close();
        }
        return peers;
    }
}
