package io.lispfabric.cli;

import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.udp.UdpEndpoint;
import io.lispfabric.xtr.app.AgentConfig;
import io.lispfabric.xtr.app.XtrAgent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** An xTR, until it is told to stop; it then withdraws what it has registered. */
@Command(
        name = "agent",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Run an xTR: register accelerators, subscribe, encapsulate.",
            "Exit code 2 for settings that cannot be used, 1 for a busy port or a bad disk."
        })
final class AgentCommand extends Service {
    private static final Duration GOODBYE = Duration.ofSeconds(3);

    @Option(
            names = {"-c", "--config"},
            required = true,
            paramLabel = "FILE",
            description = "the settings; 'lispctl config init xtr' writes an example")
    private Path config = Path.of("");

    @Override
    public Integer call() throws CommandFailure {
        configureLogging();
        AgentConfig settings;
        try {
            settings = AgentConfig.load(config);
        } catch (ConfigException e) {
            throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
        try (var loop = UdpEndpoint.Loop.start("xtr-" + settings.name())) {
            return run(new Xtr(settings, XtrAgent.start(settings, loop)));
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.FAILURE, "cannot run the agent: " + e.getMessage(), e);
        }
    }

    private record Xtr(AgentConfig settings, XtrAgent agent) implements Running {
        @Override
        public Optional<String> unreadiness() {
            return agent.notReady();
        }

        @Override
        public String readyLine() {
            return "ready: "
                    + settings.name()
                    + "   RLOC "
                    + settings.rloc()
                    + "   API "
                    + text(settings.adminListen())
                    + "   HTTP "
                    + text(settings.httpListen())
                    + settings.attachments().stream()
                            .map(it -> "   " + it.name() + " at " + attached(it.name()))
                            .collect(Collectors.joining());
        }

        @Override
        public Json.Obj readyJson() {
            return Json.object()
                    .put("name", settings.name())
                    .put("rloc", settings.rloc().toString())
                    .put("api", text(settings.adminListen()))
                    .put("http", text(settings.httpListen()))
                    .put(
                            "attachments",
                            settings.attachments().stream()
                                    .map(it ->
                                            (Json)
                                                    Json.object()
                                                            .put("name", it.name())
                                                            .put("listen", attached(it.name())))
                                    .collect(Json.toArray()));
        }

        private String attached(String name) {
            return text(agent.attachmentAddress(name));
        }

        @Override
        public void stop() {
            agent.shutdown(GOODBYE);
        }
    }
}
