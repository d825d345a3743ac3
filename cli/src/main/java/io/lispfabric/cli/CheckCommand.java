package io.lispfabric.cli;

import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.lispfabric.wire.app.Settings;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Whether a program can be relied on, for people and for scripts. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Check that a program is well.",
        subcommands = CheckCommand.Health.class)
final class CheckCommand {
    CheckCommand() {}

    private record Finding(String what, String where, boolean good, String said) {
        Json json() {
            return Json.object()
                    .put("what", what)
                    .put("where", where)
                    .put("good", good)
                    .put("said", said);
        }
    }

    /** gRPC health of every endpoint, and {@code /readyz}. */
    @Command(
            name = "health",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "Ask every endpoint for its gRPC health, and every --http for /readyz.",
                "Exit code 0 when all are ready, 4 when one is not."
            })
    static final class Health extends ShowCommand.Asking {
        /** Of a reason that somebody else gives, so much is shown. */
        private static final int LONGEST_REASON = 1024;

        @Option(
                names = "--http",
                split = ",",
                paramLabel = "HOST:PORT",
                description = "where /readyz is to be asked too")
        private List<String> http = List.of();

        @Override
        public Integer call() throws CommandFailure {
            var findings = new ArrayList<Finding>();
            var sites = httpAddresses();
            for (var endpoint : addresses()) {
                findings.add(grpc(endpoint));
            }
            for (var site : sites) {
                findings.add(readyz(site));
            }
            if (globals().json()) {
                print(
                        Json.object()
                                .put("good", findings.stream().allMatch(Finding::good))
                                .put(
                                        "checks",
                                        findings.stream()
                                                .map(Finding::json)
                                                .collect(Json.toArray())));
            } else {
                var table = new Table().left("CHECK").left("AT").left("SAYS");
                findings.forEach(it -> table.row(it.what(), it.where(), it.said()));
                table.lines("", globals().ink()).forEach(out()::println);
                out().flush();
            }
            if (!findings.stream().allMatch(Finding::good)) {
                throw new CommandFailure(
                        ExitCode.UNREACHABLE,
                        "not ready: "
                                + findings.stream()
                                        .filter(it -> !it.good())
                                        .map(it -> it.where() + " (" + it.said() + ")")
                                        .collect(Collectors.joining(", ")));
            }
            return ExitCode.OK;
        }

        private List<InetSocketAddress> httpAddresses() {
            try {
                return http.stream().map(it -> Settings.socketAddress(it.strip(), 24080)).toList();
            } catch (IllegalArgumentException e) {
                throw usage("--http " + e.getMessage());
            }
        }

        private Finding grpc(InetSocketAddress endpoint) {
            var where = Sockets.text(endpoint);
            try {
                var status =
                        AdminApi.askOne(
                                        endpoint,
                                        patience(),
                                        channel ->
                                                HealthGrpc.newBlockingStub(channel)
                                                        .check(
                                                                HealthCheckRequest
                                                                        .getDefaultInstance()))
                                .getStatus();
                return new Finding(
                        "grpc", where, status == ServingStatus.SERVING, status.toString());
            } catch (StatusRuntimeException e) {
                return new Finding("grpc", where, false, AdminApi.reason(e));
            }
        }

        private Finding readyz(InetSocketAddress site) {
            var where = Sockets.text(site);
            try {
                var connection =
                        (HttpURLConnection)
                                URI.create("http://" + where + "/readyz").toURL().openConnection();
                connection.setConnectTimeout((int) patience().toMillis());
                connection.setReadTimeout((int) patience().toMillis());
                int code = connection.getResponseCode();
                try (var body =
                        code < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                    var said =
                            body == null
                                    ? ""
                                    : new String(
                                            body.readNBytes(LONGEST_REASON),
                                            StandardCharsets.UTF_8);
                    return new Finding("readyz", where, code == 200, said.strip());
                }
            } catch (IOException e) {
                return new Finding("readyz", where, false, String.valueOf(e.getMessage()));
            }
        }
    }
}
