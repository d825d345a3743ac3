package io.lispfabric.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Lispctl;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ResolveCommandTest {
    private record Run(int code, String out, String err) {}

    private static Run resolve(String... servers) {
        var args =
                Stream.concat(
                        Stream.of("bench", "resolve", "--warm-up=0", "--rounds=2", "--rates=100"),
                        Stream.concat(Stream.of("--seconds=0.2", "--eids=10"), Stream.of(servers)));
        var out = new StringWriter();
        var err = new StringWriter();
        int code =
                Lispctl.run(
                        new PrintWriter(out), new PrintWriter(err), args.toArray(String[]::new));
        return new Run(code, out.toString(), err.toString());
    }

    private static String server(String name, String kind, int port) {
        return name + "=" + kind + ":127.0.0.1:" + port + ":" + ProcessHandle.current().pid();
    }

    private static int closed() throws IOException {
        try (var socket = socket()) {
            return socket.getLocalPort();
        }
    }

    private static DatagramSocket socket() throws IOException {
        return new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
    }

    /** Sends back one in so many datagrams. */
    private static void echo(DatagramSocket socket, int oneIn) {
        var packet = new DatagramPacket(new byte[2048], 2048);
        try {
            for (int i = 0; ; i++) {
                packet.setLength(2048);
                socket.receive(packet);
                if (i % oneIn == 0) {
                    socket.send(packet);
                }
            }
        } catch (IOException _) {
            // Closed: the test is over.
        }
    }

    @Test
    void whoAnswersNothingIsNotMeasured() throws Exception {
        int closed = closed();

        var run = resolve(server("ms", "lisp", closed));

        assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(run.err()).contains("ms has answered nothing", "port " + closed).hasLineCount(1);
    }

    @Test
    void whoAnswersIsMeasuredWithoutThoseThatDoNot() throws Exception {
        int closed = closed();
        try (var socket = socket()) {
            Thread.ofPlatform().daemon().start(() -> echo(socket, 1));

            var run =
                    resolve(
                            server("ms", "lisp", closed),
                            server("e", "echo", socket.getLocalPort()));

            assertThat(run.code()).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(run.err().lines())
                    .satisfiesExactly(
                            it -> assertThat(it).endsWith("? The others are asked without it"),
                            it ->
                                    assertThat(it)
                                            .startsWith("lispctl: ms has answered nothing of")
                                            .endsWith("port " + closed + "?"));
            // Both rounds and the median of the one, and one line of the other.
            assertThat(run.out().lines().filter(it -> it.startsWith("e "))).hasSize(3);
            assertThat(run.out().lines().filter(it -> it.startsWith("ms "))).hasSize(1);
        }
    }

    @Test
    void muchThatIsLostIsExplained() throws Exception {
        try (var socket = socket()) {
            Thread.ofPlatform().daemon().start(() -> echo(socket, 2));

            var run = resolve(server("e", "echo", socket.getLocalPort()));

            assertThat(run.code()).isEqualTo(ExitCode.OK);
            assertThat(run.err())
                    .startsWith("lispctl: much was lost: some servers limit what one address is")
                    .contains(
                            "lisp: replies-per-second and repeats-per-second",
                            "registrations: repeats-per-second")
                    .hasLineCount(1);
        }
    }

    @Test
    void theHelpSaysWhatAServerMustPermitAndWhatTheColumnsAre() {
        var out = new StringWriter();
        Lispctl.run(new PrintWriter(out), new PrintWriter(out), "bench", "resolve", "--help");

        assertThat(out.toString())
                .contains("172.16.0.0", "Instance ID 0", "server us:", "x: times");
    }
}
