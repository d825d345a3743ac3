package io.lispfabric.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Lispctl;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class ResolveCommandTest {
    @Test
    void whoAnswersNothingIsNotMeasured() throws Exception {
        int closed;
        try (var socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
            closed = socket.getLocalPort();
        }
        var err = new StringWriter();
        int code =
                Lispctl.run(
                        new PrintWriter(new StringWriter()),
                        new PrintWriter(err),
                        "bench",
                        "resolve",
                        "--warm-up=0",
                        "--rounds=1",
                        "--rates=100",
                        "--seconds=0.1",
                        "--eids=10",
                        "ms=lisp:127.0.0.1:" + closed + ":" + ProcessHandle.current().pid());

        assertThat(code).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(err.toString()).contains("ms has answered nothing", "port " + closed);
    }

    @Test
    void theHelpSaysWhatAServerMustPermitAndWhatTheColumnsAre() {
        var out = new StringWriter();
        Lispctl.run(new PrintWriter(out), new PrintWriter(out), "bench", "resolve", "--help");

        assertThat(out.toString())
                .contains("172.16.0.0", "Instance ID 0", "server us:", "x: times");
    }
}
